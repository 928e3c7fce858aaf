"""The hidden suite of language modelling."""

import math

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import gradients, hint, points, shuffled, tensor
from solutions.language_modeling.language_modeling import (
    bigram_log_prob,
    next_token_loss,
    sliding_perplexity,
)

IGNORED = -100


def drawn_labels(rng, *shape, vocab):
    """Draw labels that are ids."""
    return torch.from_numpy(rng.integers(vocab, size=shape))


class Scorer:
    """A scripted model whose probabilities depend on all that stands before a token."""

    __name__ = "score"

    def __init__(self):
        self.segments = []

    def __call__(self, segment):
        """Note the segment, and score it."""
        self.segments.append(list(segment))
        return [
            -(1 + token + sum(segment[:place]) / 8) / place
            for place, token in enumerate(segment)
            if place > 0
        ]


# ── next_token_loss ───────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("After which token has the model seen enough to be asked for the third label?")
def test_logits_predict_the_label_of_the_next_position(submission, rng):
    logits, labels = tensor(rng, 1, 6, 11), drawn_labels(rng, 1, 6, vocab=11)
    assert_close(submission.next_token_loss(logits, labels), next_token_loss(logits, labels))


@points(0.25)
@hint("Which of the positions of the whole batch are predicted, and how many are they?")
@pytest.mark.parametrize(("batch", "tokens"), [(3, 5), (1, 2)])
def test_the_mean_runs_over_all_predicted_positions(submission, rng, batch, tokens):
    logits, labels = tensor(rng, batch, tokens, 7), drawn_labels(rng, batch, tokens, vocab=7)
    assert_close(submission.next_token_loss(logits, labels), next_token_loss(logits, labels))


@points(0.5)
@hint("By how many positions is the sum divided when half of them are padding?")
def test_ignored_positions_do_not_count(submission, rng):
    logits, labels = tensor(rng, 1, 8, 5), drawn_labels(rng, 1, 8, vocab=5)
    labels[0, 4:7] = IGNORED
    assert_close(submission.next_token_loss(logits, labels), next_token_loss(logits, labels))


@points(0.5)
@hint("One sequence has one label and another has five. How much does each label weigh?")
def test_every_position_weighs_the_same_in_whichever_sequence_it_is(submission, rng):
    logits, labels = tensor(rng, 2, 6, 5, scale=3.0), drawn_labels(rng, 2, 6, vocab=5)
    labels[0, 2:] = IGNORED
    assert_close(submission.next_token_loss(logits, labels), next_token_loss(logits, labels))


@points(0.25)
@hint("What does a sequence that is all padding add to the sum, and what to the count?")
def test_a_sequence_without_labels_changes_nothing(submission, rng):
    logits, labels = tensor(rng, 3, 4, 5), drawn_labels(rng, 3, 4, vocab=5)
    labels[1] = IGNORED
    kept = [0, 2]
    expected = next_token_loss(logits[kept], labels[kept])
    assert_close(submission.next_token_loss(logits, labels), expected)


@points(0.25)
@hint("What predicts the first token?")
@pytest.mark.parametrize("first", [IGNORED, -7, 9])
def test_the_first_labels_are_never_looked_at(submission, rng, first):
    logits, labels = tensor(rng, 2, 4, 9), drawn_labels(rng, 2, 4, vocab=9)
    expected = next_token_loss(logits, labels)
    labels[:, 0] = first
    assert_close(submission.next_token_loss(logits, labels), expected)


@points(0.25)
@hint("Where in your code does −100 stand as a number?")
@pytest.mark.parametrize("ignored", [0, -1, 6])
def test_any_id_may_be_the_ignored_one(submission, rng, ignored):
    logits, labels = tensor(rng, 2, 5, 7), 1 + drawn_labels(rng, 2, 5, vocab=5)
    labels[0, 2], labels[1, 4] = ignored, ignored
    expected = next_token_loss(logits, labels, ignored)
    assert_close(submission.next_token_loss(logits, labels, ignored), expected)
    assert_close(submission.next_token_loss(logits, labels, ignore_index=ignored), expected)


