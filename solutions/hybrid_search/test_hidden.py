"""The hidden suite of hybrid search."""

import numpy as np
import pytest

from autograder.checks import assert_close, assert_raises, assert_ranking
from autograder.suite import array, hint, points
from solutions.hybrid_search.hybrid_search import choose_alpha, fuse, hybrid_search, min_max


def run(rng, documents, scale=1.0):
    """Return a score of its own for each document."""
    return dict(zip(documents, array(rng, len(documents), scale=scale).tolist(), strict=True))


# ── min_max ───────────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("Which score becomes 0, which 1, and where do the others lie between them?")
def test_the_least_score_becomes_zero_and_the_greatest_one(submission):
    scores = {"a": 3.0, "b": -1.0, "c": 7.0, "d": 1.0}
    assert_close(submission.min_max(scores), {"a": 0.5, "b": 0.0, "c": 1.0, "d": 0.25})


@points(0.25)
@hint("Does the scale depend on how many scores there are, or on their size?")
@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0])
def test_any_scores_come_to_lie_between_zero_and_one(submission, rng, scale):
    scores = run(rng, "abcdefg", scale)
    assert_close(submission.min_max(scores), min_max(scores))


@points(0.5)
@hint("The worst of ten good hits is still a good hit. What zero does the bound give you?")
@pytest.mark.parametrize(
    ("lower", "expected"),
    [
        pytest.param(0.0, {"a": 0.5, "b": 1.0, "c": 0.75}, id="bm25"),
        pytest.param(-4.0, {"a": 0.75, "b": 1.0, "c": 0.875}, id="below zero"),
        pytest.param(2.0, {"a": 0.0, "b": 1.0, "c": 0.5}, id="reached"),
    ],
)
def test_a_lower_bound_is_the_zero_of_the_scale(submission, lower, expected):
    assert_close(submission.min_max({"a": 2.0, "b": 4.0, "c": 3.0}, lower), expected)


@points(0.25)
@hint("Highest and lowest are equal. Were these documents found or not?")
@pytest.mark.parametrize(
    "scores",
    [{"a": 0.5, "b": 0.5, "c": 0.5}, {"a": -2.0}, {"a": 0.0}],
    ids=["three", "one", "a score of 0"],
)
def test_equal_scores_all_become_one(submission, scores):
    assert_close(submission.min_max(scores), dict.fromkeys(scores, 1.0))


@points(0.25)
@hint("Equal scores, and the bound is known. What does it say that the observed minimum can't?")
@pytest.mark.parametrize(
    ("score", "lower", "expected"),
    [
        pytest.param(4.0, 0.0, 1.0, id="above the bound"),
        pytest.param(0.0, 0.0, 0.0, id="at the bound"),
        pytest.param(-1.0, -1.0, 0.0, id="at a negative bound"),
    ],
)
def test_equal_scores_are_held_against_the_bound(submission, score, lower, expected):
    assert_close(
        submission.min_max({"a": score, "b": score}, lower), {"a": expected, "b": expected}
    )


@points(0.25)
@hint("What is the least of no scores, and does anybody need it?")
@pytest.mark.parametrize("lower", [None, 0.0])
def test_no_scores_stay_none(submission, lower):
    assert_close(submission.min_max({}, lower), {})


@points(0.25)
@hint("A method cannot give less than this. What does a score below it tell you?")
@pytest.mark.parametrize("lower", [0.0, 1.5])
def test_a_score_below_the_bound_is_refused(submission, lower):
    assert_raises(ValueError, submission.min_max, {"a": 2.0, "b": -0.5, "c": 3.0}, lower)


# ── fuse ──────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Two scales, one sum. What has to happen to each side first, and which side has alpha?")
def test_both_sides_are_normalised_and_weighed(submission):
    dense = {"a": 0.75, "b": 0.5, "c": 0.25}
    sparse = {"b": 20.0, "a": 4.0, "c": 12.0}
    expected = [("b", 0.25 * 0.5 + 0.75), ("c", 0.75 * 0.5), ("a", 0.25)]
    assert_ranking(submission.fuse(dense, sparse, 0.25), expected)


@points(0.25)
@hint("What does a document get from the side that did not find it, and from the one that did?")
def test_a_document_of_one_side_has_nothing_from_the_other(submission):
    # In none of the two is a document of one side the last one.
    dense, sparse = {"a": 0.75, "b": 0.25}, {"c": 8.0, "d": 6.0, "b": 4.0}
    expected = [("c", 0.75), ("d", 0.375), ("a", 0.25), ("b", 0.0)]
    assert_ranking(submission.fuse(dense, sparse, 0.25), expected)


