"""The wrong turns of knowing when to be silent."""

import numpy as np

from autograder.suite import misconception
from solutions.abstention.abstention import (
    answers_by_threshold,
    cross_entropy,
    expected_calibration_error,
    fit_temperature,
    risk_coverage,
    threshold_for_precision,
)

# ── expected_calibration_error ────────────────────────────────────────────────────────────────


def binned(confidence, correct, bins, index=None):
    """Return for each bin that is not empty its number, its count, and the two means."""
    expected_calibration_error(confidence, correct, bins)
    if index is None:
        index = np.minimum((confidence * bins).astype(int), bins - 1)
    result = []
    for b in np.unique(index):
        inside = index == b
        result.append((b, inside.sum(), correct[inside].mean(), confidence[inside].mean()))
    return result


@misconception(
    replaces="expected_calibration_error",
    says="the gaps of the bins are averaged without weighting them by their counts",
    hint="One bin holds a single example, another a thousand. Do their gaps weigh the same?",
)
def bins_weighted_alike(confidence, correct, bins=10):
    gaps = [abs(right - mean) for _, _, right, mean in binned(confidence, correct, bins)]
    return sum(gaps) / len(gaps)


@misconception(
    replaces="expected_calibration_error",
    says="accuracy is compared with the middle of the bin, not with the mean confidence in it",
    hint="All confidences of a bin lie at its left edge. How confident was the model there?",
)
def gap_to_the_middle(confidence, correct, bins=10):
    parts = binned(confidence, correct, bins)
    gaps = [count * abs(right - (b + 0.5) / bins) for b, count, right, _ in parts]
    return sum(gaps) / len(confidence)


@misconception(
    replaces="expected_calibration_error",
    says="the weighted gaps, accuracy minus confidence, are added with their signs, so over- and "
    "underconfidence cancel",
    hint="Too sure in one bin, not sure enough in another: is the model well calibrated?",
)
def signs_cancel(confidence, correct, bins=10):
    expected_calibration_error(confidence, correct, bins)
    return correct.mean() - confidence.mean()


@misconception(
    replaces="expected_calibration_error",
    says="the greatest gap is returned (that is the maximum calibration error), not the mean",
    hint="What does the E of ECE stand for?",
)
def greatest_gap(confidence, correct, bins=10):
    return max(abs(right - mean) for _, _, right, mean in binned(confidence, correct, bins))


@misconception(
    replaces="expected_calibration_error",
    says="the right edge belongs to the bin, not the left one",
    hint="With two bins, which of them holds 0.5?",
)
def right_edges(confidence, correct, bins=10):
    index = np.maximum(np.ceil(confidence * bins).astype(int) - 1, 0)
    parts = binned(confidence, correct, bins, index)
    return sum(count * abs(right - mean) for _, count, right, mean in parts) / len(confidence)


@misconception(
    replaces="expected_calibration_error",
    says="a confidence of 1 has a bin of its own behind the last",
    hint="Into how many bins do you sort, and what is the number of the one for 1?",
)
def one_more_bin(confidence, correct, bins=10):
    parts = binned(confidence, correct, bins, (confidence * bins).astype(int))
    return sum(count * abs(right - mean) for _, count, right, mean in parts) / len(confidence)


# ── risk_coverage ─────────────────────────────────────────────────────────────────────────────


def curve(coverage, risk):
    """Return both with the area of the steps below."""
    return coverage, risk, (risk * np.diff(coverage, prepend=0.0)).sum()


@misconception(
    replaces="risk_coverage",
    says="examples of equal confidence are added one by one, in input order",
    hint="Two questions have the same confidence. Which threshold answers only one of them?",
)
def ties_split(confidence, correct):
    risk_coverage(confidence, correct)
    order = np.argsort(-confidence, kind="stable")
    answered = np.arange(1, len(order) + 1)
    return curve(answered / len(order), np.cumsum(~correct[order]) / answered)


@misconception(
    replaces="risk_coverage",
    says="the least confident examples are answered first",
    hint="Which questions do you give up first, when you may give up some?",
)
def least_confident_first(confidence, correct):
    return risk_coverage(-confidence, correct)


@misconception(
    replaces="risk_coverage",
    says="the share of right answers is returned, not that of wrong ones",
    hint="What is the risk of a model that is always right?",
)
def accuracy_for_risk(confidence, correct):
    coverage, risk, _ = risk_coverage(confidence, correct)
    return curve(coverage, 1 - risk)


@misconception(
    replaces="risk_coverage",
    says="wrong answers are divided by all examples, not by those that were answered",
    hint="One question is answered, and wrongly. What is the risk of that answer?",
)
def divided_by_all(confidence, correct):
    coverage, risk, _ = risk_coverage(confidence, correct)
    return curve(coverage, risk * coverage)


@misconception(
    replaces="risk_coverage",
    says="the area is that under straight lines between the points (trapezoids), not under steps",
    hint="Is there a threshold for a coverage in between two points?",
)
def trapezoids(confidence, correct):
    coverage, risk, _ = risk_coverage(confidence, correct)
    widths, heights = np.diff(coverage), (risk[1:] + risk[:-1]) / 2
    return coverage, risk, (widths * heights).sum()


