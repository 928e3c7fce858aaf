"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close


def test_a_query_of_zeros_averages_all_values(submission):
    query, key = torch.zeros(1, 2), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    value = torch.tensor([[1.0], [3.0]])
    assert_close(submission.scaled_dot_product_attention(query, key, value), torch.tensor([[2.0]]))


def test_the_worked_example(submission):
    query = torch.full((1, 4), math.log(3))
    key = torch.tensor([[0.5, 0.5, 0.5, 0.5], [0.0, 0.0, 0.0, 0.0]])
    value = torch.tensor([[8.0], [4.0]])
    assert_close(submission.scaled_dot_product_attention(query, key, value), torch.tensor([[7.0]]))


def test_a_masked_key_is_not_seen(submission):
    query, key, value = torch.zeros(2, 2), torch.zeros(2, 2), torch.tensor([[1.0], [3.0]])
    mask = torch.tensor([[True, False], [True, True]])
    result = submission.scaled_dot_product_attention(query, key, value, mask)
    assert_close(result, torch.tensor([[1.0], [2.0]]))


def test_the_causal_mask_of_two_queries_and_three_keys(submission):
    expected = torch.tensor([[True, True, False], [True, True, True]])
    assert_close(submission.causal_mask(2, 3), expected)


def test_heads_attend_to_their_own_columns(submission):
    x = torch.tensor([[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]])
    zero, identity = torch.zeros(4, 4), torch.eye(4)
    # Queries of zero average over the tokens, whatever the head.
    result = submission.multi_head_attention(x, zero, identity, identity, identity, heads=2)
    assert_close(result, torch.tensor([[[2.0, 3.0, 4.0, 5.0], [2.0, 3.0, 4.0, 5.0]]]))
