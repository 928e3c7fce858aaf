"""The hidden suite of dynamic context."""

from fractions import Fraction

import numpy as np
import pytest

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points, shuffled
from solutions.dynamic_context.dynamic_context import (
    allocate_budget,
    choose_chunks,
)


def alike(n, *pairs):
    """Return a similarity matrix of n chunks: 1 to itself, and the given ones."""
    matrix = np.eye(n)
    for one, other, similarity in pairs:
        matrix[one, other] = matrix[other, one] = similarity
    return matrix


# ── allocate_budget ───────────────────────────────────────────────────────────────────────────


def fractions_apart(demands, weights, budget):
    """Return whether sections of different weight differ in what is cut off their shares."""
    unmet, left = list(range(len(demands))), Fraction(budget)
    while unmet:
        level = left / sum(Fraction(weights[section]) for section in unmet)
        met = [section for section in unmet if demands[section] <= weights[section] * level]
        if not met:
            break
        left -= sum(demands[section] for section in met)
        unmet = [section for section in unmet if section not in met]
    else:
        return True
    cut = {weights[section]: Fraction(weights[section]) * level % 1 for section in unmet}
    # 0 and nearly 1 are neighbours too, to who computes in floats.
    sizes = sorted(cut.values())
    gaps = [above - below for below, above in zip(sizes, [*sizes[1:], sizes[0] + 1], strict=True)]
    return len(sizes) == 1 or min(gaps) > 1e-3


@points(0.5)
@hint("The first section needs less than its share. Where does the rest of it go?")
def test_what_one_section_does_not_need_goes_to_the_others(submission):
    given = submission.allocate_budget([10, 100, 200], [1.0, 1.0, 1.0], 120)
    assert_equal(given, [10, 55, 55])


@points(0.5)
@hint("After the first section is met, the shares have grown. Who else is met now?")
def test_shares_grow_until_no_other_section_is_met(submission):
    # Shares of 40.8; of 48.5 once 10 is met; of 49.7 once 45 is met; of 50 once 49 is met.
    given = submission.allocate_budget([100, 49, 10, 45, 100], [1.0] * 5, 204)
    assert_equal(given, [50, 49, 10, 45, 50])


@points(0.5)
@hint("A section of weight 3 and one of weight 1: who gets how much of what is left?")
def test_shares_are_in_proportion_to_the_weights(submission):
    given = submission.allocate_budget([500, 20, 500, 500], [3.0, 2.0, 0.5, 1.5], 320)
    assert_equal(given, [180, 20, 30, 90])


@points(0.5)
@hint("Add up what you gave. Is any token left?")
def test_tokens_left_over_by_rounding_are_given_too(submission):
    given = submission.allocate_budget([10, 100, 100, 100], [1.0, 1.0, 1.0, 1.0], 110)
    assert_equal(given, [10, 34, 33, 33])


@points(0.5)
@hint("Shares were cut to whole tokens. Which of them lost most?")
@pytest.mark.parametrize(
    ("weights", "budget", "expected"),
    [
        pytest.param([2.0, 3.0, 5.0], 17, [3, 5, 9], id="3.4 5.1 8.5"),
        pytest.param([5.0, 3.0, 2.0], 13, [6, 4, 3], id="6.5 3.9 2.6"),
    ],
)
def test_left_over_tokens_go_to_the_largest_fractions(submission, weights, budget, expected):
    assert_equal(submission.allocate_budget([90, 90, 90], weights, budget), expected)


@points(0.25)
@hint("Equal fractions were cut off. Who comes first?")
def test_equal_fractions_go_to_the_lower_index(submission):
    given = submission.allocate_budget([70, 70, 70, 70, 70], [2.0, 2.0, 2.0, 2.0, 2.0], 103)
    assert_equal(given, [21, 21, 21, 20, 20])


@points(0.25)
@hint("Is there anything to share when there is enough?")
@pytest.mark.parametrize(
    ("demands", "weights", "budget"),
    [
        ([30, 5, 65], [1.0, 9.0, 0.25], 100),
        ([30, 5, 65], [1.0, 9.0, 0.25], 1000),
        ([0, 0], [1.0, 2.0], 0),
        ([], [], 0),
        ([], [], 9),
    ],
    ids=["just enough", "plenty", "no demand", "no section", "no section, budget"],
)
def test_enough_for_all_is_what_they_demand(submission, demands, weights, budget):
    assert_equal(submission.allocate_budget(demands, weights, budget), demands)


