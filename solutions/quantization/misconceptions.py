"""The wrong turns of quantisation."""

import torch

from autograder.suite import misconception
from solutions.quantization.quantization import (
    cut,
    dequantize_int4_groups,
    quantize_affine,
    quantize_int4_groups,
    quantize_symmetric,
    step,
)

# ── quantize_symmetric ────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="quantize_symmetric",
    says="the ratio is cut off toward zero by the integer cast, not rounded",
    hint="Cast 2.9 to an integer. Is that the nearest one?",
)
def truncates(x, bits=8, axis=None):
    _, scale = quantize_symmetric(x, bits, axis)
    return (x / scale).to(torch.int8), scale


@misconception(
    replaces="quantize_symmetric",
    says="the scale is max|x| / 2^(bits−1), so the largest value is clipped",
    hint="Which code does the largest value get, and what does it come back as?",
)
def range_of_two_to_the_bits(x, bits=8, axis=None):
    slices, scale_shape = cut(x, bits, axis)
    q_max = 2 ** (bits - 1) - 1
    scale = step(slices.abs().amax(dim=1), q_max + 1).reshape(scale_shape)
    return torch.round(x / scale).clamp(-q_max, q_max).to(torch.int8), scale


@misconception(
    replaces="quantize_symmetric",
    says="the maximum is taken along the given axis, not over all the others",
    hint="One scale a row: is the maximum of a row taken along axis 0 or along axis 1?",
)
def reduces_over_the_axis(x, bits=8, axis=None):
    quantize_symmetric(x, bits, axis)
    largest = x.abs().amax() if axis is None else x.abs().amax(dim=axis, keepdim=True)
    scale = step(largest, 2 ** (bits - 1) - 1)
    return torch.round(x / scale).to(torch.int8), scale


@misconception(
    id="ties_not_to_even",
    replaces="quantize_symmetric",
    says="ties are not rounded to the even code",
    hint="What does `torch.round` make of 0.5, 1.5 and 2.5?",
)
def ties_up(x, bits=8, axis=None):
    _, scale = quantize_symmetric(x, bits, axis)
    return torch.floor(x / scale + 0.5).to(torch.int8), scale


@misconception(
    id="ties_not_to_even",
    replaces="quantize_symmetric",
    says="ties are not rounded to the even code",
    hint="What does `torch.round` make of 0.5, 1.5 and 2.5?",
)
def ties_away(x, bits=8, axis=None):
    _, scale = quantize_symmetric(x, bits, axis)
    ratio = x / scale
    return (torch.sign(ratio) * torch.floor(ratio.abs() + 0.5)).to(torch.int8), scale


# ── quantize_affine ───────────────────────────────────────────────────────────────────────────


def affine(x, bits, axis, with_zero=True, spare=0, clamped=True):
    """Quantise as the reference, with what may be left out left out."""
    slices, scale_shape = cut(x, bits, axis)
    highest = 2**bits - 1
    low, high = slices.amin(dim=1), slices.amax(dim=1)
    if with_zero:
        low, high = low.clamp(max=0), high.clamp(min=0)
    low, high = low.reshape(scale_shape), high.reshape(scale_shape)
    scale = step(high - low, highest + spare)
    zero_point = torch.round(-low / scale)
    if clamped:
        zero_point = zero_point.clamp(0, highest)
    codes = (torch.round(x / scale) + zero_point).clamp(0, highest)
    return codes.to(torch.uint8), scale, zero_point.to(torch.int64)


@misconception(
    replaces="quantize_affine",
    says="the range is not extended to contain 0, so zero does not come back as zero",
    hint="Quantise values from 5 to 6 and one padding zero with the same scale.",
)
def zero_not_on_grid(x, bits=8, axis=None):
    return affine(x, bits, axis, with_zero=False)


@misconception(
    id="zero_not_on_grid",
    replaces="quantize_affine",
    says="the range is not extended to contain 0, so zero does not come back as zero",
    hint="Quantise values from 5 to 6 and one padding zero with the same scale.",
)
def zero_point_off_the_grid(x, bits=8, axis=None):
    return affine(x, bits, axis, with_zero=False, clamped=False)


@misconception(
    replaces="quantize_affine",
    says="x − lo is rounded as one, without an integer zero point, so the codes are shifted",
    hint="Take your codes back with the zero point that you return. Where does 0.0 end up?",
)
def zero_point_not_rounded_to_grid(x, bits=8, axis=None):
    _, scale, zero_point = quantize_affine(x, bits, axis)
    slices, scale_shape = cut(x, bits, axis)
    low = slices.amin(dim=1).clamp(max=0).reshape(scale_shape)
    codes = torch.round((x - low) / scale).clamp(0, 2**bits - 1)
    return codes.to(torch.uint8), scale, zero_point


@misconception(
    replaces="quantize_affine",
    says="the range is divided by the number of codes, 2^bits, not by the number of steps",
    hint="Four posts of a fence: how many gaps are between them?",
)
def as_many_steps_as_codes(x, bits=8, axis=None):
    return affine(x, bits, axis, spare=1)


