"""Embeddings, pooling and cosines: the reference."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def mean_pool(
    hidden: Float[Tensor, "batch tokens dim"], mask: Int[Tensor, "batch tokens"]
) -> Float[Tensor, "batch dim"]:
    """Average the states of a text's real tokens; without any, zeros (Reimers and Gurevych, 2019).

    >>> mean_pool(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[1, 1, 0]]))
    tensor([[2.]])
    """
    weights = mask.to(hidden.dtype)[:, :, None]
    # Without tokens the sum is zero, and so is its share of any count.
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)


def cosine_matrix(
    queries: Float[Tensor, "n dim"], documents: Float[Tensor, "m dim"], centre: bool = False
) -> Float[Tensor, "n m"]:
    """Return the cosine of every query with every document, centred by the documents' mean or not.

    >>> cosine_matrix(torch.tensor([[3.0, 4.0]]), torch.tensor([[5.0, 0.0], [0.0, 0.0]]))
    tensor([[0.6000, 0.0000]])
    """
    if centre:
        # One shift for both sides: what all texts share is that of the corpus (Mu and Viswanath).
        mean = documents.mean(dim=0)
        queries, documents = queries - mean, documents - mean
    return unit_length(queries) @ unit_length(documents).T


def dilution(
    sentence: Float[Tensor, "dim"], others: Float[Tensor, "n dim"]
) -> Float[Tensor, "n+1"]:
    """Return, for i = 0 … n, the cosine of `sentence` with the mean of it and the first i others.

    >>> dilution(torch.tensor([1.0, 0.0]), torch.tensor([[0.0, 1.0]]))
    tensor([1.0000, 0.7071])
    """
    # A sum points where the mean does, and the length does not matter to a cosine.
    sums = torch.cat([sentence[None], others]).cumsum(dim=0)
    return cosine_matrix(sums, sentence[None])[:, 0]


def smallest_dimension(
    queries: Float[Tensor, "n dim"],
    documents: Float[Tensor, "m dim"],
    relevant: Int[Tensor, "n"],
    candidates: list[int],
    keep: float = 0.95,
) -> int:
    """Return the smallest candidate that keeps the share `keep` of the full accuracy, else dim.

    >>> documents = torch.tensor([[1.0, 0.0, 9.0], [0.0, 1.0, 9.0]])
    >>> smallest_dimension(documents, documents, torch.tensor([0, 1]), [3, 2])
    2
    """
    dim = queries.shape[1]
    if len(queries) == 0 or len(documents) == 0 or not candidates:
        raise ValueError("queries, documents and candidates may not be empty")
    if min(candidates) < 1 or max(candidates) > dim:
        raise ValueError(f"candidates have to lie in 1 … {dim}, got {candidates}")
    target = keep * accuracy(queries, documents, relevant) - 1e-9
    for first in sorted(candidates):
        if accuracy(queries[:, :first], documents[:, :first], relevant) >= target:
            return first
    return dim


def accuracy(
    queries: Float[Tensor, "n dim"], documents: Float[Tensor, "m dim"], relevant: Int[Tensor, "n"]
) -> float:
    """Return the share of queries whose best document by cosine is the relevant one."""
    # A stable sort leaves equal cosines in the order of the documents; argmax promises no order.
    ranking = cosine_matrix(queries, documents).argsort(dim=1, descending=True, stable=True)
    return int((ranking[:, 0] == relevant).sum()) / len(queries)


def unit_length(x: Float[Tensor, "n dim"]) -> Float[Tensor, "n dim"]:
    """Scale each row to length 1; zeros stay zeros, with a finite gradient."""
    squared = x.square().sum(dim=1, keepdim=True)
    # Filled before the root, whose slope at zero is infinite.
    return x / squared.masked_fill(squared == 0, 1.0).sqrt()