@points(0.25)
@hint("A section demands exactly its share, or nothing, or there is nothing to give. And then?")
@pytest.mark.parametrize(
    ("demands", "weights", "budget", "expected"),
    [
        ([25, 60, 60], [1.0, 1.0, 2.0], 100, [25, 25, 50]),
        ([0, 60, 60], [8.0, 1.0, 1.0], 100, [0, 50, 50]),
        ([3, 0, 60], [1.0, 1.0, 2.0], 0, [0, 0, 0]),
        ([60], [0.125], 59, [59]),
        ([60, 60], [1.0, 1.0], 1, [1, 0]),
    ],
    ids=["its share", "no demand", "no budget", "one section", "one token"],
)
def test_demands_and_budgets_may_be_at_the_edge(submission, demands, weights, budget, expected):
    assert_equal(submission.allocate_budget(demands, weights, budget), expected)


@points(0.5)
@hint("Is there one level such that each section gets its demand or its weight times the level?")
def test_any_sections_are_filled_to_one_level(submission, rng):
    compared = 0
    while compared < 12:
        n = int(rng.integers(2, 8))
        demands = [int(demand) for demand in rng.integers(0, 200, size=n)]
        weights = [float(weight) for weight in rng.integers(1, 40, size=n) / 8]
        budget = int(rng.integers(0, sum(demands) + 1))
        if fractions_apart(demands, weights, budget):
            expected = allocate_budget(demands, weights, budget)
            assert_equal(submission.allocate_budget(demands, weights, budget), expected)
            compared += 1


@points(0.25)
@hint("Which numbers can a budget, a demand and a weight not be?")
@pytest.mark.parametrize(
    ("demands", "weights", "budget"),
    [
        ([1, 2], [1.0, 1.0], -1),
        ([5, -1], [1.0, 1.0], 3),
        ([5, -1], [1.0, 1.0], 30),
        ([5, 1], [1.0, 0.0], 3),
        ([5, 1], [-1.0, 1.0], 30),
        ([5, 1], [1.0], 3),
        ([5], [1.0, 1.0], 30),
    ],
)
def test_impossible_demands_weights_and_budgets_are_refused(submission, demands, weights, budget):
    assert_raises(ValueError, submission.allocate_budget, demands, weights, budget)


# ── choose_history ────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The user asks about something said long ago. Does your history still have it?")
def test_older_messages_are_chosen_by_relevance(submission):
    tokens = [20, 10, 10, 10, 10, 10]
    relevance = [0.9, 0.2, 0.7, 0.1, 0.3, 0.4]
    # 5 and 4 are the last two; of the others 0 and 2 fill the 50.
    assert_equal(submission.choose_history(tokens, relevance, 50, 2), [0, 2, 4, 5])


@points(0.5)
@hint("The latest messages are long. Which of them must not be there without the next one?")
def test_the_last_ones_are_taken_until_one_does_not_fit(submission):
    tokens = [40, 10, 10, 60, 30, 20]
    relevance = [0.8, 0.2, 0.1, 0.9, 0.4, 0.3]
    # 5 and 4 fit, 3 does not; 2 is no longer taken for being new: 0 is more relevant.
    assert_equal(submission.choose_history(tokens, relevance, 100, 5), [0, 1, 4, 5])


@points(0.25)
@hint("One of the last messages did not fit. May it still come in by its relevance?")
def test_last_ones_that_were_not_taken_have_a_second_chance(submission):
    tokens = [10, 10, 20, 90, 10]
    relevance = [0.3, 0.1, 0.8, 0.9, 0.2]
    # 3 does not fit; 2, one of the last four, is the most relevant that does.
    assert_equal(submission.choose_history(tokens, relevance, 40, 4), [0, 2, 4])


@points(0.25)
@hint("The most relevant message is too long. What about the next ones?")
def test_a_message_that_does_not_fit_is_passed_over(submission):
    tokens = [30, 80, 25, 20, 15]
    relevance = [0.6, 0.9, 0.7, 0.8, 0.5]
    # 4; of the others 3 (20) and 2 (25) fit, 1 and 0 do not.
    assert_equal(submission.choose_history(tokens, relevance, 70, 1), [2, 3, 4])


