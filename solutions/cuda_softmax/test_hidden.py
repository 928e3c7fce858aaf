"""The hidden suite of cuda_softmax."""

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


def floats(rng, *shape):
    """Draw float32 numbers."""
    return array(rng, *shape, dtype=np.float32, scale=2.0)


def row(*values):
    """Make a matrix of one row."""
    return np.array([values], dtype=np.float32)


def assert_softmax(result, x):
    """Compare with the exact softmax of each row, in float32's tolerance."""
    shifted = x.astype(np.float64) - x.max(axis=1, keepdims=True)
    exact = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    assert_close(result, exact.astype(np.float32), rtol=1e-4, atol=1e-6, check_dtype=True)


def with_minus_infinities(rng):
    """Draw rows of which some begin, or end, or all but end with −inf."""
    x = floats(rng, 5, 40)
    x[0, 0] = x[1, 39] = x[2, ::2] = x[3, :39] = x[4, 1:] = -np.inf
    return x


def empty_arrays():
    """Return arrays without rows, without columns, and without both."""
    return [np.zeros(shape, dtype=np.float32) for shape in [(0, 5), (5, 0), (0, 0)]]


# ── softmax ───────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("How many columns has a thread, if there are fewer than threads, and if there are more?")
@pytest.mark.parametrize(("rows", "cols"), SHAPES)
def test_every_row_is_the_softmax(submission, rng, rows, cols):
    x = floats(rng, rows, cols)
    assert_softmax(submission.softmax(x), x)


@points(0.25)
@hint("Rows and columns fill all blocks. Does each row sum to 1?")
@whole_blocks
def test_every_row_of_whole_blocks_is_the_softmax(submission, rng):
    x = floats(rng, 32, 1024)
    assert_softmax(submission.softmax(x), x)


@points(0.5)
@hint("What is exp(100) in float32? And how does softmax(x) differ from softmax(x − 100)?")
def test_large_numbers_do_not_overflow(submission):
    x = np.array([[1e4, 9999, 0, -1e4], [-1e4, -9999, -9998, -1e4]], dtype=np.float32)
    assert_softmax(submission.softmax(x), x)


@points(0.5)
@hint("One row is a thousand below the other. What is exp of that, and what do you divide by?")
def test_rows_may_lie_far_apart(submission, rng):
    x = floats(rng, 4, 7) + np.float32([[0], [-1000], [1000], [-5000]])
    assert_softmax(submission.softmax(x), x)


@points(0.25)
@hint("What is exp(−inf)? And −inf minus a number?")
def test_minus_infinity_gets_nothing(submission, rng):
    x = with_minus_infinities(rng)
    assert_softmax(submission.softmax(x), x)


