"""The hidden suite of comparing prompts."""

import numpy as np
import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import array, hint, points, shuffled
from solutions.prompt_evaluation.prompt_evaluation import mcnemar_exact, paired_bootstrap, ucb1


def cases(rng, b, c, both=0, neither=0):
    """Return two prompts' results: b and c cases that only the first and only the second gets."""
    pairs = [(True, False)] * b + [(False, True)] * c
    pairs = shuffled(rng, pairs + [(True, True)] * both + [(False, False)] * neither)
    return [one for one, _ in pairs], [other for _, other in pairs]


# ── mcnemar_exact ─────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Throw a coin for each case on which the prompts differ. How likely is a result so uneven?")
@pytest.mark.parametrize(("b", "c"), [(1, 5), (7, 2)])
def test_both_tails_of_the_coin_count(submission, rng, b, c):
    # C(6, 0) + C(6, 1) = 7 of 64; C(9, 0) + C(9, 1) + C(9, 2) = 46 of 512; twice each.
    first, second = cases(rng, b, c)
    assert_close(submission.mcnemar_exact(first, second), {5: 14 / 64, 2: 92 / 512}[c])


@points(0.5)
@hint("Both prompts are right on a case. For which of the two does it speak?")
def test_cases_on_which_both_agree_do_not_count(submission, rng):
    first, second = cases(rng, 2, 8, both=11, neither=6)
    # C(10, 0) + C(10, 1) + C(10, 2) = 56 of 1024, twice.
    assert_close(submission.mcnemar_exact(first, second), 112 / 1024)


@points(0.25)
@hint("Would the p-value be another if the prompts changed their names?")
def test_it_does_not_matter_which_prompt_is_first(submission, rng):
    first, second = cases(rng, 9, 3, both=2, neither=1)
    given = [submission.mcnemar_exact(first, second), submission.mcnemar_exact(second, first)]
    assert_close(given, [598 / 4096, 598 / 4096])


@points(0.5)
@hint("Which of your numbers is too large for a float, and would a whole number do?")
@pytest.mark.parametrize(("b", "c"), [(968, 1032), (560, 500)])
def test_two_thousand_cases_do_not_overflow(submission, rng, b, c):
    first, second = cases(rng, b, c, both=3)
    assert_close(submission.mcnemar_exact(first, second), mcnemar_exact(first, second))


@points(0.25)
@hint("Twice a half and a bit: can that be a probability?")
@pytest.mark.parametrize(("b", "c"), [(1, 1), (4, 4), (3, 4), (0, 1)])
def test_a_p_value_is_at_most_one(submission, rng, b, c):
    first, second = cases(rng, b, c, neither=2)
    assert_close(submission.mcnemar_exact(first, second), 1.0)


@points(0.25)
@hint("What is the sum over no case but i = 0, and what if there is nothing to differ on?")
@pytest.mark.parametrize(
    ("b", "c", "both", "neither", "expected"),
    [(0, 6, 0, 0, 2 / 64), (10, 0, 3, 0, 2 / 1024), (0, 0, 2, 3, 1.0), (0, 0, 0, 0, 1.0)],
    ids=["second only", "first only", "no difference", "no case"],
)
def test_one_prompt_or_both_may_be_ahead_nowhere(submission, rng, b, c, both, neither, expected):
    first, second = cases(rng, b, c, both, neither)
    assert_close(submission.mcnemar_exact(first, second), expected)


@points(0.5)
@hint("Which case does the last result belong to?")
@pytest.mark.parametrize("missing", [1, 2])
def test_results_on_different_cases_are_refused(submission, missing):
    whole = [True, False, True]
    for pair in ((whole, whole[missing:]), (whole[missing:], whole)):
        assert_raises(ValueError, submission.mcnemar_exact, *pair)


# ── paired_bootstrap ──────────────────────────────────────────────────────────────────────────


