"""The hidden suite of evaluating RAG."""

import numpy as np
import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import array, hint, points, shuffled
from solutions.rag_evaluation.rag_evaluation import (
    answer_relevance,
    citation_scores,
    claim_metrics,
    context_precision,
)


def entails(premise, hypothesis):
    """Say whether all words of the hypothesis are in the premise."""
    return set(hypothesis.split()) <= set(premise.split())


# ── context_precision ─────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Write precision@i beside each useful chunk. Of which numbers do you take the mean?")
@pytest.mark.parametrize(
    ("relevant", "expected"),
    [
        pytest.param([True, False, True, False, False], 5 / 6, id="first and third"),
        pytest.param([False, False, True, True], 5 / 12, id="at the end"),
        pytest.param([False, True, True, False, True], (1 / 2 + 2 / 3 + 3 / 5) / 3, id="three"),
    ],
)
def test_precisions_at_the_useful_ranks_are_averaged(submission, relevant, expected):
    assert_close(submission.context_precision(relevant, len(relevant)), expected)


@points(0.75)
@hint("What does the reader of the first k chunks know of those below?")
@pytest.mark.parametrize(("k", "expected"), [(3, 1.0), (4, 1.0), (6, (1 + 2 / 5) / 2)])
def test_chunks_below_k_do_not_count(submission, k, expected):
    relevant = [True, False, False, False, True, False, True, True]
    assert_close(submission.context_precision(relevant, k), expected)


@points(0.5)
@hint("Are there chunks at ranks that the list does not have?")
@pytest.mark.parametrize("k", [4, 10])
def test_a_k_beyond_the_list_means_the_whole_list(submission, k):
    assert_close(submission.context_precision([True, False, True], k), 5 / 6)


@points(0.25)
@hint("What is the mean over no rank?")
@pytest.mark.parametrize(
    ("relevant", "k"),
    [([], 1), ([], 5), ([False] * 3, 3), ([False, False, True], 2)],
    ids=["empty", "empty, k of five", "none", "none down to k"],
)
def test_without_a_useful_chunk_it_is_zero(submission, relevant, k):
    assert_close(submission.context_precision(relevant, k), 0.0)


@points(0.5)
@hint("Move a useful chunk up by one rank. What should your number do?")
def test_any_ranking_has_its_precision(submission, rng):
    rankings = [[bool(one) for one in rng.integers(2, size=12)] for _ in range(6)]
    given = [submission.context_precision(relevant, k) for relevant in rankings for k in (1, 5, 12)]
    expected = [context_precision(relevant, k) for relevant in rankings for k in (1, 5, 12)]
    assert_close(given, expected)


@points(0.25)
@hint("How many chunks does nobody look at?")
def test_a_k_below_one_is_refused(submission):
    for k in (0, -1):
        assert_raises(ValueError, submission.context_precision, [True, False], k)


# ── claim_metrics ─────────────────────────────────────────────────────────────────────────────

NAMES = ["context_recall", "faithfulness", "correctness", "hallucination", "utilisation"]


def shares(*values):
    """Return the five shares by their names."""
    return dict(zip(NAMES, values, strict=True))


@points(1)
@hint("Faithful to what? And to what must a correct claim be true?")
def test_faithfulness_asks_the_chunks_and_correctness_the_reference(submission, rng):
    given = submission.claim_metrics(
        answer="p q s u t",
        answer_claims=shuffled(rng, ["p", "q", "s", "u", "r s", "t"]),
        reference="p q r t",
        reference_claims=shuffled(rng, ["p q", "r", "t"]),
        contexts=shuffled(rng, ["p q", "r s"]),
        entails=entails,
    )
    # p, q, s and r s are retrieved; p, q and t are in the reference; u is in neither.
    assert_close(given, shares(2 / 3, 4 / 6, 3 / 6, 1 / 6, 1 / 2))


@points(0.75)
@hint("A claim is right, but in no chunk. Was it hallucinated?")
def test_what_is_right_or_retrieved_is_not_hallucinated(submission, rng):
    given = submission.claim_metrics(
        answer="a b c d e",
        answer_claims=shuffled(rng, ["a", "b", "c", "d", "e"]),
        reference="a c d",
        reference_claims=shuffled(rng, ["a", "c d"]),
        contexts=shuffled(rng, ["a x", "y"]),
        entails=entails,
    )
    # a is retrieved and right, c and d are right, b and e neither.
    assert_close(given, shares(1 / 2, 1 / 5, 3 / 5, 2 / 5, 1.0))


