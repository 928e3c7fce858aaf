"""The hidden suite of lora."""

import math

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.sandbox.probes import gradients
from autograder.suite import hint, points, tensor
from solutions.lora.lora import extract_lora, lora_forward


def layer_of(rng, d_out=4, d_in=6, rank=2):
    """Draw a weight, a and b."""
    return tensor(rng, d_out, d_in), tensor(rng, rank, d_in), tensor(rng, d_out, rank)


# ── lora_forward ──────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Write the factor in front of the update down. Which two numbers is it made of?")
def test_the_update_is_multiplied_by_alpha_over_the_rank(submission, rng):
    x, (weight, a, b) = tensor(rng, 3, 6), layer_of(rng, rank=4)
    assert_close(
        submission.lora_forward(x, weight, a, b, alpha=8.0),
        lora_forward(x, weight, a, b, alpha=8.0),
    )


@points(0.25)
@hint("What is the update when b is zero? And what is left then?")
def test_with_b_at_zero_only_the_base_is_left(submission, rng):
    x, (weight, a, b) = tensor(rng, 3, 6), layer_of(rng)
    assert_close(submission.lora_forward(x, weight, a, 0 * b, alpha=8.0), x @ weight.T)


@points(0.25)
@hint("Does the bias belong to the base or to the update?")
def test_the_bias_is_added_once(submission, rng):
    x, (weight, a, b), bias = tensor(rng, 3, 6), layer_of(rng), tensor(rng, 4)
    assert_close(
        submission.lora_forward(x, weight, a, b, 8.0, bias),
        lora_forward(x, weight, a, b, 8.0, bias),
    )


@points(0.25)
@hint("What does your code assume about the number of axes of x?")
@pytest.mark.parametrize("leading", [(), (1,), (2, 3), (2, 1, 3)], ids=str)
def test_x_may_have_any_leading_dimensions(submission, rng, leading):
    x, (weight, a, b), bias = tensor(rng, *leading, 6), layer_of(rng), tensor(rng, 4)
    assert_close(
        submission.lora_forward(x, weight, a, b, 3.0, bias),
        lora_forward(x, weight, a, b, 3.0, bias),
    )


@points(0.25)
@hint("Where does the rank come from? May it be 1, or larger than d_in and d_out?")
@pytest.mark.parametrize(("d_out", "d_in", "rank"), [(4, 6, 1), (5, 3, 7), (1, 1, 1), (3, 3, 3)])
def test_the_rank_is_the_number_of_rows_of_a(submission, rng, d_out, d_in, rank):
    x, (weight, a, b) = tensor(rng, 2, d_in), layer_of(rng, d_out, d_in, rank)
    assert_close(
        submission.lora_forward(x, weight, a, b, 16.0), lora_forward(x, weight, a, b, 16.0)
    )


@points(0.75)
@hint("The layers below learn from the gradient of x. By which two paths does it come?")
def test_x_gets_its_gradient_through_the_base_and_the_update(submission, rng):
    arguments = tensor(rng, 3, 6), *layer_of(rng), 8.0
    upstream = tensor(rng, 3, 4)
    assert_close(
        submission.gradients("lora_forward", *arguments, wrt=(0,), upstream=upstream),
        gradients(lora_forward, arguments, {}, (0,), upstream),
    )


@points(0.5)
@hint("Which two tensors is an optimiser meant to change?")
def test_a_and_b_get_their_gradients(submission, rng):
    arguments = tensor(rng, 3, 6), *layer_of(rng), 8.0
    upstream = tensor(rng, 3, 4)
    assert_close(
        submission.gradients("lora_forward", *arguments, wrt=(2, 3), upstream=upstream),
        gradients(lora_forward, arguments, {}, (2, 3), upstream),
    )


@points(0.25)
@hint("Frozen means that no gradient arrives. Where do you cut the weight off?")
def test_no_gradient_reaches_the_weight(submission, rng):
    x, (weight, a, b) = tensor(rng, 3, 6), layer_of(rng)
    (given,) = submission.gradients("lora_forward", x, weight, a, b, 8.0, wrt=(1,))
    assert_close(torch.zeros(4, 6) if given is None else given, torch.zeros(4, 6))


