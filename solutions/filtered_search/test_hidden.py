"""The hidden suite of filtered search."""

import math

import pytest
import torch

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points, tensor
from solutions.filtered_search.filtered_search import (
    adaptive_filter,
    fetch_needed,
    log_comb,
    post_filter,
    pre_filter,
)


def drawn(rng, n, dim, share):
    """Draw a query, vectors at distinct distances from it, and which of them are allowed."""
    while True:
        query, x = tensor(rng, dim), tensor(rng, n, dim)
        sizes = x.square().sum(dim=1) + query.square().sum()
        distances, order = (x - query).square().sum(dim=1).sort()
        if (distances.diff() > 2e-4 * sizes[order][1:]).all():
            return query, x, torch.from_numpy(rng.permutation(n) < share * n)


def at(*distances):
    """Return vectors at these distances along a line, which are exact."""
    return torch.tensor(distances, dtype=torch.float32)[:, None]


def flags(text):
    """Return which vectors are allowed: those marked +."""
    return torch.tensor([mark == "+" for mark in text], dtype=torch.bool)


ZERO = torch.zeros(1)
TIES = torch.tensor([[3.0], [-4.0]] * 20 + [[1.0]])
"""Twenty vectors at 3, twenty at 4, by turns, and one at 1."""


# ── pre_filter ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The first allowed vector is not the first vector. Which number does it have in x?")
def test_ids_are_positions_among_all_vectors(submission):
    x, allowed = at(3, 5, 1, 4, 2), flags("-+-++")
    assert_equal(submission.pre_filter(ZERO, x, allowed, 2), [4, 3])


@points(0.5)
@hint("What happens to a vector that is not allowed: is it far away, near, or not there?")
def test_only_allowed_vectors_are_found_however_few_they_are(submission, rng):
    arguments = drawn(rng, 20, 4, 0.3)
    given = [submission.pre_filter(*arguments, k) for k in (1, 4, 9)]
    assert_equal(given, [pre_filter(*arguments, k) for k in (1, 4, 9)])


@points(0.25)
@hint("What is there to find when nothing is allowed, or nothing is there?")
@pytest.mark.parametrize("n", [0, 3])
def test_nothing_is_found_where_nothing_is_allowed(submission, rng, n):
    nothing = torch.zeros(n, dtype=torch.bool)
    assert_equal(submission.pre_filter(tensor(rng, 2), tensor(rng, n, 2), nothing, 2), [])


@points(0.25)
@hint("What is l2 in more than one dimension, and who is nearest by the inner product?")
def test_near_means_a_small_l2_whatever_the_norm(submission):
    x = torch.tensor([[9.0, 9.0], [1.0, 0.0], [0.0, 2.5], [-4.0, 3.0]])
    given = submission.pre_filter(torch.tensor([1.0, 1.0]), x, flags("++++"), 4)
    assert_equal(given, [1, 2, 3, 0])


@points(0.25)
@hint("Does your sort promise anything about equal distances?")
def test_of_equally_near_allowed_vectors_the_lower_id_comes_first(submission):
    allowed = torch.ones(41, dtype=torch.bool)
    allowed[4] = False
    expected = [40, *range(0, 4, 2), *range(6, 40, 2), 1, 3]
    assert_equal(submission.pre_filter(ZERO, TIES, allowed, 22), expected)


@points(0.25)
@hint("How many vectors are the best 0?")
@pytest.mark.parametrize("k", [0, -2])
def test_pre_filter_refuses_a_k_below_one(submission, rng, k):
    assert_raises(ValueError, submission.pre_filter, *drawn(rng, 5, 2, 0.5), k)


# ── post_filter ───────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("How many vectors do you look at before the filter, and which argument says so?")
def test_as_many_are_fetched_as_fetch_says(submission):
    x, allowed = at(1, 2, 3, 4, 5, 6), flags("-+--++")
    given = [submission.post_filter(ZERO, x, allowed, 2, fetch) for fetch in (1, 2, 4, 5, 6)]
    assert_equal(given, [[], [1], [1], [1, 4], [1, 4]])