@points(0.25)
@hint("What is the mean of no numbers, and what should a batch without labels teach?")
@pytest.mark.parametrize("tokens", [0, 1, 4])
def test_a_loss_over_no_position_is_zero_and_so_are_its_gradients(submission, rng, tokens):
    logits = tensor(rng, 2, tokens, 5)
    labels = torch.full((2, tokens), IGNORED)
    labels[:, :1] = 3
    assert_close(submission.next_token_loss(logits, labels), torch.tensor(0.0))
    found = submission.gradients("next_token_loss", logits, labels)
    assert_close(found, (torch.zeros_like(logits),))


@points(0.25)
@hint("exp(89) is no float32, and exp(−104) is 0. What is the logarithm of either worth?")
def test_logits_of_ten_thousand_give_a_finite_loss(submission):
    logits = torch.tensor([[[1e4, -1e4, 0.0], [-1e4, -1e4, 1e4], [0.0, 0.0, 0.0]]])
    labels = torch.tensor([[0, 1, 2]])
    assert_close(submission.next_token_loss(logits, labels), torch.tensor(1e4))


@points(0.25)
@hint("Which logits does the loss depend on? Does anything cut it off from them?")
def test_gradients_reach_the_logits_that_predict(submission, rng):
    logits, labels = tensor(rng, 2, 5, 7), drawn_labels(rng, 2, 5, vocab=7)
    labels[1, 3] = IGNORED
    expected = gradients(next_token_loss, logits, labels)
    assert_close(submission.gradients("next_token_loss", logits, labels), expected)


@points(0.25)
@hint("view wants its elements next to each other in memory. What does not?")
def test_arguments_need_not_be_contiguous(submission, rng):
    logits, labels = tensor(rng, 7, 4, 3).permute(2, 1, 0), drawn_labels(rng, 4, 3, vocab=7).T
    assert_close(submission.next_token_loss(logits, labels), next_token_loss(logits, labels))


@points(0.25)
@hint("Which label belongs to each position of the logits?")
@pytest.mark.parametrize("shape", [(2, 3), (2, 5), (1, 4), (3, 4)], ids=str)
def test_labels_of_another_shape_are_refused(submission, rng, shape):
    logits, labels = tensor(rng, 2, 4, 5), drawn_labels(rng, *shape, vocab=5)
    assert_raises(ValueError, submission.next_token_loss, logits, labels)


@points(0.25)
@hint("Which row of the logits would the label −1 stand for?")
@pytest.mark.parametrize(("label", "ignored"), [(5, -100), (-1, -100), (-100, -1), (-101, -100)])
@pytest.mark.parametrize("position", [1, 3])
def test_a_label_outside_the_vocabulary_is_refused(submission, rng, label, ignored, position):
    logits, labels = tensor(rng, 2, 4, 5), drawn_labels(rng, 2, 4, vocab=5)
    labels[1, position] = label
    assert_raises(ValueError, submission.next_token_loss, logits, labels, ignored)


# ── sliding_perplexity ────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which number is perplexity, if a model that guesses among 8 tokens has perplexity 8?")
def test_a_text_that_fits_is_scored_in_one_window(submission):
    tokens = [3, 1, 4, 1, 5]
    score = Scorer()
    result = submission.sliding_perplexity(tokens, score, 8, 4)
    assert_close(result, sliding_perplexity(tokens, Scorer(), 8, 4))
    assert_equal(score.segments, [tokens], name="the scored segments")


@points(1)
@hint("Two windows predict the same token. Which of the two has its place in the sum?")
def test_every_token_counts_once_in_the_first_window_that_predicts_it(submission):
    # The last window is full: it begins at 4 and ends at 10.
    tokens = [3, 1, 4, 1, 5, 9, 2, 6, 5, 8]
    expected = sliding_perplexity(tokens, Scorer(), 6, 2)
    assert_close(submission.sliding_perplexity(tokens, Scorer(), 6, 2), expected)


