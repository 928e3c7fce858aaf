"""Abstention: calibration, risk and coverage, thresholds. The question is in README.md."""

import numpy as np
from jaxtyping import Bool, Float, Int


def expected_calibration_error(
    confidence: Float[np.ndarray, "n"], correct: Bool[np.ndarray, "n"], bins: int = 10
) -> float:
    """Return how far accuracy and confidence are apart, on average over bins of equal width.

    A bin holds its left edge; the last one holds 1 too.

    Raises:
        ValueError: if there is no example, the lengths differ, bins is below 1, or a confidence is
            not in [0, 1].
    """
    raise NotImplementedError


def risk_coverage(
    confidence: Float[np.ndarray, "n"], correct: Bool[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "points"], Float[np.ndarray, "points"], float]:
    """Return the coverage and risk of each distinct confidence as threshold, and the area.

    The highest confidence comes first, so coverage rises to 1. Confidences may be any numbers.

    Raises:
        ValueError: if there is no example, or the lengths differ.
    """
    raise NotImplementedError


def threshold_for_precision(
    confidence: Float[np.ndarray, "n"],
    correct: Bool[np.ndarray, "n"],
    target: float,
    min_answered: int = 1,
) -> float | None:
    """Return the lowest confidence from which on answers are right often enough.

    A question is answered when its confidence is at least the threshold. None where no distinct
    confidence gives `min_answered` answers of which a share of at least `target` is right.

    Raises:
        ValueError: if there is no example, the lengths differ, target is not in [0, 1], or
            min_answered is below 1.
    """
    raise NotImplementedError


def fit_temperature(
    logits: Float[np.ndarray, "n classes"], labels: Int[np.ndarray, "n"], grid: list[float]
) -> float:
    """Return the temperature of `grid` under which the labels are most likely.

    Of several the earliest in the grid. Logits may be as large as ±10,000.

    Raises:
        ValueError: if there is no example, the lengths differ, the grid is empty or holds a value
            that is not above 0, or a label is not a class.
    """
    raise NotImplementedError