@points(0.75)
@hint("Can an answer use what was not retrieved? Of which claims is it a share?")
def test_utilisation_is_a_share_of_the_retrieved_reference_claims(submission, rng):
    given = submission.claim_metrics(
        answer="a b c z",
        answer_claims=shuffled(rng, ["a b", "c", "z"]),
        reference="a b c d e f g",
        reference_claims=shuffled(rng, ["a", "b", "c", "d", "e", "f", "g"]),
        contexts=shuffled(rng, ["a d", "e x", "f y"]),
        entails=entails,
    )
    # a, d, e and f are retrieved; the answer has a of them.
    assert_close(given, shares(4 / 7, 0.0, 2 / 3, 1 / 3, 1 / 4))


@points(0.5)
@hint("One chunk says where, another says when. Does any of them say where and when?")
def test_chunks_are_asked_one_at_a_time(submission):
    given = submission.claim_metrics(
        "a b c d",
        ["a b", "c d", "a d"],
        "a b d",
        ["a b", "a d", "d"],
        ["a c", "b d", "c d"],
        entails,
    )
    # No chunk holds a b or a d.
    assert_close(given, shares(1 / 3, 1 / 3, 2 / 3, 0.0, 1.0))


@points(0.5)
@hint("Nobody claimed anything. Is that a share of 0, of 1, or none?")
@pytest.mark.parametrize(
    ("answer_claims", "reference_claims", "expected"),
    [
        pytest.param(
            ["a", "b", "c"], [], (None, 2 / 3, 1 / 3, 1 / 3, None), id="no reference claim"
        ),
        pytest.param([], ["a", "c"], (1 / 2, None, None, None, 1.0), id="no answer claim"),
        pytest.param([], [], (None,) * 5, id="no claim"),
        pytest.param(["a"], ["c"], (0.0, 1.0, 1.0, 0.0, None), id="nothing retrieved"),
    ],
)
def test_a_share_of_nothing_is_none(submission, answer_claims, reference_claims, expected):
    given = submission.claim_metrics(
        "a b c", answer_claims, "a x", reference_claims, ["a", "b"], entails
    )
    assert_equal(
        {name: given[name] is None for name in NAMES},
        {name: value is None for name, value in shares(*expected).items()},
        name="where it is None",
    )
    assert_close(given, shares(*expected))


@points(0.25)
@hint("What is retrieved where there is no chunk? Is what the reference says made up?")
@pytest.mark.parametrize(
    ("answer_claims", "reference_claims", "expected"),
    [
        pytest.param(["a"], [], (None, 0.0, 1.0, 0.0, None), id="one claim"),
        pytest.param(["a", "b"], ["a", "c"], (0.0, 0.0, 1 / 2, 1 / 2, None), id="several"),
    ],
)
def test_without_contexts_nothing_is_retrieved(
    submission, answer_claims, reference_claims, expected
):
    given = submission.claim_metrics("a b", answer_claims, "a c", reference_claims, [], entails)
    assert_close(given, shares(*expected))


@points(0.75)
@hint("Which text is the premise, and which the hypothesis, in each of your questions?")
def test_any_judgements_have_their_shares(submission, rng):
    claims = [f"claim {number}" for number in range(10)]
    texts = ["the answer", "the reference", "chunk 0", "chunk 1", "chunk 2"]
    true = {(text, claim) for text in texts for claim in claims if rng.random() < 0.4}

    def judge(premise, hypothesis):
        return (premise, hypothesis) in true

    given = "the answer", claims[:6], "the reference", claims[4:], texts[2:], judge
    assert_close(submission.claim_metrics(*given), claim_metrics(*given))


@points(0.5)
@hint("Does a claim that is made twice weigh twice, and does a chunk that is there twice?")
def test_repeated_claims_count_again_and_repeated_chunks_do_not(submission):
    given = submission.claim_metrics(
        "a b", ["a", "a", "b", "x"], "a c", ["c", "a", "a"], ["a", "a", "b a"], entails
    )
    assert_close(given, shares(2 / 3, 3 / 4, 2 / 4, 1 / 4, 1.0))


# ── answer_relevance ──────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Make an embedding ten times as long. Does the question mean something else?")
def test_embeddings_are_compared_by_their_direction(submission):
    question, generated = np.array([0.0, 2.0]), np.array([[3.0, 4.0], [0.0, 7.0], [-12.0, -5.0]])
    # 4/5, 1 and −5/13.
    expected = (4 / 5 + 1 - 5 / 13) / 3
    assert_close(submission.answer_relevance(question, generated, False), expected)


