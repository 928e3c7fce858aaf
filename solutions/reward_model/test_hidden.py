"""The hidden suite of reward models."""

from itertools import combinations
from statistics import fmean

import pytest
import torch

from autograder.checks import assert_close, assert_raises
from autograder.suite import gradients, hint, points, shuffled, tensor
from solutions.reward_model.reward_model import (
    expected_best_of_n,
    preference_loss,
    ranking_loss,
    reward_at_last_token,
)

# ── reward_at_last_token ──────────────────────────────────────────────────────────────────────


def mask_of(*rows):
    """Return a mask; a dash is padding."""
    return torch.tensor([[place != "-" for place in row] for row in rows])


@points(0.25)
@hint("A row without padding: at which place does the model know the whole answer?")
def test_without_padding_the_last_place_is_read(submission, rng):
    hidden, head = tensor(rng, 2, 4, 3), tensor(rng, 3)
    given = submission.reward_at_last_token(hidden, mask_of("xxxx", "xxxx"), head)
    assert_close(given, hidden[:, 3] @ head)


@points(0.5)
@hint("Rows of one batch end at different places. Where does each of them end?")
def test_with_padding_on_the_right_the_last_token_is_read(submission, rng):
    hidden, head = tensor(rng, 4, 5, 3), tensor(rng, 3)
    mask = mask_of("xxx--", "xxxxx", "x----", "xxxx-")
    given = submission.reward_at_last_token(hidden, mask, head)
    assert_close(given, hidden[range(4), [2, 4, 0, 3]] @ head)


@points(0.5)
@hint("Padding stands on the left. Does the number of tokens still say where the last one is?")
def test_with_padding_on_the_left_the_last_token_is_read(submission, rng):
    hidden, head = tensor(rng, 3, 5, 3), tensor(rng, 3)
    given = submission.reward_at_last_token(hidden, mask_of("--xxx", "xxxxx", "----x"), head)
    assert_close(given, hidden[:, 4] @ head)


@points(0.5)
@hint("Padding on both sides. Which places of the mask are the first and the last True one?")
def test_with_padding_on_both_sides_the_last_token_is_read(submission, rng):
    hidden, head = tensor(rng, 4, 6, 3), tensor(rng, 3)
    mask = mask_of("-xxx--", "--x---", "-xxxx-", "x-xx--")
    given = submission.reward_at_last_token(hidden, mask, head)
    assert_close(given, hidden[range(4), [3, 2, 4, 3]] @ head)


@points(0.25)
@hint("What does your code assume about the sizes of the batch, of a row and of a vector?")
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 4, 2), (3, 1, 4), (3, 3, 3)], ids=str)
def test_any_size_will_do(submission, rng, shape):
    batch, tokens, d = shape
    hidden, head = tensor(rng, *shape), tensor(rng, d)
    mask = torch.ones(batch, tokens) > 0
    mask[:, 2:] = False
    given = submission.reward_at_last_token(hidden, mask, head)
    assert_close(given, reward_at_last_token(hidden, mask, head))


@points(0.5)
@hint("Which hidden states does the reward depend on?")
def test_gradients_reach_the_head_and_the_last_tokens_alone(submission, rng):
    arguments = tensor(rng, 3, 4, 2), mask_of("xx--", "--xx", "-xx-"), tensor(rng, 2)
    upstream = tensor(rng, 3)
    assert_close(
        submission.gradients("reward_at_last_token", *arguments, wrt=(0, 2), upstream=upstream),
        gradients(reward_at_last_token, *arguments, wrt=(0, 2), upstream=upstream),
    )


@points(0.25)
@hint("What is the last token of a row that has none?")
@pytest.mark.parametrize("rows", [("xx-", "---"), ("---", "xxx")], ids=str)
def test_a_row_without_a_token_is_refused(submission, rng, rows):
    hidden, head = tensor(rng, 2, 3, 4), tensor(rng, 4)
    assert_raises(ValueError, submission.reward_at_last_token, hidden, mask_of(*rows), head)


