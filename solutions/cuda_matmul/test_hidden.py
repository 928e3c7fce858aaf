"""The hidden suite of cuda_matmul."""

import numpy as np
import pytest

from autograder.checks import assert_close, assert_raises
from autograder.gpu.budgets import (
    assert_at_most,
    assert_coalesced,
    assert_launches,
    assert_no_findings,
)
from autograder.suite import array, hint, points, whole_blocks


def matrices(rng, m, k, n):
    """Draw a and b, float32."""
    return array(rng, m, k, dtype=np.float32), array(rng, k, n, dtype=np.float32)


def assert_product(result, a, b):
    """Compare with the product in float64: off by at most 1e-5 · (|a| @ |b|) + 1e-6."""
    exact = a.astype(np.float64) @ b
    allowed = 1e-5 * (np.abs(a).astype(np.float64) @ np.abs(b)) + 1e-6
    expected = exact.astype(np.float32)
    if getattr(result, "shape", None) == exact.shape and getattr(result, "dtype", "") == "float32":
        expected = np.where(np.abs(result - exact) <= allowed, result, expected)
    assert_close(result, expected, rtol=0.0, atol=0.0, check_dtype=True)


def assert_inner_sizes_are_checked(task):
    """Call with b too short, too long, and with the right number of elements only."""
    for m, k, rows, n in [(4, 5, 4, 6), (4, 5, 6, 6), (3, 4, 6, 2), (1, 1, 2, 1), (5, 4, 5, 4)]:
        a, b = np.ones((m, k), dtype=np.float32), np.ones((rows, n), dtype=np.float32)
        assert_raises(ValueError, task, a, b)


# ── naive_matmul ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which row of a and which column of b belong to a thread? Multiply a 2×3 by a 3×4 by hand.")
@pytest.mark.parametrize(("m", "k", "n"), [(1, 1, 1), (3, 5, 2), (37, 19, 45), (1, 200, 70)])
def test_every_element_is_a_row_times_a_column(submission, rng, m, k, n):
    a, b = matrices(rng, m, k, n)
    assert_product(submission.naive_matmul(a, b), a, b)


@points(0.25)
@hint("Set b to the identity with some columns more: where does the first row of a end up?")
@whole_blocks
def test_matrices_that_fill_all_blocks_are_multiplied(submission, rng):
    a, b = matrices(rng, 64, 32, 64)
    assert_product(submission.naive_matmul(a, b), a, b)


@points(0.75)
@hint("Which addresses do threads 0, 1 and 2 of a warp load from, of a and of b?")
def test_neighbouring_threads_load_neighbouring_elements(submission, rng):
    a, b = matrices(rng, 48, 64, 80)
    with submission.profile() as profile:
        submission.naive_matmul(a, b)
    assert_coalesced(profile, stores=False)


@points(0.5)
@hint("Which addresses do threads 0, 1 and 2 of a warp store to?")
def test_neighbouring_threads_store_neighbouring_elements(submission, rng):
    a, b = matrices(rng, 48, 64, 80)
    with submission.profile() as profile:
        submission.naive_matmul(a, b)
    assert_coalesced(profile, loads=False)


@points(0.5)
@hint("What do the threads do that stand over the edge of the result?")
def test_the_naive_product_has_no_findings(submission, rng):
    a, b = matrices(rng, 37, 11, 21)
    with submission.profile() as profile:
        submission.naive_matmul(a, b)
    assert_no_findings(profile)


@points(0.5)
@hint("Which two sizes have to be equal before anything is launched?")
def test_the_naive_product_needs_equal_inner_sizes(submission):
    assert_inner_sizes_are_checked(submission.naive_matmul)


# ── tiled_matmul ──────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Multiply sizes that are no multiples of your tile: which element is wrong first?")
@pytest.mark.parametrize(("m", "k", "n"), [(1, 1, 1), (37, 45, 21), (70, 3, 1), (1, 130, 67)])
def test_sizes_need_not_be_multiples_of_the_tile(submission, rng, m, k, n):
    a, b = matrices(rng, m, k, n)
    assert_product(submission.tiled_matmul(a, b), a, b)


@points(0.5)
@hint(
    "Sizes are multiples of every tile here. Which element of a does a thread load, and where to?"
)
@whole_blocks
def test_the_product_of_whole_tiles_is_right(submission, rng):
    a, b = matrices(rng, 64, 32, 64)
    assert_product(submission.tiled_matmul(a, b), a, b)


