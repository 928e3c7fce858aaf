"""The hidden suite of hallucination_detection."""

import math

import numpy as np
import pytest

from autograder.checks import assert_close, assert_equal, assert_finite, assert_raises
from autograder.suite import array, hint, points
from solutions.hallucination_detection.hallucination_detection import (
    check_claims,
    selfcheck_unigram,
    semantic_clusters,
    semantic_entropy,
)

# ── selfcheck_unigram ─────────────────────────────────────────────────────────────────────────


def scores_of(*sentences):
    """Return mean and maximum of −log p, given each p as (count + 1, tokens and vocabulary)."""
    result = []
    for sentence in sentences:
        surprise = [math.log(total / count) for count, total in sentence]
        result.append((sum(surprise) / len(surprise), max(surprise)))
    return result


@points(0.75)
@hint("Count the samples' tokens by hand, add one to each count. By what do you divide?")
def test_the_model_of_the_samples_is_smoothed_by_one(submission):
    result = submission.selfcheck_unigram([["a", "b"]], [["a", "a", "c"], ["b", "c", "a"]])
    # 6 tokens, of which 3 are a and 1 is b; 3 words.
    assert_close(result, scores_of([(4, 9), (2, 9)]))


@points(0.75)
@hint("A name stands only in the answer itself, many times. How likely should it be?")
def test_the_answer_does_not_vouch_for_itself(submission):
    result = submission.selfcheck_unigram([["x", "x", "x", "a"]], [["a", "a", "b", "b"]])
    # 4 tokens; a, b and x.
    assert_close(result, scores_of([(1, 7)] * 3 + [(3, 7)]))


@points(0.5)
@hint("A token that no sample holds may still be asked for. Is it in your vocabulary?")
def test_the_vocabulary_holds_the_tokens_of_the_answer_too(submission):
    result = submission.selfcheck_unigram([["a"], ["x", "y"], ["a", "z"]], [["a", "b"]])
    # 2 tokens; a, b, x, y and z, for all three sentences.
    assert_close(result, scores_of([(2, 7)], [(1, 7), (1, 7)], [(2, 7), (1, 7)]))


@points(0.25)
@hint("One sample says a word three times, another never. How often has it been said?")
def test_every_occurrence_in_a_sample_counts(submission):
    result = submission.selfcheck_unigram([["a"]], [["a", "a", "a"], [], ["b"], ["b"]])
    assert_close(result, scores_of([(4, 7)]))


@points(0.25)
@hint("Write a sentence twice in a row. Should its mean or its maximum change?")
def test_repeated_tokens_of_a_sentence_change_no_score(submission):
    samples = [["a", "b", "a"]]
    sentences = [["a", "c"], ["a", "c", "a", "c"]]
    assert_close(submission.selfcheck_unigram(sentences, samples), scores_of([(3, 6), (1, 6)]) * 2)


@points(0.25)
@hint("What are the mean and the maximum over no tokens?")
def test_an_empty_sentence_has_no_surprise(submission):
    result = submission.selfcheck_unigram([[], ["a"], []], [["b", "b"]])
    assert_close(result, [(0.0, 0.0), *scores_of([(1, 4)]), (0.0, 0.0)])
    assert_close(submission.selfcheck_unigram([[]], []), [(0.0, 0.0)])


@points(0.5)
@hint("Nothing was sampled. How likely is each of the words that you know?")
@pytest.mark.parametrize("samples", [[], [[]], [[], []]], ids=["none", "an empty one", "two"])
def test_without_samples_all_tokens_are_as_likely(submission, samples):
    result = submission.selfcheck_unigram([["a", "b"], ["c", "a"]], samples)
    assert_close(result, [(math.log(3), math.log(3))] * 2)


@points(0.5)
@hint("Check one token: its count, the number of tokens, and the size of the vocabulary.")
def test_every_token_of_every_sentence_is_scored(submission, rng):
    words = ["a", "b", "c", "d", "e", "f", "g", "h"]
    texts = [[words[i] for i in rng.integers(0, 8, n)] for n in rng.integers(1, 9, 12)]
    sentences, samples = texts[:5], texts[5:]
    result = submission.selfcheck_unigram(sentences, samples)
    assert_close(result, selfcheck_unigram(sentences, samples))


