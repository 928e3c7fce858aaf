"""The hidden suite of transformer_block."""

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.sandbox.probes import gradients
from autograder.suite import hint, points, tensor
from solutions.transformer_block.transformer_block import (
    layer_norm,
    rms_norm,
    transformer_block,
    transformer_costs,
)

HALVES = [torch.float16, torch.bfloat16]


def block_weights(rng, d_model=6, d_ff=10):
    """Draw the weights of a block; what they multiply keeps about its size."""
    shapes = {name: (d_model, d_model) for name in ("w_q", "w_k", "w_v", "w_o")}
    shapes |= {"w_gate": (d_ff, d_model), "w_up": (d_ff, d_model), "w_down": (d_model, d_ff)}
    weights = {name: tensor(rng, *shape, scale=shape[1] ** -0.5) for name, shape in shapes.items()}
    for name in ("attn_norm", "ffn_norm"):
        weights[name] = 1 + tensor(rng, d_model, scale=0.3)
    return weights


# ── layer_norm ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Work out the variance of [1, 3] by hand. By what did you divide?")
def test_layer_norm_divides_by_the_biased_deviation(submission, rng):
    x, weight, bias = tensor(rng, 3, 4), 1 + tensor(rng, 4, scale=0.3), tensor(rng, 4)
    assert_close(submission.layer_norm(x, weight, bias), layer_norm(x, weight, bias))


@points(0.25)
@hint("Which rows does one row's norm depend on?")
@pytest.mark.parametrize("shape", [(5,), (2, 5), (2, 3, 5), (2, 1, 3, 2), (4, 1)], ids=str)
def test_layer_norm_is_over_the_last_axis_only(submission, rng, shape):
    x, weight, bias = tensor(rng, *shape), tensor(rng, shape[-1]), tensor(rng, shape[-1])
    assert_close(submission.layer_norm(x, weight, bias), layer_norm(x, weight, bias))


@points(0.5)
@hint("A row whose variance is about eps: by what is it divided?")
@pytest.mark.parametrize(("scale", "eps"), [(0.003, 1e-5), (1.0, 1.0), (1e-4, 1e-5)])
def test_eps_of_layer_norm_lies_under_the_root(submission, rng, scale, eps):
    x, weight, bias = tensor(rng, 3, 8, scale=scale), torch.ones(8), torch.zeros(8)
    assert_close(submission.layer_norm(x, weight, bias, eps), layer_norm(x, weight, bias, eps))


@points(0.25)
@hint("Which eps is taken when none is given?")
def test_layer_norm_has_an_eps_of_its_own(submission, rng):
    x, weight, bias = tensor(rng, 3, 8, scale=0.003), torch.ones(8), torch.zeros(8)
    assert_close(submission.layer_norm(x, weight, bias), layer_norm(x, weight, bias, eps=1e-5))


@points(0.25)
@hint("Mean and deviation depend on x. Does the gradient know?")
def test_gradients_reach_x_weight_and_bias_of_layer_norm(submission, rng):
    arguments = tensor(rng, 3, 5).mT.contiguous().mT, tensor(rng, 5), tensor(rng, 5)
    upstream = tensor(rng, 3, 5)
    assert_close(
        submission.gradients("layer_norm", *arguments, wrt=(0, 1, 2), upstream=upstream),
        gradients(layer_norm, arguments, {}, (0, 1, 2), upstream),
        terms=5,
    )


@points(0.25)
@hint("All numbers of a row are equal. What is left of them, and what is added?")
def test_a_row_of_equal_numbers_becomes_the_bias(submission, rng):
    weight, bias = tensor(rng, 4), tensor(rng, 4)
    assert_close(submission.layer_norm(torch.full((2, 4), 3.0), weight, bias), bias.expand(2, 4))


# ── rms_norm ──────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint(
    "Write the root mean square of [1, 7] down. Which steps does LayerNorm have that this has not?"
)
def test_rms_norm_divides_by_the_root_mean_square(submission, rng):
    # The rows have a mean that is far from 0.
    x, weight = 2 + tensor(rng, 3, 4), 1 + tensor(rng, 4, scale=0.3)
    assert_close(submission.rms_norm(x, weight), rms_norm(x, weight))


@points(0.25)
@hint("Which rows does one row's norm depend on?")
@pytest.mark.parametrize("shape", [(5,), (2, 5), (2, 3, 5), (2, 1, 3, 2), (4, 1)], ids=str)
def test_rms_norm_is_over_the_last_axis_only(submission, rng, shape):
    x, weight = tensor(rng, *shape), tensor(rng, shape[-1])
    assert_close(submission.rms_norm(x, weight), rms_norm(x, weight))


@points(0.5)
@hint("A row whose mean square is about eps: by what is it divided?")
@pytest.mark.parametrize(("scale", "eps"), [(0.001, 1e-6), (1.0, 1.0), (1e-4, 1e-6)])
def test_eps_of_rms_norm_lies_under_the_root(submission, rng, scale, eps):
    x, weight = tensor(rng, 3, 8, scale=scale), torch.ones(8)
    assert_close(submission.rms_norm(x, weight, eps), rms_norm(x, weight, eps))


