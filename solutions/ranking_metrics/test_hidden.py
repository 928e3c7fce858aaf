"""The hidden suite of ranking metrics."""

import pytest

from autograder.checks import assert_close, assert_raises
from autograder.suite import hint, points, shuffled
from solutions.ranking_metrics.ranking_metrics import (
    average_precision,
    evaluate_run,
    precision_recall_f1,
)

# ── precision_recall_f1 ───────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Count the hits. Over which number is each of the two, and how do they become one?")
def test_hits_are_taken_over_the_places_and_over_what_is_relevant(submission):
    # 2 hits, 5 places, 3 relevant.
    given = submission.precision_recall_f1(["b", "x", "y", "a", "z"], ["a", "b", "c"], 5)
    assert_close(given, (2 / 5, 2 / 3, 1 / 2))


@points(0.25)
@hint("How many places do you look at when k is smaller than the list, and when it is larger?")
@pytest.mark.parametrize("k", [1, 2, 4, 6])
def test_only_the_first_k_places_are_looked_at(submission, rng, k):
    ranking, relevant = shuffled(rng, list("abcxyz")), ["a", "b", "c", "d"]
    given = submission.precision_recall_f1(ranking, relevant, k)
    assert_close(given, precision_recall_f1(ranking, relevant, k))


@points(0.5)
@hint("A page has k places. What does a system gain that leaves the rest of them empty?")
def test_places_that_were_not_filled_count_against_precision(submission):
    given = submission.precision_recall_f1(["a", "x"], ["a", "b"], 5)
    assert_close(given, (1 / 5, 1 / 2, 2 / 7))


@points(0.5)
@hint("Four are relevant and two fit on the page. How much of the four can it hold?")
def test_recall_is_over_all_that_is_relevant_however_small_k_is(submission):
    given = submission.precision_recall_f1(["a", "b", "c"], ["a", "b", "c", "d"], 2)
    assert_close(given, (1.0, 1 / 2, 2 / 3))


@points(0.25)
@hint("Two chunks of one page were returned. How many relevant pages did the reader get?")
def test_a_document_that_is_returned_twice_is_one_hit(submission):
    given = submission.precision_recall_f1(["a", "x", "a", "y"], ["a", "b", "c"], 4)
    assert_close(given, (1 / 4, 1 / 3, 2 / 7))


@points(0.25)
@hint("A repeat is no hit. Does it also vanish from the page?")
def test_a_repeat_keeps_its_place(submission):
    given = submission.precision_recall_f1(["x", "x", "a", "b", "y"], ["a", "b"], 3)
    assert_close(given, (1 / 3, 1 / 2, 2 / 5))


@points(0.25)
@hint("Somebody listed a relevant document twice. Are there more relevant documents now?")
def test_relevant_documents_are_counted_once(submission):
    given = submission.precision_recall_f1(["a", "x"], ["a", "b", "a", "b"], 2)
    assert_close(given, (1 / 2, 1 / 2, 1 / 2))


@points(0.25)
@hint("Which of the three divisions has nothing to divide by here?")
@pytest.mark.parametrize(
    ("ranking", "relevant"),
    [
        pytest.param(["a", "b"], ["c"], id="no hit"),
        pytest.param(["a", "b"], [], id="nothing relevant"),
        pytest.param([], ["a"], id="nothing returned"),
        pytest.param([], [], id="nothing at all"),
    ],
)
def test_without_a_hit_all_three_are_zero(submission, ranking, relevant):
    assert_close(submission.precision_recall_f1(ranking, relevant, 2), (0.0, 0.0, 0.0))


@points(0.25)
@hint("What is the precision of no place at all?")
@pytest.mark.parametrize("k", [0, -1])
def test_precision_without_a_place_is_refused(submission, k):
    assert_raises(ValueError, submission.precision_recall_f1, ["a", "b"], ["a"], k)


