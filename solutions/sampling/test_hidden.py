"""The hidden suite of sampling."""

import math

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points, tensor
from solutions.sampling.sampling import apply_repetition_penalty, next_token_distribution

MANY = [0.3, 0.22, 0.17, 0.12, 0.08, 0.06, 0.03, 0.015, 0.005]
"""Cumulative sums: 0.3, 0.52, 0.69, 0.81, 0.89, 0.95, 0.98, 0.995, 1."""


def logits_of(rng, probs, temperature=1.0, shift=True):
    """Return logits whose softmax at a temperature is `probs`, which come in an order drawn."""
    order = rng.permutation(len(probs))
    logits = torch.tensor([probs[i] for i in order], dtype=torch.float64).log() * temperature
    return (logits + (rng.uniform(-3, 3) if shift else 0.0)).float()


def assert_filtered(distribution, logits, **settings):
    """Compare a distribution with the reference's, and where it is 0 exactly."""
    result = distribution(logits, **settings)
    expected = next_token_distribution(logits, **settings)
    assert_close(result, expected)
    assert_equal(result > 0, expected > 0, name="where the result is above 0")


def draws_inside(rng, probs):
    """Draw an index for each row, and a uniform well inside its interval."""
    cumulative = probs.double().cumsum(-1)
    possible = (probs > 0).double().numpy()
    rows = possible.reshape(-1, probs.shape[-1])
    drawn = [int(rng.choice(len(row), p=row / row.sum())) for row in rows]
    index = torch.tensor(drawn).reshape(probs.shape[:-1])
    high = cumulative.gather(-1, index[..., None])[..., 0]
    low = high - probs.double().gather(-1, index[..., None])[..., 0]
    inside = torch.as_tensor(rng.uniform(0.2, 0.8, size=tuple(index.shape)))
    return index, ((low + inside * (high - low)) / cumulative[..., -1]).float()


# ── apply_repetition_penalty ──────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Half of −2 is −1. Is a token with the logit −1 more or less likely than with −2?")
def test_positive_logits_are_divided_and_negative_ones_multiplied(submission, rng):
    logits = tensor(rng, 6).abs() * torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    assert_close(
        submission.apply_repetition_penalty(logits, [1, 4, 3], 1.5),
        apply_repetition_penalty(logits, [1, 4, 3], 1.5),
    )


@points(0.5)
@hint("A token came three times. How often should its logit be penalised?")
def test_a_token_is_penalised_once_however_often_it_came(submission, rng):
    logits = tensor(rng, 5).abs() + 0.5
    previous = [2, 0, 2, 2, 0]
    assert_close(
        submission.apply_repetition_penalty(logits, previous, 1.25),
        apply_repetition_penalty(logits, previous, 1.25),
    )


@points(0.25)
@hint("What is left to do when no token came before, or the penalty is 1?")
@pytest.mark.parametrize(("previous", "penalty"), [([], 2.0), ([0, 3, 3], 1.0)])
def test_without_a_penalty_the_logits_stay(submission, rng, previous, penalty):
    logits = tensor(rng, 5)
    assert_close(submission.apply_repetition_penalty(logits, previous, penalty), logits)


@points(0.25)
@hint("A penalty below 1 rewards repetition. Is anything in your code afraid of it?")
def test_a_penalty_below_one_makes_repetition_likelier(submission, rng):
    logits = tensor(rng, 7)
    previous = [6, 0, 2, 3]
    assert_close(
        submission.apply_repetition_penalty(logits, previous, 0.4),
        apply_repetition_penalty(logits, previous, 0.4),
    )


@points(0.25)
@hint("What are twice −inf, and twice zero?")
def test_zero_and_minus_infinity_stay_what_they_are(submission):
    logits = torch.tensor([0.0, -math.inf, 3.0, -math.inf, -1.0])
    expected = torch.tensor([0.0, -math.inf, 1.5, -math.inf, -1.0])
    assert_close(submission.apply_repetition_penalty(logits, [0, 1, 2], 2.0), expected)


@points(0.25)
@hint("What would a penalty of zero do, and which tokens does a vocabulary of four have?")
@pytest.mark.parametrize(
    ("previous", "penalty"), [([1], 0.0), ([1], -1.5), ([0, 4], 1.2), ([-1], 1.2), ([], 0.0)]
)
def test_senseless_penalties_and_unknown_tokens_are_refused(submission, rng, previous, penalty):
    logits = tensor(rng, 4)
    assert_raises(ValueError, submission.apply_repetition_penalty, logits, previous, penalty)


