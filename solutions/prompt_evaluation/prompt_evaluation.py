"""Comparing prompts: McNemar, bootstrap, Holm, UCB: the reference."""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int


def mcnemar_exact(first: list[bool], second: list[bool]) -> float:
    """Return the two-sided p-value of two prompts being equally often right on the same cases.

    >>> mcnemar_exact([True, False, False, False], [True, True, True, True])  # 2 · (1/2)³
    0.25
    """
    if len(first) != len(second):
        raise ValueError(f"first has {len(first)} cases, but second has {len(second)}")
    # Where both are right or both are wrong, nothing speaks for either (McNemar, 1947).
    results = Counter(zip(first, second, strict=False))
    only_first, only_second = results[True, False], results[False, True]
    n, fewer = only_first + only_second, min(only_first, only_second)
    # Whole numbers: 2²⁰⁰⁰ and C(2000, 1000) are no floats, but their quotient is.
    tail = sum(math.comb(n, i) for i in range(fewer + 1))
    return min(1.0, 2 * tail / 2**n)


def paired_bootstrap(
    first: Float[np.ndarray, "n"],
    second: Float[np.ndarray, "n"],
    indices: Int[np.ndarray, "resamples n"],
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Return mean(second) − mean(first) and the ends of its percentile interval.

    >>> rows = np.array([[0, 0], [0, 1], [1, 1]])
    >>> paired_bootstrap(np.array([0.0, 1.0]), np.array([1.0, 1.0]), rows, level=0.5)
    (0.5, 0.25, 0.75)
    """
    resamples, n = indices.shape
    if not len(first) == len(second) == n:
        raise ValueError(f"lengths differ: {len(first)}, {len(second)}, and rows of {n}")
    if n == 0:
        raise ValueError("first and second hold no case")
    if resamples == 0:
        raise ValueError("indices holds no resample")
    if not 0 < level < 1:
        raise ValueError(f"level = {level} is outside (0, 1)")
    # A case is hard or easy for both prompts. Resampled together, that cancels.
    gains = second - first
    low, high = np.quantile(gains[indices].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(gains.mean()), float(low), float(high)


def holm(p_values: list[float], alpha: float = 0.05) -> list[bool]:
    """Say of each hypothesis whether it is rejected at family-wise level `alpha` (Holm, 1979).

    >>> holm([0.04, 0.01, 0.03])  # 0.01 ≤ 0.05/3, but 0.03 > 0.05/2
    [False, True, False]
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("p_values holds one outside [0, 1]")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha = {alpha} is outside (0, 1)")
    rejected = [False] * len(p_values)
    left = len(p_values)  # hypotheses that are not rejected yet
    for place in sorted(range(len(p_values)), key=lambda place: p_values[place]):
        if p_values[place] > alpha / left:
            break
        rejected[place] = True
        left -= 1
    return rejected


def ucb1(reward: Callable[[int], float], arms: int, rounds: int) -> list[int]:
    """Pull arms by their upper confidence bounds (Auer et al., 2002), and return them in order.

    >>> ucb1(lambda arm: float(arm == 1), arms=2, rounds=7)
    [0, 1, 1, 1, 1, 1, 0]
    """
    if arms < 1:
        raise ValueError(f"arms = {arms} is less than 1")
    if rounds < 0:
        raise ValueError(f"rounds = {rounds} is negative")
    pulls, totals = [0] * arms, [0.0] * arms

    def bound(arm: int) -> float:
        if pulls[arm] == 0:
            return math.inf
        return totals[arm] / pulls[arm] + math.sqrt(2 * math.log(sum(pulls)) / pulls[arm])

    pulled = []
    for _ in range(rounds):
        arm = max(range(arms), key=bound)  # the first of equals
        totals[arm] += reward(arm)
        pulls[arm] += 1
        pulled.append(arm)
    return pulled
