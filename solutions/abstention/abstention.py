"""Abstention: calibration, risk and coverage, thresholds: the reference."""

import numpy as np
from jaxtyping import Bool, Float, Int


def expected_calibration_error(
    confidence: Float[np.ndarray, "n"], correct: Bool[np.ndarray, "n"], bins: int = 10
) -> float:
    """Return how far accuracy and confidence are apart, on average over bins of equal width.

    >>> confidence, correct = np.array([0.25, 0.25, 0.75]), np.array([True, False, True])
    >>> round(float(expected_calibration_error(confidence, correct, bins=2)), 4)
    0.25
    """
    require_examples(confidence, correct)
    if bins < 1:
        raise ValueError(f"bins is at least 1, got {bins}")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence is from 0 to 1")

    index = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    # (count / n) · |mean of correct − mean of confidence| is |sum of differences| / n, so no bin's
    # count is needed and empty bins give 0.
    differences = np.bincount(index, weights=correct - confidence)
    return np.abs(differences).sum() / len(confidence)


def risk_coverage(
    confidence: Float[np.ndarray, "n"], correct: Bool[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "points"], Float[np.ndarray, "points"], float]:
    """Return the coverage and risk of each distinct confidence as threshold, and the area.

    >>> confidence = np.array([0.5, 0.9, 0.5, 0.7])
    >>> coverage, risk, area = risk_coverage(confidence, np.array([True, True, False, False]))
    >>> coverage, risk, float(area)
    (array([0.25, 0.5 , 1.  ]), array([0. , 0.5, 0.5]), 0.375)
    """
    _, answered, right = answers_by_threshold(confidence, correct)
    coverage, risk = answered / len(confidence), (answered - right) / answered
    return coverage, risk, (risk * np.diff(coverage, prepend=0.0)).sum()


def threshold_for_precision(
    confidence: Float[np.ndarray, "n"],
    correct: Bool[np.ndarray, "n"],
    target: float,
    min_answered: int = 1,
) -> float | None:
    """Return the lowest confidence from which on answers are right often enough.

    >>> confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False])
    >>> threshold_for_precision(confidence, correct, target=0.6)
    0.7
    """
    if not 0 <= target <= 1:
        raise ValueError(f"target is from 0 to 1, got {target}")
    if min_answered < 1:
        raise ValueError(f"min_answered is at least 1, got {min_answered}")
    thresholds, answered, right = answers_by_threshold(confidence, correct)
    # Precision may fall below the target and come back, so all thresholds are looked at.
    enough = (right / answered >= target) & (answered >= min_answered)
    return float(thresholds[enough].min()) if enough.any() else None


def fit_temperature(
    logits: Float[np.ndarray, "n classes"], labels: Int[np.ndarray, "n"], grid: list[float]
) -> float:
    """Return the temperature of `grid` under which the labels are most likely.

    >>> logits, labels = np.array([[4.0, 0.0], [4.0, 0.0], [4.0, 0.0]]), np.array([0, 0, 1])
    >>> fit_temperature(logits, labels, [0.5, 1.0, 5.0])
    5.0
    """
    require_examples(logits, labels)
    if not grid or min(grid) <= 0:
        raise ValueError("grid holds at least one temperature, and all are above 0")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(f"labels are from 0 to {logits.shape[1] - 1}")

    # min() keeps the first of equal losses.
    return min(grid, key=lambda temperature: cross_entropy(logits / temperature, labels))


def require_examples(first: np.ndarray, second: np.ndarray) -> None:
    """Refuse no examples, and two arrays that speak of different ones."""
    if len(first) != len(second):
        raise ValueError(f"the arguments hold {len(first)} and {len(second)} examples")
    if len(first) == 0:
        raise ValueError("there are no examples")


def answers_by_threshold(
    confidence: Float[np.ndarray, "n"], correct: Bool[np.ndarray, "n"]
) -> tuple[Float[np.ndarray, "points"], Int[np.ndarray, "points"], Int[np.ndarray, "points"]]:
    """Return the distinct confidences, falling, with how many are answered and how many rightly."""
    require_examples(confidence, correct)
    order = np.argsort(-confidence)
    ranked, right = confidence[order], np.cumsum(correct[order])
    # A threshold cannot split ties: only the last of equal confidences is a point.
    last = np.append(ranked[1:] != ranked[:-1], True)
    return ranked[last], np.flatnonzero(last) + 1, right[last]


def cross_entropy(logits: Float[np.ndarray, "n classes"], labels: Int[np.ndarray, "n"]) -> float:
    """Return the mean of −log softmax(logits)[label]."""
    # logaddexp takes the larger logit out before exp(), which then cannot overflow.
    log_sum = np.logaddexp.reduce(logits, axis=1)
    return (log_sum - logits[np.arange(len(labels)), labels]).mean()
