"""The hidden suite of attention."""

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.sandbox.probes import gradients
from autograder.suite import hint, points, tensor
from solutions.attention.attention import causal_mask, multi_head_attention
from solutions.attention.attention import scaled_dot_product_attention as attention


def partial_mask(rng, *shape):
    """Draw a mask that lets every query attend somewhere, but nowhere to all keys."""
    draws = tensor(rng, *shape)
    highest, lowest = draws.amax(-1, keepdim=True), draws.amin(-1, keepdim=True)
    return ((draws > 0) | (draws == highest)) & (draws != lowest)


def projections(rng, d_model, dtype=torch.float32):
    """Draw w_q, w_k, w_v and w_o such that queries, keys and values have variance 1."""
    return [tensor(rng, d_model, d_model, dtype=dtype, scale=d_model**-0.5) for _ in range(4)]


# ── scaled_dot_product_attention ──────────────────────────────────────────────────────────────


@points(0.5)
@hint(
    "Large head sizes push the softmax into saturation. What keeps the variance of the scores at 1?"
)
def test_scores_are_divided_by_the_square_root_of_the_head_size(submission, rng):
    query, key, value = (tensor(rng, 2, 5, 64) for _ in range(3))
    assert_close(
        submission.scaled_dot_product_attention(query, key, value), attention(query, key, value)
    )


@points(0.25)
@hint(
    "If all values are 1, what must their weighted average be? Over what do your weights sum to 1?"
)
def test_the_weights_of_each_query_sum_to_one_over_the_keys(submission, rng):
    query, key = tensor(rng, 2, 3, 4), tensor(rng, 2, 6, 4)
    result = submission.scaled_dot_product_attention(query, key, torch.ones(2, 6, 5))
    assert_close(result, torch.ones(2, 3, 5))


@points(0.25)
@hint("Which of queries, keys, d_k and d_v are left in the shape of the result?")
def test_queries_keys_and_both_sizes_may_all_differ(submission, rng):
    query, key, value = tensor(rng, 2, 3, 5), tensor(rng, 2, 7, 5), tensor(rng, 2, 7, 11)
    assert_close(
        submission.scaled_dot_product_attention(query, key, value), attention(query, key, value)
    )


@points(0.25)
@hint("What weight does the only key get? And which dimensions are there when none lead?")
def test_a_single_key_passes_its_value_on(submission, rng):
    value = tensor(rng, 1, 3)
    result = submission.scaled_dot_product_attention(tensor(rng, 1, 2), tensor(rng, 1, 2), value)
    assert_close(result, value)


@points(0.25)
@hint("Which scores make the softmax give some keys nothing and share everything among the others?")
def test_a_query_attends_only_where_the_mask_is_true(submission, rng):
    query, key, value = tensor(rng, 2, 5, 8), tensor(rng, 2, 7, 8), tensor(rng, 2, 7, 4)
    mask = partial_mask(rng, 5, 7)
    assert_close(
        submission.scaled_dot_product_attention(query, key, value, mask),
        attention(query, key, value, mask),
    )


@points(0.25)
@hint("A padding mask says the same to every head and every query. What shape would you give it?")
def test_the_mask_broadcasts_to_the_scores(submission, rng):
    query, key, value = tensor(rng, 2, 3, 5, 8), tensor(rng, 2, 3, 7, 8), tensor(rng, 2, 3, 7, 4)
    mask = partial_mask(rng, 2, 1, 1, 7)
    assert_close(
        submission.scaled_dot_product_attention(query, key, value, mask),
        attention(query, key, value, mask),
    )


@points(0.25)
@hint("What is left to divide by in the softmax of a row that may attend nowhere?")
def test_a_query_that_may_attend_nowhere_gets_zeros(submission, rng):
    query, key, value = (tensor(rng, 4, 8) for _ in range(3))
    mask = torch.ones(4, 4, dtype=torch.bool)
    mask[2] = False
    assert_close(
        submission.scaled_dot_product_attention(query, key, value, mask),
        attention(query, key, value, mask),
    )


