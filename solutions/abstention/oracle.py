"""scikit-learn's precision curve, PyTorch's cross-entropy, and loops."""

import warnings

import numpy as np
import torch
from sklearn.metrics import precision_recall_curve

from solutions.abstention import abstention as reference


def expected_calibration_error(confidence, correct, bins=10):
    reference.expected_calibration_error(confidence, correct, bins)  # for its errors
    result = 0.0
    for b in range(bins):
        inside = [i for i, c in enumerate(confidence) if min(int(c * bins), bins - 1) == b]
        if inside:
            gap = np.mean(correct[inside]) - np.mean(confidence[inside])
            result += len(inside) / len(confidence) * abs(gap)
    return result


def curve(confidence, correct):
    """Return thresholds, falling, with the precision at each and how many are answered."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a recall without any right answer
        precision, _, thresholds = precision_recall_curve(correct, confidence)
    answered = np.array([(confidence >= t).sum() for t in thresholds])
    return thresholds[::-1], precision[:-1][::-1], answered[::-1]


def risk_coverage(confidence, correct):
    reference.risk_coverage(confidence, correct)  # for its errors
    _, precision, answered = curve(confidence, correct)
    coverage, risk = answered / len(confidence), 1 - precision
    steps = np.diff(np.concatenate([[0.0], coverage]))
    return coverage, risk, float(np.dot(risk, steps))


def threshold_for_precision(confidence, correct, target, min_answered=1):
    reference.threshold_for_precision(confidence, correct, target, min_answered)  # for its errors
    for threshold in sorted(set(confidence.tolist())):
        answers = correct[confidence >= threshold]
        if len(answers) >= min_answered and answers.sum() / len(answers) >= target:
            return threshold
    return None


def fit_temperature(logits, labels, grid):
    reference.fit_temperature(logits, labels, grid)  # for its errors
    losses = [
        torch.nn.functional.cross_entropy(
            torch.as_tensor(logits) / temperature, torch.as_tensor(labels)
        ).item()
        for temperature in grid
    ]
    return grid[losses.index(min(losses))]
