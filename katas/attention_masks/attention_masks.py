"""Attention masks, entropy and supervision. The question is in README.md."""

from collections.abc import Sequence

from jaxtyping import Bool, Float
from torch import Tensor


def attention_mask(
    real: Bool[Tensor, "batch tokens"],
    causal: bool = True,
    window: int | None = None,
    sinks: int = 0,
    global_tokens: Sequence[int] = (),
) -> Bool[Tensor, "batch tokens tokens"]:
    """Return True where a query may attend to a key.

    `real` is False for padding, which may stand anywhere. A window counts the token itself. Sinks
    are the first real tokens of each row, global tokens are columns. Causality binds them all.

    Raises:
        ValueError: if window < 1, sinks < 0, or a global token is outside 0 … tokens − 1.
    """
    raise NotImplementedError


def attention_entropy(
    weights: Float[Tensor, "... queries keys"],
    mask: Bool[Tensor, "... queries keys"] | None = None,
) -> Float[Tensor, "... queries"]:
    """Return the entropy of each row, divided by the log of the number of its allowed keys.

    `weights` is 0 where `mask` is False; `mask` broadcasts, without one all keys are allowed. A
    query with fewer than two allowed keys gets 0. Gradients are finite where a weight is 0.
    """
    raise NotImplementedError


def attention_supervision_loss(
    scores: Float[Tensor, "... queries keys"],
    target: Float[Tensor, "... queries keys"],
    mask: Bool[Tensor, "... queries keys"] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean KL divergence of the attention from `target`, over rows with a target.

    `mask` broadcasts to the scores. Target weight on forbidden keys is dropped, then each row is
    divided by its sum; a row without any does not count. When none counts the loss and its
    gradients are 0.

    Raises:
        ValueError: if scores and target differ in shape, or a target is negative.
    """
    raise NotImplementedError
