"""The hidden suite of choosing few-shot examples."""

import numpy as np
import pytest

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points, shuffled
from solutions.few_shot_selection.few_shot_selection import (
    balanced_examples,
    knn_examples,
    mmr_examples,
)

NEAR = [[8, 8], [2, 0.5], [0, 5], [-3, 1], [5, 2], [1, 1.5]]
# Cosines with [4, 0]: 0.71, 0.97, 0, −0.95, 0.93, 0.55.

VARIED = [[-3, -1, 0], [2, 1, 2], [-3, -3, 3], [0, -1, 3], [3, -2, -3], [-1, 0, -3]]
# With the query [0, 3, 3] and λ = 0.625 every score is 0.03 away from the best of its step, and
# each usual mistake picks something else.


def reordered(rng, query, rows, dtype=np.float64):
    """Shuffle the examples and the axes, which changes no similarity."""
    axes = rng.permutation(len(query))
    examples = np.array(rows, dtype=dtype)[rng.permutation(len(rows))]
    return np.array(query, dtype=dtype)[axes], examples[:, axes]


# ── knn_examples ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Make one example ten times as long. Should it come closer to the query?")
def test_the_smallest_angle_comes_first(submission, rng):
    query, examples = reordered(rng, [4, 0], NEAR)
    assert_equal(submission.knn_examples(query, examples, 4), knn_examples(query, examples, 4))


@points(0.5)
@hint("What is a zero vector divided by its length, and how does a sort treat that?")
def test_a_zero_vector_is_neither_similar_nor_opposite(submission):
    query = np.array([1.0, 0.0])
    examples = np.array([[1.0, 1.0], [0.0, 0.0], [-2.0, 0.1], [3.0, 0.1]])
    assert_equal(submission.knn_examples(query, examples, 4), [3, 0, 1, 2])


@points(0.25)
@hint("Nothing is similar to a query of zeros. Which ties are there?")
def test_to_a_query_of_zeros_all_are_alike(submission):
    examples = np.array([[1.0, 1.0], [0.0, 0.0], [-2.0, 0.1], [3.0, 0.1]])
    assert_equal(submission.knn_examples(np.zeros(2), examples, 3), [0, 1, 2])


@points(0.25)
@hint("Reverse a sorted list. What becomes of the order of equal entries?")
def test_equal_examples_keep_their_order(submission):
    query = np.array([1.0, 2.0, 2.0])
    examples = np.array([[0, 2, 0], [1, 0, 0], [0, 2, 0], [0, -1, 0], [0, 2, 0], [1, 0, 0]], float)
    # Cosines: 2/3, 1/3, 2/3, −2/3, 2/3, 1/3.
    assert_equal(submission.knn_examples(query, examples, 6), [0, 2, 4, 1, 5, 3])