# ── next_token_distribution ───────────────────────────────────────────────────────────────────


@points(0.25)
@hint("Without any setting, what turns logits into probabilities? And what is exp(−inf)?")
def test_the_defaults_are_the_models_own_distribution(submission, rng):
    logits = tensor(rng, 9, scale=2.0)
    logits[4] = -math.inf
    expected = torch.softmax(logits, dim=-1)
    assert_close(submission.next_token_distribution(logits), expected)
    assert_close(submission.next_token_distribution(logits, []), expected)
    assert_close(submission.next_token_distribution(logits, [1, 2, 2]), expected)


@points(0.25)
@hint("As the temperature goes to 0 only one token should be left. Try 0.1 and 10.")
@pytest.mark.parametrize("temperature", [0.4, 2.5])
def test_a_low_temperature_sharpens_and_a_high_one_flattens(submission, rng, temperature):
    logits = tensor(rng, 9)
    assert_close(
        submission.next_token_distribution(logits, temperature=temperature),
        torch.softmax(logits.double() / temperature, dim=-1).float(),
    )


@points(0.25)
@hint("Nothing can be divided by 0. What does the distribution tend to as the temperature does?")
def test_temperature_zero_is_greedy(submission, rng):
    logits = logits_of(rng, MANY)
    expected = torch.zeros(len(MANY))
    expected[logits.argmax()] = 1.0
    assert_close(submission.next_token_distribution(logits, temperature=0.0), expected)
    result = submission.next_token_distribution(
        logits, temperature=0, top_k=3, top_p=0.6, min_p=0.2
    )
    assert_close(result, expected)


@points(0.25)
@hint("Two logits are equally high. Which of the two tokens comes first?")
def test_the_lowest_of_equally_high_tokens_is_the_greedy_one(submission):
    logits = torch.tensor([-1.0, 2.5, 0.0, 2.5, 2.5])
    expected = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0])
    assert_close(submission.next_token_distribution(logits, temperature=0.0), expected)


@points(0.25)
@hint("In which order do penalty and argmax come?")
def test_the_penalty_changes_what_is_greedy(submission):
    logits, penalty = torch.tensor([1.0, 3.0, 2.0, -1.0]), ([1, 3, 1], 2.0)
    warm = submission.next_token_distribution(logits, *penalty)
    assert_close(warm, next_token_distribution(logits, *penalty), name="result at temperature 1")
    greedy = submission.next_token_distribution(logits, *penalty, temperature=0.0)
    expected = torch.tensor([0.0, 0.0, 1.0, 0.0])
    assert_close(greedy, expected, name="result at temperature 0")


@points(0.25)
@hint("Which tokens came before, and what happens to their logits before all else?")
def test_the_penalty_is_applied_to_the_logits(submission, rng):
    logits = tensor(rng, 8)
    settings = {"previous": [5, 0, 5, 3], "repetition_penalty": 1.8, "temperature": 0.7}
    assert_close(
        submission.next_token_distribution(logits, **settings),
        next_token_distribution(logits, **settings),
    )


@points(0.25)
@hint("Sum what the filter left. What has to be done about it?")
@pytest.mark.parametrize("top_k", [1, 4])
def test_top_k_keeps_the_k_most_likely_tokens(submission, rng, top_k):
    assert_filtered(submission.next_token_distribution, logits_of(rng, MANY), top_k=top_k)


@points(0.25)
@hint("Three tokens are equally likely and there is room for two. How many do you keep?")
def test_of_equally_likely_tokens_at_rank_k_the_lower_ids_stay(submission):
    logits = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0])
    assert_filtered(submission.next_token_distribution, logits, top_k=3)
    assert_filtered(submission.next_token_distribution, torch.zeros(200), top_k=70)


@points(0.25)
@hint("The vocabulary has nine tokens. What are its twenty most likely ones?")
@pytest.mark.parametrize("top_k", [9, 10, 20])
def test_a_k_beyond_the_vocabulary_keeps_all(submission, rng, top_k):
    logits = tensor(rng, 9)
    assert_filtered(submission.next_token_distribution, logits, top_k=top_k)


