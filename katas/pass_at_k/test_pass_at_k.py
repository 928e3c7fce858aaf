"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close


def test_two_of_five_samples_of_which_two_are_correct(submission):
    # 3 of the 10 pairs hold no correct sample, 1 holds two.
    assert_close(submission.pass_at_k(5, 2, 2), 0.7)
    assert_close(submission.pass_hat_k(5, 2, 2), 0.1)


def test_one_sample_passes_as_often_as_samples_are_correct(submission):
    assert_close(submission.pass_at_k(20, 5, 1), 0.25)


def test_the_best_of_two(submission):
    # The pairs have the maxima 2, 4 and 4.
    assert_close(submission.best_of_k(np.array([4.0, 1.0, 2.0]), 2), 10 / 3)


def test_an_interval_over_problems(submission):
    counts = np.array([[5, 2], [5, 0], [4, 4]])
    resamples = np.array([[0, 1, 2], [1, 1, 1], [2, 0, 2]])
    # pass@2 is 0.7, 0 and 1; the draws have the means 1.7/3, 0 and 2.7/3.
    result = submission.pass_at_k_interval(counts, 2, resamples, level=0.5)
    assert_close(result, (1.7 / 3, 0.85 / 3, 2.2 / 3))


def test_more_samples_than_there_are(submission):
    try:
        submission.pass_at_k(5, 2, 6)
    except ValueError:
        return
    raise AssertionError("k = 6 of n = 5 samples was not refused")
