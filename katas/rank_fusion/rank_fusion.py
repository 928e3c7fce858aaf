"""Rank and score fusion. The question is in README.md.

All tasks return every document that occurs anywhere, as (document, score), best first; equal scores
go by ascending id. No rankings, or only empty ones, give an empty list.
"""


def reciprocal_rank_fusion(
    rankings: list[list[str]], k: float = 60, weights: list[float] | None = None
) -> list[tuple[str, float]]:
    """Fuse rankings by the sum of weight / (k + rank) (Cormack et al., 2009).

    A ranking without a document adds nothing to it. Of a document that stands twice in a ranking
    the first place counts; the repeat keeps its place. `weights` are 1 unless given, and not
    rescaled.

    Raises:
        ValueError: if k or a weight is negative, or there is not one weight for each ranking.
    """
    raise NotImplementedError


def score_fusion(
    runs: list[dict[str, float]],
    normalisation: str = "min_max",
    method: str = "sum",
    weights: list[float] | None = None,
) -> list[tuple[str, float]]:
    """Fuse runs (document to score) by their normalised scores.

    Each run is normalised over its own documents, by "min_max" or by "z_score", and combined by
    "sum" (CombSUM) or "mnz" (CombMNZ). `weights` are 1 unless given, and not rescaled.

    Raises:
        ValueError: if `normalisation` or `method` is unknown, "mnz" is asked for with "z_score", a
            weight is negative, or there is not one weight for each run.
    """
    raise NotImplementedError


def borda(rankings: list[list[str]]) -> list[tuple[str, float]]:
    """Fuse rankings by Borda points: of n documents the first gets n, the second n − 1, and so on.

    Documents that a ranking leaves out share its remaining points equally.

    Raises:
        ValueError: if a document stands twice in a ranking.
    """
    raise NotImplementedError


def copeland(rankings: list[list[str]]) -> list[tuple[str, float]]:
    """Fuse rankings by pairwise majority: 1 point for each document beaten, 0.5 for each draw.

    A ranking prefers what it ranks higher, and what it ranks to what it does not.

    Raises:
        ValueError: if a document stands twice in a ranking.
    """
    raise NotImplementedError
