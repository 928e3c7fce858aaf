"""Choosing an index. The question is in README.md."""


def index_bytes(kind: str, n: int, dim: int, params: dict[str, int]) -> int:
    """Return how many bytes an index of n float32 vectors takes.

    `kind` is "flat", "ivf_flat" with {"lists"}, "pq" with {"m", "bits"}, "ivf_pq" with all three,
    or "hnsw" with {"M"}.

    Raises:
        ValueError: if the kind is unknown, a parameter is missing or less than 1 (M: than 2), m
            does not divide dim, n is negative, or dim is less than 1.
    """
    raise NotImplementedError


def pareto_front(points: list[dict]) -> list[int]:
    """Return the ascending indices of the points that no other point dominates.

    A point is {"recall", "latency_ms", "bytes"}; a high recall is good, the others should be low. A
    point dominates another one when it is at least as good in all three and better in one.

    Raises:
        ValueError: if any of the numbers is NaN.
    """
    raise NotImplementedError


def choose_index(
    points: list[dict], min_recall: float, max_latency_ms: float, max_bytes: int
) -> int | None:
    """Return the index of the cheapest point within all limits, or None.

    Cheapest is the lowest bytes, then the lowest latency, then the highest recall, then the first.
    A point exactly on a limit is within it.
    """
    raise NotImplementedError
