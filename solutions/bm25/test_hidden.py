"""The hidden suite of BM25."""

import pytest

from autograder.checks import assert_close, assert_equal, assert_raises, assert_ranking
from autograder.suite import hint, points, shuffled
from solutions.bm25.bm25 import bm25_scores, bm25_top_k, inverted_index, tf_idf_cosine

DOCUMENTS = [
    ["solar", "panel", "roof", "solar", "solar"],
    ["wind", "turbine", "blade", "wind", "coast", "wind", "farm", "wind"],
    ["solar", "wind", "farm", "offer"],
    ["roof", "tile"],
    ["grid", "battery", "grid", "solar", "inverter", "cable", "meter", "fuse", "roof", "switch"],
    ["solar", "storage", "battery"],
]


def corpus_from(rng):
    """Return the documents in an order drawn from rng, the tokens of each too."""
    return [shuffled(rng, document) for document in shuffled(rng, DOCUMENTS)]


# ── inverted_index ────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("A document holds a term three times. How many postings is that, and what do they say?")
def test_a_document_is_posted_once_with_its_count(submission):
    postings, _ = submission.inverted_index([["tea", "cup", "tea", "tea"], ["cup"], ["tea", "tea"]])
    assert_equal(postings, {"tea": [(0, 3), (2, 2)], "cup": [(0, 1), (1, 1)]})


@points(0.5)
@hint("In which order do you read the corpus, and which terms does a document add to the index?")
def test_postings_name_every_document_of_a_term_in_ascending_order(submission, rng):
    corpus = corpus_from(rng)
    postings, _ = submission.inverted_index(corpus)
    assert_equal(postings, inverted_index(corpus)[0])


@points(0.25)
@hint("Does a token that stands twice make a document longer?")
def test_the_length_is_the_number_of_tokens(submission, rng):
    corpus = corpus_from(rng)
    _, lengths = submission.inverted_index(corpus)
    assert_equal(lengths, [len(document) for document in corpus])


@points(0.25)
@hint("Whose business is it to decide that two spellings are one token?")
def test_tokens_are_taken_as_they_are(submission):
    corpus = [["Tea", "tea", "teas", " tea"], ["TEA", "the", ""]]
    postings, _ = submission.inverted_index(corpus)
    assert_equal(postings, inverted_index(corpus)[0])


@points(0.25)
@hint("Which number does the document after an empty one have?")
def test_an_empty_document_keeps_its_number(submission):
    given = submission.inverted_index([[], ["tea"], [], ["cup", "tea"]])
    assert_equal(given, ({"tea": [(1, 1), (3, 1)], "cup": [(3, 1)]}, [0, 1, 0, 2]))


@points(0.25)
@hint("What does an index of nothing hold?")
def test_an_empty_corpus_has_an_empty_index(submission):
    assert_equal(submission.inverted_index([]), ({}, []))


# ── bm25_scores ───────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Work one token and one document out by hand, from the formula of the README.")
@pytest.mark.parametrize("token", ["solar", "roof", "battery", "wind"])
def test_a_token_adds_its_idf_times_its_saturated_count(submission, rng, token):
    postings, lengths = inverted_index(corpus_from(rng))
    given = submission.bm25_scores(postings, lengths, [token])
    assert_close(given, bm25_scores(postings, lengths, [token]))


@points(0.5)
@hint("In how many documents does the word stand, and in how many places? Which makes it common?")
def test_the_idf_comes_from_the_number_of_documents(submission):
    postings, lengths = {"tea": [(0, 6), (3, 2)]}, [9, 4, 7, 5, 3]
    given = submission.bm25_scores(postings, lengths, ["tea"])
    assert_close(given, bm25_scores(postings, lengths, ["tea"]))


@points(0.5)
@hint("What is the idf of a word that most documents contain, and what may it not become?")
@pytest.mark.parametrize("holders", [4, 5])
def test_a_word_of_most_documents_still_counts_in_favour(submission, holders):
    postings = {"the": [(document, document + 1) for document in range(holders)]}
    lengths = [6, 4, 9, 5, 7]
    given = submission.bm25_scores(postings, lengths, ["the"])
    assert_close(given, bm25_scores(postings, lengths, ["the"]))


@points(0.5)
@hint("A long and a short document hold the word equally often. Which is more about it?")
@pytest.mark.parametrize("b", [0.25, 1], ids=["in part", "in full"])
def test_a_longer_document_scores_less(submission, b):
    postings, lengths = {"tea": [(0, 2), (1, 2), (2, 2)]}, [3, 30, 12, 8]
    given = submission.bm25_scores(postings, lengths, ["tea"], b=b)
    assert_close(given, bm25_scores(postings, lengths, ["tea"], b=b))


