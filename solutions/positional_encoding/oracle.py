"""RoPE by complex multiplication, and the slopes of Bloom, as independent implementations."""

import torch
from transformers.models.bloom.modeling_bloom import build_alibi_tensor


def apply_rope(x, positions, base=10000.0, scale=1.0):
    tokens, head_dim = x.shape[-2:]
    if head_dim % 2 or len(positions) != tokens or scale <= 0:
        raise ValueError("x, positions and scale do not fit together")
    exponents = torch.arange(head_dim // 2) * 2 / head_dim
    theta = torch.outer(positions / scale, 1 / base**exponents)
    turned = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2)) * torch.polar(
        torch.ones_like(theta), theta
    )
    return torch.view_as_real(turned).reshape(x.shape)


def alibi_slopes(heads):
    if heads < 1:
        raise ValueError("heads is at least 1")
    bias = build_alibi_tensor(torch.ones(1, 2), heads, torch.float32)
    return torch.tensor(bias[:, 0, 1].tolist())
