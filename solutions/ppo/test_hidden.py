"""The hidden suite of PPO."""

import pytest
import torch

from autograder.checks import assert_close, assert_raises
from autograder.suite import gradients, hint, points, shuffled, tensor
from solutions.ppo.ppo import gae, masked_whiten, ppo_losses, token_rewards

NAN = float("nan")


def mask_of(*rows):
    """Return a mask; a dash is no token of the response."""
    return torch.tensor([[place != "-" for place in row] for row in rows])


FULL = mask_of("xxxx", "xxxx")
RUNS = mask_of("-xxx--", "xxxxxx", "---x--", "---xxx", "xx----", "--xx--")
SHORT = mask_of("xxx---", "xxxxxx", "x-----", "xxxx--")
FILLINGS = pytest.mark.parametrize("filling", [NAN, float("inf"), 1e4], ids=str)


def filled(mask, filling, *tensors):
    """Return the tensors with a number outside the mask."""
    return tuple(one.where(mask, torch.tensor(filling)) for one in tensors)


def drawn(rng, mask, n):
    """Draw n tensors of the shape of a mask."""
    return tuple(tensor(rng, *mask.shape) for _ in range(n))


# ── token_rewards ─────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("A policy that drifts from its reference: is it to be paid or charged for that?")
@pytest.mark.parametrize("beta", [0.1, 2.0])
def test_each_token_is_charged_for_its_drift(submission, rng, beta):
    arguments = tensor(rng, 2), *drawn(rng, FULL, 2), FULL, beta
    assert_close(submission.token_rewards(*arguments), token_rewards(*arguments))


@points(0.5)
@hint("The score judges the whole response. At which token is the response whole?")
def test_the_score_is_added_at_the_last_token(submission, rng):
    arguments = tensor(rng, 4), *drawn(rng, SHORT, 2), SHORT, 0.5
    assert_close(submission.token_rewards(*arguments), token_rewards(*arguments))


@points(0.5)
@hint("The response begins anywhere in its row. Does the number of its tokens say where it ends?")
def test_a_response_may_begin_anywhere(submission, rng):
    arguments = tensor(rng, 6), *drawn(rng, RUNS, 2), RUNS, 0.5
    assert_close(submission.token_rewards(*arguments), token_rewards(*arguments))


@points(0.75)
@hint(
    "k3 is never negative, and its mean over the policy's samples is the KL. Which ratio is in it?"
)
@pytest.mark.parametrize("mask", [FULL, RUNS], ids=["full", "runs"])
def test_k3_is_the_other_estimate(submission, rng, mask):
    arguments = tensor(rng, len(mask)), *drawn(rng, mask, 2), mask, 0.7, "k3"
    assert_close(submission.token_rewards(*arguments), token_rewards(*arguments))


@points(0.5)
@hint("What is NaN times 0?")
@FILLINGS
@pytest.mark.parametrize("estimator", ["k1", "k3"])
def test_what_stands_outside_does_not_matter(submission, rng, estimator, filling):
    logps = filled(RUNS, filling, *drawn(rng, RUNS, 2))
    arguments = tensor(rng, 6), *logps, RUNS, 0.5, estimator
    assert_close(submission.token_rewards(*arguments), token_rewards(*arguments))


@points(0.5)
@hint("Where does the score go in a row without a token?")
@pytest.mark.parametrize("rows", [("----", "-xx-"), ("----", "----"), ("-", "x")], ids=str)
def test_a_row_without_a_token_has_no_reward(submission, rng, rows):
    mask = mask_of(*rows)
    arguments = tensor(rng, 2), *drawn(rng, mask, 2), mask, 0.5
    assert_close(submission.token_rewards(*arguments), token_rewards(*arguments))


@points(0.25)
@hint("What is left where the drift costs nothing?")
def test_without_beta_there_is_only_the_score(submission, rng):
    arguments = tensor(rng, 4), *drawn(rng, SHORT, 2), SHORT, 0.0
    assert_close(submission.token_rewards(*arguments), token_rewards(*arguments))


@points(0.5)
@hint("Which estimators are there, and what would a negative beta reward?")
@pytest.mark.parametrize(
    ("beta", "estimator"), [(0.1, "k2"), (0.1, "K1"), (0.1, ""), (-0.1, "k1"), (-0.1, "k3")]
)
def test_token_rewards_refuses_what_it_does_not_know(submission, rng, beta, estimator):
    arguments = tensor(rng, 2), *drawn(rng, FULL, 2), FULL, beta, estimator
    assert_raises(ValueError, submission.token_rewards, *arguments)


# ── gae ───────────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Begin at the last token. What does each δ hold, and by what does A of the next one shrink?")
@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.95), (0.9, 0.6), (0.5, 1.0), (0.7, 0.0)])
def test_advantages_add_up_backwards(submission, rng, gamma, lam):
    arguments = *drawn(rng, FULL, 2), FULL, gamma, lam
    assert_close(submission.gae(*arguments), gae(*arguments))


