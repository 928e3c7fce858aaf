"""The hidden suite of comparing models."""

import numpy as np
import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import array, hint, points, shuffled
from solutions.model_comparison.model_comparison import (
    bradley_terry,
    decision_matrix,
    elo_ratings,
)

# ── elo_ratings ───────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Both players look at the ratings before the game. Which ratings does your second one see?")
@pytest.mark.parametrize("score", [1, 0, 0.75])
def test_both_ratings_are_read_before_the_game(submission, score):
    gain = 32 * (score - 0.5)
    expected = {"ada": 1000 + gain, "bob": 1000 - gain}
    assert_close(submission.elo_ratings([("ada", "bob", score)]), expected)


@points(0.75)
@hint("Ada is ahead by 32. What is she expected to score, and who wins what when she loses?")
@pytest.mark.parametrize("score", [0, 0.5, 1])
def test_the_stronger_player_is_expected_to_score_more(submission, score):
    games = [("ada", "bob", 1), ("ada", "bob", score)]
    # After the first game 1016 and 984.
    gain = 32 * (score - 1 / (1 + 10 ** (-32 / 400)))
    assert_close(submission.elo_ratings(games), {"ada": 1016 + gain, "bob": 984 - gain})


@points(0.5)
@hint("Who plays the third game, and what did the first two leave of their ratings?")
def test_games_are_played_in_their_order(submission, rng):
    names = ["ada", "bob", "cid", "dan", "eve"]
    games = [
        (*shuffled(rng, names)[:2], float(score)) for score in rng.choice([0, 0.5, 1, 0.3], size=30)
    ]
    assert_close(submission.elo_ratings(games), elo_ratings(games))


@points(0.25)
@hint("What is the rating of somebody who has not played yet?")
def test_who_comes_later_starts_at_the_initial_rating(submission):
    games = [("ada", "bob", 1), ("cid", "ada", 1), ("dan", "cid", 0)]
    ratings = submission.elo_ratings(games, initial=1500.0)
    assert_close(ratings, elo_ratings(games, initial=1500.0))


@points(0.25)
@hint("How far may one game move a rating?")
@pytest.mark.parametrize("k", [16.0, 4.0, 60.0])
def test_k_says_how_far_a_game_moves(submission, k):
    games = [("ada", "bob", 1), ("bob", "ada", 0.5), ("bob", "cid", 0)]
    assert_close(submission.elo_ratings(games, k), elo_ratings(games, k))


@points(0.25)
@hint("Whose rating is there when nobody has played?")
def test_without_games_there_are_no_ratings(submission):
    assert_equal(submission.elo_ratings([]), {})


@points(0.25)
@hint("Which scores can a game have, and who can play whom?")
@pytest.mark.parametrize(
    "bad",
    [[("ada", "bob", -0.1), ("ada", "bob", -1)], [("ada", "bob", 1.5)], [("bob", "bob", 0.5)]],
    ids=["too low", "too high", "against itself"],
)
def test_impossible_games_are_refused(submission, bad):
    for game in bad:
        assert_raises(ValueError, submission.elo_ratings, [("ada", "bob", 1), game])
        assert_raises(ValueError, submission.elo_ratings, [game])


# ── bradley_terry ─────────────────────────────────────────────────────────────────────────────


def wins_of(models, *games):
    """Return the matrix of wins of (winner, loser, how often)."""
    wins = np.zeros((models, models))
    for winner, loser, times in games:
        wins[winner, loser] = times
    return wins


@points(1)
@hint("Three wins of four: what are the odds? And who won, the row or the column?")
@pytest.mark.parametrize(("won", "lost"), [(3, 1), (2, 8), (5, 5), (0.5, 2.5)])
def test_the_odds_of_two_models_are_those_of_their_games(submission, won, lost):
    strengths = submission.bradley_terry(wins_of(2, (0, 1, won), (1, 0, lost)))
    assert_close(strengths, [won / (won + lost), lost / (won + lost)], rtol=1e-5)


