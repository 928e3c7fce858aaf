"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.gpu.budgets import assert_no_findings


def floats(*values):
    return np.array(values, dtype=np.float32)


def test_the_sum_of_the_worked_example(submission):
    assert_close(submission.block_sum(floats(3, 1, 4, 1, 5)), 14.0)


def test_the_sum_of_many_ones(submission):
    assert_close(submission.block_sum(np.ones(5000, dtype=np.float32)), 5000.0)


def test_the_maximum_of_two_rows(submission):
    assert_equal(
        submission.warp_max(np.stack([floats(3, 1, 4), floats(-2, -9, -6)])), floats(4, -2)
    )


def test_the_first_of_two_maxima(submission):
    assert_equal(submission.argmax(floats(2, 7, 1, 7)), 1)


def test_nothing_has_no_maximum(submission):
    assert_raises(ValueError, submission.argmax, floats())


def test_a_small_sum_has_no_findings(submission):
    with submission.profile() as profile:
        submission.block_sum(floats(3, 1, 4, 1, 5))
    assert_no_findings(profile)
