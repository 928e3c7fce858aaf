"""The wrong turns of locality-sensitive hashing."""

import math

import torch

from autograder.suite import misconception
from solutions.lsh.lsh import (
    chance,
    choose_shape,
    cosines,
    lsh_search,
    signatures,
)


@misconception(
    replaces="signatures",
    says="the first plane is given the highest bit, not the lowest",
    hint="Only the first plane has the vector above it. Which number do you get?",
)
def first_plane_highest(x, planes):
    return signatures(x, planes.flip(1))


@misconception(
    replaces="signatures",
    says="a product of exactly zero gives the bit 0",
    hint="What is the signature of a vector of zeros?",
)
def zero_counts_as_below(x, planes):
    # Below the opposite planes is strictly above these ones.
    return 2 ** planes.shape[1] - 1 - signatures(x, -planes)


@misconception(
    replaces="signatures",
    says="the bits are turned round: 1 stands for the side below the plane",
    hint="A vector equal to the normal of a plane: is it above, and what is its bit?",
)
def below_sets_the_bit(x, planes):
    return 2 ** planes.shape[1] - 1 - signatures(x, planes)


def search(queries, x, planes, k, radius, near, score=cosines):
    """Right but for `near`, which picks candidates by their differing bits, and for `score`."""
    lsh_search(queries, x, planes, k, radius)
    bits = torch.arange(planes.shape[1])
    results = []
    for query, signature in zip(queries, signatures(queries, planes), strict=True):
        differing = (((signatures(x, planes) ^ signature)[..., None] >> bits) & 1).sum(dim=-1)
        candidates = near(differing).nonzero()[:, 0]
        best = score(query, x[candidates]).argsort(descending=True, stable=True)
        results.append(candidates[best[:k]].tolist())
    return results


@misconception(
    replaces="lsh_search",
    says="a candidate must match in every table, so more tables find less",
    hint="What are several tables for: to find more, or to find less?",
)
def all_tables_must_match(queries, x, planes, k, radius=0):
    return search(queries, x, planes, k, radius, lambda bits: (bits <= radius).all(dim=1))


@misconception(
    replaces="lsh_search",
    says="candidates are returned in the order of their ids, not by their cosine",
    hint="The bucket says who may be near. What says who is nearest?",
)
def not_reranked(queries, x, planes, k, radius=0):
    return search(
        queries,
        x,
        planes,
        k,
        radius,
        lambda bits: (bits <= radius).any(dim=1),
        lambda query, candidates: torch.zeros(len(candidates)),
    )


@misconception(
    replaces="lsh_search",
    says="candidates are ranked by the inner product, in which their length counts",
    hint="Make a candidate ten times as long. Does its rank change?",
)
def ranked_by_inner_product(queries, x, planes, k, radius=0):
    return search(
        queries,
        x,
        planes,
        k,
        radius,
        lambda bits: (bits <= radius).any(dim=1),
        lambda query, candidates: candidates @ query,
    )


@misconception(
    replaces="lsh_search",
    says="where no bucket matches, all vectors are searched",
    hint="What does the scan cost that the hashing was to save?",
)
def falls_back_to_scan(queries, x, planes, k, radius=0):
    def near(differing):
        found = (differing <= radius).any(dim=1)
        return found if found.any() else ~found

    return search(queries, x, planes, k, radius, near)


@misconception(
    replaces="lsh_search",
    says="the differing bits of all tables are added up and compared with the radius",
    hint="With more tables there are more bits to differ. Should more tables find less?",
)
def radius_over_all_tables(queries, x, planes, k, radius=0):
    return search(queries, x, planes, k, radius, lambda bits: bits.sum(dim=1) <= radius)


@misconception(
    replaces="lsh_search",
    says="only the query's own bucket is looked into, whatever the radius is",
    hint="Which of your arguments does the result not depend on?",
)
def radius_ignored(queries, x, planes, k, radius=0):
    return lsh_search(queries, x, planes, k, min(radius, 0))


def in_tables(agree, bits, tables):
    """Return the match probability for planes that agree with the given chance."""
    return (1 - (1 - agree**bits) ** tables).float()


@misconception(
    replaces="match_probability",
    says="(1 + cosine) / 2 is used for the chance that one plane agrees; it depends on the angle",
    hint="At 60° the cosine is ½. Which share of all planes passes between the two vectors?",
)
def cosine_as_probability(cosine, bits, tables):
    return in_tables((1 + cosine.double().clamp(-1.0, 1.0)) / 2, bits, tables)


@misconception(
    replaces="match_probability",
    says="AND and OR are exchanged: one bit must match in every table",
    hint="Do more bits in a table make its buckets smaller or larger?",
)
def and_or_swapped(cosine, bits, tables):
    differ = 1 - chance(cosine, 1, 1)
    return ((1 - differ**bits) ** tables).float()


@misconception(
    replaces="match_probability",
    says="the chances of the tables are added up: that is the mean number of matches, "
    "and can exceed 1",
    hint="Two coins: what is the chance of at least one head?",
)
def expected_matches(cosine, bits, tables):
    return (tables * chance(cosine, bits, 1)).float()


@misconception(
    replaces="match_probability",
    says="the chance of one plane is θ/π, which is that of separating the two vectors",
    hint="What is the chance for a vector and itself?",
)
def separating_not_agreeing(cosine, bits, tables):
    return in_tables(cosine.double().clamp(-1.0, 1.0).arccos() / math.pi, bits, tables)


def shapes(near, far, min_recall, max_bits, max_tables):
    """Return (bits, tables) of all shapes that are good enough, fewer bits first."""
    choose_shape(near, far, min_recall, 1, 1)
    near = torch.tensor(near, dtype=torch.float64)
    every = [(b, t) for b in range(1, max_bits + 1) for t in range(1, max_tables + 1)]
    return [shape for shape in every if float(chance(near, *shape)) >= min_recall - 1e-9]


@misconception(
    replaces="choose_shape",
    says="the first shape that reaches the recall is taken, though others let fewer far vectors "
    "through",
    hint="Which of your arguments does the result not depend on?",
)
def cheapest_shape(near, far, min_recall, max_bits, max_tables):
    good = shapes(near, far, min_recall, max_bits, max_tables)
    return good[0] if good else None


@misconception(
    replaces="choose_shape",
    says="the shape that finds most of what is near is taken, though it lets most through as well",
    hint="Which shape finds everything? What else does it find?",
)
def highest_recall(near, far, min_recall, max_bits, max_tables):
    good = shapes(near, far, min_recall, max_bits, max_tables)
    near = torch.tensor(near, dtype=torch.float64)
    best = sorted(good, key=lambda shape: (-round(float(chance(near, *shape)), 9), shape[::-1]))
    return best[0] if best else None


@misconception(
    replaces="choose_shape",
    says="a chance that is exactly min_recall is refused",
    hint="At least: is that more than min_recall, or may it be the same?",
)
def more_than_min_recall(near, far, min_recall, max_bits, max_tables):
    choose_shape(near, far, min_recall, max_bits, max_tables)
    return choose_shape(near, far, min(min_recall + 1e-7, 1.0), max_bits, max_tables)
