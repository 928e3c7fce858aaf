"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close, assert_equal


def test_six_cases_on_which_the_prompts_differ(submission):
    first = [True, False, False, False, False, False, True, False]
    second = [False, True, True, True, True, True, True, False]
    # 2 · (C(6, 0) + C(6, 1)) / 2⁶
    assert_close(submission.mcnemar_exact(first, second), 14 / 64)


def test_prompts_that_never_differ(submission):
    assert_close(submission.mcnemar_exact([True, False], [True, False]), 1.0)


def test_three_resamples_of_two_cases(submission):
    first, second = np.array([0.0, 1.0]), np.array([1.0, 1.0])
    indices = np.array([[0, 0], [0, 1], [1, 1]])
    # The resampled differences are 1, 1/2 and 0.
    assert_close(submission.paired_bootstrap(first, second, indices, level=0.5), (0.5, 0.25, 0.75))


def test_holm_stops_at_the_first_that_is_kept(submission):
    # 0.01 ≤ 0.05/3, 0.03 > 0.05/2; 0.04 is kept too, though it is less than 0.05/1.
    assert_equal(submission.holm([0.04, 0.01, 0.03]), [False, True, False])


def test_the_worse_arm_is_tried_again_in_the_seventh_round(submission):
    pulled = submission.ucb1(lambda arm: float(arm == 1), arms=2, rounds=7)
    assert_equal(pulled, [0, 1, 1, 1, 1, 1, 0])
