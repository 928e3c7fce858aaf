"""Precision, recall, average precision and reciprocal rank. The question is in README.md.

Everywhere `relevant` stands for a set, ranks count from 1, `k=None` means the whole ranking, and a
document that stands twice in a ranking is one hit, at its first place; the repeat keeps its place.
Nothing relevant, or nothing returned, gives 0.0.
"""


def precision_recall_f1(
    ranking: list[str], relevant: list[str], k: int
) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the first k places.

    Precision is over k, also when fewer documents were returned. F1 is 0.0 without a hit.

    Raises:
        ValueError: if k is below 1.
    """
    raise NotImplementedError


def average_precision(ranking: list[str], relevant: list[str], k: int | None = None) -> float:
    """Return the precision at each hit down to rank k, summed and divided by all that is relevant.

    Raises:
        ValueError: if k is below 1.
    """
    raise NotImplementedError


def reciprocal_rank(ranking: list[str], relevant: list[str], k: int | None = None) -> float:
    """Return 1 over the rank of the first hit, 0.0 if there is none down to rank k.

    Raises:
        ValueError: if k is below 1.
    """
    raise NotImplementedError


def evaluate_run(
    rankings: dict[str, list[str]], judgments: dict[str, list[str]], k: int
) -> dict[str, float]:
    """Return the means over queries, by query the ranking and what is relevant.

    The queries are those for which `judgments` hold something relevant. One without a ranking
    counts with 0 in every mean.

    Returns:
        At least `precision`, `recall`, `map`, `mrr`, all at k, and `success`, the share of queries
        with a hit in the first k.

    Raises:
        ValueError: if k is below 1, or no query has anything relevant.
    """
    raise NotImplementedError
