"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close


def test_each_bin_adds_its_gap(submission):
    confidence, correct = np.array([0.25, 0.25, 0.75]), np.array([True, False, True])
    # Two thirds of the examples have a gap of ½ − ¼, one third a gap of 1 − ¾.
    assert_close(submission.expected_calibration_error(confidence, correct, bins=2), 0.25)


def test_equal_confidences_are_answered_together(submission):
    confidence = np.array([0.5, 0.9, 0.5, 0.7])
    correct = np.array([True, True, False, False])
    coverage, risk, area = submission.risk_coverage(confidence, correct)
    assert_close(coverage, np.array([0.25, 0.5, 1.0]))
    assert_close(risk, np.array([0.0, 0.5, 0.5]))
    # 0 · ¼ + ½ · ¼ + ½ · ½
    assert_close(area, 0.375)


def test_the_lowest_threshold_with_enough_precision(submission):
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    correct = np.array([True, False, True, False])
    # From 0.9 on 1 of 1 is right, from 0.8 on 1 of 2, from 0.7 on 2 of 3, from 0.6 on 2 of 4.
    assert_close(submission.threshold_for_precision(confidence, correct, target=0.6), 0.7)


def test_an_overconfident_model_is_cooled_down(submission):
    # Sure of class 0 at 98 %, but right in two of three cases only.
    logits, labels = np.array([[4.0, 0.0]] * 3), np.array([0, 0, 1])
    assert_close(submission.fit_temperature(logits, labels, [0.5, 1.0, 5.0]), 5.0)