def scores(rng, n=12, resamples=200):
    """Return scores of hard and easy cases, the second prompt's a little better, and resamples."""
    difficulty = array(rng, n, scale=3.0)
    first = difficulty + array(rng, n, scale=0.2)
    second = difficulty + array(rng, n, scale=0.2) + 0.3
    return first, second, rng.integers(n, size=(resamples, n))


@points(0.75)
@hint("A hard case is hard for both prompts. What happens to it if each has resamples of its own?")
def test_both_prompts_are_resampled_together(submission, rng):
    first, second, indices = scores(rng)
    expected = paired_bootstrap(first, second, indices)
    assert_close(submission.paired_bootstrap(first, second, indices), expected)


@points(0.5)
@hint("An interval of 80 % leaves out 20 %. How much of it on each side?")
@pytest.mark.parametrize("level", [0.8, 0.5, 0.99])
def test_each_tail_gets_half_of_what_is_left_out(submission, rng, level):
    first, second, indices = scores(rng)
    expected = paired_bootstrap(first, second, indices, level)
    assert_close(submission.paired_bootstrap(first, second, indices, level), expected)


@points(0.25)
@hint("The second prompt is better by 2. Which sign should that have, and is it an estimate?")
def test_the_difference_is_that_of_the_cases_themselves(submission):
    first, second = np.array([1.0, 2.0, 6.0]), np.array([4.0, 4.0, 7.0])
    indices = np.array([[0, 0, 0], [0, 0, 0], [0, 1, 2]])
    # The gains are 3, 2 and 1; the resampled ones 3, 3 and 2.
    result = submission.paired_bootstrap(first, second, indices, level=0.5)
    assert_close(result, (2.0, 2.5, 3.0))


@points(0.25)
@hint("What is the lower quartile of 0, 1, 2 and 4?")
def test_quantiles_are_interpolated_linearly(submission):
    first, second = np.zeros(4), np.array([0.0, 4.0, 1.0, 2.0])
    indices = np.array([[0] * 4, [1] * 4, [2] * 4, [3] * 4])
    result = submission.paired_bootstrap(first, second, indices, level=0.6)
    # At 0.2 · 3 = 0.6 and 0.8 · 3 = 2.4 of the way through 0 1 2 4.
    assert_close(result, (1.75, 0.6, 2.8))


@points(0.25)
@hint("A row of indices draws n of n cases. Does it have to hold each once?")
@pytest.mark.parametrize(("n", "resamples"), [(1, 1), (5, 1), (1, 4), (2, 3)])
def test_there_may_be_few_cases_or_resamples(submission, rng, n, resamples):
    first, second, indices = scores(rng, n, resamples)
    expected = paired_bootstrap(first, second, indices, 0.9)
    assert_close(submission.paired_bootstrap(first, second, indices, 0.9), expected)


@points(0.5)
@hint("What is the mean of no case, and which case does each score belong to?")
@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([(0, 0, (3, 0))], id="no case"),
        pytest.param([(4, 4, (0, 4))], id="no resample"),
        pytest.param([(1, 4, (5, 4)), (3, 4, (5, 4))], id="first"),
        pytest.param([(4, 1, (5, 4)), (4, 3, (5, 4))], id="second"),
        pytest.param([(4, 4, (5, 3)), (4, 4, (5, 5))], id="indices"),
    ],
)
def test_cases_that_do_not_fit_together_are_refused(submission, sizes):
    for first, second, shape in sizes:
        arguments = np.zeros(first), np.ones(second), np.zeros(shape, dtype=np.int64)
        assert_raises(ValueError, submission.paired_bootstrap, *arguments)


@points(0.5)
@hint("Which level has an interval of one point, and which has one of all numbers?")
@pytest.mark.parametrize("levels", [(0.0, -0.5), (1.0, 1.5)], ids=["below", "above"])
def test_a_level_outside_zero_and_one_is_refused(submission, levels):
    arguments = np.zeros(2), np.ones(2), np.array([[0, 1], [1, 1]])
    for level in levels:
        assert_raises(ValueError, submission.paired_bootstrap, *arguments, level)


