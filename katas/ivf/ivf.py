"""Inverted file index. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def kmeans(
    x: Float[Tensor, "n dim"], centroids: Float[Tensor, "c dim"], iterations: int
) -> tuple[Float[Tensor, "c dim"], Int[Tensor, "n"]]:
    """Run exactly `iterations` rounds of Lloyd; return centroids and the assignment to them.

    A centroid without vectors moves to the vector that is farthest from the centroid it was
    assigned to in this round; several such centroids, in the order of their indices, take the
    farthest, the second farthest and so on. These vectors still count in the mean of the cluster
    that they were assigned to.

    Raises:
        ValueError: if `iterations` is negative, or c is 0 or greater than n.
    """
    raise NotImplementedError


def inverted_lists(
    assignment: Int[Tensor, "n"], clusters: int
) -> tuple[Int[Tensor, "n"], Int[Tensor, "clusters+1"]]:
    """Return the ids sorted by cluster, within a cluster ascending, and where each list begins.

    List j is `order[offsets[j]:offsets[j + 1]]`. Lists may be empty.

    Raises:
        ValueError: if an assignment is outside 0 … clusters − 1.
    """
    raise NotImplementedError


def ivf_search(
    queries: Float[Tensor, "q dim"],
    x: Float[Tensor, "n dim"],
    centroids: Float[Tensor, "c dim"],
    order: Int[Tensor, "n"],
    offsets: Int[Tensor, "c+1"],
    k: int,
    nprobe: int,
) -> tuple[Float[Tensor, "q k"], Int[Tensor, "q k"]]:
    """Return l2 and ids of the k nearest vectors in the lists of the nprobe nearest centroids.

    Best first, equal distances by the lower id, equally near centroids by the lower index. There
    are always k columns: missing results have id −1 and distance inf. An nprobe over c means all.

    Raises:
        ValueError: if k or nprobe is less than 1.
    """
    raise NotImplementedError


def smallest_nprobe(
    queries: Float[Tensor, "q dim"],
    x: Float[Tensor, "n dim"],
    centroids: Float[Tensor, "c dim"],
    order: Int[Tensor, "n"],
    offsets: Int[Tensor, "c+1"],
    k: int,
    target: float,
) -> int:
    """Return the smallest nprobe whose mean recall over the queries is at least `target`.

    The recall of a query is the share of the exact top min(k, n), over all of x, that is found.
    A mean that reaches the target within 1e-9 reaches it.

    Raises:
        ValueError: if queries or x is empty, k is less than 1, or `target` is not in (0, 1].
    """
    raise NotImplementedError
