"""Row kernels in Triton: the reference."""

import torch
import triton
import triton.language as tl
from jaxtyping import Float
from torch import Tensor


@triton.jit
def softmax_kernel(x, out, row_stride, column_stride, columns, BLOCK: tl.constexpr):
    """Turn one row into probabilities; a program holds all of it in registers."""
    row, column = tl.program_id(0), tl.arange(0, BLOCK)
    inside = column < columns
    # Lanes past the end hold −inf: it is never the maximum, and its exponential is 0.
    scores = tl.load(
        x + row * row_stride + column * column_stride, mask=inside, other=-float("inf")
    )
    powers = tl.exp(scores - tl.max(scores))
    tl.store(out + row * columns + column, powers / tl.sum(powers), mask=inside)


def softmax(x: Float[Tensor, "rows cols"]) -> Float[Tensor, "rows cols"]:
    """Return the softmax of each row, a program a row.

    >>> softmax(torch.zeros(1, 4)).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    rows, columns = x.shape
    out = torch.empty((rows, columns), dtype=x.dtype, device=x.device)
    if out.numel():
        block = triton.next_power_of_2(columns)  # what tl.arange can make
        softmax_kernel[(rows,)](x, out, x.stride(0), x.stride(1), columns, BLOCK=block)
    return out


@triton.jit
def add_layer_norm_kernel(
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
    eps,
    BLOCK: tl.constexpr,
):
    """Normalise one row of x + residual; the sum never is in memory."""
    row, column = tl.program_id(0), tl.arange(0, BLOCK)
    inside = column < d
    total = tl.load(x + row * x_row + column * x_column, mask=inside, other=0.0)
    total += tl.load(
        residual + row * residual_row + column * residual_column, mask=inside, other=0.0
    )
    mean = tl.sum(total) / d
    # Lanes past the end would add (0 − mean)² each.
    centred = tl.where(inside, total - mean, 0.0)
    variance = tl.sum(centred * centred) / d
    scaled = centred / tl.sqrt(variance + eps) * tl.load(weight + column, mask=inside)
    tl.store(out + row * d + column, scaled + tl.load(bias + column, mask=inside), mask=inside)


def add_layer_norm(
    x: Float[Tensor, "rows d"],
    residual: Float[Tensor, "rows d"],
    weight: Float[Tensor, "d"],
    bias: Float[Tensor, "d"],
    eps: float,
) -> Float[Tensor, "rows d"]:
    """Return the layer norm of x + residual (Ba et al., 2016), a program a row.

    >>> one = torch.ones(2)
    >>> add_layer_norm(torch.tensor([[1.0, 3.0]]), torch.zeros(1, 2), one, one, 0.0).tolist()
    [[0.0, 2.0]]
    """
    rows, d = x.shape
    out = torch.empty((rows, d), dtype=x.dtype, device=x.device)
    if out.numel():
        strides = (*x.stride(), *residual.stride())
        add_layer_norm_kernel[(rows,)](
            x, residual, weight, bias, out, *strides, d, eps, BLOCK=triton.next_power_of_2(d)
        )
    return out
