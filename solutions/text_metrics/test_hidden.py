"""The hidden suite of text metrics."""

import pytest

from autograder.checks import assert_close, assert_raises
from autograder.suite import hint, points, shuffled
from solutions.text_metrics.text_metrics import corpus_bleu, rouge_l, rouge_n


def corpus(*pairs):
    """Return hypotheses and references; the references of a hypothesis are divided by bars."""
    hypotheses = [hypothesis.split() for hypothesis, _ in pairs]
    return hypotheses, [[one.split() for one in several.split("|")] for _, several in pairs]


def tokens(*texts):
    """Return the tokens of each text."""
    return [text.split() for text in texts]


def words(rng, n, vocabulary="abA"):
    """Draw n tokens."""
    return [str(word) for word in rng.choice(list(vocabulary), size=n)]


# ── corpus_bleu ───────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which mean is near 0 as soon as one of its numbers is, and what do the logarithms do there?")
@pytest.mark.parametrize("max_order", [2, 3])
def test_precisions_are_averaged_geometrically(submission, max_order):
    # 5 of 6 words, 3 of 5 pairs and 1 of 4 triples match.
    given = corpus(("the cat sat on the mat", "the cat is on the mat"))
    expected = {2: (5 / 6 * 3 / 5) ** (1 / 2), 3: (5 / 6 * 3 / 5 * 1 / 4) ** (1 / 3)}
    assert_close(submission.corpus_bleu(*given, max_order), expected[max_order])


@points(0.75)
@hint("A long hypothesis and a short one: which of them has more to say about the corpus?")
def test_counts_are_summed_over_the_corpus(submission):
    given = corpus(
        ("a b c d e f g x", "a b c d e f g h"),
        ("p q x", "p q r"),
        ("s t", "s t"),
    )
    # 11 of 13 words and 8 of 10 pairs match.
    assert_close(submission.corpus_bleu(*given, 2), (11 / 13 * 8 / 10) ** 0.5)


@points(0.5)
@hint("What would a hypothesis score that says 'the' seven times?")
def test_a_repeated_ngram_is_counted_as_often_as_a_reference_has_it(submission):
    given = corpus(("the cat the the cat the", "the cat sat down today now"))
    # 2 of 6 words and 1 of 5 pairs match.
    assert_close(submission.corpus_bleu(*given, 2), (2 / 6 * 1 / 5) ** 0.5)


@points(0.5)
@hint("Two references have the word once each. How often may the hypothesis use it?")
def test_counts_are_clipped_by_the_largest_of_one_reference(submission):
    given = corpus(
        ("no no no yes yes it x", "no yes so it is a|no no is it so yes|yes no no so it")
    )
    # no 2 of 3, yes 1 of 2, it 1: 4 of 7 words; no no 1, no yes 1: 2 of 6 pairs.
    assert_close(submission.corpus_bleu(*given, 2), (4 / 7 * 2 / 6) ** 0.5)


@points(0.5)
@hint("What does a hypothesis score that leaves out whatever it is not sure of?")
def test_a_short_corpus_is_penalised(submission):
    given = corpus(("a b c", "a b c d e"), ("f g x", "f g h i"))
    # 5 of 6 words and 3 of 4 pairs match; c = 6, r = 9; exp(1 − 9/6).
    assert_close(submission.corpus_bleu(*given, 2), 0.6065306597126334 * (5 / 6 * 3 / 4) ** 0.5)


@points(0.25)
@hint("What has already been paid for words that no reference has?")
def test_a_long_corpus_is_not_rewarded(submission):
    given = corpus(("a b c d e f", "a b c d"), ("g h i", "g h"))
    # 6 of 9 words and 4 of 7 pairs match.
    assert_close(submission.corpus_bleu(*given, 2), (6 / 9 * 4 / 7) ** 0.5)


@points(0.25)
@hint("One hypothesis is too long, the other too short. Is the corpus too short?")
def test_lengths_are_summed_over_the_corpus(submission):
    given = corpus(("a b c d e f", "a b c d"), ("g h", "g h i"))
    # c = 8, r = 7: no penalty; 6 of 8 words and 4 of 6 pairs match.
    assert_close(submission.corpus_bleu(*given, 2), (6 / 8 * 4 / 6) ** 0.5)


@points(0.5)
@hint("Which of several references did the hypothesis mean to be as long as?")
def test_the_reference_closest_in_length_counts(submission):
    given = corpus(("a b c d e", "a b c d e f g h i j k l m|b c d e f g|a b c|a b"))
    # c = 5, r = 6; exp(1 − 6/5).
    assert_close(submission.corpus_bleu(*given, 2), 0.8187307530779818)


