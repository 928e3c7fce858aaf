"""A pre-norm decoder block, its norms and its costs. The question is in README.md."""

from jaxtyping import Float
from torch import Tensor


def layer_norm(
    x: Float[Tensor, "... d"],
    weight: Float[Tensor, "d"],
    bias: Float[Tensor, "d"],
    eps: float = 1e-5,
) -> Float[Tensor, "... d"]:
    """Normalise the last axis to mean 0 and variance 1, then scale and shift (Ba et al., 2016).

    The variance is divided by d; `eps` is added to it under the root.
    """
    raise NotImplementedError


def rms_norm(
    x: Float[Tensor, "... d"], weight: Float[Tensor, "d"], eps: float = 1e-6
) -> Float[Tensor, "... d"]:
    """Divide by the root mean square of the last axis, then scale (Zhang and Sennrich, 2019).

    x may be float32, float16 or bfloat16, and `weight` has its dtype. The mean square is taken in
    float32 or finer, since squares of float16 overflow from 256 on; the result has x's dtype.
    """
    raise NotImplementedError


def transformer_block(
    x: Float[Tensor, "batch tokens d_model"],
    weights: dict[str, Tensor],
    heads: int,
    eps: float = 1e-6,
) -> Float[Tensor, "batch tokens d_model"]:
    """Apply a pre-norm decoder block: causal attention, then a SwiGLU feed-forward network.

    No positions, no biases, no dropout. Both norms are RMSNorm with `eps`. `weights` holds

        attn_norm, ffn_norm     [d_model]
        w_q, w_k, w_v, w_o      [d_model d_model]
        w_gate, w_up            [d_ff d_model]
        w_down                  [d_model d_ff]

    Raises:
        ValueError: if `heads` does not divide d_model.
    """
    raise NotImplementedError


def transformer_costs(
    layers: int,
    d_model: int,
    heads: int,
    kv_heads: int,
    d_ff: int,
    vocab: int,
    tokens: int,
    tied: bool = True,
) -> dict[str, int]:
    """Count parameters and FLOPs of a decoder of such blocks with kv_heads key-value heads.

    `tied`: the output projection is the token embedding. A multiply-add is 2 FLOPs, scores are
    counted over the full square, and all but matrix products costs nothing.

    Returns:
        `embedding_parameters`; `layer_parameters`, those of one layer; `parameters`, those of all;
        `forward_flops`, of one sequence of `tokens` tokens; `training_flops`. Exactly these, ints.

    Raises:
        ValueError: if `heads` does not divide d_model, `kv_heads` does not divide `heads`, or a
            size is below 1.
    """
    raise NotImplementedError
