"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_equal


def test_enough_for_all(submission):
    assert_equal(submission.allocate_budget([10, 20], [1.0, 5.0], budget=30), [10, 20])


def test_the_worked_example_of_a_budget(submission):
    given = submission.allocate_budget([10, 100, 100], [1.0, 1.0, 2.0], budget=100)
    assert_equal(given, [10, 30, 60])


def test_a_left_over_token_goes_to_the_largest_fraction(submission):
    # Shares of 10/3 and 20/3.
    assert_equal(submission.allocate_budget([50, 50], [1.0, 2.0], budget=10), [3, 7])


def test_the_newest_message_and_then_the_most_relevant(submission):
    tokens, relevance = [40, 10, 30, 20], [0.9, 0.2, 0.1, 0.3]
    assert_equal(submission.choose_history(tokens, relevance, 70, keep_last=1), [0, 1, 3])


def test_five_chunks_with_the_best_at_the_ends(submission):
    scores = [0.9, 0.8, 0.7, 0.6, 0.5]
    chosen = submission.choose_chunks(scores, [1] * 5, np.eye(5), budget=5, threshold=0.9)
    assert_equal(chosen, [0, 2, 4, 3, 1])


def test_a_tool_comes_with_what_it_needs(submission):
    scores, tokens, requires = [0.9, 0.8, 0.0], [50, 40, 30], [[2], [], []]
    assert_equal(submission.choose_tools(scores, tokens, requires, budget=100), [0, 2])