@points(0.25)
@hint("One reference is longer by one, another shorter by one. Which of them is r?")
@pytest.mark.parametrize("references", ["a b c d e f|a b c d", "a b c d|a b c d e f"])
def test_of_equally_close_references_the_shorter_counts(submission, references):
    given = corpus(("a b c d e", references), ("p", "p q"))
    # c = 6, and r is 4 + 2, not 6 + 2.
    assert_close(submission.corpus_bleu(*given, 1), 1.0)


@points(0.25)
@hint("What is the geometric mean of numbers of which one is 0?")
@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([("a b c d e", "a b c x d e")], id="no match of four"),
        pytest.param([("a b", "c d")], id="no match at all"),
        pytest.param([("a b c", "a b c"), ("d x", "d e f")], id="shorter than four"),
        pytest.param([("", "a b c d")], id="no token"),
        pytest.param([("", ""), ("", "a")], id="no token on either side"),
    ],
)
def test_an_order_without_a_match_makes_the_score_zero(submission, pairs):
    assert_close(submission.corpus_bleu(*corpus(*pairs)), 0.0)


@points(0.25)
@hint("What does a hypothesis that is too short for an n-gram add to the sums?")
def test_some_of_the_texts_may_be_empty_or_short(submission):
    given = corpus(
        ("", "a b c d e f g h i"), ("a b c d e x", "|a b c d e y"), ("f g", ""), ("h i", "h i j")
    )
    # 7, 5, 3, 2 match of 10, 7, 4, 3; c = 10, r = 9 + 6 + 0 + 3, exp(1 − 18/10).
    expected = 0.4493289641172216 * (7 / 10 * 5 / 7 * 3 / 4 * 2 / 3) ** 0.25
    assert_close(submission.corpus_bleu(*given), expected)


@points(0.25)
@hint("Score a few corpora by hand, or with a loop that looks nothing like yours.")
@pytest.mark.parametrize("max_order", [1, 2, 4, 5])
def test_any_corpus_has_its_score(submission, rng, max_order):
    hypotheses = [words(rng, n, "abAx") for n in (27, 29, 34)]
    references = [[words(rng, n) for n in sizes] for sizes in ((29, 25), (42,), (31, 40, 32))]
    expected = corpus_bleu(hypotheses, references, max_order)
    assert_close(submission.corpus_bleu(hypotheses, references, max_order), expected)


@points(0.25)
@hint("Which of the arguments hold something that cannot be scored?")
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([([], [])], id="no hypothesis"),
        pytest.param(
            [
                ([["a"]], [[["a"]], [["b"]]]),
                ([["a"], ["b"]], [[["a"]]]),
                ([["a"], ["b"]], []),
            ],
            id="lengths",
        ),
        pytest.param(
            [([["a"], ["b"]], [[["a"]], []]), ([["a"]], [[]]), ([["x"], ["a"]], [[], [["a"]]])],
            id="no reference",
        ),
        pytest.param([([["a"]], [[["a"]]], 0), ([["a"]], [[["a"]]], -1)], id="max_order"),
    ],
)
def test_corpora_that_cannot_be_scored_are_refused(submission, arguments):
    for given in arguments:
        assert_raises(ValueError, submission.corpus_bleu, *given)


# ── rouge_n ───────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("By which of the two texts do you divide for the recall? Is the F1 the plain mean?")
@pytest.mark.parametrize("n", [1, 2])
def test_precision_and_recall_divide_by_their_own_text(submission, n):
    hypothesis, reference = tokens("a b x c", "a b c d e")
    expected = {
        1: {"precision": 3 / 4, "recall": 3 / 5, "f1": 6 / 9},
        2: {"precision": 1 / 3, "recall": 1 / 4, "f1": 2 / 7},
    }
    assert_close(submission.rouge_n(hypothesis, reference, n), expected[n])


@points(0.75)
@hint("The word stands three times in one text and twice in the other. How often do they agree?")
def test_repeated_ngrams_count_as_often_as_both_have_them(submission):
    hypothesis, reference = tokens("a a a b c c d d", "d a a c c c e")
    # a 2, c 2, d 1 of 8 and of 7.
    expected = {"precision": 5 / 8, "recall": 5 / 7, "f1": 10 / 15}
    assert_close(submission.rouge_n(hypothesis, reference, 1), expected)


@points(0.5)
@hint("What is the number of n-grams of a text, and which n-grams are equal?")
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_any_two_texts_have_their_scores(submission, rng, n):
    hypothesis, reference = words(rng, 23), words(rng, 31)
    assert_close(submission.rouge_n(hypothesis, reference, n), rouge_n(hypothesis, reference, n))