@points(1)
@hint("Two models won as large a share of their games. Were their opponents as strong?")
def test_the_strength_of_the_opponents_counts(submission):
    # Each neighbour is three times as strong as the next, by 3 games to 1 and 6 to 2.
    wins = wins_of(4, (1, 2, 3), (2, 1, 1), (2, 0, 6), (0, 2, 2), (0, 3, 3), (3, 0, 1))
    assert_close(submission.bradley_terry(wins), np.array([3, 27, 9, 1]) / 40, rtol=1e-5)


@points(0.5)
@hint("At your strengths, how many games would each model be expected to win?")
@pytest.mark.parametrize("models", [2, 3, 5, 8])
def test_expected_wins_are_observed_wins(submission, rng, models):
    wins = rng.integers(1, 9, size=(models, models)).astype(float)
    np.fill_diagonal(wins, 0)
    assert_close(submission.bradley_terry(wins), bradley_terry(wins), rtol=1e-5)


@points(0.5)
@hint("Who never met has no games. Which terms of the sum are there?")
@pytest.mark.parametrize(
    "wins",
    [
        pytest.param(wins_of(3, (0, 1, 4), (1, 2, 2), (2, 0, 1)), id="in a circle"),
        pytest.param(
            wins_of(4, (0, 1, 0.5), (1, 0, 0.5), (1, 2, 1.5), (2, 1, 0.5), (2, 3, 2), (3, 0, 2.5)),
            id="ties",
        ),
        pytest.param(
            wins_of(5, (0, 1, 3), (0, 2, 3), (0, 3, 7), (0, 4, 1), (1, 0, 1), (2, 0, 2), (3, 0, 1))
            + wins_of(5, (4, 0, 5)),
            id="all against one",
        ),
    ],
)
def test_not_everybody_has_to_meet(submission, wins):
    assert_close(submission.bradley_terry(wins), bradley_terry(wins), rtol=1e-5)


@points(0.5)
@hint("When has a strength of a thousandth stopped moving? Do you look at it as a share of itself?")
def test_the_weakest_are_as_exact_as_the_strongest(submission):
    games = [(model, model + 1, 5) for model in range(4)]
    games += [(model + 1, model, 1) for model in range(4)]
    strengths = 5.0 ** np.arange(4, -1, -1)
    given = submission.bradley_terry(wins_of(5, *games))
    assert_close(given, strengths / strengths.sum(), rtol=1e-5, atol=0)


@points(0.5)
@hint("How often did a model play against itself?")
@pytest.mark.parametrize("value", [7.0, -3.0, float("nan")], ids=["wins", "negative", "nan"])
def test_the_diagonal_is_ignored(submission, value):
    wins = wins_of(3, (0, 1, 4), (1, 0, 1), (1, 2, 3), (2, 1, 2), (2, 0, 1))
    expected = bradley_terry(wins)
    wins[1, 1] = value
    wins[2, 2] = value
    assert_close(submission.bradley_terry(wins), expected, rtol=1e-5)


@points(0.25)
@hint("How strong is a model that is alone, when strengths sum to 1?")
@pytest.mark.parametrize("value", [0.0, 4.0, float("nan")], ids=["zero", "wins", "nan"])
def test_one_model_has_all_the_strength(submission, value):
    assert_close(submission.bradley_terry(np.array([[value]])), [1.0])


@points(0.25)
@hint("Which entries of the matrix can be counts of wins, and how many rows has it?")
@pytest.mark.parametrize(
    "matrices",
    [
        pytest.param([np.zeros((0, 0))], id="no model"),
        pytest.param([np.ones((2, 3)), np.ones((3, 2)), np.ones((1, 2))], id="not square"),
        pytest.param(
            [
                np.array([[0.0, 2.0, 1.0], [1.0, 0.0, -0.5], [2.0, 3.0, 0.0]]),
                np.array([[0.0, 2.0, 1.0], [1.0, 0.0, 2.0], [2.0, np.nan, 0.0]]),
            ],
            id="negative or nan",
        ),
    ],
)
def test_what_is_no_matrix_of_wins_is_refused(submission, matrices):
    for wins in matrices:
        assert_raises(ValueError, submission.bradley_terry, wins)


