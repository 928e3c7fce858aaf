"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_close


def test_dcg_of_three_places(submission):
    # 7/1 + 0/log2(3) + 1/2
    assert_close(submission.dcg([3, 0, 1]), 7.5)
    assert_close(submission.dcg([3, 0, 1], gain="linear"), 3.5)
    assert_close(submission.dcg([3, 0, 1], k=2), 7.0)


def test_the_worked_example(submission):
    judgments = {"atlas": 2, "bears": 0, "cedar": 1, "delta": 1}
    ranking = ["bears", "atlas", "ember", "cedar"]
    # (3/log2(3) + 1/log2(5)) / (3 + 1/log2(3) + 1/2)
    assert_close(submission.ndcg(ranking, judgments), 0.562455901550729)
    assert_close(submission.ndcg(ranking, judgments, k=1), 0.0)


def test_what_is_not_judged(submission):
    judgments = {"atlas": 1}
    assert_close(submission.missing_judgments(["new", "atlas"], judgments, k=1), (0.0, 0.0, 1.0))


def test_a_tie_of_all_documents_is_worth_its_average(submission):
    assert_close(submission.tie_aware_ndcg([0.5, 0.5], [1, 0], k=1), 0.5)
