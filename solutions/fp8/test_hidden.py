"""The hidden suite of FP8."""

import math

import pytest
import torch

from autograder.checks import assert_close, assert_dtype, assert_equal, assert_raises, assert_shape
from autograder.suite import hint, points, tensor
from solutions.fp8.fp8 import decode_fp8, encode_fp8, quantize_fp8

LARGEST = {"e4m3": 448.0, "e5m2": 57344.0}
NORMAL = {"e4m3": (0x08, 0x7E), "e5m2": (0x04, 0x7B)}
"""The codes of the smallest and the largest normal number."""


def codes_of(*codes):
    return torch.tensor(codes, dtype=torch.uint8)


def code_range(first, last):
    return torch.arange(first, last + 1).to(torch.uint8)


def both_signs(codes):
    return torch.cat([codes, codes | 0x80])


def assert_codes(codes, expected, format="e4m3"):
    """Compare codes exactly, where any NaN of the format is as good as another."""
    assert_dtype(codes, torch.uint8, name="codes")
    assert_shape(codes, expected.shape, name="codes")
    nan = decode_fp8(codes, format).isnan() & decode_fp8(expected, format).isnan()
    assert_equal(torch.where(nan, expected, codes), expected, name="codes")


def assert_quantized(result, expected, format="e4m3"):
    """Compare codes and scales, which are powers of two and so exact."""
    assert_codes(result[0], expected[0], format)
    assert_equal(result[1], expected[1], name="scale")


def assert_no_other_format(decode_or_encode, values):
    for format in ("e3m4", "E4M3", "", "e5m2fnuz"):
        assert_raises(ValueError, decode_or_encode, values, format)


def above(x):
    """Return the next float32 away from zero."""
    return torch.nextafter(x, x * torch.inf)


# ── decode_fp8 ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Take 0x38. What are its exponent and mantissa, and which power of two is exponent 7?")
def test_normal_numbers_of_e4m3_are_decoded(submission):
    codes = both_signs(code_range(0x08, 0x77))
    assert_equal(submission.decode_fp8(codes), decode_fp8(codes))


@points(0.5)
@hint("With exponent 0 there is no leading one. Then how far apart are the codes 1, 2 and 3?")
def test_subnormal_numbers_of_e4m3_are_decoded(submission):
    codes = both_signs(code_range(0x01, 0x07))
    assert_equal(submission.decode_fp8(codes), decode_fp8(codes))


@points(0.25)
@hint("Which number is 0x80, and which sign has it?")
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
def test_there_are_two_zeros(submission, format):
    decoded = submission.decode_fp8(codes_of(0x00, 0x80), format)
    assert_equal(decoded, torch.tensor([0.0, -0.0]))
    assert_equal(torch.signbit(decoded), torch.tensor([False, True]), name="the signs")


@points(0.25)
@hint("How many codes of e4m3 are not finite? Which number has 0x7E?")
def test_exponent_15_of_e4m3_is_normal(submission):
    codes = both_signs(code_range(0x78, 0x7E))
    assert_equal(submission.decode_fp8(codes), decode_fp8(codes))


@points(0.25)
@hint("Which two codes of e4m3 are left for what is no number?")
def test_e4m3_has_one_nan_of_each_sign(submission):
    decoded = submission.decode_fp8(codes_of(0x7F, 0xFF, 0x7E))
    assert_equal(decoded, torch.tensor([torch.nan, torch.nan, 448.0]))


@points(0.25)
@hint("How many exponent bits has this format, and which bias goes with them?")
def test_normal_numbers_of_e5m2_are_decoded(submission):
    codes = both_signs(code_range(0x04, 0x7B))
    assert_equal(submission.decode_fp8(codes, "e5m2"), decode_fp8(codes, "e5m2"))


@points(0.25)
@hint("Which three codes follow zero in e5m2, and how far apart are they?")
def test_subnormal_numbers_of_e5m2_are_decoded(submission):
    codes = both_signs(code_range(0x01, 0x03))
    assert_equal(submission.decode_fp8(codes, "e5m2"), decode_fp8(codes, "e5m2"))


