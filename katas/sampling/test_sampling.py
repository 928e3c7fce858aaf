"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal

LOGITS = torch.tensor([0.1, 0.5, 0.4]).log()


def test_a_token_that_came_before_is_penalised_once(submission):
    logits = torch.tensor([2.0, -2.0, 2.0])
    result = submission.apply_repetition_penalty(logits, [0, 1, 0], 2.0)
    assert_close(result, torch.tensor([1.0, -4.0, 2.0]))


def test_half_the_temperature_squares_the_probabilities(submission):
    # 0.01, 0.25 and 0.16, divided by their sum.
    result = submission.next_token_distribution(LOGITS, temperature=0.5)
    assert_close(result, torch.tensor([1 / 42, 25 / 42, 16 / 42]))


def test_the_token_that_crosses_top_p_is_kept(submission):
    # 0.5 alone is less than 0.6; with 0.4 it is more.
    result = submission.next_token_distribution(LOGITS, top_p=0.6)
    assert_close(result, torch.tensor([0.0, 5 / 9, 4 / 9]))


def test_a_draw_of_0_3_falls_into_the_second_token(submission):
    probs = torch.tensor([0.25, 0.5, 0.25])
    assert_equal(submission.sample(probs, torch.tensor(0.3)), torch.tensor(1))
