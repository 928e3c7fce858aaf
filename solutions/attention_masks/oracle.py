"""Loops over the definition, SciPy's entropy of each row, and PyTorch's KL divergence."""

import math

import numpy as np
import torch
from scipy.stats import entropy
from torch.nn import functional

SKIPS = {
    "test_gradients_are_finite_where_a_weight_is_zero": "SciPy knows no gradients",
    "test_gradients_are_finite_where_too_few_keys_are_allowed": "SciPy knows no gradients",
}


def attention_mask(real, causal=True, window=None, sinks=0, global_tokens=()):
    batch, tokens = real.shape
    if (window is not None and window < 1) or sinks < 0:
        raise ValueError("window or sinks is too small")
    if any(token not in range(tokens) for token in global_tokens):
        raise ValueError("no such column")
    mask = torch.zeros(batch, tokens, tokens, dtype=torch.bool)
    for row in range(batch):
        first = [j for j in range(tokens) if real[row, j]][:sinks]
        for i in range(tokens):
            for j in range(tokens):
                opened = window is None or abs(i - j) < window or j in first
                opened = opened or i in global_tokens or j in global_tokens
                ordered = j <= i or not causal
                mask[row, i, j] = bool(real[row, i] and real[row, j] and ordered and opened)
    return mask


def attention_entropy(weights, mask=None):
    rows = weights.double().numpy().reshape(-1, weights.shape[-1])
    allowed = np.ones(weights.shape) if mask is None else mask.expand(weights.shape).numpy()
    counts = allowed.reshape(rows.shape).sum(axis=-1)
    values = [
        0.0 if count < 2 else entropy(row) / math.log(count)
        for row, count in zip(rows, counts, strict=True)
    ]
    return torch.tensor(values, dtype=weights.dtype).reshape(weights.shape[:-1])


def attention_supervision_loss(scores, target, mask=None):
    if scores.shape != target.shape or target.min() < 0:
        raise ValueError("no target for these scores")
    mask = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask
    mask = mask.expand(scores.shape)
    losses = []
    keys = scores.shape[-1]
    rows = zip(
        scores.reshape(-1, keys), target.reshape(-1, keys), mask.reshape(-1, keys), strict=True
    )
    for row, wanted, allowed in rows:
        if wanted[allowed].sum() > 0:
            share = wanted[allowed] / wanted[allowed].sum()
            attention = torch.log_softmax(row[allowed], dim=-1)
            losses.append(functional.kl_div(attention, share, reduction="sum"))
    return torch.stack(losses).mean() if losses else (scores * 0).sum()
