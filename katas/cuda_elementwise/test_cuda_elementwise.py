"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


def test_saxpy_of_three_elements(submission):
    x = np.array([1, 2, 3], dtype=np.float32)
    y = np.array([10, 20, 30], dtype=np.float32)
    assert_close(submission.saxpy(2.0, x, y), np.array([12, 24, 36], dtype=np.float32))


def test_saxpy_beyond_one_block(submission):
    ones = np.ones(1500, dtype=np.float32)
    assert_close(submission.saxpy(2.0, ones, ones), np.full(1500, 3, dtype=np.float32))


def test_the_gelu_of_zero_and_one(submission):
    x = np.array([0, 1, -1], dtype=np.float32)
    expected = np.array([0, 0.841192, -0.158808], dtype=np.float32)
    assert_close(submission.grid_stride_gelu(x, 4), expected, **TOLERANCE)


def test_one_block_computes_all_elements(submission):
    x = np.ones(3000, dtype=np.float32)
    expected = np.full(3000, 0.841192, dtype=np.float32)
    assert_close(submission.grid_stride_gelu(x, 1), expected, **TOLERANCE)


def test_the_worked_example(submission):
    x = np.array([[1, 0], [-1, 2]], dtype=np.float32)
    bias = np.array([0, -1], dtype=np.float32)
    residual = np.array([[10, 20], [30, 40]], dtype=np.float32)
    expected = np.array([[10.841192, 19.841192], [29.841192, 40.841192]], dtype=np.float32)
    assert_close(submission.fused_bias_gelu_residual(x, bias, residual), expected, **TOLERANCE)
