"""Examples that can be worked out by hand; the hidden suite asks for more."""

from math import log

import torch

from autograder.checks import assert_close

CHOSEN, REJECTED = torch.tensor([-2.0]), torch.tensor([-5.0])
REFERENCE = torch.tensor([-3.0]), torch.tensor([-4.0])


def test_logits_are_scored_by_the_next_label(submission):
    logits = torch.tensor([[[log(3), 0.0], [0.0, log(7)], [5.0, 5.0]]])
    # Prompt, then 0 with probability 3/4, then 1 with probability 7/8.
    logps, counts = submission.sequence_logps(logits, torch.tensor([[-100, 0, 1]]))
    assert_close(logps, torch.tensor([log(3 / 4) + log(7 / 8)]))
    assert_close(counts, torch.tensor([2]))


def test_dpo_of_one_pair(submission):
    # The policy moved 1 up on chosen and 1 down on rejected: a margin of 2, and −log σ(ln 3).
    loss, chosen, rejected = submission.dpo_loss(CHOSEN, REJECTED, *REFERENCE, beta=log(3) / 2)
    assert_close(loss, torch.tensor(log(4 / 3)))
    assert_close((chosen, rejected), (torch.tensor([log(3) / 2]), torch.tensor([-log(3) / 2])))


def test_ipo_of_one_pair(submission):
    # 1 / (2 · 0.1) = 5, and the margin is 2.
    assert_close(submission.ipo_loss(CHOSEN, REJECTED, *REFERENCE, beta=0.1), torch.tensor(9.0))


def test_simpo_of_one_pair(submission):
    counts = torch.tensor([2]), torch.tensor([5])
    # −1 a token for both; the margin of ln 3 is all that is left.
    given = submission.simpo_loss(CHOSEN, REJECTED, *counts, gamma=log(3))
    assert_close(given, torch.tensor(log(4)))
