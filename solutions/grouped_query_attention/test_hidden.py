"""The hidden suite of grouped_query_attention."""

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.sandbox.probes import gradients
from autograder.suite import hint, points, tensor
from solutions.grouped_query_attention.grouped_query_attention import (
    grouped_query_attention as attention,
)
from solutions.grouped_query_attention.grouped_query_attention import merge_kv_heads


def partial_mask(rng, *shape):
    """Draw a mask that lets every query attend somewhere, but nowhere to all keys."""
    draws = tensor(rng, *shape)
    highest, lowest = draws.amax(-1, keepdim=True), draws.amin(-1, keepdim=True)
    return ((draws > 0) | (draws == highest)) & (draws != lowest)


def inputs(rng, heads, kv_heads, batch=2, queries=3, keys=5, d=4, d_v=6):
    """Draw query, key and value."""
    return (
        tensor(rng, batch, heads, queries, d),
        tensor(rng, batch, kv_heads, keys, d),
        tensor(rng, batch, kv_heads, keys, d_v),
    )


# ── grouped_query_attention ───────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Of 4 query heads and 2 kv heads: which kv head does query head 1 read, which query head 2?")
def test_neighbouring_query_heads_share_a_kv_head(submission, rng):
    query, key, value = inputs(rng, heads=4, kv_heads=2)
    assert_close(
        submission.grouped_query_attention(query, key, value), attention(query, key, value)
    )


@points(0.25)
@hint("How many products does one score add up? Does that depend on the number of heads?")
def test_scores_are_divided_by_the_square_root_of_d(submission, rng):
    query, key, value = inputs(rng, heads=2, kv_heads=2, d=32)
    assert_close(
        submission.grouped_query_attention(query, key, value), attention(query, key, value)
    )


@points(0.25)
@hint("What is a group of one head? And of all heads?")
@pytest.mark.parametrize(("heads", "kv_heads"), [(3, 3), (6, 3), (6, 2), (5, 1), (1, 1)])
def test_any_number_of_kv_heads_that_divides_the_heads_will_do(submission, rng, heads, kv_heads):
    query, key, value = inputs(rng, heads, kv_heads)
    assert_close(
        submission.grouped_query_attention(query, key, value), attention(query, key, value)
    )


@points(0.25)
@hint("Which of the sizes of query, key and value are left in the shape of the result?")
@pytest.mark.parametrize(
    ("queries", "keys", "d", "d_v"), [(1, 7, 3, 5), (5, 2, 2, 1), (4, 1, 1, 3)]
)
def test_queries_keys_and_both_sizes_may_all_differ(submission, rng, queries, keys, d, d_v):
    query, key, value = inputs(rng, 4, 2, 3, queries, keys, d, d_v)
    assert_close(
        submission.grouped_query_attention(query, key, value), attention(query, key, value)
    )


@points(0.5)
@hint("Which scores make the softmax give some keys nothing and share everything among the others?")
def test_a_query_attends_only_where_the_mask_is_true(submission, rng):
    query, key, value = inputs(rng, heads=4, kv_heads=2)
    mask = partial_mask(rng, 3, 5)
    assert_close(
        submission.grouped_query_attention(query, key, value, mask),
        attention(query, key, value, mask),
    )


@points(0.5)
@hint("Which shape do your scores have when the mask meets them? Is axis 1 the query heads?")
@pytest.mark.parametrize(("batch", "heads"), [(1, 1), (2, 1), (1, 4), (2, 4)])
def test_a_mask_may_differ_by_batch_row_and_by_query_head(submission, rng, batch, heads):
    query, key, value = inputs(rng, heads=4, kv_heads=2)
    mask = partial_mask(rng, batch, heads, 3, 5)
    assert_close(
        submission.grouped_query_attention(query, key, value, mask),
        attention(query, key, value, mask),
    )


@points(0.25)
@hint("What is left to divide by in the softmax of a row that may attend nowhere?")
def test_a_query_that_may_attend_nowhere_gets_zeros(submission, rng):
    query, key, value = inputs(rng, heads=4, kv_heads=2)
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[1] = False
    assert_close(
        submission.grouped_query_attention(query, key, value, mask),
        attention(query, key, value, mask),
    )


@points(0.25)
@hint("exp(89) overflows float32, exp(−104) is 0. Which scores are safe, with the same softmax?")
def test_scores_of_ten_thousand_neither_overflow_nor_vanish(submission, rng):
    # Queries of ±4 and d = 16 make the scores ±key, all of them exact.
    query, key = torch.zeros(1, 2, 1, 16), torch.zeros(1, 1, 4, 16)
    query[..., 0] = torch.tensor([4.0, -4.0])[:, None]
    key[..., 0] = torch.tensor([10_000.0, 9_000.0, 10_000.0, 9_000.0])
    value = tensor(rng, 1, 1, 4, 3)
    high, low = (value[0, 0, 0] + value[0, 0, 2]) / 2, (value[0, 0, 1] + value[0, 0, 3]) / 2
    result = submission.grouped_query_attention(query, key, value)
    assert_close(result, torch.stack([high, low]).view(1, 2, 1, 3))


