"""Contrastive learning of embeddings. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def multiple_negatives_loss(
    anchors: Float[Tensor, "n dim"],
    positives: Float[Tensor, "n dim"],
    temperature: float = 0.05,
    ids: Int[Tensor, "n"] | None = None,
    symmetric: bool = False,
) -> Float[Tensor, ""]:
    """Return InfoNCE with in-batch negatives: each anchor has to pick its own positive.

    `ids[j]` names the document of `positives[j]`: another column with the id of an anchor's own
    positive is left out of its sum. With `symmetric`, the mean of this loss and the same one with
    anchors and positives exchanged. A zero vector has cosine 0 and finite gradients.

    Raises:
        ValueError: if n is 0, the shapes differ, or `temperature` is not positive.
    """
    raise NotImplementedError


def batch_hard_triplet_loss(
    x: Float[Tensor, "n dim"], labels: Int[Tensor, "n"], margin: float = 0.2
) -> Float[Tensor, ""]:
    """Return the mean of max(0, d(farthest same) − d(nearest other) + margin) over the anchors.

    d is the Euclidean distance, not squared. An anchor is a vector with another one of its label
    and one of another label; without any, the loss is 0 and has a gradient of zeros. Gradients are
    finite also where two vectors coincide.
    """
    raise NotImplementedError


def mine_hard_negatives(
    queries: Float[Tensor, "n dim"],
    documents: Float[Tensor, "m dim"],
    positive: Int[Tensor, "n"],
    k: int,
    margin: float = 0.1,
) -> list[list[int]]:
    """Return, for each query, at most k documents below its positive by more than `margin`.

    Best cosine first, of equal ones the lower index; there may be fewer than k, or none.

    Raises:
        ValueError: if k is less than 1, `margin` is negative, or `positive` is out of range.
    """
    raise NotImplementedError
