"""NDCG, and where it misleads. The question is in README.md.

Everywhere `gain` is "exponential" (2^grade − 1) or "linear" (the grade), and `k=None` means no cut.
"""


def dcg(grades: list[float], k: int | None = None, gain: str = "exponential") -> float:
    """Return the discounted cumulative gain of grades in ranked order (Järvelin and Kekäläinen).

    No grades give 0.0.

    Raises:
        ValueError: if a grade is negative, `gain` is unknown or k is below 1.
    """
    raise NotImplementedError


def ndcg(
    ranking: list[str],
    judgments: dict[str, float],
    k: int | None = None,
    gain: str = "exponential",
) -> float:
    """Return the DCG of a ranking over the DCG of the ideal order of all judged documents.

    Both are cut at k. A document without a judgment, and one that stood before, counts as grade 0
    and keeps its place. Where nothing is relevant the result is 0.0.

    Raises:
        ValueError: if a grade is negative, retrieved or not, `gain` is unknown or k is below 1.
    """
    raise NotImplementedError


def missing_judgments(
    ranking: list[str],
    judgments: dict[str, float],
    k: int | None = None,
    gain: str = "exponential",
) -> tuple[float, float, float]:
    """Return `(judged, ndcg, condensed)`.

    `judged` is the share of the first min(k, len(ranking)) places whose document has a judgment
    (0.0 for an empty ranking), `ndcg` as above, and `condensed` the NDCG of the ranking from which
    documents without a judgment are removed before the cut (Sakai, 2007).

    Raises:
        ValueError: as `ndcg`.
    """
    raise NotImplementedError


def tie_aware_ndcg(
    scores: list[float],
    grades: list[float],
    k: int | None = None,
    gain: str = "exponential",
) -> float:
    """Return the expected NDCG when documents of equal score are shuffled (McSherry and Najork).

    `scores[i]` and `grades[i]` belong to document i, and these are all the judged documents. No
    documents, or none that is relevant, give 0.0.

    Raises:
        ValueError: if the lengths differ, a grade is negative, `gain` is unknown or k is below 1.
    """
    raise NotImplementedError