@points(0.5)
@hint("One side has no say. Are the documents that only it found still in the list?")
@pytest.mark.parametrize("alpha", [0, 0.3, 0.5, 1])
def test_every_document_of_either_side_comes_back(submission, rng, alpha):
    dense, sparse = run(rng, "abcde"), run(rng, "defgh", scale=10)
    assert_ranking(submission.fuse(dense, sparse, alpha), fuse(dense, sparse, alpha))


@points(0.5)
@hint("There are two bounds. Which side does each of them belong to?")
@pytest.mark.parametrize(
    ("lowers", "expected"),
    [
        pytest.param({"dense_lower": 0.0}, [("a", 0.5), ("b", 0.75)], id="dense"),
        pytest.param({"sparse_lower": 0.0}, [("a", 0.875), ("b", 0.5)], id="sparse"),
        pytest.param(
            {"dense_lower": -0.5, "sparse_lower": 2.0},
            [("a", 0.5 + 0.5 * 4 / 6), ("b", 0.5 * 2 / 3 + 0.5)],
            id="both",
        ),
    ],
)
def test_each_bound_reaches_its_own_side(submission, lowers, expected):
    # Without bounds both have 0.5: a from the dense side, b from the sparse one.
    given = submission.fuse({"a": 1.0, "b": 0.5}, {"a": 6.0, "b": 8.0}, 0.5, **lowers)
    assert_ranking(given, sorted(expected, key=lambda pair: -pair[1]))


@points(0.25)
@hint("Measure the cosine in degrees, or double all BM25 scores. Should the order change?")
def test_another_scale_of_one_side_changes_nothing(submission, rng):
    dense, sparse = run(rng, "abcde"), run(rng, "cdefg")
    rescaled = {document: 40 * score + 7 for document, score in sparse.items()}
    assert_ranking(submission.fuse(dense, rescaled, 0.4), fuse(dense, sparse, 0.4))


@points(0.25)
@hint("Two documents have the same score. What does your sort compare then?")
def test_equal_scores_go_by_ascending_id(submission):
    # Half of 1 from one side and half of 0 from the other, for all but e.
    dense, sparse = {"d": 2.0, "e": 1.0, "b": 2.0}, {"c": 9.0, "e": 5.0, "a": 9.0}
    expected = [("a", 0.5), ("b", 0.5), ("c", 0.5), ("d", 0.5), ("e", 0.0)]
    assert_close(submission.fuse(dense, sparse, 0.5), expected)


@points(0.25)
@hint("One of the two systems found nothing. What is left to order by?")
@pytest.mark.parametrize(
    ("dense", "sparse", "expected"),
    [
        pytest.param({}, {"a": 1.0, "b": 3.0}, [("b", 0.75), ("a", 0.0)], id="sparse only"),
        pytest.param({"a": 1.0, "b": 3.0}, {}, [("b", 0.25), ("a", 0.0)], id="dense only"),
        pytest.param({}, {}, [], id="none"),
    ],
)
def test_a_side_may_be_empty(submission, dense, sparse, expected):
    assert_close(submission.fuse(dense, sparse, 0.25), expected)


@points(0.25)
@hint("Which weights leave one of the sides with a negative one?")
@pytest.mark.parametrize("alpha", [-0.01, 1.01])
def test_an_alpha_outside_zero_and_one_is_refused(submission, alpha):
    assert_raises(ValueError, submission.fuse, {"a": 1.0, "b": 0.5}, {"a": 2.0}, alpha)


@points(0.25)
@hint("Who notices a score below the bound of its side?")
@pytest.mark.parametrize("lowers", [(0.75, None), (None, 3.0)], ids=["dense", "sparse"])
def test_fuse_refuses_a_score_below_its_bound(submission, lowers):
    dense, sparse = {"a": 1.0, "b": 0.5}, {"a": 2.0, "c": 4.0}
    assert_raises(ValueError, submission.fuse, dense, sparse, 0.5, *lowers)


# ── hybrid_search ─────────────────────────────────────────────────────────────────────────────

EAST, NORTH = np.array([1.0, 0.0]), np.array([0.0, 1.0])


