"""The hidden suite of attention_masks."""

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_finite, assert_raises, assert_shape
from autograder.suite import gradients, hint, points, tensor
from solutions.attention_masks.attention_masks import attention_entropy, attention_mask
from solutions.attention_masks.attention_masks import attention_supervision_loss as supervision_loss

ALL_REAL = torch.ones(1, 6, dtype=torch.bool)

# A divergence is the difference of two larger numbers, so its error does not shrink with it.
LOSS = {"rtol": 1e-5, "atol": 1e-5}


def marks(*rows):
    """Read a mask from rows of text, an x where it is True."""
    return torch.tensor([[sign == "x" for sign in row] for row in rows])


def partial_mask(rng, *shape):
    """Draw a mask that lets each query attend to two keys at least, but not to all."""
    rank = tensor(rng, *shape).argsort(dim=-1).argsort(dim=-1)
    allowed = torch.from_numpy(rng.integers(2, shape[-1], shape[:-1]))
    return rank < allowed[..., None]


def attention(rng, *shape, mask=None):
    """Draw rows of weights that sum to 1, with 0 where the mask is False."""
    scores = tensor(rng, *shape)
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=-1)


# ── attention_mask ────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("Which keys does the first token see, and which the last?")
def test_by_default_every_token_sees_itself_and_all_before_it(submission):
    triangle = torch.ones(4, 4, dtype=torch.bool).tril()
    given = submission.attention_mask(torch.ones(2, 4, dtype=torch.bool))
    assert_equal(given, triangle.expand(2, 4, 4))


@points(0.25)
@hint("What is left to forbid when nothing is padding, causal or windowed?")
def test_without_causality_and_window_all_see_all(submission):
    given = submission.attention_mask(torch.ones(3, 5, dtype=torch.bool), causal=False)
    assert_equal(given, torch.ones(3, 5, 5, dtype=torch.bool))


@points(0.5)
@hint("Which rows and which columns of the mask belong to padding? What should both hold?")
@pytest.mark.parametrize("causal", [True, False])
def test_padding_neither_attends_nor_is_attended_to(submission, causal):
    real = marks("xxxx..", "..xxxx", "x..x.x", "xxxxxx", "......")
    assert_equal(submission.attention_mask(real, causal=causal), attention_mask(real, causal))


@points(0.5)
@hint("How many keys does a causal query see with a window of 1? And with a window of 3?")
@pytest.mark.parametrize("window", [1, 3])
def test_a_window_counts_the_token_itself(submission, window):
    given = submission.attention_mask(ALL_REAL, window=window)
    assert_equal(given, attention_mask(ALL_REAL, window=window))


@points(0.25)
@hint("Without causality, on which sides of a token do its neighbours stand?")
def test_without_causality_a_window_reaches_both_ways(submission):
    expected = attention_mask(ALL_REAL, causal=False, window=2)
    assert_equal(submission.attention_mask(ALL_REAL, causal=False, window=2), expected)


@points(0.25)
@hint("Which keys does the last token see besides those of its window?")
@pytest.mark.parametrize("causal", [True, False])
def test_the_first_tokens_stay_visible_as_sinks(submission, causal):
    expected = attention_mask(ALL_REAL, causal, window=2, sinks=2)
    assert_equal(submission.attention_mask(ALL_REAL, causal, window=2, sinks=2), expected)


@points(0.5)
@hint("A row starts with padding. In which column does its first token stand?")
def test_sinks_are_the_first_real_tokens_of_each_row(submission):
    real = marks("..xxxxx", "x.x.xxx", "xxxxxxx", ".....xx")
    expected = attention_mask(real, window=1, sinks=2)
    assert_equal(submission.attention_mask(real, window=1, sinks=2), expected)


@points(0.25)
@hint("How many sinks does a row of two tokens have when three are asked for?")
def test_a_row_may_have_fewer_tokens_than_sinks(submission):
    real = marks("..xx.", ".....", "xxxxx")
    expected = attention_mask(real, causal=False, window=1, sinks=3)
    assert_equal(submission.attention_mask(real, causal=False, window=1, sinks=3), expected)


@points(0.5)
@hint("Look at the row and at the column of a global token. What should both hold?")
def test_global_tokens_see_all_and_are_seen_by_all(submission):
    expected = attention_mask(ALL_REAL, causal=False, window=1, global_tokens=[2])
    given = submission.attention_mask(ALL_REAL, causal=False, window=1, global_tokens=[2])
    assert_equal(given, expected)


@points(0.25)
@hint("What would a token that sees later ones learn when it is trained to predict them?")
def test_causality_binds_global_tokens(submission):
    expected = attention_mask(ALL_REAL, window=2, global_tokens=[3])
    assert_equal(submission.attention_mask(ALL_REAL, window=2, global_tokens=[3]), expected)