@points(0.25)
@hint("In which order did the conversation go?")
def test_messages_come_in_time_order(submission):
    relevance = [0.3, 0.6, 0.1, 0.5, 0.2, 0.4]
    assert_equal(submission.choose_history([1] * 6, relevance, 6, 2), [0, 1, 2, 3, 4, 5])


@points(0.25)
@hint("Two messages are equally relevant. Which one is nearer to the question?")
def test_of_equally_relevant_messages_the_newer_comes_first(submission):
    tokens, relevance = [10] * 6, [0.5, 0.5, 0.25, 0.5, 0.25, 0.0]
    assert_equal(submission.choose_history(tokens, relevance, 40, 1), [0, 1, 3, 5])
    assert_equal(submission.choose_history(tokens, relevance, 30, 1), [1, 3, 5])
    assert_equal(submission.choose_history(tokens, relevance, 50, 1), [0, 1, 3, 4, 5])


@points(0.25)
@hint("What do the last none of six messages look like as a slice?")
@pytest.mark.parametrize(("keep_last", "expected"), [(0, [0, 2]), (6, [4, 5]), (9, [4, 5])])
def test_none_or_all_may_be_the_last_ones(submission, keep_last, expected):
    tokens, relevance = [10] * 6, [0.9, 0.2, 0.7, 0.1, 0.3, 0.4]
    assert_equal(submission.choose_history(tokens, relevance, 20, keep_last), expected)


@points(0.25)
@hint("A budget of 30: may you spend 30?")
@pytest.mark.parametrize(
    ("budget", "expected"), [(30, [1, 2]), (29, [2]), (10, [2]), (9, []), (0, []), (60, [0, 1, 2])]
)
@pytest.mark.parametrize("keep_last", [0, 2])
def test_a_history_may_fill_its_budget_exactly(submission, budget, keep_last, expected):
    tokens, relevance = [30, 20, 10], [0.1, 0.2, 0.3]
    assert_equal(submission.choose_history(tokens, relevance, budget, keep_last), expected)


@points(0.25)
@hint("What can be left of a conversation without messages, or with free ones?")
def test_a_history_may_be_empty_or_cost_nothing(submission):
    assert_equal(submission.choose_history([], [], 5, 2), [])
    assert_equal(submission.choose_history([0, 5, 0], [0.1, 0.9, 0.2], 0, 1), [0, 2])


@points(0.25)
@hint("Which message does each relevance belong to, and how many are the last minus one?")
@pytest.mark.parametrize(
    ("relevance", "budget", "keep_last"),
    [([0.5, 0.5], -1, 1), ([0.5, 0.5], 10, -1), ([0.5], 10, 1), ([0.5, 0.5, 0.5], 10, 1)],
    ids=["budget", "keep_last", "fewer", "more"],
)
def test_impossible_histories_are_refused(submission, relevance, budget, keep_last):
    assert_raises(ValueError, submission.choose_history, [5, 6], relevance, budget, keep_last)


# ── choose_chunks ─────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Two chunks say the same. What would the second add?")
def test_a_chunk_that_repeats_a_chosen_one_is_passed_over(submission):
    scores, similarity = [0.9, 0.8, 0.7, 0.6], alike(4, (0, 1, 0.95), (0, 2, 0.3), (2, 3, 0.5))
    chosen = submission.choose_chunks(scores, [10] * 4, similarity, 30, 0.8)
    assert_equal(chosen, [0, 3, 2])


@points(0.75)
@hint("The middle of a long context is read least. Where do the two best chunks belong?")
@pytest.mark.parametrize("n", [1, 2, 3, 4, 6, 7])
def test_the_best_chunks_stand_at_the_ends(submission, rng, n):
    scores = shuffled(rng, [0.125 * place for place in range(1, n + 1)])
    expected = choose_chunks(scores, [1] * n, np.eye(n), n, 0.5)
    assert_equal(submission.choose_chunks(scores, [1] * n, np.eye(n), n, 0.5), expected)


@points(0.5)
@hint("With which chunks must a new one be compared: the best, the last, all of the chosen ones?")
def test_a_chunk_is_compared_with_every_chosen_one(submission):
    scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    # 3 repeats the best, 4 the second, 5 the last one chosen.
    similarity = alike(6, (3, 0, 0.9), (4, 1, 0.9), (5, 2, 0.9), (3, 4, 0.1))
    chosen = submission.choose_chunks(scores, [1] * 6, similarity, 6, 0.5)
    assert_equal(chosen, [0, 2, 1])