@points(0.5)
@hint("How many tiles are there along k? What is in the sum after each of them?")
def test_the_sum_goes_over_several_whole_tiles(submission, rng):
    a, b = matrices(rng, 32, 128, 32)
    assert_product(submission.tiled_matmul(a, b), a, b)


@points(0.5)
@hint("A thread without an element of the result: does anyone need what it would load?")
def test_a_ragged_result_of_whole_tiles_along_k_is_right(submission, rng):
    a, b = matrices(rng, 45, 64, 37)
    assert_product(submission.tiled_matmul(a, b), a, b)


@points(0.25)
@hint("What is in the places of the last tile that lie past k? Who put it there?")
def test_a_last_tile_along_k_that_is_not_full_is_right(submission, rng):
    a, b = matrices(rng, 32, 101, 32)
    assert_product(submission.tiled_matmul(a, b), a, b)


@points(0.25)
@hint("Shared memory is not zero at the start. What do you multiply when k is 5?")
def test_k_may_be_smaller_than_a_tile(submission, rng):
    a, b = matrices(rng, 32, 5, 32)
    assert_product(submission.tiled_matmul(a, b), a, b)


@points(0.5)
@hint("One barrier between loading and reading, one between reading and loading again: who waits?")
def test_the_tiled_product_has_no_findings(submission, rng):
    a, b = matrices(rng, 33, 75, 35)
    with submission.profile() as profile:
        submission.tiled_matmul(a, b)
    assert_no_findings(profile)


@points(0.5)
@hint("All sizes are multiples of the tile. Between which two lines does a barrier have to stand?")
def test_whole_tiles_have_no_findings(submission, rng):
    a, b = matrices(rng, 32, 128, 32)
    with submission.profile() as profile:
        submission.tiled_matmul(a, b)
    assert_no_findings(profile)


@points(0.25)
@hint("Do all threads of a block come to each barrier, also those that stand over the edge?")
def test_a_ragged_result_has_no_findings(submission, rng):
    a, b = matrices(rng, 21, 32, 13)
    with submission.profile() as profile:
        submission.tiled_matmul(a, b)
    assert_no_findings(profile)


@points(0.25)
@hint("Which places of the tiles has nobody written when k ends inside the first tile?")
def test_a_last_tile_that_is_not_full_has_no_findings(submission, rng):
    a, b = matrices(rng, 32, 5, 32)
    with submission.profile() as profile:
        submission.tiled_matmul(a, b)
    assert_no_findings(profile)


@points(1)
@hint("How often is each element of a loaded from global memory? How often does one load get used?")
def test_each_load_is_used_at_least_16_times(submission, rng):
    a, b = matrices(rng, 48, 64, 80)
    with submission.profile() as profile:
        submission.tiled_matmul(a, b)
    limit = 1.2 * 8 * 48 * 80 * 64 / 16
    assert_at_most(profile, "global_load_bytes", limit, why="tiles of 16×16 serve 16 threads")


@points(0.5)
@hint("Which words of a tile do the threads of one warp read in the same step, in which banks?")
def test_no_bank_of_shared_memory_is_hit_twice(submission, rng):
    a, b = matrices(rng, 48, 64, 80)
    with submission.profile() as profile:
        submission.tiled_matmul(a, b)
    assert_at_most(profile, "bank_conflicts", 0, why="32 banks, 32 threads")


@points(0.5)
@hint("When the tiles are loaded, which addresses do neighbouring threads ask for?")
def test_the_tiles_are_loaded_coalesced(submission, rng):
    a, b = matrices(rng, 48, 64, 80)
    with submission.profile() as profile:
        submission.tiled_matmul(a, b)
    assert_coalesced(profile, stores=False)


@points(0.25)
@hint("Who sums over the tiles along k: further launches, or the threads that are there?")
def test_the_tiled_product_is_one_launch(submission, rng):
    a, b = matrices(rng, 20, 70, 20)
    with submission.profile() as profile:
        submission.tiled_matmul(a, b)
    assert_launches(profile, 1)


@points(0.5)
@hint("Which two sizes have to be equal before anything is launched?")
def test_the_tiled_product_needs_equal_inner_sizes(submission):
    assert_inner_sizes_are_checked(submission.tiled_matmul)
