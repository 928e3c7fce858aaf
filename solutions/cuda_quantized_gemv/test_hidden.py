"""The hidden suite of cuda_quantized_gemv."""

import numpy as np
import pytest

from autograder.checks import CheckFailed, assert_close, assert_raises
from autograder.gpu.budgets import assert_launches, assert_no_findings
from autograder.suite import array, hint, points

LOAD_BYTES, SECTORS = "global_load_bytes", "load_sectors_per_request"


def drawn_int8(rng, n, k):
    """Draw weights, scales and x."""
    weight = rng.integers(-128, 128, (n, k)).astype(np.int8)
    return weight, rng.uniform(0.5, 2, n).astype(np.float32), array(rng, k, dtype=np.float32)


def drawn_int4(rng, n, k, group):
    """Draw packed weights, scales, x and the group."""
    packed = rng.integers(0, 256, (n, k // 2)).astype(np.uint8)
    scale = rng.uniform(0.5, 2, (n, k // group)).astype(np.float32)
    return packed, scale, array(rng, k, dtype=np.float32), group


def from_int8(weight, scale):
    """Dequantise in float64."""
    return weight * scale.astype(np.float64)[:, None]


def from_int4(packed, scale, group):
    """Unpack and dequantise in float64."""
    n, k = packed.shape[0], 2 * packed.shape[1]
    values = np.empty((n, k))
    values[:, 0::2], values[:, 1::2] = packed % 16 - 8.0, packed // 16 - 8.0
    return values * np.repeat(scale.astype(np.float64), group, axis=1)


def assert_product(result, weights, x):
    """Compare with the product in float64: off by at most 1e-5 · (|w| @ |x|) + 1e-6."""
    exact = weights @ x.astype(np.float64)
    allowed = 1e-5 * (np.abs(weights) @ np.abs(x).astype(np.float64)) + 1e-6
    expected = exact.astype(np.float32)
    if getattr(result, "shape", None) == exact.shape and getattr(result, "dtype", "") == "float32":
        expected = np.where(np.abs(result - exact) <= allowed, result, expected)
    assert_close(result, expected, rtol=0.0, atol=0.0, check_dtype=True)


def assert_weights_are_loaded_well(profile, nbytes, *, sectors):
    """Hold the loads of the weights against their size: bytes, or sectors as well.

    Who loads a byte twice has twice the sectors too; that is told as what it is.
    """
    buffers = [b for launch in profile.launches for b in launch.buffers if b.nbytes == nbytes]
    if not buffers:
        raise CheckFailed("no launch gets the weights as they are stored", kind=LOAD_BYTES)
    loaded = sum(buffer.load_bytes for buffer in buffers)
    if loaded > 1.05 * nbytes:
        text = f"{loaded} bytes of the weights are loaded, and they have {nbytes}"
        raise CheckFailed(text, kind=LOAD_BYTES)
    touched = 32 * sum(buffer.load_sectors for buffer in buffers)
    if sectors and touched > 1.05 * nbytes:
        text = f"loading {nbytes} bytes of weights touches sectors of {touched} bytes together"
        raise CheckFailed(f"{text}: who are the neighbours of a thread?", kind=SECTORS)


# ── int8_gemv ─────────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("Which elements of a row does a thread take, and how do the partial sums come together?")
@pytest.mark.parametrize(("n", "k"), [(1, 1), (5, 7), (33, 100), (3, 1000), (70, 32)])
def test_every_row_is_scaled_and_multiplied(submission, rng, n, k):
    weight, scale, x = drawn_int8(rng, n, k)
    assert_product(submission.int8_gemv(weight, scale, x), from_int8(weight, scale), x)


@points(0.5)
@hint("Which type has the pointer to the weights in your kernel? What is the byte 0xFF in it?")
def test_weights_have_a_sign(submission):
    weight = np.array([[-1, 0, 0], [0, -128, 0], [0, 0, 127], [-3, 5, -7]], dtype=np.int8)
    scale, x = np.ones(4, dtype=np.float32), np.array([1, 10, 100], dtype=np.float32)
    assert_product(submission.int8_gemv(weight, scale, x), from_int8(weight, scale), x)


@points(0.25)
@hint("How many scales are there, and which of them belongs to a row?")
def test_each_row_has_a_scale_of_its_own(submission):
    weight = np.array([[2, 1], [2, 1], [2, 1]], dtype=np.int8)
    scale, x = np.array([1, 10, 0.5], dtype=np.float32), np.ones(2, dtype=np.float32)
    assert_product(submission.int8_gemv(weight, scale, x), from_int8(weight, scale), x)


@points(0.5)
@hint("How often is each weight loaded, and as what is it passed to the kernel?")
def test_each_weight_is_loaded_once(submission, rng):
    weight, scale, x = drawn_int8(rng, 24, 512)
    with submission.profile() as profile:
        submission.int8_gemv(weight, scale, x)
    assert_weights_are_loaded_well(profile, weight.nbytes, sectors=False)


@points(0.75)
@hint("Which bytes do threads 0, 1 and 2 of a warp load at the same time?")
def test_neighbouring_threads_load_neighbouring_weights(submission, rng):
    weight, scale, x = drawn_int8(rng, 24, 512)
    with submission.profile() as profile:
        submission.int8_gemv(weight, scale, x)
    assert_weights_are_loaded_well(profile, weight.nbytes, sectors=True)


@points(0.25)
@hint("Does adding up the partial sums need a launch of its own?")
def test_int8_is_one_launch(submission, rng):
    weight, scale, x = drawn_int8(rng, 5, 70)
    with submission.profile() as profile:
        submission.int8_gemv(weight, scale, x)
    assert_launches(profile, 1)


@points(0.75)
@hint("Who reads the partial sums of others, and how does it know that they are there?")
@pytest.mark.parametrize(("n", "k"), [(7, 300), (3, 9)])
def test_int8_has_no_findings(submission, rng, n, k):
    weight, scale, x = drawn_int8(rng, n, k)
    with submission.profile() as profile:
        submission.int8_gemv(weight, scale, x)
    assert_no_findings(profile)


# ── int4_gemv ─────────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("Unpack two bytes by hand: which elements do they hold, and which scales belong to them?")
@pytest.mark.parametrize(
    ("n", "k", "group"), [(1, 2, 2), (5, 12, 4), (3, 64, 32), (33, 90, 6), (2, 1024, 128)]
)
def test_every_row_is_unpacked_and_multiplied(submission, rng, n, k, group):
    packed, scale, x, group = drawn_int4(rng, n, k, group)
    result = submission.int4_gemv(packed, scale, x, group)
    assert_product(result, from_int4(packed, scale, group), x)


@points(0.5)
@hint("0x79 times x = (1, 0): is the result 1 or −1?")
def test_the_low_nibble_is_the_even_element(submission):
    packed = np.array([[0x79, 0x5B], [0x34, 0x76]], dtype=np.uint8)
    scale, x = np.ones((2, 1), dtype=np.float32), np.array([1, 10, 100, 1000], dtype=np.float32)
    assert_product(submission.int4_gemv(packed, scale, x, 4), from_int4(packed, scale, 4), x)


@points(0.5)
@hint("Which nibble stands for the value 0?")
def test_eight_stands_for_zero(submission):
    packed = np.array([[0x88, 0x88], [0x77, 0x77], [0x00, 0x11]], dtype=np.uint8)
    scale, x = np.ones((3, 1), dtype=np.float32), np.array([1, 10, 100, 1000], dtype=np.float32)
    assert_product(submission.int4_gemv(packed, scale, x, 4), from_int4(packed, scale, 4), x)


@points(0.5)
@hint("What is 0xF8 shifted by four to the right, as a signed char and as an unsigned one?")
def test_high_nibbles_of_eight_and_more_are_not_negative(submission):
    packed = np.array([[0x88, 0x98], [0xB8, 0xF8], [0x78, 0xC8]], dtype=np.uint8)
    scale, x = np.ones((3, 1), dtype=np.float32), np.array([1, 10, 100, 1000], dtype=np.float32)
    assert_product(submission.int4_gemv(packed, scale, x, 4), from_int4(packed, scale, 4), x)


@points(0.75)
@hint("Element 5 with groups of 2: which scale is its own? In which byte does it lie?")
@pytest.mark.parametrize("group", [2, 4])
def test_each_group_has_a_scale_of_its_own(submission, group):
    packed = np.array([[0xAA, 0xAA, 0xAA, 0xAA], [0x99, 0xAA, 0xBB, 0xCC]], dtype=np.uint8)
    scale = 10.0 ** np.arange(16 // group).reshape(2, 8 // group).astype(np.float32)
    x = np.array([1, 2, 3, 4, 5, 6, 7, 8], dtype=np.float32)
    result = submission.int4_gemv(packed, scale, x, group)
    assert_product(result, from_int4(packed, scale, group), x)


@points(0.5)
@hint("How many groups of 0 elements has a row? And how many of 5, when it has 12?")
def test_groups_that_do_not_divide_k_are_refused(submission):
    x = np.ones(12, dtype=np.float32)
    packed, scale = np.zeros((2, 6), dtype=np.uint8), np.ones((2, 2), dtype=np.float32)
    for group in (0, -1, -6, 5, 8, 24):
        assert_raises(ValueError, submission.int4_gemv, packed, scale, x, group)


@points(0.5)
@hint("How often is each byte loaded? It holds two elements.")
def test_each_byte_is_loaded_once(submission, rng):
    packed, scale, x, group = drawn_int4(rng, 24, 512, 32)
    with submission.profile() as profile:
        submission.int4_gemv(packed, scale, x, group)
    assert_weights_are_loaded_well(profile, packed.nbytes, sectors=False)


@points(0.75)
@hint("Which bytes do threads 0, 1 and 2 of a warp load at the same time?")
def test_neighbouring_threads_load_neighbouring_bytes(submission, rng):
    packed, scale, x, group = drawn_int4(rng, 24, 512, 32)
    with submission.profile() as profile:
        submission.int4_gemv(packed, scale, x, group)
    assert_weights_are_loaded_well(profile, packed.nbytes, sectors=True)


@points(0.25)
@hint("Are the weights unpacked in a launch of their own? What goes through memory then?")
def test_int4_is_one_launch(submission, rng):
    packed, scale, x, group = drawn_int4(rng, 5, 72, 6)
    with submission.profile() as profile:
        submission.int4_gemv(packed, scale, x, group)
    assert_launches(profile, 1)


@points(0.75)
@hint("Who reads the partial sums of others, and how does it know that they are there?")
@pytest.mark.parametrize(("n", "k", "group"), [(7, 300, 10), (3, 10, 2)])
def test_int4_has_no_findings(submission, rng, n, k, group):
    packed, scale, x, group = drawn_int4(rng, n, k, group)
    with submission.profile() as profile:
        submission.int4_gemv(packed, scale, x, group)
    assert_no_findings(profile)
