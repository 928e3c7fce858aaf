"""The hidden suite of cuda_rms_norm."""

import numpy as np
import pytest

from autograder.checks import assert_close
from autograder.gpu.budgets import (
    assert_at_most,
    assert_coalesced,
    assert_launches,
    assert_no_findings,
)
from autograder.suite import array, hint, points, whole_blocks

SHAPES = [(1, 1), (3, 5), (7, 21), (37, 33), (5, 300), (2, 1999)]
EPS = 1e-6


def floats(rng, *shape, scale=1.0):
    """Draw float32 numbers, half a standard deviation above 0: a mean matters, if subtracted."""
    return array(rng, *shape, dtype=np.float32, scale=scale) + np.float32(0.5 * scale)


def exact(x, weight, eps):
    """Compute the RMS norm in float64, with eps rounded as a kernel's float is."""
    x = x.astype(np.float64)
    mean = (x * x).mean(axis=1, keepdims=True)
    return x / np.sqrt(mean + np.float64(np.float32(eps))) * weight


def assert_values(result, expected, name="result"):
    """Compare with exact values in float32's tolerance; the result has to be float32."""
    expected = expected.astype(np.float32)
    assert_close(result, expected, rtol=1e-4, atol=1e-5, check_dtype=True, name=name)


def assert_norm(result, x, weight, eps=EPS):
    """Compare with the exact norm."""
    assert_values(result, exact(x, weight, eps))


def assert_fused(results, x, residual, weight, eps=EPS):
    """Compare both results with the exact ones."""
    total = x.astype(np.float64) + residual
    normed, sums = results
    assert_values(sums, total, name="the sum")
    assert_values(normed, exact(total, weight, eps), name="the norm")


# ── rms_norm ──────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("How many columns has a thread, if there are fewer than threads, and if there are more?")
@pytest.mark.parametrize(("rows", "d"), SHAPES)
def test_every_row_is_normalised(submission, rng, rows, d):
    x, weight = floats(rng, rows, d), floats(rng, d)
    assert_norm(submission.rms_norm(x, weight, EPS), x, weight)


@points(0.25)
@hint("Rows and columns fill all blocks. Is the mean square of each row 1, for a weight of ones?")
@whole_blocks
def test_every_row_of_whole_blocks_is_normalised(submission, rng):
    x, weight = floats(rng, 32, 1024), floats(rng, 1024)
    assert_norm(submission.rms_norm(x, weight, EPS), x, weight)


@points(0.5)
@hint("What is the root of 0 + 0.25, and what is the root of 0, plus 0.25?")
@pytest.mark.parametrize("eps", [0.25, 4.0])
def test_eps_is_added_under_the_root(submission, rng, eps):
    x, weight = floats(rng, 4, 13, scale=0.5), floats(rng, 13)
    assert_norm(submission.rms_norm(x, weight, eps), x, weight, eps)


@points(0.5)
@hint("Does RMS norm move the numbers of a row before it scales them?")
def test_the_mean_stays(submission, rng):
    x, weight = floats(rng, 3, 9) + np.float32(4), floats(rng, 9)
    assert_norm(submission.rms_norm(x, weight, EPS), x, weight)


@points(0.25)
@hint("What is 0 divided by the root of eps? And a row of tiny numbers?")
def test_rows_of_zeros_stay_zero(submission):
    x, weight = np.zeros((2, 6), dtype=np.float32), np.ones(6, dtype=np.float32)
    x[1] = 1e-4
    assert_norm(submission.rms_norm(x, weight, 1e-5), x, weight, 1e-5)


@points(0.25)
@hint("Mean square and result: can one launch do both for its row?")
def test_the_norm_is_one_launch(submission, rng):
    x, weight = floats(rng, 12, 480), floats(rng, 480)
    with submission.profile() as profile:
        submission.rms_norm(x, weight, EPS)
    assert_launches(profile, 1)


@points(0.5)
@hint("How often is an element of x loaded, and how often one of the weight?")
def test_the_norm_loads_x_twice(submission, rng):
    x, weight = floats(rng, 12, 480), floats(rng, 480)
    with submission.profile() as profile:
        submission.rms_norm(x, weight, EPS)
    assert_at_most(profile, "global_load_bytes", 12 * x.size, why="x twice, the weight once a row")


@points(0.25)
@hint("How often is each element of the result written?")
def test_the_norm_stores_once(submission, rng):
    x, weight = floats(rng, 12, 480), floats(rng, 480)
    with submission.profile() as profile:
        submission.rms_norm(x, weight, EPS)
    assert_at_most(profile, "global_store_bytes", 4 * x.size, why="only the result")


@points(0.25)
@hint("Which columns do threads 0, 1 and 2 load in the same instruction?")
def test_the_norm_loads_neighbours(submission, rng):
    x, weight = floats(rng, 12, 480), floats(rng, 480)
    with submission.profile() as profile:
        submission.rms_norm(x, weight, EPS)
    assert_coalesced(profile, stores=False)


@points(0.25)
@hint("Which columns do threads 0, 1 and 2 store in the same instruction?")
def test_the_norm_stores_neighbours(submission, rng):
    x, weight = floats(rng, 12, 480), floats(rng, 480)
    with submission.profile() as profile:
        submission.rms_norm(x, weight, EPS)
    assert_coalesced(profile, loads=False)


@points(1)
@hint("Who has written the sum that a thread reads, and who waits for whom?")
@pytest.mark.parametrize(("rows", "d"), [(3, 21), (5, 700)])
def test_the_norm_has_no_findings(submission, rng, rows, d):
    x, weight = floats(rng, rows, d), floats(rng, d)
    with submission.profile() as profile:
        submission.rms_norm(x, weight, EPS)
    assert_no_findings(profile)


