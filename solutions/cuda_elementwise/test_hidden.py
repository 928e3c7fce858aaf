"""The hidden suite of cuda_elementwise."""

import math

import numpy as np
import pytest

from autograder.checks import CheckFailed, assert_close, assert_raises
from autograder.gpu.budgets import (
    assert_at_most,
    assert_coalesced,
    assert_launches,
    assert_no_findings,
)
from autograder.suite import array, hint, points, whole_blocks


def floats(rng, *shape, scale=1.0):
    """Draw float32 numbers."""
    return array(rng, *shape, dtype=np.float32, scale=scale)


def gelu(x):
    """Compute the tanh GELU in float64."""
    x = np.asarray(x, dtype=np.float64)
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def fused(x, bias, residual):
    """Compute residual + gelu(x + bias) in float64."""
    return residual + gelu(x.astype(np.float64) + bias)


def assert_values(result, exact):
    """Compare with exact values in float32's tolerance; the result has to be float32."""
    assert_close(result, exact.astype(np.float32), rtol=1e-4, atol=1e-5, check_dtype=True)


# ── saxpy ─────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which thread computes the last element? Print the number of blocks times their size.")
@pytest.mark.parametrize("n", [1, 21, 1009, 270001])
def test_every_element_is_a_x_plus_y(submission, rng, n):
    x, y = floats(rng, n), floats(rng, n)
    assert_values(submission.saxpy(1.5, x, y), 1.5 * x.astype(np.float64) + y)


@points(0.5)
@hint("Try it with two blocks and a = 1: from which element on does it go wrong?")
@whole_blocks
def test_elements_that_fill_all_blocks_are_a_x_plus_y(submission, rng):
    x, y = floats(rng, 4096), floats(rng, 4096)
    assert_values(submission.saxpy(-0.5, x, y), -0.5 * x.astype(np.float64) + y)


@points(0.5)
@hint("Which float32 is nearest to 2²⁴ + 1, and in which type does your kernel take a?")
def test_a_is_rounded_to_float32(submission):
    x, y = np.ones(24, dtype=np.float32), np.full(24, -16777216, dtype=np.float32)
    assert_values(submission.saxpy(16777217.0, x, y), np.zeros(24))


@points(0.25)
@hint("What does your result look like when there is nothing to compute?")
def test_no_elements_give_an_empty_array(submission):
    empty = np.zeros(0, dtype=np.float32)
    assert_values(submission.saxpy(2.0, empty, empty), empty)


@points(0.25)
@hint("How many blocks do no elements need? May a grid have that many?")
def test_no_elements_launch_nothing(submission):
    empty = np.zeros(0, dtype=np.float32)
    with submission.profile() as profile:
        submission.saxpy(2.0, empty, empty)
    assert_launches(profile, 0)


@points(1)
@hint("What do the threads of the last block do that have no element? Do two threads share one?")
def test_saxpy_has_no_findings(submission, rng):
    x, y = floats(rng, 1009), floats(rng, 1009)
    with submission.profile() as profile:
        submission.saxpy(1.5, x, y)
    assert_no_findings(profile)


# ── grid_stride_gelu ──────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which elements does the first thread compute, and how far apart are they?")
@pytest.mark.parametrize(("n", "max_blocks"), [(21, 1), (21, 50), (4999, 2), (4999, 3)])
def test_every_element_is_the_gelu_of_its_input(submission, rng, n, max_blocks):
    x = floats(rng, n, scale=1.5)
    assert_values(submission.grid_stride_gelu(x, max_blocks), gelu(x))


@points(0.25)
@hint("How often does a thread go round its loop when all blocks are full?")
@whole_blocks
def test_elements_that_fill_all_blocks_are_the_gelu_of_their_inputs(submission, rng):
    x = floats(rng, 4096, scale=1.5)
    assert_values(submission.grid_stride_gelu(x, 2), gelu(x))


@points(0.25)
@hint("What is exp(2·1000) in float32, and what if you divide by it? Which function is bounded?")
def test_large_inputs_give_themselves_or_zero(submission):
    x = np.array([-1000, -30, -12, 0, 12, 30, 1000], dtype=np.float32)
    assert_values(submission.grid_stride_gelu(x, 1), gelu(x))


@points(0.5)
@hint("What does your grid do with max_blocks when n is large?")
@pytest.mark.parametrize("max_blocks", [1, 3])
def test_a_launch_has_at_most_max_blocks_blocks(submission, rng, max_blocks):
    x = floats(rng, 6000)
    with submission.profile() as profile:
        submission.grid_stride_gelu(x, max_blocks)
    for launch in profile.launches:
        blocks = math.prod(launch.grid)
        if blocks > max_blocks:
            raise CheckFailed(f"the grid has {blocks} blocks, and max_blocks is {max_blocks}")


@points(0.25)
@hint("Who does the rest of the elements: a further launch, or the threads that are there?")
def test_the_gelu_is_one_launch(submission, rng):
    x = floats(rng, 6000)
    with submission.profile() as profile:
        submission.grid_stride_gelu(x, 3)
    assert_launches(profile, 1)