@points(0.25)
@hint("What is left of the length when b is 0?")
def test_without_b_the_length_does_not_matter(submission):
    postings, lengths = {"tea": [(0, 2), (1, 3), (2, 1)]}, [3, 30, 12, 8]
    given = submission.bm25_scores(postings, lengths, ["tea"], b=0)
    assert_close(given, bm25_scores(postings, lengths, ["tea"], b=0))


@points(0.25)
@hint("What does a word that stands ten times add at k1 = 0, and what at a large k1?")
@pytest.mark.parametrize("k1", [0, 0.6, 25])
def test_k1_sets_how_soon_a_repeated_word_stops_paying(submission, k1):
    postings, lengths = {"tea": [(0, 1), (1, 10), (2, 3)]}, [12, 11, 7, 5]
    given = submission.bm25_scores(postings, lengths, ["tea"], k1)
    assert_close(given, bm25_scores(postings, lengths, ["tea"], k1))


@points(0.25)
@hint("The query names three words. What becomes of a document that holds only one of them?")
def test_the_tokens_of_a_query_add_up(submission, rng):
    postings, lengths = inverted_index(corpus_from(rng))
    query = shuffled(rng, ["solar", "battery", "roof", "grid"])
    given = submission.bm25_scores(postings, lengths, query)
    assert_close(given, bm25_scores(postings, lengths, query))


@points(0.25)
@hint("Over what does the sum of the formula run: tokens of the query, or different words?")
def test_a_token_that_stands_twice_in_the_query_counts_twice(submission, rng):
    postings, lengths = inverted_index(corpus_from(rng))
    query = shuffled(rng, ["wind", "farm", "wind", "battery", "battery", "battery"])
    given = submission.bm25_scores(postings, lengths, query)
    assert_close(given, bm25_scores(postings, lengths, query))


@points(0.25)
@hint("Does the index know every word that people type?")
@pytest.mark.parametrize("query", [["roof", "moon"], ["moon"], []], ids=["one", "all", "no token"])
def test_a_token_without_postings_adds_nothing(submission, query):
    postings, lengths = inverted_index(DOCUMENTS)
    given = submission.bm25_scores(postings, lengths, query)
    assert_close(given, bm25_scores(postings, lengths, query))


@points(0.25)
@hint("What is the average length here, and what may not be divided by it?")
@pytest.mark.parametrize("lengths", [[], [0], [0, 0, 0]], ids=["none", "one empty", "all empty"])
def test_documents_without_tokens_score_zero(submission, lengths):
    assert_close(submission.bm25_scores({}, lengths, ["tea"]), [0.0] * len(lengths))


@points(0.25)
@hint("For which k1 and b is the formula no longer a saturation and a share?")
@pytest.mark.parametrize(
    ("k1", "b"),
    [
        pytest.param(-0.1, 0.75, id="negative k1"),
        pytest.param(1.5, -0.1, id="negative b"),
        pytest.param(1.5, 1.1, id="b above one"),
    ],
)
def test_bm25_scores_refuses_parameters_out_of_range(submission, k1, b):
    postings, lengths = inverted_index(DOCUMENTS)
    assert_raises(ValueError, submission.bm25_scores, postings, lengths, ["solar"], k1, b)


# ── bm25_top_k ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Best first, cut at k: which of the two has to happen first?")
@pytest.mark.parametrize("k", [1, 2, 4])
def test_the_k_best_come_back_best_first(submission, rng, k):
    postings, lengths = inverted_index(corpus_from(rng))
    given = submission.bm25_top_k(postings, lengths, ["battery", "wind", "tile"], k)
    assert_ranking(given, bm25_top_k(postings, lengths, ["battery", "wind", "tile"], k))


@points(0.25)
@hint("Is a document that holds none of the words an answer, if there is room for it?")
def test_a_document_that_matches_nothing_is_not_returned(submission, rng):
    postings, lengths = inverted_index(corpus_from(rng))
    given = submission.bm25_top_k(postings, lengths, ["wind"], 4)
    assert_ranking(given, bm25_top_k(postings, lengths, ["wind"], 4))


@points(0.25)
@hint("Must a document hold every word of the query?")
def test_one_token_of_the_query_is_enough(submission, rng):
    postings, lengths = inverted_index(corpus_from(rng))
    given = submission.bm25_top_k(postings, lengths, ["solar", "roof", "grid"], 10)
    assert_ranking(given, bm25_top_k(postings, lengths, ["solar", "roof", "grid"], 10))


@points(0.25)
@hint("What orders documents whose scores are equal, and at the cut?")
@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("query", [["tea"], ["cup", "tin"]], ids=["one token", "two tokens"])
def test_equal_scores_come_by_ascending_document(submission, query, k):
    postings = {"tea": [(0, 1), (2, 2), (3, 2), (5, 2)], "tin": [(2, 1)], "cup": [(3, 1)]}
    lengths = [4, 4, 6, 6, 5, 6]
    given = submission.bm25_top_k(postings, lengths, query, k)
    assert_close(given, bm25_top_k(postings, lengths, query, k))


