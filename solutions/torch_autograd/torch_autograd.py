"""Backward passes by hand: the reference."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


class SwiGLU(torch.autograd.Function):
    """silu(x w_gateᵀ) · (x w_upᵀ), which keeps nothing but its inputs (Shazeer, 2020)."""

    @staticmethod
    def forward(
        ctx,
        x: Float[Tensor, "... d"],
        w_gate: Float[Tensor, "hidden d"],
        w_up: Float[Tensor, "hidden d"],
    ) -> Float[Tensor, "... hidden"]:
        """Return silu(x w_gateᵀ) · (x w_upᵀ)."""
        ctx.save_for_backward(x, w_gate, w_up)
        gate, up = x @ w_gate.T, x @ w_up.T
        return gate * torch.sigmoid(gate) * up

    @staticmethod
    def backward(ctx, grad: Float[Tensor, "... hidden"]) -> tuple[Tensor, Tensor, Tensor]:
        """Compute gate and up again; then it is the product rule and two linear layers."""
        x, w_gate, w_up = ctx.saved_tensors
        gate, up = x @ w_gate.T, x @ w_up.T
        sigmoid = torch.sigmoid(gate)
        # silu(u) = u·σ(u), so silu′(u) = σ(u) + u·σ(u)·(1 − σ(u)).
        grad_gate = grad * up * (sigmoid + gate * sigmoid * (1 - sigmoid))
        grad_up = grad * gate * sigmoid
        grad_x = grad_gate @ w_gate + grad_up @ w_up  # x is used twice
        return grad_x, weight_gradient(grad_gate, x), weight_gradient(grad_up, x)


def weight_gradient(
    grad: Float[Tensor, "... hidden"], x: Float[Tensor, "... d"]
) -> Float[Tensor, "hidden d"]:
    """Return the gradient of w in x wᵀ: the sum over all tokens of outer products."""
    return grad.reshape(-1, grad.shape[-1]).T @ x.reshape(-1, x.shape[-1])


class StraightThroughQuantize(torch.autograd.Function):
    """Round x to multiples of scale, with a straight-through gradient.

    Bengio et al., 2013, for x; Esser et al., 2020 (LSQ), equation 3, for the scale.
    """

    @staticmethod
    def forward(
        ctx, x: Float[Tensor, "*shape"], scale: Float[Tensor, ""], bits: int
    ) -> Float[Tensor, "*shape"]:
        """Return scale · clamp(round(x / scale), −2^(bits−1), 2^(bits−1) − 1)."""
        ctx.save_for_backward(x, scale)
        ctx.bits = bits
        lowest, highest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        return torch.clamp(torch.round(x / scale), lowest, highest) * scale

    @staticmethod
    def backward(
        ctx, grad: Float[Tensor, "*shape"]
    ) -> tuple[Float[Tensor, "*shape"], Float[Tensor, ""], None]:
        """Let the gradient through inside the range; outside, the result moves with the scale."""
        x, scale = ctx.saved_tensors
        lowest, highest = -(2 ** (ctx.bits - 1)), 2 ** (ctx.bits - 1) - 1
        ratio = x / scale
        inside = (ratio >= lowest) & (ratio <= highest)  # before rounding
        rounded = torch.clamp(torch.round(ratio), lowest, highest)
        grad_x = torch.where(inside, grad, torch.zeros_like(grad))
        grad_scale = torch.sum(grad * torch.where(inside, rounded - ratio, rounded))
        return grad_x, grad_scale, None


def checkpoint(
    function: Callable[[Float[Tensor, "... d"]], Float[Tensor, "... d"]],
    x: Float[Tensor, "... d"],
) -> Float[Tensor, "... d"]:
    """Return function(x), without keeping what it computes (Chen et al., 2016).

    >>> x = torch.tensor([2.0], requires_grad=True)
    >>> checkpoint(torch.square, x).backward()
    >>> x.grad
    tensor([4.])
    """
    return Recompute.apply(x, function)


class Recompute(torch.autograd.Function):
    """A function that is run without a graph, and again with one in the backward pass."""

    @staticmethod
    def forward(ctx, x: Float[Tensor, "... d"], function: Callable[[Tensor], Tensor]) -> Tensor:
        """Run it: in here autograd records nothing."""
        ctx.save_for_backward(x)
        ctx.function = function
        return function(x)

    @staticmethod
    def backward(ctx, grad: Float[Tensor, "... d"]) -> tuple[Tensor | None, None]:
        """Run it again on a leaf of its own, then backward from there."""
        leaf = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            result = ctx.function(leaf)
            # Its gradient in the result is grad. Not torch.autograd.grad for the leaf alone: the
            # function's own weights are leaves as well.
            torch.sum(result * grad).backward()
        return leaf.grad, None


class Layer:
    """A layer with weights, which counts how often it runs."""

    def __init__(self, w1: Float[Tensor, "hidden d"], w2: Float[Tensor, "d hidden"]) -> None:
        self.w1, self.w2, self.calls = w1, w2, 0

    def __call__(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        """Return x + tanh(x w1ᵀ) w2ᵀ."""
        self.calls += 1
        return x + torch.tanh(x @ self.w1.T) @ self.w2.T
