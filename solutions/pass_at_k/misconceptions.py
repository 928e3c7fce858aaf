"""The wrong turns of pass@k."""

import math

import numpy as np

from autograder.suite import misconception
from solutions.pass_at_k.pass_at_k import (
    best_of_k,
    pass_at_k,
    pass_at_k_interval,
    pass_hat_k,
)

# ── pass_at_k ─────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="pass_at_k",
    says="the rate c/n is put into 1 − (1 − p)^k, which is biased low; count the draws without "
    "replacement",
    hint="Five samples, two correct: write out the ten pairs. How many hold no correct one?",
)
def plugin_estimate(n, c, k):
    pass_at_k(n, c, k)  # raises what has to be raised
    return 1 - (1 - c / n) ** k


@misconception(
    id="plugin_estimate",
    replaces="pass_at_k",
    says="the rate c/n is put into 1 − (1 − p)^k, which is biased low; count the draws without "
    "replacement",
    hint="Five samples, two correct: write out the ten pairs. How many hold no correct one?",
)
def plugin_estimate_but_for_certain_passes(n, c, k):
    return 1.0 if pass_at_k(n, c, k) == 1 else 1 - (1 - c / n) ** k


@misconception(
    replaces="pass_at_k",
    says="k is ignored: the share of correct samples is returned",
    hint="A user sees ten samples instead of one. Is a correct one among them more likely?",
)
def share_of_correct(n, c, k):
    pass_at_k(n, c, k)
    return c / n


@misconception(
    id="share_of_correct",
    replaces="pass_at_k",
    says="k is ignored: the share of correct samples is returned",
    hint="A user sees ten samples instead of one. Is a correct one among them more likely?",
)
def share_of_correct_but_for_certain_passes(n, c, k):
    return 1.0 if pass_at_k(n, c, k) == 1 else c / n


@misconception(
    replaces="pass_at_k",
    says="factorials or binomials are floats and overflow, so a large n gives NaN",
    hint="How large is C(100000, 5000)? And how large is the quotient of two such numbers?",
)
def nan_for_large_n(n, c, k):
    if n - c < k or c == 0:
        return pass_at_k(n, c, k)
    pass_at_k(n, c, k)
    with np.errstate(all="ignore"):
        places = np.arange(k, dtype=float)
        return float(1 - np.prod(n - c - places) / np.prod(n - places))


@misconception(
    id="nan_for_large_n",
    replaces="pass_at_k",
    says="factorials or binomials are floats and overflow, so a large n gives NaN",
    hint="How large is C(100000, 5000)? And how large is the quotient of two such numbers?",
)
def overflow_for_large_n(n, c, k):
    pass_at_k(n, c, k)
    return 1 - float(math.comb(n - c, k)) / float(math.comb(n, k))


@misconception(
    replaces="pass_at_k",
    says="the probability that exactly one of the k is correct is returned, not at least one",
    hint="Two of the samples drawn are correct. Is that a pass?",
)
def exactly_one(n, c, k):
    pass_at_k(n, c, k)
    return c * math.comb(n - c, k - 1) / math.comb(n, k)


@misconception(
    replaces="pass_at_k",
    says="the probability that no sample is correct is returned, without the 1 − in front",
    hint="Should your number rise or fall with the number of correct samples?",
)
def complement_forgotten(n, c, k):
    return 1 - pass_at_k(n, c, k)


# ── pass_hat_k ────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="pass_hat_k",
    says="the rate c/n is raised to the power k, as if samples were drawn with replacement",
    hint="One correct sample has been drawn. How many are left, and of how many?",
)
def power_of_the_rate(n, c, k):
    pass_hat_k(n, c, k)
    return (c / n) ** k


@misconception(
    id="power_of_the_rate",
    replaces="pass_hat_k",
    says="the rate c/n is raised to the power k, as if samples were drawn with replacement",
    hint="One correct sample has been drawn. How many are left, and of how many?",
)
def power_of_the_rate_but_for_too_few(n, c, k):
    return (c / n) ** k if pass_hat_k(n, c, k) else 0.0


@misconception(
    replaces="pass_hat_k",
    says="the probability that all k samples fail is returned, not that all pass",
    hint="Should your number rise or fall with the number of correct samples?",
)
def all_fail(n, c, k):
    return pass_hat_k(n, n - c, k)


@misconception(
    replaces="pass_hat_k",
    says="the probability that at least one of the k passes is returned: that is pass@k",
    hint="Should your number rise or fall with k?",
)
def any_passes(n, c, k):
    return 1 - pass_hat_k(n, n - c, k)


@misconception(
    replaces="pass_hat_k",
    says="the probability that not all k pass is returned: 1 − pass^k",
    hint="With all samples correct the result must be 1. What is yours?",
)
def not_all_pass(n, c, k):
    return 1 - pass_hat_k(n, c, k)


# ── best_of_k ─────────────────────────────────────────────────────────────────────────────────


def refuse(scores, k):
    """Raise what has to be raised."""
    best_of_k(np.zeros(len(scores)), k)


@misconception(
    replaces="best_of_k",
    says="the k samples are drawn with replacement: the weights are (i/n)^k − ((i−1)/n)^k",
    hint="With k = n the result must be the maximum. What is yours?",
)
def with_replacement(scores, k):
    refuse(scores, k)
    below = (np.arange(len(scores) + 1) / len(scores)) ** k
    return float(np.sort(scores) @ np.diff(below))