@points(0.25)
@hint("Does anything cut your result off from the arguments, such as item(), detach() or numpy()?")
def test_gradients_reach_query_key_and_value(submission, rng):
    arguments = tensor(rng, 2, 5, 8), tensor(rng, 2, 7, 8), tensor(rng, 2, 7, 4)
    upstream = tensor(rng, 2, 5, 4)
    assert_close(
        submission.gradients(
            "scaled_dot_product_attention", *arguments, wrt=(0, 1, 2), upstream=upstream
        ),
        gradients(attention, arguments, {}, (0, 1, 2), upstream),
    )


@points(0.25)
@hint("The backward pass meets every number of the forward pass again. Is one of them NaN?")
def test_a_query_that_may_attend_nowhere_has_finite_gradients(submission, rng):
    query, key, value = (tensor(rng, 4, 8) for _ in range(3))
    mask = torch.ones(4, 4, dtype=torch.bool)
    mask[1] = False
    arguments = query, key, value, mask
    assert_close(
        submission.gradients("scaled_dot_product_attention", *arguments, wrt=(0, 1, 2)),
        gradients(attention, arguments, {}, (0, 1, 2), None),
    )


@points(0.25)
@hint("exp(89) overflows float32, exp(−104) is 0. Which scores are safe, with the same softmax?")
def test_scores_of_ten_thousand_neither_overflow_nor_vanish(submission, rng):
    # Queries of ±4 and d_k = 16 make the scores ±key, all of them exact.
    query, key = torch.zeros(2, 16), torch.zeros(5, 16)
    query[:, 0] = torch.tensor([4.0, -4.0])
    key[:, 0] = torch.tensor([10_000.0, 9_000.0, 10_000.0, 9_500.0, 9_000.0])
    value = tensor(rng, 5, 3)
    expected = torch.stack([(value[0] + value[2]) / 2, (value[1] + value[4]) / 2])
    assert_close(submission.scaled_dot_product_attention(query, key, value), expected)


@points(0.25)
@hint("Which of your operations name a dimension by counting from the front?")
def test_leading_dimensions_broadcast(submission, rng):
    query, key, value = tensor(rng, 2, 1, 5, 4), tensor(rng, 3, 7, 4), tensor(rng, 7, 6)
    assert_close(
        submission.scaled_dot_product_attention(query, key, value), attention(query, key, value)
    )


@points(0.25)
@hint("Where does your code make a tensor of another dtype, and does it find its way back?")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_result_has_the_dtype_and_precision_of_the_query(submission, rng, dtype):
    query, key, value = (tensor(rng, 2, 5, 8, dtype=dtype) for _ in range(3))
    mask = partial_mask(rng, 5, 5)
    assert_close(
        submission.scaled_dot_product_attention(query, key, value, mask),
        attention(query, key, value, mask),
        check_dtype=True,
    )


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_arguments_need_not_be_contiguous(submission, rng):
    query, key, value = (tensor(rng, 5, 2, 8).transpose(0, 1) for _ in range(3))
    assert_close(
        submission.scaled_dot_product_attention(query, key, value), attention(query, key, value)
    )


@points(0.25)
@hint("What has to be the same in a query and a key for their dot product to exist?")
@pytest.mark.parametrize("d_k", [4, 8])
def test_query_and_key_of_different_size_are_refused(submission, rng, d_k):
    query, key, value = tensor(rng, 3, 6), tensor(rng, 5, d_k), tensor(rng, 5, 6)
    assert_raises(ValueError, submission.scaled_dot_product_attention, query, key, value)


@points(0.25)
@hint("Which value would a key without one stand for?")
@pytest.mark.parametrize("values", [4, 6])
def test_keys_without_their_values_are_refused(submission, rng, values):
    query, key, value = tensor(rng, 3, 8), tensor(rng, 5, 8), tensor(rng, values, 8)
    assert_raises(ValueError, submission.scaled_dot_product_attention, query, key, value)


# ── causal_mask ───────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Write the mask of three tokens down. Which keys does the first token see, which the last?")
def test_every_token_sees_itself_and_all_before_it(submission):
    assert_equal(submission.causal_mask(5, 5), causal_mask(5, 5))


