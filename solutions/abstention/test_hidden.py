"""The hidden suite of abstention."""

import numpy as np
import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import array, hint, points
from solutions.abstention.abstention import (
    cross_entropy,
    expected_calibration_error,
    fit_temperature,
    risk_coverage,
    threshold_for_precision,
)


def judged(text):
    """Return booleans of a text with an r for each right and a w for each wrong answer."""
    return np.array([letter == "r" for letter in text])


def drawn(rng, n, levels=8):
    """Draw confidences from so few levels that many are equal, and whether answers are right."""
    return rng.integers(0, levels, n) / levels, rng.random(n) < 0.6


NOTHING = np.zeros(0), np.zeros(0, dtype=bool)

# ── expected_calibration_error ────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Three examples in one bin, one in the other: how much does each gap weigh?")
def test_the_gap_of_a_bin_weighs_as_much_as_it_holds(submission):
    confidence = np.array([0.25, 0.25, 0.25, 0.75])
    # Gaps of ¾ on three examples and of ¾ − 1 on one.
    result = submission.expected_calibration_error(confidence, judged("rrrr"), bins=2)
    assert_close(result, (3 * 0.75 + 0.25) / 4)


@points(0.5)
@hint("How confident was the model in this bin? The bin's edges do not tell.")
def test_accuracy_is_compared_with_the_mean_confidence(submission):
    confidence = np.array([0.625, 0.75, 0.0625, 0.125])
    result = submission.expected_calibration_error(confidence, judged("rrwr"), bins=2)
    assert_close(result, (0.625 + 0.8125) / 4)


@points(0.5)
@hint("Too sure in one bin, not sure enough in another. Is the model well calibrated?")
def test_over_and_underconfidence_do_not_cancel(submission):
    confidence = np.array([0.25, 0.25, 0.75])
    # A gap of ¾ on two, and one of −¾ on one.
    result = submission.expected_calibration_error(confidence, judged("rrw"), bins=2)
    assert_close(result, 0.75)


@points(0.25)
@hint("Two examples of one bin are wrong by as much in opposite directions. Is there a gap?")
def test_within_a_bin_gaps_cancel(submission):
    confidence = np.array([0.5, 0.5, 0.75, 0.75, 0.75, 0.75])
    result = submission.expected_calibration_error(confidence, judged("rwrrrw"), bins=4)
    assert_close(result, 0.0)


@points(0.25)
@hint("0.5 is an edge of an even number of bins. Which side does it belong to?")
@pytest.mark.parametrize("bins", [2, 4, 8, 10])
def test_a_bin_holds_its_left_edge(submission, bins):
    confidence = np.array([0.45, 0.5, 0.55])
    result = submission.expected_calibration_error(confidence, judged("wrw"), bins)
    assert_close(result, (0.45 + 0.05) / 3)


@points(0.25)
@hint("In which bin is a confidence of 1, and in which one of 0?")
def test_the_last_bin_holds_one(submission):
    confidence = np.array([1.0, 0.95, 0.0, 0.05])
    result = submission.expected_calibration_error(confidence, judged("wrrw"))
    assert_close(result, (0.95 + 0.95) / 4)


@points(0.25)
@hint("Go through the bins one by one. Which are empty? What is there for one bin, or for many?")
@pytest.mark.parametrize("bins", [1, 3, 10, 64])
def test_any_number_of_bins_will_do(submission, rng, bins):
    # In the middle of bins of all these numbers, well off their edges.
    confidence = (rng.integers(0, 960, 25) + 0.5) / 960
    correct = rng.random(25) < 0.5
    for n in (1, 25):
        result = submission.expected_calibration_error(confidence[:n], correct[:n], bins)
        assert_close(result, expected_calibration_error(confidence[:n], correct[:n], bins))


@points(0.25)
@hint("How many bins are there if nobody says? Are 0.62 and 0.68 in the same one?")
def test_there_are_ten_bins_unless_said(submission):
    confidence = np.array([0.62, 0.68])
    assert_close(submission.expected_calibration_error(confidence, judged("rw")), 0.15)


@points(0.25)
@hint("Which of these are no confidences, and which no bins?")
def test_impossible_confidences_and_bins_are_refused(submission):
    score = submission.expected_calibration_error
    good, correct = np.array([0.5, 0.25]), judged("rw")
    assert_raises(ValueError, score, *NOTHING)
    assert_raises(ValueError, score, good, judged("r"))
    assert_raises(ValueError, score, good[:1], correct)
    assert_raises(ValueError, score, good, correct, 0)
    assert_raises(ValueError, score, good, correct, -1)
    for value in (-0.01, 1.01, 95.0):
        assert_raises(ValueError, score, np.array([0.5, value]), correct)
        assert_raises(ValueError, score, np.array([value, 0.5]), correct)


