"""The hidden suite of random projection."""

import math

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points, tensor
from solutions.random_projection.random_projection import (
    distortion,
    jl_dimension,
    project,
    sparse_signs,
)


def draws(rng, dim, k, s=3):
    """Draw uniforms that are not close to where their sign changes, for s and for half of it."""
    while True:
        u = torch.from_numpy(rng.uniform(0, 1, (dim, k))).float()
        bounds = (b for share in (1 / (2 * s), 1 / s) for b in (share, 1 - share))
        if all((u - bound).abs().min() > 2e-4 for bound in bounds):
            return u


def apart(rng, n, dim):
    """Draw vectors of which no two are close, so that all ways to a distance agree."""
    while True:
        x = tensor(rng, n, dim)
        if torch.pdist(x).square().min() > 0.1 * x.square().sum(dim=1).max():
            return x


# ── jl_dimension ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What does a tenfold number of points add to the bound?")
@pytest.mark.parametrize("n", [3, 10, 900, 3_000_000, 3 * 10**12])
def test_the_bound_grows_with_the_natural_logarithm_of_the_points(submission, n):
    # Bounds with more than a half behind the point, which rounding to the nearest gets right too.
    assert_equal(submission.jl_dimension(n, 0.25), jl_dimension(n, 0.25))


@points(0.5)
@hint("Work out eps²/2 − eps³/3 for a half. Which term is missing, or too much?")
@pytest.mark.parametrize("eps", [0.02, 0.11, 0.5, 0.95])
def test_the_bound_falls_with_eps(submission, eps):
    assert_equal(submission.jl_dimension(5000, eps), jl_dimension(5000, eps))


@points(0.5)
@hint("Is the largest integer below the bound enough?")
def test_the_bound_is_rounded_up(submission):
    # 187.8, 1594.1 and 33.3.
    for n, eps, expected in ((50, 0.5, 188), (1000, 0.2, 1595), (2, 0.5, 34)):
        assert_equal(submission.jl_dimension(n, eps), expected)


@points(0.25)
@hint("How many distances has one point?")
def test_fewer_than_two_points_are_refused(submission):
    for n in (1, 0, -5):
        assert_raises(ValueError, submission.jl_dimension, n, 0.1)


@points(0.25)
@hint("What would it mean to keep distances within 1 ± 0, and within 1 ± 1?")
@pytest.mark.parametrize("eps", [0.0, 1.0, -0.1, 1.2])
def test_an_eps_outside_zero_to_one_is_refused(submission, eps):
    assert_raises(ValueError, submission.jl_dimension, 100, eps)


# ── sparse_signs ──────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Which share of the draws becomes +√3, which −√3, and what is the variance then?")
def test_a_sixth_of_the_draws_each_becomes_plus_and_minus_root_three(submission):
    u = torch.tensor([[0.0, 0.1, 0.16], [0.2, 0.3, 0.4], [0.6, 0.7, 0.8], [0.84, 0.9, 0.999]])
    root = math.sqrt(3)
    expected = torch.tensor([[root] * 3, [0.0] * 3, [0.0] * 3, [-root] * 3])
    assert_close(submission.sparse_signs(u), expected)


@points(0.5)
@hint("Where do the three parts of [0, 1) meet for another s?")
@pytest.mark.parametrize("s", [2, 5, 40])
def test_s_decides_how_sparse_the_matrix_is(submission, rng, s):
    u = draws(rng, 20, 11, s)
    assert_close(submission.sparse_signs(u, s), sparse_signs(u, s))


@points(0.25)
@hint("Add up the shares of +1 and −1 for s = 1. What is left for 0?")
def test_with_s_of_one_there_are_no_zeros(submission, rng):
    u = draws(rng, 6, 7, 1)
    assert_close(submission.sparse_signs(u, 1), torch.where(u < 0.5, 1.0, -1.0))


@points(0.5)
@hint("Draw evenly from [0, 1). What is the mean of the entries, what of their squares?")
@pytest.mark.parametrize("s", [1, 2, 4, 8])
def test_entries_have_mean_zero_and_variance_one(submission, s):
    u = ((torch.arange(64.0) + 0.5) / 64).view(8, 8)
    signs = submission.sparse_signs(u, s)
    assert_close(float(signs.mean()), 0.0, atol=1e-5, name="the mean")
    assert_close(float(signs.square().mean()), 1.0, rtol=1e-5, name="the variance")


@points(0.5)
@hint("Which dtype and which shape does the result have?")
def test_entries_are_float32_in_the_shape_of_the_draws(submission, rng):
    u = draws(rng, 5, 3).T
    assert_close(submission.sparse_signs(u), sparse_signs(u), check_dtype=True)


@points(0.5)
@hint("Which share of the draws would be 1 / 0?")
def test_an_s_below_one_is_refused(submission, rng):
    for s in (0, -1, -3):
        assert_raises(ValueError, submission.sparse_signs, draws(rng, 3, 2), s)