@points(0.25)
@hint("Exponent 31 of e5m2 is what exponent 255 is of float32. Which mantissa is infinity?")
def test_exponent_31_of_e5m2_is_infinity_or_nan(submission):
    codes = codes_of(0x7C, 0xFC, 0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF)
    expected = torch.tensor([torch.inf, -torch.inf] + 6 * [torch.nan])
    assert_equal(submission.decode_fp8(codes, "e5m2"), expected)


@points(0.25)
@hint("Does your code count on one axis, or on elements that lie side by side?")
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
def test_codes_of_any_shape_are_decoded(submission, rng, format):
    codes = torch.as_tensor(rng.integers(0, 256, size=(3, 4, 5))).to(torch.uint8)
    for given in (codes, codes.transpose(0, 2), codes[:, ::2, 1], codes[1, 2, 3], codes[:0]):
        decoded = submission.decode_fp8(given, format)
        assert_dtype(decoded, torch.float32)
        assert_equal(decoded, decode_fp8(given, format))


@points(0.25)
@hint("Which of the two formats is meant by a name that you don't know?")
def test_other_formats_are_not_decoded(submission):
    assert_no_other_format(submission.decode_fp8, codes_of(1, 2))


# ── encode_fp8 ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which two FP8 numbers are the neighbours of 1.45, and which of them is nearer?")
def test_the_nearest_number_is_taken(submission, rng):
    # A number and its successor are 8 : 9 apart at most. No value is near the middle.
    low = both_signs(code_range(0x10, 0x6F))
    share = torch.as_tensor(rng.choice([0.2, 0.35, 0.65, 0.8], size=len(low))).float()
    share[:2] = torch.tensor([0.2, 0.8])
    start, stop = decode_fp8(low), decode_fp8(low + 1)
    expected = torch.where(share < 0.5, low, low + 1)
    assert_codes(submission.encode_fp8(start + share * (stop - start)), expected)


@points(0.5)
@hint("Decode every code and encode it again. Which of them do not come back?")
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
def test_numbers_of_the_format_keep_their_codes(submission, format):
    codes = both_signs(code_range(0x00, NORMAL[format][1]))
    assert_codes(submission.encode_fp8(decode_fp8(codes, format), format), codes, format)


@points(0.5)
@hint("A number in the middle of two: which of their codes ends in 0?")
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
def test_ties_go_to_the_even_code(submission, format):
    first, last = NORMAL[format]
    low = code_range(first, last - 1)
    middle = (decode_fp8(low, format) + decode_fp8(low + 1, format)) / 2
    expected = both_signs(low + low % 2)
    assert_codes(submission.encode_fp8(torch.cat([middle, -middle]), format), expected, format)


@points(0.25)
@hint("1.97 rounds up to 2. What becomes of the mantissa, and of the exponent?")
def test_a_mantissa_that_rounds_up_carries_into_the_exponent(submission):
    x = torch.tensor([1.97, -3.9, 7.8, 0.99, 254.0])
    assert_codes(submission.encode_fp8(x), codes_of(0x40, 0xC8, 0x50, 0x38, 0x78))


@points(0.5)
@hint("Below the smallest normal number the codes go on. How far apart are they there?")
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
def test_numbers_below_the_smallest_normal_one_are_subnormal(submission, format):
    first = NORMAL[format][0]
    step = decode_fp8(codes_of(1), format)
    places = torch.arange(1, first) + torch.tensor([0.25, -0.25, 0.4])[torch.arange(1, first) % 3]
    x = torch.cat([places, torch.tensor([1.5, 2.5, first - 0.5, first - 0.4])]) * step
    expected = torch.cat([torch.arange(1, first), torch.tensor([2, 2, first, first])])
    expected = both_signs(expected.to(torch.uint8))
    assert_codes(submission.encode_fp8(torch.cat([x, -x]), format), expected, format)


@points(0.25)
@hint("Half of the smallest positive number is a tie. Which of the two codes is even?")
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
def test_half_the_smallest_number_and_less_is_a_zero_of_its_sign(submission, format):
    half = decode_fp8(codes_of(1), format)[0] / 2
    x = torch.stack([half, 0.4 * half, torch.tensor(1e-42), above(half), 1.5 * half])
    expected = both_signs(codes_of(0, 0, 0, 1, 1))
    assert_codes(submission.encode_fp8(torch.cat([x, -x]), format), expected, format)


@points(0.25)
@hint("Is −0.0 < 0? Then how do you find its sign?")
def test_zeros_keep_their_sign(submission):
    assert_codes(submission.encode_fp8(torch.tensor([0.0, -0.0])), codes_of(0x00, 0x80))


