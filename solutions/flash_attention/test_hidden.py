"""The hidden suite of flash_attention."""

import math

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points, tensor
from solutions.flash_attention.flash_attention import (
    flash_attention,
    flash_backward,
    merge_partials,
    online_step,
)

INF = math.inf


def loader(key, value, calls=None):
    """Make the `load` of a kernel that reads key and value, and note its calls."""

    def load(start, stop):
        if calls is not None:
            calls.append((start, stop))
        return key[start:stop], value[start:stop]

    return load


def inputs(rng, queries, keys, d=4, d_v=3):
    """Draw query, key and value."""
    return tensor(rng, queries, d), tensor(rng, keys, d), tensor(rng, keys, d_v)


def saved(query, key, value, causal=False):
    """Return what the forward pass saves: output and lse."""
    return flash_attention(query, loader(key, value), len(key), len(query), len(key), causal)


# ── online_step ───────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Before the first block nothing has been summed. What are m, l and a after it?")
def test_the_first_block_gives_its_maximum_and_sums(submission, rng):
    scores, value = tensor(rng, 3, 4), tensor(rng, 4, 2)
    assert_close(submission.online_step(None, scores, value), online_step(None, scores, value))


@points(1)
@hint("The old sums are relative to the old maximum. What do they have to be multiplied by?")
def test_a_larger_maximum_rescales_what_was_summed_before(submission, rng):
    state = online_step(None, tensor(rng, 3, 4), tensor(rng, 4, 2))
    # Every row gets a score that is at least 1 above its maximum.
    scores = state[0][:, None] + 1 + tensor(rng, 3, 5).abs()
    value = tensor(rng, 5, 2)
    assert_close(submission.online_step(state, scores, value), online_step(state, scores, value))


@points(0.5)
@hint("The new block holds only lower scores. Which of m, l and a change, and by how much?")
def test_a_lower_block_leaves_the_maximum(submission, rng):
    state = online_step(None, tensor(rng, 3, 4), tensor(rng, 4, 2))
    scores = state[0][:, None] - 1 - tensor(rng, 3, 5).abs()
    value = tensor(rng, 5, 2)
    assert_close(submission.online_step(state, scores, value), online_step(state, scores, value))


@points(0.5)
@hint("What is −inf − (−inf)? Which rows ask for that?")
def test_a_row_that_has_only_seen_masked_scores_holds_nothing(submission, rng):
    scores, value = tensor(rng, 3, 4), tensor(rng, 4, 2)
    scores[1] = -INF
    assert_close(submission.online_step(None, scores, value), online_step(None, scores, value))


@points(0.25)
@hint("A row that has seen nothing meets a second masked block. What should change?")
def test_a_row_stays_empty_over_several_masked_blocks(submission, rng):
    value = tensor(rng, 2, 3)
    state = torch.full((2,), -INF), torch.zeros(2), torch.zeros(2, 3)
    scores = torch.full((2, 2), -INF)
    assert_close(submission.online_step(state, scores, value), state)


@points(0.5)
@hint("m is −inf and the first finite score comes. By what is the old sum of 0 multiplied?")
def test_a_row_recovers_when_finite_scores_come(submission, rng):
    state = torch.tensor([-INF, 1.5]), torch.tensor([0.0, 2.0]), torch.tensor([[0.0], [3.0]])
    scores, value = tensor(rng, 2, 3), tensor(rng, 3, 1)
    assert_close(submission.online_step(state, scores, value), online_step(state, scores, value))


@points(0.25)
@hint("What does a score of −inf add to l, in a row that holds finite ones too?")
def test_masked_scores_add_nothing(submission, rng):
    state = online_step(None, tensor(rng, 3, 4), tensor(rng, 4, 2))
    scores, value = tensor(rng, 3, 3), tensor(rng, 3, 2)
    scores[0, 1] = -INF
    scores[2] = -INF
    assert_close(submission.online_step(state, scores, value), online_step(state, scores, value))


