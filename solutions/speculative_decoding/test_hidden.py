"""The hidden suite of speculative decoding."""

import pytest
import torch

from autograder.checks import assert_close, assert_distribution, assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.speculative_decoding.speculative_decoding import (
    best_draft_length,
    expected_tokens,
    residual_distribution,
    verify,
)


def draw_probs(rng, *shape):
    """Draw distributions in which no token is rare."""
    weights = torch.as_tensor(rng.integers(1, 10, size=shape)).float()
    return weights / weights.sum(dim=-1, keepdim=True)


def place_in(rng, probs, token):
    """Draw a number whose token is this one, away from both ends of its share."""
    start = float(probs[:token].sum())
    return start + float(probs[token]) * float(rng.uniform(0.2, 0.8))


def assert_verified(check, tokens, draft, target, draws, sample_draw, expected=None):
    arguments = (
        torch.tensor(tokens, dtype=torch.int64),
        torch.tensor(draft),
        torch.tensor(target),
        torch.tensor(draws),
        sample_draw,
    )
    assert_equal(check(*arguments), verify(*arguments) if expected is None else expected)


# ── residual_distribution ─────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Which tokens does the draft give too little? And what do these amounts sum to?")
def test_the_residual_is_what_is_missing_to_the_target(submission):
    target = torch.tensor([0.1, 0.4, 0.3, 0.2])
    draft = torch.tensor([0.5, 0.1, 0.1, 0.3])
    residual = submission.residual_distribution(target, draft)
    assert_close(residual, torch.tensor([0.0, 0.6, 0.4, 0.0]))


@points(0.5)
@hint("Draft and target agree. What is 0 / 0, and from what would you draw?")
def test_equal_distributions_leave_the_target(submission):
    for target in (torch.tensor([0.25, 0.5, 0.25]), torch.tensor([1.0, 0.0])):
        residual = submission.residual_distribution(target, target.clone())
        assert_close(residual, target)


@points(0.25)
@hint("What does a distribution sum to?")
def test_the_residual_is_a_distribution(submission, rng):
    target, draft = draw_probs(rng, 30), draw_probs(rng, 30)
    residual = submission.residual_distribution(target, draft)
    assert_distribution(residual)
    assert_close(residual, residual_distribution(target, draft))


@points(0.25)
@hint("The draft never gives what the target wants. What is missing then?")
def test_of_disjoint_distributions_the_whole_target_is_missing(submission):
    target, draft = torch.tensor([0.0, 0.3, 0.7, 0.0]), torch.tensor([0.5, 0.0, 0.0, 0.5])
    assert_close(submission.residual_distribution(target, draft), target)


@points(0.25)
@hint("Would these shapes broadcast? Do both speak of the same vocabulary?")
def test_distributions_over_other_vocabularies_are_refused(submission):
    target = torch.full((4,), 0.25)
    for draft in (torch.full((3,), 1 / 3), torch.ones(1), torch.full((1, 4), 0.25)):
        assert_raises(ValueError, submission.residual_distribution, target, draft)


