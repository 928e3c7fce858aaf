"""Precision, recall, average precision and reciprocal rank: the reference."""


def precision_recall_f1(
    ranking: list[str], relevant: list[str], k: int
) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the first k places.

    >>> precision_recall_f1(["a", "x"], ["a", "b"], k=4)
    (0.25, 0.5, 0.3333333333333333)
    """
    hits = len(hit_ranks(ranking, relevant, k))
    if hits == 0:
        return 0.0, 0.0, 0.0
    precision, recall = hits / k, hits / len(set(relevant))
    return precision, recall, 2 * precision * recall / (precision + recall)


def average_precision(ranking: list[str], relevant: list[str], k: int | None = None) -> float:
    """Return the precision at each hit, summed and divided by all that is relevant.

    >>> average_precision(["a", "x", "b"], ["a", "b", "c", "d"])
    0.41666666666666663
    """
    ranks = hit_ranks(ranking, relevant, k)
    total = sum(found / rank for found, rank in enumerate(ranks, start=1))
    return total / len(set(relevant)) if ranks else 0.0


def reciprocal_rank(ranking: list[str], relevant: list[str], k: int | None = None) -> float:
    """Return 1 over the rank of the first hit, 0 without one.

    >>> reciprocal_rank(["x", "a", "b"], ["b", "a"])
    0.5
    """
    ranks = hit_ranks(ranking, relevant, k)
    return 1 / ranks[0] if ranks else 0.0


def evaluate_run(
    rankings: dict[str, list[str]], judgments: dict[str, list[str]], k: int
) -> dict[str, float]:
    """Return the means over the queries that have something relevant."""
    queries = [
        (rankings.get(query, []), relevant) for query, relevant in judgments.items() if relevant
    ]
    if not queries:
        raise ValueError("judgments hold no query with a relevant document")
    sets = [precision_recall_f1(ranking, relevant, k) for ranking, relevant in queries]
    firsts = [reciprocal_rank(ranking, relevant, k) for ranking, relevant in queries]
    return {
        "precision": mean([precision for precision, _, _ in sets]),
        "recall": mean([recall for _, recall, _ in sets]),
        "map": mean([average_precision(ranking, relevant, k) for ranking, relevant in queries]),
        "mrr": mean(firsts),
        "success": mean([float(first > 0) for first in firsts]),
    }


def mean(scores: list[float]) -> float:
    """Return the mean of one score a query."""
    return sum(scores) / len(scores)


def hit_ranks(ranking: list[str], relevant: list[str], k: int | None) -> list[int]:
    """Return the ranks, from 1 to k, at which a relevant document stands for the first time."""
    if k is not None and k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    wanted, ranks = set(relevant), []
    for rank, document in enumerate(ranking[:k], start=1):
        if document in wanted:
            wanted.remove(document)
            ranks.append(rank)
    return ranks