@points(0.5)
@hint("With lam = 1 nothing is bootstrapped. What is left besides the rewards to come?")
def test_with_lam_one_the_returns_are_the_rewards_to_go(submission, rng):
    rewards, values = drawn(rng, FULL, 2)
    to_go = rewards.flip(1).cumsum(1).flip(1)
    given = submission.gae(rewards, values, FULL, 1.0, 1.0)
    assert_close(given, (to_go - values, to_go), terms=4)


@points(1)
@hint(
    "The response is over, and something stands in the next column. Is it a state of the episode?"
)
def test_nothing_follows_the_last_token(submission, rng):
    arguments = *drawn(rng, SHORT, 2), SHORT, 0.9, 0.8
    assert_close(submission.gae(*arguments), gae(*arguments))


@points(0.5)
@hint("Before the first token stands the prompt. What are its advantages?")
def test_nothing_precedes_the_first_token(submission, rng):
    arguments = *drawn(rng, RUNS, 2), RUNS, 0.9, 0.8
    assert_close(submission.gae(*arguments), gae(*arguments))


@points(0.5)
@hint("What is NaN times 0?")
@FILLINGS
def test_what_stands_outside_an_episode_does_not_matter(submission, rng, filling):
    arguments = *filled(RUNS, filling, *drawn(rng, RUNS, 2)), RUNS, 0.9, 0.8
    assert_close(submission.gae(*arguments), gae(*arguments))


@points(0.5)
@hint("Which advantages does a row without a token have, and a row of one?")
@pytest.mark.parametrize("rows", [("----", "-xx-"), ("----", "----"), ("x", "-"), ("-x", "x-")])
def test_rows_may_be_short_or_empty(submission, rng, rows):
    mask = mask_of(*rows)
    arguments = *filled(mask, NAN, *drawn(rng, mask, 2)), mask, 0.9, 0.8
    assert_close(submission.gae(*arguments), gae(*arguments))


@points(0.5)
@hint("Which gamma and lam are meant where nobody gives them?")
def test_gamma_is_one_and_lam_095_unless_said(submission, rng):
    arguments = *drawn(rng, SHORT, 2), SHORT
    assert_close(submission.gae(*arguments), gae(*arguments, gamma=1.0, lam=0.95))


@points(0.75)
@hint("What would a discount above 1 do to what lies far ahead?")
@pytest.mark.parametrize("factors", [(1.1, 0.9), (-0.1, 0.9), (0.9, 1.1), (0.9, -0.1)], ids=str)
def test_gae_refuses_factors_outside_zero_and_one(submission, rng, factors):
    assert_raises(ValueError, submission.gae, *drawn(rng, FULL, 2), FULL, *factors)


# ── masked_whiten ─────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What are mean and deviation of the result meant to be? Divide by n, or by n − 1?")
def test_it_has_mean_zero_and_deviation_one(submission, rng):
    x = 3 + 2 * tensor(rng, 2, 4)
    assert_close(submission.masked_whiten(x, FULL), masked_whiten(x, FULL), terms=8)


@points(0.5)
@hint("Whose mean is it, when half of the places hold no token?")
def test_only_tokens_are_counted(submission, rng):
    x = 3 + 2 * tensor(rng, 4, 6)
    assert_close(submission.masked_whiten(x, SHORT), masked_whiten(x, SHORT), terms=14)


@points(0.25)
@hint("One response got more than another. Should that still show when both are whitened?")
def test_the_batch_is_whitened_as_one(submission, rng):
    x = tensor(rng, 2, 4) + torch.tensor([[5.0], [-5.0]])
    assert_close(submission.masked_whiten(x, FULL), masked_whiten(x, FULL), terms=8)


@points(0.25)
@hint("What is NaN times 0?")
@FILLINGS
def test_what_stands_beside_the_tokens_does_not_matter(submission, rng, filling):
    (x,) = filled(RUNS, filling, 3 + 2 * tensor(rng, 6, 6))
    assert_close(submission.masked_whiten(x, RUNS), masked_whiten(x, RUNS), terms=18)


@points(0.25)
@hint("What is the deviation of a single number?")
def test_a_single_token_becomes_zero(submission, rng):
    x, mask = tensor(rng, 2, 4), mask_of("----", "--x-")
    assert_close(submission.masked_whiten(x, mask), torch.zeros(2, 4))


@points(0.25)
@hint("What is the mean of nothing?")
@pytest.mark.parametrize("filling", [NAN, 5.0])
def test_no_token_gives_zeros(submission, filling):
    x = torch.full((2, 3), filling)
    assert_close(submission.masked_whiten(x, mask_of("---", "---")), torch.zeros(2, 3))


# ── ppo_losses ────────────────────────────────────────────────────────────────────────────────


