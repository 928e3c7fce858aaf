"""The hidden suite of torch_autograd."""

import pytest
import torch

from autograder.checks import assert_between, assert_close
from autograder.suite import gradients, hint, points, tensor

LOOSE, TIGHT = {"rtol": 1e-4, "atol": 1e-4}, {"rtol": 1e-8, "atol": 1e-8}
X_GATE_UP = (0, 1, 2)


def swiglu(x, w_gate, w_up):
    """Compute SwiGLU by formula, for autograd to differentiate."""
    gate = x @ w_gate.T
    return gate * torch.sigmoid(gate) * (x @ w_up.T)


def weights(rng, hidden, d, dtype=torch.float32):
    """Draw w_gate and w_up."""
    return tensor(rng, hidden, d, dtype=dtype), tensor(rng, hidden, d, dtype=dtype)


def ratios(rng, *shape, bits):
    """Draw x / scale: inside and outside of the range, away from halves and from both bounds."""
    whole = rng.integers(1, 2 ** (bits - 1) + 2, shape) * rng.choice([-1, 1], shape)
    return torch.as_tensor(whole + rng.choice([-1, 1], shape) * rng.uniform(0.05, 0.45, shape))


def bounds(bits):
    """Return the lowest and the highest number of so many bits."""
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def quantized(x, scale, bits):
    """Compute the result in float64."""
    return torch.clamp(torch.round(x.double() / scale.double()), *bounds(bits)) * scale.double()


def quantize_gradients(x, scale, bits, upstream):
    """Compute the gradients of x and scale in float64, from the formulas."""
    ratio, (lowest, highest) = x.double() / scale.double(), bounds(bits)
    inside = (ratio >= lowest) & (ratio <= highest)
    q = torch.clamp(torch.round(ratio), lowest, highest)
    by_scale = torch.where(inside, q - ratio, q)
    return torch.where(inside, upstream.double(), 0.0), (upstream.double() * by_scale).sum()


def layer_gradients(w1, w2, x):
    """Compute the gradients that `backward` of a layer leaves, its result being the upstream."""
    w1, w2, x = (t.detach().clone().requires_grad_() for t in (w1, w2, x))
    result = x + torch.tanh(x @ w1.T) @ w2.T
    (result * result.detach()).sum().backward()
    return {"w1": w1.grad, "w2": w2.grad, 1: x.grad}


def layer_weights(rng, hidden, d):
    """Draw the weights of a layer; they require gradients."""
    return tensor(rng, hidden, d).requires_grad_(), tensor(rng, d, hidden).requires_grad_()


# ── SwiGLU ────────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Which of the two projections goes through silu? What is silu(2)?")
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3)], ids=["vector", "rows", "batch"])
def test_the_result_is_silu_of_the_gate_times_up(submission, rng, shape):
    x, (w_gate, w_up) = tensor(rng, *shape), weights(rng, 7, 3)
    assert_close(submission.SwiGLU.apply(x, w_gate, w_up), swiglu(x, w_gate, w_up), **LOOSE)


@points(0.75)
@hint("x is used twice. Through which ways does its gradient come back?")
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3)], ids=["vector", "rows", "batch"])
def test_x_gets_its_gradient(submission, rng, shape):
    x, (w_gate, w_up) = tensor(rng, *shape), weights(rng, 7, 3)
    upstream = tensor(rng, *shape[:-1], 7)
    given = submission.gradients(submission.SwiGLU.apply, x, w_gate, w_up, upstream=upstream)
    assert_close(given, gradients(swiglu, x, w_gate, w_up, upstream=upstream), **LOOSE)


@points(0.75)
@hint("What is the derivative of u·σ(u)? There are two places where u stands.")
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3)], ids=["vector", "rows", "batch"])
def test_w_gate_gets_its_gradient(submission, rng, shape):
    x, (w_gate, w_up) = tensor(rng, *shape), weights(rng, 7, 3)
    upstream, task = tensor(rng, *shape[:-1], 7), submission.SwiGLU.apply
    given = submission.gradients(task, x, w_gate, w_up, wrt=(1,), upstream=upstream)
    expected = gradients(swiglu, x, w_gate, w_up, wrt=(1,), upstream=upstream)
    assert_close(given, expected, **LOOSE)


@points(0.75)
@hint("By what is the up projection multiplied? How many tokens share w_up?")
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3)], ids=["vector", "rows", "batch"])
def test_w_up_gets_its_gradient(submission, rng, shape):
    x, (w_gate, w_up) = tensor(rng, *shape), weights(rng, 7, 3)
    upstream, task = tensor(rng, *shape[:-1], 7), submission.SwiGLU.apply
    given = submission.gradients(task, x, w_gate, w_up, wrt=(2,), upstream=upstream)
    expected = gradients(swiglu, x, w_gate, w_up, wrt=(2,), upstream=upstream)
    assert_close(given, expected, **LOOSE)