@points(0.25)
@hint("PyTorch broadcasts an axis of size 1. Which wrong shapes would it let pass?")
@pytest.mark.parametrize(
    "changed",
    [
        {"mask": (1, 3)},
        {"mask": (2, 2)},
        {"mask": (2, 4)},
        {"mask": (3, 3)},
        {"head": (1,)},
        {"head": (3,)},
        {"head": (4, 1)},
        {"hidden": (2, 3)},
    ],
    ids=str,
)
def test_shapes_that_do_not_fit_are_refused(submission, rng, changed):
    shapes = {"hidden": (2, 3, 4), "mask": (2, 3), "head": (4,), **changed}
    arguments = {name: tensor(rng, *shape) for name, shape in shapes.items()}
    arguments["mask"] = torch.ones(shapes["mask"]) > 0
    assert_raises(ValueError, submission.reward_at_last_token, **arguments)


# ── preference_loss ───────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which of the two rewards should be higher, and how does the loss say so?")
@pytest.mark.parametrize("n", [1, 5])
def test_it_is_the_mean_of_the_logistic_losses(submission, rng, n):
    chosen, rejected = tensor(rng, n), tensor(rng, n)
    given = submission.preference_loss(chosen, rejected)
    assert_close(given, preference_loss(chosen, rejected))


@points(0.5)
@hint("A pair is meant to be 2 apart. Is it to cost more or less than without that wish?")
def test_a_margin_has_to_be_exceeded(submission, rng):
    chosen, rejected, margin = tensor(rng, 4), tensor(rng, 4), tensor(rng, 4).abs()
    given = submission.preference_loss(chosen, rejected, margin)
    assert_close(given, preference_loss(chosen, rejected, margin))


TIE = torch.tensor([False, True, True, False, True])


@points(0.5)
@hint("Two answers are equally good. Which difference of their rewards should cost least?")
def test_a_tie_pulls_both_ways(submission, rng):
    chosen, rejected = tensor(rng, 5), tensor(rng, 5)
    given = submission.preference_loss(chosen, rejected, tie=TIE)
    assert_close(given, preference_loss(chosen, rejected, tie=TIE))


@points(0.5)
@hint("Somebody gave a margin to a tie. By how much should one of two equals win?")
def test_a_tie_has_no_margin(submission, rng):
    chosen, rejected, margin = tensor(rng, 5), tensor(rng, 5), 1 + tensor(rng, 5).abs()
    given = submission.preference_loss(chosen, rejected, margin, TIE)
    assert_close(given, preference_loss(chosen, rejected, margin, TIE))


@points(0.25)
@hint("What is left of the batch when all of its pairs are ties, or none is?")
@pytest.mark.parametrize("tied", [True, False])
def test_all_or_no_pairs_may_be_ties(submission, rng, tied):
    chosen, rejected, tie = tensor(rng, 3), tensor(rng, 3), torch.full((3,), tied)
    given = submission.preference_loss(chosen, rejected, tie=tie)
    assert_close(given, preference_loss(chosen, rejected, tie=tie))


@points(0.5)
@hint("σ(−200) is 0 to a float32. What is its logarithm, and what should it be?")
@pytest.mark.parametrize("difference", [-1e4, -200.0, 1e4], ids=str)
@pytest.mark.parametrize("tied", [False, True], ids=["preferred", "tied"])
def test_far_apart_rewards_give_a_finite_loss(submission, difference, tied):
    arguments = (
        torch.tensor([difference, 1.0]),
        torch.tensor([0.0, 0.5]),
        None,
        torch.tensor([tied] * 2),
    )
    assert_close(submission.preference_loss(*arguments), preference_loss(*arguments))


@points(0.5)
@hint("How strongly is a pair pulled that is far on the wrong side?")
@pytest.mark.parametrize("difference", [-1e4, 1e4], ids=str)
def test_far_apart_rewards_give_finite_gradients(submission, difference):
    chosen, rejected = torch.tensor([difference, difference, 1.0]), torch.tensor([0.0, 0.0, 0.5])
    arguments = chosen, rejected, torch.tensor([0.5, 0.5, 1.0]), torch.tensor([False, True, False])
    assert_close(
        submission.gradients("preference_loss", *arguments, wrt=(0, 1)),
        gradients(preference_loss, *arguments, wrt=(0, 1)),
    )