@points(0.25)
@hint("Is a set of columns changed when one of them is named again, or in another order?")
@pytest.mark.parametrize("columns", [[5, 0], (0, 5, 0), [5, 5, 5, 0]], ids=str)
def test_global_tokens_are_a_set_of_columns(submission, columns):
    expected = attention_mask(ALL_REAL, causal=False, window=2, global_tokens=[0, 5])
    given = submission.attention_mask(ALL_REAL, False, 2, global_tokens=columns)
    assert_equal(given, expected)


@points(0.25)
@hint("A column is global, but in one row it holds padding. What may happen there?")
def test_padding_in_a_global_column_stays_padding(submission):
    real = marks(".xxxx", "xxxxx", "xxx.x")
    expected = attention_mask(real, causal=False, window=1, global_tokens=(0, 3))
    given = submission.attention_mask(real, causal=False, window=1, global_tokens=(0, 3))
    assert_equal(given, expected)


@points(0.25)
@hint("Write the rule down as one expression of and and or. Where do its brackets stand?")
@pytest.mark.parametrize(
    ("causal", "window", "sinks", "columns"),
    [
        (True, 3, 2, (1, 7)),
        (False, 3, 2, (1, 7)),
        (True, None, 2, (4,)),
        (False, None, 3, ()),
        (True, 2, 0, (0,)),
        (True, 100, 1, ()),
    ],
    ids=str,
)
def test_all_rules_hold_together(submission, rng, causal, window, sinks, columns):
    real = torch.from_numpy(rng.random((10, 4)) < 0.7).T
    assert_equal(
        submission.attention_mask(real, causal, window, sinks, columns),
        attention_mask(real, causal, window, sinks, columns),
    )


@points(0.25)
@hint("What does a token that is alone see? And one that is no token?")
@pytest.mark.parametrize("window", [None, 1])
def test_a_single_token_sees_itself(submission, window):
    real = torch.tensor([[True], [False]])
    expected = torch.tensor([[[True]], [[False]]])
    assert_equal(submission.attention_mask(real, window=window, global_tokens=[0]), expected)


@points(0.5)
@hint("Go through the arguments one by one: which values make no sense?")
@pytest.mark.parametrize(
    "options",
    [
        {"window": 0},
        {"window": -1},
        {"sinks": -1},
        {"window": 2, "sinks": -2},
        {"global_tokens": [6]},
        {"global_tokens": [0, -1]},
        {"window": 2, "global_tokens": (2, 9)},
    ],
    ids=str,
)
def test_impossible_options_are_refused(submission, options):
    assert_raises(ValueError, submission.attention_mask, ALL_REAL, **options)


# ── attention_entropy ─────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("What is the entropy of a uniform row, and what must you divide by to make it 1?")
@pytest.mark.parametrize("keys", [2, 3, 10])
def test_a_uniform_row_has_entropy_one(submission, keys):
    weights = torch.full((2, 3, keys), 1 / keys)
    assert_close(submission.attention_entropy(weights), torch.ones(2, 3))


@points(0.5)
@hint("Work one row out by hand: the terms, their sum, and what you divide it by.")
def test_the_entropy_is_a_share_of_the_largest_possible(submission, rng):
    weights = attention(rng, 4, 5)
    assert_close(submission.attention_entropy(weights), attention_entropy(weights))


@points(0.5)
@hint("What is the limit of w ln w as w goes to 0? Are keys of weight 0 allowed keys?")
def test_keys_of_weight_zero_add_nothing_but_are_allowed(submission, rng):
    weights = torch.cat([attention(rng, 3, 3), torch.zeros(3, 2)], dim=-1)
    weights = torch.cat([weights, torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0]])])
    assert_close(submission.attention_entropy(weights), attention_entropy(weights))


@points(0.5)
@hint("A query may attend to 2 of 8 keys and does so evenly. Which entropy does it have?")
def test_only_allowed_keys_are_counted(submission, rng):
    mask = partial_mask(rng, 2, 5, 6)
    weights = attention(rng, 2, 5, 6, mask=mask)
    assert_close(submission.attention_entropy(weights, mask), attention_entropy(weights, mask))


@points(0.25)
@hint("What is the log of 1? And what is left of a row that may attend nowhere?")
def test_fewer_than_two_allowed_keys_give_zero(submission):
    mask = marks("..x.", "....", "xx..")
    weights = torch.tensor([[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]])
    given = submission.attention_entropy(weights, mask)
    assert_close(given, torch.tensor([0.0, 0.0, 1.0]))
    assert_close(submission.attention_entropy(torch.ones(2, 3, 1)), torch.zeros(2, 3))


