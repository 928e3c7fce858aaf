"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal


def test_two_of_four_experts_share_the_token(submission):
    logits = torch.tensor([[1.0, 6.0, 3.0, 2.0]]).log()
    experts, weights = submission.route(logits, 2)
    assert_equal(experts, torch.tensor([[1, 2]]))
    assert_close(weights, torch.tensor([[2 / 3, 1 / 3]]))


def test_first_choices_come_before_second_choices(submission):
    indices = torch.tensor([[0, 1], [0, 1], [1, 0]])
    expected = torch.tensor([[0, 1], [1, -1], [0, -1]])
    assert_equal(submission.dispatch(indices, experts=2, capacity=2), expected)


def test_a_token_goes_to_the_expert_that_the_router_prefers(submission):
    x, router = torch.tensor([[1.0, 2.0], [2.0, 1.0]]), torch.eye(2)
    # Expert 0 gives the token back, expert 1 ten times the token.
    w_in = torch.stack([torch.eye(2), torch.eye(2)])
    w_out = torch.stack([torch.eye(2), 10 * torch.eye(2)])
    result = submission.moe_layer(x, router, w_in, w_out, k=1)
    assert_close(result, torch.tensor([[10.0, 20.0], [2.0, 1.0]]))


def test_the_loss_of_two_tokens_that_choose_the_same_expert(submission):
    logits = torch.tensor([[3.0, 1.0], [3.0, 1.0]]).log()
    assert_close(submission.load_balancing_loss(logits, 1), torch.tensor(1.5))
