"""Reranking: the reference."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F


def rerank(
    query: str,
    candidates: list[str],
    scorer: Callable[[str, str], float],
    depth: int,
    k: int,
) -> list[str]:
    """Return the k best texts once the scorer has ordered the first `depth` of them.

    >>> rerank("a", ["b", "aa", "aaa"], lambda query, text: text.count(query), depth=2, k=3)
    ['aa', 'b', 'aaa']
    """
    if depth < 1 or k < 1:
        raise ValueError(f"depth and k must be at least 1, got {depth} and {k}")
    head = candidates[:depth]
    scores = {text: scorer(query, text) for text in head}
    # sorted keeps the order of equals, reversed too.
    return [*sorted(head, key=scores.__getitem__, reverse=True), *candidates[depth:]][:k]


def pairwise_loss(
    scores: Float[Tensor, "docs"],
    grades: Float[Tensor, "docs"],
    lambdarank: bool = False,
) -> Float[Tensor, ""]:
    """Return the mean logistic loss over all pairs whose grades differ (RankNet, LambdaRank).

    >>> pairwise_loss(torch.tensor([1.0, 1.0, 5.0]), torch.tensor([2.0, 0.0, 0.0]))
    tensor(2.3556)
    """
    if scores.shape != grades.shape:
        raise ValueError(f"scores {tuple(scores.shape)} and grades {tuple(grades.shape)} differ")
    if (grades < 0).any():
        raise ValueError("grades must not be negative")
    better = grades[:, None] > grades
    if not better.any():
        return (0.0 * scores).sum()
    # softplus(−x) is ln(1 + exp(−x)) without overflow.
    losses = F.softplus(scores - scores[:, None])
    if lambdarank:
        # Ranks have no gradient, so these weights are constants.
        losses = losses * ndcg_changes(scores, grades)
    return losses[better].mean()


def listnet_loss(
    scores: Float[Tensor, "lists docs"],
    grades: Float[Tensor, "lists docs"],
    mask: Bool[Tensor, "lists docs"] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean cross-entropy between softmax(grades) and softmax(scores) (Cao et al., 2007).

    >>> scores = torch.tensor([[0.0, 0.0, 9.0]])
    >>> listnet_loss(scores, torch.zeros(1, 3), mask=scores < 5)
    tensor(0.6931)
    """
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    if not scores.shape == grades.shape == mask.shape:
        raise ValueError("scores, grades and mask must have one shape")
    real = mask.any(dim=1)
    if not real.any():
        return (0.0 * scores).sum()
    scores, grades, mask = scores[real], grades[real], mask[real]
    log_q = scores.masked_fill(~mask, -torch.inf).log_softmax(dim=1)
    p = grades.masked_fill(~mask, -torch.inf).softmax(dim=1)
    # Padding has p = 0 and log q = −inf, whose product is NaN: it is left out of the sum.
    return -(p[mask] * log_q[mask]).sum() / len(scores)


def mmr(
    query: Float[Tensor, "dim"],
    documents: Float[Tensor, "docs dim"],
    k: int,
    trade_off: float = 0.5,
) -> list[int]:
    """Return documents in the order of maximal marginal relevance (Carbonell and Goldstein, 1998).

    >>> mmr(torch.tensor([1.0, 1.0]), torch.tensor([[2.0, 1.0], [2.0, 1.0], [0.0, 1.0]]), k=2)
    [0, 2]
    """
    if not 0 <= trade_off <= 1:
        raise ValueError(f"trade_off must be in [0, 1], got {trade_off}")
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    documents = unit(documents)
    relevance = documents @ unit(query)
    similarity = documents @ documents.T
    picked: list[int] = []
    left = list(range(len(documents)))
    while left and len(picked) < k:

        def value(document: int) -> float:
            redundancy = max((float(similarity[document, other]) for other in picked), default=0.0)
            return trade_off * float(relevance[document]) - (1 - trade_off) * redundancy

        best = max(left, key=value)  # the first of equals
        picked.append(best)
        left.remove(best)
    return picked


def unit(vectors: Float[Tensor, "... dim"]) -> Float[Tensor, "... dim"]:
    """Return vectors of length 1; a zero vector stays zero, so that its cosines are 0."""
    return F.normalize(vectors, dim=-1)


def ndcg_changes(
    scores: Float[Tensor, "docs"], grades: Float[Tensor, "docs"]
) -> Float[Tensor, "docs docs"]:
    """Return by how much swapping two documents in the ranking by score would change its NDCG."""
    places = torch.arange(len(scores))
    # Each document's place, from 0, by descending score, the lower index first among equals.
    ranks = torch.empty_like(places)
    ranks[scores.argsort(descending=True, stable=True)] = places
    discount = 1 / torch.log2(places.to(scores) + 2)
    gains = 2**grades - 1
    ideal = gains.sort(descending=True).values @ discount
    own = discount[ranks]
    return ((gains[:, None] - gains) * (own[:, None] - own)).abs() / ideal