@points(0.25)
@hint("Which shape do you count the allowed keys in: that of the mask, or that of the weights?")
@pytest.mark.parametrize("shape", [(5, 6), (2, 1, 1, 6), (1, 6), (1, 3, 5, 6), (6,)], ids=str)
def test_the_mask_broadcasts_to_the_weights(submission, rng, shape):
    mask = partial_mask(rng, *shape)
    weights = attention(rng, 2, 3, 5, 6, mask=mask)
    assert_close(submission.attention_entropy(weights, mask), attention_entropy(weights, mask))


@points(0.25)
@hint("What is the derivative of w ln w at 0? What does the backward pass multiply it by?")
def test_gradients_are_finite_where_a_weight_is_zero(submission, rng):
    weights = torch.cat([attention(rng, 3, 3), torch.zeros(3, 2)], dim=-1)
    (found,) = submission.gradients("attention_entropy", weights)
    assert_shape(found, (3, 5))
    assert_finite(found)


@points(0.25)
@hint("Is a 0/0 ever computed, even if it is replaced afterwards? What comes back from it?")
def test_gradients_are_finite_where_too_few_keys_are_allowed(submission, rng):
    mask = marks("xxxx", "..x.", "....")
    weights = torch.zeros(3, 4)
    weights[0], weights[1, 2] = attention(rng, 4), 1.0
    (found,) = submission.gradients("attention_entropy", weights, mask)
    assert_shape(found, (3, 4))
    assert_finite(found)


@points(0.25)
@hint("Which dimensions does the result keep?")
@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5), (1, 1, 1, 5)], ids=str)
def test_there_is_one_entropy_a_query(submission, rng, shape):
    weights = attention(rng, *shape)
    assert_close(submission.attention_entropy(weights), attention_entropy(weights))


# ── attention_supervision_loss ────────────────────────────────────────────────────────────────


@points(0.25)
@hint("What is the loss when the attention is the target? And which distribution comes first?")
def test_the_loss_is_the_divergence_of_the_attention_from_the_target(submission, rng):
    scores, target = tensor(rng, 1, 5), attention(rng, 1, 5)
    assert_close(
        submission.attention_supervision_loss(scores, target),
        supervision_loss(scores, target),
        **LOSS,
    )


@points(0.25)
@hint("What is the limit of t ln t as t goes to 0?")
def test_a_target_of_zero_adds_nothing(submission, rng):
    scores = tensor(rng, 3, 4)
    target = torch.tensor([[0.0, 1.0, 0.0, 0.0], [0.5, 0.0, 0.25, 0.25], [0.0, 0.5, 0.5, 0.0]])
    assert_close(
        submission.attention_supervision_loss(scores, target),
        supervision_loss(scores, target),
        **LOSS,
    )


@points(0.5)
@hint("Add rows without a target to the batch. Should the loss change?")
def test_rows_without_a_target_do_not_count(submission, rng):
    scores, target = tensor(rng, 2, 3, 5), attention(rng, 2, 3, 5)
    target[0, 1], target[1, 0] = 0.0, 0.0
    assert_close(
        submission.attention_supervision_loss(scores, target),
        supervision_loss(scores, target),
        **LOSS,
    )


@points(0.25)
@hint("One sentence has three rows with a target, another has one. Does each row weigh the same?")
def test_the_mean_is_over_the_rows_of_all_leading_dimensions(submission, rng):
    scores, target = tensor(rng, 2, 2, 3, 5), attention(rng, 2, 2, 3, 5)
    target[1, 0, :2], target[0, 1, 1] = 0.0, 0.0
    assert_close(
        submission.attention_supervision_loss(scores, target),
        supervision_loss(scores, target),
        **LOSS,
    )


@points(0.25)
@hint("What do the weights of the allowed keys sum to, before you take their log?")
def test_the_softmax_runs_over_the_allowed_keys(submission, rng):
    mask = partial_mask(rng, 4, 6)
    scores, target = tensor(rng, 4, 6), attention(rng, 4, 6, mask=mask)
    assert_close(
        submission.attention_supervision_loss(scores, target, mask),
        supervision_loss(scores, target, mask),
        **LOSS,
    )


@points(0.25)
@hint("What does a row of the target sum to, once you leave out the forbidden keys?")
def test_target_on_forbidden_keys_is_dropped_and_the_rest_normalised(submission, rng):
    mask = partial_mask(rng, 4, 6)
    scores, target = tensor(rng, 4, 6), attention(rng, 4, 6)
    assert_close(
        submission.attention_supervision_loss(scores, target, mask),
        supervision_loss(scores, target, mask),
        **LOSS,
    )


