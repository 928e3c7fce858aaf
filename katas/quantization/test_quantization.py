"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close


def test_symmetric_codes_are_centred_on_zero(submission):
    codes, scale = submission.quantize_symmetric(torch.tensor([-3.0, 0.5, 1.5, 2.2]), bits=3)
    assert_close(codes, torch.tensor([-3, 0, 2, 2], dtype=torch.int8), check_dtype=True)
    assert_close(scale, torch.tensor(1.0))


def test_affine_codes_start_at_the_smallest_value(submission):
    codes, scale, zero_point = submission.quantize_affine(
        torch.tensor([-1.0, 0.0, 2.2, 6.0]), bits=3
    )
    assert_close(codes, torch.tensor([0, 1, 3, 7], dtype=torch.uint8), check_dtype=True)
    assert_close(scale, torch.tensor(1.0))
    assert_close(zero_point, torch.tensor(1))


def test_codes_below_the_zero_point_come_back_negative(submission):
    codes = torch.tensor([0, 1, 3, 7], dtype=torch.uint8)
    back = submission.dequantize(codes, torch.tensor(0.5), torch.tensor(1))
    assert_close(back, torch.tensor([-0.5, 0.0, 1.0, 3.0]))


def test_two_weights_share_a_byte(submission):
    weight = torch.tensor([[7.0, -2.0, 0.5, 1.75]])
    packed, scale = submission.quantize_int4_groups(weight, group=2)
    assert_close(packed, torch.tensor([[111, 250]], dtype=torch.uint8), check_dtype=True)
    assert_close(scale, torch.tensor([[1.0, 0.25]]))


def test_a_byte_gives_two_weights(submission):
    packed = torch.tensor([[111, 250]], dtype=torch.uint8)
    back = submission.dequantize_int4_groups(packed, torch.tensor([[1.0, 0.25]]), group=2)
    assert_close(back, torch.tensor([[7.0, -2.0, 0.5, 1.75]]))
