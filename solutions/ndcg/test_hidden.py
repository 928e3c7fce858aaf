"""The hidden suite of NDCG."""

from itertools import pairwise, permutations
from statistics import fmean

import pytest

from autograder.checks import assert_close, assert_raises
from autograder.suite import hint, points
from solutions.ndcg.ndcg import dcg, missing_judgments, ndcg, tie_aware_ndcg

JUDGMENTS = {"atlas": 3, "bears": 2, "cedar": 3, "delta": 0, "ember": 1, "fjord": 2.5}
BEST_FIRST = ["atlas", "cedar", "fjord", "bears", "ember", "delta"]


def shuffled(rng, items):
    """Return the items in an order drawn from rng."""
    return [items[i] for i in rng.permutation(len(items))]


def mean_over_orders(scores, grades, k=None, gain="exponential"):
    """Return the mean NDCG over all orders in which the scores never rise."""
    judgments = {str(document): grade for document, grade in enumerate(grades)}
    orders = [
        [str(document) for document in order]
        for order in permutations(range(len(scores)))
        if all(scores[above] >= scores[below] for above, below in pairwise(order))
    ]
    return fmean(ndcg(order, judgments, k, gain) for order in orders)


# ── dcg ───────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Nothing is discounted at rank 1. How much is a single document of grade 3 worth there?")
@pytest.mark.parametrize("grade", [2, 3.5])
def test_a_grade_gains_two_to_its_power_minus_one(submission, grade):
    assert_close(submission.dcg([grade]), 2.0**grade - 1)


@points(0.5)
@hint("Write the discounts of ranks 1, 2 and 3 down. Which of them is exactly 1, which exactly 2?")
def test_the_gain_at_rank_r_is_divided_by_log2_of_r_plus_one(submission, rng):
    grades = shuffled(rng, [3, 1, 2.5, 0, 2, 1, 4])
    assert_close(submission.dcg(grades, gain="linear"), dcg(grades, gain="linear"))


@points(0.25)
@hint("How many terms does your sum have when k is smaller than the list, and when it is larger?")
@pytest.mark.parametrize("k", [1, 3, 5, 9])
def test_only_the_first_k_grades_are_summed(submission, rng, k):
    grades = shuffled(rng, [3, 1, 2, 1, 4])
    assert_close(submission.dcg(grades, k), dcg(grades, k))


@points(0.25)
@hint("What is a sum of no terms?")
@pytest.mark.parametrize("k", [None, 3])
def test_no_grades_sum_to_zero(submission, k):
    assert_close(submission.dcg([], k), 0.0)


@points(0.5)
@hint("Which of grades, k and gain can hold something for which there is no DCG?")
@pytest.mark.parametrize(
    ("grades", "k", "gain"),
    [
        pytest.param([2, -1], None, "exponential", id="negative grade"),
        pytest.param([2, -1], None, "linear", id="negative grade, linear"),
        pytest.param([2, 1], 0, "exponential", id="k of zero"),
        pytest.param([2, 1], -1, "exponential", id="negative k"),
        pytest.param([2, 1], None, "logarithmic", id="unknown gain"),
    ],
)
def test_dcg_refuses_what_it_cannot_sum(submission, grades, k, gain):
    assert_raises(ValueError, submission.dcg, grades, k, gain)


# ── ndcg ──────────────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("What do you divide by? Sort the same grades by hand and compare.")
def test_the_best_order_scores_one(submission, rng):
    judgments = dict(shuffled(rng, list(JUDGMENTS.items())))
    assert_close(submission.ndcg(BEST_FIRST, judgments), 1.0)


@points(0.5)
@hint("Two sums: over the order that was returned, and over the best one. Which divides which?")
def test_the_dcg_is_divided_by_that_of_the_best_order(submission, rng):
    ranking = shuffled(rng, BEST_FIRST)
    assert_close(submission.ndcg(ranking, JUDGMENTS), ndcg(ranking, JUDGMENTS))


@points(0.25)
@hint("Where does k end the ranking, and where the order that it is compared with?")
@pytest.mark.parametrize("k", [1, 4, 9])
def test_only_the_first_k_places_count(submission, rng, k):
    ranking = shuffled(rng, BEST_FIRST)
    assert_close(submission.ndcg(ranking, JUDGMENTS, k), ndcg(ranking, JUDGMENTS, k))


@points(0.5)
@hint("Whose grades does your ideal order hold: of what was returned, or of what was judged?")
def test_a_relevant_document_that_was_missed_lowers_the_score(submission, rng):
    ranking = shuffled(rng, ["bears", "ember", "delta"])
    assert_close(submission.ndcg(ranking, JUDGMENTS), ndcg(ranking, JUDGMENTS))


@points(0.25)
@hint("If returning less made the ideal shorter, what would a system do that wants a high score?")
def test_a_ranking_shorter_than_k_is_compared_with_k_documents(submission):
    ranking = ["bears", "ember"]
    assert_close(submission.ndcg(ranking, JUDGMENTS, 4), ndcg(ranking, JUDGMENTS, 4))


