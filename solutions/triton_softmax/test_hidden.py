"""The hidden suite of triton_softmax."""

import pytest
import torch

from autograder.checks import assert_between, assert_close
from autograder.suite import hint, points, tensor

SHAPES = [(1, 1), (3, 5), (2, 16), (2, 33), (1, 300)]


def assert_values(result, exact):
    """Compare with values computed in float64, in float32's tolerance; the result is float32."""
    assert_close(result, exact.float(), rtol=1e-4, atol=1e-5, check_dtype=True)


def softmax(x):
    """Compute the softmax of each row in float64."""
    return torch.softmax(x.double(), dim=1)


def add_layer_norm(x, residual, weight, bias, eps):
    """Compute the layer norm of x + residual in float64."""
    total = x.double() + residual.double()
    centred = total - total.mean(dim=1, keepdim=True)
    variance = (centred**2).mean(dim=1, keepdim=True)
    return centred / torch.sqrt(variance + eps) * weight.double() + bias.double()


def drawn(rng, rows, d):
    """Draw x, residual, weight and bias; each row has a mean of its own, away from 0."""
    x, residual = tensor(rng, rows, d), tensor(rng, rows, d)
    x += 1.5 + torch.arange(rows)[:, None]
    return x, residual, tensor(rng, d) + 1, tensor(rng, d)


# ── softmax ───────────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("Print a row of your result and its sum. Which lanes had a part in it?")
@pytest.mark.parametrize(("rows", "cols"), SHAPES)
def test_each_row_is_turned_into_probabilities(submission, rng, rows, cols):
    x = tensor(rng, rows, cols, scale=2.0)
    assert_values(submission.softmax(x), softmax(x))


@points(1)
@hint("All scores are below 0. What do the lanes past the end of the row hold?")
@pytest.mark.parametrize(("rows", "cols"), [(2, 5), (2, 19)])
def test_negative_scores_are_larger_than_lanes_past_the_end(submission, rng, rows, cols):
    x = -1 - tensor(rng, rows, cols).abs()
    assert_values(submission.softmax(x), softmax(x))


@points(1)
@hint("exp(100) is infinite in float32. By what may all powers of a row be divided?")
@pytest.mark.parametrize("largest", [200.0, 10_000.0])
def test_large_scores_do_not_overflow(submission, rng, largest):
    # Differences of 0 or 40 and more: others are not exact in float32 at this size.
    x = largest - 40.0 * torch.as_tensor(rng.integers(0, 3, (3, 8))).float()
    x[0, 2] = x[0, 5] = largest
    x[1] -= 2 * largest - 80
    x[2, :6], x[2, 6] = -largest, 0.0
    assert_values(submission.softmax(x), softmax(x))


@points(0.5)
@hint("What is exp(−inf), and what is the maximum of a row that holds it?")
def test_minus_infinity_has_probability_zero(submission, rng):
    x = tensor(rng, 3, 6)
    x[0, 0] = x[1, 5] = x[2, 1] = x[2, 2] = -float("inf")
    assert_values(submission.softmax(x), softmax(x))


@points(1)
@hint("How far apart in memory are two neighbours of a row of a transposed view? And two rows?")
@pytest.mark.parametrize(("rows", "cols"), [(3, 3), (2, 7), (3, 2)])
def test_x_may_be_a_transposed_view(submission, rng, rows, cols):
    x = tensor(rng, cols, rows, scale=2.0).T
    assert_values(submission.softmax(x), softmax(x))


@points(0.5)
@hint("How does a row of 8192 numbers fit into your program?")
def test_rows_may_be_long(submission, rng):
    x = tensor(rng, 2, 8192, scale=2.0)
    given = submission.softmax(x)
    assert_values(given, softmax(x))
    sums = (given.double().sum(dim=1) - 1).abs()
    assert_between(sums.max().item(), 0.0, 1e-3, name="how far a row's sum is from 1")


@points(0.5)
@hint("How many programs do no rows need, and how many columns have an empty row?")
@pytest.mark.parametrize(("rows", "cols"), [(0, 5), (3, 0), (0, 0)])
def test_an_empty_tensor_stays_empty(submission, rows, cols):
    x = torch.zeros(rows, cols)
    assert_values(submission.softmax(x), x)