@points(0.5)
@hint("How strong is a model that was never beaten? And a group that was never beaten by the rest?")
@pytest.mark.parametrize(
    "wins",
    [
        pytest.param(wins_of(3, (0, 1, 2), (0, 2, 1), (1, 2, 2), (2, 1, 3)), id="undefeated"),
        pytest.param(wins_of(3, (0, 1, 2), (1, 0, 1), (0, 2, 4), (1, 2, 1)), id="without a win"),
        pytest.param(
            wins_of(5, (0, 1, 2), (1, 0, 1), (2, 3, 4), (3, 4, 1), (4, 2, 1), (1, 3, 2)),
            id="a group above another",
        ),
        pytest.param(wins_of(4, (0, 1, 2), (1, 0, 1), (2, 3, 4), (3, 2, 1)), id="groups apart"),
        pytest.param(wins_of(2), id="no game"),
        pytest.param(
            wins_of(4, (0, 1, 2), (1, 0, 1), (1, 2, 4), (2, 1, 1)), id="one that did not play"
        ),
    ],
)
def test_wins_without_a_maximum_are_refused(submission, wins):
    assert_raises(ValueError, submission.bradley_terry, wins)


# ── judge_win_rate ────────────────────────────────────────────────────────────────────────────


class Judge:
    """A scripted judge: it knows what to say of each prompt and order of answers."""

    __name__ = "judge"

    def __init__(self, replies):
        self.replies = replies
        self.asked = []

    def __call__(self, *question):
        """Note what was asked, and reply."""
        self.asked.append(question)
        return self.replies[question]


def items(*replies):
    """Return prompts, answers of A and B, and a judge, by its replies to a b and to b a."""
    places = range(len(replies))
    prompts = [f"prompt {place}" for place in places]
    a, b = [f"answer {place}" for place in places], [f"reply {place}" for place in places]
    script = {}
    for place, (one, other) in enumerate(replies):
        script[prompts[place], a[place], b[place]] = one
        script[prompts[place], b[place], a[place]] = other
    return prompts, a, b, Judge(script)


def rates(win_rate, consistency, first_rate):
    """Return the three rates by their names."""
    return {"win_rate": win_rate, "consistency": consistency, "first_rate": first_rate}


A_WINS, B_WINS = ("first", "second"), ("second", "first")


@points(0.75)
@hint("In the swapped order the judge says 'first'. Which of the models is that?")
@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        pytest.param([A_WINS], (1.0, 1.0, 0.5), id="one item"),
        pytest.param([A_WINS, B_WINS, A_WINS, A_WINS], (0.75, 1.0, 0.5), id="several"),
    ],
)
def test_replies_are_mapped_back_to_models(submission, replies, expected):
    assert_close(submission.judge_win_rate(*items(*replies)), rates(*expected))


@points(0.75)
@hint("The judge changes its mind with the order. What did it say about the answers?")
@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        pytest.param([("first", "first")], (0.5, 0.0, 1.0), id="one item"),
        # Two wins and three ties of five; 6 of 10 replies name the first.
        pytest.param(
            [A_WINS, ("first", "first"), A_WINS, ("second", "second"), ("first", "first")],
            (3.5 / 5, 2 / 5, 6 / 10),
            id="several",
        ),
    ],
)
def test_an_item_on_which_the_orders_disagree_is_a_tie(submission, replies, expected):
    assert_close(submission.judge_win_rate(*items(*replies)), rates(*expected))


@points(0.5)
@hint("One order was a tie, in the other A won. Do both replies name the same model?")
def test_a_win_and_a_tie_make_a_tie(submission, rng):
    replies = [("first", "tie"), ("tie", "second"), ("tie", "first"), A_WINS, A_WINS, A_WINS]
    given = items(*shuffled(rng, [*replies, B_WINS]))
    # Three wins and three ties of seven; of 11 replies that are not ties 6 name the first.
    assert_close(submission.judge_win_rate(*given), rates(4.5 / 7, 4 / 7, 6 / 11))


