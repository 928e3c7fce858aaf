"""The wrong turns of torch_autograd."""

import torch

from autograder.suite import misconception
from solutions.torch_autograd.torch_autograd import (
    StraightThroughQuantize,
    SwiGLU,
    weight_gradient,
)


def parts(ctx):
    """Compute gate, up and sigmoid again from what was saved."""
    x, w_gate, w_up = ctx.saved_tensors
    gate = x @ w_gate.T
    return x, w_gate, w_up, gate, x @ w_up.T, torch.sigmoid(gate)


KEPT = {
    "id": "saves_activations",
    "replaces": "SwiGLU",
    "says": "activations of size tokens × hidden are kept for the backward pass, not recomputed",
    "hint": "Print the shapes of ctx.saved_tensors. Which of them could be computed again?",
}


@misconception(**KEPT)
class SavesActivations(SwiGLU):
    @staticmethod
    def forward(ctx, x, w_gate, w_up):
        gate, up = x @ w_gate.T, x @ w_up.T
        ctx.save_for_backward(x, w_gate, w_up, gate, up)
        return gate * torch.sigmoid(gate) * up

    @staticmethod
    def backward(ctx, grad):
        x, w_gate, w_up, gate, up = ctx.saved_tensors
        sigmoid = torch.sigmoid(gate)
        grad_gate = grad * up * (sigmoid + gate * sigmoid * (1 - sigmoid))
        grad_up = grad * gate * sigmoid
        grad_x = grad_gate @ w_gate + grad_up @ w_up
        return grad_x, weight_gradient(grad_gate, x), weight_gradient(grad_up, x)


@misconception(
    replaces="SwiGLU",
    says="the derivative of silu is taken as σ(u)(1 − σ(u)), without its other terms",
    hint="silu(u) = u·σ(u) is a product. What is its derivative at u = 0?",
    id="wrong_sigmoid_derivative",
)
class SigmoidDerivative(SwiGLU):
    @staticmethod
    def backward(ctx, grad):
        x, w_gate, w_up, gate, up, sigmoid = parts(ctx)
        grad_gate = grad * up * sigmoid * (1 - sigmoid)
        grad_up = grad * gate * sigmoid
        grad_x = grad_gate @ w_gate + grad_up @ w_up
        return grad_x, weight_gradient(grad_gate, x), weight_gradient(grad_up, x)


@misconception(
    replaces="SwiGLU",
    says="the derivative of silu is taken as u·σ(u)(1 − σ(u)): the term σ(u) is missing",
    hint="silu(u) = u·σ(u) is a product. What is its derivative at u = 0?",
    id="product_rule_half",
)
class ProductRuleHalf(SwiGLU):
    @staticmethod
    def backward(ctx, grad):
        x, w_gate, w_up, gate, up, sigmoid = parts(ctx)
        grad_gate = grad * up * gate * sigmoid * (1 - sigmoid)
        grad_up = grad * gate * sigmoid
        grad_x = grad_gate @ w_gate + grad_up @ w_up
        return grad_x, weight_gradient(grad_gate, x), weight_gradient(grad_up, x)


@misconception(
    replaces="SwiGLU",
    says="x gets its gradient through the gate only, not through the up projection",
    hint="In how many places of the formula does x stand?",
    id="gate_path_only",
)
class GatePathOnly(SwiGLU):
    @staticmethod
    def backward(ctx, grad):
        _, w_gate, _, gate, up, sigmoid = parts(ctx)
        _, grad_w_gate, grad_w_up = SwiGLU.backward(ctx, grad)
        return (
            grad * up * (sigmoid + gate * sigmoid * (1 - sigmoid)) @ w_gate,
            grad_w_gate,
            grad_w_up,
        )


@misconception(
    replaces="SwiGLU",
    says="x gets its gradient through the up projection only, not through the gate",
    hint="In how many places of the formula does x stand?",
    id="up_path_only",
)
class UpPathOnly(SwiGLU):
    @staticmethod
    def backward(ctx, grad):
        _, _, w_up, gate, _, sigmoid = parts(ctx)
        _, grad_w_gate, grad_w_up = SwiGLU.backward(ctx, grad)
        return grad * gate * sigmoid @ w_up, grad_w_gate, grad_w_up


@misconception(
    replaces="SwiGLU",
    says="the up projection goes through silu, not the gate",
    hint="Which of the two matrices belongs inside silu?",
    id="silu_of_up",
)
class SiluOfUp:
    @staticmethod
    def apply(x, w_gate, w_up):
        return SwiGLU.apply(x, w_up, w_gate)