@points(0.25)
@hint("The base has two tensors. Are both frozen?")
def test_no_gradient_reaches_the_bias(submission, rng):
    x, (weight, a, b), bias = tensor(rng, 3, 6), layer_of(rng), tensor(rng, 4)
    given = submission.gradients("lora_forward", x, weight, a, b, 8.0, bias, wrt=(1, 5))[1]
    assert_close(torch.zeros(4) if given is None else given, torch.zeros(4))


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_tensors_need_not_be_contiguous(submission, rng):
    x, weight = tensor(rng, 6, 3, 2).transpose(0, 2), tensor(rng, 6, 4).T
    a, b = tensor(rng, 6, 2).T, tensor(rng, 2, 4).T
    assert_close(submission.lora_forward(x, weight, a, b, 3.0), lora_forward(x, weight, a, b, 3.0))


@points(0.25)
@hint("PyTorch broadcasts an axis of size 1. Which wrong shapes would it let pass?")
@pytest.mark.parametrize(
    "changed",
    [
        {"x": (3, 5)},
        {"a": (2, 5)},
        {"a": (3, 6)},
        {"b": (1, 2)},
        {"b": (5, 2)},
        {"b": (4, 1)},
        {"b": (2, 4)},
        {"bias": (1,)},
        {"bias": (6,)},
    ],
    ids=str,
)
def test_shapes_that_do_not_fit_are_refused(submission, rng, changed):
    shapes = {"x": (3, 6), "weight": (4, 6), "a": (2, 6), "b": (4, 2), "bias": (4,), **changed}
    arguments = {name: tensor(rng, *shape) for name, shape in shapes.items()}
    assert_raises(ValueError, submission.lora_forward, **arguments, alpha=8.0)


# ── LoRALinear ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What must the update be, so that training starts from the model as it is?")
@pytest.mark.parametrize("biased", [False, True])
def test_a_layer_without_b_starts_as_its_base(submission, rng, biased):
    x, (weight, a, _) = tensor(rng, 3, 6), layer_of(rng)
    bias = tensor(rng, 4) if biased else None
    layer = submission.LoRALinear(weight, a, 8.0, bias)
    assert_close(layer.forward(x), x @ weight.T + (bias if biased else 0))
    assert_close(layer.b, torch.zeros(4, 2))


@points(0.5)
@hint("What does a layer do, before it is merged, that lora_forward does not?")
@pytest.mark.parametrize("biased", [False, True])
def test_a_layer_computes_what_lora_forward_computes(submission, rng, biased):
    x, (weight, a, b) = tensor(rng, 2, 3, 6), layer_of(rng)
    bias = tensor(rng, 4) if biased else None
    layer = submission.LoRALinear(weight, a, 8.0, bias, b)
    assert_close(layer.forward(x), lora_forward(x, weight, a, b, 8.0, bias))


@points(0.5)
@hint("Go through the attributes that the question names. Which is missing or other than given?")
def test_a_layer_shows_what_it_holds(submission, rng):
    (weight, a, b), bias = layer_of(rng, rank=3), tensor(rng, 4)
    layer = submission.LoRALinear(weight, a, 12.0, bias, b)
    assert_close((layer.weight, layer.a, layer.b, layer.bias), (weight, a, b, bias))
    assert_equal((layer.rank, layer.merged), (3, False))
    assert_close(layer.scaling, 4.0)
    assert_equal(submission.LoRALinear(weight, a, 12.0).bias, None)


@points(0.75)
@hint("Which one weight gives the same result as base and update together?")
def test_merge_adds_the_scaled_update_to_the_weight(submission, rng):
    weight, a, b = layer_of(rng)
    layer = submission.LoRALinear(weight, a, 6.0, b=b)
    layer.merge()
    assert_close(layer.weight, weight + 3.0 * b @ a)
    assert_equal(layer.merged, True)


@points(0.5)
@hint("The update is in the weight now. What does the forward pass still have to do?")
@pytest.mark.parametrize("biased", [False, True])
def test_a_merged_layer_computes_the_same_as_before(submission, rng, biased):
    x, (weight, a, b) = tensor(rng, 2, 3, 6), layer_of(rng)
    bias = tensor(rng, 4) if biased else None
    layer = submission.LoRALinear(weight, a, 6.0, bias, b)
    layer.merge()
    assert_close(layer.forward(x), lora_forward(x, weight, a, b, 6.0, bias), terms=6)


@points(0.25)
@hint("How does merge know that the update is in the weight already?")
def test_a_second_merge_does_nothing(submission, rng):
    weight, a, b = layer_of(rng)
    layer = submission.LoRALinear(weight, a, 6.0, b=b)
    layer.merge()
    layer.merge()
    assert_close(layer.weight, weight + 3.0 * b @ a)
    assert_equal(layer.merged, True)


