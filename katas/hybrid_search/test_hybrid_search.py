"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close

DENSE = {"atlas": 0.75, "bears": 0.5, "cedar": 0.25}
SPARSE = {"bears": 8.0, "delta": 4.0}


def test_the_zero_is_the_least_score_or_the_one_given(submission):
    assert_close(submission.min_max(SPARSE), {"bears": 1.0, "delta": 0.0})
    assert_close(submission.min_max(SPARSE, lower=0.0), {"bears": 1.0, "delta": 0.5})


def test_alpha_weighs_the_dense_side(submission):
    # atlas 0.25 · 1, bears 0.25 · 0.5 + 0.75 · 1, cedar 0, delta 0
    expected = [("bears", 0.875), ("atlas", 0.25), ("cedar", 0.0), ("delta", 0.0)]
    assert_close(submission.fuse(DENSE, SPARSE, alpha=0.25), expected)


def test_a_search_over_three_documents(submission):
    query, documents = np.array([1.0, 0.0]), np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    # Cosines 1, 0 and 0 become 1, 0.5 and 0.5; sparse scores become 0, 1 and 0.25.
    result = submission.hybrid_search(query, documents, [0.0, 4.0, 1.0], alpha=0.5, depth=3, k=2)
    assert_close(result, [(1, 0.75), (0, 0.5)])


def test_the_better_of_two_alphas(submission):
    # Alone, the dense side puts cedar third and the sparse side puts it first.
    queries = [(DENSE, {"cedar": 8.0, "atlas": 4.0}, ["cedar"])]
    assert_close(submission.choose_alpha(queries, [1.0, 0.0]), (0.0, 1.0))
