"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close


def test_neighbouring_query_heads_share_a_kv_head(submission):
    # Queries of zero average the two keys of their kv head.
    value = torch.tensor([[1.0, 3.0], [10.0, 30.0]]).view(1, 2, 2, 1)
    result = submission.grouped_query_attention(torch.zeros(1, 4, 1, 1), value, value)
    assert_close(result.flatten(), torch.tensor([2.0, 2.0, 20.0, 20.0]))


def test_a_masked_key_is_not_seen(submission):
    value = torch.tensor([[1.0, 3.0], [10.0, 30.0]]).view(1, 2, 2, 1)
    mask = torch.tensor([[False, True]])
    result = submission.grouped_query_attention(torch.zeros(1, 2, 1, 1), value, value, mask)
    assert_close(result.flatten(), torch.tensor([3.0, 30.0]))


def test_the_heads_of_a_group_are_averaged(submission):
    weight = torch.tensor([[1.0], [3.0], [10.0], [30.0]])
    merged = submission.merge_kv_heads(weight, heads=4, kv_heads=2)
    assert_close(merged, torch.tensor([[2.0], [20.0]]))


def test_the_costs_of_a_small_layer(submission):
    costs = submission.attention_costs(d_model=8, heads=4, kv_heads=2, layers=1, tokens=10)
    expected = {"parameters": 192, "kv_bytes": 160, "decode_flops": 320, "intensity": 2.0}
    assert_close(costs, expected)
