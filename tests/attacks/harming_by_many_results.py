# kata: rank_fusion
"""Returns almost a million pairs, equal but for one, to be sorted, counted and compared."""


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    return [("a", 1 / 61)] * 160_000


def borda(rankings):
    big = tuple(range(400_000))
    return [big, big] + [(0.5,)] * 30_000


def copeland(rankings):
    return [((("a",) * 50, number % 3), 1.0) for number in range(15_000)]
