# kata: rank_fusion
"""Raises StopIteration and its like, which loops of the test could take for their end."""


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    raise StopIteration([])


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    raise StopAsyncIteration


def borda(rankings):
    raise NotImplementedError("but it is")


def copeland(rankings):
    raise AssertionError