@points(0.75)
@hint("Does anything in your code turn float64 into float32?")
def test_float64_is_exact_to_eight_digits(submission, rng):
    x = tensor(rng, 6, 4, dtype=torch.float64)
    w_gate, w_up = weights(rng, 5, 4, torch.float64)
    expected = swiglu(x, w_gate, w_up)
    given = submission.SwiGLU.apply(x, w_gate, w_up)
    assert_close(given, expected, check_dtype=True, **TIGHT)
    upstream, task = tensor(rng, 6, 5, dtype=torch.float64), submission.SwiGLU.apply
    given = submission.gradients(task, x, w_gate, w_up, wrt=X_GATE_UP, upstream=upstream)
    expected = gradients(swiglu, x, w_gate, w_up, wrt=X_GATE_UP, upstream=upstream)
    assert_close(given, expected, check_dtype=True, **TIGHT)


@points(1)
@hint(
    "Which tensors of size tokens × hidden live until the backward pass? Who can make them again?"
)
@pytest.mark.parametrize("shape", [(6, 3), (2, 5, 3)], ids=["rows", "batch"])
def test_only_the_inputs_are_kept(submission, rng, shape):
    x, w_gate, w_up = (t.requires_grad_() for t in (tensor(rng, *shape), *weights(rng, 7, 3)))
    given = submission.SwiGLU.apply(x, w_gate, w_up)
    assert_close(given, swiglu(x, w_gate, w_up).detach(), **LOOSE)
    kept = submission.measure("kept_elements", "SwiGLU.apply", x, w_gate, w_up, limit=0)
    assert_between(kept, None, 0, name="the numbers kept besides the inputs")


@points(0.25)
@hint("Where do you ask for a view of something that is not contiguous?")
def test_x_may_have_any_strides(submission, rng):
    x, (w_gate, w_up) = tensor(rng, 3, 4, 2).transpose(0, 2), weights(rng, 3, 7)
    w_gate, w_up, upstream = w_gate.T, w_up.T, tensor(rng, 7, 4, 2).transpose(0, 2)
    task = submission.SwiGLU.apply
    given = submission.gradients(task, x, w_gate, w_up, wrt=X_GATE_UP, upstream=upstream)
    expected = gradients(swiglu, x, w_gate, w_up, wrt=X_GATE_UP, upstream=upstream)
    assert_close(given, expected, **LOOSE)


# ── StraightThroughQuantize ───────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Which whole numbers do three bits hold, with a sign? In which order do you round and clamp?")
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_x_is_rounded_to_multiples_of_the_scale(submission, rng, bits):
    scale = torch.tensor(0.3)
    x = (ratios(rng, 4, 15, bits=bits) * 0.3).float()
    given = submission.StraightThroughQuantize.apply(x, scale, bits)
    assert_close(given, quantized(x, scale, bits).float(), **LOOSE)


@points(0.25)
@hint("Does a number, or a batch of matrices, come back in its shape?")
@pytest.mark.parametrize("shape", [(), (1,), (2, 3, 2)], ids=["number", "one", "batch"])
def test_any_shape_and_float64_are_kept(submission, rng, shape):
    scale = torch.tensor(1.7, dtype=torch.float64)
    x = ratios(rng, *shape, bits=3) * 1.7
    given = submission.StraightThroughQuantize.apply(x, scale, 3)
    assert_close(given, quantized(x, scale, 3), check_dtype=True, **TIGHT)
    upstream = tensor(rng, *shape, dtype=torch.float64)
    task = submission.StraightThroughQuantize.apply
    given = submission.gradients(task, x, scale, 3, wrt=(0, 1), upstream=upstream)
    expected = quantize_gradients(x, scale, 3, upstream)
    assert_close(given, expected, check_dtype=True, **TIGHT)


@points(0.75)
@hint("Pretend that the rounding were not there: what is the gradient of x then?")
@pytest.mark.parametrize("bits", [3, 4])
def test_inside_the_range_the_gradient_of_x_is_the_upstream(submission, rng, bits):
    scale = torch.tensor(0.5)
    x = (torch.as_tensor(rng.uniform(*bounds(bits), 12)) * 0.4).float()
    upstream, task = tensor(rng, 12), submission.StraightThroughQuantize.apply
    assert_close(submission.gradients(task, x, scale, bits, upstream=upstream), (upstream,))


@points(0.5)
@hint("A larger x outside of the range: does the result change?")
@pytest.mark.parametrize("bits", [2, 5])
def test_outside_the_range_x_gets_no_gradient(submission, rng, bits):
    scale = torch.tensor(0.7)
    x = (ratios(rng, 40, bits=bits) * 0.7).float()
    upstream, task = tensor(rng, 40), submission.StraightThroughQuantize.apply
    expected = quantize_gradients(x, scale, bits, upstream)[0].float()
    assert_close(submission.gradients(task, x, scale, bits, upstream=upstream), (expected,))


@points(0.5)
@hint("r = 3.3 with three bits: it is rounded to 3. Was it inside before? And r = 3, or r = −4?")
def test_inside_is_decided_before_rounding_and_with_both_bounds(submission):
    x = torch.tensor([3.0, 3.3, 2.7, 4.0, -4.0, -4.3, -3.7, -5.0])
    scale, upstream = torch.tensor(1.0), torch.arange(1.0, 9.0)
    expected = torch.tensor([1.0, 0.0, 3.0, 0.0, 5.0, 0.0, 7.0, 0.0])
    task = submission.StraightThroughQuantize.apply
    assert_close(submission.gradients(task, x, scale, 3, upstream=upstream), (expected,))


