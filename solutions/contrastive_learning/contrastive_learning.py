"""Contrastive learning of embeddings: the reference."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def multiple_negatives_loss(
    anchors: Float[Tensor, "n dim"],
    positives: Float[Tensor, "n dim"],
    temperature: float = 0.05,
    ids: Int[Tensor, "n"] | None = None,
    symmetric: bool = False,
) -> Float[Tensor, ""]:
    """Return InfoNCE with in-batch negatives (van den Oord et al., 2018; Henderson et al., 2017).

    >>> multiple_negatives_loss(torch.eye(2), torch.eye(2), temperature=1.0)
    tensor(0.3133)
    """
    if len(anchors) == 0 or anchors.shape != positives.shape:
        raise ValueError(
            "anchors and positives must be of one shape and not empty, "
            f"got {tuple(anchors.shape)} and {tuple(positives.shape)}"
        )
    if temperature <= 0:
        raise ValueError(f"temperature is {temperature}, but must be positive")
    scores = unit_length(anchors) @ unit_length(positives).T / temperature
    if ids is not None:
        # The same document in another row is a positive that nobody labelled, not a negative.
        copies = (ids[:, None] == ids) & ~torch.eye(len(ids), dtype=torch.bool)
        scores = scores.masked_fill(copies, -math.inf)
    if symmetric:
        return (cross_entropy(scores) + cross_entropy(scores.T)) / 2
    return cross_entropy(scores)


def batch_hard_triplet_loss(
    x: Float[Tensor, "n dim"], labels: Int[Tensor, "n"], margin: float = 0.2
) -> Float[Tensor, ""]:
    """Return the mean hinge of farthest positive and nearest negative (Hermans et al., 2017).

    >>> x = torch.tensor([[0.0], [3.0], [4.0]])
    >>> batch_hard_triplet_loss(x, torch.tensor([0, 0, 1]), margin=0.5)
    tensor(1.2500)
    """
    same = labels[:, None] == labels
    others_of_it = same & ~torch.eye(len(x), dtype=torch.bool)
    anchors = others_of_it.any(dim=1) & ~same.all(dim=1)
    if not anchors.any():
        # A zero that the optimiser can still step on.
        return 0.0 * x.sum()
    distances = euclidean(x)
    farthest = distances.masked_fill(~others_of_it, -math.inf).amax(dim=1)
    nearest = distances.masked_fill(same, math.inf).amin(dim=1)
    return (farthest - nearest + margin)[anchors].clamp(min=0.0).mean()


def mine_hard_negatives(
    queries: Float[Tensor, "n dim"],
    documents: Float[Tensor, "m dim"],
    positive: Int[Tensor, "n"],
    k: int,
    margin: float = 0.1,
) -> list[list[int]]:
    """Return, for each query, at most k documents below its positive by more than `margin`.

    >>> documents = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    >>> mine_hard_negatives(documents[:1], documents, torch.tensor([0]), k=1)
    [[1]]
    """
    if k < 1:
        raise ValueError(f"k is {k}, but must be at least 1")
    if margin < 0:
        raise ValueError(f"margin is {margin}, but may not be negative")
    if ((positive < 0) | (positive >= len(documents))).any():
        raise ValueError(f"positive has to lie in 0 … {len(documents) - 1}")
    cosines = unit_length(queries) @ unit_length(documents).T
    # The positive itself is never below its own cosine.
    far_enough = cosines < cosines.gather(1, positive[:, None]) - margin
    ranking = cosines.argsort(dim=1, descending=True, stable=True)
    allowed = far_enough.gather(1, ranking)
    return [ranking[row][allowed[row]][:k].tolist() for row in range(len(queries))]


def cross_entropy(scores: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """Return the mean of −ln softmax over the rows, at the diagonal."""
    return (scores.logsumexp(dim=1) - scores.diagonal()).mean()


def unit_length(x: Float[Tensor, "n dim"]) -> Float[Tensor, "n dim"]:
    """Scale each row to length 1; zeros stay zeros, with a finite gradient."""
    squared = x.square().sum(dim=1, keepdim=True)
    # Filled before the root, whose slope at zero is infinite.
    return x / squared.masked_fill(squared == 0, 1.0).sqrt()


def euclidean(x: Float[Tensor, "n dim"]) -> Float[Tensor, "n n"]:
    """Return the distance of every pair, with a gradient of zero where two vectors coincide."""
    squared = (x[:, None] - x).square().sum(dim=2)
    coincide = squared == 0
    return squared.masked_fill(coincide, 1.0).sqrt().masked_fill(coincide, 0.0)
