"""Examples that can be worked out by hand; the hidden suite asks for more."""

from math import log

import torch

from autograder.checks import assert_close


def test_the_last_token_of_a_row_is_read(submission):
    hidden = torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    mask = torch.tensor([[True, True, False], [False, True, True]])
    rewards = submission.reward_at_last_token(hidden, mask, torch.tensor([10.0]))
    assert_close(rewards, torch.tensor([20.0, 60.0]))


def test_a_pair_with_a_margin(submission):
    chosen, rejected = torch.tensor([log(3)]), torch.tensor([0.0])
    # −log σ(ln 3) = ln(4/3); a margin of ln 3 leaves −log σ(0) = ln 2
    assert_close(submission.preference_loss(chosen, rejected), torch.tensor(log(4 / 3)))
    given = submission.preference_loss(chosen, rejected, margin=torch.tensor([log(3)]))
    assert_close(given, torch.tensor(log(2)))


def test_each_prompt_weighs_the_same(submission):
    rewards = [torch.tensor([log(3), 0.0]), torch.zeros(3)]
    # One pair of ln(4/3); three pairs of ln 2.
    given = submission.ranking_loss(rewards, [[1, 2], [2, 1, 3]])
    assert_close(given, torch.tensor((log(4 / 3) + log(2)) / 2))


def test_the_best_of_two_from_three(submission):
    # The pairs are (1, 2), (1, 4) and (2, 4).
    assert_close(submission.expected_best_of_n([2.0, 4.0, 1.0], 2), (2 + 4 + 4) / 3)