@points(0.5)
@hint("With a cache the queries are the newest tokens. Which keys does the last one see?")
@pytest.mark.parametrize(("queries", "keys"), [(2, 6), (3, 4)])
def test_the_last_query_sees_every_key(submission, queries, keys):
    assert_equal(submission.causal_mask(queries, keys), causal_mask(queries, keys))


@points(0.25)
@hint("Four tokens at once, then the fourth alone: does it see the same? And the first alone?")
def test_a_query_sees_the_same_alone_as_among_others(submission):
    sizes = [(4, 4), (1, 4), (1, 1)]
    masks = [submission.causal_mask(queries, keys) for queries, keys in sizes]
    assert_equal(masks, [causal_mask(queries, keys) for queries, keys in sizes])


@points(0.25)
@hint("How many rows does the mask of no query have, and how many columns?")
@pytest.mark.parametrize("keys", [0, 3])
def test_no_query_gives_an_empty_mask(submission, keys):
    assert_equal(submission.causal_mask(0, keys), torch.ones(0, keys, dtype=torch.bool))


@points(0.5)
@hint("If the last query sees every key, where would the first of more queries than keys stand?")
@pytest.mark.parametrize(("queries", "keys"), [(-1, 4), (-3, -2), (3, 2), (1, 0)])
def test_impossible_sizes_are_refused(submission, queries, keys):
    assert_raises(ValueError, submission.causal_mask, queries, keys)


# ── multi_head_attention ──────────────────────────────────────────────────────────────────────


@points(0.5)
@hint(
    "Number the elements of x. Which of them should the first head hold, and where do they go back?"
)
def test_a_head_is_a_slice_of_the_columns_over_all_tokens(submission, rng):
    x, identity = tensor(rng, 2, 4, 6), torch.eye(6)
    # Queries of zero attend to all tokens alike.
    result = submission.multi_head_attention(
        x, torch.zeros(6, 6), identity, identity, identity, heads=2
    )
    assert_close(result, x.mean(dim=1, keepdim=True).expand(2, 4, 6))


@points(0.75)
@hint("How many products does one score of one head add up, and what is the variance of their sum?")
def test_scores_are_divided_by_the_square_root_of_the_size_of_a_head(submission, rng):
    x, identity = tensor(rng, 1, 5, 32), torch.eye(32)
    weights = (identity, identity, identity, identity)
    assert_close(
        submission.multi_head_attention(x, *weights, heads=8),
        multi_head_attention(x, *weights, heads=8),
    )


@points(0.5)
@hint("Side by side the heads do not know of each other. What mixes them?")
def test_the_heads_are_mixed_by_w_o(submission, rng):
    x, identity = tensor(rng, 3, 1, 6), torch.eye(6)
    w_o = tensor(rng, 6, 6)
    # A token that is alone attends to itself, whatever its query and key.
    result = submission.multi_head_attention(x, identity, identity, identity, w_o, heads=2)
    assert_close(result, x @ w_o.T)


@points(0.25)
@hint("torch.nn.Linear keeps one row for each output. How does it multiply?")
def test_weights_are_those_of_torch_nn_linear(submission, rng):
    x, identity = tensor(rng, 3, 1, 6), torch.eye(6)
    w_v = tensor(rng, 6, 6)
    result = submission.multi_head_attention(x, identity, identity, w_v, identity, heads=2)
    assert_close(result, x @ w_v.T)


@points(0.5)
@hint("Write the shape behind every line. Where is it not what you meant?")
def test_all_steps_together_give_multi_head_attention(submission, rng):
    x, weights = tensor(rng, 2, 7, 12), projections(rng, 12)
    assert_close(
        submission.multi_head_attention(x, *weights, heads=3),
        multi_head_attention(x, *weights, heads=3),
    )


