# kata: rank_fusion
"""Returns lists within lists, ten thousand deep, some of which contain themselves."""


def deep(count, wrap):
    value = []
    for _ in range(count):
        value = wrap(value)
    return value


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    return deep(10_000, lambda inner: [inner])


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    return {deep(63, lambda inner: (inner,) if inner else (1,)): 1}


def borda(rankings):
    value = [("a", 1.0)]
    value.append(value)
    return value


def copeland(rankings):
    return deep(30, lambda inner: [inner, inner])
