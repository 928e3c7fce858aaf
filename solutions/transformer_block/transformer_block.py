"""A pre-norm decoder block, its norms and its costs: the reference."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def layer_norm(
    x: Float[Tensor, "... d"],
    weight: Float[Tensor, "d"],
    bias: Float[Tensor, "d"],
    eps: float = 1e-5,
) -> Float[Tensor, "... d"]:
    """Normalise the last axis to mean 0 and variance 1, then scale and shift (Ba et al., 2016).

    >>> layer_norm(torch.tensor([1.0, 3.0]), torch.ones(2), torch.zeros(2), eps=0.0)
    tensor([-1.,  1.])
    """
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    return centred / torch.sqrt(variance + eps) * weight + bias


def rms_norm(
    x: Float[Tensor, "... d"], weight: Float[Tensor, "d"], eps: float = 1e-6
) -> Float[Tensor, "... d"]:
    """Divide by the root mean square of the last axis, then scale (Zhang and Sennrich, 2019).

    >>> rms_norm(torch.tensor([1.0, 7.0]), torch.ones(2), eps=0.0)
    tensor([0.2000, 1.4000])
    """
    # float16 ends at 65504, so the square of 256 is infinite; bfloat16 has 8 bits to sum with.
    wide = x.float()
    mean_square = wide.square().mean(dim=-1, keepdim=True)
    return (wide / torch.sqrt(mean_square + eps)).to(x.dtype) * weight


def transformer_block(
    x: Float[Tensor, "batch tokens d_model"],
    weights: dict[str, Tensor],
    heads: int,
    eps: float = 1e-6,
) -> Float[Tensor, "batch tokens d_model"]:
    """Apply a pre-norm decoder block: causal attention, then a SwiGLU feed-forward network.

    With nothing written back by either sublayer, the block is its residual stream:

    >>> names = ("w_q", "w_k", "w_v", "w_o", "w_gate", "w_up", "w_down")
    >>> weights = {name: torch.zeros(2, 2) for name in names}
    >>> weights |= {"attn_norm": torch.ones(2), "ffn_norm": torch.ones(2)}
    >>> transformer_block(torch.tensor([[[1.0, 2.0]]]), weights, heads=1)
    tensor([[[1., 2.]]])
    """
    if x.shape[-1] % heads:
        raise ValueError(f"heads = {heads} does not divide d_model = {x.shape[-1]}")
    # Each sublayer reads a normed copy and adds to the stream, which itself is never normed.
    hidden = x + causal_attention(rms_norm(x, weights["attn_norm"], eps), weights, heads)
    return hidden + swiglu(rms_norm(hidden, weights["ffn_norm"], eps), weights)


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

    >>> costs = transformer_costs(1, d_model=2, heads=1, kv_heads=1, d_ff=3, vocab=5, tokens=4)
    >>> costs["layer_parameters"], costs["parameters"], costs["forward_flops"]
    (38, 50, 480)
    """
    if min(layers, d_model, heads, kv_heads, d_ff, vocab, tokens) < 1:
        raise ValueError("every size is at least 1")
    if d_model % heads:
        raise ValueError(f"heads = {heads} does not divide d_model = {d_model}")
    if heads % kv_heads:
        raise ValueError(f"{kv_heads} kv heads do not divide {heads} heads")

    head_dim = d_model // heads
    attention = 2 * d_model**2 + 2 * d_model * kv_heads * head_dim
    feed_forward = 3 * d_model * d_ff
    norms = 2 * d_model
    layer = attention + feed_forward + norms
    embedding = vocab * d_model if tied else 2 * vocab * d_model

    # The product with the vocabulary is done whether its weights are tied or not; looking an
    # embedding up is none, and so is a norm.
    multiplied = layers * (layer - norms) + vocab * d_model
    # Queries with keys and weights with values: 2 · 2 · tokens² · d_model.
    scores = 4 * layers * tokens**2 * d_model
    forward = 2 * tokens * multiplied + scores
    return {
        "embedding_parameters": embedding,
        "layer_parameters": layer,
        "parameters": layers * layer + embedding + d_model,
        "forward_flops": forward,
        # Backward: one product for the gradient of the input, one for that of the weight.
        "training_flops": 3 * forward,
    }


def causal_attention(
    x: Float[Tensor, "batch tokens d_model"], weights: dict[str, Tensor], heads: int
) -> Float[Tensor, "batch tokens d_model"]:
    """Attend with several heads to the tokens so far, and project with w_o."""
    query, key, value = (
        (x @ weights[name].T).unflatten(-1, (heads, -1)).transpose(1, 2)
        for name in ("w_q", "w_k", "w_v")
    )
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    tokens = x.shape[1]
    hidden = torch.ones(tokens, tokens, dtype=torch.bool).triu(diagonal=1)
    probabilities = torch.softmax(scores.masked_fill(hidden, -math.inf), dim=-1)
    return (probabilities @ value).transpose(1, 2).flatten(2) @ weights["w_o"].T


def swiglu(
    x: Float[Tensor, "batch tokens d_model"], weights: dict[str, Tensor]
) -> Float[Tensor, "batch tokens d_model"]:
    """Apply the gated feed-forward network to each token by itself (Shazeer, 2020)."""
    gate = x @ weights["w_gate"].T
    return (gate * torch.sigmoid(gate) * (x @ weights["w_up"].T)) @ weights["w_down"].T
