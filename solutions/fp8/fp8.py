"""FP8: E4M3, E5M2 and their scales: the reference."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional


class Layout(NamedTuple):
    """A format as Micikevicius et al. (2022), table 1, give it."""

    mantissa_bits: int
    bias: int
    largest: int  # the code of the largest finite number; what follows it is inf or NaN
    infinity: int | None
    nan: int


LAYOUTS = {
    "e4m3": Layout(mantissa_bits=3, bias=7, largest=0x7E, infinity=None, nan=0x7F),
    "e5m2": Layout(mantissa_bits=2, bias=15, largest=0x7B, infinity=0x7C, nan=0x7F),
}


def decode_fp8(codes: UInt8[Tensor, "*shape"], format: str = "e4m3") -> Float[Tensor, "*shape"]:
    """Return the numbers that FP8 codes stand for, exactly, in float32.

    >>> decode_fp8(torch.tensor([0x3B, 0x05, 0x7E], dtype=torch.uint8))
    tensor([1.3750e+00, 9.7656e-03, 4.4800e+02])
    """
    layout = layout_of(format)
    bits = codes.to(torch.int32)
    magnitude = bits & 0x7F
    exponent = magnitude >> layout.mantissa_bits
    mantissa = magnitude & (2**layout.mantissa_bits - 1)
    # A subnormal number has no leading one, but the exponent of the smallest normal numbers.
    leading = torch.where(exponent == 0, 0, 2**layout.mantissa_bits)
    power = exponent.clamp(min=1) - layout.bias - layout.mantissa_bits
    number = (leading + mantissa).float() * power_of_two(power)
    number = torch.where(magnitude > layout.largest, torch.nan, number)
    if layout.infinity is not None:
        number = torch.where(magnitude == layout.infinity, torch.inf, number)
    return torch.where(bits > 0x7F, -number, number)


def encode_fp8(
    x: Float[Tensor, "*shape"], format: str = "e4m3", saturate: bool = True
) -> UInt8[Tensor, "*shape"]:
    """Return the codes of the nearest FP8 numbers; a tie goes to the even code.

    >>> [hex(code) for code in encode_fp8(torch.tensor([1.4375, 1.97, -0.0, 1e9]))]
    ['0x3c', '0x40', '0x80', '0x7e']
    """
    layout = layout_of(format)
    beyond = layout.largest if saturate else layout.largest + 1  # the code after it: inf or NaN
    magnitude = torch.where(x.isfinite(), x.abs(), 0.0)
    # Between 2^e and 2^(e + 1) the numbers are 2^(e − mantissa bits) apart; below the smallest
    # normal number they stay as far apart as just above it.
    smallest = 1 - layout.bias
    exponent = torch.where(magnitude > 0, torch.frexp(magnitude).exponent - 1, smallest)
    exponent = exponent.clamp(min=smallest)
    steps = torch.round(magnitude / power_of_two(exponent - layout.mantissa_bits))
    # Codes count through all numbers in order: what rounds up to 2^(e + 1) carries by itself.
    code = (exponent - smallest) * 2**layout.mantissa_bits + steps.to(torch.int32)
    code = torch.where((code > layout.largest) | x.isinf(), beyond, code)
    code = torch.where(x.isnan(), layout.nan, code)
    return (code + 0x80 * torch.signbit(x)).to(torch.uint8)


def quantize_fp8(
    x: Float[Tensor, "rows cols"], block: int | None = None, format: str = "e4m3"
) -> tuple[UInt8[Tensor, "rows cols"], Float[Tensor, "tiles_down tiles_across"]]:
    """Return codes, and the powers of two that the decoded codes are multiplied by.

    >>> quantize_fp8(torch.tensor([[1000.0, 3.0]]))
    (tensor([[120,  52]], dtype=torch.uint8), tensor([[4.]]))
    """
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError(f"x has to be [rows, cols] and not empty, got {list(x.shape)}")
    if not x.isfinite().all():
        raise ValueError("x holds infinities or NaN")
    if block is not None and block < 1:
        raise ValueError(f"block = {block} holds no column")
    if block is None:
        scale = smallest_scale(x.abs().amax().reshape(1, 1), format)
        return encode_fp8(x / scale, format), scale
    rows, cols = x.shape
    padded = functional.pad(x, (0, -cols % block))  # zeros change no maximum
    scale = smallest_scale(padded.abs().reshape(rows, -1, block).amax(dim=-1), format)
    return encode_fp8(x / scale.repeat_interleave(block, dim=1)[:, :cols], format), scale


def smallest_scale(peak: Float[Tensor, "..."], format: str) -> Float[Tensor, "..."]:
    """Return the smallest power of two s with peak ≤ s · largest, or 1 for a peak of 0."""
    layout = layout_of(format)
    largest = decode_fp8(torch.tensor(layout.largest, dtype=torch.uint8), format)
    # Fraction and exponent are exact, which a logarithm is not: 448 · 2^k needs 2^k, no more.
    of_peak, of_largest = torch.frexp(peak), torch.frexp(largest)
    power = of_peak.exponent - of_largest.exponent + (of_peak.mantissa > of_largest.mantissa)
    return torch.where(peak > 0, power_of_two(power), 1.0)


def power_of_two(power: Int[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return 2^power exactly, for −126 … 127, by writing the exponent of a float32."""
    return ((power + 127) << 23).to(torch.int32).view(torch.float32)


def layout_of(format: str) -> Layout:
    """Return the layout of a format, or raise."""
    if format not in LAYOUTS:
        raise ValueError(f"format = {format!r} is neither 'e4m3' nor 'e5m2'")
    return LAYOUTS[format]