@points(0.25)
@hint("Maximum, sum, result: can one launch do all three for its row?")
def test_the_softmax_is_one_launch(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.softmax(x)
    assert_launches(profile, 1)


@points(0.25)
@hint("Who needs the maximum of a row besides the block that has found it?")
def test_the_softmax_has_no_launch_for_each_of_its_steps(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.softmax(x)
    assert_at_most(profile, "launches", 2, why="one would do")


@points(0.25)
@hint("How often is each element loaded? What do you need it for?")
def test_the_softmax_loads_three_times(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.softmax(x)
    assert_at_most(profile, "global_load_bytes", 12 * x.size, why="maximum, sum and result")


@points(0.25)
@hint("How often is each element of the result written?")
def test_the_softmax_stores_once(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.softmax(x)
    assert_at_most(profile, "global_store_bytes", 4 * x.size, why="only the result")


@points(0.25)
@hint("Which columns do threads 0, 1 and 2 load in the same instruction?")
def test_the_softmax_loads_neighbours(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.softmax(x)
    assert_coalesced(profile, stores=False)


@points(0.25)
@hint("Which columns do threads 0, 1 and 2 store in the same instruction?")
def test_the_softmax_stores_neighbours(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.softmax(x)
    assert_coalesced(profile, loads=False)


@points(1)
@hint("A place in shared memory is written, read by all, and written again. Who waits for whom?")
@pytest.mark.parametrize(("rows", "cols"), [(3, 21), (5, 700)])
def test_the_softmax_has_no_findings(submission, rng, rows, cols):
    x = floats(rng, rows, cols)
    with submission.profile() as profile:
        submission.softmax(x)
    assert_no_findings(profile)


@points(0.25)
@hint("How many blocks has a grid for no rows?")
def test_the_softmax_of_nothing_is_empty_without_a_launch(submission):
    for x in empty_arrays():
        with submission.profile() as profile:
            result = submission.softmax(x)
        assert_close(result, x, check_dtype=True)
        assert_launches(profile, 0)


# ── online_softmax ────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Two threads have seen different maxima. What do their sums mean, and what is their sum?")
@pytest.mark.parametrize(("rows", "cols"), SHAPES)
def test_every_row_is_the_online_softmax(submission, rng, rows, cols):
    x = floats(rng, rows, cols)
    assert_softmax(submission.online_softmax(x), x)


@points(0.25)
@hint("Rows and columns fill all blocks. Does each row sum to 1?")
@whole_blocks
def test_every_row_of_whole_blocks_is_the_online_softmax(submission, rng):
    x = floats(rng, 32, 1024)
    assert_softmax(submission.online_softmax(x), x)


@points(0.5)
@hint("A thread has added ten numbers and meets a greater one. What are the ten now?")
def test_the_maximum_may_rise_late(submission):
    x = row(*[0.0] * 2048, *[5.0] * 2048)
    assert_softmax(submission.online_softmax(x), x)


@points(0.25)
@hint("What is exp of a difference of 20 000? In which order do you subtract?")
def test_large_numbers_do_not_overflow_online(submission):
    x = np.array([[1e4, 9999, 0, -1e4], [-1e4, -9999, -9998, -1e4]], dtype=np.float32)
    assert_softmax(submission.online_softmax(x), x)


@points(0.5)
@hint(
    "A thread has seen nothing but −inf. What are its maximum and its sum, and what if two merge?"
)
def test_minus_infinity_gets_nothing_online(submission, rng):
    x = with_minus_infinities(rng)
    assert_softmax(submission.online_softmax(x), x)


@points(0.25)
@hint("Most threads have no element here. What do they give to the merging?")
def test_a_row_of_one_is_one(submission):
    x = np.array([[3], [-2000], [0]], dtype=np.float32)
    assert_softmax(submission.online_softmax(x), x)


@points(0.25)
@hint("Maximum, sum, result: can one launch do all of it for its row?")
def test_the_online_softmax_is_one_launch(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.online_softmax(x)
    assert_launches(profile, 1)


@points(0.75)
@hint("What can be corrected about a sum when the maximum that it was taken for turns out too low?")
def test_the_online_softmax_loads_twice(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.online_softmax(x)
    assert_at_most(profile, "global_load_bytes", 8 * x.size, why="one pass, and the result")


@points(0.25)
@hint("How often is each element of the result written?")
def test_the_online_softmax_stores_once(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.online_softmax(x)
    assert_at_most(profile, "global_store_bytes", 4 * x.size, why="only the result")


@points(0.25)
@hint("Which columns do threads 0, 1 and 2 load in the same instruction?")
def test_the_online_softmax_loads_neighbours(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.online_softmax(x)
    assert_coalesced(profile, stores=False)


@points(0.25)
@hint("Which columns do threads 0, 1 and 2 store in the same instruction?")
def test_the_online_softmax_stores_neighbours(submission, rng):
    x = floats(rng, 8, 992)
    with submission.profile() as profile:
        submission.online_softmax(x)
    assert_coalesced(profile, loads=False)


@points(0.5)
@hint("A maximum and its sum belong together. When may another thread read the two?")
@pytest.mark.parametrize(("rows", "cols"), [(3, 21), (5, 700)])
def test_the_online_softmax_has_no_findings(submission, rng, rows, cols):
    x = floats(rng, rows, cols)
    with submission.profile() as profile:
        submission.online_softmax(x)
    assert_no_findings(profile)


@points(0.25)
@hint("How many blocks has a grid for no rows?")
def test_the_online_softmax_of_nothing_is_empty_without_a_launch(submission):
    for x in empty_arrays():
        with submission.profile() as profile:
            result = submission.online_softmax(x)
        assert_close(result, x, check_dtype=True)
        assert_launches(profile, 0)
