"""Matrix times vector with quantised weights. The question is in README.md."""

from jaxtyping import Float, Int8, UInt8
from numpy import ndarray as Array

from autograder.gpu import RawKernel, xp  # noqa: F401 — yours to use


def int8_gemv(
    weight: Int8[Array, "n k"], scale: Float[Array, "n"], x: Float[Array, "k"]
) -> Float[Array, "n"]:
    """Return scale[i] · Σⱼ weight[i, j]·x[j] for each row i, in one launch.

    The weights are passed as they are stored, and each byte is loaded once, by threads that are
    neighbours as the bytes are.
    """
    raise NotImplementedError


def int4_gemv(
    packed: UInt8[Array, "n k/2"],
    scale: Float[Array, "n k/group"],
    x: Float[Array, "k"],
    group: int,
) -> Float[Array, "n"]:
    """Return Σⱼ scale[i, j // group]·value[i, j]·x[j] for each row i, in one launch.

    Byte j of a row holds element 2j in its low nibble and 2j + 1 in its high one, each stored as
    value + 8. k and group are even. Bytes are loaded as in `int8_gemv`.

    Raises:
        ValueError: if `group` is less than 1 or does not divide k.
    """
    raise NotImplementedError
