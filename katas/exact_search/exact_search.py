"""Exact nearest-neighbour search. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def score_matrix(
    queries: Float[Tensor, "n dim"], base: Float[Tensor, "m dim"], metric: str
) -> Float[Tensor, "n m"]:
    """Score every query against every vector of the base, without an n × m × dim array.

    `metric` is "l2" (squared Euclidean distance, never negative), "ip" (inner product) or
    "cosine", which is 0 with a vector of zeros. n and m may be 0.

    Raises:
        ValueError: if queries and base differ in dim, or the metric is another one.
    """
    raise NotImplementedError


def knn(
    queries: Float[Tensor, "n dim"],
    base: Float[Tensor, "m dim"],
    k: int,
    metric: str = "l2",
    block: int = 1024,
) -> tuple[Float[Tensor, "n kk"], Int[Tensor, "n kk"]]:
    """Return scores and ids of the kk = min(k, m) best vectors of the base, best first.

    The base is searched `block` rows at a time, so that memory is n × (block + k). The result
    does not depend on `block`. Of equal scores the lower id comes first.

    Raises:
        ValueError: if k or block is less than 1, and as `score_matrix` does.
    """
    raise NotImplementedError


def augment_for_ip(
    queries: Float[Tensor, "n dim"], base: Float[Tensor, "m dim"]
) -> tuple[Float[Tensor, "n dim+1"], Float[Tensor, "m dim+1"]]:
    """Add a last component such that the order by l2 is that of the inner product before.

    Raises:
        ValueError: if the base is empty, or queries and base differ in dim.
    """
    raise NotImplementedError