# ── verify ────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The target has looked one place further than the last draft. What does it say there?")
def test_after_all_drafts_comes_a_token_of_the_target(submission):
    draft = [[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]
    target = [[0.6, 0.2, 0.2], [0.1, 0.1, 0.8], [0.3, 0.6, 0.1]]
    assert_verified(submission.verify, [0, 2], draft, target, [0.9, 0.9], 0.5, [0, 2, 1])


@points(0.5)
@hint("Which row of the target's distributions belongs to the place after the last draft?")
def test_the_bonus_token_has_a_distribution_of_its_own(submission):
    draft, target = [[0.5, 0.5]], [[0.9, 0.1], [0.2, 0.8]]
    assert_verified(submission.verify, [0], draft, target, [0.5], 0.5, [0, 1])
    draft, target = [[0.5, 0.5]] * 2, [[0.1, 0.9], [0.2, 0.8], [0.7, 0.3]]
    assert_verified(submission.verify, [1, 1], draft, target, [0.5, 0.7], 0.5, [1, 1, 0])


@points(0.75)
@hint("The draft gave this token 0.4 and the target 0.3. For which share of the draws is it kept?")
@pytest.mark.parametrize("draw", [0.6, 0.7, 0.8, 0.05])
def test_a_draft_is_accepted_with_the_ratio_of_the_probabilities(submission, draw):
    # 0.3 / 0.4 is 0.75. The token is not the most likely one.
    draft, target = [[0.4, 0.1, 0.5]], [[0.3, 0.5, 0.2], [0.1, 0.2, 0.7]]
    assert_verified(submission.verify, [0], draft, target, [draw], 0.6)


@points(0.75)
@hint("After a rejection, which tokens have had too few chances so far?")
def test_a_rejected_draft_is_replaced_from_the_residual(submission):
    # The residual is [0, 0.25, 0.75, 0]; a draw of 0.2 would be token 0 or 1 of the target.
    draft, target = [[0.6, 0.1, 0.1, 0.2]], [[0.2, 0.2, 0.4, 0.2], [0.25] * 4]
    assert_verified(submission.verify, [0], draft, target, [0.9], 0.1, [1])
    assert_verified(submission.verify, [0], draft, target, [0.9], 0.3, [2])
    assert_verified(submission.verify, [0], draft, target, [0.9], 0.9, [2])


@points(0.75)
@hint("The second draft was drawn to follow the first. Is it worth anything when that is gone?")
def test_nothing_behind_a_rejection_is_looked_at(submission):
    draft = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]
    target = [[0.2, 0.1, 0.7], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.1, 0.1, 0.8]]
    assert_verified(submission.verify, [0, 1, 2], draft, target, [0.9, 0.1, 0.1], 0.5, [2])


@points(0.25)
@hint("Which of the drafts is the first to be rejected, and how many tokens come out?")
@pytest.mark.parametrize("place", range(5))
def test_the_first_rejection_ends_it_wherever_it_is(submission, rng, place):
    tokens = [int(token) for token in rng.integers(3, size=4)]
    draft = [[0.8 if token == i else 0.1 for i in range(3)] for token in tokens]
    target = [*draft, [0.25, 0.5, 0.25]]
    draws = [0.5] * 4
    if place < 4:
        target[place] = [0.2 if tokens[place] == i else 0.4 for i in range(3)]
    expected = None if place < 4 else [*tokens, 1]
    assert_verified(submission.verify, tokens, draft, target, draws, 0.6, expected)


@points(0.5)
@hint("A draw of 0, and a first token of probability 0: is the comparison a < or a ≤?")
@pytest.mark.parametrize(("draw", "token"), [(0.0, 1), (0.2, 1), (0.3, 3), (0.7, 3), (0.8, 4)])
def test_the_lowest_token_above_the_draw_is_taken(submission, draw, token):
    # Cumulative: 0, 0.25, 0.25, 0.75, 1, 1.
    target = [[0.5, 0.5, 0, 0, 0, 0], [0, 0.25, 0, 0.5, 0.25, 0]]
    draft = [[0.5, 0.5, 0, 0, 0, 0]]
    assert_verified(submission.verify, [1], draft, target, [0.3], draw, [1, token])


@points(0.5)
@hint("The probabilities sum to 0.999 and the draw is 0.9995. Which tokens can still be drawn?")
def test_a_draw_beyond_the_total_gives_the_last_possible_token(submission):
    target = [[0.5, 0.5, 0, 0], [0.6, 0.2, 0.199, 0.0]]
    assert_verified(submission.verify, [0], [[0.5, 0.5, 0, 0]], target, [0.3], 0.9995, [0, 2])


@points(0.25)
@hint("Nothing was drafted. What does the target's pass give?")
def test_without_drafts_the_target_gives_one_token(submission):
    nothing, no_probs = torch.zeros(0, dtype=torch.int64), torch.zeros(0, 3)
    target = torch.tensor([[0.2, 0.5, 0.3]])
    for draw, token in [(0.1, 0), (0.6, 1), (0.9, 2)]:
        given = submission.verify(nothing, no_probs, target, torch.zeros(0), draw)
        assert_equal(given, [token])


