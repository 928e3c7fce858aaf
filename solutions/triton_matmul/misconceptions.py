"""The wrong turns of triton_matmul.

What most of them give depends on the size of the steps along k, so they come with steps of 16, 32,
64 and 128.
"""

import torch
import triton
import triton.language as tl

from autograder.suite import misconception
from solutions.triton_matmul.triton_matmul import matmul as right


@triton.jit
def wrong_kernel(
    a,
    b,
    out,
    m,
    n,
    k,
    stop,
    inner,
    a_row,
    a_column,
    b_row,
    b_column,
    HALF: tl.constexpr,
    REPLACED: tl.constexpr,
    MASKED: tl.constexpr,
    BLOCK: tl.constexpr,
    DEPTH: tl.constexpr,
):
    """Right but for where the loop stops, which k is inside, the accumulator, and the store."""
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)[:, None]
    column = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)[None, :]
    total = tl.zeros((BLOCK, BLOCK), dtype=tl.float16 if HALF else tl.float32)
    for start in range(0, stop, DEPTH):
        across, down = start + tl.arange(0, DEPTH)[None, :], start + tl.arange(0, DEPTH)[:, None]
        a_tile = tl.load(
            a + row * a_row + across * a_column, mask=(row < m) & (across < inner), other=0.0
        )
        b_tile = tl.load(
            b + down * b_row + column * b_column, mask=(down < inner) & (column < n), other=0.0
        )
        product = tl.dot(a_tile, b_tile, input_precision="ieee")
        if HALF:
            total += product.to(tl.float16)
        elif REPLACED:
            total = product
        else:
            total += product
    place = out + row * n + column
    if MASKED:
        tl.store(place, total.to(out.dtype.element_ty), mask=(row < m) & (column < n))
    else:
        tl.store(place, total.to(out.dtype.element_ty))


def padded(x, size):
    """Return the elements of x in the order of memory, then zeros."""
    dense = x.T if x.stride(0) < x.stride(1) else x
    return torch.cat([dense.contiguous().flatten(), torch.zeros(size, dtype=x.dtype)])


def run(
    a, b, *, depth=32, whole=False, strides=None, half=False, replaced=False, inner=False,
    masked=True, block=64,
):  # fmt: skip
    """Right but for what is given."""
    right(a[:, :1], b[:1, :]) if a.shape[1] == b.shape[0] else right(a, b)  # for its errors
    (m, k), n = a.shape, b.shape[1]
    beyond = block * (n + 1) + depth + block
    out = torch.empty((m + block) * n + beyond, dtype=a.dtype)
    grid = (triton.cdiv(m, block), triton.cdiv(n, block))
    strides = strides or (*a.stride(), *b.stride())
    room = 4 * (m + k + n + depth) * (max(strides) + 1)  # what lies behind counts as zeros
    wrong_kernel[grid](
        padded(a, room), padded(b, room), out, m, n, k,
        k // depth * depth if whole else k, k + depth if inner else k, *strides,
        HALF=half, REPLACED=replaced, MASKED=masked, BLOCK=block, DEPTH=depth,
    )  # fmt: skip
    return out[: m * n].reshape(m, n).clone()


DROPPED = {
    "id": "drops_last_k_tile",
    "replaces": "matmul",
    "says": "the loop runs over k // BLOCK whole tiles, so the rest of k is left out",
    "hint": "How many whole tiles of 32 does k = 5 have?",
}


@misconception(**DROPPED)
def drops_last_k_tile(a, b):
    return run(a, b, whole=True)


@misconception(**DROPPED)
def drops_last_k_tile_of_16(a, b):
    return run(a, b, whole=True, depth=16)


@misconception(**DROPPED)
def drops_last_k_tile_of_64(a, b):
    return run(a, b, whole=True, depth=64)


@misconception(**DROPPED)
def drops_last_k_tile_of_128(a, b):
    return run(a, b, whole=True, depth=128)


UNMASKED = {
    "id": "no_k_mask",
    "replaces": "matmul",
    "says": "the last tile along k is loaded without a mask, so values past the end are multiplied "
    "in",
    "hint": "k is 5 and the tile 32. What lies at the addresses of places 5 to 31?",
}


@misconception(**UNMASKED)
def no_k_mask(a, b):
    return run(a, b, inner=True)


