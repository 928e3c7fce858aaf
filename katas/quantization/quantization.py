"""Quantisation: symmetric, affine, int4 groups. The question is in README.md."""

from jaxtyping import Float, Int, Int8, Int64, UInt8
from torch import Tensor


def quantize_symmetric(
    x: Float[Tensor, "*shape"], bits: int = 8, axis: int | None = None
) -> tuple[Int8[Tensor, "*shape"], Float[Tensor, "*scale"]]:
    """Return codes in −q_max … q_max, and the scale that gives x back.

    The scale is 0-dimensional without an axis; with one it has the size of x on that axis and 1 on
    all others. A negative axis counts from the end.

    Raises:
        ValueError: if `x` is empty or not finite, `bits` is outside 2 … 8, or `x` has no such axis.
    """
    raise NotImplementedError


def quantize_affine(
    x: Float[Tensor, "*shape"], bits: int = 8, axis: int | None = None
) -> tuple[UInt8[Tensor, "*shape"], Float[Tensor, "*scale"], Int64[Tensor, "*scale"]]:
    """Return codes in 0 … 2^bits − 1, the scale, and the zero point, which is the code of 0.0.

    Scale and zero point are shaped as the scale of `quantize_symmetric`.

    Raises:
        ValueError: as `quantize_symmetric`.
    """
    raise NotImplementedError


def dequantize(
    codes: Int[Tensor, "*shape"],
    scale: Float[Tensor, "*scale"],
    zero_point: Int64[Tensor, "*scale"] | None = None,
) -> Float[Tensor, "*shape"]:
    """Return (codes − zero_point) · scale in float32; None is a zero point of 0.

    Codes may be of any integer dtype, signed or unsigned.
    """
    raise NotImplementedError


def quantize_int4_groups(
    weight: Float[Tensor, "out in"], group: int
) -> tuple[UInt8[Tensor, "out in/2"], Float[Tensor, "out in/group"]]:
    """Pack each row in four bits a weight, with one scale for every `group` consecutive inputs.

    Raises:
        ValueError: if `weight` is not 2-D, is empty or not finite, has an odd number of inputs, or
            `group` is below 1 or does not divide them.
    """
    raise NotImplementedError


def dequantize_int4_groups(
    packed: UInt8[Tensor, "out in/2"], scale: Float[Tensor, "out in/group"], group: int
) -> Float[Tensor, "out in"]:
    """Undo `quantize_int4_groups`, up to the rounding.

    Raises:
        ValueError: if `packed` and `scale` do not belong together with this `group`.
    """
    raise NotImplementedError
