"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal

DRAFT = torch.tensor([[0.6, 0.3, 0.1]])
TARGET = torch.tensor([[0.3, 0.3, 0.4], [0.2, 0.7, 0.1]])


def test_the_residual_is_what_the_draft_underrates(submission):
    residual = submission.residual_distribution(TARGET[0], DRAFT[0])
    assert_close(residual, torch.tensor([0.0, 0.0, 1.0]))


def test_an_accepted_draft_is_followed_by_a_bonus_token(submission):
    # 0.4 · 0.6 < 0.3; then 0.2 ≤ 0.5 < 0.9.
    tokens = submission.verify(torch.tensor([0]), DRAFT, TARGET, torch.tensor([0.4]), 0.5)
    assert_equal(tokens, [0, 1])


def test_a_rejected_draft_is_replaced(submission):
    tokens = submission.verify(torch.tensor([0]), DRAFT, TARGET, torch.tensor([0.7]), 0.5)
    assert_equal(tokens, [2])


def test_half_of_the_drafts_are_accepted(submission):
    assert_close(submission.expected_tokens(0.5, 2), 1.75)
    assert_equal(submission.best_draft_length(0.5, cost=0.1, max_k=4), 2)
