"""The wrong turns of comparing prompts."""

import math

import numpy as np

from autograder.suite import misconception
from solutions.prompt_evaluation.prompt_evaluation import (
    holm,
    mcnemar_exact,
    paired_bootstrap,
)

# ── mcnemar_exact ─────────────────────────────────────────────────────────────────────────────


def differences(first, second):
    """Return on how many cases only the first prompt, and only the second, is right."""
    mcnemar_exact(first, second)  # raises what has to be raised
    pairs = list(zip(first, second, strict=True))
    return pairs.count((True, False)), pairs.count((False, True))


def tail(n, upto):
    """Return how likely at most `upto` of n fair coins show heads."""
    return sum(math.comb(n, i) for i in range(upto + 1)) / 2**n


@misconception(
    replaces="mcnemar_exact",
    says="the tail is not doubled: the test is one-sided",
    hint="Before you saw the results, could the first prompt have been the better one?",
)
def one_sided(first, second):
    b, c = differences(first, second)
    return min(1.0, tail(b + c, min(b, c)))


@misconception(
    replaces="mcnemar_exact",
    says="cases on which both prompts agree count in n",
    hint="Add a hundred cases that both get right. Should the p-value change?",
)
def all_cases_counted(first, second):
    b, c = differences(first, second)
    return min(1.0, 2 * tail(len(first), min(b, c)))


@misconception(
    replaces="mcnemar_exact",
    says="the chi-squared approximation (b − c)² / (b + c) is used, which is wrong for few "
    "disagreements",
    hint="With six cases there are seven possible results. How smooth is that?",
)
def chi_squared(first, second):
    b, c = differences(first, second)
    return math.erfc(math.sqrt((b - c) ** 2 / (b + c) / 2)) if b + c else 1.0


@misconception(
    replaces="mcnemar_exact",
    says="the chi-squared approximation (|b − c| − 1)² / (b + c) is used: the correction makes it "
    "better, but not exact",
    hint="With six cases there are seven possible results. How smooth is that?",
)
def chi_squared_corrected(first, second):
    b, c = differences(first, second)
    return math.erfc(math.sqrt(max(abs(b - c) - 1, 0) ** 2 / (b + c) / 2)) if b + c else 1.0


@misconception(
    replaces="mcnemar_exact",
    says="the result itself is not in its tail: the sum ends before min(b, c)",
    hint="'As uneven as this or more': which of the two does your sum leave out?",
)
def observed_left_out(first, second):
    b, c = differences(first, second)
    return min(1.0, 2 * tail(b + c, min(b, c) - 1)) if b + c else 1.0


@misconception(
    replaces="mcnemar_exact",
    says="the result itself counts by half: this is the mid-p value, not the exact one",
    hint="'As uneven as this or more': how much of the result itself belongs to that?",
)
def mid_p(first, second):
    b, c = differences(first, second)
    n, fewer = b + c, min(b, c)
    return min(1.0, tail(n, fewer) + tail(n, fewer - 1)) if n else 1.0


@misconception(
    replaces="mcnemar_exact",
    says="the doubled tail is not cut at 1",
    hint="The prompts are even, 4 to 4. What is twice the tail?",
)
def above_one(first, second):
    b, c = differences(first, second)
    return 2 * tail(b + c, min(b, c)) if b + c else 1.0


# ── paired_bootstrap ──────────────────────────────────────────────────────────────────────────


def interval(first, second, indices, level, resampled, tails=None, point=None):
    """Return the difference and the interval of other resampled differences, or other tails."""
    difference, *_ = paired_bootstrap(first, second, indices, level)
    tails = tails or ((1 - level) / 2, (1 + level) / 2)
    low, high = np.quantile(resampled, tails)
    return difference if point is None else point, float(low), float(high)


def paired(first, second, indices):
    """Return the resampled differences as they should be."""
    return second[indices].mean(axis=1) - first[indices].mean(axis=1)


@misconception(
    replaces="paired_bootstrap",
    says="the two prompts are resampled independently (first with row r, second with row r + 1, "
    "the last with row 0), so the pairing is lost",
    hint="Give both prompts the same scores. How wide is your interval?",
)
def unpaired(first, second, indices, level=0.95):
    paired_bootstrap(first, second, indices, level)
    other = np.roll(indices, -1, axis=0)
    resampled = second[other].mean(axis=1) - first[indices].mean(axis=1)
    return interval(first, second, indices, level, resampled)


@misconception(
    replaces="paired_bootstrap",
    says="the quantiles are 1 − level and level, so a 95 % interval covers 90 %",
    hint="How many of the resampled differences lie outside of your interval?",
)
def tails_not_halved(first, second, indices, level=0.95):
    paired_bootstrap(first, second, indices, level)
    resampled = paired(first, second, indices)
    return interval(first, second, indices, level, resampled, tails=(1 - level, level))


