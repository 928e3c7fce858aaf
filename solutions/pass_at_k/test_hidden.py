"""The hidden suite of pass@k."""

from fractions import Fraction
from itertools import combinations
from math import comb
from statistics import fmean

import numpy as np
import pytest

from autograder.checks import assert_close, assert_raises
from autograder.suite import array, hint, points, shuffled
from solutions.pass_at_k.pass_at_k import pass_at_k, pass_at_k_interval

IMPOSSIBLE = [
    pytest.param([(0, 0, 1), (0, 0, 0), (-1, 0, 1), (-3, -2, -1)], id="n"),
    pytest.param([(5, -1, 2), (5, 6, 2), (5, 9, 5)], id="c"),
    pytest.param([(5, 2, 0), (5, 2, -1), (5, 0, 0), (5, 5, 0)], id="k too small"),
    pytest.param([(5, 2, 6), (5, 5, 6), (5, 0, 7), (1, 1, 2)], id="k too large"),
]


# ── pass_at_k ─────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Write out all the ways to take two of five samples. In how many is no correct one?")
@pytest.mark.parametrize(("n", "c", "k"), [(10, 3, 2), (8, 2, 4), (7, 3, 3)])
def test_samples_are_drawn_without_replacement(submission, n, c, k):
    expected = {10: 1 - 21 / 45, 8: 1 - 15 / 70, 7: 1 - 4 / 35}
    assert_close(submission.pass_at_k(n, c, k), expected[n])


@points(0.5)
@hint("How many ways are there to choose k samples, and how many of them avoid the correct ones?")
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_every_small_case_is_right(submission, n):
    cases = [(c, k) for c in range(n + 1) for k in range(1, n + 1)]
    expected = [1 - Fraction(comb(n - c, k), comb(n, k)) for c, k in cases]
    given = [submission.pass_at_k(n, c, k) for c, k in cases]
    assert_close(given, [float(share) for share in expected])


@points(0.25)
@hint("There are fewer wrong samples than are drawn. Can all that are drawn be wrong?")
@pytest.mark.parametrize(("n", "c", "k"), [(6, 3, 4), (6, 5, 2), (6, 1, 6), (4, 4, 1), (1, 1, 1)])
def test_it_is_certain_when_too_few_samples_are_wrong(submission, n, c, k):
    assert_close(submission.pass_at_k(n, c, k), 1.0)


@points(0.25)
@hint("Where no sample is correct, which of the k could be?")
@pytest.mark.parametrize(("n", "k"), [(1, 1), (6, 1), (6, 6), (50, 7)])
def test_it_is_impossible_when_no_sample_is_correct(submission, n, k):
    assert_close(submission.pass_at_k(n, 0, k), 0.0)


@points(0.5)
@hint("How large is 100 000!, and how large is the quotient that you want?")
def test_a_large_n_does_not_overflow(submission):
    # Both binomials have thousands of digits.
    expected = float(1 - Fraction(comb(99_960, 5000), comb(100_000, 5000)))
    assert_close(submission.pass_at_k(100_000, 40, 5000), expected, rtol=0, atol=1e-9)


@points(0.25)
@hint("In which order do you multiply and divide, and how large does it become on the way?")
@pytest.mark.parametrize(
    ("n", "c", "k"),
    [(100_000, 20, 7), (100_000, 1, 1), (100_000, 50_000, 3), (100_000, 2, 90_000), (600, 2, 300)],
)
def test_any_large_case_is_right(submission, n, c, k):
    assert_close(submission.pass_at_k(n, c, k), pass_at_k(n, c, k), rtol=0, atol=1e-9)


@points(0.5)
@hint("Which numbers of samples can there be, be correct, and be drawn?")
@pytest.mark.parametrize("cases", IMPOSSIBLE)
def test_impossible_counts_are_refused(submission, cases):
    for case in cases:
        assert_raises(ValueError, submission.pass_at_k, *case)


# ── pass_hat_k ────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("The first sample was correct. How many correct ones are left for the second?")
@pytest.mark.parametrize(("n", "c", "k"), [(10, 7, 2), (8, 5, 3), (12, 8, 5)])
def test_all_that_are_drawn_must_be_correct(submission, n, c, k):
    expected = {10: 21 / 45, 8: 10 / 56, 12: 56 / 792}
    assert_close(submission.pass_hat_k(n, c, k), expected[n])


@points(0.5)
@hint("How many ways are there to choose k samples, and how many of them are all correct?")
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_every_small_case_of_all_correct_is_right(submission, n):
    cases = [(c, k) for c in range(n + 1) for k in range(1, n + 1)]
    given = [submission.pass_hat_k(n, c, k) for c, k in cases]
    assert_close(given, [comb(c, k) / comb(n, k) for c, k in cases])


