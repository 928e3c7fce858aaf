"""Inverted file index: the reference."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def kmeans(
    x: Float[Tensor, "n dim"], centroids: Float[Tensor, "c dim"], iterations: int
) -> tuple[Float[Tensor, "c dim"], Int[Tensor, "n"]]:
    """Run exactly `iterations` rounds of Lloyd; return centroids and the assignment to them.

    >>> kmeans(torch.tensor([[0.0], [4.0], [9.0]]), torch.tensor([[1.0], [8.0]]), 1)
    (tensor([[2.],
            [9.]]), tensor([0, 0, 1]))
    """
    if iterations < 0:
        raise ValueError(f"iterations is {iterations}, but cannot be negative")
    if not 1 <= len(centroids) <= len(x):
        raise ValueError(f"{len(x)} vectors cannot be put into {len(centroids)} clusters")
    centroids = centroids.clone()
    for _ in range(iterations):
        distances, assignment = squared_distances(x, centroids).min(dim=1)
        sizes = torch.bincount(assignment, minlength=len(centroids))
        sums = torch.zeros_like(centroids).index_add(0, assignment, x)
        used = sizes > 0
        centroids[used] = sums[used] / sizes[used, None]
        # A centroid without vectors would stay useless, so it takes one that is served badly.
        farthest = distances.argsort(descending=True, stable=True)
        centroids[~used] = x[farthest[: len(sizes) - used.sum()]]
    return centroids, squared_distances(x, centroids).argmin(dim=1)


def inverted_lists(
    assignment: Int[Tensor, "n"], clusters: int
) -> tuple[Int[Tensor, "n"], Int[Tensor, "clusters+1"]]:
    """Return the ids sorted by cluster, within a cluster ascending, and where each list begins.

    >>> inverted_lists(torch.tensor([1, 0, 1]), 2)
    (tensor([1, 0, 2]), tensor([0, 1, 3]))
    """
    if ((assignment < 0) | (assignment >= clusters)).any():
        raise ValueError(f"assignment has to lie within 0 … {clusters - 1}")
    order = assignment.argsort(stable=True)
    offsets = torch.zeros(clusters + 1, dtype=torch.int64)
    offsets[1:] = torch.bincount(assignment, minlength=clusters).cumsum(dim=0)
    return order, offsets


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

    >>> x, centroids = torch.tensor([[9.0], [1.0], [2.0]]), torch.tensor([[0.0], [10.0]])
    >>> index = (x, centroids, torch.tensor([1, 2, 0]), torch.tensor([0, 2, 3]))
    >>> ivf_search(torch.tensor([[0.0]]), *index, k=3, nprobe=1)
    (tensor([[1., 4., inf]]), tensor([[ 1,  2, -1]]))
    """
    if k < 1 or nprobe < 1:
        raise ValueError(f"k and nprobe must be at least 1, got k={k}, nprobe={nprobe}")
    distances = torch.full((len(queries), k), math.inf)
    ids = torch.full((len(queries), k), -1)
    nearest_lists = squared_distances(queries, centroids).argsort(dim=1, stable=True)
    for row, query in enumerate(queries):
        lists = nearest_lists[row, :nprobe]
        candidates = torch.cat([order[offsets[j] : offsets[j + 1]] for j in lists])
        # By id first, so that the stable sort by distance leaves ties to the lower id.
        candidates = candidates.sort().values
        scores = (x[candidates] - query).square().sum(dim=1)
        best = scores.argsort(stable=True)[:k]
        distances[row, : len(best)] = scores[best]
        ids[row, : len(best)] = candidates[best]
    return distances, ids


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

    >>> x, centroids = torch.tensor([[9.0], [1.0], [4.0]]), torch.tensor([[0.0], [10.0]])
    >>> index = (x, centroids, torch.tensor([1, 2, 0]), torch.tensor([0, 2, 3]))
    >>> smallest_nprobe(torch.tensor([[6.0]]), *index, k=2, target=0.9)
    2
    """
    if len(queries) == 0 or len(x) == 0:
        raise ValueError("queries and x may not be empty: there is nothing to measure")
    if not 0 < target <= 1:
        raise ValueError(f"target is {target}, but a recall to reach lies in (0, 1]")
    if k < 1:
        raise ValueError(f"k is {k}, but must be at least 1")
    exact = squared_distances(queries, x).argsort(dim=1, stable=True)[:, :k]
    for nprobe in range(1, len(centroids)):
        found = ivf_search(queries, x, centroids, order, offsets, k, nprobe)[1]
        if mean_recall(found, exact) >= target - 1e-9:
            return nprobe
    # With all lists probed the search is exact.
    return len(centroids)


def mean_recall(found: Int[Tensor, "q k"], exact: Int[Tensor, "q kk"]) -> float:
    """Return the mean share of the exact ids that were found, at whatever rank."""
    pairs = zip(found.tolist(), exact.tolist(), strict=True)
    shares = [len(set(ids) & set(right)) / len(right) for ids, right in pairs]
    return sum(shares) / len(shares)


def squared_distances(a: Float[Tensor, "n dim"], b: Float[Tensor, "m dim"]) -> Float[Tensor, "n m"]:
    """Return l2 of every pair without an n × m × dim array."""
    return a.square().sum(dim=1)[:, None] - 2 * a @ b.T + b.square().sum(dim=1)