@points(0.25)
@hint("How many scores has an answer without a sentence?")
def test_an_answer_without_sentences_has_no_scores(submission):
    assert_equal(list(submission.selfcheck_unigram([], [["a"]])), [])


# ── semantic_clusters ─────────────────────────────────────────────────────────────────────────


class Entails:
    """Says whether the premise has all words of the hypothesis, or what a table of pairs says."""

    __name__ = "entails"

    def __init__(self, *both_ways, one_way=()):
        self.pairs = None
        if both_ways or one_way:
            self.pairs = {*both_ways, *((b, a) for a, b in both_ways), *one_way}

    def __call__(self, premise, hypothesis):
        """Judge the pair."""
        if self.pairs is None:
            return set(hypothesis.split()) <= set(premise.split())
        return premise == hypothesis or (premise, hypothesis) in self.pairs


@points(0.5)
@hint("Which answers say the same in other words? They share a number.")
def test_answers_of_one_meaning_share_a_cluster(submission):
    answers = ["in Paris", "in Rome", "Paris in", "Rome in", "in Paris", "in Oslo"]
    assert_equal(submission.semantic_clusters(answers, Entails()), [0, 1, 0, 1, 0, 2])


@points(0.5)
@hint("The first answer says more than the new one. Do the two mean the same?")
def test_a_less_specific_answer_means_something_else(submission):
    answers = ["Paris in France", "Paris", "France in Paris", "in Rome"]
    assert_equal(submission.semantic_clusters(answers, Entails()), [0, 1, 0, 2])


@points(0.5)
@hint("The new answer says more than the first one. Do the two mean the same?")
def test_a_more_specific_answer_means_something_else(submission):
    answers = ["Paris", "Paris in France", "in Rome", "Paris"]
    assert_equal(submission.semantic_clusters(answers, Entails()), [0, 1, 2, 0])


@points(0.5)
@hint("Entailment is judged by a model, so it need not be transitive. Which answer is asked about?")
def test_the_first_answer_stands_for_its_cluster(submission):
    # b means the same as a, and c the same as b, but not as a.
    entails = Entails(("a", "b"), ("b", "c"), ("d", "c"))
    assert_equal(submission.semantic_clusters(["a", "b", "c", "d"], entails), [0, 0, 1, 1])
    entails = Entails(("a", "b"), ("a", "c"))
    assert_equal(submission.semantic_clusters(["a", "b", "c", "d"], entails), [0, 0, 0, 1])


@points(0.5)
@hint("An answer means the same as two that differ from each other. Which cluster comes first?")
def test_the_first_cluster_that_fits_is_joined(submission):
    entails = Entails(("a", "c"), ("b", "c"), ("b", "d"))
    assert_equal(submission.semantic_clusters(["a", "b", "c", "d"], entails), [0, 1, 0, 1])


@points(0.25)
@hint("How are clusters numbered, and how many are there of nothing?")
def test_clusters_are_numbered_as_they_appear(submission):
    assert_equal(list(submission.semantic_clusters([], Entails())), [])
    assert_equal(submission.semantic_clusters(["a"], Entails()), [0])
    assert_equal(submission.semantic_clusters(["d", "b", "c", "a"], Entails()), [0, 1, 2, 3])


@points(0.25)
@hint("Follow the answers one by one. Whom is each compared with, in which order and direction?")
def test_any_judgment_is_followed(submission, rng):
    answers = [f"answer {i}" for i in range(9)]
    for density in (0.4, 0.8):
        pairs = [(a, b) for a in answers for b in answers if rng.random() < density]
        entails = Entails(one_way=[("", ""), *pairs])
        result = submission.semantic_clusters(answers, entails)
        assert_equal(result, semantic_clusters(answers, entails))


# ── semantic_entropy ──────────────────────────────────────────────────────────────────────────


def entropy(*shares):
    """Return the entropy of shares."""
    return -sum(share * math.log(share) for share in shares)


@points(0.75)
@hint("Ten samples say the same in ten ways. How unsure is the model of what it says?")
def test_paraphrases_are_no_doubt(submission):
    assert_close(submission.semantic_entropy([0, 0, 1, 0, 2]), entropy(0.6, 0.2, 0.2))


