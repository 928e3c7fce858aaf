"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close

A = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
B = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]])
PRODUCT = torch.tensor([[7.0, -1.0], [16.0, -1.0]])


def test_the_worked_example(submission):
    assert_close(submission.matmul(A, B), PRODUCT)


def test_float16_stays_float16(submission):
    assert_close(submission.matmul(A.half(), B.half()), PRODUCT.half(), check_dtype=True)


def test_a_transposed_view(submission):
    assert_close(submission.matmul(A.T.contiguous().T, B), PRODUCT)


def test_the_sum_goes_over_all_tiles(submission):
    assert_close(
        submission.matmul(torch.ones(2, 300), torch.ones(300, 3)), torch.full((2, 3), 300.0)
    )
