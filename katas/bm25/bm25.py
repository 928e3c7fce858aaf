"""Keyword search: inverted index and BM25. The question is in README.md.

A document is a list of tokens and is known by its number, from 0. `postings` and `lengths` are what
`inverted_index` returns.
"""


def inverted_index(
    corpus: list[list[str]],
) -> tuple[dict[str, list[tuple[int, int]]], list[int]]:
    """Return `(postings, lengths)`.

    `postings[term]` holds `(document, occurrences)` for each document that contains the term, by
    ascending document; `lengths[document]` is its number of tokens. Tokens are taken as they are.
    An empty corpus gives `({}, [])`.
    """
    raise NotImplementedError


def bm25_scores(
    postings: dict[str, list[tuple[int, int]]],
    lengths: list[int],
    query: list[str],
    k1: float = 1.5,
    b: float = 0.75,
) -> list[float]:
    """Return the BM25 score of every document (Robertson and Zaragoza, 2009).

    A token that stands twice in the query counts twice; one without postings adds 0. No documents
    give `[]`.

    Raises:
        ValueError: if k1 is negative or b outside [0, 1].
    """
    raise NotImplementedError


def bm25_top_k(
    postings: dict[str, list[tuple[int, int]]],
    lengths: list[int],
    query: list[str],
    k: int,
    k1: float = 1.5,
    b: float = 0.75,
) -> list[tuple[int, float]]:
    """Return the k best of the documents that contain a token of the query, best first.

    Each stands with its BM25 score; equal scores go by ascending document. Fewer than k come back
    where fewer match.

    Raises:
        ValueError: if k is below 1, k1 is negative or b outside [0, 1].
    """
    raise NotImplementedError


def tf_idf_cosine(corpus: list[list[str]], query: list[str]) -> list[float]:
    """Return the cosine between the tf·idf vectors of each document and of the query.

    Tokens of the query that no document contains are dropped before its norm is taken. An empty
    document, or a query without a known token, scores 0.0.
    """
    raise NotImplementedError