@points(0.5)
@hint("The first two tokens have 0.52 together. Is that enough for 0.6? Which token is missing?")
@pytest.mark.parametrize("top_p", [0.6, 0.85])
def test_the_token_that_crosses_top_p_is_kept(submission, top_p):
    # The tokens are sorted already.
    assert_filtered(submission.next_token_distribution, torch.tensor(MANY).log(), top_p=top_p)


@points(0.25)
@hint("The mask belongs to sorted tokens. Where does each of them stand in the vocabulary?")
def test_top_p_keeps_tokens_wherever_they_stand(submission):
    logits = torch.tensor([0.05, 0.1, 0.35, 0.2, 0.3]).log()
    assert_filtered(submission.next_token_distribution, logits, top_p=0.6)


@points(0.25)
@hint("The most likely token has more than top_p by itself. How many tokens are left?")
@pytest.mark.parametrize("top_p", [0.01, 0.2])
def test_top_p_keeps_at_least_one_token(submission, rng, top_p):
    assert_filtered(submission.next_token_distribution, logits_of(rng, MANY), top_p=top_p)


@points(0.25)
@hint("Which of two equally likely tokens comes first in your order? Is your sort stable?")
def test_of_equally_likely_tokens_top_p_takes_the_lower_ids(submission):
    assert_filtered(submission.next_token_distribution, torch.zeros(5), top_p=0.5)
    logits = torch.tensor([0.0, 3.0, 0.0, 3.0, 3.0])
    assert_filtered(submission.next_token_distribution, logits, top_p=0.6)


@points(0.25)
@hint("A cumulative sum in float32 reaches 1 too early. Which tokens would that lose?")
def test_a_top_p_of_one_keeps_all(submission, rng):
    # The rarest tokens have 1e-10, which no float32 sum near 1 can see.
    logits = logits_of(rng, [0.6, 0.3, 0.1, 1e-10, 2e-10, 3e-10], shift=False)
    assert_filtered(submission.next_token_distribution, logits, top_p=1.0)


@points(0.5)
@hint("The model is unsure and its best token has 0.3. Which probability is a tenth of the best?")
@pytest.mark.parametrize("min_p", [0.15, 0.35])
def test_min_p_is_relative_to_the_most_likely_token(submission, rng, min_p):
    assert_filtered(submission.next_token_distribution, logits_of(rng, MANY), min_p=min_p)


@points(0.25)
@hint("Which tokens are as likely as the best, and which are at least as likely as never?")
@pytest.mark.parametrize("min_p", [0.0, 1.0])
def test_min_p_may_be_zero_or_one(submission, rng, min_p):
    assert_filtered(submission.next_token_distribution, logits_of(rng, MANY), min_p=min_p)


@points(0.5)
@hint("Top-k left three tokens. What do their probabilities sum to when top-p looks at them?")
def test_top_p_is_measured_on_what_top_k_left(submission, rng):
    # 0.3 + 0.22 + 0.17 = 0.69: the first has 0.435 of it, the first two have 0.754.
    assert_filtered(submission.next_token_distribution, logits_of(rng, MANY), top_k=3, top_p=0.7)


@points(0.25)
@hint("Which filter comes last, and what does the sum look like that top-p reaches?")
def test_min_p_comes_after_top_p(submission, rng):
    # Top-p needs four tokens (0.81); of what min_p alone would leave, three are enough (0.85).
    logits = logits_of(rng, MANY)
    assert_filtered(submission.next_token_distribution, logits, top_p=0.8, min_p=0.35)


@points(0.5)
@hint("A hot distribution is flatter. Should its nucleus be larger or the same?")
@pytest.mark.parametrize("setting", [{"top_p": 0.6}, {"min_p": 0.25}], ids=str)
def test_the_temperature_comes_before_the_filters(submission, rng, setting):
    # At temperature 1 the same logits are much sharper than MANY.
    logits = logits_of(rng, MANY, temperature=2.0)
    assert_filtered(submission.next_token_distribution, logits, temperature=2.0, **setting)


@points(0.25)
@hint("A token that is forbidden has probability 0. Does a filter find a use for it all the same?")
def test_a_forbidden_token_never_comes_back(submission, rng):
    logits = torch.cat([logits_of(rng, MANY), torch.full((3,), -math.inf)])[rng.permutation(12)]
    for settings in ({"top_k": 11}, {"top_p": 1.0}, {"min_p": 0.0}, {"temperature": 5.0}):
        assert_filtered(submission.next_token_distribution, logits, **settings)