@points(0.5)
@hint("How many tokens of the last window are new?")
def test_a_last_window_that_is_shorter_counts_what_is_new_in_it(submission):
    tokens = [3, 1, 4, 1, 5, 9, 2, 6, 5]
    expected = sliding_perplexity(tokens, Scorer(), 5, 3)
    assert_close(submission.sliding_perplexity(tokens, Scorer(), 5, 3), expected)


@points(0.5)
@hint("Write down where each window begins and ends. Which is the first to reach the end?")
@pytest.mark.parametrize(
    ("length", "window", "stride", "begins"),
    [
        pytest.param(6, 4, 2, [0, 2], id="ends with a window"),
        pytest.param(7, 4, 2, [0, 2, 4], id="one token over"),
        pytest.param(9, 4, 1, [0, 1, 2, 3, 4, 5], id="stride of one"),
        pytest.param(10, 4, 3, [0, 3, 6], id="overlap of one"),
        pytest.param(4, 4, 1, [0], id="one window"),
        pytest.param(2, 2, 1, [0], id="two tokens"),
    ],
)
def test_the_model_is_called_once_a_window_in_order(submission, length, window, stride, begins):
    tokens = [10 * place + 7 for place in range(length)]
    score = Scorer()
    result = submission.sliding_perplexity(tokens, score, window, stride)
    assert_equal(
        score.segments, [tokens[b : b + window] for b in begins], name="the scored segments"
    )
    assert_close(result, sliding_perplexity(tokens, Scorer(), window, stride))


@points(0.5)
@hint("Is the perplexity of a text the mean of the perplexities of its parts?")
def test_a_uniform_model_has_the_perplexity_of_its_vocabulary(submission):
    def score(segment):
        return [-math.log(8)] * (len(segment) - 1)

    for length in (2, 5, 11):
        assert_close(submission.sliding_perplexity(list(range(length)), score, 4, 2), 8.0)


@points(0.5)
@hint("What would be predicted twice, or never, with a stride of the whole window?")
@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([(4, 4), (4, 5), (1, 1)], id="skip"),
        pytest.param([(4, -1), (4, 0), (1, 0)], id="stand still"),
    ],
)
def test_windows_that_skip_or_stand_still_are_refused(submission, sizes):
    for window, stride in sizes:
        assert_raises(
            ValueError, submission.sliding_perplexity, [1, 2, 3, 4, 5, 6], Scorer(), window, stride
        )


@points(0.5)
@hint("How many predictions does a text of one token hold?")
@pytest.mark.parametrize("tokens", [[], [4]], ids=["none", "one"])
def test_fewer_than_two_tokens_are_refused(submission, tokens):
    assert_raises(ValueError, submission.sliding_perplexity, tokens, Scorer(), 4, 2)


# ── bits_per_byte ─────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("How many bits is one nat?")
def test_nats_become_bits(submission):
    assert_close(submission.bits_per_byte([[-1.5, -0.25, -3.0]], ["four"]), 4.75 / math.log(2) / 4)


@points(0.5)
@hint("How many bytes has 'ü' in UTF-8, and how many characters?")
def test_the_unit_is_a_byte_of_utf8(submission):
    # 1 + 2 + 1 + 3 + 4 bytes
    assert_close(submission.bits_per_byte([[-2.0, -3.5]], ["aübあ🙂"]), 5.5 / math.log(2) / 11)


@points(0.5)
@hint("A long text and a short one: how much does a byte of each weigh?")
def test_totals_run_over_all_texts(submission):
    log_probs = [[-1.0, -2.0], [-4.0], [], [-0.5, -0.25, -0.125]]
    texts = ["a", "bcdefg", "", "hij"]
    assert_close(submission.bits_per_byte(log_probs, texts), 7.875 / math.log(2) / 10)


