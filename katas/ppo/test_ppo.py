"""Examples that can be worked out by hand; the hidden suite asks for more."""

from math import log

import torch

from autograder.checks import assert_close

NAN = float("nan")
MASK = torch.tensor([[False, True, True, False]])


def test_the_score_comes_at_the_last_token(submission):
    logp, reference = torch.tensor([[NAN, -1.0, -2.0, 0.0]]), torch.tensor([[0.0, -2.0, -1.5, NAN]])
    rewards = submission.token_rewards(torch.tensor([3.0]), logp, reference, MASK, beta=0.5)
    # d = 1 and −0.5
    assert_close(rewards, torch.tensor([[0.0, -0.5, 3.25, 0.0]]))


def test_advantages_of_two_tokens(submission):
    rewards, values = torch.tensor([[NAN, 1.0, 2.0, NAN]]), torch.tensor([[9.0, 4.0, 3.0, 9.0]])
    advantages, returns = submission.gae(rewards, values, MASK, gamma=1.0, lam=0.5)
    # δ = 1 + 3 − 4 = 0 and 2 − 3 = −1
    assert_close(advantages, torch.tensor([[0.0, -0.5, -1.0, 0.0]]))
    assert_close(returns, torch.tensor([[0.0, 3.5, 2.0, 0.0]]))


def test_two_tokens_are_whitened(submission):
    x = torch.tensor([[NAN, 1.0, 5.0, 100.0]])
    assert_close(submission.masked_whiten(x, MASK), torch.tensor([[0.0, -1.0, 1.0, 0.0]]))


def test_one_token_is_clipped_and_one_is_not(submission):
    zeros = torch.zeros(1, 4)
    logp, advantages = torch.tensor([[0.0, log(2), log(2), 0.0]]), torch.tensor([[0.0, 1, -1, 0]])
    values, returns = torch.tensor([[0.0, 0.5, 0.1, 0.0]]), torch.tensor([[0.0, 1.0, 1.0, 0.0]])
    losses = submission.ppo_losses(logp, zeros, advantages, values, zeros, returns, MASK)
    # max(−2, −1.2) and max(2, 1.2); max(0.25, 0.64) and 0.81, halved
    assert_close(losses, (torch.tensor(0.4), torch.tensor(0.3625), 0.5))
