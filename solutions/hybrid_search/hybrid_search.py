"""Hybrid search: the reference."""

import numpy as np
from jaxtyping import Float


def min_max(scores: dict[str, float], lower: float | None = None) -> dict[str, float]:
    """Put scores on a scale from 0 to 1, from the least of them or from `lower`.

    >>> min_max({"a": 8.0, "b": 4.0}, lower=0.0)
    {'a': 1.0, 'b': 0.5}
    """
    if not scores:
        return {}
    lowest, highest = min(scores.values()), max(scores.values())
    if lower is not None and lowest < lower:
        raise ValueError(f"the score {lowest} is below lower, {lower}")
    # The observed minimum calls the last candidate worthless; a bound of the method does not
    # (Bruch et al., 2023).
    zero = lowest if lower is None else lower
    if highest == zero:
        # All equal: they were found, and nothing more is known. All at the bound: no match at all.
        return dict.fromkeys(scores, 1.0 if lower is None else 0.0)
    return {document: (score - zero) / (highest - zero) for document, score in scores.items()}


def fuse(
    dense: dict[str, float],
    sparse: dict[str, float],
    alpha: float,
    dense_lower: float | None = None,
    sparse_lower: float | None = None,
) -> list[tuple[str, float]]:
    """Return alpha · dense + (1 − alpha) · sparse, normalised, for every document of either side.

    >>> fuse({"a": 0.9, "b": 0.1}, {"b": 7.0}, alpha=0.25)
    [('b', 0.75), ('a', 0.25)]
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be in [0, 1], got {alpha}")
    dense, sparse = min_max(dense, dense_lower), min_max(sparse, sparse_lower)
    return best_first(
        {
            document: alpha * dense.get(document, 0.0) + (1 - alpha) * sparse.get(document, 0.0)
            for document in dense | sparse
        }
    )


def hybrid_search(
    query: Float[np.ndarray, "dim"],
    documents: Float[np.ndarray, "docs dim"],
    sparse: list[float],
    alpha: float,
    depth: int,
    k: int,
) -> list[tuple[int, float]]:
    """Return the k best of the candidates of both sides, each fused with both of its scores.

    >>> hybrid_search(np.array([1.0, 0.0]), np.eye(2), [0.0, 3.0], alpha=0.25, depth=1, k=2)
    [(1, 0.875), (0, 0.25)]
    """
    if len(sparse) != len(documents):
        raise ValueError(f"{len(sparse)} sparse scores, but {len(documents)} documents")
    if any(score < 0 for score in sparse):
        raise ValueError("a sparse score is negative")
    if depth < 1 or k < 1:
        raise ValueError(f"depth and k must be at least 1, got {depth} and {k}")

    cosines = dict(enumerate(cosine(query, documents).tolist()))
    matches = {document: score for document, score in enumerate(sparse) if score > 0}
    pools = best_first(cosines)[:depth] + best_first(matches)[:depth]
    candidates = {document for document, _ in pools}
    # Both scores of a candidate are known, from whichever pool it came.
    return fuse(
        {document: cosines[document] for document in candidates},
        {document: sparse[document] for document in candidates},
        alpha,
        dense_lower=-1.0,
        sparse_lower=0.0,
    )[:k]


def choose_alpha(
    queries: list[tuple[dict[str, float], dict[str, float], list[str]]],
    alphas: list[float],
    k: int = 10,
) -> tuple[float, float]:
    """Return the alpha of highest mean reciprocal rank at k, and that mean.

    >>> choose_alpha([({"a": 0.9, "b": 0.1}, {"b": 7.0}, ["b"])], [1.0, 0.5])
    (1.0, 0.5)
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    judged = [query for query in queries if query[2]]
    if not judged or not alphas:
        raise ValueError("no query with a relevant document, or no alpha, to choose by")
    means = []
    for alpha in alphas:
        ranks = [
            reciprocal_rank(fuse(dense, sparse, alpha)[:k], relevant)
            for dense, sparse, relevant in judged
        ]
        means.append(sum(ranks) / len(ranks))
    # Equal means may differ by the rounding of their sums.
    best = next(place for place, mean in enumerate(means) if mean >= max(means) - 1e-12)
    return alphas[best], means[best]


def best_first(scores: dict) -> list[tuple]:
    """Return documents and scores by descending score, equal scores by ascending document."""
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def cosine(
    query: Float[np.ndarray, "dim"], documents: Float[np.ndarray, "docs dim"]
) -> Float[np.ndarray, "docs"]:
    """Return the cosine of each document with the query; 0 where either is zero."""
    products = documents @ query
    lengths = np.linalg.norm(documents, axis=1) * np.linalg.norm(query)
    cosines = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    # Rounding may leave a cosine just outside.
    return cosines.clip(-1.0, 1.0)


def reciprocal_rank(ranking: list[tuple[str, float]], relevant: list[str]) -> float:
    """Return 1 over the rank of the first relevant document, 0 without one."""
    for rank, (document, _) in enumerate(ranking, start=1):
        if document in relevant:
            return 1 / rank
    return 0.0
