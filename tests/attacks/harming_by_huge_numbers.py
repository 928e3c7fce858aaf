# kata: rank_fusion
"""Returns whole numbers of half a million bits, and floats at the edges, as scores and ids."""

HUGE = 1 << 500_000


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    return [("a", HUGE), ("b", -HUGE), ("c", HUGE + 1)]


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    return [(HUGE, 1.0), (HUGE + 1, 5e-324), (-HUGE, 1.7e308)]


def borda(rankings):
    return HUGE


def copeland(rankings):
    return [("a", complex(HUGE % 7, float("inf"))), ("b", 2**1024), ("c", -(2**64))]
