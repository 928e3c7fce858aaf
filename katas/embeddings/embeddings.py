"""Embeddings: pooling and cosines. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def mean_pool(
    hidden: Float[Tensor, "batch tokens dim"], mask: Int[Tensor, "batch tokens"]
) -> Float[Tensor, "batch dim"]:
    """Average the states of a text's real tokens, those where `mask` (int64 or bool) is 1.

    Padding may be on either side and holds finite numbers. A text without tokens gives zeros, with
    finite gradients.
    """
    raise NotImplementedError


def cosine_matrix(
    queries: Float[Tensor, "n dim"], documents: Float[Tensor, "m dim"], centre: bool = False
) -> Float[Tensor, "n m"]:
    """Return the cosine of every query with every document.

    With `centre` the mean of the documents, as given, is first subtracted from both sides. A vector
    of zeros, also one that centring leaves, has cosine 0 with everything, and finite gradients.
    There may be no queries or no documents.
    """
    raise NotImplementedError


def dilution(
    sentence: Float[Tensor, "dim"], others: Float[Tensor, "n dim"]
) -> Float[Tensor, "n+1"]:
    """Return, for i = 0 … n, the cosine of `sentence` with the mean of it and the first i others.

    The vectors are averaged as they are given. A mean of zeros has cosine 0.
    """
    raise NotImplementedError


def smallest_dimension(
    queries: Float[Tensor, "n dim"],
    documents: Float[Tensor, "m dim"],
    relevant: Int[Tensor, "n"],
    candidates: list[int],
    keep: float = 0.95,
) -> int:
    """Return the smallest candidate that keeps the share `keep` of the full accuracy, else dim.

    The accuracy at dimension c is the share of queries whose best document, by the cosine of the
    first c components alone, is `relevant`. Candidates come in any order. An accuracy that reaches
    its target within 1e-9 reaches it; of equal cosines the document with the lower index is best.

    Raises:
        ValueError: if queries, documents or candidates are empty, or a candidate is not in 1 … dim.
    """
    raise NotImplementedError