@points(0.5)
@hint("Which way does each of the two rewards have to move, and how far?")
def test_both_rewards_get_their_gradient(submission, rng):
    arguments = tensor(rng, 5), tensor(rng, 5), tensor(rng, 5).abs(), TIE
    assert_close(
        submission.gradients("preference_loss", *arguments, wrt=(0, 1)),
        gradients(preference_loss, *arguments, wrt=(0, 1)),
    )


@points(0.25)
@hint("A mean over nothing, and lengths that PyTorch broadcasts: which of them do you notice?")
@pytest.mark.parametrize(
    "sizes",
    [
        {"chosen": 0, "rejected": 0},
        {"chosen": 1},
        {"rejected": 1},
        {"rejected": 2},
        {"margin": 1},
        {"margin": 4},
        {"tie": 1},
        {"tie": 2},
    ],
    ids=str,
)
def test_pairs_that_do_not_fit_are_refused(submission, rng, sizes):
    lengths = {"chosen": 3, "rejected": 3, **sizes}
    arguments = {name: tensor(rng, length) for name, length in lengths.items()}
    if "tie" in arguments:
        arguments["tie"] = arguments["tie"] > 0
    assert_raises(ValueError, submission.preference_loss, **arguments)


# ── ranking_loss ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Is rank 1 the best or the worst, and which reward should be higher?")
def test_the_response_of_lower_rank_is_the_better_one(submission, rng):
    rewards = [tensor(rng, 2), tensor(rng, 2)]
    given = submission.ranking_loss(rewards, [[1, 2], [2, 1]])
    assert_close(given, ranking_loss(rewards, [[1, 2], [2, 1]]))


@points(0.5)
@hint("Four responses were ranked. How many comparisons does that give?")
def test_every_two_responses_are_compared(submission, rng):
    rewards, ranks = [tensor(rng, 4)], [shuffled(rng, [1, 2, 3, 4])]
    assert_close(submission.ranking_loss(rewards, ranks), ranking_loss(rewards, ranks))


@points(0.5)
@hint("One prompt has one pair, another has ten. Whose opinion is it that counts ten times?")
def test_each_prompt_weighs_the_same(submission, rng):
    # Two responses of equal rank leave one pair of each.
    rewards = [tensor(rng, 2), tensor(rng, 3), tensor(rng, 2)]
    ranks = [[1, 2], [2, 1, 2], [2, 1]]
    assert_close(submission.ranking_loss(rewards, ranks), ranking_loss(rewards, ranks))


@points(0.5)
@hint("Two responses have the same rank. Which of them should win?")
@pytest.mark.parametrize(
    "ranks", [[1, 2, 2], [1, 1, 2, 1], [3, 1, 3, 7]], ids=["last", "first", "gaps"]
)
def test_equal_ranks_are_no_pair(submission, rng, ranks):
    rewards = [tensor(rng, len(ranks))]
    assert_close(submission.ranking_loss(rewards, [ranks]), ranking_loss(rewards, [ranks]))


@points(0.5)
@hint("A prompt has one response. What does it say, and what does it add to the mean?")
@pytest.mark.parametrize("empty", [[], [1], [2, 2]], ids=str)
def test_prompts_without_a_pair_are_left_out(submission, rng, empty):
    rewards, ranks = [tensor(rng, len(empty)), tensor(rng, 3)], [empty, [3, 1, 2]]
    assert_close(submission.ranking_loss(rewards, ranks), ranking_loss(rewards, ranks))


@points(0.75)
@hint("Which way does each reward have to move, and how much does its prompt matter?")
def test_every_reward_gets_its_gradient(submission, rng):
    arguments = [tensor(rng, 3), tensor(rng, 2), tensor(rng, 4)], [[1, 3, 2], [2, 1], [1, 2, 2, 4]]
    assert_close(
        submission.gradients("ranking_loss", *arguments, wrt=(0,)),
        gradients(ranking_loss, *arguments, wrt=(0,)),
    )


@points(0.25)
@hint("What is the mean over no prompt at all?")
@pytest.mark.parametrize("ranks", [[], [[1]], [[1, 1], [2, 2, 2]]], ids=["none", "one", "ties"])
def test_a_batch_without_a_pair_is_refused(submission, rng, ranks):
    rewards = [tensor(rng, len(rank)) for rank in ranks]
    assert_raises(ValueError, submission.ranking_loss, rewards, ranks)


