# kata: rank_fusion
"""Returns ids of ten million characters, of combining signs, nulls and line breaks."""


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    return [("\u0301" * 10_000_000, 1.0), ("\n" * 10_000_000, 1.0), ("c", 1.0)]


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    return [("\0" * 10_000_000, 1.0), ("b", 1.0)]


def borda(rankings):
    return "a" * 30_000_000


def copeland(rankings):
    raise KeyError("%s" * 10_000_000)