@points(0.25)
@hint("A token is any string. Can two different pairs look alike once they are joined?")
def test_tokens_keep_their_borders(submission):
    hypothesis, reference = ["new", "york is", "big", "now"], ["new york", "is", "big", "now"]
    expected = {"precision": 1 / 3, "recall": 1 / 3, "f1": 1 / 3}
    assert_close(submission.rouge_n(hypothesis, reference, 2), expected)


@points(0.5)
@hint("Which denominators can be 0, and is it always all three?")
@pytest.mark.parametrize(
    ("hypothesis", "reference", "n"),
    [
        pytest.param("", "a b", 1, id="no hypothesis"),
        pytest.param("a b", "", 1, id="no reference"),
        pytest.param("", "", 1, id="nothing"),
        pytest.param("a b", "c d e", 1, id="no overlap"),
        pytest.param("a b", "b a", 3, id="both too short"),
        pytest.param("a b", "b a c", 3, id="one too short"),
    ],
)
def test_a_share_of_nothing_is_zero(submission, hypothesis, reference, n):
    scores = submission.rouge_n(hypothesis.split(), reference.split(), n)
    assert_close(scores, {"precision": 0.0, "recall": 0.0, "f1": 0.0})


@points(0.25)
@hint("What is a run of no words?")
def test_an_n_below_one_is_refused(submission):
    for n in (0, -1):
        assert_raises(ValueError, submission.rouge_n, ["a", "b"], ["a", "b"], n)


# ── rouge_l ───────────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("May the tokens that the texts share have others between them?")
def test_a_common_subsequence_may_have_gaps(submission):
    hypothesis, reference = tokens("a x b y c d", "a b z c d e v w")
    # a b c d
    expected = {"precision": 4 / 6, "recall": 4 / 8, "f1": 8 / 14}
    assert_close(submission.rouge_l(hypothesis, reference), expected)


@points(0.5)
@hint("Both texts have the same words. What if they come in another order?")
def test_the_order_of_tokens_counts(submission):
    hypothesis, reference = tokens("e d b c a", "a b c d e f")
    # b c
    expected = {"precision": 2 / 5, "recall": 2 / 6, "f1": 4 / 11}
    assert_close(submission.rouge_l(hypothesis, reference), expected)


@points(0.75)
@hint("The first word of one text is the last of the other. Must it be part of the longest?")
def test_the_longest_common_subsequence_counts_not_the_first(submission):
    hypothesis, reference = tokens("g a b x c d", "a b c d v w g")
    expected = {"precision": 4 / 6, "recall": 4 / 7, "f1": 8 / 13}
    assert_close(submission.rouge_l(hypothesis, reference), expected)
    assert_close(
        submission.rouge_l(reference, hypothesis),
        {"precision": 4 / 7, "recall": 4 / 6, "f1": 8 / 13},
    )


@points(0.75)
@hint("May one token of the reference be matched by two of the hypothesis?")
def test_any_two_texts_have_their_longest_common_subsequence(submission, rng):
    pairs = [(words(rng, n), words(rng, m)) for n, m in ((9, 14), (20, 13), (1, 6), (30, 30))]
    scores = [submission.rouge_l(*pair) for pair in pairs]
    assert_close(scores, [rouge_l(*pair) for pair in pairs])


@points(0.5)
@hint("How often does your recursion look at the same two ends of the texts, and how deep is it?")
def test_six_hundred_tokens_are_no_burden(submission, rng):
    hypothesis = words(rng, 600, "abcdefgh")
    # Two stretches of it are replaced by tokens that it does not have.
    reference = hypothesis[:150] + ["y"] * 100 + hypothesis[300:550] + ["z"] * 100
    expected = {"precision": 400 / 600, "recall": 400 / 600, "f1": 400 / 600}
    assert_close(submission.rouge_l(hypothesis, reference), expected)


@points(0.5)
@hint("Which denominators can be 0?")
@pytest.mark.parametrize(
    ("hypothesis", "reference"),
    [("", "a b"), ("a b", ""), ("", ""), ("a b", "c d e")],
    ids=["no hypothesis", "no reference", "nothing", "nothing in common"],
)
def test_texts_without_anything_in_common_score_zero(submission, hypothesis, reference):
    scores = submission.rouge_l(hypothesis.split(), reference.split())
    assert_close(scores, {"precision": 0.0, "recall": 0.0, "f1": 0.0})


# ── squad_scores ──────────────────────────────────────────────────────────────────────────────


def squad(exact_match, f1):
    """Return the two scores by their names."""
    return {"exact_match": exact_match, "f1": f1}