@points(0.5)
@hint(
    "Draw from the draft, verify, and count the first tokens. Which distribution should they have?"
)
def test_the_first_token_has_the_distribution_of_the_target(submission):
    draft, target = torch.tensor([0.6, 0.2, 0.1, 0.1]), torch.tensor([0.2, 0.2, 0.3, 0.3])
    after = torch.full((4,), 0.25)
    share, accepted = torch.zeros(4), 0.0
    for token in range(4):
        for step in range(6):
            for draw in (0.25, 0.75):
                given = submission.verify(
                    torch.tensor([token]),
                    draft[None],
                    torch.stack([target, after]),
                    torch.tensor([(step + 0.5) / 6]),
                    draw,
                )
                weight = float(draft[token]) / 12
                share[given[0]] += weight
                accepted += weight * (len(given) == 2)
    assert_close(share, target, name="the shares of the first tokens")
    expected = float(torch.minimum(draft, target).sum())
    assert_close(accepted, expected, rtol=1e-6, name="the share of accepted drafts")


@points(0.25)
@hint("Verify a few drafts by hand. Which place is the first at which you differ?")
def test_many_drafts_are_verified(submission, rng):
    for _ in range(12):
        k, vocab = int(rng.integers(1, 6)), int(rng.integers(2, 9))
        draft, target = draw_probs(rng, k, vocab), draw_probs(rng, k + 1, vocab)
        tokens = torch.as_tensor(rng.integers(vocab, size=k))
        ratios = (target[range(k), tokens] / draft[range(k), tokens]).clamp(max=0.999)
        inside = torch.as_tensor(rng.uniform(0.1, 0.9, size=k)).float()
        rejected = torch.as_tensor(rng.random(k) < 0.3) & (ratios < 0.99)
        draws = torch.where(rejected, ratios + (1 - ratios) * inside, ratios * inside)
        place = int(rejected.int().argmax()) if rejected.any() else k
        last = target[k]
        if place < k:
            last = residual_distribution(target[place], draft[place])
        token = int(rng.choice(torch.nonzero(last).flatten().numpy()))
        arguments = tokens, draft, target, draws, place_in(rng, last, token)
        assert_equal(submission.verify(*arguments), [*tokens[:place].tolist(), token])


@points(0.5)
@hint("How many rows does each argument have for k drafts? And could this token have been drawn?")
def test_shapes_that_disagree_and_impossible_drafts_are_refused(submission):
    good = {
        "draft_tokens": torch.tensor([0, 1]),
        "draft_probs": torch.tensor([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]),
        "target_probs": torch.full((3, 3), 1 / 3),
        "accept_draws": torch.tensor([0.1, 0.1]),
    }
    for name, shapes in {
        "draft_tokens": [(1,), (3,), (2, 1)],
        "draft_probs": [(1, 3), (3, 3), (2, 4), (2, 1), (2,)],
        "target_probs": [(2, 3), (4, 3), (3, 2), (3, 4)],
        "accept_draws": [(1,), (3,), (0,), (1, 2)],
    }.items():
        for shape in shapes:
            filled = torch.zeros(shape, dtype=torch.int64)
            if name != "draft_tokens":
                filled = torch.full(shape, 0.5)
            arguments = {**good, name: filled}
            assert_raises(ValueError, submission.verify, **arguments, sample_draw=0.5)
    impossible = {**good, "draft_tokens": torch.tensor([2, 1])}
    assert_raises(ValueError, submission.verify, **impossible, sample_draw=0.5)
    certain = {**good, "draft_probs": torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]])}
    assert_raises(ValueError, submission.verify, **certain, sample_draw=0.5)


# ── expected_tokens ───────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("The third draft counts only if the first two were accepted. And what comes after the last?")
@pytest.mark.parametrize(("acceptance", "k"), [(0.5, 3), (0.8, 4), (0.35, 7)])
def test_every_pass_gives_the_accepted_drafts_and_one_more(submission, acceptance, k):
    given = submission.expected_tokens(acceptance, k)
    assert_close(given, expected_tokens(acceptance, k))


