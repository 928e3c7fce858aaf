"""Scaled dot-product and multi-head attention: the reference."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def scaled_dot_product_attention(
    query: Float[Tensor, "... queries d_k"],
    key: Float[Tensor, "... keys d_k"],
    value: Float[Tensor, "... keys d_v"],
    mask: Bool[Tensor, "... queries keys"] | None = None,
) -> Float[Tensor, "... queries d_v"]:
    """Attend from each query to all keys (Vaswani et al., 2017, eq. 1).

    >>> key = value = torch.eye(2)
    >>> scaled_dot_product_attention(torch.zeros(1, 2), key, value)
    tensor([[0.5000, 0.5000]])
    """
    d_k = query.shape[-1]
    if key.shape[-1] != d_k:
        raise ValueError(f"query has d_k = {d_k}, but key has {key.shape[-1]}")
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(f"key has {key.shape[-2]} keys, but value has {value.shape[-2]}")

    scores = query @ key.transpose(-2, -1) / math.sqrt(d_k)
    if mask is None:
        return torch.softmax(scores, dim=-1) @ value
    # The lowest finite number: the softmax of a row that holds only −inf would be NaN …
    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    # … while that of a row that holds only this number is uniform, and has to become zeros.
    weights = torch.softmax(scores, dim=-1).masked_fill(~mask, 0.0)
    return weights @ value


def causal_mask(queries: int, keys: int) -> Bool[Tensor, "queries keys"]:
    """Return True where a query may attend, the last query being the one that sees every key.

    >>> causal_mask(2, 3)
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """
    if not 0 <= queries <= keys:
        raise ValueError(f"0 <= queries <= keys is needed, got queries={queries}, keys={keys}")
    query, key = torch.arange(queries), torch.arange(keys)
    return key <= query[:, None] + keys - queries


def multi_head_attention(
    x: Float[Tensor, "batch tokens d_model"],
    w_q: Float[Tensor, "d_model d_model"],
    w_k: Float[Tensor, "d_model d_model"],
    w_v: Float[Tensor, "d_model d_model"],
    w_o: Float[Tensor, "d_model d_model"],
    heads: int,
    mask: Bool[Tensor, "... tokens tokens"] | None = None,
) -> Float[Tensor, "batch tokens d_model"]:
    """Attend from every token to every token in `heads` subspaces, and mix them with `w_o`.

    >>> identity = torch.eye(4)
    >>> x = torch.arange(8.0).view(1, 2, 4)
    >>> multi_head_attention(x, torch.zeros(4, 4), identity, identity, identity, heads=2)
    tensor([[[2., 3., 4., 5.],
             [2., 3., 4., 5.]]])
    """
    d_model = x.shape[-1]
    if d_model % heads:
        raise ValueError(f"heads = {heads} does not divide d_model = {d_model}")
    query, key, value = (split_heads(x @ weight.T, heads) for weight in (w_q, w_k, w_v))
    return join_heads(scaled_dot_product_attention(query, key, value, mask)) @ w_o.T


def split_heads(
    x: Float[Tensor, "batch tokens d_model"], heads: int
) -> Float[Tensor, "batch heads tokens head_dim"]:
    """Cut the columns into heads, and put the heads before the tokens."""
    batch, tokens, d_model = x.shape
    return x.reshape(batch, tokens, heads, d_model // heads).transpose(1, 2)


def join_heads(
    x: Float[Tensor, "batch heads tokens head_dim"],
) -> Float[Tensor, "batch tokens d_model"]:
    """Put the heads side by side again, as columns."""
    return x.transpose(1, 2).flatten(start_dim=2)
