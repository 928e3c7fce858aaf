"""Attention masks, entropy and supervision: the reference."""

from collections.abc import Sequence

import torch
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

    >>> attention_mask(torch.tensor([[False, True, True, True]]), window=1, sinks=1).int()
    tensor([[[0, 0, 0, 0],
             [0, 1, 0, 0],
             [0, 1, 1, 0],
             [0, 1, 0, 1]]], dtype=torch.int32)
    """
    tokens = real.shape[1]
    if window is not None and window < 1:
        raise ValueError(f"window is at least 1, got {window}")
    if sinks < 0:
        raise ValueError(f"sinks is at least 0, got {sinks}")
    for token in global_tokens:
        if not 0 <= token < tokens:
            raise ValueError(f"global_tokens holds {token}, but there are {tokens} tokens")

    query, key = torch.arange(tokens)[:, None], torch.arange(tokens)
    # What opens a pair, each [queries keys] or broadcast to it.
    near = torch.ones(tokens, tokens, dtype=torch.bool)
    if window is not None:
        near = (query - key).abs() < window
    is_global = torch.tensor([column in global_tokens for column in range(tokens)])
    # Padding behind a sink has its number too; it is closed below.
    is_sink = real.cumsum(dim=1) <= sinks
    opened = near | is_global[:, None] | is_global | is_sink[:, None, :]

    # What closes it again, whatever opened it.
    if causal:
        opened = opened & (key <= query)
    return opened & real[:, :, None] & real[:, None, :]


def attention_entropy(
    weights: Float[Tensor, "... queries keys"],
    mask: Bool[Tensor, "... queries keys"] | None = None,
) -> Float[Tensor, "... queries"]:
    """Return the entropy of each row, divided by the log of the number of its allowed keys.

    >>> attention_entropy(torch.tensor([[0.5, 0.25, 0.25, 0.0]]))
    tensor([0.7500])
    """
    allowed = torch.ones_like(weights) if mask is None else mask.expand_as(weights)
    keys = allowed.sum(dim=-1)
    # 1 ln 1 = 0 as well, and the derivative of ln at 1 is finite, that at 0 is not.
    positive = weights.masked_fill(weights == 0, 1.0)
    entropy = -(weights * positive.log()).sum(dim=-1)
    # A single key has weight 1 and entropy 0, no key has neither. Both are divided by ln 2, since a
    # 0/0 would come back in the gradients even if it were replaced here.
    return entropy / keys.clamp(min=2).log()


def attention_supervision_loss(
    scores: Float[Tensor, "... queries keys"],
    target: Float[Tensor, "... queries keys"],
    mask: Bool[Tensor, "... queries keys"] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean KL divergence of the attention from `target`, over rows with a target.

    >>> attention_supervision_loss(torch.zeros(2, 2), torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    tensor(0.6931)
    """
    if scores.shape != target.shape:
        raise ValueError(f"scores is {list(scores.shape)}, but target is {list(target.shape)}")
    if (target < 0).any():
        raise ValueError("target holds a negative weight")

    if mask is not None:
        target = target.masked_fill(~mask, 0.0)
        # The lowest finite number: 0 · −inf would be NaN where the target is 0.
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    total = target.sum(dim=-1, keepdim=True)
    counted = total > 0
    target = target / total.masked_fill(~counted, 1.0)
    # A row without a target is all zeros here, and so adds nothing.
    divergence = torch.xlogy(target, target) - target * torch.log_softmax(scores, dim=-1)
    return divergence.sum() / counted.sum().clamp(min=1)
