"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_equal

QUERY = np.array([1.0, 0.0])


def test_the_smallest_angle_comes_first_whatever_the_length(submission):
    examples = np.array([[0.0, 9.0], [1.0, 1.0], [0.1, 0.0]])
    assert_equal(submission.knn_examples(QUERY, examples, k=2), [2, 1])


def test_the_worked_example_of_mmr(submission):
    examples = np.array([[0.8, 0.6], [0.8, 0.6], [0.6, -0.8]])
    assert_equal(submission.mmr_examples(QUERY, examples, k=2, trade_off=0.5), [0, 2])


def test_labels_take_turns(submission):
    labels = ["no", "yes", "yes", "yes"]
    assert_equal(submission.balanced_examples([3, 2, 1, 0], labels, k=3), [3, 0, 2])


def test_what_does_not_fit_is_passed_over_and_the_best_comes_last(submission):
    tokens = [50, 80, 30]
    assert_equal(submission.pack_examples([0, 1, 2], tokens, budget=100), [2, 0])


def test_the_separator_is_paid_by_every_example(submission):
    tokens = [50, 80, 30]
    packed = submission.pack_examples([0, 1, 2], tokens, budget=90, separator=5)
    assert_equal(packed, [2, 0])
    assert_equal(submission.pack_examples([0, 1, 2], tokens, budget=89, separator=5), [0])