@points(0.5)
@hint("What has to be as it was after unmerge? The weight is one thing.")
def test_unmerge_restores_the_layer(submission, rng):
    x, (weight, a, b) = tensor(rng, 3, 6), layer_of(rng)
    layer = submission.LoRALinear(weight, a, 6.0, b=b)
    layer.merge()
    layer.unmerge()
    assert_close(layer.weight, weight, rtol=1e-5, atol=1e-5)
    assert_equal(layer.merged, False)
    assert_close(layer.forward(x), lora_forward(x, weight, a, b, 6.0), rtol=1e-4, atol=1e-4)


@points(0.25)
@hint("What is there to subtract from a weight that does not hold the update?")
def test_unmerge_of_a_layer_that_is_not_merged_does_nothing(submission, rng):
    x, (weight, a, b) = tensor(rng, 3, 6), layer_of(rng)
    layer = submission.LoRALinear(weight, a, 6.0, b=b)
    layer.unmerge()
    assert_close(layer.weight, weight)
    assert_equal(layer.merged, False)
    assert_close(layer.forward(x), lora_forward(x, weight, a, b, 6.0))


@points(0.5)
@hint("An adapter is merged for serving, taken out to train on, and merged again. What is off?")
def test_a_layer_may_be_merged_and_unmerged_again_and_again(submission, rng):
    x, (weight, a, b), bias = tensor(rng, 3, 6), layer_of(rng), tensor(rng, 4)
    expected = lora_forward(x, weight, a, b, 6.0, bias)
    layer = submission.LoRALinear(weight, a, 6.0, bias, b)
    for step in ("merge", "merge", "unmerge", "unmerge", "merge"):
        getattr(layer, step)()
        assert_close(layer.forward(x), expected, rtol=1e-4, atol=1e-4)
    assert_close(layer.weight, weight + 3.0 * b @ a, rtol=1e-4, atol=1e-4)


@points(0.5)
@hint("Which paths lead from the result back to x, before and after merging?")
@pytest.mark.parametrize("merged", [False, True])
def test_x_gets_the_same_gradient_merged_or_not(submission, rng, merged):
    x, (weight, a, b), upstream = tensor(rng, 3, 6), layer_of(rng), tensor(rng, 3, 4)
    layer = submission.LoRALinear(weight, a, 6.0, b=b)
    if merged:
        layer.merge()
    (given,) = submission.gradients(layer.forward, x, upstream=upstream)
    assert_close(given, upstream @ (weight + 3.0 * b @ a), terms=6)


@points(0.25)
@hint("When do you notice that a, b and weight are no layer together?")
@pytest.mark.parametrize(
    "changed",
    [
        {"a": (2, 5)},
        {"a": (2, 1)},
        {"b": (1, 2)},
        {"b": (4, 3)},
        {"b": (2, 4)},
        {"bias": (1,)},
        {"bias": (6,)},
    ],
    ids=str,
)
def test_a_layer_of_shapes_that_do_not_fit_is_refused(submission, rng, changed):
    shapes = {"weight": (4, 6), "a": (2, 6), "b": (4, 2), "bias": (4,), **changed}
    arguments = {name: tensor(rng, *shape) for name, shape in shapes.items()}
    assert_raises(ValueError, submission.LoRALinear, **arguments, alpha=8.0)


# ── lora_parameters ───────────────────────────────────────────────────────────────────────────

SHAPES = {
    "layers.0.attn.q_proj": (64, 64),
    "layers.0.attn.k_proj": (16, 64),
    "layers.0.mlp.up_proj": (192, 64),
    "layers.0.mlp.down_proj": (64, 192),
    "layers.1.attn.q_proj": (64, 64),
    "layers.1.attn.k_proj": (16, 64),
    "head": (100, 64),
}
FROZEN = 2 * 64 * 64 + 2 * 16 * 64 + 2 * 192 * 64 + 100 * 64


@points(0.75)
@hint("Which shapes do a and b have for a weight that is not square?")
def test_a_module_adds_rank_times_the_sum_of_its_sides(submission):
    counts = submission.lora_parameters(SHAPES, 8, ["k_proj", "up_proj"])
    trainable = 2 * 8 * (16 + 64) + 8 * (192 + 64)
    assert_equal(counts, {"trainable": trainable, "frozen": FROZEN, "adapted": 3})