@points(0.5)
@hint("Is a vector that is not allowed better than none?")
def test_missing_results_stay_missing(submission):
    x, allowed = at(4, 1, 3, 2, 5), flags("+----")
    assert_equal(submission.post_filter(ZERO, x, allowed, 2, 5), [0])


@points(0.5)
@hint("The filter comes after the fetch. Of which vectors are the nearest fetched?")
def test_the_nearest_of_all_vectors_are_fetched(submission, rng):
    arguments, fetches = (*drawn(rng, 20, 3, 0.5), 4), (1, 3, 6, 12, 20)
    given = [submission.post_filter(*arguments, fetch) for fetch in fetches]
    assert_equal(given, [post_filter(*arguments, fetch) for fetch in fetches])


@points(0.25)
@hint("How many vectors can be fetched when there are fewer than fetch?")
def test_all_are_fetched_when_fetch_is_greater_than_n(submission, rng):
    query, x, allowed = drawn(rng, 6, 2, 0.5)
    expected = pre_filter(query, x, allowed, 5)
    assert_equal(submission.post_filter(query, x, allowed, 5, 100), expected)


@points(0.25)
@hint("What is left when nothing is allowed, or nothing is there?")
def test_nothing_is_left_where_nothing_is_allowed(submission):
    problems = [
        (ZERO, at(1, 2, 3, 4), flags("--+-"), 2, 4),
        (ZERO, at(1, 2, 3), flags("---"), 2, 3),
        (ZERO, torch.zeros(0, 1), flags(""), 2, 3),
    ]
    given = [submission.post_filter(*problem) for problem in problems]
    assert_equal(given, [[2], [], []])


@points(0.25)
@hint("Which of equally near vectors are fetched, and in which order do they come out?")
def test_of_equally_near_vectors_those_with_lower_ids_are_fetched(submission):
    allowed = torch.ones(41, dtype=torch.bool)
    allowed[4] = False
    expected = [40, *range(0, 4, 2), *range(6, 40, 2), 1, 3]
    assert_equal(submission.post_filter(ZERO, TIES, allowed, 30, 23), expected)


@points(0.5)
@hint("How many vectors are the best 0, and how many do you get when you fetch none?")
@pytest.mark.parametrize(("k", "fetch"), [(0, 3), (-1, 3), (2, 0), (2, -1)])
def test_post_filter_refuses_k_and_fetch_below_one(submission, rng, k, fetch):
    assert_raises(ValueError, submission.post_filter, *drawn(rng, 5, 2, 0.5), k, fetch)


# ── adaptive_filter ───────────────────────────────────────────────────────────────────────────

TEN = torch.arange(1.0, 11.0)[:, None]
FEW = ZERO, TEN, torch.tensor([True] + [False] * 8 + [True]), 1, 4
MANY = ZERO, TEN, torch.tensor([True] * 8 + [False] * 2), 1, 4


def assert_adaptive(submission, *problems):
    """Compare the answers to all problems, after those to a clear case of either strategy.

    All are asked for before the first is judged, so that whoever never scans, or never searches,
    is not taken for one who has exchanged the two.
    """
    problems = (FEW, MANY, *problems)
    given = [submission.adaptive_filter(*problem) for problem in problems]
    for result, problem in zip(given, problems, strict=True):
        assert_equal(result, adaptive_filter(*problem))


@points(0.75, task="adaptive_filter")
@hint("Two of ten are allowed. Is it cheaper to scan these, or to search for them among all?")
def test_few_allowed_vectors_are_scanned_and_many_searched_for(submission):
    few, many = submission.adaptive_filter(*FEW), submission.adaptive_filter(*MANY)
    assert_equal(few, {"ids": [0], "strategy": "pre", "scanned": 2})
    assert_equal(many, {"ids": [0], "strategy": "post", "scanned": 1})


@points(0.25, task="adaptive_filter")
@hint("Exactly scan_limit vectors are allowed. At most: is that in or out?")
def test_as_many_as_the_limit_are_still_scanned(submission):
    arguments = ZERO, at(5, 1, 4, 2, 3), flags("+-++-"), 2
    assert_adaptive(submission, *((*arguments, limit) for limit in (2, 3, 4)))