@misconception(
    replaces="paired_bootstrap",
    says="the difference is taken the other way round: first minus second",
    hint="The second prompt is better. Which sign should the difference have?",
)
def first_minus_second(first, second, indices, level=0.95):
    return paired_bootstrap(second, first, indices, level)


@misconception(
    replaces="paired_bootstrap",
    says="the mean of the resampled differences is returned, not that of the cases themselves",
    hint="You know the difference on your cases. What do resamples tell you besides?",
)
def mean_of_the_resamples(first, second, indices, level=0.95):
    paired_bootstrap(first, second, indices, level)
    resampled = paired(first, second, indices)
    return interval(first, second, indices, level, resampled, point=float(resampled.mean()))


@misconception(
    replaces="paired_bootstrap",
    says="level is ignored: the interval is always that of 95 %",
    hint="Which of the arguments does your result not depend on?",
)
def always_95(first, second, indices, level=0.95):
    paired_bootstrap(first, second, indices, level)
    return paired_bootstrap(first, second, indices)


@misconception(
    replaces="paired_bootstrap",
    says="the interval is the difference and z standard errors, as of a normal distribution, not "
    "quantiles of the resampled differences",
    hint="Must the interval be as far to the left as to the right?",
)
def normal_interval(first, second, indices, level=0.95):
    from statistics import NormalDist

    difference, *_ = paired_bootstrap(first, second, indices, level)
    reach = NormalDist().inv_cdf((1 + level) / 2) * float(paired(first, second, indices).std())
    return difference, difference - reach, difference + reach


# ── holm ──────────────────────────────────────────────────────────────────────────────────────


def ascending(p_values):
    """Return rank, counted from 1, and place of each p-value, the smallest first."""
    return list(enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place]), 1))


def up_to(p_values, last):
    """Reject the hypotheses of the first ranks."""
    places = [place for rank, place in ascending(p_values) if rank <= last]
    return [place in places for place in range(len(p_values))]


@misconception(
    replaces="holm",
    says="every p-value is compared with alpha / m",
    hint="After one rejection, how many hypotheses are left that could be rejected wrongly?",
)
def bonferroni(p_values, alpha=0.05):
    holm(p_values, alpha)
    return [p <= alpha / len(p_values) for p in p_values]


@misconception(
    replaces="holm",
    says="later hypotheses are rejected although an earlier one was kept",
    hint="Holm steps down. What does it do at the first p-value that is too large?",
)
def does_not_stop(p_values, alpha=0.05):
    holm(p_values, alpha)
    rejected = [False] * len(p_values)
    for rank, place in ascending(p_values):
        rejected[place] = p_values[place] <= alpha / (len(p_values) - rank + 1)
    return rejected


@misconception(
    replaces="holm",
    says="this is Hochberg's procedure, which goes up from the largest p-value, not Holm's",
    hint="Which p-value do you look at first, and when do you stop?",
)
def steps_up(p_values, alpha=0.05):
    holm(p_values, alpha)
    m = len(p_values)
    small = [
        rank for rank, place in ascending(p_values) if p_values[place] <= alpha / (m - rank + 1)
    ]
    return up_to(p_values, max(small, default=0))


@misconception(
    replaces="holm",
    says="this is Benjamini and Hochberg's procedure: it bounds the rate of false discoveries, "
    "not the chance of any",
    hint="Is the i-th p-value compared with i · alpha / m, or with alpha / (m − i + 1)?",
)
def false_discovery_rate(p_values, alpha=0.05):
    holm(p_values, alpha)
    m = len(p_values)
    small = [rank for rank, place in ascending(p_values) if p_values[place] <= alpha * rank / m]
    return up_to(p_values, max(small, default=0))


@misconception(
    replaces="holm",
    says="every p-value is compared with alpha, whatever the number of hypotheses",
    hint="Thirty prompts that are no better: how many of them get a p-value below 0.05?",
)
def no_correction(p_values, alpha=0.05):
    holm(p_values, alpha)
    return [p <= alpha for p in p_values]


@misconception(
    replaces="holm",
    says="the thresholds are Šidák's, 1 − (1 − alpha)^(1/m), which ask for independent tests, not "
    "alpha / m",
    hint="What do your thresholds assume of tests on the same cases?",
)
def sidak(p_values, alpha=0.05):
    holm(p_values, alpha)
    m, ranked = len(p_values), ascending(p_values)
    kept = [
        rank for rank, place in ranked if p_values[place] > 1 - (1 - alpha) ** (1 / (m - rank + 1))
    ]
    return up_to(p_values, min(kept, default=m + 1) - 1)


@misconception(
    id="sidak",
    replaces="holm",
    says="the thresholds are Šidák's, 1 − (1 − alpha)^(1/m), which ask for independent tests, not "
    "alpha / m",
    hint="What do your thresholds assume of tests on the same cases?",
)
def sidak_in_one_step(p_values, alpha=0.05):
    holm(p_values, alpha)
    return [p <= 1 - (1 - alpha) ** (1 / len(p_values)) for p in p_values]