@points(0.5)
@hint("Inside the range, result = scale · round(x / scale). Differentiate by scale, twice used.")
def test_inside_the_range_the_scale_gets_the_rounding_error(submission):
    x, scale = torch.tensor([0.6, -1.1, 1.3]), torch.tensor(0.5)
    upstream, task = torch.tensor([1.0, 10.0, 100.0]), submission.StraightThroughQuantize.apply
    expected = torch.tensor(-0.2 + 2.0 + 40.0)
    assert_close(submission.gradients(task, x, scale, 4, wrt=(1,), upstream=upstream), (expected,))


@points(0.5)
@hint("Outside the range the result is a bound times the scale. What is its derivative?")
@pytest.mark.parametrize("bits", [2, 4])
def test_outside_the_range_the_scale_gets_the_bound(submission, rng, bits):
    scale = torch.tensor(0.9)
    x = (ratios(rng, 3, 10, bits=bits) * 0.9).float()
    upstream, task = tensor(rng, 3, 10), submission.StraightThroughQuantize.apply
    expected = quantize_gradients(x, scale, bits, upstream)[1].float()
    given = submission.gradients(task, x, scale, bits, wrt=(1,), upstream=upstream)
    assert_close(given, (expected,), **LOOSE)


@points(0.25)
@hint("In which order do you return the gradients, and what do you return for bits?")
def test_x_and_scale_get_their_gradients_together(submission, rng):
    scale = torch.tensor(0.9)
    x, upstream = (ratios(rng, 9, bits=4) * 0.9).float(), tensor(rng, 9)
    expected = [part.float() for part in quantize_gradients(x, scale, 4, upstream)]
    task = submission.StraightThroughQuantize.apply
    given = submission.gradients(task, x, scale, 4, wrt=(0, 1), upstream=upstream)
    assert_close(given, tuple(expected), **LOOSE)


# ── checkpoint ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What does the function give for x, and how often has it run before anyone asks backwards?")
@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 5, 3)], ids=["vector", "rows", "batch"])
def test_the_value_is_that_of_the_function(submission, rng, shape):
    w1, w2 = layer_weights(rng, 7, 3)
    x = tensor(rng, *shape).requires_grad_()
    layer = submission.Layer(w1, w2)
    given = submission.checkpoint(layer, x)
    assert_close(given, (x + torch.tanh(x @ w1.T) @ w2.T).detach(), **LOOSE)
    assert_close(layer.calls, 1, name="the calls of the function in the forward pass")


@points(0.5)
@hint("How does the gradient get from the result to x, when nothing was recorded forwards?")
@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 5, 3)], ids=["vector", "rows", "batch"])
def test_x_gets_the_gradient_of_the_function(submission, rng, shape):
    w1, w2 = layer_weights(rng, 7, 3)
    x, upstream = tensor(rng, *shape), tensor(rng, *shape)
    layer = submission.Layer(w1.detach(), w2.detach())
    given = submission.gradients(submission.checkpoint, layer, x, wrt=(1,), upstream=upstream)
    expected = gradients(
        lambda x: x + torch.tanh(x @ w1.detach().T) @ w2.detach().T, x, upstream=upstream
    )
    assert_close(given, expected, **LOOSE)


@points(1)
@hint("Whose leaves does the function itself hold? Does your backward pass reach them?")
def test_the_weights_that_the_function_holds_get_gradients(submission, rng):
    w1, w2 = layer_weights(rng, 7, 3)
    x = tensor(rng, 4, 3).requires_grad_()
    layer = submission.Layer(w1, w2)
    given = submission.probe("backward", submission.checkpoint, layer, x)
    assert_close(given, layer_gradients(w1, w2, x), **LOOSE)


@points(0.5)
@hint(
    "How often has the function run when the backward pass is over? What does the second run save?"
)
def test_the_function_runs_once_more_in_the_backward_pass(submission, rng):
    w1, w2 = layer_weights(rng, 7, 3)
    x = tensor(rng, 4, 3).requires_grad_()
    layer = submission.Layer(w1, w2)
    submission.probe("backward", submission.checkpoint, layer, x)
    assert_close(layer.calls, 2, name="the calls of the function after the backward pass")


@points(0.5)
@hint("What that the function computed is alive between forward and backward?")
def test_nothing_that_the_function_computes_is_kept(submission, rng):
    w1, w2 = layer_weights(rng, 7, 3)
    x = tensor(rng, 5, 3).requires_grad_()
    layer = submission.Layer(w1, w2)
    given = submission.checkpoint(layer, x)
    assert_close(given, (x + torch.tanh(x @ w1.T) @ w2.T).detach(), **LOOSE)
    kept = submission.measure("kept_elements", "checkpoint", layer, x, limit=0)
    assert_between(kept, None, 0, name="the numbers kept besides x and the weights")