@points(0.5)
@hint("What does one head do that plain attention does not? And heads of size one?")
@pytest.mark.parametrize("heads", [1, 2, 5, 10])
def test_any_number_of_heads_that_divides_d_model_will_do(submission, rng, heads):
    x, weights = tensor(rng, 1, 3, 10), projections(rng, 10)
    assert_close(
        submission.multi_head_attention(x, *weights, heads=heads),
        multi_head_attention(x, *weights, heads=heads),
    )


@points(0.5)
@hint("Does every head of every batch row get to see the mask?")
def test_a_mask_of_tokens_by_tokens_holds_for_all_heads(submission, rng):
    x, weights, mask = tensor(rng, 2, 5, 8), projections(rng, 8), partial_mask(rng, 5, 5)
    assert_close(
        submission.multi_head_attention(x, *weights, heads=2, mask=mask),
        multi_head_attention(x, *weights, heads=2, mask=mask),
    )


@points(0.5)
@hint("Which shape do your scores have when the mask meets them?")
@pytest.mark.parametrize(("batch", "heads"), [(2, 1), (1, 4), (2, 4)])
def test_a_mask_may_differ_by_batch_row_and_by_head(submission, rng, batch, heads):
    x, weights = tensor(rng, 2, 5, 8), projections(rng, 8)
    mask = partial_mask(rng, batch, heads, 5, 5)
    assert_close(
        submission.multi_head_attention(x, *weights, heads=4, mask=mask),
        multi_head_attention(x, *weights, heads=4, mask=mask),
    )


@points(0.5)
@hint("Nothing here knows of positions. What should another order of the tokens change?")
def test_another_order_of_the_tokens_only_reorders_the_results(submission, rng):
    x, weights = tensor(rng, 2, 6, 8), projections(rng, 8)
    order = torch.from_numpy(rng.permutation(6))
    given = submission.multi_head_attention(x, *weights, heads=2)
    reordered = submission.multi_head_attention(x[:, order], *weights, heads=2)
    assert_close(reordered, given[:, order])


@points(0.25)
@hint("What does w_o make of a token whose heads all found nothing?")
def test_a_token_that_may_attend_nowhere_gets_zeros(submission, rng):
    x, weights, mask = tensor(rng, 2, 5, 8), projections(rng, 8), partial_mask(rng, 5, 5)
    mask[3] = False
    assert_close(
        submission.multi_head_attention(x, *weights, heads=2, mask=mask),
        multi_head_attention(x, *weights, heads=2, mask=mask),
    )


@points(0.5)
@hint("Which weight could you change without your result knowing where it came from?")
def test_gradients_reach_x_and_all_weights(submission, rng):
    arguments = tensor(rng, 2, 5, 8), *projections(rng, 8), 2
    upstream = tensor(rng, 2, 5, 8)
    wrt = (0, 1, 2, 3, 4)
    assert_close(
        submission.gradients("multi_head_attention", *arguments, wrt=wrt, upstream=upstream),
        gradients(multi_head_attention, arguments, {}, wrt, upstream),
    )


@points(0.25)
@hint("Which tensors do you make yourself, and of which dtype?")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_result_has_the_dtype_and_precision_of_x(submission, rng, dtype):
    x, mask = tensor(rng, 2, 5, 8, dtype=dtype), partial_mask(rng, 5, 5)
    weights = projections(rng, 8, dtype=dtype)
    assert_close(
        submission.multi_head_attention(x, *weights, heads=2, mask=mask),
        multi_head_attention(x, *weights, heads=2, mask=mask),
        check_dtype=True,
    )


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_tokens_and_weights_need_not_be_contiguous(submission, rng):
    x = tensor(rng, 5, 2, 8).transpose(0, 1)
    weights = [weight.T for weight in projections(rng, 8)]
    assert_close(
        submission.multi_head_attention(x, *weights, heads=2),
        multi_head_attention(x, *weights, heads=2),
    )


@points(0.25)
@hint("How many columns would each of three heads get out of eight?")
@pytest.mark.parametrize("heads", [3, 16])
def test_heads_that_do_not_divide_d_model_are_refused(submission, rng, heads):
    x, weights = tensor(rng, 1, 2, 8), projections(rng, 8)
    assert_raises(ValueError, submission.multi_head_attention, x, *weights, heads)