# ── risk_coverage ─────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("The surest answers come first. How many are given, and which share of those is wrong?")
def test_the_surest_answers_come_first(submission):
    confidence = np.array([0.2, 0.9, 0.6, 0.8])
    coverage, risk, _ = submission.risk_coverage(confidence, judged("wrrw"))
    assert_close(coverage, np.array([0.25, 0.5, 0.75, 1.0]))
    assert_close(risk, np.array([0.0, 1 / 2, 1 / 3, 1 / 2]))


@points(0.75)
@hint("Three questions have the same confidence. Which threshold answers only one of them?")
def test_a_threshold_does_not_split_ties(submission):
    confidence = np.array([0.5, 0.75, 0.5, 0.5, 0.75])
    coverage, risk, area = submission.risk_coverage(confidence, judged("wrrww"))
    assert_close(coverage, np.array([0.4, 1.0]))
    assert_close(risk, np.array([0.5, 0.6]))
    assert_close(area, 0.5 * 0.4 + 0.6 * 0.6)


@points(0.5)
@hint("How much coverage does each point add, and at which risk?")
def test_the_area_is_that_of_steps(submission):
    confidence = np.array([0.9, 0.8, 0.8, 0.8, 0.3])
    _, _, area = submission.risk_coverage(confidence, judged("wrwrr"))
    assert_close(area, 1 * 0.2 + 0.5 * 0.6 + 0.4 * 0.2)


@points(0.25)
@hint("Without ties each answer adds as much. Of what is the area the mean then?")
def test_without_ties_the_area_is_the_mean_of_the_risks(submission, rng):
    confidence, correct = rng.permutation(20) / 20, rng.random(20) < 0.5
    _, _, area = submission.risk_coverage(confidence, correct)
    ranked = ~correct[np.argsort(-confidence)]
    assert_close(area, np.mean([ranked[: k + 1].mean() for k in range(20)]))


@points(0.25)
@hint("A model that is as sure of everything: which thresholds can you choose from?")
@pytest.mark.parametrize(("text", "risk"), [("rwrr", 0.25), ("r", 0.0), ("w", 1.0)])
def test_equal_confidences_give_one_point(submission, text, risk):
    result = submission.risk_coverage(np.full(len(text), 0.7), judged(text))
    assert_close(result, (np.array([1.0]), np.array([risk]), risk))


@points(0.25)
@hint("A confidence may be a log-probability, or a count of votes. What does your code assume?")
def test_confidences_may_be_any_numbers(submission):
    confidence = np.array([-3.5, 12.0, 0.0, -3.5, 1e9])
    result = submission.risk_coverage(confidence, judged("rwrww"))
    assert_close(result, risk_coverage(confidence, judged("rwrww")))


@points(0.25)
@hint("Shuffle the examples. What should change?")
def test_the_order_of_the_examples_does_not_matter(submission, rng):
    confidence, correct = drawn(rng, 30)
    expected = risk_coverage(confidence, correct)
    order = rng.permutation(30)
    assert_close(submission.risk_coverage(confidence[order], correct[order]), expected)


@points(0.5)
@hint("For each distinct confidence, select the answers that are at least as sure, and count.")
def test_every_distinct_confidence_is_a_point(submission, rng):
    confidence, correct = drawn(rng, 40)
    coverage, risk, area = submission.risk_coverage(confidence, correct)
    levels = sorted(set(confidence.tolist()), reverse=True)
    answered = [confidence >= level for level in levels]
    expected = (
        np.array([a.mean() for a in answered]),
        np.array([(~correct[a]).mean() for a in answered]),
    )
    assert_close((coverage, risk), expected, check_dtype=True)
    assert_close(area, risk_coverage(confidence, correct)[2])


@points(0.5)
@hint("What is the risk of no answers at all? And which answer belongs to a surplus confidence?")
def test_no_examples_and_other_lengths_are_refused(submission):
    confidence, correct = np.array([0.5, 0.25]), judged("rw")
    assert_raises(ValueError, submission.risk_coverage, *NOTHING)
    assert_raises(ValueError, submission.risk_coverage, confidence, correct[:1])
    assert_raises(ValueError, submission.risk_coverage, confidence[:1], correct)
    assert_raises(ValueError, submission.risk_coverage, confidence, NOTHING[1])


