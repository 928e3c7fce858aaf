"""Autograd on the composed formulas, and torch's own checkpoint."""

import torch
from torch.utils.checkpoint import checkpoint as torch_checkpoint

SKIPS = {"test_only_the_inputs_are_kept": "autograd keeps the activations of a composed formula"}


class SwiGLU:
    @staticmethod
    def apply(x, w_gate, w_up):
        return torch.nn.functional.silu(x @ w_gate.T) * (x @ w_up.T)


class StraightThroughQuantize:
    @staticmethod
    def apply(x, scale, bits):
        r = x / scale
        q = torch.clamp(torch.round(r), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        inside = (r >= -(2 ** (bits - 1))) & (r <= 2 ** (bits - 1) - 1)
        return torch.where(inside, r + (q - r).detach(), q.detach()) * scale


def checkpoint(function, x):
    return torch_checkpoint(function, x, use_reentrant=False)