@points(0.25)
@hint("A kv head is read by several query heads. How does its gradient come together?")
def test_gradients_reach_query_key_and_value(submission, rng):
    arguments, upstream = inputs(rng, heads=4, kv_heads=2), tensor(rng, 2, 4, 3, 6)
    wrt = (0, 1, 2)
    assert_close(
        submission.gradients("grouped_query_attention", *arguments, wrt=wrt, upstream=upstream),
        gradients(attention, arguments, {}, wrt, upstream),
    )


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_arguments_need_not_be_contiguous(submission, rng):
    query, key, value = (x.mT.contiguous().mT for x in inputs(rng, heads=4, kv_heads=2))
    query, key = (x.transpose(0, 1).contiguous().transpose(0, 1) for x in (query, key))
    assert_close(
        submission.grouped_query_attention(query, key, value), attention(query, key, value)
    )


@points(0.25)
@hint("How many query heads would each kv head get?")
@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 3), (6, 4), (2, 4), (1, 2)])
def test_kv_heads_that_do_not_divide_the_heads_are_refused(submission, rng, heads, kv_heads):
    assert_raises(ValueError, submission.grouped_query_attention, *inputs(rng, heads, kv_heads))


@points(0.25)
@hint("PyTorch broadcasts an axis of size 1. Which wrong shapes would it let pass?")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ((2, 2, 5, 4), (2, 1, 5, 6)),
        ((2, 1, 5, 4), (2, 2, 5, 6)),
        ((2, 2, 5, 4), (2, 4, 5, 6)),
        ((2, 2, 5, 4), (2, 2, 4, 6)),
        ((2, 2, 1, 4), (2, 2, 5, 6)),
        ((2, 2, 5, 3), (2, 2, 5, 6)),
        ((2, 2, 5, 1), (2, 2, 5, 6)),
    ],
)
def test_keys_and_values_that_do_not_fit_are_refused(submission, rng, key, value):
    query = tensor(rng, 2, 4, 3, 4)
    assert_raises(
        ValueError,
        submission.grouped_query_attention,
        query,
        tensor(rng, *key),
        tensor(rng, *value),
    )


# ── merge_kv_heads ────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Which query heads will read new head 0? And what is new head 0 made of?")
def test_a_new_head_is_the_mean_of_the_neighbours_that_will_share_it(submission, rng):
    weight = tensor(rng, 4 * 3, 5)
    assert_close(
        submission.merge_kv_heads(weight, heads=4, kv_heads=2), merge_kv_heads(weight, 4, 2)
    )


@points(0.5)
@hint("What has to come out when all heads are the same?")
def test_heads_that_are_all_the_same_stay_as_they_are(submission, rng):
    head = tensor(rng, 2, 5)
    result = submission.merge_kv_heads(head.repeat(6, 1), heads=6, kv_heads=2)
    assert_close(result, head.repeat(2, 1))


@points(0.5)
@hint("How many heads are in a group when there are as many kv heads, and when there is one?")
@pytest.mark.parametrize(("heads", "kv_heads"), [(3, 3), (6, 1), (6, 3), (1, 1)])
def test_groups_may_be_of_any_size(submission, rng, heads, kv_heads):
    weight = tensor(rng, heads * 2, 7)
    assert_close(
        submission.merge_kv_heads(weight, heads, kv_heads), merge_kv_heads(weight, heads, kv_heads)
    )


@points(0.5)
@hint("If heads of a group have the same keys, what changes when they share one?")
def test_merging_equal_heads_changes_no_attention(submission, rng):
    x, query = tensor(rng, 1, 5, 6), tensor(rng, 1, 4, 3, 2)
    weight = tensor(rng, 2, 2, 6).repeat_interleave(2, dim=0).flatten(0, 1)
    full = (x @ weight.T).view(1, 5, 4, 2).transpose(1, 2)
    merged = submission.merge_kv_heads(weight, heads=4, kv_heads=2)
    shared = (x @ merged.T).view(1, 5, 2, 2).transpose(1, 2)
    assert_close(attention(query, shared, shared), attention(query, full, full))