@points(0.25)
@hint("Which exponentials do you take? Can one of them be larger than 1?")
def test_scores_of_ten_thousand_do_not_overflow(submission, rng):
    value = tensor(rng, 2, 3)
    first, second = torch.tensor([[-9e3, -1e4]]), torch.tensor([[1e4, 1e4]])
    state = submission.online_step(None, first, value)
    assert_close(state, (torch.tensor([-9e3]), torch.tensor([1.0]), value[:1]))
    state = submission.online_step(state, second, value)
    assert_close(state, (torch.tensor([1e4]), torch.tensor([2.0]), value.sum(0, keepdim=True)))


@points(0.25)
@hint("Cut the scores of a row into blocks in two ways. Which states should be the same?")
@pytest.mark.parametrize("sizes", [(6,), (1,) * 6, (4, 2), (1, 5)], ids=str)
def test_any_blocks_come_to_the_same_softmax(submission, rng, sizes):
    scores, value = tensor(rng, 3, 6, scale=3.0), tensor(rng, 6, 2)
    state = None
    for block, part in zip(scores.split(sizes, dim=1), value.split(sizes), strict=True):
        state = submission.online_step(state, block, part)
    maximum, total, accumulated = state
    assert_close(maximum + total.log(), torch.logsumexp(scores, dim=1))
    assert_close(accumulated / total[:, None], torch.softmax(scores, dim=1) @ value)


# ── flash_attention ───────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("With one block this is plain attention. What is done with m, l and a at the end?")
def test_one_block_gives_plain_attention(submission, rng):
    query, key, value = inputs(rng, 3, 5, d=16)
    assert_close(
        submission.flash_attention(query, loader(key, value), 5, 3, 5)[0],
        flash_attention(query, loader(key, value), 5, 3, 5)[0],
        terms=5,
    )


@points(0.5)
@hint("Of 5 keys in blocks of 2: how many blocks are there, and where does the last one end?")
def test_the_last_key_block_may_be_shorter(submission, rng):
    query, key, value = inputs(rng, 3, 5)
    assert_close(
        submission.flash_attention(query, loader(key, value), 5, 3, 2)[0],
        flash_attention(query, loader(key, value), 5, 3, 2)[0],
        terms=5,
    )


@points(0.5)
@hint("Which rows does the last query block hold when block_q does not divide the queries?")
@pytest.mark.parametrize(
    ("queries", "keys", "block_q", "block_k"),
    [(5, 6, 2, 3), (1, 7, 4, 2), (7, 1, 3, 5), (4, 4, 1, 1), (3, 5, 10, 10), (6, 3, 6, 2)],
)
def test_any_block_sizes_give_the_same_output(submission, rng, queries, keys, block_q, block_k):
    query, key, value = inputs(rng, queries, keys)
    assert_close(
        submission.flash_attention(query, loader(key, value), keys, block_q, block_k)[0],
        saved(query, key, value)[0],
        terms=keys,
    )


@points(0.5)
@hint("l is a sum of exp(s − m). What is the log of the sum of exp(s)?")
@pytest.mark.parametrize("causal", [False, True])
def test_lse_is_the_log_of_the_sum_of_all_exponentials(submission, rng, causal):
    query, key, value = inputs(rng, 4, 6)
    assert_close(
        submission.flash_attention(query, loader(key, value), 6, 2, 3, causal)[1],
        flash_attention(query, loader(key, value), 6, 2, 3, causal)[1],
        terms=6,
    )


@points(0.75)
@hint("Row 0 of the second query block, column 0 of the second key block: who are they?")
def test_the_causal_mask_holds_in_every_tile(submission, rng):
    query, key, value = inputs(rng, 6, 6)
    assert_close(
        submission.flash_attention(query, loader(key, value), 6, 2, 2, True)[0],
        flash_attention(query, loader(key, value), 6, 2, 2, True)[0],
        terms=6,
    )


@points(0.75)
@hint("Three new queries and five keys: which keys does the last query see, which the first?")
def test_the_last_query_sees_every_key(submission, rng):
    query, key, value = inputs(rng, 3, 5)
    assert_close(
        submission.flash_attention(query, loader(key, value), 5, 3, 4, True)[0],
        flash_attention(query, loader(key, value), 5, 3, 4, True)[0],
        terms=5,
    )