# ── average_precision ─────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("At which ranks is the precision taken, and how many hits are there by then?")
def test_precision_is_taken_at_the_ranks_of_the_hits(submission):
    given = submission.average_precision(["x", "a", "y", "b", "z"], ["a", "b"])
    assert_close(given, (1 / 2 + 2 / 4) / 2)


@points(0.25)
@hint("Write the rank of each hit beside it, and the number of hits so far.")
def test_every_order_has_its_own_average(submission, rng):
    ranking, relevant = shuffled(rng, list("abcdxyz")), shuffled(rng, list("abcde"))
    assert_close(
        submission.average_precision(ranking, relevant), average_precision(ranking, relevant)
    )


@points(0.5)
@hint("Two of four relevant documents were never returned. What did they cost?")
def test_relevant_documents_that_were_missed_cost_their_share(submission):
    given = submission.average_precision(["a", "x", "b"], ["a", "b", "c", "d"])
    assert_close(given, (1 + 2 / 3) / 4)


@points(0.5)
@hint("The list is cut at k. Is what lies below the cut no longer relevant?")
def test_a_cut_does_not_change_how_many_are_relevant(submission):
    given = submission.average_precision(["a", "x", "b", "c"], ["a", "b", "c", "d"], 3)
    assert_close(given, (1 + 2 / 3) / 4)


@points(0.25)
@hint("How many hits does your sum see when k is smaller than the list, and when it is larger?")
@pytest.mark.parametrize("k", [1, 2, 4, 9])
def test_hits_below_rank_k_do_not_count(submission, rng, k):
    ranking = ["a", *shuffled(rng, list("bcxy"))]
    assert_close(
        submission.average_precision(ranking, ["a", "b", "c"], k),
        average_precision(ranking, ["a", "b", "c"], k),
    )


@points(0.25)
@hint("Is a second copy a second hit, and where does the document below it stand?")
@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        pytest.param(["a", "a", "x"], 1 / 2, id="of a hit"),
        pytest.param(["x", "x", "a", "b"], (1 / 3 + 2 / 4) / 2, id="of no hit"),
        pytest.param(["a", "a", "b", "a"], (1 + 2 / 3) / 2, id="above a hit"),
    ],
)
def test_a_repeat_is_no_hit_and_keeps_its_place(submission, ranking, expected):
    assert_close(submission.average_precision(ranking, ["a", "b"]), expected)


@points(0.25)
@hint("Somebody listed a relevant document twice. Are there more relevant documents now?")
def test_what_is_relevant_twice_is_relevant_once(submission):
    assert_close(submission.average_precision(["x", "a"], ["a", "b", "a"]), 1 / 4)


@points(0.25)
@hint("How many precisions are there to be averaged?")
@pytest.mark.parametrize(
    ("ranking", "relevant"),
    [
        pytest.param(["a", "b"], ["c"], id="no hit"),
        pytest.param(["a", "b"], [], id="nothing relevant"),
        pytest.param([], ["a"], id="nothing returned"),
    ],
)
def test_without_a_hit_the_average_is_zero(submission, ranking, relevant):
    assert_close(submission.average_precision(ranking, relevant), 0.0)


@points(0.25)
@hint("What is the average precision of no place at all?")
@pytest.mark.parametrize("k", [0, -1])
def test_average_precision_without_a_place_is_refused(submission, k):
    assert_raises(ValueError, submission.average_precision, ["a", "b"], ["a"], k)


# ── reciprocal_rank ───────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("Which rank does the first place have, and which the third?")
@pytest.mark.parametrize("rank", [1, 2, 3, 5])
def test_it_is_one_over_the_rank_of_the_hit(submission, rank):
    ranking = [*"vwxyz"]
    assert_close(submission.reciprocal_rank(ranking, [ranking[rank - 1]]), 1 / rank)


