"""Scaled dot-product and multi-head attention. The question is in README.md."""

from jaxtyping import Bool, Float
from torch import Tensor


def scaled_dot_product_attention(
    query: Float[Tensor, "... queries d_k"],
    key: Float[Tensor, "... keys d_k"],
    value: Float[Tensor, "... keys d_v"],
    mask: Bool[Tensor, "... queries keys"] | None = None,
) -> Float[Tensor, "... queries d_v"]:
    """Attend from each query to all keys (Vaswani et al., 2017, eq. 1).

    Leading dimensions broadcast, and so does `mask` to the scores. `mask` is True where a query
    may attend. A query that may attend nowhere gets zeros, and finite gradients.

    Raises:
        ValueError: if query and key differ in d_k, or key and value in their number of keys.
    """
    raise NotImplementedError


def causal_mask(queries: int, keys: int) -> Bool[Tensor, "queries keys"]:
    """Return True where a query may attend, the last query being the one that sees every key.

    Raises:
        ValueError: if either number is negative, or there are more queries than keys.
    """
    raise NotImplementedError


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

    Weights are as in `torch.nn.Linear`, without bias. Head h is the h-th contiguous slice of the
    columns of a projection. `mask` is `[tokens tokens]` or `[batch|1 heads|1 tokens tokens]`;
    without one every token sees all.

    Raises:
        ValueError: if `heads` does not divide d_model.
    """
    raise NotImplementedError