@points(0.75)
@hint(
    "One meaning was sampled as often as the other, but with less probability. Which weighs more?"
)
def test_a_cluster_weighs_what_its_samples_are_likely(submission):
    log_probs = np.log([0.2, 0.1, 0.4, 0.1, 0.1, 0.1])
    result = submission.semantic_entropy([0, 1, 0, 1, 2, 2], log_probs)
    assert_close(result, entropy(0.6, 0.2, 0.2))


@points(0.5)
@hint("The samples are a few of all texts. Do their probabilities sum to 1?")
def test_only_the_ratios_of_probabilities_matter(submission):
    clusters, log_probs = [0, 1, 1, 2], np.log([0.06, 0.02, 0.01, 0.03])
    result = submission.semantic_entropy(clusters, log_probs)
    assert_close(result, entropy(0.5, 0.25, 0.25))
    assert_close(submission.semantic_entropy(clusters, log_probs - 3), entropy(0.5, 0.25, 0.25))


@points(0.5)
@hint("exp(-10,000) is 0, and 0 / 0 is not a number. What can be taken out of all of them first?")
def test_long_answers_are_very_unlikely_and_do_no_harm(submission):
    log_probs = np.array([-1e4, -1e4 + math.log(2), -1e4, -1e4])
    result = submission.semantic_entropy([0, 1, 2, 2], log_probs)
    assert_close(result, entropy(0.2, 0.4, 0.4))
    result = submission.semantic_entropy([0, 1, 0], np.array([-1e4, -3.0, -2e4]))
    assert_finite(result)
    assert_close(result, 0.0)


@points(0.25)
@hint("All samples mean the same. What is there to doubt?")
def test_one_meaning_has_no_entropy(submission):
    for clusters in ([0], [5, 5, 5], [-1, -1]):
        assert_close(submission.semantic_entropy(clusters), 0.0)
        log_probs = np.linspace(-9.0, -1.0, len(clusters))
        assert_close(submission.semantic_entropy(clusters, log_probs), 0.0)


@points(0.25)
@hint("Who says that clusters are numbered from 0, or that equal ones stand together?")
def test_cluster_numbers_may_be_any_integers(submission):
    result = submission.semantic_entropy([-7, 10**12, -7, 0, 10**12, -7])
    assert_close(result, entropy(1 / 2, 1 / 3, 1 / 6))


@points(0.25)
@hint("The same text was sampled three times. How often does it count?")
def test_every_sample_counts(submission):
    log_probs = np.log([0.1, 0.1, 0.1, 0.2, 0.1])
    result = submission.semantic_entropy([4, 4, 4, 2, 3], log_probs)
    assert_close(result, entropy(1 / 2, 1 / 3, 1 / 6))


@points(0.25)
@hint("Sum the probabilities of each cluster in a loop, and divide by the sum of all.")
@pytest.mark.parametrize("given", [False, True], ids=["alike", "weighed"])
def test_many_samples_are_weighed(submission, rng, given):
    clusters = [int(c) for c in rng.integers(0, 5, 30)]
    log_probs = array(rng, 30, scale=3.0) - 40 if given else None
    result = submission.semantic_entropy(clusters, log_probs)
    assert_close(result, semantic_entropy(clusters, log_probs))


@points(0.5)
@hint("What is the entropy of no samples? And whose is a probability that is left over?")
def test_no_samples_and_other_lengths_are_refused(submission):
    assert_raises(ValueError, submission.semantic_entropy, [])
    assert_raises(ValueError, submission.semantic_entropy, [], np.zeros(0))
    for size in (0, 1, 2, 4):
        assert_raises(ValueError, submission.semantic_entropy, [0, 1, 0], np.zeros(size))


# ── check_claims ──────────────────────────────────────────────────────────────────────────────

SOURCES = [
    "The bridge was opened in 1932, after 8 years.",
    "The tower of the old church was built in 1290 by monks from the north.",
]


@points(0.25)
@hint("Which source has the words of the claim and its numbers?")
def test_a_claim_that_a_source_makes_is_supported(submission):
    claims = ["The church was built in 1290 by monks", "The bridge was opened in 1932"]
    expected = [("supported", 1, 1.0), ("supported", 0, 1.0)]
    assert_equal(submission.check_claims(claims, SOURCES), expected)