# ── holm ──────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("After one rejection, how many hypotheses are left that could be rejected wrongly?")
def test_the_threshold_grows_with_every_rejection(submission):
    # 0.01 ≤ 0.05/4 and 0.015 ≤ 0.05/3, but 0.03 > 0.05/2.
    assert_equal(submission.holm([0.2, 0.015, 0.03, 0.01]), [False, True, False, True])


@points(0.5)
@hint("One hypothesis was kept. What does that say of all with a larger p-value?")
def test_the_first_that_is_kept_ends_it(submission):
    # 0.01 ≤ 0.05/4, 0.02 > 0.05/3; 0.024 ≤ 0.05/2 and 0.045 ≤ 0.05/1 do not matter any more.
    assert_equal(submission.holm([0.045, 0.024, 0.01, 0.02]), [False, False, True, False])


@points(0.25)
@hint("A threshold is alpha over a number of hypotheses. Is yours exactly that?")
@pytest.mark.parametrize("p_values", [[0.0253, 0.4], [0.045, 0.4, 0.0168]], ids=["two", "three"])
def test_thresholds_are_shares_of_alpha(submission, p_values):
    # 0.0253 > 0.05/2 and 0.0168 > 0.05/3, but both are less than 1 − 0.95^(1/2) and 1 − 0.95^(1/3).
    assert_equal(submission.holm(p_values), [False] * len(p_values))


@points(0.25)
@hint("To which of the hypotheses does your first decision belong?")
def test_decisions_come_in_the_order_given(submission, rng):
    p_values = shuffled(rng, [0.001, 0.9, 0.002, 0.5, 0.0005])
    expected = [p < 0.01 for p in p_values]
    assert_equal(submission.holm(p_values), expected)


@points(0.5)
@hint("Is a p-value that equals its threshold small enough?")
@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.03125, 0.5, 0.5, 0.5], [True, False, False, False]),
        ([0.0625, 0.015625, 0.125, 0.015625], [True, True, True, True]),
        ([0.5, 0.0625], [False, True]),
        ([0.125], [True]),
    ],
    ids=["the first", "all", "of two", "of one"],
)
def test_a_p_value_may_equal_its_threshold(submission, p_values, expected):
    assert_equal(submission.holm(p_values, alpha=0.125), expected)


@points(0.25)
@hint("If one of two equal p-values is rejected, what of the other?")
@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.01, 0.01, 0.01], [True, True, True]),
        ([0.03, 0.01, 0.03], [False, True, False]),
        ([0.0, 1.0, 0.0], [True, False, True]),
        ([0.04], [True]),
        ([0.06], [False]),
        ([], []),
    ],
    ids=["small", "larger", "zero and one", "one small", "one larger", "none"],
)
def test_equal_p_values_share_their_fate(submission, p_values, expected):
    assert_equal(submission.holm(p_values), expected)


@points(0.25)
@hint("On which of the arguments do the thresholds depend?")
@pytest.mark.parametrize(
    ("alpha", "expected"),
    [(0.2, [True, True, False]), (0.05, [True, False, False]), (0.01, [False] * 3)],
)
def test_alpha_sets_the_thresholds(submission, alpha, expected):
    assert_equal(submission.holm([0.01, 0.06, 0.5], alpha), expected)


@points(0.5)
@hint("Between which bounds is a probability, and which alpha rejects everything?")
@pytest.mark.parametrize(
    ("p_values", "alpha"),
    [
        ([0.5, -0.01], 0.05),
        ([1.01, 0.01], 0.05),
        ([0.5, 0.01], 0.0),
        ([0.5, 0.01], 1.0),
        ([0.5, 0.01], -0.05),
        ([0.5, 0.01], 1.5),
    ],
)
def test_what_is_no_probability_is_refused(submission, p_values, alpha):
    assert_raises(ValueError, submission.holm, p_values, alpha)


# ── ucb1 ──────────────────────────────────────────────────────────────────────────────────────