@points(0.25)
@hint("What is nearest to 10⁶ that can be written at all?")
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
def test_what_is_too_large_becomes_the_largest_number(submission, format):
    x = LARGEST[format] * torch.tensor([1.2, -1.3, 1e6, -1e30])
    last = NORMAL[format][1]
    expected = codes_of(last, last + 128, last, last + 128)
    assert_codes(submission.encode_fp8(x, format), expected, format)
    assert_codes(
        submission.encode_fp8(torch.tensor([torch.inf, -torch.inf]), format, True),
        expected[:2],
        format,
    )


@points(0.25)
@hint("Without saturation, what does IEEE arithmetic give for what is too large?")
def test_without_saturation_e5m2_overflows_to_infinity(submission):
    x = torch.tensor([70000.0, -1e30, torch.inf, -torch.inf, 57344.0, -60000.0])
    expected = codes_of(0x7C, 0xFC, 0x7C, 0xFC, 0x7B, 0xFB)
    assert_codes(submission.encode_fp8(x, "e5m2", saturate=False), expected, "e5m2")


@points(0.25)
@hint("e4m3 has no infinity. What is left for a number that is too large?")
def test_without_saturation_e4m3_overflows_to_nan(submission):
    x = torch.tensor([500.0, -1e30, torch.inf, -torch.inf, 448.0, -460.0])
    expected = codes_of(0x7F, 0x7F, 0x7F, 0x7F, 0x7E, 0xFE)
    assert_codes(submission.encode_fp8(x, "e4m3", saturate=False), expected)


@points(0.5)
@hint("464 lies between 448 and 480, 61440 between 57344 and 65536. Which neighbours are even?")
@pytest.mark.parametrize("saturate", [True, False])
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
def test_overflow_begins_where_rounding_passes_the_largest(submission, format, saturate):
    border = torch.tensor(464.0 if format == "e4m3" else 61440.0)
    below = torch.nextafter(border, torch.tensor(0.0))
    x = torch.stack([below, border, above(border)])
    x = torch.cat([x, -x])
    expected = encode_fp8(x, format, saturate)
    assert_codes(submission.encode_fp8(x, format, saturate), expected, format)


@points(0.25)
@hint("A comparison with NaN is always false. On which way does it go in your code?")
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
def test_nan_stays_nan_and_its_neighbours_stay_numbers(submission, format):
    x = torch.tensor([1.0, math.nan, -2.0, -math.nan])
    for saturate in (True, False):
        expected = encode_fp8(x, format, saturate)
        assert_codes(submission.encode_fp8(x, format, saturate), expected, format)


@points(0.25)
@hint("Does your code work for a single number, for none, and for a transposed tensor?")
def test_tensors_of_any_shape_are_encoded(submission, rng):
    x = tensor(rng, 3, 4, 5, scale=4.0)
    for given in (x, x.transpose(0, 2), x[:, ::2, 1], x[1, 2, 3], x[:0]):
        assert_codes(submission.encode_fp8(given), encode_fp8(given))


@points(0.25)
@hint("Which of the two formats is meant by a name that you don't know?")
def test_other_formats_are_not_encoded(submission):
    assert_no_other_format(submission.encode_fp8, torch.ones(2))


@points(0.25)
@hint("Compare |x − decode(code)| with that of the codes next to it. Is any smaller?")
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
def test_numbers_of_all_sizes_find_their_codes(submission, rng, format):
    x = tensor(rng, 400) * 2.0 ** torch.as_tensor(rng.integers(-20, 18, size=400)).float()
    assert_codes(submission.encode_fp8(x, format), encode_fp8(x, format), format)


# ── quantize_fp8 ──────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Multiply your decoded codes by your scale. Do you get x back, its largest value too?")
@pytest.mark.parametrize("power", [0, 5, -7])
def test_one_scale_brings_the_largest_value_into_range(submission, power):
    x = torch.tensor([[1000.0, -3.0, 0.7], [20.0, -130.0, -2345.0]]) * 2.0**power
    assert_quantized(submission.quantize_fp8(x), quantize_fp8(x))


