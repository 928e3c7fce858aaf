"""Exact nearest-neighbour search: the reference."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

METRICS = ("l2", "ip", "cosine")


def score_matrix(
    queries: Float[Tensor, "n dim"], base: Float[Tensor, "m dim"], metric: str
) -> Float[Tensor, "n m"]:
    """Score every query against every vector of the base, without an n × m × dim array.

    >>> score_matrix(torch.tensor([[3.0, 4.0]]), torch.tensor([[3.0, 0.0], [0.0, 0.0]]), "l2")
    tensor([[16., 25.]])
    """
    if metric not in METRICS:
        raise ValueError(f"metric is {metric!r}, expected one of {', '.join(METRICS)}")
    check_dim(queries, base)
    if metric == "cosine":
        return unit_length(queries) @ unit_length(base).T
    products = queries @ base.T
    if metric == "ip":
        return products
    distances = squared_norms(queries)[:, None] - 2 * products + squared_norms(base)
    # Near vectors cancel almost all of it, and what rounding leaves may lie below zero.
    return distances.clamp(min=0.0)


def knn(
    queries: Float[Tensor, "n dim"],
    base: Float[Tensor, "m dim"],
    k: int,
    metric: str = "l2",
    block: int = 1024,
) -> tuple[Float[Tensor, "n kk"], Int[Tensor, "n kk"]]:
    """Return scores and ids of the kk = min(k, m) best vectors of the base, best first.

    >>> knn(torch.zeros(1, 1), torch.tensor([[3.0], [1.0], [2.0]]), k=2, block=2)
    (tensor([[1., 4.]]), tensor([[1, 2]]))
    """
    if k < 1 or block < 1:
        raise ValueError(f"k and block must be at least 1, got k={k}, block={block}")
    best_scores = score_matrix(queries, base[:0], metric)
    best_ids = torch.zeros_like(best_scores, dtype=torch.int64)
    for start in range(0, len(base), block):
        scores = score_matrix(queries, base[start : start + block], metric)
        ids = torch.arange(start, start + scores.shape[1]).expand(scores.shape)
        scores, ids = torch.cat([best_scores, scores], 1), torch.cat([best_ids, ids], 1)
        # The best so far have lower ids than the block and stand before it, so that a stable
        # sort leaves equal scores in the order of their ids.
        order = scores.argsort(dim=1, descending=metric != "l2", stable=True)[:, :k]
        best_scores, best_ids = scores.gather(1, order), ids.gather(1, order)
    return best_scores, best_ids


def augment_for_ip(
    queries: Float[Tensor, "n dim"], base: Float[Tensor, "m dim"]
) -> tuple[Float[Tensor, "n dim+1"], Float[Tensor, "m dim+1"]]:
    """Add a last component such that the order by l2 is that of the inner product before.

    All augmented base vectors have the norm M, so that l2 = ‖q‖² − 2 q·b + M² depends on b by the
    inner product alone (Bachrach et al., 2014, section 3).

    >>> augment_for_ip(torch.tensor([[3.0, 4.0]]), torch.tensor([[3.0, 0.0], [0.0, 5.0]]))[1]
    tensor([[3., 0., 4.],
            [0., 5., 0.]])
    """
    if len(base) == 0:
        raise ValueError("base is empty, so that it has no largest norm")
    check_dim(queries, base)
    squared = squared_norms(base)
    filled_up = (squared.max() - squared).sqrt()
    return (
        torch.cat([queries, torch.zeros(len(queries), 1)], dim=1),
        torch.cat([base, filled_up[:, None]], dim=1),
    )


def check_dim(queries: Float[Tensor, "n dim"], base: Float[Tensor, "m dim"]) -> None:
    """Raise if queries and base are of different dimension."""
    if queries.shape[1] != base.shape[1]:
        raise ValueError(f"queries have dim {queries.shape[1]}, but base has {base.shape[1]}")


def squared_norms(x: Float[Tensor, "n dim"]) -> Float[Tensor, "n"]:
    """Return ‖x‖² of each row."""
    return x.square().sum(dim=1)


def unit_length(x: Float[Tensor, "n dim"]) -> Float[Tensor, "n dim"]:
    """Scale each row to length 1; zeros stay zeros."""
    norms = squared_norms(x).sqrt()[:, None]
    return x / norms.masked_fill(norms == 0, 1.0)