@points(0.25)
@hint("Which eps is taken when none is given? And what is the norm of zeros?")
def test_rms_norm_has_an_eps_of_its_own(submission, rng):
    x, weight = tensor(rng, 3, 8, scale=0.001), torch.ones(8)
    x[1] = 0
    assert_close(submission.rms_norm(x, weight), rms_norm(x, weight, eps=1e-6))


@points(0.75)
@hint("The largest float16 is 65 504. What are the squares of numbers in the thousands?")
def test_float16_in_the_thousands_does_not_overflow(submission, rng):
    signs = rng.choice([-1.0, 1.0], (3, 64))
    x = torch.from_numpy(signs * rng.uniform(1000, 5000, (3, 64))).half()
    weight = (1 + tensor(rng, 64, scale=0.3)).half()
    assert_close(submission.rms_norm(x, weight), rms_norm(x, weight))


@points(0.5)
@hint("The statistics are wide. Is the result as narrow as x again?")
@pytest.mark.parametrize("dtype", [torch.float32, *HALVES], ids=str)
def test_the_result_has_the_dtype_of_x(submission, rng, dtype):
    x, weight = tensor(rng, 3, 16).to(dtype), (1 + tensor(rng, 16, scale=0.3)).to(dtype)
    assert_close(submission.rms_norm(x, weight), rms_norm(x, weight), check_dtype=True)


@points(0.25)
@hint("The root mean square depends on x. Does the gradient know?")
def test_gradients_reach_x_and_weight_of_rms_norm(submission, rng):
    arguments, upstream = (tensor(rng, 3, 5).mT.contiguous().mT, tensor(rng, 5)), tensor(rng, 3, 5)
    assert_close(
        submission.gradients("rms_norm", *arguments, wrt=(0, 1), upstream=upstream),
        gradients(rms_norm, arguments, {}, (0, 1), upstream),
        terms=5,
    )


# ── transformer_block ─────────────────────────────────────────────────────────────────────────


@points(1.25)
@hint("Only attention writes to the stream here. Go through its steps with the shapes.")
def test_attention_adds_to_the_stream(submission, rng):
    x, weights = 2 * tensor(rng, 2, 5, 6), block_weights(rng)
    weights["w_down"] = torch.zeros(6, 10)
    assert_close(
        submission.transformer_block(x, weights, heads=2),
        transformer_block(x, weights, heads=2),
        terms=6,
    )


@points(1.25)
@hint("Only the feed-forward network writes here. Which projection does the activation belong to?")
def test_the_feed_forward_network_adds_to_the_stream(submission, rng):
    x, weights = 2 * tensor(rng, 2, 5, 6), block_weights(rng)
    weights["w_o"] = torch.zeros(6, 6)
    assert_close(
        submission.transformer_block(x, weights, heads=2),
        transformer_block(x, weights, heads=2),
        terms=10,
    )


@points(1.25)
@hint("What does the second norm read: the block's input, or what attention has made of it?")
def test_the_feed_forward_network_reads_what_attention_has_added(submission, rng):
    x, weights = 2 * tensor(rng, 2, 5, 6), block_weights(rng)
    assert_close(
        submission.transformer_block(x, weights, heads=2),
        transformer_block(x, weights, heads=2),
        terms=10,
    )


@points(0.5)
@hint("Change the last token. Which outputs may change?")
def test_no_token_depends_on_a_later_one(submission, rng):
    x, weights = tensor(rng, 1, 5, 6), block_weights(rng)
    changed = x.clone()
    changed[:, 3:] += 1 + tensor(rng, 1, 2, 6).abs()
    given = submission.transformer_block(x, weights, heads=2)
    assert_close(submission.transformer_block(changed, weights, heads=2)[:, :3], given[:, :3])


@points(0.25)
@hint("What does one head do that three do not? And heads of size one?")
@pytest.mark.parametrize(("heads", "tokens", "d_ff"), [(1, 4, 6), (6, 3, 1), (3, 1, 17)])
def test_heads_tokens_and_d_ff_may_be_of_any_size(submission, rng, heads, tokens, d_ff):
    x, weights = tensor(rng, 3, tokens, 6), block_weights(rng, d_ff=d_ff)
    assert_close(
        submission.transformer_block(x, weights, heads),
        transformer_block(x, weights, heads),
        terms=10,
    )


@points(0.25)
@hint("How often does a block need eps, and which one does it take?")
@pytest.mark.parametrize("eps", [0.5, None])
def test_eps_goes_to_both_norms(submission, rng, eps):
    x, weights = tensor(rng, 2, 4, 6, scale=0.001), block_weights(rng)
    options = {} if eps is None else {"eps": eps}
    assert_close(
        submission.transformer_block(x, weights, 2, **options),
        transformer_block(x, weights, 2, **options),
        terms=10,
    )