@points(0.5)
@hint("Which weights are in memory and do not train?")
def test_frozen_counts_every_weight_and_trainable_only_the_updates(submission):
    counts = submission.lora_parameters(SHAPES, 4, ["q_proj"])
    trainable = 2 * 4 * (64 + 64)
    assert_equal(counts, {"trainable": trainable, "frozen": FROZEN, "adapted": 2})


@points(0.25)
@hint("May a target be the whole name of a module, or several parts of its end?")
@pytest.mark.parametrize(
    ("target", "trainable", "adapted"),
    [("head", 164, 1), ("layers.1.attn.k_proj", 80, 1), ("attn.k_proj", 160, 2)],
)
def test_a_target_is_a_whole_name_or_its_end(submission, target, trainable, adapted):
    counts = submission.lora_parameters(SHAPES, 1, [target])
    assert_equal(counts, {"trainable": trainable, "frozen": FROZEN, "adapted": adapted})


@points(0.25)
@hint("Is `attn.proj.base` meant by the target `proj`?")
def test_a_target_in_the_middle_of_a_name_does_not_match(submission):
    shapes = {"attn.proj": (3, 5), "attn.proj.base": (7, 7), "attn.proj_norm": (9, 9)}
    counts = submission.lora_parameters(shapes, 2, ["proj"])
    assert_equal(counts, {"trainable": 16, "frozen": 15 + 49 + 81, "adapted": 1})


@points(0.25)
@hint("Is `attn.q_proj` meant by the target `proj`? What stands between the parts of a name?")
def test_a_target_matches_whole_parts_of_a_name_only(submission):
    shapes = {"attn.proj": (3, 5), "attn.q_proj": (7, 7), "upproj": (9, 9)}
    counts = submission.lora_parameters(shapes, 2, ["proj"])
    assert_equal(counts, {"trainable": 16, "frozen": 15 + 49 + 81, "adapted": 1})


@points(0.25)
@hint("How many pairs (a, b) does a module get that two targets mean?")
def test_a_module_that_matches_two_targets_is_adapted_once(submission):
    counts = submission.lora_parameters(SHAPES, 4, ["q_proj", "layers.0.attn.q_proj"])
    assert_equal(counts, {"trainable": 1024, "frozen": FROZEN, "adapted": 2})


@points(0.25)
@hint("What trains when nothing is adapted?")
@pytest.mark.parametrize(("shapes", "frozen"), [(SHAPES, FROZEN), ({}, 0)], ids=["seven", "none"])
def test_no_targets_adapt_nothing(submission, shapes, frozen):
    counts = submission.lora_parameters(shapes, 1, [])
    assert_equal(counts, {"trainable": 0, "frozen": frozen, "adapted": 0})


@points(0.25)
@hint("Which matrix has rank 0?")
@pytest.mark.parametrize("rank", [0, -2])
def test_a_rank_below_one_is_refused(submission, rank):
    assert_raises(ValueError, submission.lora_parameters, SHAPES, rank, ["q_proj"])


@points(0.25)
@hint("A target with a typing mistake adapts nothing, and nobody notices. What would be better?")
@pytest.mark.parametrize(
    "targets",
    [["query"], ["q_proj", "v_proj"], ["proj"], ["attn"], ["attn.q_proj.weight"]],
    ids=str,
)
def test_a_target_that_matches_no_module_is_refused(submission, targets):
    assert_raises(ValueError, submission.lora_parameters, SHAPES, 4, targets)


# ── extract_lora ──────────────────────────────────────────────────────────────────────────────


def fine_tuned(rng, d_out, d_in, size=1.0):
    """Draw a weight before and after, whose difference has singular values far apart.

    They are size · 8, 4, 2 …, and the entry of greatest magnitude in each column of U leads by
    a margin, so that rounding decides nothing.
    """
    smaller = min(d_out, d_in)
    while True:
        u = torch.linalg.qr(tensor(rng, d_out, smaller, dtype=torch.float64)).Q
        first, second = u.abs().topk(2, dim=0).values
        if (first - second).min() > 0.02:
            break
    v = torch.linalg.qr(tensor(rng, d_in, smaller, dtype=torch.float64)).Q
    values = size * 8 * 0.5 ** torch.arange(smaller, dtype=torch.float64)
    before = tensor(rng, d_out, d_in)
    return before, before + (u * values @ v.T).float(), values


def scaled_product(a, b, alpha):
    return alpha / len(a) * b @ a