@points(0.25)
@hint("Do k1 and b reach the scores, and does a repeated token?")
def test_k1_b_and_repeated_tokens_change_the_scores_of_the_best(submission, rng):
    postings, lengths = inverted_index(corpus_from(rng))
    query = shuffled(rng, ["battery", "wind", "wind"])
    given = submission.bm25_top_k(postings, lengths, query, 3, 0.5, 0.25)
    assert_ranking(given, bm25_top_k(postings, lengths, query, 3, 0.5, 0.25))


@points(0.25)
@hint("What does a search return that finds nothing?")
@pytest.mark.parametrize(
    ("documents", "query"),
    [
        pytest.param(DOCUMENTS, ["moon"], id="unknown token"),
        pytest.param(DOCUMENTS, [], id="no token"),
        pytest.param([[], []], ["solar"], id="empty documents"),
        pytest.param([], ["solar"], id="no documents"),
    ],
)
def test_nothing_found_is_an_empty_list(submission, documents, query):
    assert_equal(submission.bm25_top_k(*inverted_index(documents), query, 3), [])


@points(0.25)
@hint("Which of k, k1 and b can hold something for which there is no answer?")
@pytest.mark.parametrize(
    ("k", "k1", "b"),
    [
        pytest.param(0, 1.5, 0.75, id="k of zero"),
        pytest.param(-1, 1.5, 0.75, id="negative k"),
        pytest.param(2, -0.1, 0.75, id="negative k1"),
        pytest.param(2, 1.5, -0.1, id="negative b"),
        pytest.param(2, 1.5, 1.1, id="b above one"),
    ],
)
def test_bm25_top_k_refuses_parameters_out_of_range(submission, k, k1, b):
    postings, lengths = inverted_index(DOCUMENTS)
    assert_raises(ValueError, submission.bm25_top_k, postings, lengths, ["solar"], k, k1, b)


# ── tf_idf_cosine ─────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Write the two vectors down, a number a term. What is their dot product divided by?")
def test_documents_and_query_are_compared_by_the_cosine_of_tf_idf(submission, rng):
    corpus, query = corpus_from(rng), shuffled(rng, ["solar", "battery", "roof"])
    assert_close(submission.tf_idf_cosine(corpus, query), tf_idf_cosine(corpus, query))


@points(0.5)
@hint("Does a document become more relevant when it is pasted behind itself?")
def test_a_document_twice_as_long_scores_the_same(submission):
    corpus = [["tea", "cup", "tin"], ["tea", "cup", "tin"] * 2, ["cup"], ["green"]]
    assert_close(submission.tf_idf_cosine(corpus, ["tea"]), tf_idf_cosine(corpus, ["tea"]))


@points(0.5)
@hint("A word stands in every document. Does holding it weigh nothing?")
def test_a_word_of_every_document_has_a_weight(submission):
    corpus = [["the", "tea"], ["the", "the", "cup"], ["the", "tin", "tea", "tea"]]
    query = ["the", "cup"]
    assert_close(submission.tf_idf_cosine(corpus, query), tf_idf_cosine(corpus, query))


@points(0.25)
@hint("How does a word that stands twice in a document, or in the query, enter its vector?")
def test_repeated_words_weigh_more_on_both_sides(submission):
    corpus = [["tea", "tea", "tea", "cup"], ["tea", "cup", "cup"], ["tin"], ["tin", "cup"]]
    query = ["tea", "cup", "cup", "cup"]
    assert_close(submission.tf_idf_cosine(corpus, query), tf_idf_cosine(corpus, query))


@points(0.5)
@hint("Can a word that no document holds tell documents apart? What would it do to the norm?")
def test_query_tokens_that_no_document_contains_are_dropped(submission, rng):
    corpus, query = corpus_from(rng), ["wind", "moon", "roof", "moon"]
    assert_close(submission.tf_idf_cosine(corpus, query), tf_idf_cosine(corpus, query))


@points(0.5)
@hint("What is the norm of a vector without entries, and what may not be divided by it?")
@pytest.mark.parametrize(
    ("corpus", "query"),
    [
        pytest.param([["tea"], [], ["cup", "tea"]], ["tea"], id="empty document"),
        pytest.param([["tea"], ["cup"]], ["moon"], id="unknown token"),
        pytest.param([["tea"], ["cup"]], [], id="empty query"),
        pytest.param([[], []], ["tea"], id="empty documents"),
        pytest.param([], ["tea"], id="no documents"),
    ],
)
def test_a_zero_vector_scores_zero(submission, corpus, query):
    assert_close(submission.tf_idf_cosine(corpus, query), tf_idf_cosine(corpus, query))
