"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_close


def test_the_index_of_the_worked_example(submission):
    corpus = [["tea", "cup", "tea"], ["cup"], ["green", "tea", "leaf", "tin"]]
    postings, lengths = submission.inverted_index(corpus)
    assert postings["tea"] == [(0, 2), (2, 1)]
    assert postings["cup"] == [(0, 1), (1, 1)]
    assert lengths == [3, 1, 4]


def test_a_score_without_saturation_and_length(submission):
    # With k1 = 0 only the idf is left: ln(1 + (3 - 1 + 0.5) / (1 + 0.5)) = ln(8/3).
    postings = {"green": [(2, 5)]}
    scores = submission.bm25_scores(postings, [3, 1, 9], ["green"], k1=0)
    assert_close(scores, [0.0, 0.0, 0.980829253011726])


def test_what_does_not_match_is_not_returned(submission):
    postings = {"tea": [(0, 2), (2, 1)]}
    found = submission.bm25_top_k(postings, [3, 1, 4], ["tea"], k=3)
    assert [document for document, _ in found] == [0, 2]


def test_a_cosine_does_not_see_how_long_a_document_is(submission):
    corpus = [["tea"], ["tea", "tea", "tea"], ["cup"]]
    assert_close(submission.tf_idf_cosine(corpus, ["tea"]), [1.0, 1.0, 0.0])
