"""The hidden suite of positional_encoding."""

import math

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises, assert_shape
from autograder.suite import gradients, hint, points, tensor
from solutions.positional_encoding.positional_encoding import (
    alibi_bias,
    alibi_slopes,
    apply_rope,
    sinusoidal_encoding,
)

# Angles in float32 are legal: at position 2047 they are off by up to some 1e-4.
ANGLES = {"rtol": 0, "atol": 1e-3}


def bounded(rng, *shape):
    """Draw numbers between −1 and 1, so that an error of the angle is not magnified."""
    return torch.from_numpy(rng.uniform(-1, 1, shape)).float()


# ── sinusoidal_encoding ───────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Write down the row of position 1 for d_model = 6. Which number stands beside sin 1?")
def test_sine_and_cosine_stand_side_by_side(submission):
    positions = torch.arange(4)
    assert_close(
        submission.sinusoidal_encoding(positions, 6), sinusoidal_encoding(positions, 6), **ANGLES
    )


@points(0.5)
@hint("What is sin² + cos² of one angle? What does your pair of columns give?")
def test_a_sine_and_the_cosine_beside_it_share_their_frequency(submission):
    encoding = submission.sinusoidal_encoding(torch.tensor([1, 2, 3]), 8)
    assert_shape(encoding, (3, 8))
    assert_close(encoding[:, 0::2] ** 2 + encoding[:, 1::2] ** 2, torch.ones(3, 4), **ANGLES)


@points(0.25)
@hint("What are the sine and the cosine of 0?")
def test_position_zero_is_zeros_and_ones_by_turns(submission):
    expected = torch.tensor([[0.0, 1.0, 0.0, 1.0, 0.0, 1.0]])
    assert_close(submission.sinusoidal_encoding(torch.tensor([0]), 6), expected, **ANGLES)


@points(0.25)
@hint("Does a row of yours depend on its position, or on its place in the list of positions?")
def test_positions_may_come_in_any_order_and_more_than_once(submission):
    positions = torch.tensor([5, 2, 2, 0, 9])
    assert_close(
        submission.sinusoidal_encoding(positions, 6), sinusoidal_encoding(positions, 6), **ANGLES
    )


@points(0.25)
@hint("Which of your numbers would change if the base did?")
@pytest.mark.parametrize("base", [16.0, 500_000.0])
def test_the_frequencies_follow_the_base(submission, base):
    positions = torch.tensor([1, 2, 3])
    assert_close(
        submission.sinusoidal_encoding(positions, 8, base),
        sinusoidal_encoding(positions, 8, base),
        **ANGLES,
    )


@points(0.25)
@hint("How many pairs does a row of d_model columns have, and how is the exponent of each made?")
@pytest.mark.parametrize("d_model", [2, 4, 10, 64])
def test_any_even_size_will_do(submission, d_model):
    positions = torch.arange(3, 10)
    assert_close(
        submission.sinusoidal_encoding(positions, d_model),
        sinusoidal_encoding(positions, d_model),
        **ANGLES,
    )


@points(0.25)
@hint("How exact is the angle of position 2000 in the dtype that you compute it in?")
def test_late_positions_are_exact_to_a_thousandth(submission, rng):
    positions = torch.from_numpy(rng.integers(1024, 2048, 16))
    assert_close(
        submission.sinusoidal_encoding(positions, 64), sinusoidal_encoding(positions, 64), **ANGLES
    )


@points(0.25)
@hint("What can a −1 in view stand for when there are no elements?")
def test_no_positions_give_no_rows(submission):
    empty = torch.empty(0, dtype=torch.int64)
    assert_close(submission.sinusoidal_encoding(empty, 6), torch.empty(0, 6))


@points(0.5)
@hint("What would the last column be paired with? And how many pairs have no columns?")
@pytest.mark.parametrize("d_model", [5, 1, 0, -2])
def test_sizes_without_pairs_are_refused(submission, d_model):
    assert_raises(ValueError, submission.sinusoidal_encoding, torch.arange(3), d_model)


# ── apply_rope ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Set x to (1, 0, 0, 0, 0, 0). Which two numbers of the result may not be zero?")
def test_each_dimension_turns_with_its_neighbour(submission, rng):
    x, positions = tensor(rng, 4, 6), torch.arange(4)
    assert_close(submission.apply_rope(x, positions), apply_rope(x, positions), **ANGLES)


@points(0.5)
@hint("Which angle belongs to position 0, and what does a turn by that angle change?")
def test_position_zero_changes_nothing(submission, rng):
    x, positions = tensor(rng, 3, 6), torch.zeros(3, dtype=torch.int64)
    assert_close(submission.apply_rope(x, positions), x, **ANGLES)


@points(0.5)
@hint("With a cache, one new token comes with its position. Does your code look at it?")
def test_positions_are_taken_from_the_argument(submission, rng):
    x, positions = tensor(rng, 3, 4), torch.tensor([4, 2, 2])
    assert_close(submission.apply_rope(x, positions), apply_rope(x, positions), **ANGLES)