@misconception(
    replaces="SwiGLU",
    says="the gate is σ(u), a plain GLU, not u·σ(u)",
    hint="What is silu(2), and what is σ(2)?",
    id="sigmoid_gate",
)
class SigmoidGate(SwiGLU):
    @staticmethod
    def forward(ctx, x, w_gate, w_up):
        ctx.save_for_backward(x, w_gate, w_up)
        return torch.sigmoid(x @ w_gate.T) * (x @ w_up.T)

    @staticmethod
    def backward(ctx, grad):
        x, w_gate, w_up, _, up, sigmoid = parts(ctx)
        grad_gate, grad_up = grad * up * sigmoid * (1 - sigmoid), grad * sigmoid
        grad_x = grad_gate @ w_gate + grad_up @ w_up
        return grad_x, weight_gradient(grad_gate, x), weight_gradient(grad_up, x)


@misconception(
    replaces="SwiGLU",
    says="the upstream gradient is left out, as if it were 1 everywhere",
    hint="What does backward get as its argument, and where do you use it?",
    id="upstream_ignored",
)
class UpstreamIgnored(SwiGLU):
    @staticmethod
    def backward(ctx, grad):
        return SwiGLU.backward(ctx, torch.ones_like(grad))


def quantize_gradients(ctx, grad):
    """Return grad, whether inside, r and q."""
    x, scale = ctx.saved_tensors
    lowest, highest = -(2 ** (ctx.bits - 1)), 2 ** (ctx.bits - 1) - 1
    ratio = x / scale
    inside = (ratio >= lowest) & (ratio <= highest)
    return inside, ratio, torch.clamp(torch.round(ratio), lowest, highest)


ROUNDED = {
    "id": "gradient_through_round",
    "replaces": "StraightThroughQuantize",
    "says": "the rounding is differentiated, so no gradient reaches x",
    "hint": "round is flat almost everywhere. What is its derivative, and what should stand there?",
}