@points(0.75, task="adaptive_filter")
@hint("The first fetch holds too few that match. What do you do next?")
def test_the_fetch_is_doubled_until_k_are_found(submission):
    x, allowed = at(*range(1, 17)), flags("-----+--+-++++++")
    # 3 and 6 are not enough for three; 12 is. For one, 1, 2 and 4 are not, and 8 is.
    assert_adaptive(submission, (ZERO, x, allowed, 3, 2), (ZERO, x, allowed, 1, 2))


@points(0.5, task="adaptive_filter")
@hint("Which ids would pre_filter give, and which of the two strategies may differ?")
@pytest.mark.parametrize("share", [0.1, 0.4, 0.9])
def test_both_strategies_find_what_pre_filter_finds(submission, rng, share):
    arguments = (*drawn(rng, 30, 3, share), 4)
    assert_adaptive(submission, (*arguments, 0), (*arguments, 30))


@points(0.5, task="adaptive_filter")
@hint("Fewer than k are allowed, but more than the limit. When does the doubling end?")
def test_the_doubling_ends_when_all_are_fetched(submission):
    x = at(5, 1, 4, 2, 3)
    # 4 finds two of three; 8 would be more than there are.
    assert_adaptive(submission, (ZERO, x, flags("+-+-+"), 4, 1), (ZERO, x, flags("+++++"), 7, 1))


@points(0.25, task="adaptive_filter")
@hint("The fetch has grown to exactly n. Is there anything left to fetch?")
def test_a_fetch_of_exactly_n_is_the_last(submission):
    x = at(1, 2, 3, 4, 5, 6, 7, 8)
    problems = (ZERO, x, flags("------++"), 2, 1), (ZERO, x, flags("-----+-+"), 4, 1)
    assert_adaptive(submission, *problems)


@points(0.25, task="adaptive_filter")
@hint("How many are allowed when nothing is, and is that more than the limit?")
@pytest.mark.parametrize("n", [0, 3])
def test_nothing_is_scanned_where_nothing_is_allowed(submission, rng, n):
    arguments = tensor(rng, 2), tensor(rng, n, 2), torch.zeros(n, dtype=torch.bool), 2
    assert_adaptive(submission, (*arguments, 2), (*arguments, 0))


@points(0.25)
@hint("How many vectors are the best 0?")
@pytest.mark.parametrize("limit", [0, 9])
def test_adaptive_filter_refuses_a_k_below_one(submission, rng, limit):
    assert_raises(ValueError, submission.adaptive_filter, *drawn(rng, 5, 2, 0.5), 0, limit)


@points(0.5)
@hint("How many vectors are at most −1 vectors?")
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_negative_scan_limit_is_refused(submission, rng, share):
    assert_raises(ValueError, submission.adaptive_filter, *drawn(rng, 5, 2, share), 2, -1)


# ── fetch_needed ──────────────────────────────────────────────────────────────────────────────


def needed(submission, *problem):
    """Return the answer to a problem, after one on which nobody is wrong but by one too many.

    So that who is off by one is not taken for somebody whose answer is off by one here only.
    """
    submission.fetch_needed(9, 9, 4, 0.9)
    return submission.fetch_needed(*problem)


def drawn_problem(rng, total):
    """Draw matching, k and confidence such that no fetch comes close to the confidence."""
    while True:
        matching = int(rng.integers(1, total + 1))
        k, confidence = int(rng.integers(1, matching + 1)), float(rng.uniform(0.02, 0.98))
        chances, placements = [0.0], log_comb(total, matching)
        for fetch in range(k, total - matching + k + 1):
            share = log_comb(fetch - 1, k - 1) + log_comb(total - fetch, matching - k) - placements
            chances.append(chances[-1] + math.exp(share))
        if min(abs(chance - confidence) for chance in chances) > 2e-6:
            return total, matching, k, confidence


@points(0.75, task="fetch_needed")
@hint("Two of ten match. How often is one of them among the first five?")
def test_more_is_fetched_than_holds_k_on_average(submission):
    assert_equal(needed(submission, 10, 2, 1, 0.9), 7)


