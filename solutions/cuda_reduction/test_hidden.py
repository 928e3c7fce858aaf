"""The hidden suite of cuda_reduction."""

import math

import numpy as np
import pytest

from autograder.checks import CheckFailed, assert_close, assert_equal, assert_raises
from autograder.gpu.budgets import (
    assert_at_most,
    assert_coalesced,
    assert_launches,
    assert_no_findings,
)
from autograder.suite import hint, points, whole_blocks


def floats(*values):
    """Make a float32 array."""
    return np.array(values, dtype=np.float32)


def positive(rng, n):
    """Draw float32 numbers so far from 0 that a sum without one of them is seen to be wrong."""
    return rng.uniform(0.5, 1.5, n).astype(np.float32)


def signed(rng, n):
    """Draw numbers of both signs, as far from 0."""
    return positive(rng, n) * np.where(rng.random(n) < 0.5, -1, 1).astype(np.float32)


def different(rng, *shape):
    """Draw float32 numbers of both signs, all of them different."""
    count = math.prod(shape)
    return (rng.permutation(count) - count // 2 + 0.25).astype(np.float32).reshape(shape)


def assert_sum(result, x):
    """Compare a sum with the exact one, in the tolerance of a sum of float32."""
    bound = 1e-5 * float(np.abs(x.astype(np.float64)).sum()) + 1e-6
    assert_close(result, math.fsum(x.tolist()), rtol=0, atol=bound)


def assert_type(result, kind):
    """Refuse a numpy scalar, or an array of one element, for a Python number."""
    if type(result) is not kind:
        raise CheckFailed(f"the result is {type(result).__name__}, not a Python {kind.__name__}")


# ── block_sum ─────────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("Add 21 numbers by hand as your tree does. Which of them is in no sum?")
@pytest.mark.parametrize("n", [1, 3, 21, 27, 1009, 10007])
def test_the_sum_has_every_element(submission, rng, n):
    x = positive(rng, n)
    assert_sum(submission.block_sum(x), x)


@points(0.25)
@hint("All blocks are full here. Does each of them add all of its elements, and all to one sum?")
@whole_blocks
def test_the_sum_of_whole_blocks_has_every_element(submission, rng):
    x = positive(rng, 4096)
    assert_sum(submission.block_sum(x), x)


@points(0.25)
@hint("Which number is every partial sum before its first element?")
def test_the_sum_of_both_signs_is_right(submission, rng):
    x = signed(rng, 2003)
    assert_sum(submission.block_sum(x), x)


@points(0.25)
@hint("What is a sum before anything has been added? Has Python's float another type than numpy's?")
def test_the_sum_of_nothing_is_zero_and_a_sum_is_a_float(submission):
    assert_close(submission.block_sum(floats()), 0.0)
    assert_type(submission.block_sum(floats(1, 2)), float)


@points(0.25)
@hint("All threads add to one address. In how many turns?")
def test_elements_are_not_added_one_by_one(submission, rng):
    n = 10001
    x = positive(rng, n)
    with submission.profile() as profile:
        submission.block_sum(x)
    assert_at_most(profile, "atomics", n // 8, why="threads add among themselves first")


@points(0.25)
@hint("How many atomics does a block need if its threads have added their numbers before?")
def test_a_block_adds_to_the_sum_once(submission, rng):
    n = 10001
    x = positive(rng, n)
    with submission.profile() as profile:
        submission.block_sum(x)
    assert_at_most(profile, "atomics", n // 256 + 1, why="one for 256 elements")


@points(0.25)
@hint("What happens when 32 lanes add to one word of shared memory? What can a tree do instead?")
def test_threads_do_not_add_one_by_one_in_shared_memory(submission, rng):
    n = 10001
    x = positive(rng, n)
    with submission.profile() as profile:
        submission.block_sum(x)
    assert_at_most(profile, "shared_atomics", n // 16, why="a warp adds its lanes first")


@points(0.25)
@hint("How often is an element loaded? What does a second launch read?")
def test_the_sum_loads_every_element_once(submission, rng):
    n = 10001
    x = positive(rng, n)
    with submission.profile() as profile:
        submission.block_sum(x)
    assert_at_most(profile, "global_load_bytes", 4.4 * n + 1024, why="4 bytes an element")


@points(0.25)
@hint("Which elements does a thread add? Which do its neighbours load in the same instruction?")
def test_neighbouring_threads_add_neighbouring_elements(submission, rng):
    x = positive(rng, 10001)
    with submission.profile() as profile:
        submission.block_sum(x)
    assert_coalesced(profile, stores=False)


@points(1)
@hint("Before a thread reads what another wrote, how does it know that it is there? Who waits?")
@pytest.mark.parametrize("n", [21, 4001])
def test_the_sum_has_no_findings(submission, rng, n):
    x = positive(rng, n)
    with submission.profile() as profile:
        submission.block_sum(x)
    assert_no_findings(profile)


# ── warp_max ──────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("How many elements has each of the 32 lanes, in a row of 5, of 32, of 100?")
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (7, 5), (13, 21), (5, 32), (9, 100), (300, 33)])
def test_every_row_has_its_maximum(submission, rng, rows, cols):
    x = different(rng, rows, cols)
    assert_close(submission.warp_max(x), x.max(1), check_dtype=True)


@points(0.25)
@hint("Rows and columns fill all warps and blocks. Which warp has which row?")
@whole_blocks
def test_every_row_of_whole_warps_has_its_maximum(submission, rng):
    x = different(rng, 64, 128)
    assert_close(submission.warp_max(x), x.max(1), check_dtype=True)


@points(0.5)
@hint("Which number does every maximum begin with, and what is the maximum of −3 and −5?")
@pytest.mark.parametrize("cols", [21, 64])
def test_rows_of_negative_numbers_have_a_negative_maximum(submission, rng, cols):
    x = -positive(rng, 6 * cols).reshape(6, cols)
    assert_close(submission.warp_max(x), x.max(1), check_dtype=True)


@points(0.25)
@hint("Which float32 is less than all others?")
@pytest.mark.parametrize("cols", [3, 32, 50])
def test_rows_may_hold_minus_infinity(submission, cols):
    x = np.full((3, cols), -np.inf, dtype=np.float32)
    x[1, cols - 1] = -3e38
    assert_close(submission.warp_max(x), floats(-np.inf, -3e38, -np.inf), check_dtype=True)


@points(0.25)
@hint("The maximum of two lanes does not have to go through memory. What does a shuffle read?")
def test_the_maximum_needs_no_shared_memory(submission, rng):
    x = different(rng, 40, 96)
    with submission.profile() as profile:
        submission.warp_max(x)
    assert_at_most(profile, "shared_requests", 0, why="shuffles exchange registers")


@points(0.25)
@hint("A warp has a row to itself. For whom would it have to wait?")
def test_the_maximum_needs_no_barriers(submission, rng):
    x = different(rng, 40, 96)
    with submission.profile() as profile:
        submission.warp_max(x)
    assert_at_most(profile, "barriers", 0, why="a warp has its row to itself")


@points(0.25)
@hint("How many lanes know the maximum of the row after the last shuffle?")
def test_the_maximum_needs_no_atomics(submission, rng):
    x = different(rng, 40, 96)
    with submission.profile() as profile:
        submission.warp_max(x)
    assert_at_most(profile, "atomics", 0, why="one lane stores the result")


@points(0.25)
@hint("How often is each element loaded?")
def test_the_maximum_loads_every_element_once(submission, rng):
    x = different(rng, 40, 96)
    with submission.profile() as profile:
        submission.warp_max(x)
    assert_at_most(profile, "global_load_bytes", 6 * x.size, why="4 bytes an element")


@points(0.25)
@hint("Which column does lane 0 begin with, and which lane 1? How many bytes lie between them?")
def test_neighbouring_lanes_load_neighbouring_elements(submission, rng):
    x = different(rng, 40, 96)
    with submission.profile() as profile:
        submission.warp_max(x)
    assert_coalesced(profile, stores=False)


@points(0.5)
@hint("A shuffle reads from another lane. Is that lane still there when the row is short?")
@pytest.mark.parametrize(("rows", "cols"), [(13, 21), (7, 50)])
def test_the_maximum_has_no_findings(submission, rng, rows, cols):
    x = different(rng, rows, cols)
    with submission.profile() as profile:
        submission.warp_max(x)
    assert_no_findings(profile)


@points(0.25)
@hint("How many warps do no rows need?")
def test_no_rows_have_no_maxima_and_launch_nothing(submission):
    x = np.zeros((0, 7), dtype=np.float32)
    with submission.profile() as profile:
        result = submission.warp_max(x)
    assert_close(result, floats(), check_dtype=True)
    assert_launches(profile, 0)


@points(0.25)
@hint("What is the maximum of no numbers?")
def test_rows_without_columns_are_an_error(submission):
    for rows in (3, 0):
        assert_raises(ValueError, submission.warp_max, np.zeros((rows, 0), dtype=np.float32))


# ── argmax ────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Where does a thread keep the index of its best element while it goes on?")
@pytest.mark.parametrize("n", [1, 21, 1009, 10007])
def test_the_maximum_is_found_anywhere(submission, rng, n):
    x = different(rng, n)
    assert_equal(submission.argmax(x), int(np.argmax(x)))


@points(0.25)
@hint("The maximum is element 5001. What does your kernel know it by: its thread, or its place?")
def test_the_index_is_that_in_x(submission, rng):
    x = signed(rng, 10001)
    x[5001] = 3
    assert_equal(submission.argmax(x), 5001)


@points(0.25)
@hint("The maximum is the first element of a block. Is that the first element of x?")
@whole_blocks
def test_the_index_is_that_in_x_for_whole_blocks(submission, rng):
    x = signed(rng, 16384)
    x[8192] = 3
    assert_equal(submission.argmax(x), 8192)


@points(0.5)
@hint("Two threads compare equal numbers. By what do they know which was first?")
@pytest.mark.parametrize("maxima", [(0, 20), (3, 17), (19, 20), (3, 17, 19)])
def test_the_first_of_equal_maxima_wins(submission, rng, maxima):
    x = -positive(rng, 21)
    x[list(maxima)] = 2
    assert_equal(submission.argmax(x), maxima[0])


@points(0.5)
@hint("Equal maxima in two blocks, or met by one thread in two rounds: who keeps the first?")
@pytest.mark.parametrize(("first", "second"), [(0, 4096), (5, 5632), (37, 4099)])
def test_the_first_of_equal_maxima_far_apart_wins(submission, rng, first, second):
    x = -positive(rng, 6000)
    x[[first, second]] = 2
    assert_equal(submission.argmax(x), first)


@points(0.25)
@hint("Every element is a maximum. Which thread holds the first one, and does it ever lose?")
@pytest.mark.parametrize("n", [21, 3000])
def test_the_first_of_equal_elements_wins(submission, n):
    assert_equal(submission.argmax(np.full(n, -1.5, dtype=np.float32)), 0)


@points(0.25)
@hint("Which of two negative floats has the greater bits? Does your comparison go by them?")
def test_the_greatest_of_negative_numbers_wins(submission):
    assert_equal(submission.argmax(floats(-5, -2, -9, -0.5, -3)), 3)


@points(0.25)
@hint("0.0 == -0.0. Does your comparison of keys or bits know that?")
def test_the_two_zeros_are_equal(submission):
    assert_equal(submission.argmax(floats(-1, 0.0, -0.0)), 1)
    assert_equal(submission.argmax(floats(-1, -0.0, 0.0)), 1)


@points(0.25)
@hint("What do threads without an element hold, and can it win against −inf?")
def test_infinities_are_numbers_like_others(submission):
    assert_equal(submission.argmax(floats(-np.inf, 3e38, np.inf, 0, np.inf)), 2)
    assert_equal(submission.argmax(floats(-np.inf, -3e38, -np.inf)), 1)
    assert_equal(submission.argmax(floats(*[-np.inf] * 21)), 0)


@points(0.25)
@hint("How many atomics does a block need if its threads have compared before?")
def test_a_block_makes_few_atomics(submission, rng):
    n = 10001
    x = different(rng, n)
    with submission.profile() as profile:
        submission.argmax(x)
    assert_at_most(profile, "atomics", 2 * (n // 256 + 1), why="two for 256 elements")


@points(0.5)
@hint("Value and index belong together. Can another thread change one of them in between?")
@pytest.mark.parametrize("n", [21, 4001])
def test_argmax_has_no_findings(submission, rng, n):
    x = different(rng, n)
    with submission.profile() as profile:
        submission.argmax(x)
    assert_no_findings(profile)


@points(0.25)
@hint("Which index has the maximum of nothing? What type has Python's int?")
def test_nothing_is_an_error_and_an_index_is_an_int(submission):
    assert_raises(ValueError, submission.argmax, floats())
    assert_type(submission.argmax(floats(1, 2)), int)