@misconception(**UNMASKED)
def no_k_mask_of_64(a, b):
    return run(a, b, inner=True, depth=64)


@misconception(**UNMASKED)
def no_k_mask_of_16(a, b):
    return run(a, b, inner=True, depth=16)


HALVES = {
    "id": "accumulates_in_half",
    "replaces": "matmul",
    "says": "the accumulator is float16, so long sums lose their small terms",
    "hint": "What is 2048 + 1 in float16? Print the dtype of your accumulator.",
}


def halves(a, b, depth):
    return run(a, b, depth=depth, half=a.dtype == torch.float16)


@misconception(**HALVES)
def accumulates_in_half(a, b):
    return halves(a, b, 32)


@misconception(**HALVES)
def accumulates_in_half_by_16(a, b):
    return halves(a, b, 16)


@misconception(**HALVES)
def accumulates_in_half_by_64(a, b):
    return halves(a, b, 64)


@misconception(**HALVES)
def accumulates_in_half_by_128(a, b):
    return halves(a, b, 128)


@misconception(**HALVES)
def always_accumulates_in_half(a, b):
    return run(a, b, half=True)


@misconception(
    replaces="matmul",
    says="the two strides of b are exchanged, so b is read as if it were transposed",
    hint="Take the identity for a. Is the result b, or b turned over?",
)
def strides_swapped(a, b):
    return run(a, b, strides=(*a.stride(), b.stride(1), b.stride(0)))


ASSUMED = {
    "id": "stride_assumed",
    "replaces": "matmul",
    "says": "rows are addressed as if the tensors were contiguous",
    "hint": "Print the strides of a transposed view. Which of them does your kernel know?",
}


@misconception(**ASSUMED)
def stride_assumed(a, b):
    return run(a, b, strides=(a.shape[1], 1, b.shape[1], 1))


@misconception(**ASSUMED)
def column_stride_assumed(a, b):
    return run(a, b, strides=(a.stride(0), 1, b.stride(0), 1))


@misconception(**ASSUMED)
def stride_of_a_assumed(a, b):
    return run(a, b, strides=(a.shape[1], 1, *b.stride()))


@misconception(**ASSUMED)
def stride_of_b_assumed(a, b):
    return run(a, b, strides=(*a.stride(), b.shape[1], 1))


STORED = {
    "id": "output_not_masked",
    "replaces": "matmul",
    "says": "the store has no mask, so it writes past the edge of the result",
    "hint": "A tile of 64 columns and a result of 70. Where do the last columns of the second go?",
}


@misconception(**STORED)
def output_not_masked(a, b):
    return run(a, b, masked=False)


@misconception(**STORED)
def output_not_masked_by_32(a, b):
    return run(a, b, masked=False, block=32)


@misconception(**STORED)
def output_not_masked_by_128(a, b):
    return run(a, b, masked=False, block=128)


REPLACED = {
    "id": "last_tile_only",
    "replaces": "matmul",
    "says": "each tile's product replaces the accumulator, it is not added",
    "hint": "What is in the accumulator after the second tile, and where is the first one's part?",
}


@misconception(**REPLACED)
def last_tile_only(a, b):
    return run(a, b, replaced=True)


@misconception(**REPLACED)
def last_tile_of_16_only(a, b):
    return run(a, b, replaced=True, depth=16)


@misconception(**REPLACED)
def last_tile_of_64_only(a, b):
    return run(a, b, replaced=True, depth=64)


@misconception(**REPLACED)
def last_tile_of_128_only(a, b):
    return run(a, b, replaced=True, depth=128)


@misconception(
    replaces="matmul",
    says="the result is float32 whatever the inputs are",
    hint="Print the dtype of the result for float16 in.",
)
def result_is_float32(a, b):
    out = run(a, b)
    return out if a.dtype == torch.float32 else run(a.float(), b.float())


@misconception(
    replaces="matmul",
    says="float32 inputs are rounded to float16 before they are multiplied",
    hint="How many digits of a float32 does float16 keep?",
)
def inputs_rounded_to_half(a, b):
    right(a[:, :1], b[:1, :]) if a.shape[1] == b.shape[0] else right(a, b)
    return right(a.half().to(a.dtype), b.half().to(b.dtype))
