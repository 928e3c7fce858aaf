"""The hidden suite of rank and score fusion."""

import pytest

from autograder.checks import assert_close, assert_raises, assert_ranking
from autograder.suite import array, hint, points
from solutions.rank_fusion.rank_fusion import (
    borda,
    copeland,
    reciprocal_rank_fusion,
    score_fusion,
)


def shuffled(rng, items):
    """Return the items in an order drawn from rng."""
    return [items[i] for i in rng.permutation(len(items))]


def run(rng, documents, scale=1.0):
    """Return a run that gives each document a score of its own."""
    return dict(zip(documents, array(rng, len(documents), scale=scale).tolist(), strict=True))


# ── reciprocal_rank_fusion ────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which rank does the first document have, and what does it get with k = 60?")
def test_ranks_count_from_one(submission):
    expected = [("b", 1 / 61), ("a", 1 / 62), ("c", 1 / 63)]
    assert_ranking(submission.reciprocal_rank_fusion([["b", "a", "c"]]), expected)


@points(0.5)
@hint("What does a ranking know of a document that it does not contain?")
def test_a_ranking_without_a_document_adds_nothing_to_it(submission, rng):
    rankings = [shuffled(rng, ["a", "b", "c"]), shuffled(rng, ["c", "d"]), []]
    assert_ranking(submission.reciprocal_rank_fusion(rankings), reciprocal_rank_fusion(rankings))


@points(0.25)
@hint("What does a small k do to the distance between the first and the second place?")
@pytest.mark.parametrize("k", [0, 0.5, 10])
def test_k_is_added_to_the_rank(submission, rng, k):
    rankings = [shuffled(rng, ["a", "b", "c", "d"]), shuffled(rng, ["a", "b", "c", "d"])]
    assert_ranking(
        submission.reciprocal_rank_fusion(rankings, k), reciprocal_rank_fusion(rankings, k)
    )


@points(0.25)
@hint("What does a ranking of weight 2 give its first document? And one of weight 0?")
def test_weights_are_used_as_given(submission, rng):
    rankings = [shuffled(rng, ["a", "b", "c"]), shuffled(rng, ["b", "c", "d"])]
    weights = [2.5, 0]
    assert_ranking(
        submission.reciprocal_rank_fusion(rankings, weights=weights),
        reciprocal_rank_fusion(rankings, weights=weights),
    )


@points(0.5)
@hint("Two documents have the same score. What does your sort compare then?")
def test_equal_fused_ranks_go_by_ascending_id(submission):
    rankings = [["d", "b", "c", "a"], ["b", "d", "a", "c"]]
    # Ranks 1 and 2 for b and d, 3 and 4 for a and c: sums of the same two numbers.
    expected = [(document, 1 / 61 + 1 / 62) for document in "bd"]
    expected += [(document, 1 / 63 + 1 / 64) for document in "ac"]
    assert_close(submission.reciprocal_rank_fusion(rankings), expected)


@points(0.5)
@hint("Two chunks of one page were found. How often is the page paid, and who moves up?")
def test_only_the_first_place_of_a_repeat_counts(submission):
    expected = [("a", 1 / 61), ("b", 1 / 63), ("c", 1 / 65)]
    assert_ranking(submission.reciprocal_rank_fusion([["a", "a", "b", "a", "c"]]), expected)


@points(0.25)
@hint("Which documents are there to return?")
@pytest.mark.parametrize("rankings", [[], [[]], [[], []]], ids=["none", "one empty", "two empty"])
def test_no_rankings_fuse_to_an_empty_list(submission, rankings):
    assert_close(submission.reciprocal_rank_fusion(rankings), [])


@points(0.25)
@hint("Which values of k and of the weights would make no sense of a sum of reciprocals?")
@pytest.mark.parametrize(
    ("k", "weights"),
    [
        pytest.param(-0.5, None, id="negative k"),
        pytest.param(60, [1, -1], id="negative weight"),
        pytest.param(60, [1], id="too few weights"),
        pytest.param(60, [1, 1, 1], id="too many weights"),
    ],
)
def test_rrf_refuses_what_it_cannot_weigh(submission, k, weights):
    assert_raises(
        ValueError, submission.reciprocal_rank_fusion, [["a", "b"], ["b"]], k=k, weights=weights
    )


# ── score_fusion ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What does the best document of each run get, whatever the scale of its scores?")
def test_min_max_puts_each_run_on_a_scale_of_its_own(submission, rng):
    runs = [run(rng, "abcd", scale=10), run(rng, "bcde")]
    assert_ranking(submission.score_fusion(runs), score_fusion(runs))


@points(0.5)
@hint("Highest and lowest are equal. Was the document found or not, and what is it to be given?")
@pytest.mark.parametrize(
    "constant",
    [{"b": 0.5, "e": 0.5}, {"c": -2.0}, {"d": 0.0}],
    ids=["two documents", "one document", "a score of 0"],
)
def test_a_run_of_equal_scores_gives_each_document_one(submission, rng, constant):
    runs = [run(rng, "abcd"), constant]
    assert_ranking(submission.score_fusion(runs), score_fusion(runs))


