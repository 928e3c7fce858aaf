"""Language modelling: loss, perplexity, bits per byte, bigrams: the reference."""

import math
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor

START, END, UNKNOWN = "<s>", "</s>", "<unk>"


def next_token_loss(
    logits: Float[Tensor, "batch tokens vocab"],
    labels: Int[Tensor, "batch tokens"],
    ignore_index: int = -100,
) -> Float[Tensor, ""]:
    """Return the mean of −ln p over all predicted positions whose label is not `ignore_index`.

    >>> next_token_loss(torch.zeros(1, 3, 4), torch.tensor([[0, 1, 2]]))  # ln 4
    tensor(1.3863)
    """
    if logits.shape[:2] != labels.shape:
        raise ValueError(f"logits are {tuple(logits.shape)}, but labels {tuple(labels.shape)}")
    targets = labels[:, 1:]
    counted = targets != ignore_index
    targets = targets[counted]
    if ((targets < 0) | (targets >= logits.shape[-1])).any():
        raise ValueError(f"labels holds an id outside 0 … {logits.shape[-1] - 1}")

    # All positions of the batch in one list, so that each weighs the same in the mean.
    log_probs = torch.log_softmax(logits[:, :-1][counted], dim=-1)
    losses = -log_probs.gather(-1, targets[:, None])
    # The sum over no position is 0 and has gradients, its mean would be 0/0.
    return losses.sum() / max(len(losses), 1)


def sliding_perplexity(
    tokens: list[int], score: Callable[[list[int]], list[float]], window: int, stride: int
) -> float:
    """Return exp of the mean loss, each token predicted in the first window that can.

    >>> sliding_perplexity([5, 6, 7], lambda segment: [math.log(0.5)] * (len(segment) - 1), 2, 1)
    2.0
    """
    if not 1 <= stride < window:
        raise ValueError(f"1 <= stride < window is needed, got {stride} and {window}")
    if len(tokens) < 2:
        raise ValueError(f"tokens has {len(tokens)} token; the first that is predicted is the 2nd")
    total, done = 0.0, 1  # nothing predicts the first token
    for begin in range(0, len(tokens), stride):
        segment = tokens[begin : begin + window]
        end = begin + len(segment)
        # The first value is that of token begin + 1; those before `done` have been counted.
        total += sum(score(segment)[done - begin - 1 :])
        done = end
        if end == len(tokens):
            break
    return math.exp(-total / (len(tokens) - 1))


def bits_per_byte(log_probs: list[list[float]], texts: list[str]) -> float:
    """Return the bits that a model spends on each UTF-8 byte of a corpus.

    >>> bits_per_byte([[math.log(1 / 2), math.log(1 / 8)]], ["no"])  # 1 and 3 bits for two bytes
    2.0
    """
    if len(log_probs) != len(texts):
        raise ValueError(f"log_probs is of {len(log_probs)} texts, but there are {len(texts)}")
    size = sum(len(text.encode()) for text in texts)
    if size == 0:
        raise ValueError("texts holds no byte")
    nats = -sum(sum(of_text) for of_text in log_probs)
    return nats / math.log(2) / size


def bigram_log_prob(
    corpus: list[list[str]], sentence: list[str], k: float = 1.0, bigram_weight: float = 1.0
) -> float:
    """Return ln p of a sentence, its end included, under a smoothed bigram model of `corpus`.

    >>> math.exp(bigram_log_prob([["a"]], ["a"]))  # 2/4 · 2/4: V is a, </s> and <unk>
    0.25
    """
    refuse_model(corpus, sentence, k, bigram_weight)
    bigrams = Counter(pair for words in corpus for pair in pairwise([START, *words, END]))
    histories: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    for (history, word), count in bigrams.items():
        histories[history] += count
        predicted[word] += count
    # <s> stands at the front of every sentence, but nothing ever predicts it.
    vocabulary = {*predicted, UNKNOWN}

    def unigram(word: str) -> float:
        return (predicted[word] + k) / (predicted.total() + k * len(vocabulary))

    def bigram(history: str, word: str) -> float:
        if k == 0 and histories[history] == 0:
            return unigram(word)
        return (bigrams[history, word] + k) / (histories[history] + k * len(vocabulary))

    known = [word if word in vocabulary else UNKNOWN for word in sentence]
    total = 0.0
    for history, word in pairwise([START, *known, END]):
        # Probabilities are mixed, not their logarithms (Jelinek and Mercer, 1980).
        p = bigram_weight * bigram(history, word) + (1 - bigram_weight) * unigram(word)
        total += math.log(p) if p > 0 else -math.inf
    return total


def refuse_model(
    corpus: list[list[str]], sentence: list[str], k: float, bigram_weight: float
) -> None:
    """Raise where there is no model to be counted."""
    if not corpus:
        raise ValueError("corpus has no sentence")
    if k < 0:
        raise ValueError(f"k = {k} is negative")
    if not 0 <= bigram_weight <= 1:
        raise ValueError(f"bigram_weight = {bigram_weight} is outside [0, 1]")
    for words in [*corpus, sentence]:
        for marker in (START, END):
            if marker in words:
                raise ValueError(f"{marker} is a marker and cannot be a word of a sentence")