@points(0.5)
@hint("The best match of the words was in one pool only. Is its cosine not known?")
def test_a_candidate_of_one_pool_keeps_both_of_its_scores(submission):
    # Cosines 1, 0.6, 0, −1; the dense pool is document 0, the sparse pool document 1.
    documents = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [-1.0, 0.0]])
    given = submission.hybrid_search(EAST, documents, [1.0, 4.0, 2.0, 0.0], 0.5, depth=1, k=4)
    assert_ranking(given, [(1, 0.9), (0, 0.625)])


@points(0.5)
@hint("Make a document longer without turning it. What should its score do?")
def test_the_length_of_vectors_does_not_matter(submission):
    # Cosines 1, 0.6 and 0; the dot products are all below 1.
    query, documents = 0.5 * EAST, np.array([[0.25, 0.0], [0.75, 1.0], [0.0, 0.5]])
    given = submission.hybrid_search(query, documents, [0.0, 1.0, 2.0], 0.75, depth=3, k=3)
    assert_ranking(given, [(0, 0.75), (1, 0.725), (2, 0.625)])


@points(0.5)
@hint("Fewer documents match a word than the pool has places. What are the other places for?")
def test_documents_that_match_no_word_are_not_in_the_sparse_pool(submission):
    # Cosines −1, 0.6, 1, 0; the dense pool is 1 and 2, the sparse pool 3 alone.
    documents = np.array([[-1.0, 0.0], [0.6, 0.8], [1.0, 0.0], [0.0, 1.0]])
    given = submission.hybrid_search(EAST, documents, [0.0, 0.0, 0.0, 0.5], 0.25, depth=2, k=4)
    assert_ranking(given, [(3, 0.875), (2, 0.25), (1, 0.2)])


@points(0.25)
@hint("The second of both sides is the best of all. At which depth does anybody look at it?")
@pytest.mark.parametrize(("depth", "expected"), [(1, (2, 0.75)), (2, (1, 0.85))])
def test_the_depth_decides_who_is_a_candidate(submission, depth, expected):
    # Cosines 1, 0.8 and 0.
    documents = np.array([EAST, [0.8, 0.6], NORTH])
    given = submission.hybrid_search(EAST, documents, [0.0, 8.0, 10.0], 0.5, depth, k=1)
    assert_ranking(given, [expected])


@points(0.25)
@hint("How many candidates does each side send in, and when does the list get its length k?")
@pytest.mark.parametrize(("depth", "k"), [(1, 5), (3, 1), (3, 5), (4, 12), (12, 3), (20, 20)])
def test_each_side_sends_its_best_to_the_fusion(submission, rng, depth, k):
    query, documents = array(rng, 5), array(rng, 12, 5)
    sparse = np.abs(array(rng, 12, scale=4)).tolist()
    assert_ranking(
        submission.hybrid_search(query, documents, sparse, 0.4, depth, k),
        hybrid_search(query, documents, sparse, 0.4, depth, k),
    )


@points(0.25)
@hint("Which list do you get when one side has all the weight?")
@pytest.mark.parametrize("alpha", [0, 1])
def test_all_the_weight_on_one_side_gives_its_order(submission, rng, alpha):
    query, documents = array(rng, 4), array(rng, 9, 4)
    sparse = np.abs(array(rng, 9)).tolist()
    assert_ranking(
        submission.hybrid_search(query, documents, sparse, alpha, 9, 9),
        hybrid_search(query, documents, sparse, alpha, 9, 9),
    )


@points(0.25)
@hint("The least that a cosine and a BM25 score can be are known. Which zeros follow?")
def test_the_zeros_are_the_least_possible_scores(submission):
    # Cosines 1 and 0 become 1 and 0.5; sparse scores 1 and 4 become 0.25 and 1.
    given = submission.hybrid_search(EAST, np.array([EAST, NORTH]), [1.0, 4.0], 0.5, depth=2, k=2)
    assert_ranking(given, [(1, 0.75), (0, 0.625)])


@points(0.25)
@hint("No word of the query occurs anywhere. Who are the candidates, and what is their score?")
def test_without_a_match_the_dense_side_decides(submission):
    documents = np.array([NORTH, EAST, -EAST])
    given = submission.hybrid_search(EAST, documents, [0.0, 0.0, 0.0], 0.5, depth=2, k=3)
    assert_ranking(given, [(1, 0.5), (0, 0.25)])


@points(0.25)
@hint("What do you divide by when a vector has no length?")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(EAST, [(2, 0.75), (1, 0.5), (0, 0.375)], id="document"),
        pytest.param(0 * EAST, [(2, 1.0), (0, 0.625), (1, 0.5)], id="query"),
    ],
)
def test_a_zero_vector_has_cosine_zero(submission, query, expected):
    # To the east: cosines 0, 1, 0. From nowhere: all 0, which is the greatest.
    documents = np.array([0 * EAST, EAST, NORTH])
    given = submission.hybrid_search(query, documents, [1.0, 0.0, 4.0], 0.5, depth=3, k=3)
    assert_ranking(given, expected)