# ── project ───────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Each of k components has the variance ‖x‖². What do their squares add up to?")
def test_the_result_is_divided_by_the_square_root_of_k(submission, rng):
    x, r = tensor(rng, 5, 12), tensor(rng, 12, 7)
    assert_close(submission.project(x, r), project(x, r), terms=12)


@points(0.25)
@hint("A matrix that only renames the axes, with entries of the right size, changes no length.")
def test_a_scaled_identity_changes_nothing(submission, rng):
    x = tensor(rng, 3, 9)
    assert_close(submission.project(x, 3 * torch.eye(9)), x, terms=9)


@points(0.25)
@hint("What is the square root of one?")
def test_one_dimension_may_be_left(submission, rng):
    x, r = tensor(rng, 4, 3), tensor(rng, 3, 1)
    assert_close(submission.project(x, r), x @ r, terms=3)


@points(0.25)
@hint("Which tensors need their elements next to each other, and which dtype comes out?")
def test_projected_vectors_are_float32(submission, rng):
    x, r = tensor(rng, 5, 4).T, tensor(rng, 3, 5).T
    assert_close(submission.project(x, r), project(x, r), check_dtype=True, terms=5)


@points(0.5)
@hint("Which sizes of x and r have to agree, and how many columns must r have?")
@pytest.mark.parametrize(("dim", "k"), [(4, 2), (6, 2), (1, 2), (5, 0)])
def test_another_dimension_and_no_columns_are_refused(submission, rng, dim, k):
    assert_raises(ValueError, submission.project, tensor(rng, 3, 5), tensor(rng, dim, k))


# ── distortion ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What is l2 of two points at distance 4, and which of the two goes on top of the fraction?")
def test_squared_distances_after_are_divided_by_those_before(submission):
    # The pairs give 4/16, 16/16 and 36/64.
    x, y = torch.tensor([[1.0], [5.0], [9.0]]), torch.tensor([[3.0], [5.0], [9.0]])
    assert_close(submission.distortion(x, y), (0.25, 1.0), rtol=1e-5)


@points(0.5)
@hint("Move all of y by the same amount. Which distances change, and which lengths?")
def test_distances_of_pairs_are_compared_not_lengths(submission):
    x, y = torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([[4.0, 0.0], [0.0, 4.0]])
    assert_close(submission.distortion(x, y), (1.6, 1.6), rtol=1e-5)


@points(0.5)
@hint("How many pairs have twelve points? Does the smallest ratio come first?")
def test_the_smallest_and_the_largest_ratio_of_all_pairs_are_returned(submission, rng):
    x, y = apart(rng, 12, 10) / 16, apart(rng, 12, 8)
    assert_close(submission.distortion(x, y), distortion(x, y), rtol=1e-3)


@points(0.25)
@hint("Which pairs does your code see: neighbours, pairs with the first, or all?")
def test_pairs_that_are_no_neighbours_count(submission):
    x = torch.tensor([[0.0], [8.0], [16.0], [24.0], [32.0]])
    y = torch.tensor([[64.0], [0.0], [8.0], [16.0], [0.0]])
    # Smallest for the points 1 and 4, largest for 0 and 1.
    assert_close(submission.distortion(x, y), (0.0, 64.0), rtol=1e-5)


@points(0.25)
@hint("What is the ratio for two equal vectors? By what would you divide?")
def test_pairs_of_equal_vectors_are_left_out(submission):
    x = torch.tensor([[1.0, 2.0], [3.0, 2.0], [1.0, 2.0], [3.0, 2.0]])
    y = torch.tensor([[0.0], [4.0], [2.0], [4.0]])
    # The pairs 0 2 and 1 3 are equal in x: one falls apart in y, and one does not.
    assert_close(submission.distortion(x, y), (1.0, 4.0), rtol=1e-5)


@points(0.25)
@hint("How many numbers does your largest array hold for 1500 vectors of 512 components?")
def test_no_array_of_all_pairs_and_all_components_is_built(submission, rng):
    # In a worker 4.6 GB, or 2.3 for each pair once: more than it may have.
    n, dim = (1500, 512) if submission.in_worker else (40, 16)
    few = apart(rng, 6, 20)
    assert_close(submission.distortion(few, few * 2), (4.0, 4.0), rtol=1e-3)
    x = tensor(rng, n, dim)
    assert_close(submission.distortion(x, x * 2), (4.0, 4.0), rtol=1e-3)


@points(0.5)
@hint("Which row of y belongs to a row of x that has none?")
@pytest.mark.parametrize("rows", [3, 5, 1])
def test_another_number_of_rows_is_refused(submission, rng, rows):
    assert_raises(ValueError, submission.distortion, tensor(rng, 4, 3), tensor(rng, rows, 2))


@points(0.25)
@hint("What is the smallest of no ratios?")
@pytest.mark.parametrize("n", [0, 1, 4])
def test_points_without_a_pair_of_different_ones_are_refused(submission, rng, n):
    x = torch.tensor([[1.0, 2.0, 3.0]]).repeat(n, 1)
    assert_raises(ValueError, submission.distortion, x, tensor(rng, n, 2))
