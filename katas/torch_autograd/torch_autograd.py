"""Backward passes by hand. The question is in README.md."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


class SwiGLU(torch.autograd.Function):
    """silu(x w_gateᵀ) · (x w_upᵀ), which keeps nothing but its inputs for the backward pass.

    Called as `SwiGLU.apply(x, w_gate, w_up)`, with x of any leading axes. Gradients go to all
    three.
    """

    @staticmethod
    def forward(
        ctx,
        x: Float[Tensor, "... d"],
        w_gate: Float[Tensor, "hidden d"],
        w_up: Float[Tensor, "hidden d"],
    ) -> Float[Tensor, "... hidden"]:
        """Return silu(x w_gateᵀ) · (x w_upᵀ)."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx, grad: Float[Tensor, "... hidden"]) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of x, w_gate and w_up."""
        raise NotImplementedError


class StraightThroughQuantize(torch.autograd.Function):
    """Round x to multiples of scale that `bits` bits hold, with a straight-through gradient.

    Called as `StraightThroughQuantize.apply(x, scale, bits)`, with bits from 2 to 8 and scale > 0.
    """

    @staticmethod
    def forward(
        ctx, x: Float[Tensor, "*shape"], scale: Float[Tensor, ""], bits: int
    ) -> Float[Tensor, "*shape"]:
        """Return scale · clamp(round(x / scale), −2^(bits−1), 2^(bits−1) − 1)."""
        raise NotImplementedError

    @staticmethod
    def backward(
        ctx, grad: Float[Tensor, "*shape"]
    ) -> tuple[Float[Tensor, "*shape"], Float[Tensor, ""], None]:
        """Return the gradients of x and scale, and None for bits."""
        raise NotImplementedError


def checkpoint(
    function: Callable[[Float[Tensor, "... d"]], Float[Tensor, "... d"]],
    x: Float[Tensor, "... d"],
) -> Float[Tensor, "... d"]:
    """Return function(x); in the backward pass compute it again instead of having kept anything.

    Gradients go to x, which requires one, and to the tensors that `function` holds. `function` is
    deterministic. It runs once in the forward pass and once more in the backward pass.
    """
    raise NotImplementedError


class Layer:
    """A layer with weights, which counts how often it runs. It is complete: leave it as it is."""

    def __init__(self, w1: Float[Tensor, "hidden d"], w2: Float[Tensor, "d hidden"]) -> None:
        self.w1, self.w2, self.calls = w1, w2, 0

    def __call__(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        """Return x + tanh(x w1ᵀ) w2ᵀ."""
        self.calls += 1
        return x + torch.tanh(x @ self.w1.T) @ self.w2.T