@points(0.25)
@hint("Can five samples be correct when three are?")
@pytest.mark.parametrize(("n", "c", "k"), [(9, 3, 4), (9, 3, 9), (9, 0, 1), (9, 8, 9)])
def test_it_is_zero_when_too_few_are_correct(submission, n, c, k):
    assert_close(submission.pass_hat_k(n, c, k), 0.0)


@points(0.5)
@hint("Which numbers of samples can there be, be correct, and be drawn?")
@pytest.mark.parametrize("cases", IMPOSSIBLE)
def test_impossible_counts_of_all_correct_are_refused(submission, cases):
    for case in cases:
        assert_raises(ValueError, submission.pass_hat_k, *case)


# ── best_of_k ─────────────────────────────────────────────────────────────────────────────────


def best_last(rng, scores):
    """Return the scores in an order drawn from rng, but for the best, which comes last."""
    *others, best = sorted(scores)
    return np.array([*shuffled(rng, others), best])


def mean_of_maxima(scores, k):
    """Return the mean of the maxima of all choices of k scores."""
    return fmean(max(chosen) for chosen in combinations(scores.tolist(), k))


@points(0.75)
@hint("Write out the maxima of all pairs. How often is each score one of them?")
def test_the_maxima_of_all_choices_are_averaged(submission, rng):
    scores = best_last(rng, [1.0, 2.0, 4.0, 8.0])
    # 2, 4, 4, 8, 8, 8
    assert_close(submission.best_of_k(scores, 2), 34 / 6)


@points(0.75)
@hint("Do the weights belong to the scores as they came, or as they rank?")
@pytest.mark.parametrize(("n", "k"), [(5, 3), (6, 2), (8, 5), (8, 7)])
def test_any_choice_of_any_scores_is_weighed(submission, rng, n, k):
    scores = best_last(rng, array(rng, n) + 2.0)
    assert_close(submission.best_of_k(scores, k), mean_of_maxima(scores, k))


@points(0.5)
@hint("What is the expected maximum of one score, and of all of them?")
@pytest.mark.parametrize("n", [1, 2, 7])
def test_one_gives_the_mean_and_all_give_the_maximum(submission, rng, n):
    scores = best_last(rng, array(rng, n) - 3.0)
    given = [submission.best_of_k(scores, k) for k in (1, n)]
    assert_close(given, [scores.mean(), scores.max()])


@points(0.5)
@hint("Does anything in the formula ask for scores that are positive, or distinct?")
@pytest.mark.parametrize(
    "scores",
    [
        [-5.0, -2.0, -2.0, -0.5, -2.0],
        [3.0, 3.0, -7.0, -7.0, 0.0, 9.0],
        [4.0, 4.0, 4.0],
        [1e6, 3e6, 2e6, 1e6],
    ],
    ids=["negative", "repeated", "equal", "large"],
)
def test_scores_may_be_negative_and_repeat(submission, rng, scores):
    scores = best_last(rng, scores)
    assert_close(submission.best_of_k(scores, 2), mean_of_maxima(scores, 2))


@points(0.25)
@hint("When is the best of k samples a correct one?")
@pytest.mark.parametrize(("n", "c", "k"), [(9, 2, 3), (12, 5, 1), (7, 4, 5)])
def test_with_scores_of_zero_and_one_it_is_pass_at_k(submission, rng, n, c, k):
    scores = best_last(rng, [1.0] * c + [0.0] * (n - c))
    assert_close(submission.best_of_k(scores, k), 1 - comb(n - c, k) / comb(n, k))


@points(0.75)
@hint("How does one weight follow from the next, without any binomial?")
@pytest.mark.parametrize("k", [1, 2, 60, 5000, 9998, 10_000])
def test_ten_thousand_scores_do_not_overflow(submission, rng, k):
    n = 10_000
    scores = best_last(rng, range(1, n + 1)) * 1.0
    # The maximum of k of the numbers 1 … n.
    assert_close(submission.best_of_k(scores, k), k * (n + 1) / (k + 1), rtol=1e-6)


@points(0.5)
@hint("How many of the scores can be drawn?")
def test_impossible_draws_are_refused(submission):
    for n, k in ((4, 0), (4, -1), (1, 0), (4, 5), (1, 2), (0, 1), (0, 0)):
        assert_raises(ValueError, submission.best_of_k, np.linspace(0, 1, n), k)


# ── pass_at_k_interval ────────────────────────────────────────────────────────────────────────

COUNTS = np.array([[10, 1], [4, 2], [25, 25], [8, 0], [6, 1], [40, 13]])


@points(1)
@hint("One problem had 20 samples and another 4. Is one of them five times as important?")
def test_pass_at_k_is_averaged_over_problems(submission, rng):
    counts = np.array([[20, 1], [4, 3], [4, 0]])
    resamples = rng.permutation(np.array([[0, 0, 1], [1, 2, 0], [2, 2, 1], [1, 1, 0]]))
    # pass@2 is 0.1, 1 and 0; the draws have the means 1.2/3, 1.1/3, 1/3 and 2.1/3.
    result = submission.pass_at_k_interval(counts, 2, resamples, level=1 / 3)
    assert_close(result, (1.1 / 3, 1.1 / 3, 1.2 / 3))