@points(0.5)
@hint("How much of the prediction is in the answer, and how much of the answer in the prediction?")
def test_f1_is_that_of_precision_and_recall(submission):
    # big red house on hill, red house hill top: three of 5 and of 4.
    scores = submission.squad_scores("the big red house on a hill", ["red house, hill top"])
    assert_close(scores, squad(0.0, 6 / 9))


@points(0.5)
@hint("A word is said three times and stands in the answer twice. How often is it right?")
def test_repeated_tokens_count_as_often_as_both_have_them(submission):
    # Two of 5, two of 3.
    scores = submission.squad_scores("no no no yes but", ["no no maybe"])
    assert_close(scores, squad(0.0, 4 / 8))


@points(0.75)
@hint("Annotators wrote three answers. Is a prediction wrong that agrees with one of them?")
def test_the_best_answer_counts(submission, rng):
    answers = shuffled(rng, ["seven small cats", "blue dogs", "seven cats sat"])
    assert_close(submission.squad_scores("seven cats", answers), squad(0.0, 0.8))
    answers = shuffled(rng, ["seven small cats", "seven cats", "blue dogs"])
    assert_close(submission.squad_scores("Seven cats!", answers), squad(1.0, 1.0))


@points(0.5)
@hint("Which of the differences between two texts make an answer wrong?")
@pytest.mark.parametrize(
    ("prediction", "answer"),
    [
        ("EIFFEL Tower", "eiffel tower"),
        ("the tower", "tower"),
        ("a tower of an age", "tower of age"),
        ("tower\tof \n age ", "tower of age"),
        ("ÉCLAIR", "éclair"),
    ],
    ids=["case", "article", "articles", "white space", "other letters"],
)
def test_case_articles_and_white_space_do_not_matter(submission, prediction, answer):
    assert_close(submission.squad_scores(prediction, [answer]), squad(1.0, 1.0))
    assert_close(submission.squad_scores(answer, [prediction]), squad(1.0, 1.0))


@points(0.5)
@hint("What becomes of the full stops of U.S.: nothing, or spaces?")
@pytest.mark.parametrize(
    ("prediction", "answer"),
    [
        ("in the U.S.", "in us"),
        ("well-known, isn't it?", "wellknown isnt it"),
        ("""x!"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~y""", "xy"),
    ],
    ids=["full stops", "inside words", "all"],
)
def test_punctuation_becomes_nothing(submission, prediction, answer):
    assert_close(submission.squad_scores(prediction, [answer]), squad(1.0, 1.0))


@points(0.25)
@hint("In which order is a text normalised? When is the a of a.m. an article?")
def test_punctuation_goes_before_articles(submission):
    assert_close(submission.squad_scores("10 A.M. in London", ["10 AM London"]), squad(0.0, 6 / 7))


@points(0.25)
@hint("Where does an article begin and end?")
@pytest.mark.parametrize(
    ("prediction", "answer", "f1"),
    [
        pytest.param("an apple pie", "n pple pie then", 2 / 6, id="inside words"),
        pytest.param("bat and theatre", "bat nd tre", 2 / 6, id="at their ends"),
        pytest.param("top–a day", "top– day", 1.0, id="beside a dash"),
        pytest.param("“cats” sleep", "cats sleep", 2 / 4, id="other quotation marks"),
    ],
)
def test_only_whole_articles_and_ascii_punctuation_go(submission, prediction, answer, f1):
    assert_close(submission.squad_scores(prediction, [answer]), squad(float(f1 == 1), f1))


@points(0.5)
@hint("What is left when everything is stripped? When do two texts without a token agree?")
@pytest.mark.parametrize(
    ("prediction", "answers", "score"),
    [
        pytest.param("", [], 1.0, id="unanswerable"),
        pytest.param("the.", [], 1.0, id="unanswerable, an article"),
        pytest.param("Paris", [], 0.0, id="unanswerable, answered"),
        pytest.param("", ["Paris"], 0.0, id="no prediction"),
        pytest.param("an", ["Paris", " !"], 1.0, id="an empty answer among others"),
        pytest.param("Paris", ["the", ""], 0.0, id="empty answers"),
        pytest.param("Paris", ["London"], 0.0, id="no token in common"),
    ],
)
def test_nothing_agrees_only_with_nothing(submission, prediction, answers, score):
    assert_close(submission.squad_scores(prediction, answers), squad(score, score))


@points(0.25)
@hint("The words are the same. Is the order?")
def test_an_exact_match_has_its_words_in_order(submission):
    scores = submission.squad_scores("dog bites man", ["man bites dog", "dog bites"])
    assert_close(scores, squad(0.0, 1.0))