@points(0.25)
@hint("Which text do the last log-probabilities belong to?")
@pytest.mark.parametrize("texts", [["a"], ["a", "b", "c"]], ids=["fewer", "more"])
def test_lists_of_different_length_are_refused(submission, texts):
    assert_raises(ValueError, submission.bits_per_byte, [[-1.0], [-2.0]], texts)


@points(0.25)
@hint("How many bits does each of no bytes take?")
@pytest.mark.parametrize(
    ("log_probs", "texts"),
    [([], []), ([[]], [""]), ([[-1.0], []], ["", ""])],
    ids=["no text", "an empty text", "two empty texts"],
)
def test_texts_without_a_byte_are_refused(submission, log_probs, texts):
    assert_raises(ValueError, submission.bits_per_byte, log_probs, texts)


# ── bigram_log_prob ───────────────────────────────────────────────────────────────────────────

CORPUS = [
    ["the", "cat", "sat"],
    ["the", "cat", "ran"],
    ["a", "dog", "sat"],
    ["the", "dog", "ran", "home"],
    ["cat"],
]


@points(0.5)
@hint("Write down the bigrams of 'the cat', markers included. How many are there?")
def test_the_end_of_the_sentence_is_predicted_too(submission):
    # Without smoothing: 3/5 · 2/3 · 1/3, and of its three sentences `cat` ends the last.
    expected = math.log(3 / 5 * 2 / 3 * 1 / 3)
    assert_close(submission.bigram_log_prob(CORPUS, ["the", "cat"], k=0.0), expected)


@points(0.5)
@hint("Over which words should p₂ sum to one after each history? Count them.")
@pytest.mark.parametrize("k", [1.0, 0.25])
def test_the_vocabulary_is_what_can_be_predicted(submission, k):
    sentence = ["the", "cat", "sat"]
    expected = bigram_log_prob(CORPUS, sentence, k)
    assert_close(submission.bigram_log_prob(CORPUS, sentence, k), expected)


@points(0.5)
@hint("What is 0.75 · p₂ + 0.25 · p₁, if one of the two is nearly zero?")
def test_probabilities_are_mixed(submission):
    sentence = ["the", "dog", "sat"]
    expected = bigram_log_prob(CORPUS, sentence, 0.5, 0.75)
    assert_close(submission.bigram_log_prob(CORPUS, sentence, 0.5, 0.75), expected)


@points(0.5)
@hint("How many tokens of the corpus are predicted? Is the marker of the beginning?")
@pytest.mark.parametrize("k", [0.0, 2.0])
def test_unigrams_count_predicted_tokens(submission, k):
    sentence = ["cat", "the", "cat"]
    expected = bigram_log_prob(CORPUS, sentence, k, bigram_weight=0.0)
    result = submission.bigram_log_prob(CORPUS, sentence, k=k, bigram_weight=0.0)
    assert_close(result, expected)


@points(0.25)
@hint("Add up p₁ of every word that may come next. What is missing, or too much?")
def test_the_probabilities_of_all_words_sum_to_one(submission, rng):
    words = shuffled(rng, ["the", "cat", "sat", "ran", "a", "dog", "home", "unheard"])
    # Without bigrams p(w </s>) = p₁(w) · p₁(</s>), and p₁(</s>) is that of the empty sentence.
    end = submission.bigram_log_prob(CORPUS, [], 0.5, 0.0)
    one = [submission.bigram_log_prob(CORPUS, [word], 0.5, 0.0) - end for word in words]
    total = math.fsum(math.exp(value) for value in [end, *one])
    assert_close(total, 1.0, name="the sum of all probabilities")


@points(0.25)
@hint("How much smoothing does a model have that is given nothing else, and are unigrams in it?")
def test_one_is_added_and_bigrams_stand_alone_by_default(submission):
    sentence = ["a", "cat", "ran"]
    expected = bigram_log_prob(CORPUS, sentence, 1.0, 1.0)
    assert_close(submission.bigram_log_prob(CORPUS, sentence), expected)