@points(0.5)
@hint("A chunk was passed over. Can another one still repeat it?")
def test_a_chunk_may_repeat_one_that_was_passed_over(submission):
    scores = [0.9, 0.8, 0.7, 0.6]
    # 1 is too long and 2 repeats it; 3 repeats 2.
    similarity = alike(4, (1, 2, 0.9), (2, 3, 0.9))
    chosen = submission.choose_chunks(scores, [10, 50, 10, 10], similarity, 30, 0.5)
    assert_equal(chosen, [0, 2])
    # 1 repeats 0, and 2 repeats only 1.
    similarity = alike(4, (0, 1, 0.9), (1, 2, 0.9))
    chosen = submission.choose_chunks(scores, [10, 10, 10, 10], similarity, 40, 0.5)
    assert_equal(chosen, [0, 3, 2])


@points(0.5)
@hint("A chunk is too long. What about the shorter ones after it?")
def test_a_chunk_that_does_not_fit_is_passed_over(submission):
    scores, tokens = [0.5, 0.9, 0.7, 0.8, 0.6], [10, 40, 30, 50, 25]
    # By score: 40 fits, 50 does not, 30 does, 25 does not any more, 10 does.
    chosen = submission.choose_chunks(scores, tokens, np.eye(5), 85, 0.5)
    assert_equal(chosen, [1, 0, 2])


@points(0.25)
@hint("Is a similarity that equals the threshold above it?")
@pytest.mark.parametrize(("similarity", "expected"), [(0.75, [0, 1]), (0.875, [0])])
def test_only_a_similarity_above_the_threshold_counts(submission, similarity, expected):
    matrix = alike(2, (0, 1, similarity))
    assert_equal(submission.choose_chunks([0.9, 0.8], [1, 1], matrix, 2, 0.75), expected)


@points(0.25)
@hint("A budget of 60: may you spend 60?")
@pytest.mark.parametrize(
    ("budget", "expected"), [(60, [0, 2, 1]), (59, [0, 1]), (50, [0, 1]), (49, [0, 2]), (9, [])]
)
def test_chunks_may_fill_their_budget_exactly(submission, budget, expected):
    chosen = submission.choose_chunks([0.9, 0.8, 0.7], [30, 20, 10], np.eye(3), budget, 0.5)
    assert_equal(chosen, expected)


@points(0.25)
@hint("Which of equally good chunks comes first?")
def test_chunks_of_equal_score_come_by_index(submission):
    scores, similarity = [0.5, 0.75, 0.5, 0.75, 0.5], alike(5, (1, 3, 0.9))
    chosen = submission.choose_chunks(scores, [10] * 5, similarity, 30, 0.5)
    assert_equal(chosen, [1, 2, 0])


@points(0.25)
@hint("What is there to choose from nothing?")
def test_there_may_be_no_chunks_or_worthless_ones(submission):
    assert_equal(submission.choose_chunks([], [], np.zeros((0, 0)), 10, 0.5), [])
    chosen = submission.choose_chunks([-2.0, 0.0, -1.0], [1, 0, 1], np.eye(3), 1, 0.5)
    assert_equal(chosen, [1, 2])


@points(0.25)
@hint("Which chunk does each of the numbers belong to?")
@pytest.mark.parametrize(
    ("scores", "budget"),
    [([0.9, 0.8], -1), ([0.9], 10), ([0.9, 0.8, 0.7], 10)],
    ids=["budget", "fewer", "more"],
)
def test_impossible_chunks_are_refused(submission, scores, budget):
    assert_raises(ValueError, submission.choose_chunks, scores, [1, 1], np.eye(2), budget, 0.5)


# ── choose_tools ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Count the tokens of all the definitions that are in the prompt now.")
def test_the_tokens_of_required_tools_count(submission):
    scores, requires = [0.9, 0.8, 0.7, 0.1], [[3], [], [], []]
    # 0 and 3 cost 60; then 50 is too much for 100, and 40 is not.
    assert_equal(submission.choose_tools(scores, [30, 50, 40, 30], requires, 100), [0, 2, 3])


@points(0.5)
@hint("A tool needs a second one, and that a third. What happens when the third is not there?")
def test_required_tools_bring_what_they_require(submission):
    scores, requires = [0.1, -0.2, 0.9, -0.3, 0.8], [[], [3], [1], [], []]
    # 2 needs 1, which needs 3; with 4 that is 40.
    assert_equal(submission.choose_tools(scores, [10] * 5, requires, 40), [1, 2, 3, 4])