# ── threshold_for_precision ───────────────────────────────────────────────────────────────────

FALLING = np.array([0.9, 0.8, 0.7, 0.6, 0.5])


@points(0.75)
@hint("Several thresholds are precise enough. Which of them answers the most questions?")
def test_the_threshold_with_the_greatest_coverage_is_taken(submission):
    # From the top: 1, 1, 1, 3/4 and 3/5 are right.
    assert_close(submission.threshold_for_precision(FALLING, judged("rrrww"), 0.7), 0.6)


@points(0.75)
@hint("One of the surest answers is wrong, and then many are right. Where did you stop looking?")
def test_precision_may_come_back(submission):
    # From the top: 1, 1/2, 2/3, 3/4 and 4/5 are right.
    assert_close(submission.threshold_for_precision(FALLING, judged("rwrrr"), 0.7), 0.5)
    # From the top: 0, 1/2, 2/3, 3/4 and 3/5.
    assert_close(submission.threshold_for_precision(FALLING, judged("wrrrw"), 0.7), 0.6)


@points(0.25)
@hint("The confidence equals the threshold. Is the question answered?")
def test_a_confidence_equal_to_the_threshold_is_answered(submission):
    assert_close(submission.threshold_for_precision(FALLING, judged("rrrrr"), 1.0), 0.5)
    assert_close(submission.threshold_for_precision(FALLING, judged("rwwww"), 1.0), 0.9)


@points(0.25)
@hint("A threshold answers all of equal confidences, or none. How many are right then?")
def test_ties_are_answered_together(submission):
    confidence = np.array([0.9, 0.7, 0.7, 0.7, 0.5])
    # 1 of 1, then 2 of 4.
    assert_close(submission.threshold_for_precision(confidence, judged("rrwww"), 0.6), 0.9)


@points(0.5)
@hint("One answer, and it is right. What does that promise?")
def test_enough_answers_are_asked_for(submission):
    threshold = submission.threshold_for_precision
    assert_equal(threshold(FALLING, judged("rwwww"), 0.75, 2), None)
    assert_close(threshold(FALLING, judged("rwwww"), 0.75, 1), 0.9)
    assert_close(threshold(FALLING, judged("rrrww"), 1.0, 3), 0.7)
    assert_equal(threshold(FALLING, judged("rrrww"), 1.0, 4), None)
    assert_equal(threshold(FALLING, judged("rrrrr"), 0.5, 6), None)


@points(0.25)
@hint("Three of four are right, and the target is 0.75. Is it met?")
def test_reaching_the_target_is_enough(submission):
    # From the top: 1, 1/2, 2/3, 3/4 and 3/5.
    assert_close(submission.threshold_for_precision(FALLING, judged("rwrrw"), 0.75), 0.6)


@points(0.25)
@hint("What if no threshold is precise enough, or if any of them is?")
def test_targets_may_be_out_of_reach_or_free(submission):
    assert_equal(submission.threshold_for_precision(FALLING, judged("wwrww"), 0.5), None)
    assert_equal(submission.threshold_for_precision(FALLING, judged("wwwww"), 0.01), None)
    assert_close(submission.threshold_for_precision(FALLING, judged("wwwww"), 0.0), 0.5)
    assert_close(submission.threshold_for_precision(FALLING - 2, judged("rwwww"), 0.2), -1.5)


@points(0.5)
@hint("Try every distinct confidence as the threshold. Which is the lowest that will do?")
def test_every_distinct_confidence_is_tried(submission, rng):
    for _ in range(6):
        confidence, correct = drawn(rng, 25)
        for target, least in ((0.55, 1), (0.65, 6), (0.8, 3), (0.95, 1)):
            result = submission.threshold_for_precision(confidence, correct, target, least)
            expected = threshold_for_precision(confidence, correct, target, least)
            assert_close(result, expected) if expected is not None else assert_equal(result, None)


@points(0.5)
@hint("Which precision can nobody reach, and how many answers are at least one?")
def test_impossible_targets_and_counts_are_refused(submission):
    threshold, correct = submission.threshold_for_precision, judged("rrrww")
    assert_raises(ValueError, submission.threshold_for_precision, *NOTHING, 0.5)
    assert_raises(ValueError, threshold, FALLING, correct[:4], 0.5)
    assert_raises(ValueError, threshold, FALLING[:4], correct, 0.5)
    for target, least in ((-0.1, 1), (1.1, 1), (95.0, 1), (0.5, 0), (0.5, -2)):
        assert_raises(ValueError, threshold, FALLING, correct, target, least)


