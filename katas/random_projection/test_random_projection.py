"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close


def test_a_thousand_points_within_a_fifth_need_1595_dimensions(submission):
    assert submission.jl_dimension(1000, 0.2) == 1595


def test_a_sixth_of_the_draws_becomes_positive_and_a_sixth_negative(submission):
    root = math.sqrt(3)
    result = submission.sparse_signs(torch.tensor([[0.1, 0.5], [0.9, 0.2]]))
    assert_close(result, torch.tensor([[root, 0.0], [-root, 0.0]]))


def test_the_result_is_divided_by_the_square_root_of_k(submission):
    x, r = torch.tensor([[3.0, 5.0]]), torch.tensor([[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0]])
    assert_close(submission.project(x, r), torch.tensor([[4.0, -1.0, 4.0, -1.0]]))


def test_the_distortion_of_the_worked_example(submission):
    x = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]])
    y = torch.tensor([[0.0], [2.0], [2.0]])
    assert_close(submission.distortion(x, y), (0.0, 1.0))
