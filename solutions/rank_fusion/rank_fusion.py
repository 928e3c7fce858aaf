"""Rank and score fusion: the reference."""

from collections.abc import Sequence
from itertools import combinations
from math import inf
from statistics import fmean, pstdev
from typing import Any


def reciprocal_rank_fusion(
    rankings: list[list[str]], k: float = 60, weights: list[float] | None = None
) -> list[tuple[str, float]]:
    """Fuse rankings by the sum of weight / (k + rank) (Cormack et al., 2009).

    >>> reciprocal_rank_fusion([["a", "b"], ["b"]], k=1)
    [('b', 0.8333333333333333), ('a', 0.5)]
    """
    if k < 0:
        raise ValueError(f"k must not be negative, got {k}")
    scores = dict.fromkeys(documents_in(rankings), 0.0)
    for ranking, weight in weighted(rankings, weights):
        for document, rank in first_ranks(ranking).items():
            scores[document] += weight / (k + rank)
    return best_first(scores)


def score_fusion(
    runs: list[dict[str, float]],
    normalisation: str = "min_max",
    method: str = "sum",
    weights: list[float] | None = None,
) -> list[tuple[str, float]]:
    """Fuse runs (document to score) by their normalised scores.

    >>> score_fusion([{"a": 3.0, "b": 1.0}, {"b": 20.0, "c": 10.0, "a": 15.0}])
    [('a', 1.5), ('b', 1.0), ('c', 0.0)]
    """
    if normalisation not in ("min_max", "z_score"):
        raise ValueError(f"normalisation must be 'min_max' or 'z_score', not {normalisation!r}")
    if method not in ("sum", "mnz"):
        raise ValueError(f"method must be 'sum' or 'mnz', not {method!r}")
    if (normalisation, method) == ("z_score", "mnz"):
        raise ValueError("method 'mnz' would make a negative z-score worse for being found often")

    scores = dict.fromkeys(documents_in(runs), 0.0)
    for run, weight in weighted(runs, weights):
        if not run:
            continue
        if normalisation == "min_max":
            normalised, missing = min_max(run), 0.0
        else:
            normalised = z_scores(run)
            missing = min(normalised.values())
        for document in scores:
            scores[document] += weight * normalised.get(document, missing)
    if method == "mnz":
        for document in scores:
            scores[document] *= sum(document in run for run in runs)
    return best_first(scores)


def borda(rankings: list[list[str]]) -> list[tuple[str, float]]:
    """Fuse rankings by Borda points: of n documents the first gets n, the second n − 1, and so on.

    >>> borda([["a", "b", "c"], ["b"]])
    [('b', 5.0), ('a', 4.5), ('c', 2.5)]
    """
    points = dict.fromkeys(documents_in(rankings), 0.0)
    n = len(points)
    for ranking in rankings:
        ranks = unrepeated_ranks(ranking)
        # Points n − m down to 1 are left over for the n − m documents that are not among the m.
        share = (n - len(ranking) + 1) / 2
        for document in points:
            points[document] += n + 1 - ranks[document] if document in ranks else share
    return best_first(points)


def copeland(rankings: list[list[str]]) -> list[tuple[str, float]]:
    """Fuse rankings by pairwise majority: 1 point for each document beaten, 0.5 for each draw.

    >>> copeland([["a", "b"], ["a", "c"], ["b"]])
    [('a', 2.0), ('b', 1.0), ('c', 0.0)]
    """
    points = dict.fromkeys(documents_in(rankings), 0.0)
    all_ranks = [unrepeated_ranks(ranking) for ranking in rankings]
    for one, other in combinations(points, 2):
        majority = sum(preference(ranks, one, other) for ranks in all_ranks)
        won = ((majority > 0) + (majority >= 0)) / 2  # 1, or 0.5 for a draw
        points[one] += won
        points[other] += 1.0 - won
    return best_first(points)


def documents_in(lists: Sequence[list[str] | dict[str, float]]) -> list[str]:
    """Return every document once."""
    return list(dict.fromkeys(document for found in lists for document in found))


def best_first(scores: dict[str, float]) -> list[tuple[str, float]]:
    """Return documents and scores by descending score, equal scores by ascending id."""
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def weighted(lists: list[Any], weights: list[float] | None) -> list[tuple[Any, float]]:
    """Return each ranking or run with its weight, 1 where none are given."""
    if weights is None:
        weights = [1.0] * len(lists)
    if len(weights) != len(lists):
        raise ValueError(f"{len(weights)} weights for {len(lists)} rankings or runs")
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    return list(zip(lists, weights, strict=True))


def first_ranks(ranking: list[str]) -> dict[str, int]:
    """Return the rank, from 1, at which each document stands first."""
    ranks: dict[str, int] = {}
    for rank, document in enumerate(ranking, start=1):
        ranks.setdefault(document, rank)
    return ranks


def unrepeated_ranks(ranking: list[str]) -> dict[str, int]:
    """Return the rank of each document, refusing repeats."""
    ranks = first_ranks(ranking)
    if len(ranks) < len(ranking):
        raise ValueError("a document stands twice in one of the rankings")
    return ranks


def min_max(run: dict[str, float]) -> dict[str, float]:
    """Return the scores on a scale from 0 to 1; all 1 where they are all equal."""
    lowest, highest = min(run.values()), max(run.values())
    if lowest == highest:
        return dict.fromkeys(run, 1.0)
    return {document: (score - lowest) / (highest - lowest) for document, score in run.items()}


def z_scores(run: dict[str, float]) -> dict[str, float]:
    """Return the scores in standard deviations from their mean; all 0 where they are all equal."""
    scores = run.values()
    if min(scores) == max(scores):
        return dict.fromkeys(run, 0.0)
    mean, deviation = fmean(scores), pstdev(scores)
    return {document: (score - mean) / deviation for document, score in run.items()}


def preference(ranks: dict[str, int], one: str, other: str) -> int:
    """Return 1 where a ranking prefers `one`, −1 where it prefers `other`, 0 where neither."""
    rank_of_one, rank_of_other = ranks.get(one, inf), ranks.get(other, inf)
    return (rank_of_one < rank_of_other) - (rank_of_one > rank_of_other)