@misconception(
    replaces="risk_coverage",
    says="the area is the mean of the risks, although points do not cover the same share",
    hint="At one point a hundred examples are added, at another one. Do both weigh the same?",
)
def mean_of_risks(confidence, correct):
    coverage, risk, _ = risk_coverage(confidence, correct)
    return coverage, risk, risk.mean()


# ── threshold_for_precision ───────────────────────────────────────────────────────────────────


def candidates(confidence, correct, target, min_answered):
    """Return thresholds, falling, with their answers and right ones; raise what has to be."""
    threshold_for_precision(confidence, correct, target, min_answered)
    thresholds, answered, right = answers_by_threshold(confidence, correct)
    return thresholds, answered, right


def lowest(thresholds, enough):
    """Return the lowest threshold that is enough."""
    return float(thresholds[enough].min()) if enough.any() else None


@misconception(
    replaces="threshold_for_precision",
    says="the search from the top stops where precision first falls below the target, although a "
    "lower threshold meets it again",
    hint="One of the surest answers is wrong, the next hundred are right. Where did you stop?",
)
def stops_at_first_failure(confidence, correct, target, min_answered=1):
    thresholds, answered, right = candidates(confidence, correct, target, min_answered)
    failed = np.cumsum((right / answered < target) & (answered >= min_answered)) > 0
    return lowest(thresholds, ~failed & (answered >= min_answered))


@misconception(
    replaces="threshold_for_precision",
    says="the highest threshold that meets the target is returned, which answers the fewest "
    "questions",
    hint="Of two thresholds with enough precision, which one answers more?",
)
def highest_threshold(confidence, correct, target, min_answered=1):
    thresholds, answered, right = candidates(confidence, correct, target, min_answered)
    enough = (right / answered >= target) & (answered >= min_answered)
    return float(thresholds[enough].max()) if enough.any() else None


@misconception(
    replaces="threshold_for_precision",
    says="only confidences above the threshold count as answered, not those equal to it",
    hint="The confidence equals the threshold. Is the question answered?",
)
def above_only(confidence, correct, target, min_answered=1):
    thresholds, answered, right = candidates(confidence, correct, target, min_answered)
    # What a threshold answers now is what the one above it did.
    answered, right = answered[:-1], right[:-1]
    enough = (right / answered >= target) & (answered >= min_answered)
    return lowest(thresholds[1:], enough)


@misconception(
    replaces="threshold_for_precision",
    says="min_answered is not looked at",
    hint="One answer, and it is right: is that enough to promise 95 percent?",
)
def few_answers_accepted(confidence, correct, target, min_answered=1):
    threshold_for_precision(confidence, correct, target, min_answered)
    return threshold_for_precision(confidence, correct, target)


@misconception(
    replaces="threshold_for_precision",
    says="right answers are divided by all questions, not by those that are answered",
    hint="Does an abstention lower the precision?",
)
def abstentions_count_as_wrong(confidence, correct, target, min_answered=1):
    thresholds, answered, right = candidates(confidence, correct, target, min_answered)
    enough = (right / len(confidence) >= target) & (answered >= min_answered)
    return lowest(thresholds, enough)


@misconception(
    replaces="threshold_for_precision",
    says="the precision has to be above the target, where reaching it was enough",
    hint="Three of four are right, and the target is 0.75. Is it met?",
)
def more_than_the_target(confidence, correct, target, min_answered=1):
    thresholds, answered, right = candidates(confidence, correct, target, min_answered)
    return lowest(thresholds, (right / answered > target) & (answered >= min_answered))


# ── fit_temperature ───────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="fit_temperature",
    says="the logits are multiplied by T, not divided by it",
    hint="Which way does the softmax go as T grows: to the largest logit, or to equal shares?",
)
def multiplied_by_temperature(logits, labels, grid):
    fit_temperature(logits, labels, grid)
    return min(grid, key=lambda temperature: cross_entropy(logits * temperature, labels))


@misconception(
    replaces="fit_temperature",
    says="of equally good temperatures the last of the grid is taken, not the first",
    hint="Which of equal losses does your comparison keep?",
)
def last_of_ties(logits, labels, grid):
    return fit_temperature(logits, labels, grid[::-1])


@misconception(
    replaces="fit_temperature",
    says="the mean probability of the labels is made greatest, without the logarithm, so being "
    "surely wrong costs little",
    hint="What does an answer cost that was given a probability of 0.001 and is right?",
)
def probability_without_logarithm(logits, labels, grid):
    fit_temperature(logits, labels, grid)

    def loss(temperature):
        shifted = (logits - logits.max(axis=1, keepdims=True)) / temperature
        p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        return -p[np.arange(len(labels)), labels].mean()

    return min(grid, key=loss)


@misconception(
    replaces="fit_temperature",
    says="the temperature with the greatest loss is taken",
    hint="The mean of −log p: is it good when it is high?",
)
def greatest_loss(logits, labels, grid):
    fit_temperature(logits, labels, grid)
    return max(grid, key=lambda temperature: cross_entropy(logits / temperature, labels))