@points(0.5)
@hint("The reader stops at the first good answer. Who sees the others?")
def test_only_the_first_hit_counts(submission):
    assert_close(submission.reciprocal_rank(["x", "a", "b", "y", "c"], ["a", "b", "c"]), 1 / 2)


@points(0.5)
@hint("You know a relevant document. Is it the one that stands highest in the ranking?")
def test_the_order_of_what_is_relevant_says_nothing(submission, rng):
    relevant = shuffled(rng, list("abc"))
    ranking = ["x", *relevant[1:], "y", relevant[0]]
    assert_close(submission.reciprocal_rank(ranking, relevant), 1 / 2)


@points(0.25)
@hint("The hit stands at rank 3. Which values of k let it count?")
@pytest.mark.parametrize(
    ("k", "expected"), [(1, 0.0), (2, 0.0), (3, 1 / 3), (4, 1 / 3), (9, 1 / 3)]
)
def test_a_hit_below_rank_k_does_not_count(submission, k, expected):
    assert_close(submission.reciprocal_rank(["x", "y", "a", "z"], ["a", "b"], k), expected)


@points(0.125)
@hint("Two copies of something useless stand on top. At which rank is the first useful line?")
def test_a_repeat_above_the_hit_keeps_its_place(submission):
    assert_close(submission.reciprocal_rank(["x", "x", "a"], ["a"]), 1 / 3)


@points(0.25)
@hint("What do you return when there is no first hit?")
@pytest.mark.parametrize(
    ("ranking", "relevant"),
    [
        pytest.param(["a", "b"], ["c"], id="no hit"),
        pytest.param(["a", "b"], [], id="nothing relevant"),
        pytest.param([], ["a"], id="nothing returned"),
    ],
)
def test_without_a_hit_the_reciprocal_is_zero(submission, ranking, relevant):
    assert_close(submission.reciprocal_rank(ranking, relevant), 0.0)


@points(0.125)
@hint("What could the rank of a hit among no places be?")
@pytest.mark.parametrize("k", [0, -1])
def test_a_reciprocal_rank_without_a_place_is_refused(submission, k):
    assert_raises(ValueError, submission.reciprocal_rank, ["a", "b"], ["a"], k)


# ── evaluate_run ──────────────────────────────────────────────────────────────────────────────

MEANS = ("precision", "recall", "map", "mrr", "success")


def means(submission, given):
    """Return what a result has to hold. More is allowed, and nobody is compared by it."""
    if not isinstance(given, dict):
        return given
    held = {key: given[key] for key in MEANS if key in given}
    submission.note_result(held)
    return held


RANKINGS = {"q1": ["a", "x", "b", "c"], "q2": ["x", "y", "z", "b"], "q3": ["x", "a", "y", "z"]}
JUDGMENTS = {"q1": ["a", "b", "d"], "q2": ["a", "b"], "q3": ["a", "y"]}


@points(0.5)
@hint("Compute each metric for each query first. What is averaged then, and over what?")
@pytest.mark.parametrize("k", [1, 3, 4, 6])
def test_each_metric_is_averaged_over_the_queries(submission, k):
    given = submission.evaluate_run(RANKINGS, JUDGMENTS, k)
    assert_close(means(submission, given), evaluate_run(RANKINGS, JUDGMENTS, k))


@points(0.5)
@hint("Ranks 1 and 4: average the ranks, or their reciprocals?")
def test_mrr_is_the_mean_of_the_reciprocals(submission):
    rankings = {"q1": ["a", "x", "y", "z"], "q2": ["x", "y", "z", "a"]}
    given = submission.evaluate_run(rankings, {"q1": ["a"], "q2": ["a"]}, 4)
    expected = {"precision": 0.25, "recall": 1.0, "map": 0.625, "mrr": 0.625, "success": 1.0}
    assert_close(means(submission, given), expected)


