"""Reranking: a second stage, its losses, and diversity. The question is in README.md."""

from collections.abc import Callable

from jaxtyping import Bool, Float
from torch import Tensor


def rerank(
    query: str,
    candidates: list[str],
    scorer: Callable[[str, str], float],
    depth: int,
    k: int,
) -> list[str]:
    """Return the k best texts once `scorer(query, text)` has ordered the first `depth` of them.

    `candidates` are distinct, in first-stage order. The scorer is called exactly once for each of
    the first `depth`, and for no other. Equal scores, and what lies below the depth, keep the
    first-stage order.

    Raises:
        ValueError: if depth or k is below 1.
    """
    raise NotImplementedError


def pairwise_loss(
    scores: Float[Tensor, "docs"],
    grades: Float[Tensor, "docs"],
    lambdarank: bool = False,
) -> Float[Tensor, ""]:
    """Return the mean logistic loss over all pairs whose grades differ (Burges et al., 2005).

    With `lambdarank` each pair is weighed by how much swapping the two would change the NDCG; the
    weight is a constant for the gradient, and the sum is divided by the number of pairs all the
    same. Without any pair the loss is 0.0, with a gradient of zeros.

    Raises:
        ValueError: if the shapes differ or a grade is negative.
    """
    raise NotImplementedError


def listnet_loss(
    scores: Float[Tensor, "lists docs"],
    grades: Float[Tensor, "lists docs"],
    mask: Bool[Tensor, "lists docs"] | None = None,
) -> Float[Tensor, ""]:
    """Return the cross-entropy between softmax(grades) and softmax(scores) (Cao et al., 2007).

    It is averaged over the lists that have a document. `mask` is True on documents, False on
    padding, which may hold any finite numbers; None means documents only. Without any document the
    loss is 0.0, with a gradient of zeros.

    Raises:
        ValueError: if the shapes differ.
    """
    raise NotImplementedError


def mmr(
    query: Float[Tensor, "dim"],
    documents: Float[Tensor, "docs dim"],
    k: int,
    trade_off: float = 0.5,
) -> list[int]:
    """Return k documents in the order of their maximal marginal relevance (Carbonell, Goldstein).

    A zero vector has cosine 0 with everything.

    Raises:
        ValueError: if k is below 1 or `trade_off` is outside [0, 1].
    """
    raise NotImplementedError
