"""Filtered search: the reference."""

import math
from itertools import count

from jaxtyping import Bool, Float, Int
from torch import Tensor


def pre_filter(
    query: Float[Tensor, "dim"], x: Float[Tensor, "n dim"], allowed: Bool[Tensor, "n"], k: int
) -> list[int]:
    """Return the ids of the k nearest of the allowed vectors by l2, best first.

    >>> x = torch.tensor([[2.0], [1.0], [3.0]])
    >>> pre_filter(torch.zeros(1), x, torch.tensor([True, False, True]), k=1)
    [0]
    """
    check_positive("k", k)
    ids = allowed.nonzero()[:, 0]
    return ids[nearest(query, x[ids])[:k]].tolist()


def post_filter(
    query: Float[Tensor, "dim"],
    x: Float[Tensor, "n dim"],
    allowed: Bool[Tensor, "n"],
    k: int,
    fetch: int,
) -> list[int]:
    """Return the first k of those of the `fetch` nearest vectors that are allowed.

    >>> x = torch.tensor([[2.0], [1.0], [3.0]])
    >>> post_filter(torch.zeros(1), x, torch.tensor([True, False, True]), k=2, fetch=2)
    [0]
    """
    check_positive("k", k)
    check_positive("fetch", fetch)
    fetched = nearest(query, x)[:fetch]
    return fetched[allowed[fetched]][:k].tolist()


def adaptive_filter(
    query: Float[Tensor, "dim"],
    x: Float[Tensor, "n dim"],
    allowed: Bool[Tensor, "n"],
    k: int,
    scan_limit: int,
) -> dict:
    """Find the ids of `pre_filter` in the cheaper way; return "ids", "strategy" and "scanned".

    >>> x = torch.tensor([[2.0], [1.0], [3.0]])
    >>> adaptive_filter(torch.zeros(1), x, torch.tensor([True, False, True]), k=1, scan_limit=1)
    {'ids': [0], 'strategy': 'post', 'scanned': 2}
    """
    if scan_limit < 0:
        raise ValueError(f"scan_limit is {scan_limit}, but cannot be negative")
    matching = int(allowed.sum())
    if matching <= scan_limit:
        return {"ids": pre_filter(query, x, allowed, k), "strategy": "pre", "scanned": matching}
    fetch = k
    ids = post_filter(query, x, allowed, k, fetch)
    while len(ids) < k and fetch < len(x):
        fetch *= 2
        ids = post_filter(query, x, allowed, k, fetch)
    return {"ids": ids, "strategy": "post", "scanned": min(fetch, len(x))}


def fetch_needed(total: int, matching: int, k: int, confidence: float) -> int | None:
    """Return the smallest fetch that holds at least k matching vectors with this probability.

    >>> fetch_needed(10, 2, 1, 0.9)
    7
    """
    check_positive("k", k)
    if not 0 <= matching <= total:
        raise ValueError(f"0 <= matching <= total is needed, got {matching} of {total}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, but must lie in (0, 1)")
    if matching < k:
        return None
    # The k-th match stands at rank r if k − 1 matches are before it and the rest behind. Summed
    # up to a fetch, that is the chance that the fetch holds at least k.
    placements = log_comb(total, matching)
    chance = 0.0
    for fetch in count(k):
        before, behind = log_comb(fetch - 1, k - 1), log_comb(total - fetch, matching - k)
        chance += math.exp(before + behind - placements)
        if chance >= confidence - 1e-9:
            return fetch


def nearest(query: Float[Tensor, "dim"], x: Float[Tensor, "n dim"]) -> Int[Tensor, "n"]:
    """Return all positions in x by l2 to the query, equal ones in their own order."""
    return (x - query).square().sum(dim=1).argsort(stable=True)


def log_comb(n: int, k: int) -> float:
    """Return ln C(n, k): C(20 000, 10 000) itself is far beyond any float."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def check_positive(name: str, value: int) -> None:
    """Raise if a number of results is less than 1."""
    if value < 1:
        raise ValueError(f"{name} is {value}, but must be at least 1")
