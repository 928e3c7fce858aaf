"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_close

RANKING = ["atlas", "bears", "cedar", "delta", "ember"]
RELEVANT = ["atlas", "cedar", "fjord", "grove"]


def test_two_of_four_relevant_documents_in_three_places(submission):
    # 2/3, 2/4, and 2 · (2/3 · 1/2) / (2/3 + 1/2)
    assert_close(submission.precision_recall_f1(RANKING, RELEVANT, 3), (2 / 3, 1 / 2, 4 / 7))


def test_precision_is_taken_at_each_hit(submission):
    # 1/1 at rank 1 and 2/3 at rank 3, of four that are relevant
    assert_close(submission.average_precision(RANKING, RELEVANT), (1 + 2 / 3) / 4)


def test_the_first_hit_counts(submission):
    assert_close(submission.reciprocal_rank(RANKING, ["ember", "bears"]), 1 / 2)
    assert_close(submission.reciprocal_rank(RANKING, ["ember"], k=4), 0.0)


def test_a_run_of_two_queries(submission):
    result = submission.evaluate_run({"q1": RANKING}, {"q1": RELEVANT, "q2": ["atlas"]}, k=3)
    # q2 was not answered: it counts with 0.
    assert_close(result["recall"], (1 / 2 + 0) / 2)
    assert_close(result["mrr"], (1 + 0) / 2)
