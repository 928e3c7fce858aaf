"""The wrong turns of FP8."""

import torch

from autograder.suite import misconception
from solutions.fp8.fp8 import (
    decode_fp8,
    encode_fp8,
    layout_of,
    power_of_two,
    quantize_fp8,
)

# ── decode_fp8 ────────────────────────────────────────────────────────────────────────────────


def fields(codes, layout):
    """Return sign, exponent and mantissa."""
    bits = codes.to(torch.int32)
    exponent = (bits & 0x7F) >> layout.mantissa_bits
    return 1.0 - 2.0 * (bits >> 7), exponent, bits & (2**layout.mantissa_bits - 1)


def with_a_leading_one(codes, format, zeros):
    right, layout = decode_fp8(codes, format), layout_of(format)
    sign, exponent, mantissa = fields(codes, layout)
    number = (1 + mantissa / 2**layout.mantissa_bits) * power_of_two(exponent - layout.bias)
    changed = exponent == 0
    if zeros:
        changed &= mantissa > 0
    return torch.where(changed, sign * number, right)


@misconception(
    replaces="decode_fp8",
    says="exponent 0 is decoded with an implicit leading one",
    hint="What are the codes 0, 1 and 2 in e4m3? Are they evenly spaced?",
)
def no_subnormals(codes, format="e4m3"):
    return with_a_leading_one(codes, format, zeros=False)


@misconception(
    id="no_subnormals",
    replaces="decode_fp8",
    says="exponent 0 is decoded with an implicit leading one",
    hint="What are the codes 0, 1 and 2 in e4m3? Are they evenly spaced?",
)
def no_subnormals_but_zero(codes, format="e4m3"):
    return with_a_leading_one(codes, format, zeros=True)


@misconception(
    replaces="decode_fp8",
    says="exponent 15 of e4m3 is read as infinity (mantissa 0) or NaN, so its largest value would "
    "be 240",
    hint="Micikevicius et al. give e4m3 a largest value of 448. Which code has it?",
)
def e4m3_like_ieee(codes, format="e4m3"):
    right = decode_fp8(codes, format)
    if format != "e4m3":
        return right
    sign, exponent, mantissa = fields(codes, layout_of(format))
    odd = torch.where(mantissa == 0, sign * torch.inf, torch.nan)
    return torch.where(exponent == 15, odd, right)


@misconception(
    replaces="decode_fp8",
    says="the bias is 2^(exponent bits − 1), one too large, so every value is half",
    hint="Which number should 0x38 be, with exponent 7 of e4m3?",
)
def bias_of_half_the_range(codes, format="e4m3"):
    return decode_fp8(codes, format) / 2


@misconception(
    replaces="decode_fp8",
    says="numbers with exponent 0 get the power 2^(0 − bias), not that of exponent 1, so they are "
    "half",
    hint="Which number follows the largest subnormal one? How far is it, and how far should it be?",
)
def subnormals_of_exponent_zero(codes, format="e4m3"):
    right, layout = decode_fp8(codes, format), layout_of(format)
    return torch.where(fields(codes, layout)[1] == 0, right / 2, right)


@misconception(
    replaces="decode_fp8",
    says="exponent 31 of e5m2 is decoded as numbers, as exponent 15 of e4m3 is",
    hint="Which of the two formats gave up infinity?",
)
def e5m2_without_infinity(codes, format="e4m3"):
    right = decode_fp8(codes, format)
    if format != "e5m2":
        return right
    sign, exponent, mantissa = fields(codes, layout_of(format))
    return torch.where(exponent == 31, sign * (1 + mantissa / 4) * 2.0**16, right)


# ── encode_fp8 ────────────────────────────────────────────────────────────────────────────────


def placed(x, format):
    """Return the magnitude in steps, and the code of the power of two that it lies above."""
    layout = layout_of(format)
    magnitude = torch.where(x.isfinite(), x.abs(), 0.0)
    smallest = 1 - layout.bias
    exponent = torch.where(magnitude > 0, torch.frexp(magnitude).exponent - 1, smallest)
    exponent = exponent.clamp(min=smallest)
    steps = magnitude / power_of_two(exponent - layout.mantissa_bits)
    return steps, (exponent - smallest) * 2**layout.mantissa_bits


def rounded(x, format, saturate, rounding):
    """Encode as the reference, but for how steps are rounded in what does not overflow."""
    right = encode_fp8(x, format, False)
    layout = layout_of(format)
    overflow = (right & 0x7F) > layout.largest
    steps, base = placed(x, format)
    code = base + rounding(steps).to(torch.int32)
    passed = code > layout.largest
    code = (code.clamp(max=layout.largest) + 0x80 * torch.signbit(x)).to(torch.uint8)
    code = torch.where(overflow, encode_fp8(x, format, saturate), code)
    if not saturate:
        beyond = (layout.largest + 1 + 0x80 * torch.signbit(x)).to(torch.uint8)
        code = torch.where(passed & ~overflow, beyond, code)
    return code