@points(0.25)
@hint("Which addresses do threads 0, 1 and 2 load from in the first round of the loop?")
def test_neighbouring_threads_load_neighbouring_elements(submission, rng):
    x = floats(rng, 6000)
    with submission.profile() as profile:
        submission.grid_stride_gelu(x, 3)
    assert_coalesced(profile, stores=False)


@points(0.25)
@hint("Which addresses do threads 0, 1 and 2 store to in the first round of the loop?")
def test_neighbouring_threads_store_neighbouring_elements(submission, rng):
    x = floats(rng, 6000)
    with submission.profile() as profile:
        submission.grid_stride_gelu(x, 3)
    assert_coalesced(profile, loads=False)


@points(0.25)
@hint("Is every element computed by one thread only? Where does the loop end?")
def test_the_gelu_has_no_findings(submission, rng):
    x = floats(rng, 4999)
    with submission.profile() as profile:
        submission.grid_stride_gelu(x, 3)
    assert_no_findings(profile)


@points(0.25)
@hint("How many blocks can compute something? What is checked first, n or max_blocks?")
def test_fewer_than_one_block_is_an_error(submission):
    for n, max_blocks in [(5, 0), (5, -1), (0, 0), (0, -3)]:
        x = np.ones(n, dtype=np.float32)
        assert_raises(ValueError, submission.grid_stride_gelu, x, max_blocks)


@points(0.25)
@hint("How many blocks do no elements need? May a grid have that many?")
def test_the_gelu_of_nothing_is_empty_without_a_launch(submission):
    empty = np.zeros(0, dtype=np.float32)
    with submission.profile() as profile:
        result = submission.grid_stride_gelu(empty, 4)
    assert_values(result, empty)
    assert_launches(profile, 0)


# ── fused_bias_gelu_residual ──────────────────────────────────────────────────────────────────


@points(1)
@hint("To which row and column does element i belong, and which of the two does the bias know?")
@pytest.mark.parametrize(("rows", "d"), [(1, 1), (3, 7), (37, 5), (5, 211), (300, 901)])
def test_every_element_is_the_residual_plus_the_gelu_of_the_sum(submission, rng, rows, d):
    x, bias, residual = floats(rng, rows, d), floats(rng, d), floats(rng, rows, d)
    assert_values(submission.fused_bias_gelu_residual(x, bias, residual), fused(x, bias, residual))


@points(0.5)
@hint("Set x and the residual to 0: does each column of the result hold one value?")
@whole_blocks
def test_a_matrix_that_fills_all_blocks_is_right(submission, rng):
    x, bias, residual = floats(rng, 64, 128), floats(rng, 128), floats(rng, 64, 128)
    assert_values(submission.fused_bias_gelu_residual(x, bias, residual), fused(x, bias, residual))


@points(0.5)
@hint("How many launches does your call make? What must go through memory between two of them?")
def test_the_fusion_is_one_launch(submission, rng):
    x, bias, residual = floats(rng, 24, 96), floats(rng, 96), floats(rng, 24, 96)
    with submission.profile() as profile:
        submission.fused_bias_gelu_residual(x, bias, residual)
    assert_launches(profile, 1)


@points(0.5)
@hint("Each element needs three numbers. Which of them are loaded again, or come from a detour?")
def test_each_element_loads_three_numbers(submission, rng):
    x, bias, residual = floats(rng, 24, 96), floats(rng, 96), floats(rng, 24, 96)
    with submission.profile() as profile:
        submission.fused_bias_gelu_residual(x, bias, residual)
    assert_at_most(profile, "global_load_bytes", 12 * x.size, why="x, bias and residual once each")


@points(0.5)
@hint("Which intermediate results are written to an array, and who reads them?")
def test_each_element_is_stored_once(submission, rng):
    x, bias, residual = floats(rng, 24, 96), floats(rng, 96), floats(rng, 24, 96)
    with submission.profile() as profile:
        submission.fused_bias_gelu_residual(x, bias, residual)
    assert_at_most(profile, "global_store_bytes", 4 * x.size, why="only the result")


@points(0.5)
@hint("What do threads without an element do? What is the largest index into the bias?")
def test_the_fusion_has_no_findings(submission, rng):
    x, bias, residual = floats(rng, 37, 11), floats(rng, 11), floats(rng, 37, 11)
    with submission.profile() as profile:
        submission.fused_bias_gelu_residual(x, bias, residual)
    assert_no_findings(profile)


@points(0.5)
@hint("How many elements has a matrix without rows, or without columns?")
@pytest.mark.parametrize(("rows", "d"), [(0, 5), (5, 0), (0, 0)])
def test_an_empty_matrix_stays_empty_without_a_launch(submission, rows, d):
    x, bias = np.zeros((rows, d), dtype=np.float32), np.zeros(d, dtype=np.float32)
    with submission.profile() as profile:
        result = submission.fused_bias_gelu_residual(x, bias, x.copy())
    assert_values(result, x)
    assert_launches(profile, 0)