@misconception(
    replaces="best_of_k",
    says="the mean of the k highest scores is returned; that is not the expected maximum of k "
    "draws",
    hint="With k = n the result must be the maximum. What is yours?",
)
def mean_of_top_k(scores, k):
    refuse(scores, k)
    return float(np.sort(scores)[-k:].mean())


@misconception(
    replaces="best_of_k",
    says="the highest of all scores is returned, whatever k is",
    hint="You may draw one sample. Is it the best?",
)
def best_of_all(scores, k):
    refuse(scores, k)
    return float(np.max(scores))


@misconception(
    replaces="best_of_k",
    says="the mean of all scores is returned, whatever k is",
    hint="You may draw all samples and keep the best. Is it an average one?",
)
def mean_of_all(scores, k):
    refuse(scores, k)
    return float(np.mean(scores))


@misconception(
    replaces="best_of_k",
    says="the maximum of the first k scores is returned; that is one draw, not the mean over all",
    hint="Shuffle the scores. Does your result change?",
)
def maximum_of_the_first_k(scores, k):
    refuse(scores, k)
    return float(np.max(scores[:k]))


def weights(n, k):
    """Return the weight of each rank, from the lowest score to the highest."""
    ranks = np.arange(n, k, -1)
    downwards = k / n * np.cumprod([1.0, *((ranks - k) / (ranks - 1))])
    return np.concatenate([downwards, np.zeros(k - 1)])[::-1]


@misconception(
    replaces="best_of_k",
    says="the scores are not sorted before they are weighed",
    hint="Shuffle the scores. Does your result change?",
)
def not_sorted(scores, k):
    refuse(scores, k)
    return float(scores @ weights(len(scores), k))


@misconception(
    replaces="best_of_k",
    says="the scores are sorted from the highest down, so the expected minimum is returned",
    hint="With k = n the result must be the maximum. What is yours?",
)
def expected_minimum(scores, k):
    refuse(scores, k)
    return float(np.sort(scores)[::-1] @ weights(len(scores), k))


# ── pass_at_k_interval ────────────────────────────────────────────────────────────────────────


def by_problem(counts, k):
    """Return the pass@k of each problem."""
    return np.array([pass_at_k(int(n), int(c), k) for n, c in counts])


def ends(means, level):
    """Return the quantiles that have half of the rest on each side."""
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@misconception(
    replaces="pass_at_k_interval",
    says="the samples of all problems are pooled into one n and c; pass@k must be averaged over "
    "problems",
    hint="One problem has all samples correct and another none. What is the benchmark's pass@10?",
)
def pooled_counts(counts, k, resamples, level=0.95):
    pass_at_k_interval(counts, k, resamples, level)

    def pooled(problems):
        n, c = counts[problems].sum(axis=0)
        return pass_at_k(int(n), int(c), k)

    return pooled(np.arange(len(counts))), *ends([pooled(row) for row in resamples], level)


@misconception(
    replaces="pass_at_k_interval",
    says="the quantiles are 1 − level and level: each tail should hold half of what is left out",
    hint="How many per cent lie between the 5 % and the 95 % quantile?",
)
def tails_not_halved(counts, k, resamples, level=0.95):
    estimate, *_ = pass_at_k_interval(counts, k, resamples, level)
    low, high = np.quantile(by_problem(counts, k)[resamples].mean(axis=1), [1 - level, level])
    return estimate, float(low), float(high)


@misconception(
    replaces="pass_at_k_interval",
    says="the estimate is the mean over the draws, not over the problems",
    hint="With other draws, should the estimate change?",
)
def estimate_from_the_draws(counts, k, resamples, level=0.95):
    _, low, high = pass_at_k_interval(counts, k, resamples, level)
    return float(by_problem(counts, k)[resamples].mean(axis=1).mean()), low, high


@misconception(
    replaces="pass_at_k_interval",
    says="the quantiles are those of single problems, not of means over a draw",
    hint="Add problems. Does your interval become narrower?",
)
def quantiles_of_problems(counts, k, resamples, level=0.95):
    estimate, *_ = pass_at_k_interval(counts, k, resamples, level)
    return estimate, *ends(by_problem(counts, k)[resamples].ravel(), level)


@misconception(
    replaces="pass_at_k_interval",
    says="the mean is taken over the draws, not over the problems of one draw",
    hint="How many means should there be: one a draw, or one a problem?",
)
def means_over_draws(counts, k, resamples, level=0.95):
    estimate, *_ = pass_at_k_interval(counts, k, resamples, level)
    return estimate, *ends(by_problem(counts, k)[resamples].mean(axis=0), level)


@misconception(
    replaces="pass_at_k_interval",
    says="a problem that a draw holds twice is counted once",
    hint="What does a bootstrap draw that holds each problem once tell you?",
)
def repeats_counted_once(counts, k, resamples, level=0.95):
    estimate, *_ = pass_at_k_interval(counts, k, resamples, level)
    values = by_problem(counts, k)
    return estimate, *ends([values[np.unique(row)].mean() for row in resamples], level)


@misconception(
    replaces="pass_at_k_interval",
    says="the normal interval is taken, estimate ± z · standard deviation, not the quantiles",
    hint="Can your interval reach beyond 1?",
)
def normal_interval(counts, k, resamples, level=0.95):
    from statistics import NormalDist

    estimate, *_ = pass_at_k_interval(counts, k, resamples, level)
    spread = by_problem(counts, k)[resamples].mean(axis=1).std()
    reach = NormalDist().inv_cdf((1 + level) / 2) * float(spread)
    return estimate, estimate - reach, estimate + reach