# ── fit_temperature ───────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("The model is surer than it is right. Which way does T have to go?")
def test_an_overconfident_model_gets_a_temperature_above_one(submission):
    # 98 % sure and right in three of four cases: log 3 = 1.1 would be the right logit.
    logits, labels = np.array([[4.0, 0.0]] * 4), np.array([0, 0, 0, 1])
    assert_close(
        submission.fit_temperature(logits, labels, [0.125, 0.25, 0.5, 1.0, 4.0, 16.0]), 4.0
    )


@points(0.5)
@hint("The model is right more often than it says. Which way does T have to go?")
def test_an_underconfident_model_gets_a_temperature_below_one(submission):
    # 55 % sure and right in nine of ten cases: log 9 = 2.2 would be the right logit.
    logits, labels = np.array([[0.0, 0.2]] * 10), np.array([1] * 9 + [0])
    assert_close(submission.fit_temperature(logits, labels, [8.0, 2.0, 1.0, 0.5, 0.1, 0.02]), 0.1)


@points(0.5)
@hint("Which loss punishes one answer that is surely wrong more than nine that are a bit unsure?")
def test_the_loss_is_the_mean_of_minus_log_p(submission):
    logits = np.tile(np.array([4.0] + [0.0] * 9), (10, 1))
    labels = np.array([0] * 9 + [1])
    # 0.80 at T = 0.5, 0.55 at 1, and near log 10 at 50.
    assert_close(submission.fit_temperature(logits, labels, [0.5, 1.0, 50.0]), 1.0)


@points(0.25)
@hint("Take the loss of each temperature of the grid. Which is the least?")
def test_the_best_temperature_of_the_grid_is_found(submission, rng):
    grid = [4.0, 0.25, 1.0, 2.0, 0.5]
    found = 0
    while found < 5:
        logits, labels = array(rng, 12, 4, scale=3.0), rng.integers(0, 4, 12)
        labels = np.where(rng.random(12) < 0.5, logits.argmax(axis=1), labels)
        losses = sorted(cross_entropy(logits / t, labels) for t in grid)
        if losses[1] - losses[0] > 0.01:
            found += 1
            expected = fit_temperature(logits, labels, grid)
            assert_close(submission.fit_temperature(logits, labels, grid), expected)


@points(0.25)
@hint("With logits of zero every temperature is as good. Which one is taken?")
def test_of_equally_good_temperatures_the_first_is_taken(submission):
    logits, labels = np.zeros((3, 4)), np.array([0, 1, 3])
    assert_close(submission.fit_temperature(logits, labels, [2.0, 0.5, 1.0]), 2.0)
    assert_close(submission.fit_temperature(logits, labels, [3.0]), 3.0)


@points(0.25)
@hint("exp(10,000) overflows, and log(0) is not finite. In which form does neither occur?")
def test_large_logits_do_no_harm(submission):
    logits = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 9e3], [1e4, 1e4, -1e4]])
    wrong, right = np.array([1, 0, 2]), np.array([0, 1, 0])
    assert_close(submission.fit_temperature(logits, wrong, [1.0, 0.5, 100.0, 2.0]), 100.0)
    assert_close(submission.fit_temperature(logits, right, [5000.0, 1000.0, 20_000.0]), 1000.0)
    near = np.array([[1e4, 9995.0, -1e4], [-1e4, 9995.0, 1e4]])
    assert_close(submission.fit_temperature(near, np.array([0, 2]), [10.0, 1.0, 5.0]), 1.0)


@points(0.5)
@hint("Which temperatures have no meaning, and which labels no logit?")
def test_impossible_grids_and_labels_are_refused(submission):
    fit, grid = submission.fit_temperature, [1.0, 2.0]
    logits, labels = np.zeros((2, 3)), np.array([0, 2])
    assert_raises(ValueError, submission.fit_temperature, logits[:0], labels[:0], grid)
    assert_raises(ValueError, fit, logits, labels[:1], grid)
    assert_raises(ValueError, fit, logits[:1], labels, grid)
    for bad in ([], [1.0, 0.0], [-1.0, 1.0], [0.0]):
        assert_raises(ValueError, fit, logits, labels, bad)
    for bad in ([0, 3], [3, 0], [-1, 0], [0, -1]):
        assert_raises(ValueError, fit, logits, np.array(bad), grid)
