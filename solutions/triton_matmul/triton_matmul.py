"""A matrix product in Triton: the reference."""

import torch
import triton
import triton.language as tl
from jaxtyping import Float
from torch import Tensor

BLOCK, DEPTH = 64, 64
"""The sizes of a program's tile of the result, and of its steps along k."""


@triton.jit
def matmul_kernel(
    a,
    b,
    out,
    m,
    n,
    k,
    a_row,
    a_column,
    b_row,
    b_column,
    BLOCK: tl.constexpr,
    DEPTH: tl.constexpr,
):
    """Compute one tile of the result."""
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)[:, None]
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)[None, :]
    total = tl.zeros((BLOCK, BLOCK), dtype=tl.float32)  # whatever a and b are
    for start in range(0, k, DEPTH):
        across, down = start + tl.arange(0, DEPTH)[None, :], start + tl.arange(0, DEPTH)[:, None]
        a_tile = tl.load(
            a + row * a_row + across * a_column, mask=(row < m) & (across < k), other=0.0
        )
        b_tile = tl.load(
            b + down * b_row + column * b_column, mask=(down < k) & (column < n), other=0.0
        )
        # "ieee": on a device float32 would be rounded to TF32 first.
        total = tl.dot(a_tile, b_tile, total, input_precision="ieee")
    inside = (row < m) & (column < n)
    tl.store(out + row * n + column, total.to(out.dtype.element_ty), mask=inside)


def matmul(a: Float[Tensor, "m k"], b: Float[Tensor, "k n"]) -> Float[Tensor, "m n"]:
    """Return a b, a program for each tile of the result.

    >>> matmul(torch.ones(1, 3), torch.ones(3, 2)).tolist()
    [[3.0, 3.0]]
    """
    (m, k), n = a.shape, b.shape[1]
    if b.shape[0] != k:
        raise ValueError(f"a has {k} columns and b has {b.shape[0]} rows: they have to be equal")
    if a.dtype != b.dtype:
        raise ValueError(f"a is {a.dtype} and b is {b.dtype}: they have to be of one dtype")
    out = torch.empty((m, n), dtype=a.dtype, device=a.device)
    grid = (triton.cdiv(m, BLOCK), triton.cdiv(n, BLOCK))
    matmul_kernel[grid](
        a, b, out, m, n, k, *a.stride(), *b.stride(), BLOCK=BLOCK, DEPTH=DEPTH
    )  # fmt: skip
    return out
