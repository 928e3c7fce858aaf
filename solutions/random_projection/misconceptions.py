"""The wrong turns of random projection."""

import math

import torch

from autograder.suite import misconception
from solutions.random_projection.random_projection import (
    distortion,
    jl_dimension,
    project,
    sparse_signs,
)


def bound(points, eps):
    """Return the bound for what stands in the place of the logarithm, not rounded yet."""
    return 4 * points / (eps**2 / 2 - eps**3 / 3)


@misconception(
    replaces="jl_dimension",
    says="the bound grows with the number of points, not with its logarithm",
    hint="How much does the bound grow when there are ten times as many points?",
)
def linear_in_n(n, eps):
    jl_dimension(n, eps)
    return math.ceil(bound(n, eps))


@misconception(
    replaces="jl_dimension",
    says="log2 is used in place of the natural logarithm",
    hint="Which logarithm does the bound come from, and by what factor is yours off?",
)
def log_base_two(n, eps):
    jl_dimension(n, eps)
    return math.ceil(bound(math.log2(n), eps))


@misconception(
    replaces="jl_dimension",
    says="the bound is rounded down",
    hint="Is the largest integer below the bound enough?",
)
def rounded_down(n, eps):
    return jl_dimension(n, eps) - 1


@misconception(
    replaces="jl_dimension",
    says="the term eps³/3 is left out, so that large eps get too few dimensions",
    hint="Work both terms out for eps = 0.9. Is the second one small?",
)
def cubic_term_missing(n, eps):
    jl_dimension(n, eps)
    return math.ceil(8 * math.log(n) / eps**2)


@misconception(
    replaces="sparse_signs",
    says="entries are ±1, so the variance is 1/s",
    hint="How many entries are not zero, and what must their squares be for a variance of 1?",
)
def unit_signs(u, s=3):
    return sparse_signs(u, s).sign()


@misconception(
    replaces="sparse_signs",
    says="each sign has probability 1/s in place of 1/(2s)",
    hint="Which share of the entries should be zero for s = 3, and which share of yours is?",
)
def half_the_zeros(u, s=3):
    sparse_signs(u, s)
    return math.sqrt(s) * ((u < 1 / s).float() - (u >= 1 - 1 / s).float())


@misconception(
    replaces="sparse_signs",
    says="entries are ±s, so the variance is s",
    hint="What is the mean of the squares of your entries?",
)
def scaled_by_s(u, s=3):
    return math.sqrt(s) * sparse_signs(u, s)


@misconception(
    replaces="project",
    says="the result is not divided by √k, so distances grow with k",
    hint="Project to twice as many dimensions. How long are the results?",
)
def not_scaled(x, r):
    return project(x, r) * math.sqrt(r.shape[1])


@misconception(
    replaces="project",
    says="the result is divided by k, not by its root",
    hint="Squares are added up. What is the root of k times ‖x‖²?",
)
def scaled_by_k(x, r):
    return project(x, r) / math.sqrt(r.shape[1])


@misconception(
    replaces="project",
    says="the result is divided by √dim, the root of the dimension that was given up",
    hint="How many components have to add up to ‖x‖²?",
)
def scaled_by_dim(x, r):
    return project(x, r) * math.sqrt(r.shape[1]) / math.sqrt(max(len(r), 1))


@misconception(
    replaces="distortion",
    says="distances are not squared",
    hint="What is l2 of two points at distance 3?",
)
def ratio_of_roots(x, y):
    smallest, largest = distortion(x, y)
    return math.sqrt(smallest), math.sqrt(largest)


@misconception(
    replaces="distortion",
    says="norms of the vectors are compared, not distances of pairs",
    hint="Move all vectors by the same amount. What should that change?",
)
def compares_norms(x, y):
    distortion(x, y)
    ratios = y.square().sum(dim=1) / x.square().sum(dim=1)
    return float(ratios.min()), float(ratios.max())


@misconception(
    id="compares_norms",
    replaces="distortion",
    says="norms of the vectors are compared, not distances of pairs",
    hint="Move all vectors by the same amount. What should that change?",
)
def compares_norms_not_squared(x, y):
    distortion(x, y)
    ratios = y.norm(dim=1) / x.norm(dim=1)
    return float(ratios.min()), float(ratios.max())


@misconception(
    replaces="distortion",
    says="distances before are divided by those after, the wrong way round",
    hint="The projection doubles all distances. Is your ratio above 1?",
)
def upside_down(x, y):
    smallest, largest = distortion(x, y)
    return 1 / largest if largest else math.inf, 1 / smallest if smallest else math.inf


@misconception(
    replaces="distortion",
    says="only rows that follow each other are compared, not all pairs",
    hint="How many pairs have four points?",
)
def neighbours_only(x, y):
    distortion(x, y)
    before, after = (rows.diff(dim=0).square().sum(dim=1) for rows in (x, y))
    ratios = (after / before)[before > 0]
    return float(ratios.min()), float(ratios.max())


@misconception(
    replaces="distortion",
    says="pairs of equal vectors count as well, and their ratio is a division by zero",
    hint="What is the ratio for two equal vectors?",
)
def equal_vectors_counted(x, y):
    distortion(x, y)
    ratios = torch.pdist(y).square() / torch.pdist(x).square()
    return float(ratios.nan_to_num(math.inf).min()), float(ratios.nan_to_num(math.inf).max())
