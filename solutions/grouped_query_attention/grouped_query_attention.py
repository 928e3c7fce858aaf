"""Grouped-query attention: fewer key-value heads: the reference."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def grouped_query_attention(
    query: Float[Tensor, "batch heads queries d"],
    key: Float[Tensor, "batch kv_heads keys d"],
    value: Float[Tensor, "batch kv_heads keys d_v"],
    mask: Bool[Tensor, "... queries keys"] | None = None,
) -> Float[Tensor, "batch heads queries d_v"]:
    """Attend with kv heads that neighbouring query heads share.

    >>> query = torch.zeros(1, 4, 1, 1)
    >>> value = torch.tensor([1.0, 2.0]).view(1, 2, 1, 1)
    >>> grouped_query_attention(query, value, value).flatten()
    tensor([1., 1., 2., 2.])
    """
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads:
        raise ValueError(f"{kv_heads} kv heads do not divide {heads} heads")
    if key.shape[1:3] != value.shape[1:3]:
        raise ValueError(
            f"key has {kv_heads} heads and {key.shape[2]} keys, "
            f"but value has {value.shape[1]} and {value.shape[2]}"
        )
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(f"query has d = {query.shape[-1]}, but key has {key.shape[-1]}")

    # The query heads are split into [kv_heads, group]; the key and value broadcast over the group.
    # A repeat_interleave would be right too, but copies what sharing is meant to keep small.
    grouped = query.unflatten(1, (kv_heads, heads // kv_heads))
    scores = grouped @ key.unsqueeze(2).mT / math.sqrt(query.shape[-1])
    scores = scores.flatten(1, 2)
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        # A row that may attend nowhere is uniform until here, and has to become zeros.
        weights = weights.masked_fill(~mask, 0.0)
    grouped_weights = weights.unflatten(1, (kv_heads, heads // kv_heads))
    return (grouped_weights @ value.unsqueeze(2)).flatten(1, 2)


def merge_kv_heads(
    weight: Float[Tensor, "heads*head_dim d_model"], heads: int, kv_heads: int
) -> Float[Tensor, "kv_heads*head_dim d_model"]:
    """Turn a multi-head key or value projection into a grouped one (Ainslie et al., 2023).

    >>> merge_kv_heads(torch.tensor([[1.0], [3.0], [10.0], [30.0]]), heads=4, kv_heads=2)
    tensor([[ 2.],
            [20.]])
    """
    rows, d_model = weight.shape
    if rows % heads:
        raise ValueError(f"heads = {heads} does not divide the {rows} rows of the weight")
    if heads % kv_heads:
        raise ValueError(f"{kv_heads} kv heads do not divide {heads} heads")
    by_head = weight.reshape(kv_heads, heads // kv_heads, rows // heads, d_model)
    return by_head.mean(dim=1).flatten(0, 1)


def attention_costs(
    d_model: int,
    heads: int,
    kv_heads: int,
    layers: int,
    tokens: int,
    bytes_per_value: int = 2,
) -> dict[str, int | float]:
    """Count what the attention of all layers costs when one token is decoded.

    >>> attention_costs(d_model=8, heads=4, kv_heads=2, layers=1, tokens=10)
    {'parameters': 192, 'kv_bytes': 160, 'decode_flops': 320, 'intensity': 2.0}
    """
    if min(d_model, heads, kv_heads, layers, tokens, bytes_per_value) < 1:
        raise ValueError("every argument is at least 1")
    if d_model % heads:
        raise ValueError(f"heads = {heads} does not divide d_model = {d_model}")
    if heads % kv_heads:
        raise ValueError(f"{kv_heads} kv heads do not divide {heads} heads")

    head_dim = d_model // heads
    query_and_output = 2 * d_model * heads * head_dim
    key_and_value = 2 * d_model * kv_heads * head_dim
    kv_bytes = 2 * layers * kv_heads * head_dim * tokens * bytes_per_value
    # A query and a key: head_dim multiply-adds; a weight and a value: the same again.
    decode_flops = 4 * layers * heads * head_dim * tokens
    return {
        "parameters": layers * (query_and_output + key_and_value),
        "kv_bytes": kv_bytes,
        "decode_flops": decode_flops,
        "intensity": decode_flops / kv_bytes,
    }