@points(0.25)
@hint("exp(89) overflows float32. Which scores are safe, with the same softmax?")
def test_scores_of_ten_thousand_neither_overflow_nor_vanish(submission, rng):
    # Tokens of ±2 along one axis have mean square 1, so queries and keys are ±140, scores 9800.
    x = torch.zeros(1, 5, 4)
    x[0, [0, 1, 2, 3, 4], [0, 1, 0, 2, 1]] = torch.tensor([2.0, -2.0, 2.0, 2.0, 2.0])
    weights = block_weights(rng, d_model=4) | {"attn_norm": torch.ones(4)}
    weights |= {"w_q": 70 * torch.eye(4), "w_k": 70 * torch.eye(4)}
    assert_close(
        submission.transformer_block(x, weights, heads=1),
        transformer_block(x, weights, heads=1),
        rtol=0.01,
        atol=0.01,
    )


@points(0.25)
@hint("Which weight could you change without your result knowing where it came from?")
def test_gradients_reach_x_and_all_weights(submission, rng):
    arguments, upstream = (tensor(rng, 2, 4, 6), block_weights(rng), 2), tensor(rng, 2, 4, 6)
    assert_close(
        submission.gradients("transformer_block", *arguments, wrt=(0, 1), upstream=upstream),
        gradients(transformer_block, arguments, {}, (0, 1), upstream),
        terms=40,
    )


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_x_and_weights_need_not_be_contiguous(submission, rng):
    x = tensor(rng, 4, 2, 6).transpose(0, 1)
    weights = {
        name: w.mT.contiguous().mT if w.dim() == 2 else w for name, w in block_weights(rng).items()
    }
    assert_close(
        submission.transformer_block(x, weights, heads=3),
        transformer_block(x, weights, heads=3),
        terms=10,
    )


@points(0.5)
@hint("How many columns would each of four heads get out of six?")
@pytest.mark.parametrize("heads", [4, 12])
def test_heads_that_do_not_divide_d_model_are_refused(submission, rng, heads):
    x, weights = tensor(rng, 1, 2, 6), block_weights(rng)
    assert_raises(ValueError, submission.transformer_block, x, weights, heads)


# ── transformer_costs ─────────────────────────────────────────────────────────────────────────

SIZES = {
    "layers": 3,
    "d_model": 24,
    "heads": 6,
    "kv_heads": 2,
    "d_ff": 50,
    "vocab": 101,
    "tokens": 7,
}


@points(1.5)
@hint("Write down every weight of the model, then every matrix product. Which is missing?")
def test_the_costs_of_a_decoder_with_grouped_heads(submission):
    layer = 2 * 24 * 24 + 2 * 24 * 2 * 4 + 3 * 24 * 50
    forward = 2 * 7 * (3 * layer + 101 * 24) + 4 * 3 * 49 * 24
    expected = {
        "embedding_parameters": 101 * 24,
        "layer_parameters": layer + 48,
        "parameters": 3 * (layer + 48) + 101 * 24 + 24,
        "forward_flops": forward,
        "training_flops": 3 * forward,
    }
    assert_equal(submission.transformer_costs(**SIZES), expected)


@points(1)
@hint("Which of the numbers change when the output projection has weights of its own?")
def test_an_untied_projection_has_parameters_but_no_further_flops(submission):
    layer = 2 * 24 * 24 + 2 * 24 * 2 * 4 + 3 * 24 * 50
    forward = 2 * 7 * (3 * layer + 101 * 24) + 4 * 3 * 49 * 24
    expected = {
        "embedding_parameters": 2 * 101 * 24,
        "layer_parameters": layer + 48,
        "parameters": 3 * (layer + 48) + 2 * 101 * 24 + 24,
        "forward_flops": forward,
        "training_flops": 3 * forward,
    }
    assert_equal(submission.transformer_costs(**SIZES, tied=False), expected)


@points(0.5)
@hint("Which numbers grow with each size, and how?")
@pytest.mark.parametrize(
    "changed",
    [
        {"layers": 1},
        {"kv_heads": 6},
        {"kv_heads": 1},
        {"heads": 1, "kv_heads": 1},
        {"tokens": 1},
        {"tokens": 3000},
        {"vocab": 1, "d_ff": 1},
    ],
    ids=str,
)
def test_the_costs_follow_every_size(submission, changed):
    sizes = {**SIZES, **changed}
    assert_equal(submission.transformer_costs(**sizes), transformer_costs(**sizes))


@points(0.5)
@hint("Look a model up: 32 layers of 4096, 8 kv heads, d_ff 14336, 128256 words. What is its name?")
def test_a_large_model_has_the_parameters_of_its_name(submission):
    costs = submission.transformer_costs(32, 4096, 32, 8, 14336, 128_256, 8192, tied=False)
    assert_equal(costs["parameters"], 8_030_261_248)


@points(0.5)
@hint("Which sizes have to divide which, and which values make no sense?")
@pytest.mark.parametrize(
    "changed",
    [
        {"d_model": 25},
        {"d_model": 3},
        {"kv_heads": 4},
        {"kv_heads": 12},
        *({name: 0} for name in SIZES),
        {"tokens": -1},
    ],
    ids=str,
)
def test_impossible_sizes_are_refused(submission, changed):
    assert_raises(ValueError, submission.transformer_costs, **{**SIZES, **changed})
