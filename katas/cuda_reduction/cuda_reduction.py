"""Sums, maxima and argmax in CUDA. The question is in README.md."""

from jaxtyping import Float
from numpy import ndarray as Array

from autograder.gpu import RawKernel, xp  # noqa: F401 — yours to use


def block_sum(x: Float[Array, "n"]) -> float:
    """Return the sum, accumulated in float32; that of no elements is 0.0.

    Within a block a tree in shared memory or shuffles add, across blocks an atomic a block or a
    second launch.
    """
    raise NotImplementedError


def warp_max(x: Float[Array, "rows cols"]) -> Float[Array, "rows"]:
    """Return the maximum of each row, by one warp a row and shuffles alone.

    x may hold −inf, but no NaN. Without rows the result is empty, and nothing is launched.

    Raises:
        ValueError: if x has no columns.
    """
    raise NotImplementedError


def argmax(x: Float[Array, "n"]) -> int:
    """Return the lowest index of a maximum, whatever the order of blocks.

    −0.0 and 0.0 are equal. x may hold infinities, but no NaN.

    Raises:
        ValueError: if x is empty.
    """
    raise NotImplementedError