@misconception(
    replaces="quantize_affine",
    says="the zero point is added before rounding, so ties go to other codes where it is odd",
    hint="What are round(0.5) + 1 and round(0.5 + 1)?",
)
def rounded_after_the_zero_point(x, bits=8, axis=None):
    _, scale, zero_point = quantize_affine(x, bits, axis)
    codes = torch.round(x / scale + zero_point).clamp(0, 2**bits - 1)
    return codes.to(torch.uint8), scale, zero_point


# ── dequantize ────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="dequantize",
    says="the zero point is subtracted in uint8, so codes below it wrap to large values",
    hint="What is 0 − 1 in the dtype of the codes?",
)
def unsigned_wraparound(codes, scale, zero_point=None):
    if zero_point is None:
        return codes.float() * scale
    return (codes - zero_point.to(codes.dtype)).float() * scale


@misconception(
    id="unsigned_wraparound",
    replaces="dequantize",
    says="the zero point is subtracted in uint8, so codes below it wrap to large values",
    hint="What is 0 − 1 in the dtype of the codes?",
)
def zero_dimensional_wraparound(codes, scale, zero_point=None):
    # A zero point with axes would widen the codes; one without does not.
    shifted = codes if zero_point is None else codes - zero_point
    return shifted.float() * scale


@misconception(
    replaces="dequantize",
    says="the zero point is added, not subtracted",
    hint="Which value has the code that equals the zero point?",
)
def adds_zero_point(codes, scale, zero_point=None):
    return (codes.float() + (0 if zero_point is None else zero_point)) * scale


@misconception(
    replaces="dequantize",
    says="the zero point is subtracted after the scale is applied",
    hint="Is the zero point a code or a value?",
)
def zero_point_as_a_value(codes, scale, zero_point=None):
    return codes.float() * scale - (0 if zero_point is None else zero_point)


# ── quantize_int4_groups ──────────────────────────────────────────────────────────────────────


def nibbles_of(weight, group, offset=8):
    """Return the nibbles of a weight that the reference has accepted, and the scales."""
    _, scale = quantize_int4_groups(weight, group)
    codes = torch.round(weight / scale.repeat_interleave(group, dim=1))
    return (codes + offset).to(torch.uint8), scale


@misconception(
    replaces="quantize_int4_groups",
    says="the even input is put into the high nibble",
    hint="Pack [1, 2]: is the low half of the byte the code of 1 or of 2?",
)
def nibbles_swapped(weight, group):
    nibbles, scale = nibbles_of(weight, group)
    return (nibbles[:, ::2] << 4) | nibbles[:, 1::2], scale


@misconception(
    replaces="quantize_int4_groups",
    says="one scale serves the whole row, so an outlier costs every group its precision",
    hint="Print the scales of a row. Should they all be the same?",
)
def one_scale_per_row(weight, group):
    _, right = quantize_int4_groups(weight, group)
    row = step(weight.abs().amax(dim=1, keepdim=True), 7)
    nibbles = (torch.round(weight / row) + 8).to(torch.uint8)
    return nibbles[:, ::2] | (nibbles[:, 1::2] << 4), row.repeat(1, right.shape[1])


@misconception(
    replaces="quantize_int4_groups",
    says="7 is added to the codes, not 8, so that the nibbles run from 0 to 14",
    hint="Which nibble does a weight of 0 get?",
)
def offset_of_seven(weight, group):
    nibbles, scale = nibbles_of(weight, group, offset=7)
    return nibbles[:, ::2] | (nibbles[:, 1::2] << 4), scale


@misconception(
    replaces="quantize_int4_groups",
    says="byte j holds input j and the input half a row later, not two neighbours",
    hint="Which two inputs share the first byte?",
)
def halves_packed_together(weight, group):
    nibbles, scale = nibbles_of(weight, group)
    half = weight.shape[1] // 2
    return nibbles[:, :half] | (nibbles[:, half:] << 4), scale


# ── dequantize_int4_groups ────────────────────────────────────────────────────────────────────


@misconception(
    replaces="dequantize_int4_groups",
    says="the offset of 8 is not taken off the nibble, so no weight is negative",
    hint="Which nibble stands for the weight 0?",
)
def sign_lost(packed, scale, group):
    right = dequantize_int4_groups(packed, scale, group)
    return right + 8 * scale.repeat_interleave(group, dim=1)


@misconception(
    replaces="dequantize_int4_groups",
    says="the high nibble is read as the even input",
    hint="Unpack 0x1F: is the first weight that of 1 or of F?",
)
def high_nibble_first(packed, scale, group):
    return dequantize_int4_groups((packed >> 4) | (packed << 4), scale, group)


@misconception(
    replaces="dequantize_int4_groups",
    says="the scales are repeated as a whole, so neighbours get different ones",
    hint="`repeat` or `repeat_interleave`: which gives a a b b?",
)
def scales_tiled(packed, scale, group):
    codes = dequantize_int4_groups(packed, torch.ones_like(scale), group)
    return codes * scale.repeat(1, group)
