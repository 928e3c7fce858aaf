"""Keyword search, inverted index and BM25: the reference."""

from collections import Counter
from math import log, sqrt


def inverted_index(
    corpus: list[list[str]],
) -> tuple[dict[str, list[tuple[int, int]]], list[int]]:
    """Return for each term the documents that hold it, how often, and every document's length.

    >>> inverted_index([["a", "b", "a"], ["b"]])
    ({'a': [(0, 2)], 'b': [(0, 1), (1, 1)]}, [3, 1])
    """
    postings: dict[str, list[tuple[int, int]]] = {}
    for document, tokens in enumerate(corpus):
        for term, occurrences in Counter(tokens).items():
            postings.setdefault(term, []).append((document, occurrences))
    return postings, [len(tokens) for tokens in corpus]


def bm25_scores(
    postings: dict[str, list[tuple[int, int]]],
    lengths: list[int],
    query: list[str],
    k1: float = 1.5,
    b: float = 0.75,
) -> list[float]:
    """Return the BM25 score of every document (Robertson and Zaragoza, 2009).

    >>> [round(score, 3) for score in bm25_scores({"a": [(0, 2)]}, [2, 2], ["a"])]
    [0.99, 0.0]
    """
    found = matching_scores(postings, lengths, query, k1, b)
    return [found.get(document, 0.0) for document in range(len(lengths))]


def bm25_top_k(
    postings: dict[str, list[tuple[int, int]]],
    lengths: list[int],
    query: list[str],
    k: int,
    k1: float = 1.5,
    b: float = 0.75,
) -> list[tuple[int, float]]:
    """Return the k best of the documents that contain a token of the query.

    >>> bm25_top_k({"a": [(1, 1)]}, [4, 4], ["a"], k=2, k1=0)
    [(1, 0.6931471805599453)]
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    found = matching_scores(postings, lengths, query, k1, b)
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:k]


def tf_idf_cosine(corpus: list[list[str]], query: list[str]) -> list[float]:
    """Return the cosine between the tf·idf vectors of each document and of the query.

    >>> tf_idf_cosine([["a", "a"], ["b"], []], ["a"])
    [1.0, 0.0, 0.0]
    """
    postings, _ = inverted_index(corpus)
    # Smoothed as if one further document held every term, plus 1: no term weighs nothing.
    idf = {term: log((1 + len(corpus)) / (1 + len(found))) + 1 for term, found in postings.items()}
    query_vector = weigh(query, idf)
    return [cosine(weigh(tokens, idf), query_vector) for tokens in corpus]


def matching_scores(
    postings: dict[str, list[tuple[int, int]]],
    lengths: list[int],
    query: list[str],
    k1: float,
    b: float,
) -> dict[int, float]:
    """Return the BM25 scores of the documents that contain a token of the query."""
    if k1 < 0:
        raise ValueError(f"k1 must not be negative, got {k1}")
    if not 0 <= b <= 1:
        raise ValueError(f"b must be between 0 and 1, got {b}")
    n, total = len(lengths), sum(lengths)
    scores: dict[int, float] = {}
    for token in query:
        found = postings.get(token, [])
        # With 1 + inside the logarithm the idf stays positive (Lucene's form).
        idf = log(1 + (n - len(found) + 0.5) / (len(found) + 0.5))
        for document, tf in found:
            length_ratio = lengths[document] * n / total
            gain = idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length_ratio))
            scores[document] = scores.get(document, 0.0) + gain
    return scores


def weigh(tokens: list[str], idf: dict[str, float]) -> dict[str, float]:
    """Return occurrences times idf for every token that has an idf."""
    return {term: tf * idf[term] for term, tf in Counter(tokens).items() if term in idf}


def cosine(one: dict[str, float], other: dict[str, float]) -> float:
    """Return the cosine of two sparse vectors, 0 where one of them is zero."""
    norms = sqrt(sum(x * x for x in one.values()) * sum(x * x for x in other.values()))
    dot = sum(weight * other.get(term, 0.0) for term, weight in one.items())
    return dot / norms if norms else 0.0
