"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


def test_the_worked_example_of_softmax(submission):
    x = torch.tensor([[0.0, math.log(3.0), 0.0]])
    assert_close(submission.softmax(x), torch.tensor([[0.2, 0.6, 0.2]]), **TOLERANCE)


def test_negative_scores(submission):
    x = torch.tensor([[-5.0, -5.0, -5.0], [-90.0, -90.0, -1000.0]])
    third = 1 / 3
    expected = torch.tensor([[third, third, third], [0.5, 0.5, 0.0]])
    assert_close(submission.softmax(x), expected, **TOLERANCE)


def test_a_transposed_view(submission):
    x = torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0]]).T
    assert_close(submission.softmax(x), torch.tensor([[0.25, 0.75], [0.5, 0.5]]), **TOLERANCE)


def test_the_worked_example_of_the_layer_norm(submission):
    x, residual = torch.tensor([[1.0, 2.0, 9.0]]), torch.tensor([[1.0, 3.0, -1.0]])
    weight, bias = torch.tensor([1.0, 1.0, 2.0]), torch.tensor([0.0, 10.0, 0.0])
    expected = torch.tensor([[-1.224745, 10.0, 2.449490]])
    given = submission.add_layer_norm(x, residual, weight, bias, 0.0)
    assert_close(given, expected, **TOLERANCE)