@points(0.25)
@hint("A tool and its needs are too long together. May a part of them stay?")
def test_a_tool_comes_as_a_whole_or_not_at_all(submission):
    scores, requires = [0.9, 0.8, 0.1, 0.7], [[2], [], [], []]
    # 0 with 2 costs 110; 1 and 3 fit after that.
    assert_equal(submission.choose_tools(scores, [60, 50, 50, 50], requires, 100), [1, 3])


@points(0.25)
@hint("Two tools need the same third one. How often does it stand in the prompt?")
def test_what_is_chosen_already_costs_nothing_more(submission):
    scores, requires = [0.9, 0.8, 0.7, 0.6], [[2], [2], [3], []]
    # 0 brings 2 and 3 for 60; 1 then costs 20, and 2 and 3 nothing.
    assert_equal(submission.choose_tools(scores, [20, 20, 20, 20], requires, 80), [0, 1, 2, 3])


@points(0.25)
@hint("Two tools need each other. Where does your search end?")
@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        pytest.param([[1], [0], [], []], [0, 1, 2], id="two"),
        pytest.param([[3], [], [], [0, 3]], [0, 1, 3], id="and itself"),
        pytest.param([[1, 1], [2, 3], [0], [1]], [0, 1, 2, 3], id="all"),
    ],
)
def test_tools_may_need_each_other(submission, requires, expected):
    scores = [0.9, 0.5, 0.4, 0.1]
    budget = 10 * len(expected)
    assert_equal(submission.choose_tools(scores, [10] * 4, requires, budget), expected)


@points(0.5)
@hint("Which tools have to reach the minimum, and is reaching it enough?")
@pytest.mark.parametrize(
    ("minimum", "expected"),
    [(0.0, [0, 1, 2, 3]), (0.25, [0, 2, 3]), (0.5, [0, 2, 3]), (0.625, [0, 3]), (1.0, [])],
)
def test_only_required_tools_may_score_below_the_minimum(submission, minimum, expected):
    scores, requires = [0.75, 0.125, 0.5, -0.5], [[3], [], [], []]
    chosen = submission.choose_tools(scores, [10] * 4, requires, 100, minimum)
    assert_equal(chosen, expected)


@points(0.125)
@hint("What is a score below zero worth, when nobody gives a minimum?")
def test_the_minimum_is_zero_by_default(submission):
    scores = [0.0, -0.25, 0.25]
    assert_equal(submission.choose_tools(scores, [1, 1, 1], [[], [], []], 9), [0, 2])


@points(0.25)
@hint("A tool is too long. What about the next ones, and may they fill the budget?")
@pytest.mark.parametrize(
    ("budget", "expected"), [(60, [0, 1]), (59, [0, 2]), (75, [0, 1, 2]), (39, [1, 2]), (20, [1])]
)
def test_a_tool_that_does_not_fit_is_passed_over(submission, budget, expected):
    requires = [[], [], []]
    chosen = submission.choose_tools([0.9, 0.8, 0.7], [40, 20, 15], requires, budget)
    assert_equal(chosen, expected)


@points(0.125)
@hint("Which of equally good tools comes first, and what is there to choose from none?")
def test_tools_of_equal_score_come_by_index(submission):
    assert_equal(submission.choose_tools([0.5] * 4, [10] * 4, [[], [], [], []], 25), [0, 1])
    assert_equal(submission.choose_tools([], [], [], 25), [])


@points(0.25)
@hint("Which tool does each of the numbers belong to?")
@pytest.mark.parametrize(
    ("scores", "tokens", "requires", "budget"),
    [
        ([0.9, 0.8], [1, 1], [[], []], -1),
        ([0.9], [1, 1], [[], []], 10),
        ([0.9, 0.8], [1], [[], []], 10),
        ([0.9, 0.8], [1, 1], [[]], 10),
        ([0.9, 0.8], [1, 1, 1], [[], []], 10),
        ([0.9, 0.8], [1, 1], [[], [], []], 10),
    ],
    ids=["budget", "scores", "tokens", "requires", "more tokens", "more requires"],
)
def test_impossible_tools_are_refused(submission, scores, tokens, requires, budget):
    assert_raises(ValueError, submission.choose_tools, scores, tokens, requires, budget)