@points(0.5, task="fetch_needed")
@hint("Twelve of twenty match. After five misses, how many misses are left to draw?")
def test_the_ranking_is_drawn_without_replacement(submission):
    assert_equal(needed(submission, 20, 12, 6, 0.95), fetch_needed(20, 12, 6, 0.95))


@points(0.5, task="fetch_needed")
@hint("Two matches are fetched where one is wanted. Is that a failure?")
def test_more_than_k_matches_are_welcome(submission):
    assert_equal(needed(submission, 20, 2, 1, 0.5), 6)


@points(0.5, task="fetch_needed")
@hint("Enumerate the placements of two matches among four. How many have one in front?")
@pytest.mark.parametrize("total", [3, 17, 100, 900])
def test_the_smallest_fetch_with_the_confidence_is_returned(submission, rng, total):
    for _ in range(5):
        problem = drawn_problem(rng, total)
        assert_equal(needed(submission, *problem), fetch_needed(*problem))


@points(0.25)
@hint("The probability is exactly the confidence. Is that enough?")
def test_a_probability_equal_to_the_confidence_is_enough(submission):
    # One of two, and one of the two in four: 1/2, 1/2 and 5/6.
    assert_equal(needed(submission, 2, 1, 1, 0.5), 1)
    assert_equal(submission.fetch_needed(4, 2, 1, 0.5), 1)
    assert_equal(submission.fetch_needed(4, 2, 1, 5 / 6), 2)
    # The only match of five, seven and ten is among the first with fetch / total.
    for total in (5, 7, 10):
        for fetch in range(1, total):
            assert_equal(submission.fetch_needed(total, 1, 1, fetch / total), fetch)


@points(0.25)
@hint("How many do you fetch when everything matches, and when all that match are wanted?")
def test_all_may_match_and_all_that_match_may_be_wanted(submission):
    assert_equal(submission.fetch_needed(9, 9, 4, 0.99), 4)
    assert_equal(submission.fetch_needed(9, 9, 9, 0.01), 9)
    assert_equal(submission.fetch_needed(1, 1, 1, 0.5), 1)
    # All three of six in five: one of six is left out, and in half of all cases it is no match.
    assert_equal(submission.fetch_needed(6, 3, 3, 0.6), 6)
    assert_equal(submission.fetch_needed(6, 3, 3, 0.4), 5)


@points(0.25)
@hint("How likely is it to find more matches than there are?")
@pytest.mark.parametrize(("total", "matching", "k"), [(10, 2, 3), (10, 0, 1), (0, 0, 1), (4, 4, 5)])
def test_none_is_returned_when_fewer_than_k_match(submission, total, matching, k):
    assert_equal(submission.fetch_needed(total, matching, k, 0.5), None)


@points(0.5, task="fetch_needed")
@hint("How large is C(20 000, 10 000), and how small its inverse? What do logarithms do to both?")
def test_twenty_thousand_vectors_are_no_problem(submission):
    for matching, k, confidence in ((10_000, 5000, 0.95), (200, 10, 0.985), (20, 20, 0.5)):
        expected = fetch_needed(20_000, matching, k, confidence)
        assert_equal(needed(submission, 20_000, matching, k, confidence), expected)


@points(0.5)
@hint("Which of the numbers contradict each other, or ask for what is certain?")
@pytest.mark.parametrize(
    ("total", "matching", "k", "confidence"),
    [
        (10, 5, 0, 0.5),
        (10, 5, -1, 0.5),
        (10, -1, 1, 0.5),
        (10, 11, 1, 0.5),
        (-3, -3, 1, 0.5),
        (10, 5, 1, 0.0),
        (10, 5, 1, 1.0),
        (10, 5, 1, -0.1),
        (10, 5, 1, 1.5),
        (10, 0, 1, 1.5),
    ],
)
def test_impossible_numbers_are_refused(submission, total, matching, k, confidence):
    assert_raises(ValueError, submission.fetch_needed, total, matching, k, confidence)