@points(0.5)
@hint("The words are right and the year is not. Does the source say nothing about it?")
def test_a_claim_with_another_number_is_contradicted(submission):
    claims = ["The bridge was opened in 1933", "The tower was built in 1920 by monks"]
    expected = [("contradicted", 0, 1.0), ("contradicted", 1, 1.0)]
    assert_equal(submission.check_claims(claims, SOURCES), expected)


@points(0.25)
@hint("No source speaks of it. How near did the best of them come?")
def test_a_claim_that_no_source_speaks_of_is_unsupported(submission):
    claims = ["Penguins sleep standing", "The river rose quickly in spring", "It was in 1932 that"]
    result = submission.check_claims(claims, SOURCES)
    # None of three words, two of six (the, in), and two of four (was, in), which is enough.
    expected = [("unsupported", None, 0.0), ("unsupported", None, 1 / 3), ("supported", 0, 0.5)]
    assert_equal([r[:2] for r in result], [e[:2] for e in expected])
    assert_close([r[2] for r in result], [e[2] for e in expected])


@points(0.5)
@hint("Add a page of text to a source. Does it say the claim any less?")
def test_a_long_source_supports_a_short_claim(submission):
    source = "monks from the north built it and nobody knew why they had come so far for that"
    result = submission.check_claims(["monks built it", "monks broke it twice"], [source])
    assert_equal(result, [("supported", 0, 1.0), ("supported", 0, 0.5)])


@points(0.5)
@hint("One source names the person, another the year. Does either of them say both?")
def test_a_claim_is_not_pieced_together_from_several_sources(submission):
    sources = ["Ada wrote a program", "Ada was ill in 1843", "for an engine by Babbage"]
    claims = ["Ada wrote a program in 1843", "Ada wrote for Babbage an engine"]
    result = submission.check_claims(claims, sources)
    assert_equal([r[:2] for r in result], [("contradicted", 0), ("supported", 2)])
    assert_close([r[2] for r in result], [4 / 5, 4 / 6])
    result = submission.check_claims(["Ada wrote in engine by"], sources, 0.75)
    assert_equal([r[:2] for r in result], [("unsupported", None)])
    assert_close(result[0][2], 0.4)


@points(0.5)
@hint("Nine of ten words are right, and the tenth is the year. Is the claim?")
def test_numbers_are_no_words(submission):
    sources = ["Ada was born in London in 1815", "She died in 1852"]
    claims = ["Ada was born in London in 1816", "Ada was born in 1815"]
    expected = [("contradicted", 0, 1.0), ("supported", 0, 1.0)]
    assert_equal(submission.check_claims(claims, sources), expected)


@points(0.25)
@hint("1,200 and 1200.0 are the same number. And where does a number end?")
def test_numbers_are_compared_by_value(submission):
    source = "It cost 1,200 or 3.50 or 1,234,567.5 or 07, in all 12,34"
    claims = ["it cost 1200.0", "it cost 1,200", "it cost 3.5", "it cost 1234567.50 or 7"]
    assert_equal(submission.check_claims(claims, [source]), [("supported", 0, 1.0)] * 4)
    claims = ["it cost 1", "it cost 200", "it cost 3", "it cost 1234", "it cost 12.34"]
    assert_equal(submission.check_claims(claims, [source]), [("contradicted", 0, 1.0)] * 5)
    claims = ["it cost 12", "it cost 34", "it cost 12,34"]
    assert_equal(submission.check_claims(claims, [source]), [("supported", 0, 1.0)] * 3)


@points(0.25)
@hint("Is one number of the claim enough if another one is wrong?")
def test_all_numbers_of_a_claim_are_needed(submission):
    source = "Born on 10 December 1815, died in 1852"
    claims = ["born on 10 December 1816", "born 10 died 1852", "born 1815 died 10 died 1853"]
    labels = [r[0] for r in submission.check_claims(claims, [source])]
    assert_equal(labels, ["contradicted", "supported", "contradicted"])


@points(0.25)
@hint("The source with the most words has another number; the next one has this. What then?")
def test_a_source_with_the_numbers_goes_before_one_with_more_words(submission):
    sources = ["the old red bridge opened in 1931", "the bridge opened in 1932", "a bridge of 1932"]
    claims = ["the old red bridge opened 1932", "the old red bridge opened 1930"]
    result = submission.check_claims(claims, sources)
    assert_equal([r[:2] for r in result], [("supported", 1), ("contradicted", 0)])
    assert_close([r[2] for r in result], [0.6, 1.0])


