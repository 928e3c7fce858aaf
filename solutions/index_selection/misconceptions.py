"""The wrong turns of choosing an index."""

import math

from autograder.suite import misconception
from solutions.index_selection.index_selection import (
    choose_index,
    costs_of,
    dominates,
    index_bytes,
    pareto_front,
)

# ── index_bytes ───────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="index_bytes",
    says="the vectors are not counted, as if inverted lists held only ids and centroids",
    hint="Where does the search find the vector whose id stands in a list?",
)
def ivf_saves_memory(kind, n, dim, params):
    size = index_bytes(kind, n, dim, params)
    return size - 4 * n * dim if kind == "ivf_flat" else size


@misconception(
    id="ivf_saves_memory",
    replaces="index_bytes",
    says="the vectors are not counted, as if inverted lists held only ids and centroids",
    hint="Where does the search find the vector whose id stands in a list?",
)
def lists_hold_ids_only(kind, n, dim, params):
    size = index_bytes(kind, n, dim, params)
    ids = 8 * n + 4 * params.get("lists", 0) * dim
    return ids if kind in ("ivf_flat", "ivf_pq") else size


@misconception(
    replaces="index_bytes",
    says="layer 0 is given M links a node, not 2M",
    hint="How many neighbours may a node of layer 0 have, and how many one above?",
)
def one_list_of_links(kind, n, dim, params):
    size = index_bytes(kind, n, dim, params)
    return size - 4 * n * params["M"] if kind == "hnsw" else size


@misconception(
    replaces="index_bytes",
    says="the codebooks of the product quantiser are not counted",
    hint="What turns a code back into a vector?",
)
def codebooks_forgotten(kind, n, dim, params):
    size = index_bytes(kind, n, dim, params)
    return size - 4 * 2 ** params["bits"] * dim if kind in ("pq", "ivf_pq") else size


@misconception(
    replaces="index_bytes",
    says="a code is counted as one byte a subspace whatever the number of bits",
    hint="Into how many bytes do 16 numbers of 4 bits go?",
)
def bits_as_bytes(kind, n, dim, params):
    size = index_bytes(kind, n, dim, params)
    if kind not in ("pq", "ivf_pq"):
        return size
    return size + n * (params["m"] - math.ceil(params["m"] * params["bits"] / 8))


@misconception(
    replaces="index_bytes",
    says="each codebook is counted as if its centroids had all components",
    hint="How many components has a centroid of one of m subspaces?",
)
def whole_codebooks(kind, n, dim, params):
    size = index_bytes(kind, n, dim, params)
    if kind not in ("pq", "ivf_pq"):
        return size
    return size + 4 * 2 ** params["bits"] * dim * (params["m"] - 1)


@misconception(
    replaces="index_bytes",
    says="the upper layers of the graph are not counted",
    hint="A node is in 1 / (M − 1) upper layers on average. What does it hold there?",
)
def upper_layers_forgotten(kind, n, dim, params):
    size = index_bytes(kind, n, dim, params)
    return size - round(4 * n * params["M"] / (params["M"] - 1)) if kind == "hnsw" else size


@misconception(
    replaces="index_bytes",
    says="the ids in the inverted lists are not counted",
    hint="Vectors lie in the order of their lists. How does one know whose they are?",
)
def ids_forgotten(kind, n, dim, params):
    size = index_bytes(kind, n, dim, params)
    return size - 8 * n if kind in ("ivf_flat", "ivf_pq") else size


@misconception(
    replaces="index_bytes",
    says="codes are not rounded up to whole bytes",
    hint="Where does the code of the second vector begin, if one has 24 bits? And if one has 20?",
)
def codes_packed(kind, n, dim, params):
    size = index_bytes(kind, n, dim, params)
    if kind not in ("pq", "ivf_pq"):
        return size
    bits = params["m"] * params["bits"]
    return size - n * math.ceil(bits / 8) + n * bits // 8


# ── pareto_front ──────────────────────────────────────────────────────────────────────────────


def front(points, beats, costs=costs_of):
    """Return who is beaten by no other point."""
    pareto_front(points)
    measured = [costs(point) for point in points]
    return [
        i
        for i, mine in enumerate(measured)
        if not any(i != j and beats(other, mine) for j, other in enumerate(measured))
    ]


@misconception(
    replaces="pareto_front",
    says="two equal points remove each other",
    hint="Is either of two equal points better in anything?",
)
def equal_points_dominate(points):
    return front(points, lambda one, other: all(map(float.__le__, *floats(one, other))))


def floats(*rows):
    """Return rows of numbers as floats."""
    return [[float(number) for number in row] for row in rows]