@misconception(
    id="bonferroni",
    replaces="holm",
    says="every p-value is compared with alpha / m",
    hint="After one rejection, how many hypotheses are left that could be rejected wrongly?",
)
def strict_bonferroni(p_values, alpha=0.05):
    holm(p_values, alpha)
    return [p < alpha / len(p_values) for p in p_values]


@misconception(
    replaces="holm",
    says="a p-value that equals its threshold is kept",
    hint="Is 'at most' the same as 'less than'?",
)
def equal_is_kept(p_values, alpha=0.05):
    holm(p_values, alpha)
    m, ranked = len(p_values), ascending(p_values)
    kept = [rank for rank, place in ranked if p_values[place] >= alpha / (m - rank + 1)]
    return up_to(p_values, min(kept, default=m + 1) - 1)


@misconception(
    replaces="holm",
    says="the decisions come in ascending order of the p-values, not in the order given",
    hint="Which hypothesis is your first decision about?",
)
def sorted_decisions(p_values, alpha=0.05):
    return sorted(holm(p_values, alpha), reverse=True)


# ── ucb1 ──────────────────────────────────────────────────────────────────────────────────────


def played(reward, arms, rounds, bound, last=False):
    """Pull arms by another bound, of the sum of rewards, the arm's pulls and all pulls."""
    if arms < 1 or rounds < 0:
        raise ValueError("arms or rounds will not do")
    pulls, totals, pulled = [0] * arms, [0.0] * arms, []
    for t in range(rounds):
        arm = t
        if t >= arms:
            order = reversed(range(arms)) if last else range(arms)
            arm = max(order, key=lambda arm, t=t: bound(totals[arm], pulls[arm], t))
        totals[arm] += reward(arm)
        pulls[arm] += 1
        pulled.append(arm)
    return pulled


@misconception(
    replaces="ucb1",
    says="the arm of highest mean is always pulled, without the bonus",
    hint="The best arm had bad luck at its first pull. When will you see it again?",
)
def no_exploration(reward, arms, rounds):
    return played(reward, arms, rounds, lambda total, n, t: total / n)


@misconception(
    replaces="ucb1",
    says="the bonus is √(2 / n), without the logarithm of the rounds",
    hint="An arm is not pulled for a thousand rounds. Does its bound grow?",
)
def bonus_without_log(reward, arms, rounds):
    return played(reward, arms, rounds, lambda total, n, t: total / n + math.sqrt(2 / n))


@misconception(
    replaces="ucb1",
    says="the bonus is √(ln t / n), without the 2",
    hint="Compare your bonus with the formula, term by term.",
)
def bonus_without_two(reward, arms, rounds):
    return played(reward, arms, rounds, lambda total, n, t: total / n + math.sqrt(math.log(t) / n))


@misconception(
    replaces="ucb1",
    says="t counts the round that is about to be played too, not only the pulls made so far",
    hint="How many pulls have been made when you choose the third arm of two?",
)
def round_counted_too_early(reward, arms, rounds):
    return played(
        reward, arms, rounds, lambda total, n, t: total / n + math.sqrt(2 * math.log(t + 1) / n)
    )


@misconception(
    replaces="ucb1",
    says="the logarithm is that of all rounds to be played, not of the pulls made so far",
    hint="Should your first ten pulls depend on how long you mean to go on?",
)
def log_of_all_rounds(reward, arms, rounds):
    return played(
        reward, arms, rounds, lambda total, n, t: total / n + math.sqrt(2 * math.log(rounds) / n)
    )


@misconception(
    replaces="ucb1",
    says="the logarithm is that of the arm's own pulls, not of all pulls made so far",
    hint="An arm is not pulled for a thousand rounds. Does its bound grow?",
)
def log_of_own_pulls(reward, arms, rounds):
    return played(
        reward, arms, rounds, lambda total, n, t: total / n + math.sqrt(2 * math.log(n) / n)
    )


@misconception(
    replaces="ucb1",
    says="the sum of an arm's rewards is taken, not their mean",
    hint="One arm was pulled ten times and another once. Are your two numbers comparable?",
)
def sum_of_rewards(reward, arms, rounds):
    return played(reward, arms, rounds, lambda total, n, t: total + math.sqrt(2 * math.log(t) / n))


@misconception(
    replaces="ucb1",
    says="of equal bounds the higher arm's is taken",
    hint="Which of equal ones does your maximum keep?",
)
def ties_to_the_higher_arm(reward, arms, rounds):
    return played(
        reward,
        arms,
        rounds,
        lambda total, n, t: total / n + math.sqrt(2 * math.log(t) / n),
        last=True,
    )