@points(0.25)
@hint("Draw the diagonal through the tiles. Which of them does it cut?")
@pytest.mark.parametrize(
    ("queries", "keys", "block_q", "block_k"),
    [(7, 7, 3, 2), (7, 7, 2, 3), (4, 9, 3, 2), (1, 5, 2, 2), (5, 6, 1, 4), (5, 5, 8, 8)],
)
def test_causal_tiles_of_any_size_give_the_same_output(
    submission, rng, queries, keys, block_q, block_k
):
    query, key, value = inputs(rng, queries, keys)
    assert_close(
        submission.flash_attention(query, loader(key, value), keys, block_q, block_k, True),
        saved(query, key, value, causal=True),
        terms=keys,
    )


@points(0.5)
@hint("Which loop is outside, and how often is a block of keys loaded for one block of queries?")
def test_each_key_block_is_loaded_once_for_each_query_block(submission, rng):
    query, key, value = inputs(rng, 5, 5)
    calls = []
    submission.flash_attention(query, loader(key, value, calls), 5, 3, 2)
    assert_equal(calls, [(0, 2), (2, 4), (4, 5), (0, 2), (2, 4), (4, 5)])


@points(0.5)
@hint("Which key blocks lie wholly above the diagonal? What would they add?")
@pytest.mark.parametrize(
    ("queries", "keys", "block_q", "block_k", "expected"),
    [
        (6, 6, 2, 2, [(0, 2), (0, 2), (2, 4), (0, 2), (2, 4), (4, 6)]),
        (4, 7, 2, 3, [(0, 3), (3, 6), (0, 3), (3, 6), (6, 7)]),
        (5, 5, 2, 3, [(0, 3), (0, 3), (3, 5), (0, 3), (3, 5)]),
        (3, 5, 1, 4, [(0, 4), (0, 4), (0, 4), (4, 5)]),
        (1, 4, 3, 2, [(0, 2), (2, 4)]),
    ],
)
def test_key_blocks_that_nobody_sees_are_not_loaded(
    submission, rng, queries, keys, block_q, block_k, expected
):
    query, key, value = inputs(rng, queries, keys)
    calls = []
    submission.flash_attention(query, loader(key, value, calls), keys, block_q, block_k, True)
    assert_equal(calls, expected)


@points(0.25)
@hint("exp(89) overflows float32, exp(−104) is 0. Where is the maximum taken off?")
def test_scores_of_ten_thousand_neither_overflow_nor_vanish(submission, rng):
    # Queries of ±4 and d = 16 make the scores ±key, all of them exact.
    query, key, value = torch.zeros(2, 16), torch.zeros(4, 16), tensor(rng, 4, 3)
    query[:, 0] = torch.tensor([4.0, -4.0])
    key[:, 0] = torch.tensor([10_000.0, 9_000.0, 10_000.0, 9_000.0])
    output, lse = submission.flash_attention(query, loader(key, value), 4, 1, 1)
    # An lse of 10 000 is rounded by 0.0005, which is what a weight of exp(s − lse) is off by.
    expected = torch.stack([(value[0] + value[2]) / 2, (value[1] + value[3]) / 2])
    assert_close(output, expected, rtol=2e-3, atol=2e-3)
    assert_close(lse, torch.tensor([10_000.0, -9_000.0]) + math.log(2))


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_query_keys_and_values_need_not_be_contiguous(submission, rng):
    query, key, value = tensor(rng, 4, 5).T, tensor(rng, 4, 6).T, tensor(rng, 3, 6).T
    assert_close(
        submission.flash_attention(query, loader(key, value), 6, 2, 4, True),
        saved(query, key, value, causal=True),
        terms=6,
    )


@points(0.5)
@hint("Which block sizes make no sense? And which causal query would see no key?")
@pytest.mark.parametrize(
    ("queries", "keys", "block_q", "block_k", "causal"),
    [
        (3, 0, 2, 2, False),
        (3, -1, 2, 2, False),
        (3, 4, 0, 2, False),
        (3, 4, -2, 2, False),
        (3, 4, 2, 0, False),
        (3, 4, 2, -1, False),
        (5, 4, 2, 2, True),
    ],
)
def test_impossible_sizes_are_refused(submission, rng, queries, keys, block_q, block_k, causal):
    query, key, value = inputs(rng, queries, 4)
    load = loader(key, value)
    assert_raises(
        ValueError, submission.flash_attention, query, load, keys, block_q, block_k, causal
    )