@points(0.5)
@hint("Twice as long a text is to look as long as before. What happens to its positions?")
def test_positions_are_divided_by_scale(submission, rng):
    x, positions = tensor(rng, 3, 4), torch.tensor([1, 2, 3])
    assert_close(
        submission.apply_rope(x, positions, scale=2.0),
        apply_rope(x, positions, scale=2.0),
        **ANGLES,
    )


@points(0.25)
@hint("What is position 3 at a scale of 2.5? Is that still an integer?")
@pytest.mark.parametrize("scale", [2.5, 0.5, 8])
def test_scaled_positions_may_be_fractions(submission, rng, scale):
    x, positions = tensor(rng, 5, 8), torch.arange(3, 8)
    assert_close(
        submission.apply_rope(x, positions, 10000.0, scale),
        apply_rope(x, positions, 10000.0, scale),
        **ANGLES,
    )


@points(0.25)
@hint("Which pairs turn slower when the base grows? And the first pair?")
@pytest.mark.parametrize("base", [16.0, 500_000.0])
def test_the_speed_of_each_pair_follows_the_base(submission, rng, base):
    x, positions = tensor(rng, 3, 6), torch.tensor([1, 2, 3])
    assert_close(
        submission.apply_rope(x, positions, base), apply_rope(x, positions, base), **ANGLES
    )


@points(0.25)
@hint("What does a rotation leave as it was?")
def test_the_length_of_each_pair_stays(submission, rng):
    x, positions = bounded(rng, 6, 8), torch.from_numpy(rng.integers(0, 2048, 6))
    result = submission.apply_rope(x, positions)
    assert_shape(result, (6, 8))
    assert_close(result.view(6, 4, 2).norm(dim=-1), x.view(6, 4, 2).norm(dim=-1), **ANGLES)


@points(0.5)
@hint("Move query and key by the same number of positions. What should their dot product do?")
def test_dot_products_depend_on_the_distance_alone(submission, rng):
    query, key = bounded(rng, 1, 8).expand(4, 8), bounded(rng, 1, 8).expand(4, 8)
    positions = torch.tensor([3, 4, 10, 57])
    queries = submission.apply_rope(query, positions + 5)
    keys = submission.apply_rope(key, positions)
    assert_shape(queries, (4, 8))
    assert_shape(keys, (4, 8))
    near = apply_rope(query[:1], torch.tensor([5])) @ key[0]
    assert_close((queries * keys).sum(dim=-1), near.expand(4), **ANGLES)


@points(0.25)
@hint("Which axis of x do the positions belong to, counted from the end?")
@pytest.mark.parametrize(
    "shape", [(5, 8), (3, 5, 8), (2, 3, 5, 8), (5, 5, 5, 4), (1, 1, 5, 2), (2, 1, 3, 5, 4)]
)
def test_any_number_of_leading_dimensions_will_do(submission, rng, shape):
    x, positions = tensor(rng, *shape), torch.tensor([7, 0, 3, 1, 4])
    assert_close(submission.apply_rope(x, positions), apply_rope(x, positions), **ANGLES)


@points(0.25)
@hint("How exact is the angle of position 2000 in the dtype that you compute it in?")
def test_late_positions_turn_exactly_to_a_thousandth(submission, rng):
    x, positions = bounded(rng, 16, 64), torch.from_numpy(rng.integers(1024, 2048, 16))
    assert_close(submission.apply_rope(x, positions), apply_rope(x, positions), **ANGLES)


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_x_need_not_be_contiguous(submission, rng):
    x, positions = tensor(rng, 2, 5, 3, 8).transpose(1, 2), torch.arange(2, 7)
    assert_close(submission.apply_rope(x, positions), apply_rope(x, positions), **ANGLES)


@points(0.25)
@hint("Does anything cut your result off from x, such as item(), detach() or numpy()?")
def test_gradients_reach_x(submission, rng):
    x, positions, upstream = tensor(rng, 2, 5, 6), torch.arange(1, 6), tensor(rng, 2, 5, 6)
    assert_close(
        submission.gradients("apply_rope", x, positions, upstream=upstream),
        gradients(apply_rope, x, positions, upstream=upstream),
        **ANGLES,
    )


@points(0.25)
@hint("What would the last of an odd number of dimensions turn with?")
@pytest.mark.parametrize("head_dim", [1, 5])
def test_an_odd_size_of_a_head_is_refused(submission, rng, head_dim):
    assert_raises(ValueError, submission.apply_rope, tensor(rng, 2, 3, head_dim), torch.arange(3))


