"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

from autograder.checks import assert_close, assert_equal


def test_what_no_sample_says_is_surprising(submission):
    samples = [["in", "1911"], ["in", "1915"]]
    ((mean, maximum),) = submission.selfcheck_unigram([["in", "1912"]], samples)
    # 4 tokens and 4 words: p(in) = (2 + 1) / 8, p(1912) = (0 + 1) / 8.
    assert_close(mean, (math.log(8 / 3) + math.log(8)) / 2)
    assert_close(maximum, math.log(8))


def test_answers_that_entail_each_other_mean_the_same(submission):
    same = {("Paris", "It is Paris"), ("It is Paris", "Paris")}

    def entails(premise, hypothesis):
        return (premise, hypothesis) in same

    clusters = submission.semantic_clusters(["Paris", "Rome", "It is Paris"], entails)
    assert_equal(clusters, [0, 1, 0])


def test_the_entropy_is_that_of_the_meanings(submission):
    # Three of four samples mean the same.
    expected = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    assert_close(submission.semantic_entropy([0, 1, 0, 0]), expected)


def test_a_wrong_year_contradicts(submission):
    sources = ["Apollo 11 landed in 1969.", "Apollo 17 was the last."]
    claims = ["In 1969 Apollo 11 landed", "Apollo 11 landed in 1970", "Rome is old"]
    expected = [("supported", 0, 1.0), ("contradicted", 0, 1.0), ("unsupported", None, 0.0)]
    assert_equal(submission.check_claims(claims, sources), expected)
