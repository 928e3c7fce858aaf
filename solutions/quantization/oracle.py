"""PyTorch's fake quantisation: what comes back after quantising, at a given scale."""

import torch

from solutions.quantization.quantization import quantize_affine as affine
from solutions.quantization.quantization import quantize_symmetric as symmetric


def fake_quantized(x, scale, zero_point, axis, lowest, highest):
    if axis is None:
        return torch.fake_quantize_per_tensor_affine(
            x, scale, zero_point.to(torch.int32), lowest, highest
        )
    channels = scale.reshape(-1), zero_point.reshape(-1).to(torch.int32)
    return torch.fake_quantize_per_channel_affine(x, *channels, axis % x.ndim, lowest, highest)


def quantize_symmetric(x, bits=8, axis=None):
    _, scale = symmetric(x, bits, axis)
    q_max = 2 ** (bits - 1) - 1
    back = fake_quantized(x, scale, torch.zeros_like(scale), axis, -q_max, q_max)
    return torch.round(back / scale).to(torch.int8), scale


def quantize_affine(x, bits=8, axis=None):
    _, scale, zero_point = affine(x, bits, axis)
    back = fake_quantized(x, scale, zero_point, axis, 0, 2**bits - 1)
    return (torch.round(back / scale) + zero_point).to(torch.uint8), scale, zero_point
