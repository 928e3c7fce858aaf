"""The hidden suite of quantisation."""

import pytest
import torch

from autograder.checks import assert_between, assert_close, assert_dtype, assert_raises
from autograder.suite import hint, points, tensor
from solutions.quantization.quantization import (
    dequantize,
    dequantize_int4_groups,
    quantize_affine,
    quantize_int4_groups,
    quantize_symmetric,
)


def assert_same(result, expected):
    """Compare codes exactly, with their dtype, and scales and zero points."""
    assert_close(result, expected, check_dtype=True)


def multiples(rng, slices, elements, highest):
    """Draw values whose largest magnitude is `highest`, up to a tenth away from every tie.

    One after another lies above and below a whole number. Each row is a slice.
    """
    whole = rng.integers(1, highest, size=(slices, elements))
    side = torch.tensor([1.0, -1.0]).repeat(slices, elements)[:, :elements]
    apart = torch.as_tensor(rng.uniform(0.1, 0.4, size=(slices, elements))).float()
    signs = torch.as_tensor(rng.choice([-1.0, 1.0], size=(slices, elements))).float()
    values = (torch.as_tensor(whole) + side * apart) * signs
    largest = torch.as_tensor(rng.integers(elements, size=(slices, 1)))
    return values.scatter(1, largest, highest * signs.gather(1, largest))


def steps(rng, slices):
    """Draw a scale for each slice, unlike those of its neighbours."""
    return torch.as_tensor(rng.uniform(1.0, 1.4, size=(slices, 1))).float() * (
        4.0 ** (torch.arange(slices)[:, None] % 5) / 16
    )


def on_axis(rows, shape, axis):
    """Fold rows into a tensor whose slices along an axis they are."""
    rest = list(shape)
    first = rest.pop(axis)
    return rows.reshape(first, *rest).movedim(0, axis)


# ── quantize_symmetric ────────────────────────────────────────────────────────────────────────

FOUR_BITS = [7.0, -3.2, 1.7, 0.2, -5.9, 4.3, -0.8]
"""In steps: none is near a tie, nor is any in steps of 7/8."""


@points(0.5)
@hint("Print x / scale beside your codes. Which value is furthest from its code?")
def test_symmetric_codes_are_the_nearest_steps(submission, rng):
    x = torch.tensor(FOUR_BITS) * float(rng.uniform(0.5, 2))
    assert_same(submission.quantize_symmetric(x, bits=4), quantize_symmetric(x, bits=4))


@points(0.25)
@hint("What is 2.5 rounded to, and what is 3.5? The spec names one rule for both.")
def test_symmetric_ties_go_to_the_even_code(submission):
    x = torch.tensor([127.0, 0.5, 1.5, -0.5, -1.5, -2.5, 4.5, 125.5, -126.5]) / 4
    codes = torch.tensor([127, 0, 2, 0, -2, -2, 4, 126, -126], dtype=torch.int8)
    assert_same(submission.quantize_symmetric(x), (codes, torch.tensor(0.25)))


@points(0.5)
@hint("A matrix of 3 rows with axis 0. How many scales are there, and which values does one serve?")
def test_each_row_has_a_scale_of_its_own(submission, rng):
    x = multiples(rng, 3, 5, 127) * steps(rng, 3)
    assert_same(submission.quantize_symmetric(x, axis=0), quantize_symmetric(x, axis=0))