@points(0.25)
@hint("Documents are numbers here. Which of 9 and 10 is the lower one, and who is cut off?")
@pytest.mark.parametrize(
    ("depth", "k", "expected"),
    [
        pytest.param(12, 4, [(9, 1.0), (10, 1.0), (11, 1.0), (2, 0.5)], id="all"),
        pytest.param(12, 2, [(9, 1.0), (10, 1.0)], id="cut at k"),
        pytest.param(2, 4, [(9, 1.0), (10, 1.0), (0, 0.0), (1, 0.0)], id="cut at the depth"),
    ],
)
def test_equal_scores_go_by_ascending_number(submission, depth, k, expected):
    # To the north all but document 0 and 1 have cosine 0, and all the weight is on the words.
    documents = np.array([NORTH, NORTH] + [EAST] * 10)
    sparse = [0.0, 0.0, 1.0] + [0.0] * 6 + [2.0] * 3
    given = submission.hybrid_search(NORTH, documents, sparse, 0, depth, k)
    assert_close(given, expected)


@points(0.25)
@hint("Rounding can put a cosine a little below −1. What does min_max think of that?")
def test_a_cosine_never_leaves_minus_one_and_one(submission, rng):
    query = array(rng, 7)
    documents = np.concatenate([query[None], -query * np.linspace(0.1, 3, 40)[:, None]])
    sparse = [float(number) for number in range(41)]
    # The query itself has 1 and 0; the others nothing from the dense side.
    expected = [(0, 0.75), *((d, d / 160) for d in range(40, 0, -1))]
    given = submission.hybrid_search(query, documents, sparse, 0.75, 41, 41)
    assert_ranking(given, expected)


@points(0.25)
@hint("What are the axes of the documents, and does your code rely on how they lie in memory?")
def test_documents_need_not_be_contiguous(submission, rng):
    query, documents = array(rng, 8)[::2], array(rng, 4, 6).T
    sparse = [0.0, 1.0, 0.0, 3.0, 2.0, 0.5]
    assert_ranking(
        submission.hybrid_search(query, documents, sparse, 0.5, 2, 4),
        hybrid_search(query, documents, sparse, 0.5, 2, 4),
    )


@points(0.125)
@hint("Which of your steps needs at least one document?")
def test_no_documents_give_an_empty_list(submission):
    assert_close(submission.hybrid_search(EAST, np.zeros((0, 2)), [], 0.5, 3, 3), [])


@points(0.125)
@hint("Go through the arguments. Which values of each make no sense?")
@pytest.mark.parametrize(
    "changed",
    [
        {"alpha": -0.1},
        {"alpha": 1.1},
        {"depth": 0},
        {"k": 0},
        {"k": -1},
        {"sparse": [1.0, 2.0, -1.0]},
        {"sparse": [1.0, 2.0]},
        {"sparse": [1.0, 2.0, 3.0, 4.0]},
    ],
    ids=str,
)
def test_hybrid_search_refuses_what_makes_no_sense(submission, changed):
    arguments = {"sparse": [1.0, 2.0, 0.0], "alpha": 0.5, "depth": 1, "k": 2, **changed}
    # Document 2 is no candidate, so nobody may see its score.
    documents = np.array([EAST, NORTH, -EAST])
    assert_raises(ValueError, submission.hybrid_search, EAST, documents, **arguments)


# ── choose_alpha ──────────────────────────────────────────────────────────────────────────────


def query_of(dense, sparse, relevant):
    """Return a query whose two sides rank the letters of two words, in steps of one."""
    sides = [{d: float(-place) for place, d in enumerate(word)} for word in (dense, sparse)]
    return (*sides, list(relevant))


@points(0.5)
@hint("Rank every query with every alpha first. What is compared then?")
def test_the_alpha_of_the_highest_mean_is_chosen(submission):
    # At 1: ranks 2 and 1. At 0: ranks 1 and 3. At 0.5 both sides matter: ranks 1 and 1.
    queries = [query_of("abc", "bac", "b"), query_of("cab", "abc", "c")]
    alphas = [0.0, 0.75, 0.375, 1.0]
    assert_close(submission.choose_alpha(queries, alphas), choose_alpha(queries, alphas))