@points(0.25)
@hint("exp(10⁷) overflows. What may be taken from all logits without changing the softmax?")
def test_logits_of_ten_thousand_at_a_low_temperature_are_no_problem(submission):
    logits = torch.tensor([-1e4, 1e4, 9999.0, 1e4, 0.0])
    expected = torch.tensor([0.0, 0.5, 0.0, 0.5, 0.0])
    assert_close(submission.next_token_distribution(logits, temperature=1e-3), expected)


@points(0.25)
@hint("Write down the order of the steps. Which of yours stands in another place?")
def test_all_settings_together(submission, rng):
    # Penalised, at temperature 2: 0.3, 0.22, 0.17, 0.12, 0.08, … of which seven stay, then five
    # (0.89 / 0.98 = 0.908), then four (0.12 / 0.3 = 0.4).
    order = rng.permutation(len(MANY))
    logits = torch.tensor(MANY, dtype=torch.float64).log() * 2 - 0.5
    logits[[0, 3]] /= 1.3  # negative, so multiplied by the penalty again
    previous = [int(i) for i in torch.from_numpy(order).argsort()[[3, 0, 3]]]
    assert_filtered(
        submission.next_token_distribution,
        logits[order].float(),
        previous=previous,
        repetition_penalty=1.3,
        temperature=2.0,
        top_k=7,
        top_p=0.87,
        min_p=0.3,
    )


@points(0.25)
@hint("Which values of each setting have no meaning? Does temperature 0 make any of them better?")
@pytest.mark.parametrize("temperature", [1.0, 0.0])
@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"top_k": 0}, id="top_k 0"),
        pytest.param({"top_k": -2}, id="top_k −2"),
        pytest.param({"top_p": 0.0}, id="top_p 0"),
        pytest.param({"top_p": 1.1}, id="top_p 1.1"),
        pytest.param({"top_p": -0.5}, id="top_p −0.5"),
        pytest.param({"min_p": -0.1}, id="min_p −0.1"),
        pytest.param({"min_p": 1.1}, id="min_p 1.1"),
        pytest.param({"previous": [0], "repetition_penalty": 0.0}, id="penalty 0"),
        pytest.param({"repetition_penalty": -1.0}, id="penalty −1"),
        pytest.param({"previous": [4], "repetition_penalty": 1.5}, id="unknown token"),
    ],
)
def test_settings_without_meaning_are_refused(submission, rng, settings, temperature):
    logits = tensor(rng, 4)
    assert_raises(
        ValueError,
        submission.next_token_distribution,
        logits,
        temperature=temperature,
        **settings,
    )


@points(0.25)
@hint("What does a temperature below 0 do to the order of the tokens? And what if none is allowed?")
@pytest.mark.parametrize(
    ("logit", "temperature"), [(1.0, -0.5), (-math.inf, 1.0), (-math.inf, 0.0), (1.0, -1)]
)
def test_negative_temperatures_and_forbidding_everything_are_refused(
    submission, logit, temperature
):
    logits = torch.full((4,), logit)
    assert_raises(ValueError, submission.next_token_distribution, logits, temperature=temperature)


# ── sample ────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Draw the tokens as pieces of a line from 0 to 1. On which piece does 0.6 lie?")
@pytest.mark.parametrize(("uniform", "token"), [(0.05, 0), (0.35, 1), (0.6, 3), (0.95, 4)])
def test_a_draw_falls_on_the_token_whose_piece_it_hits(submission, uniform, token):
    probs = torch.tensor([0.1, 0.4, 0.0, 0.3, 0.2])
    assert_equal(submission.sample(probs, torch.tensor(uniform)), torch.tensor(token))


@points(0.25)
@hint("Which is the first token that a draw of 0 can give?")
@pytest.mark.parametrize("first", [0, 1, 3])
def test_a_draw_of_zero_gives_the_first_possible_token(submission, first):
    probs = torch.tensor([0.25, 0.25, 0.0, 0.25, 0.5])
    probs[:first] = 0.0
    assert_equal(submission.sample(probs, torch.tensor(0.0)), torch.tensor(first))