@points(0.5)
@hint("Which program computes row 5, and where does it store?")
def test_rows_do_not_mix(submission):
    x = torch.tensor([[0.0, 50.0, 0.0], [50.0, 0.0, 0.0], [0.0, 0.0, 50.0], [50.0, 50.0, 0.0]])
    assert_values(submission.softmax(x), softmax(x))


# ── add_layer_norm ────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("Compute mean and variance of one row by hand. By what do you divide them?")
@pytest.mark.parametrize(("rows", "d"), SHAPES)
def test_each_row_is_normalised_scaled_and_shifted(submission, rng, rows, d):
    given = drawn(rng, rows, d)
    assert_values(submission.add_layer_norm(*given, 1e-5), add_layer_norm(*given, 1e-5))


@points(1)
@hint("How many numbers does a row have, and how many lanes? Which of the two do you divide by?")
@pytest.mark.parametrize("d", [3, 21])
def test_lanes_past_the_end_have_no_part_in_mean_and_variance(submission, rng, d):
    x, residual, _, _ = drawn(rng, 2, d)
    given = (x, residual, torch.ones(d), torch.zeros(d))
    assert_values(submission.add_layer_norm(*given, 1e-3), add_layer_norm(*given, 1e-3))


@points(1)
@hint("Two numbers, 1 and 3: what is their variance here, 1 or 2?")
@pytest.mark.parametrize("d", [2, 4])
def test_the_variance_is_divided_by_d(submission, rng, d):
    x, residual, _, _ = drawn(rng, 2, d)
    given = (x, residual, torch.ones(d), torch.zeros(d))
    assert_values(submission.add_layer_norm(*given, 1e-5), add_layer_norm(*given, 1e-5))


@points(0.75)
@hint("Of what are mean and variance taken, of x or of the sum?")
def test_mean_and_variance_are_those_of_the_sum(submission, rng):
    x, _, weight, bias = drawn(rng, 2, 8)
    residual = 4.0 * tensor(rng, 2, 8) - 7
    given = (x, residual, weight, bias)
    assert_values(submission.add_layer_norm(*given, 1e-5), add_layer_norm(*given, 1e-5))


@points(0.5)
@hint(
    "What keeps a row of equal numbers from being divided by 0? Where in the formula is it added?"
)
@pytest.mark.parametrize("eps", [0.25])
def test_eps_is_added_to_the_variance(submission, rng, eps):
    given = drawn(rng, 2, 8)
    assert_values(submission.add_layer_norm(*given, eps), add_layer_norm(*given, eps))


@points(0.25)
@hint("What is the variance of one number, and of equal numbers?")
@pytest.mark.parametrize("d", [1, 4])
def test_a_row_of_equal_numbers_gives_the_bias(submission, rng, d):
    x, residual = torch.full((2, d), 3.0), torch.full((2, d), -1.0)
    weight, bias = tensor(rng, d), tensor(rng, d)
    given = submission.add_layer_norm(x, residual, weight, bias, 1e-3)
    assert_values(given, bias.expand(2, d))


@points(1)
@hint("How many strides do two matrices have, and which of them does your kernel know?")
@pytest.mark.parametrize("turned", ["x", "residual", "both"])
def test_x_and_residual_may_be_transposed_views(submission, rng, turned):
    x, residual, weight, bias = drawn(rng, 2, 7)
    x = x.T.contiguous().T if turned != "residual" else x
    residual = residual.T.contiguous().T if turned != "x" else residual
    given = (x, residual, weight, bias)
    assert_values(submission.add_layer_norm(*given, 1e-5), add_layer_norm(*given, 1e-5))


@points(0.25)
@hint("How does a row of 8192 numbers fit into your program?")
def test_long_rows_are_normalised(submission, rng):
    given = drawn(rng, 2, 8192)
    assert_values(submission.add_layer_norm(*given, 1e-5), add_layer_norm(*given, 1e-5))


@points(0.25)
@hint("How many programs do no rows need?")
@pytest.mark.parametrize(("rows", "d"), [(0, 5), (3, 0), (0, 0)])
def test_the_norm_of_an_empty_tensor_is_empty(submission, rows, d):
    x = torch.zeros(rows, d)
    given = submission.add_layer_norm(x, x.clone(), torch.ones(d), torch.zeros(d), 1e-5)
    assert_values(given, x)