def batch(rng, mask):
    """Return the six tensors of `ppo_losses`.

    Ratios and values lie well inside or well outside of every bound that is tested, with advantages
    of either sign and returns on either side.
    """
    old_logp, old_values = drawn(rng, mask, 2)
    cases = [(shift, sign) for shift in (0.05, -0.05, 0.6, -0.6) for sign in (1.0, -1.0)]

    def dealt():
        chosen = [case for _ in range(mask.numel()) for case in shuffled(rng, cases)]
        tokens = torch.tensor(chosen[: int(mask.sum())]).unbind(dim=1) if mask.any() else ([], [])
        columns = torch.zeros(mask.shape), torch.zeros(mask.shape)
        for column, token in zip(columns, tokens, strict=True):
            column[mask] = torch.as_tensor(token, dtype=torch.float32)
        return columns

    (shifts, signs), (moves, sides) = dealt(), dealt()
    advantages = signs * (0.5 + tensor(rng, *mask.shape).abs())
    returns = old_values + sides * (1 + tensor(rng, *mask.shape).abs())
    return old_logp + shifts, old_logp, advantages, old_values + moves, old_values, returns


def part(given, place):
    """Return one of the three results, or what came in their place."""
    return given[place] if isinstance(given, tuple | list) and len(given) == 3 else given


LONG = mask_of("xxxxx", "xxxxx", "xxxxx", "xxxxx")


@points(0.75)
@hint("Two losses for one token: which of them keeps the policy from being paid for a leap?")
def test_the_policy_loss_is_the_greater_of_two(submission, rng):
    arguments = *batch(rng, LONG), LONG
    given = submission.ppo_losses(*arguments)
    assert_close(part(given, 0), ppo_losses(*arguments)[0], terms=20)


@points(0.75)
@hint("The value moved far from what it was. Which two squared errors are compared?")
def test_the_value_loss_is_the_greater_of_two(submission, rng):
    arguments = *batch(rng, LONG), LONG
    given = submission.ppo_losses(*arguments)
    assert_close(part(given, 1), ppo_losses(*arguments)[1], terms=20)


@points(0.5)
@hint("The ratio left its bounds. Does the clip change the loss whatever the advantage is?")
def test_the_third_is_the_share_of_tokens_where_the_clip_counts(submission, rng):
    arguments = *batch(rng, LONG), LONG
    given = submission.ppo_losses(*arguments)
    assert_close(part(given, 2), ppo_losses(*arguments)[2])


@points(0.5)
@hint("How far may the ratio and the value move, and what is meant where nobody says it?")
@pytest.mark.parametrize("bounds", [(0.1, 0.5), (0.5, 0.1), (0.0, 0.2), (0.2, 0.0), ()], ids=str)
def test_the_bounds_are_those_given(submission, rng, bounds):
    arguments = *batch(rng, LONG), LONG, *bounds
    assert_close(submission.ppo_losses(*arguments), ppo_losses(*arguments), terms=20)


@points(0.5)
@hint("One response has six tokens, another one. Whose tokens weigh more?")
def test_every_token_weighs_the_same(submission, rng):
    arguments = *batch(rng, SHORT), SHORT
    assert_close(submission.ppo_losses(*arguments), ppo_losses(*arguments), terms=14)


@points(0.5)
@hint("What is NaN times 0, and what is its gradient?")
@FILLINGS
def test_what_stands_outside_reaches_neither_loss_nor_gradient(submission, rng, filling):
    arguments = *filled(RUNS, filling, *batch(rng, RUNS)), RUNS
    assert_close(submission.ppo_losses(*arguments), ppo_losses(*arguments), terms=18)
    assert_close(
        submission.gradients("ppo_losses", *arguments, wrt=(0, 3)),
        gradients(ppo_losses, *arguments, wrt=(0, 3)),
    )


@points(0.5)
@hint("A token whose ratio was clipped: which way can it still be pushed, and by what?")
def test_policy_and_values_get_their_gradients(submission, rng):
    arguments = *batch(rng, LONG), LONG
    assert_close(
        submission.gradients("ppo_losses", *arguments, wrt=(0, 3)),
        gradients(ppo_losses, *arguments, wrt=(0, 3)),
    )


@points(0.5)
@hint("What the old policy and the critic said before is data. Where do you cut it off?")
def test_no_gradient_reaches_what_was_sampled(submission, rng):
    arguments = *batch(rng, FULL), FULL
    given = submission.gradients("ppo_losses", *arguments, wrt=(0, 1, 2, 4, 5))[1:]
    given = tuple(torch.zeros(2, 4) if one is None else one for one in given)
    assert_close(given, (torch.zeros(2, 4),) * 4)


@points(0.25)
@hint("What is the mean over no token?")
@pytest.mark.parametrize("filling", [NAN, 5.0])
def test_without_a_token_all_three_are_zero(submission, filling):
    mask = mask_of("---", "---")
    given = submission.ppo_losses(*(torch.full((2, 3), filling) for _ in range(6)), mask)
    assert_close(given, (torch.tensor(0.0), torch.tensor(0.0), 0.0))


@points(0.25)
@hint("How far is a ratio from 1 that may move by less than nothing?")
@pytest.mark.parametrize("bounds", [(-0.1, 0.2), (0.2, -0.1)], ids=str)
def test_negative_bounds_are_refused(submission, rng, bounds):
    assert_raises(ValueError, submission.ppo_losses, *batch(rng, FULL), FULL, *bounds)