@points(0.25)
@hint("Several sources will do. Which of them says the most of the claim? And if two say as much?")
def test_the_source_with_the_most_words_is_named(submission):
    sources = ["a b of 5", "a b c of 5", "a b c d of 5", "d c b a of 5 and 6", "a b c of 7"]
    claims = ["a b c d 5", "a b c d", "a b c d 6", "a b c d 9", "a b x y 5", "a b x 7"]
    assert_equal(
        submission.check_claims(claims, sources)[:5],
        [
            ("supported", 2, 1.0),
            ("supported", 2, 1.0),
            ("supported", 3, 1.0),
            ("contradicted", 2, 1.0),
            ("supported", 0, 0.5),
        ],
    )
    assert_equal([r[:2] for r in submission.check_claims(claims[5:], sources)], [("supported", 4)])


@points(0.25)
@hint("Half of the words are there. At which thresholds is that enough?")
@pytest.mark.parametrize(
    ("threshold", "label"),
    [(0.5, "supported"), (0.25, "supported"), (0.75, "unsupported"), (1.0, "unsupported")],
)
def test_the_threshold_is_reached_by_equality(submission, threshold, label):
    result = submission.check_claims(["a b c d"], ["a b x"], threshold)
    assert_equal(result, [(label, 0 if label == "supported" else None, 0.5)])
    result = submission.check_claims(["a b c d 4", "x b a"], ["a b x"], threshold)
    label = "contradicted" if label == "supported" else label
    first = (label, 0 if label == "contradicted" else None, 0.5)
    assert_equal(result, [first, ("supported", 0, 1.0)])


@points(0.25)
@hint("How often does a word count that the claim repeats? And one that the source repeats?")
def test_distinct_words_count(submission):
    claims = ["very very very very old", "old stone"]
    expected = [("supported", 0, 0.5), ("supported", 0, 0.5)]
    assert_equal(submission.check_claims(claims, ["old old old, old old"]), expected)


@points(0.25)
@hint("What makes a word: what is between spaces? Try 44th, ÉCOLE, don't and snake_case.")
def test_words_are_runs_of_letters_in_lower_case(submission):
    sources = ["the 44 th École; don t snake case Straße"]
    claims = ["THE 44th", "école (École)", "don't", "snake_case", "STRAßE", "t44h", "strasse"]
    expected = [("supported", 0, 1.0)] * 5 + [("supported", 0, 0.5), ("unsupported", None, 0.0)]
    assert_equal(submission.check_claims(claims, sources), expected)


@points(0.25)
@hint("What share of no words does a source have? And what if there are no numbers or sources?")
def test_nothing_to_compare_is_nothing_supported(submission):
    nothing = ("unsupported", None, 0.0)
    claims = ["", "1932", "!?", "in 8"]
    result = submission.check_claims(claims, ["", *SOURCES])
    assert_equal(result, [nothing, nothing, nothing, ("supported", 1, 1.0)])
    assert_equal(submission.check_claims(["a b", "1932"], []), [nothing, nothing])
    assert_equal(list(submission.check_claims([], SOURCES)), [])


@points(0.25)
@hint("Compare one claim with one source at a time, and keep the best of each kind.")
def test_every_claim_is_compared_with_every_source(submission, rng):
    def text(size, numbers):
        words = ["abcdefgh"[i] for i in rng.permutation(8)[:size]]
        return " ".join([*words, *(str(n) for n in rng.integers(1, 4, numbers))])

    # Four words a claim, so that shares are quarters.
    claims = [text(4, int(n)) for n in rng.integers(0, 3, 12)]
    sources = [text(int(size), 2) for size in rng.integers(2, 8, 6)]
    for threshold in (0.25, 0.5, 0.75, 1.0):
        result = submission.check_claims(claims, sources, threshold)
        assert_equal(result, check_claims(claims, sources, threshold))


@points(0.25)
@hint("At which threshold would every source cover every claim, and at which none?")
def test_impossible_thresholds_are_refused(submission):
    for threshold in (0.0, -0.5, 1.01, 50.0):
        assert_raises(ValueError, submission.check_claims, ["a"], SOURCES, threshold)
        assert_raises(ValueError, submission.check_claims, [], [], threshold)
