"""The hidden suite of triton_matmul."""

import pytest
import torch

from autograder.checks import assert_close, assert_raises
from autograder.suite import hint, points, tensor


def matrices(rng, m, k, n, dtype=torch.float32):
    """Draw a and b."""
    return tensor(rng, m, k, dtype=dtype), tensor(rng, k, n, dtype=dtype)


def assert_product(result, a, b):
    """Compare with the product in float64, off by no more than one rounding and float32's sums."""
    exact = a.double() @ b.double()
    allowed = 1e-5 * (a.double().abs() @ b.double().abs()) + 1e-6
    if a.dtype == torch.float16:
        allowed += 1e-3 * exact.abs()
    expected = exact.to(a.dtype)
    if getattr(result, "shape", None) == exact.shape and getattr(result, "dtype", "") == a.dtype:
        expected = torch.where((result.double() - exact).abs() <= allowed, result, expected)
    assert_close(result, expected, rtol=0.0, atol=0.0, check_dtype=True)


# ── right values: 3 points ────────────────────────────────────────────────────────────────────


@points(1)
@hint("Which rows of a and which columns of b does a program need? Where does it store its tile?")
@pytest.mark.parametrize(("m", "k", "n"), [(64, 64, 128), (128, 64, 64)])
def test_whole_tiles_are_multiplied(submission, rng, m, k, n):
    a, b = matrices(rng, m, k, n)
    assert_product(submission.matmul(a, b), a, b)


@points(1)
@hint("How many tiles are there along k, and what is in the accumulator after each of them?")
def test_the_sum_goes_over_all_tiles_along_k(submission, rng):
    a, b = matrices(rng, 32, 256, 32)
    assert_product(submission.matmul(a, b), a, b)


@points(1)
@hint("Which dtype does the result have, and when is it rounded to it?")
def test_float16_gives_float16(submission, rng):
    a, b = matrices(rng, 32, 128, 48, torch.float16)
    assert_product(submission.matmul(a, b), a, b)


# ── ragged sizes: 2 points ────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("k is smaller than any tile. How many steps does your loop make?")
@pytest.mark.parametrize("k", [1, 5])
def test_k_may_be_smaller_than_a_tile(submission, rng, k):
    a, b = matrices(rng, 32, k, 32)
    assert_product(submission.matmul(a, b), a, b)


@points(0.5)
@hint("The last tile along k is not full. What is loaded in the places past its end?")
def test_k_need_not_be_a_multiple_of_the_tile(submission, rng):
    # Past the end of a row lies the next one, in a and, being transposed, in b.
    a, b = tensor(rng, 32, 150), tensor(rng, 32, 150).T
    assert_product(submission.matmul(a, b), a, b)


@points(1)
@hint("A tile stands over the edge of the result. Which of its elements may be stored?")
@pytest.mark.parametrize(("m", "k", "n"), [(1, 1, 1), (37, 16, 5), (3, 20, 150), (70, 9, 75)])
def test_m_and_n_need_not_be_multiples_of_the_tile(submission, rng, m, k, n):
    a, b = matrices(rng, m, k, n)
    assert_product(submission.matmul(a, b), a, b)


# ── strides: 1 point ──────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("How far apart in memory are two neighbours of a row, and of a column, of a transposed view?")
@pytest.mark.parametrize("turned", ["a", "b", "both"])
def test_a_and_b_may_be_transposed_views(submission, rng, turned):
    a, b = matrices(rng, 33, 20, 18)
    a = a.T.contiguous().T if turned != "b" else a
    b = b.T.contiguous().T if turned != "a" else b
    assert_product(submission.matmul(a, b), a, b)


@points(0.5)
@hint("Take the identity for a: is the result b, or b turned over?")
def test_a_square_b_is_not_turned_over(submission, rng):
    a, b = matrices(rng, 16, 32, 32)
    assert_product(submission.matmul(a, b), a, b)


# ── accumulation: 1 point ─────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What is 2048 + 1 in float16? Which type has your accumulator?")
def test_long_sums_keep_their_small_terms(submission, rng):
    a = torch.as_tensor(rng.uniform(0.5, 1.5, (16, 1024))).half()
    b = torch.as_tensor(rng.uniform(0.5, 1.5, (1024, 16))).half()
    assert_product(submission.matmul(a, b), a, b)


@points(0.5)
@hint("What is 40 000 + 40 000 in float16, and what if −80 000 follows?")
def test_sums_may_leave_the_range_of_float16_on_the_way(submission):
    a = torch.full((16, 256), 200.0, dtype=torch.float16)
    b = torch.full((256, 16), 200.0, dtype=torch.float16)
    b[128:] = -200.0
    assert_product(submission.matmul(a, b), a, b)


# ── errors: 1 point ───────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which two sizes have to be equal before anything is launched?")
def test_different_inner_sizes_are_refused(submission):
    for m, k, rows, n in [(4, 5, 4, 6), (4, 5, 6, 6), (3, 4, 6, 2), (1, 1, 2, 1), (5, 4, 5, 4)]:
        assert_raises(ValueError, submission.matmul, torch.ones(m, k), torch.ones(rows, n))


@points(0.5)
@hint("What should the dtype of float16 times float32 be? Who decides that?")
def test_different_dtypes_are_refused(submission):
    whole, half = torch.ones(4, 4), torch.ones(4, 4, dtype=torch.float16)
    for a, b in [(whole, half), (half, whole)]:
        assert_raises(ValueError, submission.matmul, a, b)
