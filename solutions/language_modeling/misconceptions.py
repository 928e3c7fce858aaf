"""The wrong turns of language modelling."""

import math
from collections import Counter
from itertools import pairwise

import torch

from autograder.suite import misconception
from solutions.language_modeling.language_modeling import (
    END,
    START,
    UNKNOWN,
    bits_per_byte,
    next_token_loss,
    refuse_model,
    sliding_perplexity,
)

# ── next_token_loss ───────────────────────────────────────────────────────────────────────────


def losses_of(logits, labels, ignore_index):
    """Return the loss of each predicted position, zero where it is ignored, and who counts."""
    next_token_loss(logits, labels, ignore_index)  # raises what has to be raised
    return pointwise(logits[:, :-1], labels[:, 1:], ignore_index)


def pointwise(logits, targets, ignore_index):
    """Return −ln p of each target, zero where it is ignored, and which are not."""
    counted = (targets != ignore_index) & (targets >= 0) & (targets < logits.shape[-1])
    picked = targets.masked_fill(~counted, 0)[..., None]
    losses = -torch.log_softmax(logits, dim=-1).gather(-1, picked)[..., 0]
    return losses.masked_fill(~counted, 0.0), counted


UNSHIFTED = {
    "id": "unshifted",
    "replaces": "next_token_loss",
    "says": "the logits at position t are compared with the label at t, not at t + 1",
    "hint": "A causal model has seen the token at t when it writes the logits at t. "
    "How hard is that token to predict?",
}
# The same mistake, by which of the positions are left out.


