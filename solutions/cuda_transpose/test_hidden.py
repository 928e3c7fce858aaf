"""The hidden suite of cuda_transpose."""

import numpy as np
import pytest

from autograder.checks import assert_close, assert_equal
from autograder.gpu.budgets import assert_at_most, assert_coalesced, assert_no_findings
from autograder.suite import array, hint, points, whole_blocks


def matrix(rng, rows, cols):
    """Draw float32 numbers, all of them different."""
    order = rng.permutation(rows * cols).astype(np.float32)
    return (order + np.float32(0.25)).reshape(rows, cols)


def assert_transposed(result, x):
    """A transpose moves numbers and rounds none: every one has to be equal."""
    expected = x.T.copy()
    assert_close(result, expected, rtol=0, atol=0, check_dtype=True)


@points(0.25)
@hint("In a 3×5 matrix, where does the element of row 1 and column 4 lie, before and after?")
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (3, 5), (13, 4)])
def test_a_small_matrix_is_transposed(submission, rng, rows, cols):
    x = matrix(rng, rows, cols)
    assert_transposed(submission.transpose(x), x)


@points(0.5)
@hint("Into which tile of the result does the tile in the first row and second column go?")
@pytest.mark.parametrize(("rows", "cols"), [(33, 70), (131, 37)])
def test_a_matrix_of_several_tiles_is_transposed(submission, rng, rows, cols):
    x = matrix(rng, rows, cols)
    assert_transposed(submission.transpose(x), x)


@points(0.25)
@hint("How many tiles does one row of a hundred columns need, and what is outside of them?")
@pytest.mark.parametrize(("rows", "cols"), [(1, 100), (100, 1)])
def test_one_row_and_one_column_are_transposed(submission, rng, rows, cols):
    x = matrix(rng, rows, cols)
    assert_transposed(submission.transpose(x), x)


@points(0.25)
@hint("Transpose each tile by hand. Are the tiles themselves in their new places?")
@whole_blocks
@pytest.mark.parametrize(("rows", "cols"), [(64, 128), (128, 64)])
def test_a_matrix_of_whole_tiles_is_transposed(submission, rng, rows, cols):
    x = matrix(rng, rows, cols)
    assert_transposed(submission.transpose(x), x)


@points(0.25)
@hint("Here it cannot matter which of rows and columns is which. So what else is wrong?")
@whole_blocks
def test_a_square_matrix_is_transposed(submission, rng):
    x = matrix(rng, 64, 64)
    assert_transposed(submission.transpose(x), x)


@points(0.25)
@hint("What does a transpose compute? Is there any arithmetic with the elements?")
def test_infinities_and_tiny_numbers_are_moved_unchanged(submission):
    x = np.array([[np.inf, 1e-45, 0.1], [-np.inf, 3e38, 16777217]], dtype=np.float32)
    assert_transposed(submission.transpose(x), x)


@points(0.25)
@hint("In which order do you ask for the new shape? Does the result begin a new array?")
def test_a_transpose_of_a_transpose_is_the_matrix(submission, rng):
    x = array(rng, 21, 50, dtype=np.float32)
    assert_equal(submission.transpose(submission.transpose(x)), x)


@points(1.5)
@hint("Which of its two indices does threadIdx.x have in the load? Which addresses follow?")
def test_neighbouring_threads_load_neighbouring_elements(submission, rng):
    x = matrix(rng, 96, 160)
    with submission.profile() as profile:
        submission.transpose(x)
    assert_coalesced(profile, stores=False)


@points(1.5)
@hint("A tile can be turned in shared memory. Which index of the result has threadIdx.x then?")
def test_neighbouring_threads_store_neighbouring_elements(submission, rng):
    x = matrix(rng, 96, 160)
    with submission.profile() as profile:
        submission.transpose(x)
    assert_coalesced(profile, loads=False)


@points(2)
@hint("Word w of shared memory is in bank w mod 32. Which banks does a column of your tile use?")
def test_the_tile_has_no_bank_conflicts(submission, rng):
    x = matrix(rng, 96, 160)
    with submission.profile() as profile:
        submission.transpose(x)
    assert_at_most(profile, "bank_conflicts", 0, why="32 lanes of a warp, 32 banks")


@points(1)
@hint("Who wrote the element of the tile that a thread reads? What do threads at the edge do?")
def test_the_transpose_has_no_findings(submission, rng):
    x = matrix(rng, 37, 65)
    with submission.profile() as profile:
        submission.transpose(x)
    assert_no_findings(profile)
