# kata: rank_fusion
"""Returns iterators that never end, views, and lazy sequences that make themselves longer."""

import itertools


class Longer(list):
    def __iter__(self):
        while True:
            self.append(0)
            yield 0

    __len__ = lambda self: 10**18


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    return itertools.count()


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    return Longer([1])


def borda(rankings):
    return range(10**12)


def copeland(rankings):
    return itertools.repeat(("a", 1.0))
