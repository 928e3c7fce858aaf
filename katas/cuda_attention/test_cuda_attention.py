"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import numpy as np

from autograder.checks import assert_close

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


def floats(*rows):
    """Make one head of vectors."""
    return np.array([rows], dtype=np.float32)


def test_the_worked_example(submission):
    q, k, v = floats([2.0]), floats([0.0], [math.log(2) / 2]), floats([6.0], [3.0])
    assert_close(submission.flash_attention(q, k, v, False), floats([4.0]), **TOLERANCE)


def test_equal_scores_give_the_mean(submission):
    q, k = np.zeros((2, 3, 4), dtype=np.float32), np.ones((2, 50, 4), dtype=np.float32)
    v = np.repeat(np.arange(50, dtype=np.float32), 4).reshape(1, 50, 4).repeat(2, axis=0)
    expected = np.full((2, 3, 4), 24.5, dtype=np.float32)
    assert_close(submission.flash_attention(q, k, v, False), expected, **TOLERANCE)


def test_the_last_query_sees_all_keys(submission):
    q, k, v = floats([0.0], [0.0]), floats([0.0], [0.0], [0.0]), floats([1.0], [2.0], [6.0])
    assert_close(submission.flash_attention(q, k, v, True), floats([1.5], [3.0]), **TOLERANCE)


def test_a_query_that_sees_nothing_gets_zeros(submission):
    q, k, v = floats([1.0], [1.0], [1.0]), floats([1.0]), floats([5.0])
    expected = floats([0.0], [0.0], [5.0])
    assert_close(submission.flash_attention(q, k, v, True), expected, **TOLERANCE)
