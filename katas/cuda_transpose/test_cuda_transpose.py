"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_equal
from autograder.gpu.budgets import assert_no_findings


def test_the_worked_example(submission):
    x = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)
    expected = np.array([[1, 4], [2, 5], [3, 6]], dtype=np.float32)
    assert_equal(submission.transpose(x), expected)


def test_a_row_becomes_a_column(submission):
    x = np.arange(50, dtype=np.float32).reshape(1, 50)
    assert_equal(submission.transpose(x), np.arange(50, dtype=np.float32).reshape(50, 1))


def test_more_than_one_tile(submission):
    x = np.arange(40 * 70, dtype=np.float32).reshape(40, 70)
    assert_equal(submission.transpose(x)[69], np.arange(69, 2800, 70, dtype=np.float32))


def test_a_small_transpose_has_no_findings(submission):
    with submission.profile() as profile:
        submission.transpose(np.ones((5, 3), dtype=np.float32))
    assert_no_findings(profile)