@misconception(**UNSHIFTED)
def unshifted(logits, labels, ignore_index=-100):
    next_token_loss(logits, labels, ignore_index)
    losses, counted = pointwise(logits, labels, ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@misconception(**UNSHIFTED)
def unshifted_less_the_first(logits, labels, ignore_index=-100):
    next_token_loss(logits, labels, ignore_index)
    losses, counted = pointwise(logits[:, 1:], labels[:, 1:], ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@misconception(**UNSHIFTED)
def unshifted_less_the_last(logits, labels, ignore_index=-100):
    next_token_loss(logits, labels, ignore_index)
    losses, counted = pointwise(logits[:, :-1], labels[:, :-1], ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@misconception(
    replaces="next_token_loss",
    says="the shift goes the wrong way: the logits at t are compared with the label at t − 1",
    hint="Write down which label the logits of the second position meet.",
)
def shifted_backwards(logits, labels, ignore_index=-100):
    next_token_loss(logits, labels, ignore_index)
    losses, counted = pointwise(logits[:, 1:], labels[:, :-1], ignore_index)
    return losses.sum() / counted.sum().clamp(min=1)


@misconception(
    replaces="next_token_loss",
    says="ignored positions add no loss but still count in the mean",
    hint="Add padding to a batch. Should its loss become smaller?",
)
def ignored_in_mean(logits, labels, ignore_index=-100):
    losses, _ = losses_of(logits, labels, ignore_index)
    return losses.sum() / max(losses.numel(), 1)


@misconception(
    replaces="next_token_loss",
    says="each sequence is averaged first and then the sequences, so tokens of short sequences "
    "weigh more",
    hint="One sequence has 1 label and one has 5. By what is each of the six losses divided?",
)
def mean_of_sequences(logits, labels, ignore_index=-100):
    losses, counted = losses_of(logits, labels, ignore_index)
    means = losses.sum(dim=1) / counted.sum(dim=1).clamp(min=1)
    return means.sum() / counted.any(dim=1).sum().clamp(min=1)


@misconception(
    replaces="next_token_loss",
    says="the losses are summed, not averaged",
    hint="Feed the same sequence twice as a batch. Should the loss double?",
)
def summed_loss(logits, labels, ignore_index=-100):
    return losses_of(logits, labels, ignore_index)[0].sum()


@misconception(
    replaces="next_token_loss",
    says="the logarithm is taken of a softmax that has rounded to zero, so the loss is infinite",
    hint="What is the softmax of [0, 200] in float32, and what is its logarithm?",
)
def log_of_softmax(logits, labels, ignore_index=-100):
    _, counted = losses_of(logits, labels, ignore_index)
    picked = labels[:, 1:].masked_fill(~counted, 0)[..., None]
    chosen = torch.softmax(logits[:, :-1], dim=-1).gather(-1, picked)[..., 0]
    return -torch.log(chosen)[counted].sum() / counted.sum().clamp(min=1)


@misconception(
    replaces="next_token_loss",
    says="a batch without any label gives NaN",
    hint="What is the sum of no losses, and what do you divide it by?",
)
def nan_without_labels(logits, labels, ignore_index=-100):
    losses, counted = losses_of(logits, labels, ignore_index)
    return losses[counted].mean()


# ── sliding_perplexity ────────────────────────────────────────────────────────────────────────


def refuse_windows(tokens, window, stride):
    """Raise what the task has to raise."""
    if not 1 <= stride < window or len(tokens) < 2:
        raise ValueError("the windows or the tokens will not do")


def windows(tokens, window, stride):
    """Return the begin of each window, and what is in it."""
    found = []
    for begin in range(0, len(tokens), stride):
        found.append((begin, tokens[begin : begin + window]))
        if begin + window >= len(tokens):
            break
    return found


@misconception(
    replaces="sliding_perplexity",
    says="predictions in the overlap of two windows count twice, in the sum and in the number of "
    "predictions",
    hint="Count the predictions of all your windows. How many tokens are there to be predicted?",
)
def overlap_counted_twice(tokens, score, window, stride):
    refuse_windows(tokens, window, stride)
    values = [value for _, segment in windows(tokens, window, stride) for value in score(segment)]
    return math.exp(-sum(values) / len(values))


@misconception(
    replaces="sliding_perplexity",
    says="the windows do not overlap: each starts where the last one ended, so its first token is "
    "never predicted",
    hint="What does the model know when it is asked for the second token of its third window?",
)
def disjoint_windows(tokens, score, window, stride):
    refuse_windows(tokens, window, stride)
    values = [value for _, segment in windows(tokens, window, window) for value in score(segment)]
    return math.exp(-sum(values) / len(values))


@misconception(
    replaces="sliding_perplexity",
    says="every window after the first counts its last `stride` predictions, though in a shorter "
    "last window fewer of them are new",
    hint="The text does not end with a full stride. Which predictions of the last window are new?",
)
def whole_stride_in_the_last_window(tokens, score, window, stride):
    refuse_windows(tokens, window, stride)
    values = []
    for begin, segment in windows(tokens, window, stride):
        found = list(score(segment))
        values += found[-stride:] if begin else found
    return math.exp(-sum(values) / len(values))


@misconception(
    replaces="sliding_perplexity",
    says="the sum is divided by the number of tokens, though the first is never predicted",
    hint="How many predictions are there for a text of two tokens?",
)
def divided_by_tokens(tokens, score, window, stride):
    right = sliding_perplexity(tokens, score, window, stride)
    return math.exp(math.log(right) * (len(tokens) - 1) / len(tokens))


@misconception(
    replaces="sliding_perplexity",
    says="the mean loss is returned, not its exponential",
    hint="Which perplexity has a model that guesses among 8 tokens?",
)
def loss_returned(tokens, score, window, stride):
    return math.log(sliding_perplexity(tokens, score, window, stride))


@misconception(
    replaces="sliding_perplexity",
    says="the perplexities of the windows are averaged, where the losses of all tokens should be",
    hint="A window of a hard text and one of an easy text: what is the perplexity of both?",
)
def mean_of_windows(tokens, score, window, stride):
    refuse_windows(tokens, window, stride)
    found, done = [], 1
    for begin, segment in windows(tokens, window, stride):
        end = begin + len(segment)
        new = score(segment)[done - end :]
        found.append(math.exp(-sum(new) / len(new)))
        done = end
    return sum(found) / len(found)


# ── bits_per_byte ─────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="bits_per_byte",
    says="the bits are divided by characters, not by UTF-8 bytes",
    hint="What is the length of 'é', and that of 'é'.encode()?",
)
def per_character(log_probs, texts):
    right = bits_per_byte(log_probs, texts)
    return right * sum(len(text.encode()) for text in texts) / sum(map(len, texts))


@misconception(
    replaces="bits_per_byte",
    says="the logarithms are left natural, so these are nats, not bits",
    hint="How many bits has an event of probability 1/2, and how many nats?",
)
def nats_not_bits(log_probs, texts):
    return bits_per_byte(log_probs, texts) * math.log(2)


@misconception(
    replaces="bits_per_byte",
    says="the bits are divided by tokens, so models with different tokenisers do not compare",
    hint="Cut the same text into half as many tokens. What becomes of your number?",
)
def per_token(log_probs, texts):
    bits = bits_per_byte(log_probs, texts) * sum(len(text.encode()) for text in texts)
    return bits / max(sum(map(len, log_probs)), 1)


@misconception(
    replaces="bits_per_byte",
    says="each text is averaged first and then the texts, so bytes of short texts weigh more",
    hint="A book and a headline: by what is the loss of each divided?",
)
def mean_of_texts(log_probs, texts):
    bits_per_byte(log_probs, texts)
    each = [
        bits_per_byte([values], [text])
        for values, text in zip(log_probs, texts, strict=True)
        if text
    ]
    return sum(each) / len(each)


# ── bigram_log_prob ───────────────────────────────────────────────────────────────────────────


def log_of(p):
    """Return ln p, −inf of nothing."""
    return math.log(p) if p > 0 else -math.inf


def mixed_logs(weight, second, first):
    """Mix logarithms; a part of weight 0 has no say."""
    parts = [(weight, second), (1 - weight, first)]
    return sum(share * log_of(p) for share, p in parts if share > 0)


def add_up(
    corpus,
    sentence,
    k,
    weight,
    *,
    extra=0,
    unknown=UNKNOWN,
    start_counted=False,
    total_smoothed=True,
    mix=lambda weight, second, first: log_of(weight * second + (1 - weight) * first),
    terms=lambda path: pairwise(path),
):
    """Right but for the keywords: sizes, counts, the mixture, or the terms of the sum."""
    refuse_model(corpus, sentence, k, weight)
    paths = [[START, *words, END] for words in corpus]
    bigrams = Counter(pair for path in paths for pair in pairwise(path))
    histories = Counter(word for path in paths for word in path[:-1])
    predicted = Counter(word for path in paths for word in path[1:])
    vocabulary = {*predicted, unknown}
    smoothing = k * (len(vocabulary) + extra) if total_smoothed else 0
    tokens = predicted.total() + (len(paths) if start_counted else 0)

    def first(word):
        return (predicted[word] + k) / (tokens + smoothing)

    def second(history, word):
        below = histories[history] + smoothing
        return (bigrams[history, word] + k) / below if below > 0 else first(word)

    known = [word if word in vocabulary else UNKNOWN for word in sentence]
    return sum(
        mix(weight, second(history, word), first(word))
        for history, word in terms([START, *known, END])
    )


@misconception(
    replaces="bigram_log_prob",
    says="`<s>` is counted in the vocabulary although it is never predicted",
    hint="Sum p₂ over all words that can come next. What is missing from one?",
)
def bos_in_vocabulary(corpus, sentence, k=1.0, bigram_weight=1.0):
    return add_up(corpus, sentence, k, bigram_weight, extra=1)


@misconception(
    replaces="bigram_log_prob",
    says="the last term, `</s>` after the last word, is left out, so the probabilities of all "
    "sentences do not sum to one",
    hint="Which of 'the cat' and 'the cat sat' gets more from your model, and can it be otherwise?",
)
def no_end_of_sentence(corpus, sentence, k=1.0, bigram_weight=1.0):
    return float(add_up(corpus, sentence, k, bigram_weight, terms=lambda path: pairwise(path[:-1])))


@misconception(
    replaces="bigram_log_prob",
    says="the logarithms are mixed, not the probabilities",
    hint="If p₂ is 0 and p₁ is 1/4, what should half of each give?",
)
def interpolates_log_probs(corpus, sentence, k=1.0, bigram_weight=1.0):
    return add_up(corpus, sentence, k, bigram_weight, mix=mixed_logs)


@misconception(
    replaces="bigram_log_prob",
    says="bigram_weight is given to the unigrams",
    hint="What is left of the bigrams when their weight is 0?",
)
def weight_swapped(corpus, sentence, k=1.0, bigram_weight=1.0):
    refuse_model(corpus, sentence, k, bigram_weight)
    return add_up(corpus, sentence, k, 1 - bigram_weight)


@misconception(
    replaces="bigram_log_prob",
    says="`<unk>` is not counted in the vocabulary although it can be predicted",
    hint="Sum p₂ over all words that can come next, `<unk>` among them. What is it over one?",
)
def unknown_not_in_vocabulary(corpus, sentence, k=1.0, bigram_weight=1.0):
    return add_up(corpus, sentence, k, bigram_weight, unknown=END)


@misconception(
    replaces="bigram_log_prob",
    says="`<s>` counts as a token in the unigrams although it is never predicted",
    hint="Sum p₁ over the vocabulary. Which token has taken the rest?",
)
def start_counted_in_unigrams(corpus, sentence, k=1.0, bigram_weight=1.0):
    return add_up(corpus, sentence, k, bigram_weight, start_counted=True)


@misconception(
    replaces="bigram_log_prob",
    says="k is added to the counts but not, once for each word of the vocabulary, to the total",
    hint="Each of the |V| counts grew by k. By how much did their sum grow?",
)
def smoothing_not_in_total(corpus, sentence, k=1.0, bigram_weight=1.0):
    refuse_model(corpus, sentence, k, bigram_weight)
    return add_up(corpus, sentence, k, bigram_weight, total_smoothed=False)


@misconception(
    replaces="bigram_log_prob",
    says="the probabilities are multiplied before the logarithm, so that long sentences underflow",
    hint="How small is 0.1 to the power of 400 as a float?",
)
def product_underflows(corpus, sentence, k=1.0, bigram_weight=1.0):
    refuse_model(corpus, sentence, k, bigram_weight)
    factors = []
    add_up(
        corpus,
        sentence,
        k,
        bigram_weight,
        mix=lambda weight, second, first: (
            factors.append(weight * second + (1 - weight) * first) or 0.0
        ),
    )
    return log_of(math.prod(factors))