@points(0.5)
@hint("May alpha depend on the query, when the query's answer is needed to choose it?")
def test_one_alpha_serves_all_queries(submission):
    # At 0: ranks 2 and 1. At 1: ranks 1 and 3.
    queries = [query_of("abc", "bac", "a"), query_of("bca", "abc", "a")]
    assert_close(submission.choose_alpha(queries, [0.0, 1.0]), (0.0, 0.75))


@points(0.5)
@hint("Two alphas are equally good. Which one does your comparison keep?")
@pytest.mark.parametrize("alphas", [[1.0, 0.75, 0.875], [0.75, 1.0]], ids=["falling", "rising"])
def test_of_equally_good_alphas_the_first_is_taken(submission, alphas):
    assert_close(submission.choose_alpha([query_of("abc", "cba", "b")], alphas), (alphas[0], 0.5))


@points(0.25)
@hint("1 + 1 + 1/3 and 1/3 + 1 + 1: are your two sums exactly the same?")
@pytest.mark.parametrize("alphas", [[0.0, 1.0], [1.0, 0.0]], ids=["sparse first", "dense first"])
def test_means_that_differ_by_rounding_are_equal(submission, alphas):
    queries = [
        query_of("abc", "bca", "a"),
        query_of("abc", "acb", "a"),
        query_of("bca", "abc", "a"),
    ]
    assert_close(submission.choose_alpha(queries, alphas), (alphas[0], 7 / 9))


@points(0.25)
@hint("The first relevant document stands at rank 3. What is that worth with k = 2?")
@pytest.mark.parametrize(
    ("k", "expected"), [(1, (0.0, 0.0)), (2, (1.0, 0.25)), (3, (1.0, 5 / 12)), (9, (1.0, 5 / 12))]
)
def test_documents_below_rank_k_are_not_found(submission, k, expected):
    # At 0: ranks 5 and 5. At 1: ranks 2 and 3.
    queries = [query_of("xayzw", "xyzwa", "a"), query_of("xyazw", "xyzwa", "a")]
    given = submission.choose_alpha(queries, [0.0, 1.0], k)
    assert_close(given, expected)


@points(0.125)
@hint("How far down does somebody look who does not say how far?")
@pytest.mark.parametrize(("alpha", "expected"), [(1.0, 0.1), (0.0, 0.0)], ids=["10th", "11th"])
def test_ten_documents_are_looked_at_unless_k_says_otherwise(submission, alpha, expected):
    queries = [query_of("bcdefghijaklm", "bcdefghijkalm", "a")]
    assert_close(submission.choose_alpha(queries, [alpha]), (alpha, expected))


@points(0.25)
@hint("Several documents are relevant. Which of them does the reader meet first?")
def test_the_first_relevant_document_counts(submission):
    queries = [query_of("xabyz", "xyzab", "ba")]
    assert_close(submission.choose_alpha(queries, [0.0, 1.0]), (1.0, 0.5))


@points(0.25)
@hint("Can any alpha do well on a query to which nothing is relevant?")
def test_queries_with_nothing_relevant_are_left_out(submission):
    queries = [query_of("abc", "bca", "a"), query_of("abc", "bca", "")]
    assert_close(submission.choose_alpha(queries, [0.0, 1.0]), (1.0, 1.0))


@points(0.125)
@hint("What is the reciprocal rank of a document that neither side found?")
def test_a_query_whose_answer_was_not_found_counts_as_zero(submission):
    queries = [query_of("abc", "bca", "a"), query_of("abc", "bca", "z")]
    assert_close(submission.choose_alpha(queries, [0.0, 1.0]), (1.0, 0.5))


@points(0.25)
@hint("What is left to average, or to choose from? And who checks alpha and k?")
@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"queries": []}, id="no query"),
        pytest.param({"queries": [query_of("ab", "ba", "")]}, id="nothing relevant"),
        pytest.param({"alphas": []}, id="no alpha"),
        pytest.param({"alphas": [0.5, 1.5]}, id="alpha above 1"),
        pytest.param({"alphas": [0.5, -0.5]}, id="alpha below 0"),
        pytest.param({"k": 0}, id="k of zero"),
        pytest.param({"k": -1}, id="negative k"),
    ],
)
def test_choose_alpha_refuses_what_leaves_nothing_to_choose(submission, changed):
    arguments = {"queries": [query_of("ab", "ba", "a")], "alphas": [0.5, 1.0], "k": 10, **changed}
    assert_raises(ValueError, submission.choose_alpha, **arguments)