@points(0.25)
@hint("Two annotators marked a token, one marked another. Which distribution is that?")
def test_a_row_of_the_target_may_have_any_sum(submission, rng):
    scores = tensor(rng, 2, 3)
    target = torch.tensor([[2.0, 1.0, 5.0], [0.125, 0.25, 0.125]])
    assert_close(
        submission.attention_supervision_loss(scores, target),
        supervision_loss(scores, target),
        **LOSS,
    )


@points(0.25)
@hint("Which shape do the rows have when you count those with a target?")
@pytest.mark.parametrize("shape", [(4, 5), (2, 1, 1, 5), (5,), (1, 3, 4, 5)], ids=str)
def test_the_mask_broadcasts_to_the_scores(submission, rng, shape):
    mask = partial_mask(rng, *shape)
    scores, target = tensor(rng, 2, 3, 4, 5), attention(rng, 2, 3, 4, 5)
    assert_close(
        submission.attention_supervision_loss(scores, target, mask),
        supervision_loss(scores, target, mask),
        **LOSS,
    )


@points(0.25)
@hint("All of a row's target lies on forbidden keys. What is there to compare with?")
def test_a_row_whose_target_is_all_forbidden_does_not_count(submission, rng):
    mask = marks("xx...", "xxxx.", ".....", "..xxx")
    scores, target = tensor(rng, 4, 5), attention(rng, 4, 5)
    target[0] = torch.tensor([0.0, 0.0, 0.5, 0.0, 0.5])
    assert_close(
        submission.attention_supervision_loss(scores, target, mask),
        supervision_loss(scores, target, mask),
        **LOSS,
    )


@points(0.25)
@hint("What is the mean over no rows? Can backward() still be called on your answer?")
@pytest.mark.parametrize("reason", ["no target", "all masked"])
def test_when_no_row_counts_loss_and_gradients_are_zero(submission, rng, reason):
    scores, target = tensor(rng, 2, 3, 4), torch.zeros(2, 3, 4)
    mask = None
    if reason == "all masked":
        target, mask = attention(rng, 2, 3, 4), torch.zeros(3, 4, dtype=torch.bool)
    assert_close(submission.attention_supervision_loss(scores, target, mask), torch.tensor(0.0))
    found = submission.gradients("attention_supervision_loss", scores, target, mask)
    assert_close(found, (torch.zeros(2, 3, 4),))


@points(0.25)
@hint("Does anything cut your loss off from the scores, such as item(), detach() or numpy()?")
def test_gradients_reach_the_scores(submission, rng):
    scores, target = tensor(rng, 2, 3, 5), attention(rng, 2, 3, 5)
    target[1, 2] = 0.0
    assert_close(
        submission.gradients("attention_supervision_loss", scores, target),
        gradients(supervision_loss, scores, target),
    )


@points(0.25)
@hint("Which of your numbers are infinite or NaN before they are left out? Do they come back?")
def test_gradients_are_finite_with_forbidden_keys_and_masked_rows(submission, rng):
    mask = marks("xx...", "xxxx.", ".....", "..xxx")
    scores, target = tensor(rng, 4, 5), attention(rng, 4, 5)
    assert_close(
        submission.gradients("attention_supervision_loss", scores, target, mask),
        gradients(supervision_loss, scores, target, mask),
    )


@points(0.25)
@hint("exp(89) overflows float32, and log 0 is −inf. Is there a log-softmax that needs neither?")
def test_scores_of_ten_thousand_neither_overflow_nor_vanish(submission):
    scores = torch.tensor([[10_000.0, 9_000.0, 10_000.0], [-10_000.0, -9_000.0, 10_000.0]])
    target = torch.tensor([[0.25, 0.0, 0.75], [0.0, 0.5, 0.5]])
    # In float32 scores of this size are rounded to 0.001.
    assert_close(
        submission.attention_supervision_loss(scores, target),
        supervision_loss(scores.double(), target.double()).float(),
        rtol=1e-5,
        atol=5e-3,
    )


@points(0.25)
@hint("PyTorch stretches what has size 1. Which wrong targets would it let pass?")
@pytest.mark.parametrize("shape", [(3, 4), (1, 5), (3, 1), (2, 3, 5), (4, 5)], ids=str)
def test_a_target_of_another_shape_is_refused(submission, rng, shape):
    scores, target = tensor(rng, 3, 5), tensor(rng, *shape).abs()
    assert_raises(ValueError, submission.attention_supervision_loss, scores, target)


@points(0.25)
@hint("Which distribution has a negative weight? Is one on a forbidden key a mistake as well?")
@pytest.mark.parametrize("masked", [False, True])
def test_a_negative_target_is_refused(submission, rng, masked):
    scores, target = tensor(rng, 3, 5), attention(rng, 3, 5)
    target[1, 4] = -0.25
    mask = marks("xxxx.", "xxxx.", "xxxxx") if masked else None
    assert_raises(ValueError, submission.attention_supervision_loss, scores, target, mask)
