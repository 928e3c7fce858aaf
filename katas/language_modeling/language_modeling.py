"""Language modelling: loss, perplexity, bits per byte, bigrams. The question is in README.md."""

from collections.abc import Callable

from jaxtyping import Float, Int
from torch import Tensor


def next_token_loss(
    logits: Float[Tensor, "batch tokens vocab"],
    labels: Int[Tensor, "batch tokens"],
    ignore_index: int = -100,
) -> Float[Tensor, ""]:
    """Return the mean of −ln p over all predicted positions whose label is not `ignore_index`.

    `labels` come unshifted: the logits at position t predict `labels[:, t + 1]`, so the first
    labels and the last logits are never looked at. Where no position is left, the loss is 0.0 and
    so are its gradients. Logits may be as large as ±1e4.

    Raises:
        ValueError: if the first two sizes of `logits` are not the shape of `labels`, or a label
            after the first is neither `ignore_index` nor in 0 … vocab − 1.
    """
    raise NotImplementedError


def sliding_perplexity(
    tokens: list[int], score: Callable[[list[int]], list[float]], window: int, stride: int
) -> float:
    """Return the perplexity of a text that may be longer than the model's window.

    `score(segment)` returns len(segment) − 1 values, the i-th of them
    ln p(segment[i + 1] | segment[: i + 1]). It is called once a window, from left to right.

    Raises:
        ValueError: unless 1 ≤ `stride` < `window`, or if there are fewer than two tokens.
    """
    raise NotImplementedError


def bits_per_byte(log_probs: list[list[float]], texts: list[str]) -> float:
    """Return the bits that a model spends on each UTF-8 byte of a corpus.

    `log_probs` holds, for each text, the natural logarithms of its tokens' probabilities.

    Raises:
        ValueError: if the lists differ in length, or the texts hold no byte.
    """
    raise NotImplementedError


def bigram_log_prob(
    corpus: list[list[str]], sentence: list[str], k: float = 1.0, bigram_weight: float = 1.0
) -> float:
    """Return ln p of a sentence, its end included, under a smoothed bigram model of `corpus`.

    The sentence and the sentences of the corpus are words without `<s>` and `</s>`; they may be
    empty, and may hold `<unk>`. A probability of zero gives −inf.

    Raises:
        ValueError: if the corpus has no sentence, `k` is negative, `bigram_weight` is outside
            [0, 1], or `<s>` or `</s>` occurs as a word.
    """
    raise NotImplementedError