@points(0.5)
@hint("Two ties for one item: is the judge consistent? And what are they worth to A?")
def test_two_ties_are_consistent_and_half_a_win(submission, rng):
    replies = [("tie", "tie"), ("equal", "tie"), A_WINS, B_WINS, B_WINS, ("first", "first")]
    given = items(*shuffled(rng, replies))
    assert_close(submission.judge_win_rate(*given), rates(2.5 / 6, 5 / 6, 5 / 8))


@points(0.25)
@hint("Which share is that of no reply?")
def test_where_everything_is_a_tie_no_place_is_preferred(submission):
    given = items(("tie", "tie"), ("", "I cannot say."))
    assert_close(submission.judge_win_rate(*given), rates(0.5, 1.0, 0.5))


@points(0.5)
@hint("What may stand around the word, and what may not?")
def test_other_replies_are_ties(submission):
    given = items(
        (" First\n", "SECOND"),
        ("\tfirst ", "second"),
        ("second", "fIRST"),
        ("first.", "second"),
        ("the first", "second answer"),
        ("1", "2"),
        ("a", "b"),
        ("firstly", "seconds"),
    )
    # Two wins of A, one of B, five ties; 3 of 7 replies name the first.
    assert_close(submission.judge_win_rate(*given), rates(4.5 / 8, 7 / 8, 3 / 7))


@points(0.25)
@hint("Every question to a judge is paid for. Which two do you need for an item?")
def test_each_item_is_asked_once_in_each_order(submission):
    prompts, a, b, judge = items(A_WINS, ("first", "first"), ("tie", "tie"), B_WINS)
    submission.judge_win_rate(prompts, a, b, judge)
    expected = [*zip(prompts, a, b, strict=True), *zip(prompts, b, a, strict=True)]
    assert_equal(sorted(judge.asked), sorted(expected), name="the questions asked")


@points(0.25)
@hint("The answers are the same text. What does the judge say of them, and what do you count?")
def test_equal_answers_and_prompts_are_asked_as_any_others(submission):
    judge = Judge({("p", "x", "x"): "first", ("p", "x", "y"): "first", ("p", "y", "x"): "second"})
    given = ["p", "p", "p"], ["x", "y", "x"], ["x", "x", "y"]
    assert_close(submission.judge_win_rate(*given, judge), rates(0.5, 2 / 3, 4 / 6))
    assert_equal(len(judge.asked), 6, name="the number of questions asked")


@points(0.25)
@hint("Which answer belongs to the last prompt, and what is a share of no item?")
@pytest.mark.parametrize(
    "sizes",
    [[(0, 0, 0)], [(1, 2, 2), (3, 2, 2)], [(2, 1, 2), (2, 3, 2)], [(2, 2, 1), (2, 2, 3)]],
    ids=["no item", "prompts", "a", "b"],
)
def test_items_that_do_not_fit_together_are_refused(submission, sizes):
    for lengths in sizes:
        texts = [["text"] * length for length in lengths]
        judge = Judge({("text", "text", "text"): "first"})
        assert_raises(ValueError, submission.judge_win_rate, *texts, judge)


# ── decision_matrix ───────────────────────────────────────────────────────────────────────────


@points(1)
@hint("Accuracy goes from 0.6 to 0.9 and context from 8000 to 40 000. Which decides your total?")
def test_criteria_are_mapped_from_zero_to_one(submission):
    scores = np.array([[0.9, 8000.0], [0.6, 40000.0], [0.7, 32000.0]])
    # 1, 0, 1/3 and 0, 1, 3/4, with the weights 3/4 and 1/4.
    expected = np.array([3 / 4, 1 / 4, 1 / 4 + 3 / 16]), [0, 2, 1]
    assert_close(submission.decision_matrix(scores, np.array([6.0, 2.0]), [True, True]), expected)


@points(0.75)
@hint("One model costs twice as much as another. Which of them should that favour?")
def test_costs_are_turned_round(submission):
    scores = np.array([[2.0, 70.0], [10.0, 80.0], [5.0, 60.0], [9.0, 65.0]])
    # 1, 0, 5/8, 1/8 and 1/2, 1, 0, 1/4.
    expected = np.array([2.5 / 3, 1 / 3, 1.25 / 3, 0.5 / 3]), [0, 2, 1, 3]
    assert_close(submission.decision_matrix(scores, np.array([2.0, 1.0]), [False, True]), expected)


