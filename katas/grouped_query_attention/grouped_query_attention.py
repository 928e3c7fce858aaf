"""Grouped-query attention: fewer key-value heads. The question is in README.md."""

from jaxtyping import Bool, Float
from torch import Tensor


def grouped_query_attention(
    query: Float[Tensor, "batch heads queries d"],
    key: Float[Tensor, "batch kv_heads keys d"],
    value: Float[Tensor, "batch kv_heads keys d_v"],
    mask: Bool[Tensor, "... queries keys"] | None = None,
) -> Float[Tensor, "batch heads queries d_v"]:
    """Attend with kv heads that neighbouring query heads share.

    `mask` is `[queries keys]` or `[batch|1 heads|1 queries keys]`, True where a query may attend.
    A query that may attend nowhere gets zeros.

    Raises:
        ValueError: if kv_heads does not divide heads, key and value differ in heads or keys, or
            query and key in d.
    """
    raise NotImplementedError


def merge_kv_heads(
    weight: Float[Tensor, "heads*head_dim d_model"], heads: int, kv_heads: int
) -> Float[Tensor, "kv_heads*head_dim d_model"]:
    """Turn a multi-head key or value projection into a grouped one (Ainslie et al., 2023).

    Raises:
        ValueError: if `heads` does not divide the rows, or `kv_heads` does not divide `heads`.
    """
    raise NotImplementedError


def attention_costs(
    d_model: int,
    heads: int,
    kv_heads: int,
    layers: int,
    tokens: int,
    bytes_per_value: int = 2,
) -> dict[str, int | float]:
    """Count what the attention of all layers costs when one token is decoded.

    Returns:
        `parameters` of the four projections, without biases; `kv_bytes`, the cache of one sequence
        of `tokens` tokens; `decode_flops` of the scores and the weighted sums when one query a head
        attends to `tokens` keys; `intensity`, FLOPs a byte of the cache, a float. Exactly these.

    Raises:
        ValueError: if `heads` does not divide d_model, `kv_heads` does not divide `heads`, or an
            argument is below 1.
    """
    raise NotImplementedError
