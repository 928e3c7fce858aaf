"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close
from autograder.gpu.budgets import assert_no_findings

TOLERANCE = {"rtol": 1e-4, "atol": 1e-6}
X = np.log(np.array([[1, 2, 1], [6, 3, 1]], dtype=np.float32))
EXPECTED = np.array([[0.25, 0.5, 0.25], [0.6, 0.3, 0.1]], dtype=np.float32)


def test_the_softmax_of_the_worked_example(submission):
    assert_close(submission.softmax(X), EXPECTED, **TOLERANCE)


def test_the_online_softmax_of_the_worked_example(submission):
    assert_close(submission.online_softmax(X), EXPECTED, **TOLERANCE)


def test_equal_numbers_share(submission):
    x = np.full((2, 1000), 7, dtype=np.float32)
    assert_close(submission.softmax(x), np.full((2, 1000), 0.001, dtype=np.float32), **TOLERANCE)


def test_minus_infinity_gets_nothing(submission):
    x = np.array([[-np.inf, 0, 0]], dtype=np.float32)
    expected = np.array([[0, 0.5, 0.5]], dtype=np.float32)
    assert_close(submission.online_softmax(x), expected, **TOLERANCE)


def test_a_small_softmax_has_no_findings(submission):
    with submission.profile() as profile:
        submission.softmax(X)
    assert_no_findings(profile)
