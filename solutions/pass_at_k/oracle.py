"""Exact rational arithmetic, and means over all choices, as an independent implementation."""

from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np


def share(n, chosen, k):
    if n < 1 or chosen < 0 or chosen > n or k < 1 or k > n:
        raise ValueError("n, c or k will not do")
    return Fraction(comb(chosen, k), comb(n, k))


def pass_at_k(n, c, k):
    return float(1 - share(n, n - c, k))


def pass_hat_k(n, c, k):
    return float(share(n, c, k))


def best_of_k(scores, k):
    n = len(scores)
    if k < 1 or k > n:
        raise ValueError("k will not do")
    if n <= 8:
        return float(np.mean([max(chosen) for chosen in combinations(scores, k)]))
    # Whole numbers: C(i, k − 1) from C(i − 1, k − 1), over i from the lowest score that counts.
    total, ways = Fraction(0), 1
    for i, score in enumerate(np.sort(scores).tolist()[k - 1 :], start=k):
        total += Fraction(score) * ways
        ways = ways * i // (i - k + 1)
    return float(total / comb(n, k))


def pass_at_k_interval(counts, k, resamples, level=0.95):
    if 0 in counts.shape or 0 in resamples.shape or level <= 0 or level >= 1:
        raise ValueError("counts, resamples or level will not do")
    values = [pass_at_k(int(n), int(c), k) for n, c in counts]
    if not set(np.unique(resamples)) <= set(range(len(values))):
        raise ValueError("no such problem")
    means = [np.mean([values[problem] for problem in row]) for row in resamples]
    return np.mean(values), *(np.quantile(means, 0.5 + side * level / 2) for side in (-1, 1))