@points(0.5)
@hint("Can k places ever hold more than the k best documents?")
@pytest.mark.parametrize("k", [1, 3])
def test_a_perfect_first_page_scores_one(submission, k):
    assert_close(submission.ndcg(BEST_FIRST, JUDGMENTS, k), 1.0)


@points(0.5)
@hint("Somebody reads the list from the top. What does a document that nobody judged cost them?")
def test_an_unjudged_document_keeps_its_place(submission, rng):
    ranking = ["new", *shuffled(rng, BEST_FIRST[:3]), "newer", *shuffled(rng, BEST_FIRST[3:])]
    assert_close(submission.ndcg(ranking, JUDGMENTS), ndcg(ranking, JUDGMENTS))


@points(0.5)
@hint("What is the second copy of a page worth, and where does the document below it stand?")
def test_a_repeat_gains_nothing_and_keeps_its_place(submission, rng):
    first, second, *rest = shuffled(rng, BEST_FIRST[:4])
    ranking = [first, first, second, first, *rest, "ember", "delta"]
    assert_close(submission.ndcg(ranking, JUDGMENTS), ndcg(ranking, JUDGMENTS))


@points(0.25)
@hint("Does the gain reach both sums?")
def test_a_linear_gain_is_used_in_both_sums(submission, rng):
    ranking = shuffled(rng, BEST_FIRST)
    expected = ndcg(ranking, JUDGMENTS, gain="linear")
    assert_close(submission.ndcg(ranking, JUDGMENTS, gain="linear"), expected)


@points(0.25)
@hint("What is the DCG of the best order here, and what may not be divided by it?")
@pytest.mark.parametrize(
    ("ranking", "judgments"),
    [
        pytest.param(["atlas"], {}, id="nothing judged"),
        pytest.param(["atlas"], {"atlas": 0, "bears": 0}, id="nothing relevant"),
        pytest.param([], {"atlas": 3}, id="nothing returned"),
        pytest.param([], {}, id="nothing at all"),
    ],
)
def test_a_query_without_anything_to_gain_scores_zero(submission, ranking, judgments):
    assert_close(submission.ndcg(ranking, judgments), 0.0)


BAD_ARGUMENTS = [
    pytest.param({"atlas": -1, "bears": 2}, None, "exponential", id="negative grade"),
    pytest.param({"bears": 2, "cedar": -1}, None, "linear", id="negative, not retrieved"),
    pytest.param({"bears": 2, "cedar": -1}, 1, "exponential", id="negative, below the cut"),
    pytest.param({"atlas": 1, "bears": 2}, 0, "exponential", id="k of zero"),
    pytest.param({"atlas": 1, "bears": 2}, None, "logarithmic", id="unknown gain"),
]


@points(0.25)
@hint("Must a grade be wrong only where you look at it? What else can be wrong?")
@pytest.mark.parametrize(("judgments", "k", "gain"), BAD_ARGUMENTS)
def test_ndcg_refuses_what_has_no_ndcg(submission, judgments, k, gain):
    assert_raises(ValueError, submission.ndcg, ["atlas", "bears"], judgments, k, gain)


# ── missing_judgments ─────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("How many of the places on the page could be judged at all?")
def test_judged_is_the_share_of_places_with_a_judgment(submission, rng):
    ranking = shuffled(rng, [*BEST_FIRST[:4], "new", "newer", "newest"])
    assert_close(
        submission.missing_judgments(ranking, JUDGMENTS), missing_judgments(ranking, JUDGMENTS)
    )


@points(0.25)
@hint("Everything that came back was judged. Should the share fall because little came back?")
def test_places_that_were_not_filled_are_not_counted(submission, rng):
    ranking = [*shuffled(rng, ["bears", "ember"]), "new"]
    assert_close(
        submission.missing_judgments(ranking, JUDGMENTS, 5),
        missing_judgments(ranking, JUDGMENTS, 5),
    )


@points(0.25)
@hint("Is the share one of places, or one of different documents?")
def test_a_repeat_of_a_judged_document_counts_as_judged_again(submission):
    ranking = ["atlas", "new", "atlas", "atlas", "bears"]
    assert_close(
        submission.missing_judgments(ranking, JUDGMENTS), missing_judgments(ranking, JUDGMENTS)
    )


@points(0.25)
@hint("Of how many places is the share when there are none?")
@pytest.mark.parametrize("k", [None, 3])
def test_an_empty_ranking_gives_zeros(submission, k):
    assert_close(submission.missing_judgments([], JUDGMENTS, k), (0.0, 0.0, 0.0))


@points(0.5)
@hint("What moves up into the first k places when unjudged documents go, and can it still do so?")
def test_unjudged_documents_are_removed_before_the_cut(submission, rng):
    ranking = ["new", "atlas", "newer", *shuffled(rng, ["bears", "cedar", "fjord"])]
    assert_close(
        submission.missing_judgments(ranking, JUDGMENTS, 3),
        missing_judgments(ranking, JUDGMENTS, 3),
    )