@points(0.25)
@hint("How many blocks has a grid for no rows?")
def test_no_rows_give_an_empty_array_without_a_launch(submission, rng):
    x, weight = np.zeros((0, 5), dtype=np.float32), floats(rng, 5)
    with submission.profile() as profile:
        result = submission.rms_norm(x, weight, EPS)
    assert_values(result, x)
    assert_launches(profile, 0)


# ── fused_add_rms_norm ────────────────────────────────────────────────────────────────────────


@points(1)
@hint("What is normalised, and what does the next layer add to?")
@pytest.mark.parametrize(("rows", "d"), SHAPES)
def test_every_row_is_added_and_normalised(submission, rng, rows, d):
    x, residual, weight = floats(rng, rows, d), floats(rng, rows, d), floats(rng, d)
    assert_fused(submission.fused_add_rms_norm(x, residual, weight, EPS), x, residual, weight)


@points(0.25)
@hint("Rows and columns fill all blocks. Where does a thread keep its sums?")
@whole_blocks
def test_every_row_of_whole_blocks_is_added_and_normalised(submission, rng):
    x, residual, weight = floats(rng, 32, 1024), floats(rng, 32, 1024), floats(rng, 1024)
    assert_fused(submission.fused_add_rms_norm(x, residual, weight, EPS), x, residual, weight)


@points(0.5)
@hint("Of which row is the mean square taken, if x is small and the residual large?")
def test_the_residual_counts_in_the_mean_square(submission, rng):
    x, residual, weight = floats(rng, 4, 11), floats(rng, 4, 11, scale=20), floats(rng, 11)
    assert_fused(submission.fused_add_rms_norm(x, residual, weight, EPS), x, residual, weight)


@points(0.5)
@hint("What is the root of 0 + 0.25, and what is the root of 0, plus 0.25?")
def test_eps_is_added_under_the_root_of_the_fusion(submission, rng):
    x, residual, weight = floats(rng, 4, 11), floats(rng, 4, 11), floats(rng, 11)
    results = submission.fused_add_rms_norm(x, residual, weight, 2.0)
    assert_fused(results, x, residual, weight, 2.0)


@points(0.25)
@hint("Where is a row of 4096 sums until its mean square is known?")
def test_rows_may_have_4096_columns(submission, rng):
    x, residual, weight = floats(rng, 2, 4096), floats(rng, 2, 4096), floats(rng, 4096)
    assert_fused(submission.fused_add_rms_norm(x, residual, weight, EPS), x, residual, weight)


@points(0.25)
@hint("Adding and normalising: what must go through memory between two launches?")
def test_the_fusion_is_one_launch(submission, rng):
    x, residual, weight = floats(rng, 12, 480), floats(rng, 12, 480), floats(rng, 480)
    with submission.profile() as profile:
        submission.fused_add_rms_norm(x, residual, weight, EPS)
    assert_launches(profile, 1)


@points(0.75)
@hint("The second pass needs the sums again. Where else could they be than in an array?")
def test_the_fusion_loads_every_input_once(submission, rng):
    x, residual, weight = floats(rng, 12, 480), floats(rng, 12, 480), floats(rng, 480)
    with submission.profile() as profile:
        submission.fused_add_rms_norm(x, residual, weight, EPS)
    assert_at_most(profile, "global_load_bytes", 12 * x.size, why="x, residual and weight once")


@points(0.25)
@hint("Which two arrays are written?")
def test_the_fusion_stores_both_results_once(submission, rng):
    x, residual, weight = floats(rng, 12, 480), floats(rng, 12, 480), floats(rng, 480)
    with submission.profile() as profile:
        submission.fused_add_rms_norm(x, residual, weight, EPS)
    assert_at_most(profile, "global_store_bytes", 8 * x.size, why="the norm and the sum")


@points(0.25)
@hint("Which columns do threads 0, 1 and 2 load in the same instruction?")
def test_the_fusion_loads_neighbours(submission, rng):
    x, residual, weight = floats(rng, 12, 480), floats(rng, 12, 480), floats(rng, 480)
    with submission.profile() as profile:
        submission.fused_add_rms_norm(x, residual, weight, EPS)
    assert_coalesced(profile, stores=False)


@points(0.25)
@hint("Which columns do threads 0, 1 and 2 store in the same instruction?")
def test_the_fusion_stores_neighbours(submission, rng):
    x, residual, weight = floats(rng, 12, 480), floats(rng, 12, 480), floats(rng, 480)
    with submission.profile() as profile:
        submission.fused_add_rms_norm(x, residual, weight, EPS)
    assert_coalesced(profile, loads=False)


@points(0.5)
@hint("Which places in shared memory does a thread read that another has written?")
@pytest.mark.parametrize(("rows", "d"), [(3, 21), (5, 700)])
def test_the_fusion_has_no_findings(submission, rng, rows, d):
    x, residual, weight = floats(rng, rows, d), floats(rng, rows, d), floats(rng, d)
    with submission.profile() as profile:
        submission.fused_add_rms_norm(x, residual, weight, EPS)
    assert_no_findings(profile)


@points(0.25)
@hint("How many results has the fusion when there are no rows?")
def test_no_rows_give_two_empty_arrays_without_a_launch(submission, rng):
    x, weight = np.zeros((0, 5), dtype=np.float32), floats(rng, 5)
    with submission.profile() as profile:
        results = submission.fused_add_rms_norm(x, x.copy(), weight, EPS)
    assert_fused(results, x, x, weight)
    assert_launches(profile, 0)