@points(0.5)
@hint("A word that nobody knows stands between two known ones. In which two bigrams is it?")
@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_unknown_words_are_unk_as_word_and_as_history(submission, weight):
    corpus = [*CORPUS, ["the", "<unk>", "<unk>", "sat"], ["<unk>", "ran"]]
    sentence = ["the", "axolotl", "sat"]
    expected = bigram_log_prob(corpus, ["the", "<unk>", "sat"], 0.5, weight)
    assert_close(submission.bigram_log_prob(corpus, sentence, 0.5, weight), expected)


@points(0.25)
@hint("What is counted for a word that the corpus never held?")
def test_a_corpus_without_unk_gives_unknown_words_what_smoothing_leaves(submission):
    # 9 words and markers; <unk> follows `the` and is followed by `sat` in no sentence.
    expected = bigram_log_prob(CORPUS, ["the", "axolotl", "sat"], 1.0, 0.5)
    result = submission.bigram_log_prob(CORPUS, ["the", "axolotl", "sat"], 1.0, 0.5)
    assert_close(result, expected)
    given = submission.bigram_log_prob(CORPUS, ["the", "<unk>", "sat"], 1.0, 0.5)
    assert_close(given, expected)


@points(0.25)
@hint("What is the logarithm of zero, and what is a sum that holds it?")
@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_an_impossible_sentence_is_minus_infinity(submission, weight):
    # Nothing follows `axolotl` in the corpus; without smoothing p₂ after it would be 0/0.
    sentence = ["the", "axolotl", "sat"]
    result = submission.bigram_log_prob(CORPUS, sentence, k=0.0, bigram_weight=weight)
    assert_close(result, -math.inf)


@points(0.25)
@hint("How often does `cat` end a sentence that goes on?")
def test_a_bigram_that_was_never_seen_is_minus_infinity_without_smoothing(submission):
    assert_close(submission.bigram_log_prob(CORPUS, ["a", "cat"], k=0.0), -math.inf)


@points(0.25)
@hint("Which bigram is left of a sentence without words?")
@pytest.mark.parametrize(
    ("corpus", "sentence"),
    [(CORPUS, []), ([[], ["a"], []], []), ([[], ["a"], []], ["a"]), ([[]], []), ([[]], ["a"])],
    ids=["sentence", "both", "in the corpus", "nothing", "only in the corpus"],
)
def test_sentences_may_be_empty(submission, corpus, sentence):
    expected = bigram_log_prob(corpus, sentence, 1.0, 0.5)
    assert_close(submission.bigram_log_prob(corpus, sentence, 1.0, 0.5), expected)


@points(0.25)
@hint("How small does a product of a thousand probabilities get?")
def test_a_long_sentence_does_not_underflow(submission):
    sentence = ["the", "dog", "ran", "a"] * 300
    expected = bigram_log_prob(CORPUS, sentence)
    assert_close(submission.bigram_log_prob(CORPUS, sentence), expected)


@points(0.25)
@hint("What is a model of no sentences?")
def test_a_corpus_without_sentences_is_refused(submission):
    assert_raises(ValueError, submission.bigram_log_prob, [], ["a"])


@points(0.25)
@hint("Between which bounds is a weight a weight, and a count a count?")
@pytest.mark.parametrize(("k", "weight"), [(-0.5, 1.0), (1.0, -0.25), (1.0, 1.25)])
def test_negative_counts_and_impossible_weights_are_refused(submission, k, weight):
    assert_raises(ValueError, submission.bigram_log_prob, CORPUS, ["the"], k, weight)


@points(0.25)
@hint("What would a marker in the middle of a sentence mean?")
@pytest.mark.parametrize("marker", ["<s>", "</s>"])
@pytest.mark.parametrize("where", ["corpus", "sentence"])
def test_a_marker_as_a_word_is_refused(submission, marker, where):
    corpus, sentence = [["a", "b"], ["a"]], ["a", "b"]
    if where == "corpus":
        corpus[1] = ["a", marker]
    else:
        sentence = [marker, "b"]
    assert_raises(ValueError, submission.bigram_log_prob, corpus, sentence)
