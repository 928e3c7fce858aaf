"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_close


def tokens(*texts):
    """Return the tokens of each text."""
    return [text.split() for text in texts]


def test_the_bleu_of_the_worked_example(submission):
    hypothesis, reference = tokens("the cat the cat on mats", "the cat is on the mat")
    # 4 of 6 words match and 1 of 5 pairs.
    assert_close(submission.corpus_bleu([hypothesis], [[reference]], 2), (4 / 6 * 1 / 5) ** 0.5)
    assert_close(submission.corpus_bleu([hypothesis], [[reference]]), 0.0)


def test_a_short_hypothesis_is_penalised(submission):
    hypothesis, reference = tokens("the cat", "the cat sleeps")
    # exp(1 − 3/2)
    assert_close(submission.corpus_bleu([hypothesis], [[reference]], 2), 0.6065306597126334)


def test_rouge_counts_repeated_words(submission):
    hypothesis, reference = tokens("rain rain go away", "rain rain rain")
    expected = {"precision": 2 / 4, "recall": 2 / 3, "f1": 4 / 7}
    assert_close(submission.rouge_n(hypothesis, reference, 1), expected)


def test_a_subsequence_may_have_gaps(submission):
    hypothesis, reference = tokens("police killed the gunman", "police kill the gunman")
    expected = {"precision": 0.75, "recall": 0.75, "f1": 0.75}
    assert_close(submission.rouge_l(hypothesis, reference), expected)


def test_answers_are_compared_without_articles_and_punctuation(submission):
    assert_close(
        submission.squad_scores("The Eiffel Tower!", ["tower", "Eiffel tower"]),
        {"exact_match": 1.0, "f1": 1.0},
    )
    assert_close(
        submission.squad_scores("a tower in Paris", ["Eiffel tower", "Lyon"]),
        {"exact_match": 0.0, "f1": 0.4},
    )


def test_unanswerable_questions_want_no_answer(submission):
    assert_close(submission.squad_scores("", []), {"exact_match": 1.0, "f1": 1.0})
    assert_close(submission.squad_scores("Paris", []), {"exact_match": 0.0, "f1": 0.0})