@points(0.25)
@hint("PyTorch stretches what has size 1. Which wrong numbers of positions would it let pass?")
@pytest.mark.parametrize(("tokens", "count"), [(3, 2), (3, 4), (3, 1), (1, 3)])
def test_another_number_of_positions_than_tokens_is_refused(submission, rng, tokens, count):
    assert_raises(ValueError, submission.apply_rope, tensor(rng, 3, tokens, 4), torch.arange(count))


@points(0.25)
@hint("Which position does a token get when it is divided by zero? And below zero?")
@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_a_scale_that_is_not_positive_is_refused(submission, rng, scale):
    x, positions = tensor(rng, 3, 4), torch.arange(3)
    assert_raises(ValueError, submission.apply_rope, x, positions, scale=scale)


# ── alibi_slopes ──────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("What is the last slope for any power of two, and the ratio of two neighbours?")
@pytest.mark.parametrize("heads", [1, 2, 4, 8, 16, 64])
def test_slopes_for_a_power_of_two_are_geometric(submission, heads):
    assert_close(submission.alibi_slopes(heads), alibi_slopes(heads))


@points(0.75)
@hint("List the slopes for m and for 2m heads. Which of the longer list are not in the shorter?")
@pytest.mark.parametrize("heads", [3, 5, 6, 7, 12, 40])
def test_further_slopes_fall_between_those_of_a_power_of_two(submission, heads):
    assert_close(submission.alibi_slopes(heads), alibi_slopes(heads))


@points(0.25)
@hint("Do the first 8 of 12 heads keep the slopes that they have without the other 4?")
def test_the_slopes_of_the_power_of_two_come_first(submission):
    slopes = submission.alibi_slopes(12)
    assert_shape(slopes, (12,))
    assert_close(slopes[:8], 2.0 ** -torch.arange(1.0, 9.0))


@points(0.25)
@hint("What would two heads of the same slope do that one does not?")
@pytest.mark.parametrize("heads", [7, 24])
def test_no_two_heads_share_a_slope(submission, heads):
    slopes = submission.alibi_slopes(heads)
    assert_shape(slopes, (heads,))
    assert_equal(len(set(slopes.tolist())), heads, name="the number of different slopes")


@points(0.25)
@hint("How many slopes does each part of your list have, for one head more than a power of two?")
@pytest.mark.parametrize("heads", [1, 9, 31, 32, 33])
def test_there_is_one_slope_a_head(submission, heads):
    assert_shape(submission.alibi_slopes(heads), (heads,))


@points(0.5)
@hint("What is the largest power of two below 1?")
@pytest.mark.parametrize("heads", [0, -4])
def test_no_heads_have_no_slopes(submission, heads):
    assert_raises(ValueError, submission.alibi_slopes, heads)


# ── alibi_bias ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("How far is a query from its own key, and from the key before? What does it pay for that?")
def test_the_penalty_is_slope_times_distance(submission):
    assert_close(submission.alibi_bias(2, 4, 4), alibi_bias(2, 4, 4))


@points(0.75)
@hint("Five tokens are cached and two queries come. Where do the queries stand?")
@pytest.mark.parametrize(("queries", "keys"), [(2, 7), (3, 4)])
def test_the_queries_are_the_last_ones_of_the_keys(submission, queries, keys):
    assert_close(submission.alibi_bias(2, queries, keys), alibi_bias(2, queries, keys))


@points(0.5)
@hint("Which bias makes the weight of a key exactly zero?")
def test_later_keys_are_hidden_and_no_others(submission):
    bias = submission.alibi_bias(4, 3, 3)
    assert_shape(bias, (4, 3, 3))
    later = torch.ones(3, 3, dtype=torch.bool).triu(diagonal=1)
    assert_equal(bias == -math.inf, later.expand(4, 3, 3))


@points(0.25)
@hint("Which axis of the result are the heads, and which slope belongs to each?")
@pytest.mark.parametrize("heads", [1, 3, 8])
def test_every_head_has_its_own_slope(submission, heads):
    assert_close(submission.alibi_bias(heads, 3, 5), alibi_bias(heads, 3, 5))


@points(0.25)
@hint("A query comes alone, then as the last of four. Should its bias differ?")
def test_one_query_gets_the_last_row_of_many(submission):
    assert_close(submission.alibi_bias(2, 1, 4), alibi_bias(2, 4, 4)[:, -1:])


@points(0.25)
@hint("Which shape does the bias of no query have?")
@pytest.mark.parametrize("keys", [0, 3])
def test_no_query_gives_no_rows(submission, keys):
    assert_close(submission.alibi_bias(2, 0, keys), torch.empty(2, 0, keys))


@points(0.5)
@hint("Where would the first of more queries than keys stand?")
@pytest.mark.parametrize(
    ("heads", "queries", "keys"), [(0, 2, 3), (-1, 2, 3), (2, -1, 3), (2, 4, 3), (2, 1, 0)]
)
def test_impossible_sizes_are_refused(submission, heads, queries, keys):
    assert_raises(ValueError, submission.alibi_bias, heads, queries, keys)