@points(0.75)
@hint("Two generated questions point left and right of yours. Is their mean yours?")
def test_cosines_are_averaged_not_embeddings(submission):
    question, generated = np.array([0.0, 4.0]), np.array([[3.0, 4.0], [-3.0, 4.0], [5.0, 0.0]])
    # 4/5, 4/5 and 0.
    assert_close(submission.answer_relevance(question, generated, False), 8 / 15)


@points(0.5)
@hint("Which direction has a vector without a length?")
@pytest.mark.parametrize(
    ("question", "generated"),
    [
        pytest.param([1.0, 1.0], [[0.0, 0.0], [2.0, 2.0]], id="a generated one"),
        pytest.param([0.0, 0.0], [[1.0, 0.0], [2.0, 2.0]], id="the question"),
        pytest.param([0.0, 0.0], [[0.0, 0.0]], id="both"),
    ],
)
def test_a_zero_vector_has_the_cosine_zero(submission, question, generated):
    given = np.array(question), np.array(generated), False
    assert_close(submission.answer_relevance(*given), answer_relevance(*given))


@points(0.25)
@hint("Can the answer be to an opposite question?")
@pytest.mark.parametrize(("rows", "dim"), [(1, 1), (1, 5), (4, 3)])
def test_any_embeddings_have_their_relevance(submission, rng, rows, dim):
    question, generated = array(rng, dim), array(rng, rows, dim)
    for given in (generated, -generated):
        expected = answer_relevance(question, given, False)
        assert_close(submission.answer_relevance(question, given, False), expected)


@points(0.25)
@hint("'I don't know': how relevant is that to any question?")
def test_a_noncommittal_answer_is_not_relevant(submission):
    question, generated = np.array([1.0, 2.0]), np.array([[1.0, 2.0], [2.0, 4.0]])
    assert_close(submission.answer_relevance(question, generated, True), 0.0)


@points(0.5)
@hint("What is the mean of no cosine? Are the arguments looked at before anything else?")
@pytest.mark.parametrize("noncommittal", [False, True])
def test_embeddings_that_do_not_fit_are_refused(submission, noncommittal):
    for dim, shape in ((3, (0, 3)), (3, (2, 2)), (2, (2, 3)), (1, (2, 3)), (3, (2, 1))):
        given = np.ones(dim), np.ones(shape), noncommittal
        assert_raises(ValueError, submission.answer_relevance, *given)


# ── citation_scores ───────────────────────────────────────────────────────────────────────────


class Judge:
    """A scripted judge that knows which premises entail which hypotheses, and no others."""

    __name__ = "entails"

    def __init__(self, *pairs):
        self.pairs = pairs
        self.premises = []

    def __call__(self, premise, hypothesis):
        """Note the premise, and judge; nothing at all entails everything."""
        self.premises.append(premise)
        return premise == "" or (premise, hypothesis) in self.pairs


def scores(recall, precision):
    """Return the two scores by their names."""
    return {"recall": recall, "precision": precision}


@points(0.5)
@hint("Which passage is [1]?")
@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        pytest.param(["a b [1]"], (1.0, 1.0), id="one"),
        # g h is not in the third passage, c d and e f are in the second.
        pytest.param(["a b [1]", "c d [2]", "e f [2]", "g h [3]"], (3 / 4, 3 / 4), id="several"),
    ],
)
def test_citations_count_from_one(submission, sentences, expected):
    result = submission.citation_scores(sentences, ["a b", "c d e f", "x"], entails)
    assert_close(result, scores(*expected))


@points(0.75)
@hint("Neither passage says it alone. Which of the two citations could be left out?")
@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        pytest.param(["a c [1][2]"], (1.0, 1.0), id="one"),
        pytest.param(["a b c [1][2]", "a c [3]", "b [2]"], (2 / 3, 3 / 4), id="several"),
    ],
)
def test_evidence_may_be_spread_over_passages(submission, sentences, expected):
    result = submission.citation_scores(sentences, ["a x", "b c", "c d"], entails)
    assert_close(result, scores(*expected))


@points(0.75)
@hint("Leave the citation out. Is the statement still supported, and would it do by itself?")
def test_a_superfluous_citation_is_not_precise(submission):
    passages = ["a b", "b c", "x y", "a b c"]
    sentences = ["a b [1][3]", "a c [1][2][3]", "b [1] [2]", "a c [4][1][2]"]
    # [3] twice; each of 1 and 2 would do for b; in the last 1 and 2 each can be left out.
    result = submission.citation_scores(sentences, passages, entails)
    assert_close(result, scores(1.0, (1 + 2 + 2 + 1) / 10))


