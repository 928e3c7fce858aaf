"""The wrong turns of triton_softmax."""

import torch
import triton
import triton.language as tl

from autograder.suite import misconception
from solutions.triton_softmax.triton_softmax import add_layer_norm as right_norm
from solutions.triton_softmax.triton_softmax import softmax as right_softmax


@triton.jit
def wrong_softmax_kernel(
    x,
    out,
    row_stride,
    column_stride,
    columns,
    other,
    loaded,
    SUBTRACT: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Right but for what the other lanes hold, how many are loaded, or the maximum."""
    row, column = tl.program_id(0), tl.arange(0, BLOCK)
    scores = tl.load(
        x + row * row_stride + column * column_stride, mask=column < loaded, other=other
    )
    powers = tl.exp(scores - tl.max(scores, axis=0)) if SUBTRACT else tl.exp(scores)
    result = powers / tl.sum(powers, axis=0)
    tl.store(out + row * columns + column, result, mask=column < columns)


def run_softmax(x, *, strides=None, other=-float("inf"), loaded=None, subtract=True, padded=None):
    """Right but for what is given."""
    rows, columns = x.shape
    out = torch.empty((rows, columns), dtype=x.dtype, device=x.device)
    if out.numel():
        block = triton.next_power_of_2(columns)
        wrong_softmax_kernel[(rows,)](
            x if padded is None else padded,
            out,
            *(strides or x.stride()),
            columns,
            other,
            loaded or columns,
            subtract,
            BLOCK=block,
        )
    return out


@misconception(
    replaces="softmax",
    says="masked lanes are loaded as 0 and take part in the maximum and the sum",
    hint="exp(0) is 1. How many such ones are in the sum of a row of five, with BLOCK = 8?",
)
def mask_other_zero(x):
    return run_softmax(x, other=0.0)


@misconception(
    replaces="softmax",
    says="the loads have no mask, so lanes past the row's end read the next row or beyond the "
    "tensor",
    hint="BLOCK is 8 and a row has five columns. What lies at the addresses of lanes 5 to 7?",
)
def no_mask(x):
    if not x.numel():
        return right_softmax(x)
    block = triton.next_power_of_2(x.shape[1])
    padded = torch.cat([x.contiguous().flatten(), torch.zeros(block)])
    return run_softmax(x, strides=(x.shape[1], 1), loaded=block, padded=padded)


STRIDES = {
    "id": "stride_assumed",
    "replaces": "softmax",
    "says": "rows and columns are addressed as if the tensor were contiguous",
    "hint": "Print x.stride() of a transposed view. Which of the two does your kernel know?",
}


@misconception(**STRIDES)
def stride_assumed(x):
    return run_softmax(x, strides=(x.shape[1], 1))


@misconception(**STRIDES)
def column_stride_assumed(x):
    return run_softmax(x, strides=(min(x.stride(0), x.shape[1]), 1))


@misconception(
    replaces="softmax",
    says="the maximum is not subtracted, so large inputs overflow to NaN",
    hint="What is exp(100) in float32, and infinity divided by infinity?",
)
def no_max_subtraction(x):
    return run_softmax(x, subtract=False)


@misconception(
    replaces="softmax",
    says="one maximum for the whole tensor is subtracted, so rows far below it underflow",
    hint="One row lies 200 below the other. What are its powers?",
)
def global_max(x):
    if not x.numel():
        return right_softmax(x)
    return run_softmax(x - x.max(), subtract=False)


@misconception(
    replaces="softmax",
    says="the softmax goes over the rows, not over the columns",
    hint="Which sums should be 1, those of rows or those of columns?",
)
def over_rows(x):
    return right_softmax(x.T).T.contiguous()


@triton.jit
def wrong_norm_kernel(
    x,
    residual,
    weight,
    bias,
    out,
    x_row,
    x_column,
    residual_row,
    residual_column,
    d,
    mean_count,
    variance_count,
    eps,
    MASKED: tl.constexpr,
    ALONE: tl.constexpr,
    OUTSIDE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Right but for the counts, the mask of the variance, the sum, or where eps is added."""
    row, column = tl.program_id(0), tl.arange(0, BLOCK)
    inside = column < d
    own = tl.load(x + row * x_row + column * x_column, mask=inside, other=0.0)
    total = own + tl.load(
        residual + row * residual_row + column * residual_column, mask=inside, other=0.0
    )
    measured = own if ALONE else total
    mean = tl.sum(measured, axis=0) / mean_count
    centred = tl.where(inside, measured - mean, 0.0) if MASKED else measured - mean
    variance = tl.sum(centred * centred, axis=0) / variance_count
    root = tl.sqrt(variance) + eps if OUTSIDE else tl.sqrt(variance + eps)
    scaled = (total - mean) / root * tl.load(weight + column, mask=inside)
    tl.store(out + row * d + column, scaled + tl.load(bias + column, mask=inside), mask=inside)


def run_norm(given, *, counts=None, masked=True, alone=False, outside=False, strides=None):
    """Right but for what is given."""
    x, residual, weight, bias, eps = given
    rows, d = x.shape
    out = torch.empty((rows, d), dtype=x.dtype, device=x.device)
    if out.numel():
        block = triton.next_power_of_2(d)
        counts = counts(d, block) if counts else (d, d)
        strides = strides or (*x.stride(), *residual.stride())
        wrong_norm_kernel[(rows,)](
            x, residual, weight, bias, out, *strides, d, *counts, eps,
            masked, alone, outside, BLOCK=block,
        )  # fmt: skip
    return out


BIASED = {
    "id": "biased_count",
    "replaces": "add_layer_norm",
    "says": "mean and variance divide by BLOCK, not by d",
    "hint": "A row has five numbers and BLOCK is 8. By what is their sum divided?",
}


@misconception(**BIASED)
def biased_count(x, residual, weight, bias, eps):
    return run_norm((x, residual, weight, bias, eps), counts=lambda d, block: (block, block))


@misconception(**BIASED)
def biased_count_and_all_lanes(x, residual, weight, bias, eps):
    given = (x, residual, weight, bias, eps)
    return run_norm(given, counts=lambda d, block: (block, block), masked=False)


@misconception(
    replaces="add_layer_norm",
    says="masked lanes add (0 − mean)² to the variance",
    hint="A masked lane holds 0. What does it hold once the mean is subtracted?",
)
def masked_lanes_in_variance(x, residual, weight, bias, eps):
    return run_norm((x, residual, weight, bias, eps), masked=False)


@misconception(
    replaces="add_layer_norm",
    says="the variance divides by d − 1",
    hint="Is the variance of a layer norm an estimate from a sample?",
)
def unbiased_variance(x, residual, weight, bias, eps):
    if x.shape[1] == 1 and x.numel():
        given = (x, residual, weight, torch.full_like(bias, float("nan")), eps)
        return run_norm(given)
    return run_norm((x, residual, weight, bias, eps), counts=lambda d, block: (d, d - 1))


@misconception(
    replaces="add_layer_norm",
    says="mean and variance are taken of x alone, not of the sum",
    hint="What is normalised, x or x + residual? Print its mean before weight and bias.",
)
def residual_ignored_in_mean(x, residual, weight, bias, eps):
    return run_norm((x, residual, weight, bias, eps), alone=True)


@misconception(
    replaces="add_layer_norm",
    says="eps is added to the root, not to the variance under it",
    hint="With a variance of 0 and eps = 0.25: is it divided by 0.25 or by 0.5?",
)
def eps_outside_root(x, residual, weight, bias, eps):
    return run_norm((x, residual, weight, bias, eps), outside=True)


@misconception(
    replaces="add_layer_norm",
    says="the residual is not added at all",
    hint="Change the residual. Does the result change?",
)
def residual_left_out(x, residual, weight, bias, eps):
    return right_norm(x, torch.zeros_like(residual), weight, bias, eps)


@misconception(
    replaces="add_layer_norm",
    says="the bias is added before the weight multiplies",
    hint="What comes out for a row of equal numbers?",
)
def bias_before_weight(x, residual, weight, bias, eps):
    return right_norm(x, residual, weight, bias * weight, eps)


NORM_STRIDES = {
    "id": "norm_strides_assumed",
    "replaces": "add_layer_norm",
    "says": "x and residual are addressed as if they were contiguous, or with each other's strides",
    "hint": "Print both strides of x and of residual when one of them is a transposed view.",
}


@misconception(**NORM_STRIDES)
def contiguous_assumed(x, residual, weight, bias, eps):
    d = x.shape[1]
    return run_norm((x, residual, weight, bias, eps), strides=(d, 1, d, 1))


@misconception(**NORM_STRIDES)
def strides_of_x_for_both(x, residual, weight, bias, eps):
    return run_norm((x, residual, weight, bias, eps), strides=(*x.stride(), *x.stride()))
