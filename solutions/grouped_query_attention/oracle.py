"""PyTorch's own attention with grouped heads, as an independent implementation."""

from torch.nn import functional


def grouped_query_attention(query, key, value, mask=None):
    if query.shape[1] % key.shape[1] or key.shape[:3] != value.shape[:3]:
        # Its own checks are a RuntimeError.
        raise ValueError("heads or keys do not fit together")
    if query.shape[-1] != key.shape[-1]:
        raise ValueError("query and key differ in d")
    return functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, enable_gqa=True
    )