@points(0.5)
@hint(
    "The scale has the size of x on one axis and 1 on the others. Over which axes is the maximum?"
)
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_scales_follow_any_axis(submission, rng, axis):
    shape = (3, 4, 6)
    size = shape[axis]
    x = on_axis(multiples(rng, size, 72 // size, 31) * steps(rng, size), shape, axis)
    assert_same(submission.quantize_symmetric(x, 6, axis), quantize_symmetric(x, 6, axis))


@points(0.25)
@hint("What does 0 / 0 give, and what should the scale of nothing but zeros be?")
def test_zeros_get_a_scale_of_one(submission):
    x = torch.tensor([[0.0, 0.0, 0.0], [4.0, -1.0, 7.0]])
    expected = torch.tensor([[0, 0, 0], [4, -1, 7]], dtype=torch.int8), torch.tensor([[1.0], [1.0]])
    assert_same(submission.quantize_symmetric(x, bits=4, axis=0), expected)
    zeros = torch.zeros(2, 2)
    expected = zeros.to(torch.int8), torch.tensor(1.0)
    assert_same(submission.quantize_symmetric(zeros), expected)


@points(0.25)
@hint("How many positive codes do so many bits give, when the negative ones are as many?")
@pytest.mark.parametrize("bits", range(2, 9))
def test_symmetric_bits_set_the_largest_code(submission, bits):
    highest = 2 ** (bits - 1) - 1
    x = torch.tensor([0.3, -highest + 0.2, highest, 0.8, -highest]) * 1.7
    assert_same(submission.quantize_symmetric(x, bits), quantize_symmetric(x, bits))


@points(0.25)
@hint("What is the most that rounding to the nearest step may change a value by?")
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_symmetric_codes_are_off_by_half_a_step_at_most(submission, rng, axis):
    x = tensor(rng, 8, 25)
    codes, scale = submission.quantize_symmetric(x, 5, axis)
    assert_dtype(codes, torch.int8, name="codes")
    assert_close(scale, quantize_symmetric(x, 5, axis)[1], name="scale")
    off = (x - dequantize(codes, scale)).abs() / scale
    assert_between(off, None, 0.501, name="|x − x̂| in steps")


@points(0.25)
@hint("What are the slices of a vector along its only axis? And does 10⁻²⁷ have a scale?")
def test_vectors_numbers_and_small_values_are_quantised(submission):
    x = torch.tensor([2.0, -0.5, 0.0])
    expected = torch.tensor([127, -127, 0], dtype=torch.int8), torch.tensor([2.0, 0.5, 127.0]) / 127
    assert_same(submission.quantize_symmetric(x, axis=0), expected)
    one = torch.tensor(-3.0)
    expected = torch.tensor(-127, dtype=torch.int8), torch.tensor(3.0 / 127)
    assert_same(submission.quantize_symmetric(one), expected)
    codes, scale = submission.quantize_symmetric(torch.tensor(FOUR_BITS) * 2.0**-90, bits=4)
    assert_same((codes, scale * 2.0**90), quantize_symmetric(torch.tensor(FOUR_BITS), bits=4))


def assert_refuses_what_has_no_scale(quantize):
    """Check the refusals that both quantisers share."""
    x = torch.ones(2, 3)
    for empty in (torch.ones(0), torch.ones(3, 0)):
        assert_raises(ValueError, quantize, empty)
    assert_raises(ValueError, quantize, torch.ones(0, 4), axis=1)
    for odd in (float("nan"), float("inf"), -float("inf")):
        assert_raises(ValueError, quantize, torch.tensor([1.0, odd, 2.0]))
    for bits in (1, 9, 0, -3):
        assert_raises(ValueError, quantize, x, bits)
    for axis in (2, -3):
        assert_raises(ValueError, quantize, x, 8, axis)
    assert_raises(ValueError, quantize, torch.tensor(1.0), 8, 0)


@points(0.25)
@hint("Of what is there no maximum, and which axes does a matrix have?")
def test_what_has_no_symmetric_scale_is_refused(submission):
    assert_refuses_what_has_no_scale(submission.quantize_symmetric)


# ── quantize_affine ───────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("How many steps lie between the lowest and the highest of 2^bits codes?")
def test_affine_codes_run_from_the_lowest_to_the_highest_value(submission, rng):
    # Seven steps; the zero point is 2.
    x = torch.tensor([5.0, -2.0, 0.3, 2.8, -1.2, 4.1]) * float(rng.uniform(0.5, 2))
    assert_same(submission.quantize_affine(x, bits=3), quantize_affine(x, bits=3))


@points(0.5)
@hint("0 has a code of its own. Is it a whole number before you add it, or only afterwards?")
def test_the_zero_point_is_a_whole_number(submission, rng):
    # −lo / scale is 2.35: rounded as one, 0.25 and 1.75 would land a code higher.
    x = torch.tensor([-2.35, 0.25, 1.75, -1.0, 4.65, 3.0, 0.0]) * float(rng.uniform(0.5, 2))
    assert_same(submission.quantize_affine(x, bits=3), quantize_affine(x, bits=3))


@points(0.5)
@hint("All values are positive. Which code would a zero get?")
@pytest.mark.parametrize("sign", [1, -1])
def test_the_range_always_contains_zero(submission, rng, sign):
    # In steps of the whole range 0 … 7.25 and of 0.25 … 7.25 alike, no value is near a tie.
    x = sign * torch.tensor([7.25, 0.25, 1.2, 3.2, 5.1, 6.05]) * float(rng.uniform(0.5, 2))
    assert_same(submission.quantize_affine(x, bits=3), quantize_affine(x, bits=3))


@points(0.25)
@hint("The values lie far from zero, all on one side. What does the range run from and to?")
@pytest.mark.parametrize("sign", [1, -1])
def test_values_far_from_zero_are_coded_from_zero(submission, rng, sign):
    x = sign * torch.tensor([200.2, 255.0, 240.7, 211.3]) * float(rng.uniform(0.5, 2))
    assert_same(submission.quantize_affine(x), quantize_affine(x))


@points(0.25)
@hint("Quantise a tensor with zeros in it, and take them back. Are they zeros?")
def test_zero_has_the_code_of_the_zero_point(submission, rng):
    x = torch.relu(tensor(rng, 40)) - 0.3 * (torch.arange(40) == 7)
    x[:3] = torch.tensor([0.0, 1.5, -0.0])
    codes, _, zero_point = submission.quantize_affine(x, bits=5)
    assert_dtype(zero_point, torch.int64, name="zero_point")
    zeros = codes[x == 0]
    assert_same(zeros.to(torch.int64), zero_point.expand(len(zeros)))


@points(0.5)
@hint("Lowest, highest, scale, zero point: over which axes is each of them taken?")
@pytest.mark.parametrize("axis", [0, 1, 2, -2])
def test_affine_scales_follow_any_axis(submission, rng, axis):
    shape = (3, 4, 5)
    size = shape[axis]
    # Each slice holds −lowest … 15 − lowest in steps, and its own share of them is negative.
    inner = multiples(rng, size, 60 // size - 2, 3)
    lowest = torch.tensor([3.2, 5.4, 4.3, 6.9, 8.1])[:size, None]
    rows = torch.cat([inner, -lowest, 15 - lowest], dim=1)
    x = on_axis(rows * steps(rng, size), shape, axis)
    assert_same(submission.quantize_affine(x, 4, axis), quantize_affine(x, 4, axis))


@points(0.25)
@hint("Zero point and ratio are both rounded, to even. Can their sum be more than the last code?")
def test_affine_ties_go_to_even_and_stay_on_the_grid(submission):
    # The zero point is round(1.5) = 2, and 1.5 rounds to 2 as well.
    x = torch.tensor([-1.5, 1.5, 0.5, -0.5, 1.0]) / 8
    codes = torch.tensor([0, 3, 2, 2, 3], dtype=torch.uint8)
    expected = codes, torch.tensor(0.125), torch.tensor(2)
    assert_same(submission.quantize_affine(x, bits=2), expected)
    # The zero point is round(2.5) = 2, and 0.5 and 2.5 round down too.
    x = torch.tensor([-2.5, 4.5, 0.5, 2.5, -1.5, 3.5]) * 4
    codes = torch.tensor([0, 6, 2, 4, 0, 6], dtype=torch.uint8)
    expected = codes, torch.tensor(4.0), torch.tensor(2)
    assert_same(submission.quantize_affine(x, bits=3), expected)


@points(0.25)
@hint("Is 0.5 + 1 rounded to the even number, or 0.5?")
def test_the_ratio_is_rounded_before_the_zero_point_is_added(submission):
    # The zero point is 1, which makes even of odd.
    x = torch.tensor([-1.0, 0.5, 1.5, 2.5, -0.5, 6.0]) / 4
    codes = torch.tensor([0, 1, 3, 3, 1, 7], dtype=torch.uint8)
    expected = codes, torch.tensor(0.25), torch.tensor(1)
    assert_same(submission.quantize_affine(x, bits=3), expected)


@points(0.25)
@hint("The lowest and the highest value are both 0. What is divided by what?")
def test_affine_zeros_get_a_scale_of_one(submission):
    x = torch.tensor([[0.0, 0.0], [3.0, -4.0]])
    expected = (
        torch.tensor([[0, 0], [7, 0]], dtype=torch.uint8),
        torch.tensor([[1.0], [1.0]]),
        torch.tensor([[0], [4]]),
    )
    assert_same(submission.quantize_affine(x, bits=3, axis=0), expected)


@points(0.25)
@hint("How many codes do so many bits give, and which is the last one?")
@pytest.mark.parametrize("bits", range(2, 9))
def test_affine_bits_set_the_last_code(submission, bits):
    highest = 2**bits - 1
    x = torch.tensor([0.2, highest - 1.2, -1.2, 0.9, highest - 1.8]) * 1.7
    assert_same(submission.quantize_affine(x, bits), quantize_affine(x, bits))


@points(0.25)
@hint("What is the most that rounding to the nearest step may change a value by?")
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_affine_codes_are_off_by_half_a_step_at_most(submission, rng, axis):
    x = tensor(rng, 8, 25) + 0.7
    codes, scale, zero_point = submission.quantize_affine(x, 5, axis)
    assert_dtype(codes, torch.uint8, name="codes")
    assert_close(scale, quantize_affine(x, 5, axis)[1], name="scale")
    off = (x - dequantize(codes, scale, zero_point)).abs() / scale
    assert_between(off, None, 0.501, name="|x − x̂| in steps")


@points(0.25)
@hint("Of what is there no lowest value, and which axes does a matrix have?")
def test_what_has_no_affine_scale_is_refused(submission):
    assert_refuses_what_has_no_scale(submission.quantize_affine)


# ── dequantize ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Take the code 0 and the zero point 3. What is their difference in the codes' own dtype?")
def test_codes_below_the_zero_point_are_negative(submission, rng):
    codes = torch.tensor([0, 255, 3, 1, 128, 2], dtype=torch.uint8)
    arguments = codes, torch.tensor(float(rng.uniform(0.5, 2))), torch.tensor(3)
    assert_same(submission.dequantize(*arguments), dequantize(*arguments))


@points(0.25)
@hint("Each row has a scale and a zero point. Do yours broadcast?")
def test_every_slice_has_its_scale_and_zero_point(submission, rng):
    codes = torch.as_tensor(rng.integers(0, 256, size=(3, 2, 4))).to(torch.uint8)
    zero_point = torch.tensor([0, 255, 100])[:, None, None]
    arguments = codes, steps(rng, 3)[:, :, None], zero_point
    assert_same(submission.dequantize(*arguments), dequantize(*arguments))


@points(0.25)
@hint("Symmetric codes have no zero point. What is subtracted from them?")
def test_without_a_zero_point_codes_are_only_scaled(submission, rng):
    codes = torch.tensor([[-127, 0, 5], [127, -1, -64]], dtype=torch.int8)
    arguments = codes, torch.tensor(float(rng.uniform(0.5, 2)))
    assert_same(submission.dequantize(*arguments), dequantize(*arguments))


@points(0.5)
@hint("Which dtypes of whole numbers are there, and what is the dtype of the result?")
@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32", "int64"])
def test_codes_of_every_integer_dtype_come_back_as_float32(submission, name):
    codes = torch.tensor([0, 1, 100, 127], dtype=getattr(torch, name))
    expected = torch.tensor([-50.0, -49.5, 0.0, 13.5])
    assert_same(submission.dequantize(codes, torch.tensor(0.5), torch.tensor(100)), expected)


@points(0.25)
@hint("What is −128 − 100 in eight bits?")
def test_signed_codes_do_not_wrap_around(submission):
    codes = torch.tensor([-128, 127, -3], dtype=torch.int8)
    back = submission.dequantize(codes, torch.tensor(2.0), torch.tensor(100))
    assert_same(back, torch.tensor([-456.0, 54.0, -206.0]))


@points(0.25)
@hint("Is 200 a negative number in the dtype that you compute in?")
def test_unsigned_codes_without_a_zero_point_stay_positive(submission):
    codes = torch.tensor([0, 127, 128, 200, 255], dtype=torch.uint8)
    back = submission.dequantize(codes, torch.tensor(0.25))
    assert_same(back, torch.tensor([0.0, 31.75, 32.0, 50.0, 63.75]))


# ── quantize_int4_groups ──────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which of the inputs 0 and 1 lies in the low half of the first byte?")
def test_the_even_input_lies_in_the_low_nibble(submission):
    weight = torch.tensor([[7.0, -3.0, 1.0, 5.0], [0.0, 2.0, -7.0, -1.0]])
    assert_same(submission.quantize_int4_groups(weight, 4), quantize_int4_groups(weight, 4))


@points(0.5)
@hint("Write all codes from −7 to 7 into nibbles. Which is the smallest nibble, which the largest?")
def test_the_nibble_is_the_code_plus_eight(submission):
    # The two inputs of a byte are equal, so it does not matter which comes first.
    codes = torch.arange(-7.0, 8.0).repeat_interleave(2)[None]
    packed = (torch.arange(1, 16) * 17).to(torch.uint8)[None]
    assert_same(submission.quantize_int4_groups(codes / 2, 30), (packed, torch.tensor([[0.5]])))


@points(0.75)
@hint("One weight of a row is a hundred times the others. Which weights may that matter to?")
def test_every_group_has_a_scale_of_its_own(submission, rng):
    inner = multiples(rng, 6, 4, 7) * steps(rng, 6)
    weight = inner.reshape(2, 12)
    assert_same(submission.quantize_int4_groups(weight, 4), quantize_int4_groups(weight, 4))


@points(0.5)
@hint("A group of three ends in the middle of a byte. Do groups matter to the packing?")
def test_a_group_may_be_odd(submission, rng):
    weight = (multiples(rng, 8, 3, 7) * steps(rng, 8)).reshape(2, 12)
    assert_same(submission.quantize_int4_groups(weight, 3), quantize_int4_groups(weight, 3))


@points(0.25)
@hint("What is the scale of a group of one, and how many scales has a row that is one group?")
@pytest.mark.parametrize("group", [1, 10])
def test_a_group_may_be_one_weight_or_the_whole_row(submission, rng, group):
    weight = multiples(rng, 3, 10, 7) * steps(rng, 3)
    assert_same(submission.quantize_int4_groups(weight, group), quantize_int4_groups(weight, group))


@points(0.5)
@hint("Does your code count on how the weights lie in memory?")
def test_a_transposed_weight_is_packed_by_its_rows(submission, rng):
    weight = (multiples(rng, 6, 4, 7) * steps(rng, 6)).reshape(3, 8).T.contiguous().T
    assert_same(submission.quantize_int4_groups(weight, 4), quantize_int4_groups(weight, 4))


@points(0.25)
@hint("Which scale and which nibble stand for nothing but zeros?")
def test_a_group_of_zeros_has_a_scale_of_one(submission):
    weight = torch.tensor([[0.0, 0.0, 14.0, -6.0]])
    expected = torch.tensor([[136, 8 + 7 + 16 * 5]], dtype=torch.uint8), torch.tensor([[1.0, 2.0]])
    assert_same(submission.quantize_int4_groups(weight, 2), expected)


@points(0.25)
@hint("What is 2.5 rounded to, and what is −3.5?")
def test_ties_of_int4_go_to_the_even_code(submission):
    weight = torch.tensor([[7.0, 0.5, 2.5, -3.5, -4.5, 5.5]]) / 2
    nibbles = [8 + 7, 8, 8 + 2, 8 - 4, 8 - 4, 8 + 6]
    packed = [nibbles[i] + 16 * nibbles[i + 1] for i in (0, 2, 4)]
    expected = torch.tensor([packed], dtype=torch.uint8), torch.tensor([[0.5]])
    assert_same(submission.quantize_int4_groups(weight, 6), expected)


@points(0.5)
@hint("Which shapes can't be packed, and which numbers can't be cut into groups of equal size?")
def test_weights_that_cannot_be_packed_are_refused(submission):
    weight = torch.ones(2, 6)
    for group in (0, -2, 4, 5, 12):
        assert_raises(ValueError, submission.quantize_int4_groups, weight, group)
    for shape in ((6,), (1, 2, 6), (0, 6), (2, 0)):
        assert_raises(ValueError, submission.quantize_int4_groups, torch.ones(shape), 2)
    assert_raises(ValueError, submission.quantize_int4_groups, torch.ones(2, 9), 3)
    for odd in (float("nan"), float("inf"), -float("inf")):
        broken = torch.tensor([[1.0, 2.0], [odd, 0.0]])
        assert_raises(ValueError, submission.quantize_int4_groups, broken, 1)


# ── dequantize_int4_groups ────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which nibble stands for the weight 0?")
def test_nibbles_below_eight_are_negative(submission):
    # The two nibbles of a byte are the same, and there is one group.
    packed = torch.tensor([[0x11, 0x88, 0xFF, 0x77, 0x33]], dtype=torch.uint8)
    expected = torch.tensor([[-7.0, 0.0, 7.0, -1.0, -5.0]]).repeat_interleave(2, dim=1) / 2
    back = submission.dequantize_int4_groups(packed, torch.tensor([[0.5]]), 10)
    assert_same(back, expected)


@points(0.25)
@hint("Which half of a byte comes first in the row?")
def test_the_low_nibble_comes_first(submission):
    packed = torch.tensor([[0x1F, 0x92], [0x8A, 0xE8]], dtype=torch.uint8)
    expected = torch.tensor([[7.0, -7.0, -6.0, 1.0], [2.0, 0.0, 0.0, 6.0]])
    assert_same(submission.dequantize_int4_groups(packed, torch.ones(2, 1), 4), expected)


def draw_packed(rng, outputs, inputs):
    """Draw bytes of two nibbles from 1 to 15."""
    low, high = (torch.as_tensor(rng.integers(1, 16, size=(outputs, inputs // 2))) for _ in "ab")
    return (low + 16 * high).to(torch.uint8)


@points(0.5)
@hint("A row of six with groups of two: which of its weights does the second scale serve?")
def test_consecutive_inputs_share_a_scale(submission, rng):
    arguments = draw_packed(rng, 3, 12), steps(rng, 9).reshape(3, 3), 4
    assert_same(submission.dequantize_int4_groups(*arguments), dequantize_int4_groups(*arguments))


@points(0.25)
@hint("A group of three ends in the middle of a byte. Which scale has its high nibble?")
def test_an_odd_group_may_end_within_a_byte(submission, rng):
    arguments = draw_packed(rng, 2, 12), steps(rng, 8).reshape(2, 4), 3
    assert_same(submission.dequantize_int4_groups(*arguments), dequantize_int4_groups(*arguments))


@points(0.25)
@hint("Pack a weight and unpack it: how far may it have moved?")
def test_packed_weights_come_back_within_half_a_step(submission, rng):
    weight = tensor(rng, 5, 24)
    packed, scale = quantize_int4_groups(weight, 6)
    back = submission.dequantize_int4_groups(packed, scale, 6)
    assert_dtype(back, torch.float32)
    off = (weight - back).abs() / scale.repeat_interleave(6, dim=1)
    assert_between(off, None, 0.501, name="|w − ŵ| in steps")


@points(0.25)
@hint("How many inputs do the bytes hold, and how many do the scales speak of?")
def test_bytes_and_scales_that_disagree_are_refused(submission):
    packed = torch.full((2, 3), 0x99, dtype=torch.uint8)
    assert_same(submission.dequantize_int4_groups(packed, torch.ones(2, 2), 3), torch.ones(2, 6))
    for scale, group in [((2, 2), 2), ((2, 3), 3), ((2, 2), 6), ((3, 2), 3), ((1, 2), 3)]:
        ones = torch.ones(scale)
        assert_raises(ValueError, submission.dequantize_int4_groups, packed, ones, group)