# ── merge_partials ────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("One part saw the key with nearly all the weight. How much does its output count?")
def test_parts_count_by_the_exponential_of_their_lse(submission, rng):
    outputs, lses = tensor(rng, 3, 4, 2), tensor(rng, 3, 4, scale=2.0)
    assert_close(submission.merge_partials(outputs, lses), merge_partials(outputs, lses))


@points(0.5)
@hint("Attend to the keys in two parts, then to all at once. What should be the same?")
def test_parts_come_to_attention_over_all_keys(submission, rng):
    query, key, value = inputs(rng, 3, 7)
    parts = [saved(query, key[part], value[part]) for part in (slice(2), slice(2, 6), slice(6, 7))]
    outputs, lses = (torch.stack(tensors) for tensors in zip(*parts, strict=True))
    assert_close(submission.merge_partials(outputs, lses), saved(query, key, value), terms=7)


@points(0.25)
@hint("How many axes may lie between the parts and d_v? None, or two?")
@pytest.mark.parametrize("shape", [(1, 5), (2, 1), (3, 2, 4, 5), (1, 1, 1)], ids=str)
def test_outputs_may_have_any_axes_between(submission, rng, shape):
    outputs, lses = tensor(rng, *shape), tensor(rng, *shape[:-1])
    assert_close(submission.merge_partials(outputs, lses), merge_partials(outputs, lses))


@points(0.5)
@hint("What is 0 · NaN?")
@pytest.mark.parametrize("empty", [math.nan, INF, 7.0], ids=str)
def test_the_output_of_a_part_that_saw_no_keys_is_ignored(submission, rng, empty):
    outputs, lses = tensor(rng, 3, 2, 4), tensor(rng, 3, 2)
    outputs[1, 0], lses[1, 0] = empty, -INF
    outputs[2, 1], lses[2, 1] = empty, -INF
    assert_close(submission.merge_partials(outputs, lses), merge_partials(outputs, lses))


@points(0.5)
@hint("No part saw a key of the second query. What is −inf − (−inf)?")
def test_where_no_part_saw_a_key_output_is_zero_and_lse_minus_infinity(submission, rng):
    outputs, lses = tensor(rng, 2, 3, 4), tensor(rng, 2, 3)
    lses[:, 1] = -INF
    assert_close(submission.merge_partials(outputs, lses), merge_partials(outputs, lses))


@points(0.25)
@hint("exp(89) is no float32 any more. What may be taken from all lse first?")
def test_lse_of_ten_thousand_neither_overflow_nor_vanish(submission, rng):
    outputs = tensor(rng, 2, 2, 3)
    lses = torch.tensor([[1e4, -1e4], [9e3, -9e3]])
    output, lse = submission.merge_partials(outputs, lses)
    assert_close(output, torch.stack([outputs[0, 0], outputs[1, 1]]))
    assert_close(lse, torch.tensor([1e4, -9e3]))


@points(0.25)
@hint("What is joined when there is no part? And which lse belongs to which output?")
@pytest.mark.parametrize(
    ("outputs", "lses"),
    [
        ((0, 3, 4), (0, 3)),
        ((2, 3, 4), (2, 1)),
        ((2, 3, 4), (1, 3)),
        ((2, 3, 4), (3, 3)),
        ((2, 3, 4), (2, 3, 4)),
        ((2, 3, 4), (2,)),
        ((2, 3, 4), (3,)),
    ],
)
def test_parts_that_do_not_fit_are_refused(submission, rng, outputs, lses):
    given = tensor(rng, *outputs), tensor(rng, *lses)
    assert_raises(ValueError, submission.merge_partials, *given)


# ── flash_backward ────────────────────────────────────────────────────────────────────────────


