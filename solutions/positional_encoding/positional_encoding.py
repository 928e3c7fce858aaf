"""Positional encodings: sinusoids, RoPE and ALiBi: the reference."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def sinusoidal_encoding(
    positions: Int[Tensor, "tokens"], d_model: int, base: float = 10000.0
) -> Float[Tensor, "tokens d_model"]:
    """Return the sines and cosines that are added to the embeddings (Vaswani et al., 2017, 3.5).

    >>> sinusoidal_encoding(torch.tensor([0, 1]), 4)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    if d_model < 2 or d_model % 2:
        raise ValueError(f"d_model is even and at least 2, got {d_model}")
    angles = positions[:, None] * frequencies(d_model, base)
    return interleave(torch.sin(angles), torch.cos(angles)).float()


def apply_rope(
    x: Float[Tensor, "... tokens head_dim"],
    positions: Int[Tensor, "tokens"],
    base: float = 10000.0,
    scale: float = 1.0,
) -> Float[Tensor, "... tokens head_dim"]:
    """Rotate neighbouring dimensions by an angle that grows with position (Su et al., 2021).

    >>> apply_rope(torch.tensor([[1.0, 0.0, 1.0, 0.0]]), torch.tensor([1]))
    tensor([[0.5403, 0.8415, 0.9999, 0.0100]])
    """
    tokens, head_dim = x.shape[-2:]
    if head_dim % 2:
        raise ValueError(f"head_dim is even, got {head_dim}")
    # One position would broadcast over all tokens, and one token over all positions.
    if positions.shape != (tokens,):
        raise ValueError(f"x has {tokens} tokens, but positions has shape {list(positions.shape)}")
    if scale <= 0:
        raise ValueError(f"scale is positive, got {scale}")

    angles = positions[:, None] / scale * frequencies(head_dim, base)
    cos, sin = torch.cos(angles).to(x.dtype), torch.sin(angles).to(x.dtype)
    first, second = x[..., 0::2], x[..., 1::2]
    return interleave(first * cos - second * sin, first * sin + second * cos)


def frequencies(size: int, base: float) -> Float[Tensor, "pairs"]:
    """Return how far each pair of dimensions turns from one position to the next.

    In float64: an angle of 2000 in float32 is off by up to 1e-4.
    """
    return base ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)


def interleave(
    first: Float[Tensor, "... pairs"], second: Float[Tensor, "... pairs"]
) -> Float[Tensor, "... 2*pairs"]:
    """Put the columns of two tensors side by side, by turns."""
    return torch.stack([first, second], dim=-1).flatten(start_dim=-2)


def alibi_slopes(heads: int) -> Float[Tensor, "heads"]:
    """Return how fast the penalty of each head grows with distance (Press et al., 2021).

    >>> alibi_slopes(3)
    tensor([0.0625, 0.0039, 0.2500])
    """
    if heads < 1:
        raise ValueError(f"heads is at least 1, got {heads}")
    power = 2 ** (heads.bit_length() - 1)  # the largest power of two that is not above heads
    # Every second slope of twice as many heads falls between those that are there already.
    between = geometric_slopes(2 * power)[0::2]
    return torch.cat([geometric_slopes(power), between[: heads - power]])


def geometric_slopes(heads: int) -> Float[Tensor, "heads"]:
    """Return the slopes for a power of two, from 2^(−8/heads) down to 2^(−8)."""
    return 2.0 ** (-8 * torch.arange(1, heads + 1) / heads)


def alibi_bias(heads: int, queries: int, keys: int) -> Float[Tensor, "heads queries keys"]:
    """Return what is added to scaled scores: a penalty by distance, −inf where a key is later.

    >>> 256 * alibi_bias(1, 2, 3)
    tensor([[[-1., -0., -inf],
             [-2., -1., -0.]]])
    """
    if not 0 <= queries <= keys:
        raise ValueError(f"0 <= queries <= keys is needed, got queries={queries}, keys={keys}")
    slopes = alibi_slopes(heads)[:, None, None]
    # The first query stands behind the keys that were there before it.
    query, key = torch.arange(keys - queries, keys), torch.arange(keys)
    distance = query[:, None] - key
    return (-slopes * distance).masked_fill(distance < 0, -math.inf)
