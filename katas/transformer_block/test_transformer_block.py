"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal


def test_layer_norm_of_two_numbers(submission):
    x = torch.tensor([1.0, 3.0])
    result = submission.layer_norm(x, torch.tensor([2.0, 2.0]), torch.tensor([1.0, 1.0]), eps=0.0)
    assert_close(result, torch.tensor([-1.0, 3.0]))


def test_rms_norm_of_two_numbers(submission):
    result = submission.rms_norm(torch.tensor([1.0, 7.0]), torch.ones(2), eps=0.0)
    assert_close(result, torch.tensor([0.2, 1.4]))


def test_attention_adds_to_the_residual_stream(submission):
    # Queries of zero average the normed tokens so far, [0.2, 1.4] and [1, 1].
    x = torch.tensor([[[1.0, 7.0], [5.0, 5.0]]])
    zeros = {name: torch.zeros(2, 2) for name in ("w_q", "w_k", "w_gate", "w_up", "w_down")}
    weights = {**zeros, "w_v": torch.eye(2), "w_o": torch.eye(2)}
    weights |= {"attn_norm": torch.ones(2), "ffn_norm": torch.ones(2)}
    result = submission.transformer_block(x, weights, heads=1, eps=0.0)
    assert_close(result, torch.tensor([[[1.2, 8.4], [5.6, 6.2]]]))


def test_the_costs_of_a_tiny_decoder(submission):
    costs = submission.transformer_costs(
        layers=1, d_model=2, heads=1, kv_heads=1, d_ff=3, vocab=5, tokens=4
    )
    expected = {
        "embedding_parameters": 10,
        "layer_parameters": 38,
        "parameters": 50,
        "forward_flops": 480,
        "training_flops": 1440,
    }
    assert_equal(costs, expected)