@points(0.5)
@hint("An interval of 80 % leaves out 20 %. How much of it on each side?")
@pytest.mark.parametrize("level", [0.8, 0.5, 0.98])
def test_each_tail_gets_half_of_what_is_left_out(submission, rng, level):
    resamples = rng.integers(6, size=(40, 6))
    expected = pass_at_k_interval(COUNTS, 3, resamples, level)
    assert_close(submission.pass_at_k_interval(COUNTS, 3, resamples, level), expected)


@points(0.5)
@hint("Is the estimate that of the problems, or that of the draws?")
def test_the_estimate_is_that_of_the_problems_themselves(submission):
    counts = np.array([[4, 1], [4, 2], [4, 3]])
    resamples = np.array([[0, 0, 0], [0, 0, 1], [1, 0, 0]])
    # The draws have the means 1/4, 1/3 and 1/3.
    result = submission.pass_at_k_interval(counts, 1, resamples, level=0.5)
    assert_close(result, (1 / 2, 7 / 24, 1 / 3))


@points(0.25)
@hint("What is the lower quartile of 0, 1, 2 and 4?")
def test_quantiles_are_interpolated_linearly(submission):
    counts = np.array([[8, 0], [8, 8], [8, 2], [8, 4]])
    resamples = np.array([[0] * 4, [1] * 4, [2] * 4, [3] * 4])
    # At 0.2 · 3 = 0.6 and 0.8 · 3 = 2.4 of the way through 0, 1/4, 1/2, 1.
    result = submission.pass_at_k_interval(counts, 1, resamples, level=0.6)
    assert_close(result, (7 / 16, 0.15, 0.7))


@points(0.25)
@hint("What do you leave out on each side when nobody says how much?")
def test_the_level_is_95_percent_unless_said(submission, rng):
    resamples = rng.integers(6, size=(60, 6))
    expected = pass_at_k_interval(COUNTS, 2, resamples, 0.95)
    assert_close(submission.pass_at_k_interval(COUNTS, 2, resamples), expected)


@points(0.5)
@hint("Does your interval need more than one problem, or more than one draw?")
@pytest.mark.parametrize(
    ("counts", "k", "draws"),
    [
        pytest.param([[7, 3]], 2, [[0], [0]], id="one problem"),
        pytest.param([[7, 3], [5, 5]], 4, [[1, 1]], id="one draw"),
        pytest.param([[4, 2], [9, 2], [4, 4]], 4, [[2, 0, 1], [1, 1, 1]], id="k equals n"),
    ],
)
def test_there_may_be_few_problems_or_draws(submission, counts, k, draws):
    given = np.array(counts), k, np.array(draws), 0.9
    assert_close(submission.pass_at_k_interval(*given), pass_at_k_interval(*given))


@points(0.5)
@hint("Which problem is number −1, and which is one beyond the last?")
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([(np.zeros((0, 2), int), np.zeros((3, 0), int))], id="no problem"),
        pytest.param([(COUNTS, np.zeros((0, 6), int))], id="no draw"),
        pytest.param(
            [
                (COUNTS[:3], np.array([[0, 1, 2], [0, -1, 1]])),
                (COUNTS[:3], np.array([[-3, 0, 0]])),
            ],
            id="negative problem",
        ),
        pytest.param(
            [(COUNTS[:3], np.array([[0, 1, 2], [0, 3, 1]])), (COUNTS[:1], np.array([[1]]))],
            id="problem beyond the last",
        ),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(submission, arguments):
    for counts, resamples in arguments:
        assert_raises(ValueError, submission.pass_at_k_interval, counts, 2, resamples)


@points(0.5)
@hint("Which level has an interval of one point, and which has all of them? Is every c possible?")
@pytest.mark.parametrize(
    ("counts", "k", "levels"),
    [
        pytest.param([[5, 2], [4, 1]], 2, [0.0, -0.5], id="level too low"),
        pytest.param([[5, 2], [4, 1]], 2, [1.0, 95.0], id="level too high"),
        pytest.param([[5, 2], [4, 5]], 2, [0.9], id="c"),
        pytest.param([[5, 2], [4, -1]], 2, [0.9], id="negative c"),
        pytest.param([[5, 2], [4, 1]], 0, [0.9], id="no sample"),
        pytest.param([[5, 2], [4, 1]], 5, [0.9], id="too many samples"),
    ],
)
def test_impossible_levels_and_counts_are_refused(submission, counts, k, levels):
    for level in levels:
        arguments = np.array(counts), k, np.array([[0, 0], [0, 0]]), level
        assert_raises(ValueError, submission.pass_at_k_interval, *arguments)
