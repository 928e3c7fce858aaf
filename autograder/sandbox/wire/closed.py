"""The closed set: what may cross, and the byte that stands for each kind of it."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from types import NoneType
from typing import Any

import numpy as np

# ---- the closed set ----

NONE, FALSE, TRUE, INT, BIG_INT, FLOAT, COMPLEX, TEXT, SURROGATES, BYTES = range(10)
LIST, TUPLE, SET, FROZENSET, DICT, RANGE = range(10, 16)
ARRAY, SCALAR, NUMPY_TEXT, NUMPY_BYTES, TENSOR, LEAF = range(16, 22)
NUMPY_DTYPE, TORCH_DTYPE, REF = range(22, 25)
# Behind a container: its items one by one, or all of them in one column.
MIXED, INTS, FLOATS, TEXTS = range(32, 36)
# Behind what has bytes: where they are.
INLINE, BLOB = range(40, 42)

SMALL = 256  # bytes: smaller pieces go into the head
DIMENSIONS = 32
NAME = 200  # characters of a reference's name
KINDS = ("handle", "method", "callback")
MOST_EQUAL_HASHES = 64

NUMPY_NAMES = {
    np.dtype(order + code).str: np.dtype(order + code)
    for code in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
    for order in "<>"
}
NUMPY_TEXT_NAME = re.compile(r"[<>]U[1-9][0-9]{0,6}|\|S[1-9][0-9]{0,7}")
NUMPY_SCALARS = {id(dtype.type) for dtype in NUMPY_NAMES.values()}
NUMPY_SCALARS |= {id(kind) for kind in (np.longlong, np.ulonglong, np.str_, np.bytes_)}
KEY_TYPES = {id(kind) for kind in (NoneType, bool, int, float, str, bytes, tuple)}
KEY_TYPES |= NUMPY_SCALARS
TORCH_NAMES = (
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64", "complex32", "complex64", "complex128"),
    *("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"),
)


def numpy_dtype(name: str) -> np.dtype[Any] | None:
    """Return the dtype of a name that may cross."""
    if name in NUMPY_NAMES:
        return NUMPY_NAMES[name]
    return np.dtype(name) if NUMPY_TEXT_NAME.fullmatch(name) else None


def numpy_name(dtype: np.dtype[Any]) -> str | None:
    """Return the name of a dtype that may cross; never a long double, it differs by machine."""
    name = dtype.str
    return name if dtype.char not in "gG" and numpy_dtype(name) is not None else None


@functools.cache
def torch_dtypes() -> dict[str, Any]:
    """Return the torch dtypes that may cross, by name."""
    import torch

    return {name: getattr(torch, name) for name in TORCH_NAMES if hasattr(torch, name)}


@functools.cache
def torch_names() -> dict[Any, str]:
    """Return the names of torch's dtypes, by dtype."""
    return {dtype: name for name, dtype in torch_dtypes().items()}


def row_major(shape: Sequence[int]) -> list[int]:
    """Return the strides of contiguous memory, in elements."""
    strides, step = [0] * len(shape), 1
    for axis in range(len(shape) - 1, -1, -1):
        strides[axis] = step
        step *= max(shape[axis], 1)
    return strides


def axis_order(shape: Sequence[int], strides: Sequence[int]) -> tuple[int, ...] | None:
    """Return the axes from the outermost to the innermost of dense memory.

    Returns `()` for row-major memory and None for memory with gaps, overlaps or reversed axes.

    >>> axis_order((2, 3), (1, 2))
    (1, 0)
    """
    if list(strides) == row_major(shape):
        return ()
    order = sorted(range(len(shape)), key=lambda axis: -strides[axis])
    dense = row_major([shape[axis] for axis in order])
    for axis, step in zip(order, dense, strict=True):
        if strides[axis] != step and shape[axis] != 1:
            return None
    return tuple(order)


def elements(shape: Sequence[int]) -> int:
    """Return the number of elements, an empty axis counted as one: what strides must span."""
    return math.prod(max(size, 1) for size in shape)


def range_length(start: int, stop: int, step: int) -> int:
    """Return how many numbers a range holds, which `len` cannot count beyond 2**63."""
    return max(0, (stop - start + step - (1 if step > 0 else -1)) // step)