@misconception(**ROUNDED)
class GradientThroughRound:
    @staticmethod
    def apply(x, scale, bits):
        q = torch.clamp(torch.round(x / scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return q * scale


@misconception(**ROUNDED)
class NoneForX(StraightThroughQuantize):
    @staticmethod
    def backward(ctx, grad):
        return None, StraightThroughQuantize.backward(ctx, grad)[1], None


@misconception(**ROUNDED)
class ZeroForX(StraightThroughQuantize):
    @staticmethod
    def backward(ctx, grad):
        return torch.zeros_like(grad), StraightThroughQuantize.backward(ctx, grad)[1], None


@misconception(
    replaces="StraightThroughQuantize",
    says="x gets the full gradient outside the range too",
    hint="x is far outside and grows a little more. Does the result change?",
    id="no_clipping_mask",
)
class NoClippingMask(StraightThroughQuantize):
    @staticmethod
    def backward(ctx, grad):
        return grad, StraightThroughQuantize.backward(ctx, grad)[1], None


@misconception(
    replaces="StraightThroughQuantize",
    says="whether x is inside the range is asked after rounding, so up to half a step too far out",
    hint="r = 3.3 with three bits is rounded to 3. Is it inside?",
    id="mask_after_rounding",
)
class MaskAfterRounding(StraightThroughQuantize):
    @staticmethod
    def backward(ctx, grad):
        _, ratio, q = quantize_gradients(ctx, grad)
        inside = torch.round(ratio) == q
        grad_scale = torch.sum(grad * torch.where(inside, q - ratio, q))
        return torch.where(inside, grad, torch.zeros_like(grad)), grad_scale, None


CONSTANT = {
    "id": "scale_gets_no_gradient",
    "replaces": "StraightThroughQuantize",
    "says": "the scale is treated as a constant and gets no gradient",
    "hint": "Which of the arguments of apply require a gradient, and what do you return for each?",
}


@misconception(**CONSTANT)
class ScaleIsConstant(StraightThroughQuantize):
    @staticmethod
    def backward(ctx, grad):
        return StraightThroughQuantize.backward(ctx, grad)[0], None, None


@misconception(**CONSTANT)
class ScaleGetsZero(StraightThroughQuantize):
    @staticmethod
    def backward(ctx, grad):
        grad_x, grad_scale, _ = StraightThroughQuantize.backward(ctx, grad)
        return grad_x, torch.zeros_like(grad_scale), None


@misconception(
    replaces="StraightThroughQuantize",
    says="the scale's gradient uses q − r outside the range too",
    hint="Outside the range the result is a bound times the scale. Where does r come in?",
    id="scale_gradient_not_clipped",
)
class ScaleGradientNotClipped(StraightThroughQuantize):
    @staticmethod
    def backward(ctx, grad):
        _, ratio, q = quantize_gradients(ctx, grad)
        grad_x = StraightThroughQuantize.backward(ctx, grad)[0]
        return grad_x, torch.sum(grad * (q - ratio)), None


@misconception(
    replaces="StraightThroughQuantize",
    says="the scale's gradient is that of q·scale with q held constant, inside the range too",
    hint="The scale also stands in x / scale. What does that part give, straight through?",
    id="scale_gradient_ignores_division",
)
class ScaleGradientIgnoresDivision(StraightThroughQuantize):
    @staticmethod
    def backward(ctx, grad):
        _, _, q = quantize_gradients(ctx, grad)
        return StraightThroughQuantize.backward(ctx, grad)[0], torch.sum(grad * q), None


@misconception(
    replaces="StraightThroughQuantize",
    says="the range is symmetric, from −(2^(bits−1) − 1) on, so the lowest number is never used",
    hint="How many numbers do three bits have? Count from −4.",
    id="symmetric_range",
)
class SymmetricRange(StraightThroughQuantize):
    @staticmethod
    def forward(ctx, x, scale, bits):
        ctx.save_for_backward(x, scale)
        ctx.bits = bits
        highest = 2 ** (bits - 1) - 1
        return torch.clamp(torch.round(x / scale), -highest, highest) * scale

    @staticmethod
    def backward(ctx, grad):
        x, scale = ctx.saved_tensors
        highest = 2 ** (ctx.bits - 1) - 1
        ratio = x / scale
        inside, q = ratio.abs() <= highest, torch.clamp(torch.round(ratio), -highest, highest)
        grad_scale = torch.sum(grad * torch.where(inside, q - ratio, q))
        return torch.where(inside, grad, torch.zeros_like(grad)), grad_scale, None


class Again(torch.autograd.Function):
    """Recomputation that differentiates for x alone, or with ones for the upstream gradient."""

    @staticmethod
    def forward(ctx, x, function, ones):
        ctx.save_for_backward(x)
        ctx.function, ctx.ones = function, ones
        return function(x)

    @staticmethod
    def backward(ctx, grad):
        leaf = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            result = ctx.function(leaf)
            total = torch.sum(result if ctx.ones else result * grad)
        if ctx.ones:
            total.backward()
            return leaf.grad, None, None
        return torch.autograd.grad(total, leaf)[0], None, None


@misconception(
    replaces="checkpoint",
    says="the backward takes the gradient in x alone, so the function's own weights get none",
    hint="torch.autograd.grad gives gradients to what you list. Are the weights in the list?",
)
def checkpoint_detaches_parameters(function, x):
    return Again.apply(x, function, False)


@misconception(
    replaces="checkpoint",
    says="the backward starts with ones, not with the gradient that came from above",
    hint="What does backward get as its argument, and where do you use it?",
)
def checkpoint_ignores_upstream(function, x):
    return Again.apply(x, function, True)


GRAPH = {
    "id": "keeps_the_graph",
    "replaces": "checkpoint",
    "says": "the function's graph is kept from the forward, so nothing is recomputed and nothing "
    "is saved",
    "hint": "How often does the function run in a forward and a backward pass together?",
}


@misconception(**GRAPH)
def keeps_the_graph(function, x):
    return function(x)


class Kept(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, function):
        with torch.enable_grad():
            ctx.leaf = x.detach().requires_grad_()
            ctx.result = function(ctx.leaf)
        return ctx.result.detach()

    @staticmethod
    def backward(ctx, grad):
        with torch.enable_grad():
            torch.sum(ctx.result * grad).backward()
        return ctx.leaf.grad, None


@misconception(**GRAPH)
def graph_on_the_context(function, x):
    return Kept.apply(x, function)


class Detached(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, function):
        return function(x)

    @staticmethod
    def backward(ctx, grad):
        return grad, None


@misconception(
    replaces="checkpoint",
    says="the gradient goes straight through, as if the function were the identity",
    hint="What is the derivative of the function, and who computes it?",
)
def identity_backward(function, x):
    return Detached.apply(x, function)


@misconception(
    replaces="checkpoint",
    says="the function runs without a graph and never again, so nothing gets a gradient",
    hint="Who records what the function does under torch.no_grad?",
)
def no_gradient_at_all(function, x):
    with torch.no_grad():
        return function(x)