# Rewards of three prompts, over and over. For 25 rounds the bounds are 0.002 apart, and each usual
# mistake pulls in another order.
REWARDS = [
    [0.25, 0.625, 0.75, 0.0625],
    [0.0625, 0.125, 0.0, 0.0625],
    [0.375, 0.1875, 0.1875, 0.125],
]


class Bandit:
    """A scripted reward: the next one of the arm that is pulled."""

    __name__ = "reward"

    def __init__(self, *rewards):
        self.rewards = rewards
        self.pulls = []

    def __call__(self, arm):
        """Note the arm, and pay."""
        paid = self.rewards[arm][self.pulls.count(arm) % len(self.rewards[arm])]
        self.pulls.append(int(arm))
        return paid


@points(0.75)
@hint("After three rounds, work the bounds out by hand. What is added to each mean?")
def test_the_arm_of_the_highest_bound_is_pulled(submission):
    expected = ucb1(Bandit(*REWARDS), 3, 25)
    assert_equal(submission.ucb1(Bandit(*REWARDS), 3, 25), expected)


@points(0.5)
@hint("An arm paid badly once. Should it never have another chance?")
def test_a_bad_start_is_forgiven(submission):
    # The first arm pays nothing once and is the best then; the third is good only once. For 24
    # rounds the bounds are 0.003 apart.
    rewards = [[0.0] + [0.85] * 30, [0.55], [0.75] + [0.3] * 30]
    expected = ucb1(Bandit(*rewards), 3, 24)
    assert_equal(submission.ucb1(Bandit(*rewards), 3, 24), expected)


@points(0.25)
@hint("Of which number do you take the logarithm in round 100? Work the bounds out by hand.")
def test_the_bonus_grows_with_the_logarithm_of_all_pulls(submission):
    # For 200 rounds the bounds are 3e-5 apart, and each usual mistake pulls in another order.
    rewards = [[0.62, 0.4], [0.5], [0.71, 0.1], [0.33, 0.62]]
    assert_equal(submission.ucb1(Bandit(*rewards), 4, 200), ucb1(Bandit(*rewards), 4, 200))


@points(0.25)
@hint("What is the bound of an arm that was never pulled?")
@pytest.mark.parametrize(("arms", "rounds"), [(4, 4), (4, 2), (4, 1), (4, 0), (1, 3), (5, 6)])
def test_every_arm_is_pulled_once_at_first(submission, arms, rounds):
    rewards = [[place / 8] for place in range(arms)]
    expected = ucb1(Bandit(*rewards), arms, rounds)
    assert_equal(submission.ucb1(Bandit(*rewards), arms, rounds), expected)


@points(0.5)
@hint("All prompts are equally good so far. Which of them is next?")
def test_equal_bounds_go_to_the_lower_arm(submission):
    rewards = [[0.5, 0.25]] * 4
    assert_equal(submission.ucb1(Bandit(*rewards), 4, 8), [0, 1, 2, 3, 0, 1, 2, 3])


@points(0.5)
@hint("Every reward is a call of a model that is paid for. How many are there in a round?")
@pytest.mark.parametrize("rounds", [2, 25])
def test_the_reward_is_called_once_a_round(submission, rounds):
    bandit = Bandit(*REWARDS)
    pulled = submission.ucb1(bandit, 3, rounds)
    assert_equal(bandit.pulls, pulled, name="the arms that were paid")
    assert_equal(pulled, ucb1(Bandit(*REWARDS), 3, rounds))


@points(0.25)
@hint("How would you pull none of no arms?")
@pytest.mark.parametrize(
    "sizes", [[(0, 3), (0, 0), (-1, 0)], [(2, -1)]], ids=["no arms", "negative rounds"]
)
def test_no_arms_and_negative_rounds_are_refused(submission, sizes):
    for arms, rounds in sizes:
        assert_raises(ValueError, submission.ucb1, Bandit(*REWARDS), arms, rounds)
