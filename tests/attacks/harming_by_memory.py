# kata: rank_fusion
"""Takes memory without end, on the heap, by mmap, by numpy and in the kernel's tables."""

import mmap

import numpy as np


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    kept = []
    while True:
        kept.append(bytes(1 << 24))


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    return np.ones(10**12)


def borda(rankings):
    kept = []
    while True:
        kept.append(mmap.mmap(-1, 1 << 26))
        kept[-1][::4096] = b"x" * len(range(0, 1 << 26, 4096))


def copeland(rankings):
    return "x" * 10**15