@points(0.75)
@hint("Which values may an outlier cost their precision: those of its run, of its row, or all?")
def test_every_run_of_columns_has_a_scale_of_its_own(submission, rng):
    sizes = 4.0 ** torch.as_tensor(rng.permutation(6)).float().reshape(3, 2) * 300
    x = torch.as_tensor(rng.uniform(0.1, 1, size=(3, 2, 4))).float() * sizes[:, :, None]
    x = x.reshape(3, 8)
    assert_quantized(submission.quantize_fp8(x, 4), quantize_fp8(x, 4))


@points(0.5)
@hint("Seven columns in runs of three: how many runs are there, and how long is the last?")
def test_the_last_run_may_be_shorter(submission, rng):
    x = tensor(rng, 2, 7) * torch.tensor([1.0, 2, 3, 100, 200, 300, 5000])
    assert_quantized(submission.quantize_fp8(x, 3), quantize_fp8(x, 3))


@points(0.5)
@hint("448 · 8 needs the scale 8. Which does the next float32 need? Does a logarithm see that?")
@pytest.mark.parametrize("format", ["e4m3", "e5m2"])
@pytest.mark.parametrize("power", [-20, 0, 3, 40])
def test_the_largest_number_times_a_power_of_two_needs_just_that_power(submission, format, power):
    exact = torch.tensor([[LARGEST[format] * 2.0**power, 2.0**power]])
    result = submission.quantize_fp8(exact, None, format)
    assert_quantized(result, quantize_fp8(exact, None, format), format)
    more = above(exact)
    assert_quantized(
        submission.quantize_fp8(more, None, format), quantize_fp8(more, None, format), format
    )


@points(0.5)
@hint("Which is the largest number of the other format?")
@pytest.mark.parametrize("block", [None, 2])
def test_e5m2_has_scales_for_its_own_range(submission, rng, block):
    x = tensor(rng, 3, 5) * torch.tensor([1e6, 1.0, 3e4, 0.02, 7e5])
    result = submission.quantize_fp8(x, block, "e5m2")
    assert_quantized(result, quantize_fp8(x, block, "e5m2"), "e5m2")


@points(0.25)
@hint("Which scale have zeros, and what is 0 divided by it?")
def test_zeros_have_a_scale_of_one(submission):
    x = torch.tensor([[0.0, -0.0, 900.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    assert_quantized(submission.quantize_fp8(x, 2), quantize_fp8(x, 2))
    zeros = torch.zeros(2, 3)
    assert_quantized(submission.quantize_fp8(zeros), (zeros.to(torch.uint8), torch.ones(1, 1)))


@points(0.25)
@hint("A run of one column, of a whole row, of more columns than there are: how many scales?")
@pytest.mark.parametrize("block", [1, 6, 50])
def test_a_run_may_be_one_column_or_more_than_a_row(submission, rng, block):
    x = tensor(rng, 3, 6, scale=500.0)
    assert_quantized(submission.quantize_fp8(x, block), quantize_fp8(x, block))


@points(0.25)
@hint("What does not have two axes, a largest value, or runs of at least one column?")
def test_what_has_no_scale_is_refused(submission):
    x = torch.ones(2, 4)
    for shape in ((4,), (1, 2, 4), (0, 4), (2, 0), ()):
        assert_raises(ValueError, submission.quantize_fp8, torch.ones(shape))
        assert_raises(ValueError, submission.quantize_fp8, torch.ones(shape), 2)
    for odd in (math.nan, math.inf, -math.inf):
        broken = torch.tensor([[1.0, 2.0], [odd, 0.0]])
        assert_raises(ValueError, submission.quantize_fp8, broken)
    for block in (0, -2):
        assert_raises(ValueError, submission.quantize_fp8, x, block)
    assert_raises(ValueError, submission.quantize_fp8, x, None, "e4m3fn")


@points(0.25)
@hint("2¹⁰⁰ and 2⁻¹⁰⁰ are float32 numbers. Is your scale one at both ends?")
@pytest.mark.parametrize("power", [100, -100])
def test_very_large_and_very_small_tensors_have_scales(submission, power):
    x = torch.tensor([[1.0, -0.3, 0.01]]) * 2.0**power
    codes, scale = submission.quantize_fp8(x)
    expected = quantize_fp8(x)
    assert_codes(codes, expected[0])
    assert_close(scale / expected[1], torch.ones(1, 1), name="scale over the expected one")