@points(0.5)
@hint("One query has one relevant document, another has four. Which of them counts for more?")
def test_a_query_counts_once_however_much_is_relevant_to_it(submission):
    rankings = {"q1": ["a", "x"], "q2": ["b", "y"]}
    given = submission.evaluate_run(rankings, {"q1": ["a"], "q2": ["b", "c", "d", "e"]}, 2)
    expected = {"precision": 0.5, "recall": 0.625, "map": 0.625, "mrr": 1.0, "success": 1.0}
    assert_close(means(submission, given), expected)


@points(0.5)
@hint("A system answers only the queries that it is sure of. What should that do to its means?")
def test_a_query_without_a_ranking_counts_as_zero(submission):
    given = submission.evaluate_run({"q1": ["a", "x"]}, {"q1": ["a", "b"], "q2": ["a", "b"]}, 2)
    expected = {"precision": 0.25, "recall": 0.25, "map": 0.25, "mrr": 0.5, "success": 0.5}
    assert_close(means(submission, given), expected)


@points(0.25)
@hint("Can any system do well on a query to which nothing is relevant?")
def test_a_query_with_nothing_relevant_is_left_out(submission):
    given = submission.evaluate_run(
        {"q1": ["a", "x"], "q2": ["a", "x"]}, {"q1": ["a", "b"], "q2": []}, 2
    )
    expected = {"precision": 0.5, "recall": 0.5, "map": 0.5, "mrr": 1.0, "success": 1.0}
    assert_close(means(submission, given), expected)


@points(0.25)
@hint("Which of the two dictionaries says which queries are judged?")
def test_a_query_that_was_not_judged_is_left_out(submission):
    given = submission.evaluate_run({"q1": ["a", "x"], "q2": ["a", "x"]}, {"q1": ["a", "b"]}, 2)
    expected = {"precision": 0.5, "recall": 0.5, "map": 0.5, "mrr": 1.0, "success": 1.0}
    assert_close(means(submission, given), expected)


@points(0.5)
@hint("To which of the five does k belong?")
def test_every_metric_is_cut_at_k(submission):
    rankings = {"q1": ["x", "a", "b"], "q2": ["a", "x", "b"]}
    given = submission.evaluate_run(rankings, {"q1": ["a", "b"], "q2": ["a", "b"]}, 1)
    expected = {"precision": 0.5, "recall": 0.25, "map": 0.25, "mrr": 0.5, "success": 0.5}
    assert_close(means(submission, given), expected)


@points(0.25)
@hint("Do all five see a repeat in the same way?")
def test_repeats_are_no_hits_in_any_mean(submission):
    rankings, judgments = {"q1": ["a", "a", "b", "x"]}, {"q1": ["a", "b", "b", "c"]}
    given = submission.evaluate_run(rankings, judgments, 3)
    assert_close(means(submission, given), evaluate_run(rankings, judgments, 3))


@points(0.25)
@hint("A query that was answered with nothing: what does it add to each mean?")
def test_an_empty_ranking_counts_as_zero(submission):
    given = submission.evaluate_run({"q1": ["a"], "q2": []}, {"q1": ["a"], "q2": ["a"]}, 1)
    assert_close(means(submission, given), dict.fromkeys(MEANS, 0.5))


@points(0.25)
@hint("Over how many queries is the mean here?")
@pytest.mark.parametrize("judgments", [{}, {"q1": []}], ids=["nothing judged", "nothing relevant"])
def test_a_mean_over_no_query_is_refused(submission, judgments):
    assert_raises(ValueError, submission.evaluate_run, {"q1": ["a"]}, judgments, 2)


@points(0.25)
@hint("Is k looked at also where no query has a ranking?")
@pytest.mark.parametrize("k", [0, -1])
@pytest.mark.parametrize("rankings", [{"q1": ["a", "b"]}, {}], ids=["answered", "unanswered"])
def test_a_run_without_a_place_is_refused(submission, rankings, k):
    assert_raises(ValueError, submission.evaluate_run, rankings, {"q1": ["a"]}, k)