@points(0.25)
@hint("A draw hits the end of a piece exactly. Does its token still have a claim to it?")
def test_a_draw_on_a_boundary_belongs_to_the_token_after_it(submission):
    probs = torch.tensor([[0.25, 0.25, 0.5], [0.5, 0.0, 0.5], [1.0, 3.0, 4.0]])
    uniform = torch.tensor([0.25, 0.5, 0.5])
    assert_equal(submission.sample(probs, uniform), torch.tensor([1, 2, 2]))


@points(0.5)
@hint("What if the row sums to 4, or to a half? How far may the draw then go?")
@pytest.mark.parametrize(
    ("probs", "uniform", "token"),
    [
        pytest.param([1.0, 2.0, 1.0, 2.0], 0.8, 3, id="to 6"),
        pytest.param([0.0, 30.0, 10.0, 40.0], 0.45, 2, id="to 80"),
        pytest.param([0.125, 0.125, 0.25, 0.0], 0.4, 1, id="to a half"),
    ],
)
def test_rows_need_not_sum_to_one(submission, probs, uniform, token):
    result = submission.sample(torch.tensor(probs), torch.tensor(uniform))
    assert_equal(result, torch.tensor(token))


@points(0.25)
@hint("Does each row get its own draw, and its own sum?")
@pytest.mark.parametrize("shape", [(40,), (3, 7), (2, 1, 4), (0,), (2, 0)], ids=str)
def test_every_row_has_its_own_draw(submission, rng, shape):
    weights = torch.as_tensor(rng.integers(1, 9, size=(*shape, 11)) / 8).float()
    probs = weights * torch.as_tensor(rng.random((*shape, 11)) < 0.7)
    probs[..., 5] = 0.5
    index, uniform = draws_inside(rng, probs)
    assert_equal(submission.sample(probs, uniform), index)


@points(0.25)
@hint("Which dtype do indices have, and which shape does the result for a single row have?")
@pytest.mark.parametrize("shape", [(), (1,), (2, 3)], ids=str)
def test_the_result_is_int64_and_has_the_shape_of_the_draws(submission, shape):
    probs = torch.tensor([0.25, 0.0, 0.75]).expand(*shape, 3)
    result = submission.sample(probs, torch.full(shape, 0.5))
    assert_close(result, torch.full(shape, 2), check_dtype=True)


@points(0.25)
@hint("Where a float32 sum and a cumulative sum differ in the last bit, can your index fall off?")
def test_the_largest_draw_gives_the_last_possible_token(submission, rng):
    # Many rows, as rounding goes the wrong way in some of them only.
    probs = torch.as_tensor(rng.uniform(0.0, 1e-3, size=(64, 1003))).float()
    probs[:, 1000] = 0.01
    probs[:, 1001:] = 0.0
    uniform = torch.full((64,), 1 - 2**-24)
    assert_equal(submission.sample(probs, uniform), torch.full((64,), 1000))


@points(0.25)
@hint("A probability is never negative, and a draw never 1. What if nothing can be drawn at all?")
@pytest.mark.parametrize(
    ("probs", "uniform"),
    [
        pytest.param([[0.5, 0.5], [1.5, -0.5]], [0.5, 0.5], id="negative"),
        pytest.param([[0.5, 0.5], [0.0, 0.0]], [0.5, 0.5], id="sums to 0"),
        pytest.param([[0.5, 0.5], [0.5, 0.5]], [0.5, 1.0], id="a draw of 1"),
        pytest.param([[0.5, 0.5], [0.5, 0.5]], [-0.1, 0.5], id="a negative draw"),
        pytest.param([[0.5, 0.5], [0.5, 0.5]], [0.5, 1.5], id="a draw of 1.5"),
    ],
)
def test_what_is_no_distribution_or_no_draw_is_refused(submission, probs, uniform):
    assert_raises(ValueError, submission.sample, torch.tensor(probs), torch.tensor(uniform))


@points(0.5)
@hint("How many draws does each row need? Would broadcasting hide a mistake of the caller?")
@pytest.mark.parametrize(
    ("rows", "draws"), [((2,), ()), ((2,), (1,)), ((2,), (3,)), ((), (2,)), ((2, 3), (3,))], ids=str
)
def test_another_number_of_draws_than_rows_is_refused(submission, rows, draws):
    probs, uniform = torch.full((*rows, 4), 0.25), torch.full(draws, 0.5)
    assert_raises(ValueError, submission.sample, probs, uniform)