@points(0.25)
@hint("Every draft is accepted. What does a closed form with 1 − a make of that?")
@pytest.mark.parametrize("k", [0, 1, 5])
def test_when_all_are_accepted_there_is_one_more_than_drafts(submission, k):
    assert_close(submission.expected_tokens(1.0, k), k + 1.0)


@points(0.5)
@hint("How many tokens does a pass give without drafts, or with none accepted?")
@pytest.mark.parametrize(("acceptance", "k"), [(0.0, 4), (0.7, 0), (0.0, 0)])
def test_a_pass_gives_at_least_one_token(submission, acceptance, k):
    assert_close(submission.expected_tokens(acceptance, k), 1.0)


@points(0.5)
@hint("Which numbers are probabilities, and how many drafts are at least none?")
def test_what_is_no_probability_is_refused(submission):
    for acceptance, k in [(-0.1, 2), (1.1, 2), (0.5, -1), (2, 3), (0.5, -4)]:
        assert_raises(ValueError, submission.expected_tokens, acceptance, k)


# ── best_draft_length ─────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("One draft more gives a^k tokens more. What does it cost?")
@pytest.mark.parametrize(
    ("acceptance", "cost", "max_k"), [(0.5, 0.1, 9), (0.8, 0.05, 20), (0.7, 0.2, 8), (0.9, 0.02, 6)]
)
def test_the_best_length_has_the_most_tokens_per_time(submission, acceptance, cost, max_k):
    given = submission.best_draft_length(acceptance, cost, max_k)
    assert_equal(given, best_draft_length(acceptance, cost, max_k))


@points(0.5)
@hint("A draft is hardly ever accepted and costs half a pass. How many should be drafted?")
@pytest.mark.parametrize(("acceptance", "cost"), [(0.2, 0.5), (0.0, 0.1), (0.6, 2.0)])
def test_drafts_that_do_not_pay_are_not_made(submission, acceptance, cost):
    assert_equal(submission.best_draft_length(acceptance, cost, 6), 0)


@points(0.5)
@hint("Drafts cost nothing. Is one more ever a loss?")
@pytest.mark.parametrize(("acceptance", "cost"), [(0.8, 0.0), (1.0, 0.3), (1.0, 0.0)])
def test_drafts_that_always_pay_are_made_as_far_as_allowed(submission, acceptance, cost):
    for max_k in (1, 7):
        assert_equal(submission.best_draft_length(acceptance, cost, max_k), max_k)


@points(0.5)
@hint("Two lengths give the same speed-up, but for rounding. Which of them is wanted?")
def test_of_equal_speed_ups_the_shortest_is_taken(submission):
    assert_equal(submission.best_draft_length(0.6, 0.3, 6), 1)
    for acceptance in (0.1, 0.3, 0.56, 0.95):
        # With this cost the second draft brings just what it takes.
        cost = acceptance**2 / (1 + acceptance - acceptance**2)
        assert_equal(submission.best_draft_length(acceptance, cost, 5), 1)
    assert_equal(submission.best_draft_length(0.5, 0.5, 3), 0)
    assert_equal(submission.best_draft_length(1.0, 1.0, 4), 0)
    assert_equal(submission.best_draft_length(0.0, 0.0, 4), 0)


@points(0.25)
@hint("No draft is allowed. What is left?")
def test_without_drafts_to_choose_from_there_are_none(submission):
    assert_equal(submission.best_draft_length(0.9, 0.01, 0), 0)


@points(0.5)
@hint("Can a draft take negative time, or be accepted more often than always?")
def test_costs_and_lengths_without_meaning_are_refused(submission):
    for arguments in [(0.5, -0.1, 4), (0.5, 0.1, -1), (-0.1, 0.1, 4), (1.5, 0.1, 4), (2, 0.0, 0)]:
        assert_raises(ValueError, submission.best_draft_length, *arguments)
