"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close


def test_two_games_of_elo(submission):
    # Equal ratings: each is expected to score 1/2. Then Ada is ahead by 32.
    assert_close(submission.elo_ratings([("ada", "bob", 1)]), {"ada": 1016.0, "bob": 984.0})
    expected = 1 / (1 + 10 ** (-32 / 400))
    gain = 32 * (0.5 - expected)
    assert_close(
        submission.elo_ratings([("ada", "bob", 1), ("ada", "bob", 0.5)]),
        {"ada": 1016.0 + gain, "bob": 984.0 - gain},
    )


def test_three_wins_of_four_are_odds_of_three_to_one(submission):
    assert_close(submission.bradley_terry(np.array([[0.0, 3.0], [1.0, 0.0]])), [0.75, 0.25])


def test_the_chain_of_the_worked_example(submission):
    wins = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])
    assert_close(submission.bradley_terry(wins), [4 / 7, 2 / 7, 1 / 7], rtol=1e-5)


def test_a_judge_that_likes_what_comes_first(submission):
    result = submission.judge_win_rate(
        ["2 + 2?", "3 + 3?"], ["4", "6"], ["four", "six"], lambda prompt, one, other: "First"
    )
    assert_close(result, {"win_rate": 0.5, "consistency": 0.0, "first_rate": 1.0})


def test_quality_against_price(submission):
    scores = np.array([[80.0, 10.0], [90.0, 30.0], [85.0, 10.0]])
    totals, order = submission.decision_matrix(scores, np.array([3.0, 1.0]), [True, False])
    # Quality is scaled to 0, 1, 1/2 and price to 1, 0, 1.
    assert_close(totals, [1 / 4, 3 / 4, 2.5 / 4])
    assert_close(order, [1, 2, 0])
