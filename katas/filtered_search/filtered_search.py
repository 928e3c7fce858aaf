"""Filtered search. The question is in README.md."""

from jaxtyping import Bool, Float
from torch import Tensor


def pre_filter(
    query: Float[Tensor, "dim"], x: Float[Tensor, "n dim"], allowed: Bool[Tensor, "n"], k: int
) -> list[int]:
    """Return the ids of the k nearest of the allowed vectors by l2, best first.

    Ids are positions in x; of equal distances the lower id comes first. Fewer than k ids where
    fewer vectors are allowed; n may be 0.

    Raises:
        ValueError: if k is less than 1.
    """
    raise NotImplementedError


def post_filter(
    query: Float[Tensor, "dim"],
    x: Float[Tensor, "n dim"],
    allowed: Bool[Tensor, "n"],
    k: int,
    fetch: int,
) -> list[int]:
    """Return the first k of those of the `fetch` nearest vectors that are allowed.

    All vectors are fetched when `fetch` is greater than n. There may be fewer than k results
    though more vectors are allowed.

    Raises:
        ValueError: if k or fetch is less than 1.
    """
    raise NotImplementedError


def adaptive_filter(
    query: Float[Tensor, "dim"],
    x: Float[Tensor, "n dim"],
    allowed: Bool[Tensor, "n"],
    k: int,
    scan_limit: int,
) -> dict:
    """Find the ids of `pre_filter` in the cheaper way; return "ids", "strategy" and "scanned".

    When at most `scan_limit` vectors are allowed: strategy "pre", scanned the number allowed. Else
    strategy "post": `post_filter` with fetch = k, 2k, 4k, … until k ids are found or fetch is at
    least n; scanned is the last fetch, at most n.

    Raises:
        ValueError: if k is less than 1, or `scan_limit` is negative.
    """
    raise NotImplementedError


def fetch_needed(total: int, matching: int, k: int, confidence: float) -> int | None:
    """Return the smallest fetch that holds at least k matching vectors with this probability.

    Every placement of the `matching` vectors in the ranking of `total` is equally likely. A
    probability that reaches `confidence` within 1e-9 reaches it. None when matching is less than k.

    Raises:
        ValueError: unless 1 ≤ k, 0 ≤ matching ≤ total and 0 < confidence < 1.
    """
    raise NotImplementedError
