"""Hybrid search. The question is in README.md.

Scored lists are best first, equal scores by ascending document. `alpha` weighs the dense side.
"""

import numpy as np
from jaxtyping import Float


def min_max(scores: dict[str, float], lower: float | None = None) -> dict[str, float]:
    """Put scores on a scale from 0 to 1: from the least of them, or from `lower` where it is given.

    `lower` is the least score that the method could give. Where the greatest score is the zero of
    the scale, all get 1.0 without `lower` and 0.0 with it.

    Raises:
        ValueError: if a score is below `lower`.
    """
    raise NotImplementedError


def fuse(
    dense: dict[str, float],
    sparse: dict[str, float],
    alpha: float,
    dense_lower: float | None = None,
    sparse_lower: float | None = None,
) -> list[tuple[str, float]]:
    """Return alpha · dense + (1 − alpha) · sparse, normalised, for every document of either side.

    Raises:
        ValueError: if alpha is outside [0, 1], or as `min_max`.
    """
    raise NotImplementedError


def hybrid_search(
    query: Float[np.ndarray, "dim"],
    documents: Float[np.ndarray, "docs dim"],
    sparse: list[float],
    alpha: float,
    depth: int,
    k: int,
) -> list[tuple[int, float]]:
    """Return the k best of the candidates of both sides.

    `sparse[d]` is the BM25 score of document d, 0 where no word matches. Candidates are the `depth`
    documents of highest cosine and the `depth` of highest sparse score above 0. Each is fused with
    both of its true scores, the lower bounds being −1 and 0. A zero vector has cosine 0.

    Raises:
        ValueError: if alpha is outside [0, 1], depth or k is below 1, a sparse score is negative,
            or the numbers of documents differ.
    """
    raise NotImplementedError


def choose_alpha(
    queries: list[tuple[dict[str, float], dict[str, float], list[str]]],
    alphas: list[float],
    k: int = 10,
) -> tuple[float, float]:
    """Return the alpha of highest mean reciprocal rank at k, and that mean.

    A query is its dense scores, its sparse scores and the relevant documents; queries with nothing
    relevant are left out. Of alphas whose means are within 1e-12 of the best the first is taken.

    Raises:
        ValueError: if no query or no alpha is left, an alpha is outside [0, 1], or k is below 1.
    """
    raise NotImplementedError