@points(0.5)
@hint("Do scores have to be positive, and weights whole?")
@pytest.mark.parametrize(("models", "criteria"), [(5, 3), (2, 4), (7, 1)])
def test_any_table_has_its_totals(submission, rng, models, criteria):
    scores, weights = array(rng, models, criteria), rng.uniform(0.1, 2, size=criteria)
    scores[:, 0] *= 1e-11  # what a token costs, say
    higher = [bool(one) for one in rng.integers(2, size=criteria)]
    expected = decision_matrix(scores, weights, higher)
    assert_close(submission.decision_matrix(scores, weights, higher), expected)


@points(0.5)
@hint("All models cost the same. What is 0/0 worth, and does it help to be cheap?")
@pytest.mark.parametrize("higher", [True, False])
def test_a_criterion_that_does_not_differ_gives_nothing(submission, higher):
    scores = np.array([[5.0, 1.0], [5.0, 3.0], [5.0, 2.0]])
    expected = np.array([0.0, 0.25, 0.125]), [1, 2, 0]
    result = submission.decision_matrix(scores, np.array([3.0, 1.0]), [higher, True])
    assert_close(result, expected)


@points(0.25)
@hint("Which of two equal models comes first, and what are the numbers in your second result?")
def test_equal_totals_are_ordered_by_index(submission):
    scores = np.array([[0.0, 4.0], [2.0, 2.0], [4.0, 0.0], [4.0, 4.0], [2.0, 2.0], [0.0, 0.0]])
    result = submission.decision_matrix(scores, np.array([1.0, 1.0]), [True, True])
    assert_close(result, (np.array([0.5, 0.5, 0.5, 1.0, 0.5, 0.0]), [3, 0, 1, 2, 4, 5]))


@points(0.25)
@hint("Does your way of sorting keep the order of equal numbers, however many there are?")
def test_many_equal_totals_are_ordered_by_index(submission):
    scores = np.tile([[3.0], [1.0], [3.0]], (30, 1))
    order = sorted(range(90), key=lambda model: model % 3 == 1)
    result = submission.decision_matrix(scores, np.array([2.0]), [True])
    assert_close(result, (np.tile([1.0, 0.0, 1.0], 30), order))


@points(0.25)
@hint("What is the range of one number? And what does a weight of 0 do?")
@pytest.mark.parametrize(
    ("scores", "weights", "higher"),
    [
        pytest.param([[3.0, 7.0]], [1.0, 2.0], [True, False], id="one model"),
        pytest.param([[3.0, 7.0], [4.0, 1.0]], [0.0, 2.0], [True, True], id="a weight of zero"),
    ],
)
def test_one_model_and_a_weight_of_zero_are_allowed(submission, scores, weights, higher):
    given = np.array(scores), np.array(weights), higher
    assert_close(submission.decision_matrix(*given), decision_matrix(*given))


@points(0.5)
@hint("How many weights and directions does the table need, and what may they be?")
@pytest.mark.parametrize(
    "tables",
    [
        pytest.param(
            [((3, 2), [1.0], [True] * 2), ((3, 2), [1.0] * 3, [True] * 2)], id="number of weights"
        ),
        pytest.param(
            [((3, 2), [1.0, 1.0], [True]), ((3, 2), [1.0, 1.0], [True] * 3)],
            id="number of directions",
        ),
        pytest.param(
            [((3, 1), [1.0, 1.0], [True, False]), ((3, 3), [1.0], [False])],
            id="number of criteria",
        ),
        pytest.param([((3, 2), [-0.5, 1.0], [True] * 2)], id="negative weight"),
        pytest.param(
            [((3, 2), [0.0, 0.0], [True] * 2), ((0, 2), [1.0, 1.0], [True] * 2)],
            id="weights of zero or no model",
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused(submission, tables):
    for shape, weights, higher in tables:
        scores = np.arange(np.prod(shape) * 1.0).reshape(shape)
        assert_raises(ValueError, submission.decision_matrix, scores, np.array(weights), higher)