@points(0.5)
@hint("At full rank nothing is lost. What is (alpha / rank) · b a then?")
@pytest.mark.parametrize(("alpha", "rank"), [(12.0, 3), (1.0, 3)])
def test_at_full_rank_the_scaled_product_is_the_change(submission, rng, alpha, rank):
    before, after, _ = fine_tuned(rng, 5, 3)
    a, b = submission.extract_lora(before, after, rank, alpha)
    assert_close(scaled_product(a, b, alpha), after - before, rtol=1e-4, atol=1e-4)


@points(0.75)
@hint("Put your pair into lora_forward. Which factor does that add, and where is it undone?")
def test_the_pair_is_the_one_that_the_singular_vectors_give(submission, rng):
    before, after, _ = fine_tuned(rng, 6, 4)
    assert_close(
        submission.extract_lora(before, after, 2, 8.0),
        extract_lora(before, after, 2, 8.0),
        rtol=1e-4,
        atol=1e-4,
    )


@points(0.5)
@hint("Of all matrices of that rank, which is closest? What is left over is what you cut off.")
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_what_is_lost_are_the_smaller_singular_values(submission, rng, rank):
    before, after, values = fine_tuned(rng, 4, 7)
    a, b = submission.extract_lora(before, after, rank, 5.0)
    error = torch.linalg.norm(scaled_product(a, b, 5.0) - (after - before))
    assert_close(error.item(), math.sqrt((values[rank:] ** 2).sum().item()), rtol=1e-4)


@points(0.5)
@hint("Work out bᵀ b. Which factor carries the size?")
def test_the_columns_of_b_are_orthonormal(submission, rng):
    before, after, _ = fine_tuned(rng, 7, 4)
    _, b = submission.extract_lora(before, after, 3, 6.0)
    assert_close(b.T @ b, torch.eye(3), rtol=1e-4, atol=1e-4)


@points(0.5)
@hint("u and v may change their sign together. Which entry of each column has to be positive?")
def test_the_greatest_entry_of_each_column_of_b_is_positive(submission, rng):
    # Four times six columns: the signs of an SVD are not right by chance.
    for _ in range(4):
        before, after, _ = fine_tuned(rng, 6, 8, size=4.0)
        assert_close(
            submission.extract_lora(before, after, 6, 6.0),
            extract_lora(before, after, 6, 6.0),
            rtol=1e-3,
            atol=1e-3,
        )


@points(0.25)
@hint("A change of rank 1, asked for at rank 3: what are the other two singular values?")
def test_a_change_of_lower_rank_is_found_whole(submission, rng):
    before, change = tensor(rng, 5, 4), torch.outer(tensor(rng, 5), tensor(rng, 4))
    after = before + change
    a, b = submission.extract_lora(before, after, 3, 6.0)
    assert_close(scaled_product(a, b, 6.0), after - before, rtol=1e-4, atol=1e-4)


@points(0.25)
@hint("Nothing has changed. By which of your numbers do you divide then?")
def test_no_change_gives_an_update_of_zero(submission, rng):
    before = tensor(rng, 4, 3)
    a, b = submission.extract_lora(before, before, 2, 6.0)
    assert_close(scaled_product(a, b, 6.0), torch.zeros(4, 3), rtol=0, atol=1e-5)


@points(0.25)
@hint("Which of rows and columns are there more of? Should it matter?")
@pytest.mark.parametrize(("d_out", "d_in"), [(5, 2), (2, 5), (1, 3), (3, 1)])
def test_weights_may_be_wide_or_tall(submission, rng, d_out, d_in):
    before, after = tensor(rng, d_out, d_in), tensor(rng, d_out, d_in)
    rank = min(d_out, d_in)
    a, b = submission.extract_lora(before, after, rank, 2.0)
    assert_close((a.shape, b.shape), ((rank, d_in), (d_out, rank)))
    assert_close(scaled_product(a, b, 2.0), after - before, rtol=1e-4, atol=1e-4)


@points(0.5)
@hint("Which ranks can a change of 4 by 6 have? Which shapes can be subtracted?")
@pytest.mark.parametrize(
    ("after", "rank", "alpha"),
    [
        ((4, 5), 2, 8.0),
        ((1, 6), 2, 8.0),
        ((6, 4), 2, 8.0),
        ((4, 6), 0, 8.0),
        ((4, 6), -1, 8.0),
        ((4, 6), 5, 8.0),
        ((4, 6), 2, 0.0),
        ((4, 6), 2, -8.0),
    ],
)
def test_impossible_arguments_are_refused(submission, rng, after, rank, alpha):
    before, after = tensor(rng, 4, 6), tensor(rng, *after)
    assert_raises(ValueError, submission.extract_lora, before, after, rank, alpha)