@points(0.5)
@hint("Every prompt has its ranks, and every response its rank. What if one is missing?")
@pytest.mark.parametrize(
    "ranks",
    [
        pytest.param([[1, 2, 3]], id="a prompt missing"),
        pytest.param([[1, 2, 3], [1, 2], [1, 2]], id="a prompt too many"),
        pytest.param([[1, 2], [1, 2]], id="a rank missing"),
        pytest.param([[1, 2, 3], [1, 2, 3]], id="a rank too many"),
        pytest.param([[1, 2, 3], [1]], id="one rank for two"),
    ],
)
def test_rewards_without_their_ranks_are_refused(submission, rng, ranks):
    rewards = [tensor(rng, 3), tensor(rng, 2)]
    assert_raises(ValueError, submission.ranking_loss, rewards, ranks)


# ── expected_best_of_n ────────────────────────────────────────────────────────────────────────


@points(1)
@hint("Write out all subsets of n rewards. What is the mean of their greatest?")
@pytest.mark.parametrize("n", [2, 3, 5])
def test_it_is_the_mean_over_all_subsets(submission, rng, n):
    rewards = tensor(rng, 6).tolist()
    expected = fmean(max(drawn) for drawn in combinations(rewards, n))
    assert_close(submission.expected_best_of_n(rewards, n), expected)


@points(0.5)
@hint("The best of one, and the best of all: what should they be?")
@pytest.mark.parametrize("n", [1, 4])
def test_the_best_of_one_is_the_mean_and_that_of_all_the_greatest(submission, rng, n):
    rewards = [*tensor(rng, 3).tolist(), 0.25]
    expected = fmean(rewards) if n == 1 else max(rewards)
    assert_close(submission.expected_best_of_n(rewards, n), expected)


@points(0.25)
@hint("In which order do the rewards come, and does it matter?")
def test_the_order_of_the_rewards_does_not_matter(submission, rng):
    rewards = shuffled(rng, [3.0, -1.0, 0.5, 8.0, 2.0])
    assert_close(submission.expected_best_of_n(rewards, 2), 4.55)


@points(0.5)
@hint("Some rewards are equal, and some subsets hold both of them. Are these subsets one or two?")
@pytest.mark.parametrize(
    ("rewards", "n"),
    [([1.0, 1.0, 0.0, 0.0], 2), ([2.0, 2.0, 2.0], 2), ([-3.0, -1.0, -1.0], 2), ([0, 1, 1, 5], 3)],
    ids=["zeros and ones", "all equal", "negative", "whole numbers"],
)
def test_equal_rewards_are_different_responses(submission, rewards, n):
    expected = fmean(max(drawn) for drawn in combinations(rewards, n))
    assert_close(submission.expected_best_of_n(rewards, n), expected)


@points(0.5)
@hint("Of rewards 0 and 1 this is pass@k. With which chance are all n drawn failures?")
@pytest.mark.parametrize("n", [1, 5, 15, 16, 20])
def test_of_zeros_and_ones_it_is_pass_at_n(submission, rng, n):
    rewards = shuffled(rng, [1.0] * 5 + [0.0] * 15)
    failed = 1.0
    for drawn in range(n):
        failed *= max(15 - drawn, 0) / (20 - drawn)
    assert_close(submission.expected_best_of_n(rewards, n), 1 - failed, atol=1e-9)


@points(0.75)
@hint("C(5000, 2500) has 1504 digits. Which ratio of two binomials is all that you need?")
@pytest.mark.parametrize("n", [1, 2, 70, 2500, 4999, 5000])
def test_thousands_of_rewards_are_no_more_than_numbers(submission, rng, n):
    rewards = (1000 + 100 * rng.standard_normal(5000)).tolist()
    expected = expected_best_of_n(rewards, n)
    given = submission.expected_best_of_n(rewards, n)
    assert_close(given, expected, rtol=0, atol=1e-9 * max(rewards))


@points(0.5)
@hint("How many can be drawn from four without putting any back?")
@pytest.mark.parametrize(
    ("rewards", "n"), [([1.0, 2.0], 0), ([1.0, 2.0], -1), ([1.0, 2.0], 3), ([], 1), ([], 0)]
)
def test_more_than_there_are_cannot_be_drawn(submission, rewards, n):
    assert_raises(ValueError, submission.expected_best_of_n, rewards, n)