@misconception(
    replaces="pareto_front",
    says="latency and memory are maximised like recall",
    hint="Would you rather wait 2 ms or 90 ms?",
)
def latency_high_is_good(points):
    def costs(point):
        return -point["recall"], -point["latency_ms"], -point["bytes"]

    return front(points, dominates, costs)


@misconception(
    replaces="pareto_front",
    says="only the best point of each measure is kept",
    hint="A point is second in everything. Which other one is better in all three?",
)
def best_in_one(points):
    pareto_front(points)
    costs = [costs_of(point) for point in points]
    best = [min(column) for column in zip(*costs, strict=True)]
    return [i for i, mine in enumerate(costs) if any(map(float.__eq__, *floats(mine, best)))]


@misconception(
    id="best_in_one",
    replaces="pareto_front",
    says="only the best point of each measure is kept",
    hint="A point is second in everything. Which other one is better in all three?",
)
def first_best_of_each(points):
    pareto_front(points)
    if not points:
        return []
    costs = [costs_of(point) for point in points]
    return sorted({min(range(len(costs)), key=lambda i: costs[i][axis]) for axis in range(3)})


@misconception(
    replaces="pareto_front",
    says="a point is only removed by one that is better in all three",
    hint="Two indexes are as fast and as large, and one finds more. Who would take the other?",
)
def better_in_all(points):
    return front(points, lambda one, other: all(map(float.__lt__, *floats(one, other))))


@misconception(
    replaces="pareto_front",
    says="memory is left out of the comparison",
    hint="Which of the three measures does your front not depend on?",
)
def memory_ignored(points):
    return front(points, dominates, lambda point: costs_of(point)[:2])


# ── choose_index ──────────────────────────────────────────────────────────────────────────────


def within(points, min_recall, max_latency_ms, max_bytes):
    """Return the indices of the points within all limits."""
    return [
        i
        for i in range(len(points))
        if choose_index([points[i]], min_recall, max_latency_ms, max_bytes) is not None
    ]


@misconception(
    replaces="choose_index",
    says="a point exactly on a limit is refused",
    hint="At most 10 ms: is that less than 10, or may it be 10?",
)
def strict_limits(points, min_recall, max_latency_ms, max_bytes):
    inside = [
        i
        for i, point in enumerate(points)
        if point["recall"] > min_recall
        and point["latency_ms"] < max_latency_ms
        and point["bytes"] < max_bytes
    ]
    return min(inside, key=lambda i: costs_of(points[i])[::-1], default=None)


@misconception(
    replaces="choose_index",
    says="the best recall is taken, not the cheapest that is good enough",
    hint="What is a recall above the one asked for worth, and what does it cost?",
)
def highest_recall_wins(points, min_recall, max_latency_ms, max_bytes):
    fitting = within(points, min_recall, max_latency_ms, max_bytes)
    return min(fitting, key=lambda i: costs_of(points[i]), default=None)


@misconception(
    id="highest_recall_wins",
    replaces="choose_index",
    says="the best recall is taken, not the cheapest that is good enough",
    hint="What is a recall above the one asked for worth, and what does it cost?",
)
def highest_recall_then_bytes(points, min_recall, max_latency_ms, max_bytes):
    fitting = within(points, min_recall, max_latency_ms, max_bytes)

    def order(i):
        recall, latency, size = costs_of(points[i])
        return recall, size, latency

    return min(fitting, key=order, default=None)


@misconception(
    replaces="choose_index",
    says="the fastest is taken, not the smallest",
    hint="Which of the limits is money, once all of them are met?",
)
def fastest_wins(points, min_recall, max_latency_ms, max_bytes):
    fitting = within(points, min_recall, max_latency_ms, max_bytes)

    def order(i):
        recall, latency, size = costs_of(points[i])
        return latency, size, recall

    return min(fitting, key=order, default=None)


@misconception(
    replaces="choose_index",
    says="of points of one size the first is taken, whatever its latency and recall",
    hint="Two settings of one index take the same memory. Which one would you run?",
)
def first_of_the_smallest(points, min_recall, max_latency_ms, max_bytes):
    fitting = within(points, min_recall, max_latency_ms, max_bytes)
    return min(fitting, key=lambda i: points[i]["bytes"], default=None)


@misconception(
    replaces="choose_index",
    says="the number is a place among the points that fit, not among all points",
    hint="Look your answer up in the list of points. Is it the one you mean?",
)
def place_among_the_fitting(points, min_recall, max_latency_ms, max_bytes):
    chosen = choose_index(points, min_recall, max_latency_ms, max_bytes)
    if chosen is None:
        return None
    return within(points, min_recall, max_latency_ms, max_bytes).index(chosen)
