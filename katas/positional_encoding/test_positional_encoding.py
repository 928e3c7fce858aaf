"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close


def test_the_sinusoids_of_the_worked_example(submission):
    expected = torch.tensor(
        [
            [0.0, 1.0, 0.0, 1.0],
            [math.sin(1), math.cos(1), math.sin(0.01), math.cos(0.01)],
        ]
    )
    assert_close(submission.sinusoidal_encoding(torch.tensor([0, 1]), 4), expected)


def test_a_quarter_turn_moves_the_first_of_a_pair_to_the_second(submission):
    x = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    # With this scale position 1 is an angle of π/2 for the first pair; the second hardly turns.
    result = submission.apply_rope(x, torch.tensor([1]), base=1e8, scale=2 / math.pi)
    angle = math.pi / 2 / 1e4
    expected = torch.tensor([[0.0, 1.0, math.cos(angle), math.sin(angle)]])
    assert_close(result, expected, rtol=0, atol=1e-5)


def test_slopes_halve_from_one_of_eight_heads_to_the_next(submission):
    expected = torch.tensor([1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256])
    assert_close(submission.alibi_slopes(8), expected)


def test_the_third_slope_of_three_is_one_of_those_of_four_heads(submission):
    assert_close(submission.alibi_slopes(3), torch.tensor([1 / 16, 1 / 256, 1 / 4]))


def test_the_bias_of_two_queries_and_three_keys(submission):
    expected = torch.tensor([[[-1.0, 0.0, -math.inf], [-2.0, -1.0, 0.0]]]) / 256
    assert_close(submission.alibi_bias(1, 2, 3), expected)