@points(0.5)
@hint("A citation stands in a sentence that is not supported. What is it precise about?")
def test_only_supported_sentences_have_precise_citations(submission):
    sentences = ["a z [1]", "b z [2][3]", "c [3]"]
    result = submission.citation_scores(sentences, ["a", "b", "c"], entails)
    assert_close(result, scores(1 / 3, 1 / 4))


@points(0.25)
@hint("A sentence cites nothing. Does it need support?")
def test_a_sentence_without_citations_is_not_supported(submission):
    result = submission.citation_scores(["a [1]", "a", "b", "c [2]"], ["a b", "c"], entails)
    assert_close(result, scores(2 / 4, 1.0))


@points(0.5)
@hint(
    "There are two passages, and the answer cites the seventh. Which text is that, and for whom "
    "does it count?"
)
@pytest.mark.parametrize("number", ["7", "0", "3"])
def test_a_fabricated_citation_counts_against_precision_only(submission, number):
    sentences = [f"a [{number}][1]", f"b [{number}]", "b [2]", f"a b [1][{number}][2]"]
    result = submission.citation_scores(sentences, ["a", "b"], entails)
    assert_close(result, scores(3 / 4, 4 / 7))


@points(0.25)
@hint("The sentence says [2] at both ends. How many passages is that?")
def test_a_number_counts_once_a_sentence(submission):
    sentences = ["[2] a b [1][2] [2]", "b [2] [02]", "x [1][1]"]
    result = submission.citation_scores(sentences, ["a", "b"], entails)
    # 1 and 2, 2, 1
    assert_close(result, scores(2 / 3, 3 / 4))


@points(0.5)
@hint("What exactly does `entails` get to read, and in which order?")
def test_the_judge_reads_joined_passages_and_the_bare_statement(submission):
    passages = ["First text.", "Second text.", "Third text."]
    judge = Judge(
        ("Third text.\nFirst text.", "Both, it says."),
        ("Second text.", "Alone  it stands, [x] [1, 2] and [٣]."),
        ("First text.\nSecond text.\nThird text.", "All three"),
        ("First text.\nThird text.", "All three"),
        ("Third text.", ""),
    )
    sentences = [
        "Both, [3][1] it says [3].",
        " Alone\n[2]  it stands, [x] [1, 2] and [٣].\t[2]\n",
        "[1] All \t [2] three  [3]",
        " [3] ",
    ]
    result = submission.citation_scores(sentences, passages, judge)
    # The second of the third sentence can be left out.
    assert_close(result, scores(1.0, 6 / 7))


@points(0.25)
@hint("Without the citation no passage is left. Is there anything to ask?")
def test_the_judge_is_not_asked_about_no_passages(submission):
    judge = Judge(("A", "a"), ("A\nB", "ab"))
    result = submission.citation_scores(["a [1]", "ab [1][2]", "b", "c [9]"], ["A", "B"], judge)
    assert_close(result, scores(1 / 2, 3 / 4))
    assert_equal("" in judge.premises, False, name="whether it was asked")


@points(0.25)
@hint("Of how many sentences, and of how many citations?")
@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        pytest.param([], (None, None), id="no sentence"),
        pytest.param(["a", "b."], (0.0, None), id="no citation"),
        pytest.param(["a [2]"], (0.0, 0.0), id="fabricated"),
    ],
)
def test_a_score_of_nothing_is_none(submission, sentences, expected):
    given = submission.citation_scores(sentences, ["a"], entails)
    assert_equal(given["recall"] is None, expected[0] is None, name="whether recall is None")
    assert_close(given, scores(*expected))


@points(0.5)
@hint("Score a few answers by hand, or with a loop that looks nothing like yours.")
def test_any_answer_has_its_scores(submission, rng):
    passages = [
        "".join(f"{word} " for word in "abcdef" if rng.random() < 0.5) + "." for _ in "1234"
    ]
    for _ in range(4):
        sentences = [
            " ".join(shuffled(rng, "abcdef")[: rng.integers(1, 4)])
            + "".join(f" [{number}]" for number in rng.integers(0, 6, size=rng.integers(0, 4)))
            for _ in range(8)
        ]
        given = submission.citation_scores(sentences, passages, entails)
        assert_close(given, citation_scores(sentences, passages, entails))