@points(0.25)
@hint("How many examples can you return at most, and at least?")
@pytest.mark.parametrize(("n", "k"), [(6, 0), (6, 1), (6, 6), (6, 9), (1, 1), (0, 0), (0, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_any_number_of_examples_will_do(submission, n, k, dtype):
    query, examples = np.array([4, 0], dtype), np.array(NEAR, dtype)[:n]
    assert_equal(submission.knn_examples(query, examples, k), knn_examples(query, examples, k))


@points(0.25)
@hint("What has to be the same in two vectors between which there is an angle?")
@pytest.mark.parametrize(("width", "k"), [(3, 2), (1, 2), (5, 0), (2, -1)])
def test_other_widths_and_a_negative_number_are_refused(submission, width, k):
    assert_raises(ValueError, submission.knn_examples, np.ones(width), np.array(NEAR), k)


# ── mmr_examples ──────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("Work the third pick out by hand: how similar is each example left to which picked one?")
def test_relevance_and_redundancy_are_weighed_at_every_pick(submission, rng):
    query, examples = reordered(rng, [0, 3, 3], VARIED)
    expected = mmr_examples(query, examples, 5, 0.625)
    assert_equal(submission.mmr_examples(query, examples, 5, 0.625), expected)


@points(0.5)
@hint("An example points away from all that was picked. Is that worth something?")
def test_the_redundancy_may_be_negative(submission, rng):
    # Angles of 150°, −80°, −160°, 115° and −35° with the query.
    angles = np.radians([150, -80, -160, 115, -35])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.array([[2], [1], [4], [3], [1]])
    query, examples = reordered(rng, [1, 0], rows)
    expected = mmr_examples(query, examples, 4, 0.625)
    assert_equal(submission.mmr_examples(query, examples, 4, 0.625), expected)


@points(0.25)
@hint("What is left of the score when λ is 1?")
def test_relevance_alone_is_nearest_neighbours(submission, rng):
    query, examples = reordered(rng, [4, 0], NEAR)
    expected = knn_examples(query, examples, 5)
    assert_equal(submission.mmr_examples(query, examples, 5, 1.0), expected)


@points(0.25)
@hint("What is left of the score when λ is 0, and what is the first pick then?")
def test_without_relevance_the_least_similar_to_the_picked_follows(submission):
    query = np.array([4.0, 0.0])
    examples = np.array([[2.0, 0.5], [8.0, 8.0], [0.0, 5.0], [-3.0, 1.0], [5.0, 2.0], [1.0, -1.5]])
    expected = mmr_examples(query, examples, 4, 0.0)
    assert_equal(submission.mmr_examples(query, examples, 4, 0.0), expected)


@points(0.5)
@hint("How similar is a vector to another one of its direction, if one is twice as long?")
def test_lengths_do_not_matter(submission, rng):
    query, examples = reordered(rng, [0, 3, 3], VARIED)
    lengths = np.array(shuffled(rng, [1 / 8, 1 / 2, 1, 2, 8, 16]))
    expected = mmr_examples(query, examples, 6, 0.75)
    assert_equal(submission.mmr_examples(query / 4, examples * lengths[:, None], 6, 0.75), expected)


@points(0.5)
@hint("Two copies of the best example: what would the second one teach the model?")
def test_copies_wait_and_equal_scores_go_to_the_lower_index(submission):
    query = np.array([2.0, 1.0, 0.0])
    examples = np.array([[0, 2, 0], [3, 0, 0], [0, 2, 0], [3, 0, 0]], dtype=float)
    # Scores: 0.22, 0.45 | 0.22, −0.05 of the copy of 1 | −0.28 of the copy of 0, −0.05 | …
    assert_equal(submission.mmr_examples(query, examples, 4, 0.5), [1, 0, 3, 2])


@points(0.25)
@hint("How similar is a zero vector to a copy of itself, by what the task says?")
def test_zero_vectors_are_similar_to_nothing(submission):
    query = np.array([1.0, 0.0])
    examples = np.array([[0.0, 0.0], [2.0, 0.5], [3.0, 1.0], [0.0, 0.0], [-1.0, 0.2]])
    # After 1 the scores are 0 of both zero vectors, −0.02 of 2 and −0.04 of 4.
    assert_equal(submission.mmr_examples(query, examples, 5, 0.5), [1, 0, 3, 2, 4])


@points(0.25)
@hint("How many picks are there to be made?")
@pytest.mark.parametrize(("n", "k"), [(6, 0), (6, 1), (6, 9), (1, 3), (0, 0), (0, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_any_number_of_picks_will_do(submission, n, k, dtype):
    query, examples = np.array([0, 3, 3], dtype), np.array(VARIED, dtype)[:n]
    expected = mmr_examples(query, examples, k, 0.625)
    assert_equal(submission.mmr_examples(query, examples, k, 0.625), expected)


@points(0.5)
@hint("Between which bounds is a weight a weight, and which vectors have an angle?")
@pytest.mark.parametrize(
    ("width", "k", "trade_off"),
    [(3, 2, -0.125), (3, 2, 1.125), (3, -1, 0.5), (2, 2, 0.5), (1, 2, 0.5), (4, 2, 0.5)],
)
def test_what_mmr_cannot_weigh_is_refused(submission, width, k, trade_off):
    examples = np.array(VARIED, dtype=float)
    assert_raises(ValueError, submission.mmr_examples, np.ones(width), examples, k, trade_off)


# ── balanced_examples ─────────────────────────────────────────────────────────────────────────

MOODS = ["sad", "glad", "glad", "mad", "glad", "sad", "glad", "mad", "glad"]


@points(0.5)
@hint("Nine of ten neighbours have the same label. Which answer will the model lean to?")
def test_every_label_has_its_turn_in_each_round(submission):
    ranking = [1, 2, 4, 0, 6, 3, 5, 8, 7]
    # By label: glad 1 2 4 6 8, sad 0 5, mad 3 7.
    assert_equal(submission.balanced_examples(ranking, MOODS, 5), [1, 0, 3, 2, 5])


@points(0.5)
@hint("One label has no example left and another has five. Is the prompt full?")
def test_labels_that_have_run_out_are_passed_over(submission):
    ranking = [1, 2, 4, 0, 6, 3, 5, 8]
    # In the second round mad has nothing, in the third only glad has something.
    assert_equal(submission.balanced_examples(ranking, MOODS, 7), [1, 0, 3, 2, 5, 4, 6])


@points(0.5)
@hint("In which order do the labels come, if the best example of all comes first?")
def test_labels_come_in_the_order_of_the_ranking(submission):
    ranking = [7, 4, 3, 8, 0, 6]
    # The list of labels begins with sad, the alphabet with glad, the ranking with mad.
    assert_equal(submission.balanced_examples(ranking, MOODS, 6), [7, 4, 0, 3, 8, 6])


@points(0.5)
@hint("Whose label is labels[3]: that of example 3, or that of the third best?")
def test_labels_belong_to_indices_and_not_to_ranks(submission, rng):
    ranking = shuffled(rng, range(9))
    expected = balanced_examples(ranking, MOODS, 9)
    assert_equal(submission.balanced_examples(ranking, MOODS, 9), expected)


@points(0.25)
@hint("Which examples may you take, and from which is there nothing to take?")
@pytest.mark.parametrize(
    ("ranking", "k", "expected"),
    [
        ([6, 5, 2], 9, [6, 5, 2]),
        ([8], 1, [8]),
        ([4, 1, 2], 2, [4, 1]),
        ([], 3, []),
        ([0, 1, 2], 0, []),
    ],
    ids=["more than there are", "one", "one label", "none ranked", "none wanted"],
)
def test_only_ranked_examples_are_taken(submission, ranking, k, expected):
    assert_equal(submission.balanced_examples(ranking, MOODS, k), expected)


@points(0.25)
@hint("In the middle of a round k is reached. Who has had no turn?")
@pytest.mark.parametrize("k", [1, 2, 4])
def test_a_round_may_end_early(submission, k):
    ranking = [3, 1, 2, 4, 0, 5, 7]
    assert_equal(submission.balanced_examples(ranking, MOODS, k), [3, 1, 0, 7][:k])


@points(0.5)
@hint("How would you choose less than nothing?")
@pytest.mark.parametrize("ranking", [[0, 1], []], ids=["two", "none"])
def test_a_negative_number_is_refused(submission, ranking):
    assert_raises(ValueError, submission.balanced_examples, ranking, MOODS, -1)


# ── pack_examples ─────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The query stands at the end of the prompt. Which example should be next to it?")
def test_the_best_example_comes_last(submission):
    assert_equal(submission.pack_examples([2, 0, 3, 1], [40, 10, 30, 20], 200), [1, 3, 0, 2])


@points(0.5)
@hint("An example is too long. What about the shorter ones after it?")
def test_what_does_not_fit_is_passed_over(submission):
    # 30 and 40 fit, 50 does not, 20 does, 15 does not any more, 10 does.
    tokens = [30, 40, 50, 20, 15, 10]
    assert_equal(submission.pack_examples([0, 1, 2, 3, 4, 5], tokens, 101), [5, 3, 1, 0])


@points(0.5)
@hint("A budget of 60: may you spend 60?")
@pytest.mark.parametrize(("budget", "expected"), [(60, [1, 0]), (59, [2, 0]), (61, [1, 0])])
def test_a_total_equal_to_the_budget_fits(submission, budget, expected):
    assert_equal(submission.pack_examples([0, 1, 2], [40, 20, 9], budget), expected)


@points(0.5)
@hint("How many separators are there in a prompt of three examples and a query?")
@pytest.mark.parametrize(
    ("budget", "expected"),
    [(70, [2, 1, 0]), (69, [1, 0]), (60, [1, 0]), (50, [1, 0]), (49, [2, 0]), (24, [2])],
)
def test_every_example_pays_its_separator(submission, budget, expected):
    packed = submission.pack_examples([0, 1, 2], [20, 20, 15], budget, separator=5)
    assert_equal(packed, expected)


@points(0.5)
@hint("Whose tokens are tokens[3]: those of example 3, or of the third best?")
def test_tokens_belong_to_indices_and_not_to_ranks(submission):
    assert_equal(submission.pack_examples([3, 1, 4], [1, 30, 1, 60, 25], 86), [4, 3])


@points(0.25)
@hint("What fits into nothing?")
@pytest.mark.parametrize(
    ("ranking", "budget", "separator", "expected"),
    [([], 10, 0, []), ([0, 1, 2], 0, 0, [1]), ([0, 1, 2], 0, 1, []), ([0, 1, 2], 3, 1, [2, 1])],
)
def test_little_may_fit_or_nothing(submission, ranking, budget, separator, expected):
    assert_equal(submission.pack_examples(ranking, [5, 0, 1], budget, separator), expected)


@points(0.25)
@hint("What would a debt of tokens mean?")
@pytest.mark.parametrize(("budget", "separator"), [(-1, 0), (10, -1), (-5, 2)])
def test_negative_budgets_and_separators_are_refused(submission, budget, separator):
    assert_raises(ValueError, submission.pack_examples, [0, 1], [5, 6], budget, separator)