@points(0.25)
@hint("Does the gain reach the NDCG of both lists?")
def test_a_linear_gain_is_used_for_both_lists(submission, rng):
    ranking = ["new", *shuffled(rng, BEST_FIRST)]
    assert_close(
        submission.missing_judgments(ranking, JUDGMENTS, gain="linear"),
        missing_judgments(ranking, JUDGMENTS, gain="linear"),
    )


@points(0.25)
@hint("Must a grade be wrong only where you look at it? What else can be wrong?")
@pytest.mark.parametrize(("judgments", "k", "gain"), BAD_ARGUMENTS)
def test_missing_judgments_refuses_what_has_no_ndcg(submission, judgments, k, gain):
    assert_raises(ValueError, submission.missing_judgments, ["atlas", "bears"], judgments, k, gain)


# ── tie_aware_ndcg ────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Without ties there is one order. Which, and whose grade belongs to which score?")
@pytest.mark.parametrize("k", [None, 3])
def test_without_ties_it_is_the_ndcg_of_the_order_of_the_scores(submission, rng, k):
    scores, grades = shuffled(rng, [0.9, 0.7, -0.2, 0.4, 2.5]), shuffled(rng, [3, 0, 1, 2, 1.5])
    expected = mean_over_orders(scores, grades, k)
    assert_close(submission.tie_aware_ndcg(scores, grades, k), expected)


@points(1)
@hint("Write out every order of the tie and average. What does each place of it gain on average?")
def test_a_tie_scores_the_mean_over_all_its_orders(submission, rng):
    scores, grades = [0.75, 0.5, 0.5, 0.5, 0.25], [1, *shuffled(rng, [0, 3, 2]), 2]
    assert_close(submission.tie_aware_ndcg(scores, grades), mean_over_orders(scores, grades))


@points(0.75)
@hint("A tie reaches from rank 2 to rank 4 and the cut is at 3. Who may stand above it?")
def test_a_tie_across_the_cut_counts_as_far_as_the_cut(submission, rng):
    scores, grades = [0.75, 0.5, 0.5, 0.5, 0.25], [1, *shuffled(rng, [0, 3, 2]), 2]
    assert_close(submission.tie_aware_ndcg(scores, grades, 3), mean_over_orders(scores, grades, 3))


@points(0.5)
@hint("Nothing but scores and grades is known. What could the order of the input tell?")
def test_the_order_of_the_input_changes_nothing(submission, rng):
    scores, grades = [0.25, 0.5, 0.5, 0.25], shuffled(rng, [0, 1, 2, 3])
    given = submission.tie_aware_ndcg(scores, grades)
    assert_close(submission.tie_aware_ndcg(scores[::-1], grades[::-1]), given)


@points(0.25)
@hint("Does the gain reach the ties as well as the best order?")
def test_a_linear_gain_is_averaged_too(submission, rng):
    scores, grades = [0.75, 0.5, 0.5, 0.5], [1, *shuffled(rng, [0, 3, 2])]
    expected = mean_over_orders(scores, grades, gain="linear")
    assert_close(submission.tie_aware_ndcg(scores, grades, gain="linear"), expected)


@points(0.25)
@hint("What does a cut below the end of the list change?")
def test_a_cut_beyond_the_end_changes_nothing(submission, rng):
    scores, grades = [0.5, 0.25, 0.5], shuffled(rng, [0, 1, 3])
    assert_close(submission.tie_aware_ndcg(scores, grades, 7), tie_aware_ndcg(scores, grades))


@points(0.25)
@hint("What is the DCG of the best order here, and what may not be divided by it?")
@pytest.mark.parametrize("grades", [[], [0], [0, 0, 0]], ids=["none", "one", "three"])
def test_documents_without_anything_to_gain_score_zero(submission, grades):
    assert_close(submission.tie_aware_ndcg([0.5] * len(grades), grades), 0.0)


@points(0.25)
@hint("Which document does a score without a grade belong to?")
@pytest.mark.parametrize("grades", [[1], [1, 2, 0]], ids=["too few", "too many"])
def test_scores_without_their_grades_are_refused(submission, grades):
    assert_raises(ValueError, submission.tie_aware_ndcg, [0.5, 0.25], grades)


@points(0.25)
@hint("Which of grades, k and gain can hold something for which there is no NDCG?")
@pytest.mark.parametrize(
    ("grades", "k", "gain"),
    [
        pytest.param([2, -1], None, "exponential", id="negative grade"),
        pytest.param([2, -1], 1, "exponential", id="negative, below the cut"),
        pytest.param([2, 1], 0, "exponential", id="k of zero"),
        pytest.param([2, 1], None, "logarithmic", id="unknown gain"),
    ],
)
def test_tie_aware_ndcg_refuses_what_has_no_ndcg(submission, grades, k, gain):
    assert_raises(ValueError, submission.tie_aware_ndcg, [0.5, 0.25], grades, k, gain)