@misconception(
    replaces="encode_fp8",
    says="the surplus mantissa bits are cut off, not rounded to nearest",
    hint="Is 1.49 nearer to 1.375 or to 1.5?",
)
def truncates_mantissa(x, format="e4m3", saturate=True):
    return rounded(x, format, saturate, torch.floor)


@misconception(
    replaces="encode_fp8",
    says="ties are rounded away from zero, not to the even mantissa",
    hint="1.0625 lies in the middle of 1 and 1.125. Which of them has the even code?",
)
def ties_away(x, format="e4m3", saturate=True):
    return rounded(x, format, saturate, lambda steps: torch.floor(steps + 0.5))


@misconception(
    replaces="encode_fp8",
    says="values below the smallest normal number become a zero of their sign",
    hint="Which numbers do the codes 1 to 7 of e4m3 stand for?",
)
def flushes_subnormals(x, format="e4m3", saturate=True):
    layout = layout_of(format)
    tiny = x.abs() < 2.0 ** (1 - layout.bias)
    zero = (0x80 * torch.signbit(x)).to(torch.uint8)
    return torch.where(tiny, zero, encode_fp8(x, format, saturate))


@misconception(
    replaces="encode_fp8",
    says="values beyond the largest become NaN or infinity although saturation is on",
    hint="What does `saturate` ask for?",
)
def overflow_not_saturated(x, format="e4m3", saturate=True):
    return encode_fp8(x, format, False)


@misconception(
    replaces="encode_fp8",
    says="a mantissa that rounds up to the next power of two loses its carry",
    hint="Which code does 1.97 get, and which number is that?",
)
def carry_lost(x, format="e4m3", saturate=True):
    right, layout = encode_fp8(x, format, saturate), layout_of(format)
    steps, base = placed(x, format)
    carries = x.isfinite() & (torch.round(steps) == 2 ** (layout.mantissa_bits + 1))
    carries &= base + torch.round(steps).to(torch.int32) <= layout.largest
    return torch.where(carries, right - 2**layout.mantissa_bits, right).to(torch.uint8)


@misconception(
    replaces="encode_fp8",
    says="the sign is that of x < 0, which −0.0 is not",
    hint="How does torch tell 0.0 from −0.0?",
)
def negative_zero_lost(x, format="e4m3", saturate=True):
    right = encode_fp8(x, format, saturate)
    return torch.where(x == 0, torch.zeros_like(right), right)


# ── quantize_fp8 ──────────────────────────────────────────────────────────────────────────────


def spread(scale, block, cols):
    """Return the scale of each column."""
    return scale if block is None else scale.repeat_interleave(block, dim=1)[:, :cols]


def peaks_of(x, block):
    """Return the largest magnitude of each run."""
    if block is None:
        return x.abs().amax().reshape(1, 1)
    runs = [run.abs().amax(dim=1, keepdim=True) for run in x.split(block, dim=1)]
    return torch.cat(runs, dim=1)


@misconception(
    replaces="quantize_fp8",
    says="the power of two is rounded down, so the largest values saturate",
    hint="Decode the code of the largest value and multiply it by the scale. Is it x?",
)
def scale_rounded_down(x, block=None, format="e4m3"):
    _, scale = quantize_fp8(x, block, format)
    largest = decode_fp8(torch.tensor(layout_of(format).largest, dtype=torch.uint8), format)
    peak = peaks_of(x, block)
    scale = torch.where((peak == 0) | (peak == scale * largest), scale, scale / 2)
    return encode_fp8(x / spread(scale, block, x.shape[1]), format), scale


@misconception(
    replaces="quantize_fp8",
    says="the returned scale is the factor that x was multiplied by, not the one that gives x back",
    hint="Multiply the decoded codes by your scale. Is that x?",
)
def returns_multiplier(x, block=None, format="e4m3"):
    codes, scale = quantize_fp8(x, block, format)
    return codes, 1 / scale


@misconception(
    replaces="quantize_fp8",
    says="the scale is max|x| / largest itself, not the next power of two",
    hint="Is a division by your scale exact?",
)
def no_power_of_two(x, block=None, format="e4m3"):
    quantize_fp8(x, block, format)
    largest = decode_fp8(torch.tensor(layout_of(format).largest, dtype=torch.uint8), format)
    peak = peaks_of(x, block)
    scale = torch.where(peak > 0, peak / largest, 1.0)
    return encode_fp8(x / spread(scale, block, x.shape[1]), format), scale


@misconception(
    replaces="quantize_fp8",
    says="a run of columns shares its scale over all rows",
    hint="How many scales does the spec want for 3 rows of 8 columns in runs of 4?",
)
def runs_shared_by_rows(x, block=None, format="e4m3"):
    _, scale = quantize_fp8(x, block, format)
    shared = scale.clone()
    nonzero = peaks_of(x, block) > 0
    for run in range(scale.shape[1]):
        if nonzero[:, run].any():
            shared[:, run] = scale[nonzero[:, run], run].max()
    return encode_fp8(x / spread(shared, block, x.shape[1]), format), shared