@points(0.5)
@hint("Is a run a sample of something larger, or all the scores there are?")
def test_z_scores_divide_by_the_deviation_of_the_whole_run(submission, rng):
    runs = [run(rng, "abcde", scale=10), run(rng, "abcde")]
    assert_ranking(submission.score_fusion(runs, "z_score"), score_fusion(runs, "z_score"))


@points(0.5)
@hint("What z-score says that a document is no better than the worst that was found?")
def test_a_document_missing_from_a_run_gets_its_lowest_z_score(submission, rng):
    runs = [run(rng, "abcd"), run(rng, "cdef")]
    assert_ranking(submission.score_fusion(runs, "z_score"), score_fusion(runs, "z_score"))


@points(0.5)
@hint("Is the computed deviation of 0.1, 0.1 and 0.1 really 0? Print it.")
@pytest.mark.parametrize(("score", "documents"), [(0.1, "bcd"), (0.7, "bcdefg"), (3.0, "b")])
def test_a_run_of_equal_scores_gives_each_document_a_z_score_of_zero(
    submission, rng, score, documents
):
    runs = [dict.fromkeys(documents, score), run(rng, "abc")]
    assert_ranking(submission.score_fusion(runs, "z_score"), score_fusion(runs, "z_score"))


@points(0.25)
@hint("What are the lowest and the highest of no scores?")
@pytest.mark.parametrize("normalisation", ["min_max", "z_score"])
def test_an_empty_run_adds_nothing(submission, rng, normalisation):
    runs = [{}, run(rng, "abc")]
    assert_ranking(submission.score_fusion(runs, normalisation), score_fusion(runs, normalisation))


@points(0.5)
@hint("Every run has a last document. Was it found by that run?")
def test_mnz_multiplies_by_the_number_of_runs_that_found_a_document(submission):
    runs = [
        {"a": 9.0, "b": 5.0, "c": 1.0},
        {"a": 0.25, "b": 0.0, "d": 1.0},
        {"b": 30.0, "c": 20.0, "d": 10.0},
    ]
    expected = [("b", 3 * 1.5), ("a", 2 * 1.25), ("d", 2 * 1.0), ("c", 2 * 0.5)]
    assert_ranking(submission.score_fusion(runs, method="mnz"), expected)


@points(0.25)
@hint("A run is weighed with 0. Did it find its documents nevertheless?")
def test_mnz_counts_a_run_whatever_its_weight(submission):
    runs, weights = [{"a": 2.0, "b": 1.0, "c": 0.0}, {"b": 3.0, "d": 2.0}], [1, 0]
    expected = [("a", 1.0), ("b", 2 * 0.5), ("c", 0.0), ("d", 0.0)]
    assert_ranking(submission.score_fusion(runs, method="mnz", weights=weights), expected)


@points(0.5)
@hint("What should a single run with weight 2 give its best document?")
@pytest.mark.parametrize("normalisation", ["min_max", "z_score"])
def test_weights_of_runs_are_used_as_given(submission, rng, normalisation):
    runs, weights = [run(rng, "abcd"), run(rng, "abcd")], [2, 0.75]
    assert_ranking(
        submission.score_fusion(runs, normalisation, weights=weights),
        score_fusion(runs, normalisation, weights=weights),
    )


@points(0.25)
@hint("Two documents have the same score. What does your sort compare then?")
def test_equal_fused_scores_go_by_ascending_id(submission):
    runs = [{"d": 4.0, "b": 3.0, "a": 2.0}, {"a": 6.0, "b": 4.0, "d": 2.0}]
    assert_close(submission.score_fusion(runs), [("a", 1.0), ("b", 1.0), ("d", 1.0)])


@points(0.25)
@hint("Which documents are there to return?")
@pytest.mark.parametrize("runs", [[], [{}], [{}, {}]], ids=["none", "one empty", "two empty"])
def test_no_runs_fuse_to_an_empty_list(submission, runs):
    assert_close(submission.score_fusion(runs), [])


@points(0.5)
@hint("What does being found often do to a score below zero? What else can be asked in vain?")
@pytest.mark.parametrize(
    ("normalisation", "method", "weights"),
    [
        pytest.param("softmax", "sum", None, id="unknown normalisation"),
        pytest.param("min_max", "median", None, id="unknown method"),
        pytest.param("z_score", "mnz", None, id="mnz of z-scores"),
        pytest.param("min_max", "sum", [1, -1], id="negative weight"),
        pytest.param("min_max", "sum", [1], id="too few weights"),
        pytest.param("z_score", "sum", [1, 1, 1], id="too many weights"),
    ],
)
def test_score_fusion_refuses_what_it_cannot_fuse(submission, normalisation, method, weights):
    runs = [{"a": 1.0, "b": 0.0}, {"b": 2.0}]
    assert_raises(ValueError, submission.score_fusion, runs, normalisation, method, weights)


