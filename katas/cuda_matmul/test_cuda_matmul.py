"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close

A = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)
B = np.array([[1, 0], [0, 1], [2, -1]], dtype=np.float32)
PRODUCT = np.array([[7, -1], [16, -1]], dtype=np.float32)


def test_the_worked_example_with_a_thread_for_each_element(submission):
    assert_close(submission.naive_matmul(A, B), PRODUCT)


def test_the_worked_example_with_tiles(submission):
    assert_close(submission.tiled_matmul(A, B), PRODUCT)


def test_the_sum_goes_over_all_tiles(submission):
    a, b = np.ones((2, 200), dtype=np.float32), np.ones((200, 3), dtype=np.float32)
    assert_close(submission.tiled_matmul(a, b), np.full((2, 3), 200, dtype=np.float32))


def test_the_result_has_more_than_one_tile(submission):
    a = np.arange(100, dtype=np.float32).reshape(100, 1)
    b = np.ones((1, 70), dtype=np.float32)
    assert_close(submission.tiled_matmul(a, b), a @ b)
