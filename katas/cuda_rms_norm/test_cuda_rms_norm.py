"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close
from autograder.gpu.budgets import assert_no_findings

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


def floats(*values):
    return np.array(values, dtype=np.float32)


def test_the_norm_of_the_worked_example(submission):
    x, weight = floats([3, 4], [6, 8]), floats(1, 2)
    expected = floats([0.6, 1.6], [1.2 / np.sqrt(2.5), 3.2 / np.sqrt(2.5)])
    assert_close(submission.rms_norm(x, weight, 12.5), expected, **TOLERANCE)


def test_the_sum_of_the_worked_example(submission):
    x, residual, weight = floats([1, 4]), floats([2, 0]), floats(1, 2)
    normed, total = submission.fused_add_rms_norm(x, residual, weight, 12.5)
    assert_close(normed, floats([0.6, 1.6]), **TOLERANCE)
    assert_close(total, floats([3, 4]), **TOLERANCE)


def test_equal_numbers_become_ones(submission):
    x = np.full((2, 700), -3, dtype=np.float32)
    weight = np.ones(700, dtype=np.float32)
    assert_close(submission.rms_norm(x, weight, 1e-6), -np.ones_like(x), **TOLERANCE)


def test_a_small_norm_has_no_findings(submission):
    with submission.profile() as profile:
        submission.rms_norm(floats([3, 4], [6, 8]), floats(1, 2), 0.5)
    assert_no_findings(profile)
