"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_equal


def codes_of(*codes):
    return torch.tensor(codes, dtype=torch.uint8)


def test_a_normal_and_a_subnormal_number_are_decoded(submission):
    # 0 0111 011 and 0 0000 101; then 0 01111 01 of the other format.
    decoded = submission.decode_fp8(codes_of(0x3B, 0x05))
    assert_equal(decoded, torch.tensor([1.375, 5 / 512]))
    assert_equal(submission.decode_fp8(codes_of(0x3D), "e5m2"), torch.tensor([1.25]))


def test_numbers_are_rounded_to_the_nearest_and_ties_to_even(submission):
    x = torch.tensor([1.45, 1.4375, 1.97, -1.97])
    assert_equal(submission.encode_fp8(x), codes_of(0x3C, 0x3C, 0x40, 0xC0))


def test_what_overflows_saturates(submission):
    x = torch.tensor([500.0, -float("inf")])
    assert_equal(submission.encode_fp8(x), codes_of(0x7E, 0xFE))
    assert_equal(submission.encode_fp8(70000 * x, "e5m2", False), codes_of(0x7C, 0xFC))


def test_the_scale_is_the_next_power_of_two(submission):
    codes, scale = submission.quantize_fp8(torch.tensor([[1000.0, 3.0]]))
    assert_equal(scale, torch.tensor([[4.0]]))
    assert_equal(codes, codes_of(0x78, 0x34)[None])


def test_each_block_has_a_scale_of_its_own(submission):
    x = torch.tensor([[448.0, 1.0, 896.0]])
    assert_equal(submission.quantize_fp8(x, block=2)[1], torch.tensor([[1.0, 2.0]]))