@points(1.25)
@hint("Go through the formulas with one block. Which term or factor is missing?")
def test_one_block_gives_the_gradients_of_plain_attention(submission, rng):
    query, key, value = inputs(rng, 3, 5)
    arguments = query, key, value, *saved(query, key, value), tensor(rng, 3, 3)
    assert_close(submission.flash_backward(*arguments, 5), flash_backward(*arguments, 5), terms=20)


@points(1)
@hint("Which of P, D, dQ, dK and dV belong to a block, and which to all blocks together?")
def test_several_blocks_come_to_the_same_gradients(submission, rng):
    query, key, value = inputs(rng, 3, 6)
    arguments = query, key, value, *saved(query, key, value), tensor(rng, 3, 3)
    assert_close(submission.flash_backward(*arguments, 2), flash_backward(*arguments, 6), terms=24)


@points(0.5)
@hint("What happens to the last keys when block_k does not divide their number?")
@pytest.mark.parametrize("block_k", [1, 2, 4, 7, 100])
def test_any_block_size_gives_the_same_gradients(submission, rng, block_k):
    query, key, value = inputs(rng, 4, 7, d=3, d_v=5)
    arguments = query, key, value, *saved(query, key, value), tensor(rng, 4, 5)
    assert_close(
        submission.flash_backward(*arguments, block_k), flash_backward(*arguments, 7), terms=21
    )


@points(0.75)
@hint("Which gradients of a key come from queries that do not see it?")
@pytest.mark.parametrize(
    ("queries", "keys", "block_k"), [(6, 6, 6), (6, 6, 2), (3, 7, 2), (1, 4, 3), (5, 6, 4)]
)
def test_causal_gradients_come_from_what_was_seen(submission, rng, queries, keys, block_k):
    query, key, value = inputs(rng, queries, keys)
    arguments = query, key, value, *saved(query, key, value, True), tensor(rng, queries, 3)
    assert_close(
        submission.flash_backward(*arguments, block_k, True),
        flash_backward(*arguments, keys, True),
        terms=4 * keys,
    )


@points(0.5)
@hint("Keys 3 and later lie on another card. What do lse and output know of them?")
def test_the_saved_lse_and_output_stand_for_keys_that_are_elsewhere(submission, rng):
    query, key, value = inputs(rng, 4, 7)
    output, lse, upstream = *saved(query, key, value), tensor(rng, 4, 3)
    whole = flash_backward(query, key, value, output, lse, upstream, 7)
    here = submission.flash_backward(query, key[:3], value[:3], output, lse, upstream, 2)
    there = submission.flash_backward(query, key[3:], value[3:], output, lse, upstream, 2)
    assert_close(here[0] + there[0], whole[0], terms=28)
    assert_close((here[1], here[2]), (whole[1][:3], whole[2][:3]), terms=28)


@points(0.25)
@hint("Which of queries and keys are there more of here? Does your code mind?")
def test_there_may_be_more_queries_than_keys(submission, rng):
    query, key, value = inputs(rng, 6, 2)
    arguments = query, key, value, *saved(query, key, value), tensor(rng, 6, 3)
    assert_close(submission.flash_backward(*arguments, 1), flash_backward(*arguments, 2), terms=24)


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_what_was_saved_need_not_be_contiguous(submission, rng):
    query, key, value = tensor(rng, 4, 5).T, tensor(rng, 4, 6).T, tensor(rng, 3, 6).T
    output, lse = saved(query, key, value, True)
    arguments = query, key, value, output.T.contiguous().T, lse, tensor(rng, 3, 5).T
    assert_close(
        submission.flash_backward(*arguments, 4, True),
        flash_backward(*arguments, 6, True),
        terms=24,
    )


@points(0.5)
@hint("How many keys does a block of none hold? And which causal query would see no key?")
@pytest.mark.parametrize(
    ("queries", "block_k", "causal"), [(3, 0, False), (3, -2, True), (5, 2, True)]
)
def test_impossible_blocks_are_refused(submission, rng, queries, block_k, causal):
    query, key, value = inputs(rng, queries, 4)
    arguments = query, key, value, *saved(query, key, value), tensor(rng, queries, 3)
    assert_raises(ValueError, submission.flash_backward, *arguments, block_k, causal)
