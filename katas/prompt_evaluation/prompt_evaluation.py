"""Comparing prompts: McNemar, bootstrap, Holm, UCB. The question is in README.md."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int


def mcnemar_exact(first: list[bool], second: list[bool]) -> float:
    """Return the two-sided p-value of two prompts being equally often right on the same cases.

    Exact for up to 2000 cases on which they differ; 1.0 where there is none.

    Raises:
        ValueError: if the lists differ in length.
    """
    raise NotImplementedError


def paired_bootstrap(
    first: Float[np.ndarray, "n"],
    second: Float[np.ndarray, "n"],
    indices: Int[np.ndarray, "resamples n"],
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Return mean(second) − mean(first) and the ends of its percentile interval.

    Each row of `indices` resamples the cases. Quantiles interpolate linearly.

    Raises:
        ValueError: if there is no case or no resample, `first`, `second` and the rows of `indices`
            differ in length, or `level` is outside (0, 1).
    """
    raise NotImplementedError


def holm(p_values: list[float], alpha: float = 0.05) -> list[bool]:
    """Say of each hypothesis whether it is rejected at family-wise level `alpha` (Holm, 1979).

    Raises:
        ValueError: if a p-value is outside [0, 1], or `alpha` outside (0, 1).
    """
    raise NotImplementedError


def ucb1(reward: Callable[[int], float], arms: int, rounds: int) -> list[int]:
    """Pull arms by their upper confidence bounds (Auer et al., 2002), and return them in order.

    `reward(arm)` is called once a round, with the arm that is pulled. Ties: the lower arm.

    Raises:
        ValueError: if `arms` is less than 1, or `rounds` is negative.
    """
    raise NotImplementedError
