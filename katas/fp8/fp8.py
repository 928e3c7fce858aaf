"""FP8: E4M3, E5M2 and their scales. The question is in README.md."""

from jaxtyping import Float, UInt8
from torch import Tensor


def decode_fp8(codes: UInt8[Tensor, "*shape"], format: str = "e4m3") -> Float[Tensor, "*shape"]:
    """Return the numbers that FP8 codes stand for, exactly, in float32.

    Raises:
        ValueError: if `format` is neither "e4m3" nor "e5m2".
    """
    raise NotImplementedError


def encode_fp8(
    x: Float[Tensor, "*shape"], format: str = "e4m3", saturate: bool = True
) -> UInt8[Tensor, "*shape"]:
    """Return the codes of the nearest FP8 numbers; a tie goes to the even code.

    What overflows, ±inf included, becomes the largest finite number of its sign; without
    `saturate` infinity in e5m2 and NaN in e4m3. NaN becomes any NaN of the format.

    Raises:
        ValueError: if `format` is neither "e4m3" nor "e5m2".
    """
    raise NotImplementedError


def quantize_fp8(
    x: Float[Tensor, "rows cols"], block: int | None = None, format: str = "e4m3"
) -> tuple[UInt8[Tensor, "rows cols"], Float[Tensor, "tiles_down tiles_across"]]:
    """Return codes, and the powers of two that the decoded codes are multiplied by.

    There is one scale of shape (1, 1), or with `block` one for each run of so many columns of each
    row, of shape (rows, ⌈cols / block⌉).

    Raises:
        ValueError: if `x` is not 2-D, is empty or not finite, `block` is below 1, or `format` is
            neither "e4m3" nor "e5m2".
    """
    raise NotImplementedError
