"""FlashAttention: exact attention in tiles. The question is in README.md."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

State = tuple[Float[Tensor, "rows"], Float[Tensor, "rows"], Float[Tensor, "rows d_v"]]


def online_step(
    state: State | None,
    scores: Float[Tensor, "rows block"],
    value: Float[Tensor, "block d_v"],
) -> State:
    """Take one more block of keys into an online softmax (Milakov and Gimelshein, 2018).

    The state is (m, l, a) over all scores s so far: m their maximum, l = Σ exp(s − m), and
    a = Σ exp(s − m) · v, not divided by l. None is the state before the first block.

    `scores` are scaled, and −inf where masked. A row that has only seen −inf has m = −inf, l = 0
    and a = 0, and recovers when finite scores come.
    """
    raise NotImplementedError


def flash_attention(
    query: Float[Tensor, "queries d"],
    load: Callable[[int, int], tuple[Float[Tensor, "block d"], Float[Tensor, "block d_v"]]],
    keys: int,
    block_q: int,
    block_k: int,
    causal: bool = False,
) -> tuple[Float[Tensor, "queries d_v"], Float[Tensor, "queries"]]:
    """Return the output of attention and its lse, reading keys and values a block at a time.

    `load(start, stop)` gives rows start … stop − 1 of keys and values, at most `block_k` of them.
    For each block of `block_q` queries, in ascending order, it is called once for each block of
    keys, in ascending order; causal, not for blocks that no query of the block sees. Causal means
    that the last query sees every key. lse is the log of the sum of the exponentials of the scores.

    Raises:
        ValueError: if `keys`, `block_q` or `block_k` is below 1, or causal and there are more
            queries than keys.
    """
    raise NotImplementedError


def merge_partials(
    outputs: Float[Tensor, "parts ... d_v"], lses: Float[Tensor, "parts ..."]
) -> tuple[Float[Tensor, "... d_v"], Float[Tensor, "..."]]:
    """Join attention of the same queries over disjoint sets of keys: output and lse.

    A part with lse −inf saw no keys, and its output is ignored, even NaN. Where no part saw any,
    the output is 0 and the lse −inf.

    Raises:
        ValueError: if there is no part, or the shapes disagree.
    """
    raise NotImplementedError


def flash_backward(
    query: Float[Tensor, "queries d"],
    key: Float[Tensor, "keys d"],
    value: Float[Tensor, "keys d_v"],
    output: Float[Tensor, "queries d_v"],
    lse: Float[Tensor, "queries"],
    grad_output: Float[Tensor, "queries d_v"],
    block_k: int,
    causal: bool = False,
) -> tuple[Float[Tensor, "queries d"], Float[Tensor, "keys d"], Float[Tensor, "keys d_v"]]:
    """Return the gradients of query, key and value, from `output` and `lse` of the forward pass.

    Works on `block_k` keys at a time. Causal means that the last query sees every key.

    Raises:
        ValueError: if `block_k` is below 1, or causal and there are more queries than keys.
    """
    raise NotImplementedError
