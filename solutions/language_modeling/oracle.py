"""PyTorch's own loss, and the other tasks by tables instead of running counts."""

import math

import numpy as np
import torch

from solutions.language_modeling import language_modeling as reference


def next_token_loss(logits, labels, ignore_index=-100):
    if logits.shape[:2] != labels.shape:
        raise ValueError("logits and labels do not fit together")
    targets = labels[:, 1:]
    valid = (targets == ignore_index) | ((targets >= 0) & (targets < logits.shape[-1]))
    if not valid.all():
        # Its own check is an IndexError.
        raise ValueError("a label is outside the vocabulary")
    if not (targets != ignore_index).any():
        # A mean over no position is NaN there.
        return reference.next_token_loss(logits, labels, ignore_index)
    return torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), targets.flatten(), ignore_index=ignore_index
    )


def sliding_perplexity(tokens, score, window, stride):
    """Write all predictions of a token into its column, and take the first of each."""
    if not 1 <= stride < window or len(tokens) < 2:
        raise ValueError("the windows or the tokens will not do")
    rows = []
    for begin in range(0, max(len(tokens) - window, 0) + stride, stride):
        row = np.full(len(tokens), np.nan)
        segment = tokens[begin : begin + window]
        row[begin + 1 : begin + len(segment)] = score(segment)
        rows.append(row)
    table = np.array(rows)[:, 1:]
    first = np.argmax(~np.isnan(table), axis=0)
    return float(np.exp(-table[first, np.arange(len(tokens) - 1)].mean()))


def bits_per_byte(log_probs, texts):
    if len(log_probs) != len(texts) or not any(texts):
        raise ValueError("the texts will not do")
    bits = [-value * math.log2(math.e) for of_text in log_probs for value in of_text]
    return math.fsum(bits) / len(b"".join(text.encode() for text in texts))


def bigram_log_prob(corpus, sentence, k=1.0, bigram_weight=1.0):
    """Count into a matrix whose rows are histories; its rows are checked to sum to one."""
    reference.refuse_model(corpus, sentence, k, bigram_weight)
    words = sorted({word for words in corpus for word in words} - {"<unk>"})
    place = {word: index for index, word in enumerate(["<s>", "</s>", "<unk>", *words])}
    counts = np.zeros((len(place), len(place)))
    for words in corpus:
        path = [0, *(place[word] for word in words), 1]
        np.add.at(counts, (path[:-1], path[1:]), 1)
    counts = counts[:, 1:]
    of_word = counts.sum(axis=0) + k
    first = of_word / of_word.sum()
    totals = counts.sum(axis=1, keepdims=True) + k * counts.shape[1]
    with np.errstate(invalid="ignore"):
        second = np.where(totals > 0, (counts + k) / totals, first)
    assert np.allclose(second.sum(axis=1), 1.0) and np.isclose(first.sum(), 1.0)
    mixed = bigram_weight * second + (1 - bigram_weight) * first
    path = [0, *(place.get(word, 2) for word in sentence), 1]
    with np.errstate(divide="ignore"):
        return float(np.log(mixed[path[:-1], np.array(path[1:]) - 1]).sum())
