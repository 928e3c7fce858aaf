"""Choosing an index: the reference."""

import math
import operator

PARAMETERS = {
    "flat": (),
    "ivf_flat": ("lists",),
    "pq": ("m", "bits"),
    "ivf_pq": ("lists", "m", "bits"),
    "hnsw": ("M",),
}


def index_bytes(kind: str, n: int, dim: int, params: dict[str, int]) -> int:
    """Return how many bytes an index of n float32 vectors takes.

    >>> index_bytes("pq", 1000, 8, {"m": 4, "bits": 6})
    5048
    """
    require(kind, n, dim, params)
    if kind in ("pq", "ivf_pq"):
        code = -(-params["m"] * params["bits"] // 8)
        # Each of m codebooks has 2^bits centroids of dim / m components.
        size = n * code + 4 * 2 ** params["bits"] * dim
    else:
        size = 4 * n * dim
    if kind in ("ivf_flat", "ivf_pq"):
        # Lists prune; they do not compress: every vector or code is still there, with its id.
        size += 8 * n + 4 * params["lists"] * dim
    if kind == "hnsw":
        links = params["M"]
        # Layer 0, then the upper ones, of which a node is in 1 / (M − 1) on average.
        size += 4 * n * 2 * links + round(4 * n * links / (links - 1))
    return size


def pareto_front(points: list[dict]) -> list[int]:
    """Return the ascending indices of the points that no other point dominates.

    >>> point = {"recall": 0.9, "latency_ms": 2.0, "bytes": 100}
    >>> pareto_front([point, point, {**point, "recall": 0.8}])
    [0, 1]
    """
    costs = [costs_of(point) for point in points]
    if any(math.isnan(cost) for three in costs for cost in three):
        raise ValueError("a point holds NaN, which can be compared with nothing")
    return [
        place
        for place, mine in enumerate(costs)
        if not any(dominates(other, mine) for other in costs)
    ]


def choose_index(
    points: list[dict], min_recall: float, max_latency_ms: float, max_bytes: int
) -> int | None:
    """Return the index of the cheapest point within all limits, or None.

    >>> point = {"recall": 0.9, "latency_ms": 2.0, "bytes": 100}
    >>> choose_index([point, {**point, "bytes": 90}], 0.9, 2.0, 100)
    1
    """
    fitting = [
        place
        for place, point in enumerate(points)
        if point["recall"] >= min_recall
        and point["latency_ms"] <= max_latency_ms
        and point["bytes"] <= max_bytes
    ]
    # In reverse the costs are in the order of their importance; min keeps the first of equals.
    return min(fitting, key=lambda place: costs_of(points[place])[::-1], default=None)


def require(kind: str, n: int, dim: int, params: dict[str, int]) -> None:
    """Raise if there can be no such index."""
    if kind not in PARAMETERS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(PARAMETERS)}")
    if n < 0 or dim < 1:
        raise ValueError(f"n and dim must be at least 0 and 1, got {n} and {dim}")
    for name in PARAMETERS[kind]:
        least = 2 if name == "M" else 1
        if name not in params or params[name] < least:
            raise ValueError(f"{kind} needs {name}, which must be at least {least}")
    if "m" in PARAMETERS[kind] and dim % params["m"] != 0:
        raise ValueError(f"m is {params['m']}, which does not divide dim = {dim}")


def costs_of(point: dict) -> tuple[float, float, float]:
    """Return the three measures of a point, each the lower the better."""
    return -point["recall"], point["latency_ms"], point["bytes"]


def dominates(one: tuple, other: tuple) -> bool:
    """Say whether costs are nowhere higher than others, and somewhere lower."""
    return one != other and all(map(operator.le, one, other))