# ── borda ─────────────────────────────────────────────────────────────────────────────────────


REPEATS = [
    pytest.param([["a", "b"], ["b", "b"]], id="nothing but repeats"),
    pytest.param([["a", "b", "a"]], id="a repeat further down"),
]


@points(0.5)
@hint("Four documents are ranked. How many points has the first, and how many the last?")
def test_the_first_gets_a_point_for_every_document(submission, rng):
    rankings = [shuffled(rng, ["a", "b", "c", "d"]) for _ in range(3)]
    assert_ranking(submission.borda(rankings), borda(rankings))


@points(0.5)
@hint("Which points does a short ranking not hand out, and who has a claim to them?")
def test_documents_left_out_share_the_remaining_points(submission, rng):
    rankings = [shuffled(rng, ["a", "b"]), shuffled(rng, ["b", "c", "d", "e", "f"]), ["d"]]
    assert_ranking(submission.borda(rankings), borda(rankings))


@points(0.25)
@hint("An empty ranking leaves out everybody. What is everybody's share of all the points?")
def test_an_empty_ranking_gives_all_documents_the_same(submission):
    # Of three documents: 3, 2 and 1 points; 1.5, 1.5 and 3; and 2 for everybody.
    expected = [("b", 3 + 1.5 + 2), ("c", 1 + 3 + 2), ("a", 2 + 1.5 + 2)]
    assert_ranking(submission.borda([["b", "a"], ["c"], []]), expected)


@points(0.25)
@hint("Which documents are there to return?")
@pytest.mark.parametrize("rankings", [[], [[]], [[], []]], ids=["none", "one empty", "two empty"])
def test_no_rankings_give_nobody_points(submission, rankings):
    assert_close(submission.borda(rankings), [])


@points(0.25)
@hint("Two documents have the same number of points. What does your sort compare then?")
def test_equal_points_go_by_ascending_id(submission):
    assert_close(submission.borda([["c", "a", "b"], ["b", "a", "c"]]), [(d, 4.0) for d in "abc"])


@points(0.25)
@hint("Where in a ranking is a document that stands in it twice?")
@pytest.mark.parametrize("rankings", REPEATS)
def test_borda_refuses_a_repeat_within_a_ranking(submission, rankings):
    assert_raises(ValueError, submission.borda, rankings)


# ── copeland ──────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Three rankings compare two documents. How many contests is that, and what is there to win?")
def test_the_majority_decides_each_pair_once(submission, rng):
    rankings = [shuffled(rng, ["a", "b", "c", "d"]) for _ in range(3)]
    assert_ranking(submission.copeland(rankings), copeland(rankings))


@points(0.75)
@hint("A ranking returned one of two documents. What does it say about the pair?")
def test_a_ranked_document_is_preferred_to_one_that_is_left_out(submission):
    rankings = [["b", "a"], ["b"], ["c"]]
    # b wins against a (2 : 0) and c (2 : 1), a and c draw (1 : 1).
    assert_ranking(submission.copeland(rankings), [("b", 2.0), ("a", 0.5), ("c", 0.5)])


@points(0.5)
@hint("As many rankings say one thing as the other. How is one point shared fairly?")
def test_a_draw_gives_half_a_point_to_both(submission):
    rankings = [["c", "a", "b"], ["c", "b", "a"]]
    assert_close(submission.copeland(rankings), [("c", 2.0), ("a", 0.5), ("b", 0.5)])


@points(0.25)
@hint("Rock beats scissors, scissors beat paper, paper beats rock. Who is first?")
def test_a_cycle_leaves_all_level(submission):
    rankings = [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]]
    assert_close(submission.copeland(rankings), [("a", 1.0), ("b", 1.0), ("c", 1.0)])


@points(0.25)
@hint("Take one pair of documents and ask each ranking in turn. Which of them has no opinion?")
def test_rankings_of_any_length_are_heard(submission, rng):
    rankings = [shuffled(rng, list("abcdef"))[:length] for length in (2, 4, 0, 1, 3)]
    assert_ranking(submission.copeland(rankings), copeland(rankings))


@points(0.25)
@hint("Which documents are there to return, and whom does the only one meet?")
@pytest.mark.parametrize(
    ("rankings", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([[], []], [], id="two empty"),
        pytest.param([["a"]], [("a", 0.0)], id="one document"),
    ],
)
def test_nobody_to_beat_gives_no_points(submission, rankings, expected):
    assert_close(submission.copeland(rankings), expected)


@points(0.25)
@hint("Where in a ranking is a document that stands in it twice?")
@pytest.mark.parametrize("rankings", REPEATS)
def test_copeland_refuses_a_repeat_within_a_ranking(submission, rankings):
    assert_raises(ValueError, submission.copeland, rankings)
