"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np

from autograder.checks import assert_close


def entails(premise, hypothesis):
    """Say whether all words of the hypothesis are in the premise."""
    return set(hypothesis.split()) <= set(premise.split())


def test_useful_chunks_at_ranks_one_and_three(submission):
    # (1/1 + 2/3) / 2
    assert_close(submission.context_precision([True, False, True, False, False], 5), 5 / 6)
    assert_close(submission.context_precision([True, False, True, False, False], 1), 1.0)


def test_the_claims_of_the_worked_example(submission):
    result = submission.claim_metrics(
        answer="opened 1889 height 330 architect Eiffel",
        answer_claims=["opened 1889", "height 330", "architect Eiffel"],
        reference="opened 1889 height 330 steps 1665",
        reference_claims=["opened 1889", "height 330", "steps 1665"],
        contexts=["tower opened 1889", "tower steps 1665"],
        entails=entails,
    )
    expected = {
        "context_recall": 2 / 3,
        "faithfulness": 1 / 3,
        "correctness": 2 / 3,
        "hallucination": 1 / 3,
        "utilisation": 1 / 2,
    }
    assert_close(result, expected)


def test_one_question_to_the_point_and_one_beside_it(submission):
    question, generated = np.array([2.0, 0.0]), np.array([[3.0, 0.0], [0.0, 5.0]])
    assert_close(submission.answer_relevance(question, generated, False), 0.5)
    assert_close(submission.answer_relevance(question, generated, True), 0.0)


def test_evidence_from_two_passages(submission):
    passages = ["the tower opened", "in 1889", "nice view"]
    sentences = ["tower opened 1889 [1][2]", "nice tower [3]", "no citation"]
    # Each of the first two citations is needed; the third passage says nothing of a tower.
    result = submission.citation_scores(sentences, passages, entails)
    assert_close(result, {"recall": 1 / 3, "precision": 2 / 3})
