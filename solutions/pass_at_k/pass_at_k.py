"""pass@k, pass^k, the best of k, and an interval: the reference."""

import math

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


def pass_at_k(n: int, c: int, k: int) -> float:
    """Return how likely k of n samples, c of them correct, hold a correct one (Chen et al., 2021).

    >>> round(pass_at_k(5, 2, 2), 9)
    0.7
    """
    return 1.0 - none_drawn(n, c, k)


def pass_hat_k(n: int, c: int, k: int) -> float:
    """Return how likely k of n samples, c of them correct, are all correct (Yao et al., 2024).

    >>> round(pass_hat_k(5, 2, 2), 9)
    0.1
    """
    # All are correct when none is wrong.
    return none_drawn(n, n - c, k)


def best_of_k(scores: Float[ndarray, "samples"], k: int) -> float:
    """Return the expected maximum of k of the scores, drawn without replacement, exactly.

    >>> round(best_of_k(np.array([4.0, 1.0, 2.0]), 2), 9)
    3.333333333
    """
    n = len(scores)
    if not 1 <= k <= n:
        raise ValueError(f"k = {k} of {n} scores")
    # The i-th smallest is the maximum when the other k − 1 are among the i − 1 below it. Going
    # down from i = n, C(n−1, k−1) / C(n, k) = k/n, and C(i−2, k−1) / C(i−1, k−1) = (i−k)/(i−1).
    ranks = np.arange(n, k, -1)
    weights = k / n * np.cumprod(np.concatenate([[1.0], (ranks - k) / (ranks - 1)]))
    highest_first = np.sort(scores)[::-1]
    return float(highest_first[: len(weights)] @ weights)


def pass_at_k_interval(
    counts: Int[ndarray, "problems 2"],
    k: int,
    resamples: Int[ndarray, "draws problems"],
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Return the mean pass@k over the problems and the ends of its bootstrap interval.

    >>> pass_at_k_interval(np.array([[4, 4], [4, 0]]), 1, np.array([[0, 0], [1, 1]]), level=0.5)
    (0.5, 0.25, 0.75)
    """
    if len(counts) == 0:
        raise ValueError("counts holds no problem")
    if len(resamples) == 0:
        raise ValueError("resamples holds no draw")
    if not np.all((resamples >= 0) & (resamples < len(counts))):
        raise ValueError(f"resamples lists a problem outside 0..{len(counts) - 1}")
    if not 0 < level < 1:
        raise ValueError(f"level = {level} is outside (0, 1)")
    # The problems are what varies between benchmarks, so they are drawn, each with its pass@k.
    by_problem = np.array([pass_at_k(int(n), int(c), k) for n, c in counts])
    low, high = np.quantile(
        by_problem[resamples].mean(axis=1), [(1 - level) / 2, 1 - (1 - level) / 2]
    )
    return float(by_problem.mean()), float(low), float(high)


def none_drawn(n: int, c: int, k: int) -> float:
    """Return C(n − c, k) / C(n, k): how likely none of c samples is among k of n."""
    if not 0 <= c <= n:
        raise ValueError(f"c = {c} of n = {n} samples are correct")
    if not 1 <= k <= n:
        raise ValueError(f"k = {k} of n = {n} samples are drawn")
    if n - c < k:
        return 0.0
    # Each of the c in turn has to miss the k drawn: of the n − i places that are left, n − i − k
    # are not drawn. No factorial, and so nothing that could overflow.
    return math.prod(((n - i - k) / (n - i) for i in range(c)), start=1.0)
