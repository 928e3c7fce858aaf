"""NDCG, and where it misleads: the reference."""

from collections.abc import Iterable
from itertools import groupby
from math import log2
from statistics import fmean


def dcg(grades: list[float], k: int | None = None, gain: str = "exponential") -> float:
    """Return the discounted cumulative gain of grades in ranked order (Järvelin and Kekäläinen).

    >>> dcg([3, 0, 1])
    7.5
    """
    if k is not None and k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    gains = gains_of(grades, gain)[:k]
    return sum((value / log2(rank + 1) for rank, value in enumerate(gains, start=1)), 0.0)


def ndcg(
    ranking: list[str],
    judgments: dict[str, float],
    k: int | None = None,
    gain: str = "exponential",
) -> float:
    """Return the DCG of a ranking over the DCG of the ideal order of all judged documents.

    >>> ndcg(["b", "a"], {"a": 1, "b": 0}, k=1)
    0.0
    """
    ideal = ideal_dcg(judgments.values(), k, gain)
    if ideal == 0:
        return 0.0
    return dcg(grades_in_order(ranking, judgments), k, gain) / ideal


def missing_judgments(
    ranking: list[str],
    judgments: dict[str, float],
    k: int | None = None,
    gain: str = "exponential",
) -> tuple[float, float, float]:
    """Return the judged share, the NDCG and the condensed NDCG (Sakai, 2007).

    >>> missing_judgments(["new", "a"], {"a": 1}, k=1)
    (0.0, 0.0, 1.0)
    """
    condensed = [document for document in ranking if document in judgments]
    scores = ndcg(ranking, judgments, k, gain), ndcg(condensed, judgments, k, gain)
    shown = ranking[:k]
    judged = sum(document in judgments for document in shown) / len(shown) if shown else 0.0
    return judged, *scores


def tie_aware_ndcg(
    scores: list[float],
    grades: list[float],
    k: int | None = None,
    gain: str = "exponential",
) -> float:
    """Return the expected NDCG when documents of equal score are shuffled (McSherry and Najork).

    >>> tie_aware_ndcg([0.5, 0.5], [1, 0], k=1)
    0.5
    """
    if len(scores) != len(grades):
        raise ValueError(f"{len(scores)} scores, but {len(grades)} grades")
    gains = gains_of(grades, gain)
    best_first = sorted(range(len(scores)), key=lambda document: -scores[document])
    # Shuffled, each place of a tie expects the same gain: the mean of the tie.
    expected: list[float] = []
    for _, tie in groupby(best_first, key=lambda document: scores[document]):
        tied_gains = [gains[document] for document in tie]
        expected += [fmean(tied_gains)] * len(tied_gains)
    ideal = ideal_dcg(grades, k, gain)
    # They are gains already, so they are summed as they are.
    return dcg(expected, k, gain="linear") / ideal if ideal else 0.0


def gains_of(grades: list[float], gain: str) -> list[float]:
    """Return what each grade is worth."""
    if any(grade < 0 for grade in grades):
        raise ValueError("grades (or judgments) must not be negative")
    if gain == "exponential":
        return [2.0**grade - 1 for grade in grades]
    if gain == "linear":
        return [float(grade) for grade in grades]
    raise ValueError(f"gain must be 'exponential' or 'linear', not {gain!r}")


def ideal_dcg(grades: Iterable[float], k: int | None, gain: str) -> float:
    """Return the highest DCG that any order of these grades has."""
    return dcg(sorted(grades, reverse=True), k, gain)


def grades_in_order(ranking: list[str], judgments: dict[str, float]) -> list[float]:
    """Return the grade at each place: 0 without a judgment, and 0 for a repeat."""
    seen: set[str] = set()
    grades = []
    for document in ranking:
        grades.append(0.0 if document in seen else judgments.get(document, 0.0))
        seen.add(document)
    return grades