@points(0.25)
@hint("view wants its elements next to each other in memory. And does the gradient flow?")
def test_the_weight_may_be_a_view_and_gets_its_gradient(submission, rng):
    weight, upstream = tensor(rng, 5, 8).T, tensor(rng, 4, 5)
    assert_close(submission.merge_kv_heads(weight, 4, 2), merge_kv_heads(weight, 4, 2))
    (given,) = submission.gradients("merge_kv_heads", weight, 4, 2, upstream=upstream)
    expected = upstream.view(2, 1, 2, 5).expand(2, 2, 2, 5).reshape(8, 5) / 2
    assert_close(given, expected)


@points(0.5)
@hint("How many rows would a head have, and how many heads a group?")
@pytest.mark.parametrize(
    ("rows", "heads", "kv_heads"), [(10, 4, 2), (6, 12, 3), (12, 4, 3), (12, 2, 4)]
)
def test_heads_that_do_not_divide_are_refused(submission, rng, rows, heads, kv_heads):
    assert_raises(ValueError, submission.merge_kv_heads, tensor(rng, rows, 5), heads, kv_heads)


# ── attention_costs ───────────────────────────────────────────────────────────────────────────


def assert_costs(costs, parameters, kv_bytes, decode_flops):
    """Compare the dict: exactly these keys, ints exact, the intensity up to rounding."""
    exact = {"parameters": parameters, "kv_bytes": kv_bytes, "decode_flops": decode_flops}
    assert_close(costs, {**exact, "intensity": decode_flops / kv_bytes})
    assert_equal({name: costs[name] for name in exact}, exact)


@points(1.5)
@hint("Write down which heads each number counts: the query heads, the kv heads, or both.")
def test_the_costs_of_a_grouped_layer(submission):
    costs = submission.attention_costs(d_model=24, heads=6, kv_heads=2, layers=1, tokens=7)
    assert_costs(
        costs,
        parameters=2 * 24 * 6 * 4 + 2 * 24 * 2 * 4,
        kv_bytes=2 * 2 * 4 * 7 * 2,
        decode_flops=4 * 6 * 4 * 7,
    )


@points(0.5)
@hint("Which of the numbers grow with the number of layers?")
def test_all_layers_are_counted_together(submission):
    costs = submission.attention_costs(d_model=24, heads=6, kv_heads=2, layers=5, tokens=7)
    assert_costs(
        costs,
        parameters=5 * (2 * 24 * 6 * 4 + 2 * 24 * 2 * 4),
        kv_bytes=5 * 2 * 2 * 4 * 7 * 2,
        decode_flops=5 * 4 * 6 * 4 * 7,
    )


@points(0.5)
@hint("Which of the numbers depend on how a value is stored?")
@pytest.mark.parametrize("size", [1, 4])
def test_only_the_cache_and_the_intensity_depend_on_the_bytes_of_a_value(submission, size):
    costs = submission.attention_costs(24, 6, 2, 3, 7, size)
    assert_costs(
        costs,
        parameters=3 * (2 * 24 * 6 * 4 + 2 * 24 * 2 * 4),
        kv_bytes=3 * 2 * 2 * 4 * 7 * size,
        decode_flops=3 * 4 * 6 * 4 * 7,
    )


@points(0.5)
@hint("What are the costs of multi-head attention, and of multi-query attention?")
@pytest.mark.parametrize("kv_heads", [1, 2, 4, 8])
def test_the_intensity_is_the_size_of_a_group(submission, kv_heads):
    costs = submission.attention_costs(16, 8, kv_heads, 2, 100)
    assert_costs(
        costs,
        parameters=2 * (2 * 16 * 16 + 2 * 16 * kv_heads * 2),
        kv_bytes=2 * 2 * kv_heads * 2 * 100 * 2,
        decode_flops=4 * 2 * 16 * 100,
    )
    assert_close(costs["intensity"], 8 / kv_heads)


@points(0.5)
@hint("Which sizes have to divide which, and which values make no sense?")
@pytest.mark.parametrize(
    "changed",
    [
        {"d_model": 25},
        {"d_model": 3},
        {"kv_heads": 4},
        {"kv_heads": 12},
        {"d_model": 0},
        {"heads": 0},
        {"kv_heads": 0},
        {"kv_heads": -2},
        {"layers": 0},
        {"tokens": 0},
        {"bytes_per_value": 0},
    ],
    ids=str,
)
def test_impossible_sizes_are_refused(submission, changed):
    sizes = {"d_model": 24, "heads": 6, "kv_heads": 2, "layers": 3, "tokens": 7}
    assert_raises(ValueError, submission.attention_costs, **{**sizes, **changed})


@points(0.5)
@hint("Which sizes are still allowed when the limit is 1?")
def test_sizes_of_one_are_allowed(submission):
    costs = submission.attention_costs(1, 1, 1, 1, 1, 1)
    assert_costs(costs, parameters=4, kv_bytes=2, decode_flops=4)
