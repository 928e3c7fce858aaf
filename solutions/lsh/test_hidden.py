"""The hidden suite of locality-sensitive hashing."""

import math

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points, tensor
from solutions.lsh.lsh import (
    chance,
    choose_shape,
    cosines,
    lsh_search,
    match_probability,
    signatures,
)


def off_the_planes(x, planes):
    """Say whether no vector lies so close to a plane that rounding decides its side."""
    return bool(torch.einsum("nd,tbd->ntb", x, planes).abs().min() > 0.002)


def drawn(rng, n, dim, tables, bits, q=0):
    """Draw q queries, n vectors and planes, away from the planes and with distinct cosines."""
    while True:
        queries, x = tensor(rng, q, dim), tensor(rng, n, dim)
        planes = tensor(rng, tables, bits, dim)
        ranked = [cosines(query, x).sort().values.diff() for query in queries]
        if all(gap.min() > 5e-4 for gap in ranked) and off_the_planes(
            torch.cat([queries, x]), planes
        ):
            return queries, x, planes


# ── signatures ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Only the first plane has the vector above it. Which number is that?")
def test_the_first_plane_is_the_lowest_bit(submission):
    planes = torch.eye(3)[None]
    x = torch.tensor([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0], [-1.0, 2.0, 3.0]])
    assert_equal(submission.signatures(x, planes), torch.tensor([[1], [2], [4], [6]]))


@points(0.5)
@hint("Which planes belong to the second table, and which column has its signatures?")
def test_each_table_has_planes_of_its_own(submission, rng):
    _, x, planes = drawn(rng, 7, 5, 3, 4)
    assert_equal(submission.signatures(x, planes), signatures(x, planes))


@points(0.5)
@hint("On which side does a vector lie whose product with a plane is exactly zero?")
def test_a_product_of_zero_sets_the_bit(submission):
    planes = torch.tensor([[[1.0, 1.0], [1.0, -2.0], [-1.0, -1.0]]])
    x = torch.tensor([[1.0, -1.0], [2.0, 1.0]])
    assert_equal(submission.signatures(x, planes), torch.tensor([[7], [3]]))


@points(0.25)
@hint("What are all the products of a vector of zeros?")
def test_a_vector_of_zeros_has_all_bits_set(submission, rng):
    x, planes = torch.zeros(2, 4), tensor(rng, 3, 5, 4)
    assert_equal(submission.signatures(x, planes), torch.full((2, 3), 31))


@points(0.25)
@hint("How many bits can a float hold exactly, and how large is 2 to the power of 61?")
@pytest.mark.parametrize("bits", [1, 24, 53, 62])
def test_up_to_62_bits_are_kept_exactly(submission, bits):
    # All bits, the lowest and the highest, and all but the lowest.
    sides = torch.ones(3, bits)
    sides[1, 1:-1] = -1.0
    sides[2, 0] = -1.0
    planes = torch.eye(bits)[None]
    assert_equal(submission.signatures(sides, planes), signatures(sides, planes))


@points(0.25)
@hint("Which dtype do signatures have? Which tensors need their elements in a row?")
def test_signatures_are_int64(submission, rng):
    _, x, planes = drawn(rng, 4, 3, 2, 3)
    x, planes = x.T.contiguous().T, planes.transpose(0, 2).contiguous().transpose(0, 2)
    assert_close(submission.signatures(x, planes), signatures(x, planes), check_dtype=True)


@points(0.25)
@hint("What is the signature without planes, and where would the 64th bit of an int64 go?")
@pytest.mark.parametrize("bits", [0, 63, 64])
def test_no_bits_and_more_than_62_are_refused(submission, rng, bits):
    assert_raises(ValueError, submission.signatures, tensor(rng, 2, 3), tensor(rng, 2, bits, 3))


@points(0.5)
@hint("What has to agree between a vector and a plane for their product to exist?")
@pytest.mark.parametrize("dim", [1, 2, 4])
def test_planes_of_another_dimension_are_refused(submission, rng, dim):
    assert_raises(ValueError, submission.signatures, tensor(rng, 2, dim), tensor(rng, 2, 4, 3))


# ── lsh_search ────────────────────────────────────────────────────────────────────────────────

# Three tables of two bits: the signs of the components 0 and 1, of 2 and 3, of 4 and 5.
AXES = torch.eye(6).view(3, 2, 6)
ONES = torch.ones(1, 6)


def vectors(*rows):
    """Return the vectors that rows of signs stand for, each of its own length and direction.

    The later, the nearer to (1, … 1) for equal signs, and none at equal cosine.
    """
    x = torch.tensor([[1.0 if sign == "+" else -1.0 for sign in row] for row in rows])
    x[:, 0] *= torch.arange(len(rows), 0, -1) * 0.5 + 1
    return x


@points(0.75)
@hint("How many tables have to agree with the query: all, or one?")
def test_a_match_in_one_table_is_enough(submission):
    x = vectors("++----", "-+-+-+", "--++--", "----++", "++++++")
    expected = lsh_search(ONES, x, AXES, 5)
    assert_equal(submission.lsh_search(ONES, x, AXES, 5), expected)


@points(0.75)
@hint("The bucket says who may be near. What says who is nearest?")
def test_candidates_are_ranked_by_cosine(submission):
    x = torch.tensor([[9.0, 1.0], [1.0, 1.0], [3.0, 1.0], [2.0, 4.0]])
    query, planes = torch.tensor([[2.0, 1.0]]), torch.eye(2)[None]
    assert_equal(submission.lsh_search(query, x, planes, 4), [[2, 1, 0, 3]])


@points(0.5)
@hint("Which candidates do you leave out when there are more than k: the last, or the farthest?")
@pytest.mark.parametrize("k", [1, 3, 8])
def test_the_first_k_are_the_nearest_of_the_candidates(submission, rng, k):
    queries, x, planes = drawn(rng, 30, 4, 2, 2, q=3)
    assert_equal(submission.lsh_search(queries, x, planes, k), lsh_search(queries, x, planes, k))


@points(0.5)
@hint("What is there to return for a query whose buckets are empty?")
def test_a_query_without_candidates_gets_nothing(submission):
    x = vectors("-+-+-+", "+-+-+-", "------")
    assert_equal(submission.lsh_search(ONES, x, AXES, 3), [[]])


@points(0.25)
@hint("A bit differs in each of three tables. Is that one bit, or three?")
def test_a_bit_may_differ_in_every_table_at_radius_one(submission):
    x = vectors("+-+-+-", "++++++", "+-+-+-")
    given = [submission.lsh_search(ONES, x, AXES, 5, radius) for radius in (0, 1)]
    assert_equal(given, [lsh_search(ONES, x, AXES, 5, radius) for radius in (0, 1)])


@points(0.5)
@hint("A vector differs by a bit or two in every table. In how many of them must it be near?")
def test_the_radius_counts_bits_within_one_table(submission):
    x = vectors("+-+-+-", "------", "--+---", "++----", "-+-+--")
    given = [submission.lsh_search(ONES, x, AXES, 5, radius) for radius in (0, 1, 2)]
    assert_equal(given, [lsh_search(ONES, x, AXES, 5, radius) for radius in (0, 1, 2)])


@points(0.25)
@hint("Two signatures are 8 and 7. In how many bits do they differ?")
def test_differing_bits_are_counted_not_subtracted(submission, rng):
    arguments = (*drawn(rng, 25, 8, 2, 6, q=2), 25)
    given = [submission.lsh_search(*arguments, radius) for radius in (1, 2, 3, 6)]
    assert_equal(given, [lsh_search(*arguments, radius) for radius in (1, 2, 3, 6)])


@points(0.25)
@hint("In which order do candidates of equal cosine come out of your sort?")
def test_of_equal_cosines_the_lower_id_comes_first(submission):
    # Only zeros and lengths of one axis: all cosines are 0 or 1.
    x = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [2.0, 0.0]] * 10)
    query, planes = torch.tensor([[0.0, 1.0]]), torch.eye(2)[None]
    ones, zeros = list(range(2, 40, 4)), [i for i in range(40) if i % 4 != 2]
    assert_equal(submission.lsh_search(query, x, planes, 32), [(ones + zeros)[:32]])


@points(0.25)
@hint("What is the cosine of a vector of zeros, and with what do its bits agree?")
def test_a_vector_of_zeros_is_a_candidate_of_cosine_zero(submission):
    x = torch.tensor([[-1.0, 3.0], [0.0, 0.0], [1.0, 1.0]])
    planes = torch.tensor([[[0.0, 1.0]]])
    assert_equal(submission.lsh_search(torch.tensor([[2.0, 1.0]]), x, planes, 3), [[2, 0, 1]])
    assert_equal(submission.lsh_search(torch.zeros(1, 2), x, planes, 3), [[0, 1, 2]])


@points(0.25)
@hint("Which query do these results belong to?")
def test_every_query_has_a_list_of_its_own(submission):
    x = vectors("++----", "------", "---+++")
    queries = torch.cat([ONES, -ONES, vectors("-+-+-+")])
    assert_equal(submission.lsh_search(queries, x, AXES, 3), lsh_search(queries, x, AXES, 3))


@points(0.25)
@hint("Which order does the length of a vector change, and which not?")
def test_the_length_of_a_vector_does_not_count(submission):
    x = torch.tensor([[200.0, 300.0], [1.0, 1.0], [20.0, 60.0], [3.0, 4.0]])
    query, planes = torch.tensor([[1.0, 1.0]]), torch.eye(2)[None]
    assert_equal(submission.lsh_search(query, x, planes, 4), [[1, 3, 0, 2]])


@points(0.5)
@hint("In how many bits fewer than none could signatures differ, and how many are the best 0?")
@pytest.mark.parametrize(("k", "radius"), [(3, -1), (0, 0), (-2, 1)])
def test_a_negative_radius_and_k_below_one_are_refused(submission, k, radius):
    x = vectors("++----", "------")
    assert_raises(ValueError, submission.lsh_search, ONES, x, AXES, k, radius)


# ── match_probability ─────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Which share of all planes through the origin passes between two vectors at an angle θ?")
def test_one_plane_agrees_by_the_angle_not_by_the_cosine(submission):
    cosine = torch.tensor([1.0, 0.70710678, 0.5, -0.5, -0.70710678, -1.0])
    expected = torch.tensor([1.0, 3 / 4, 2 / 3, 1 / 3, 1 / 4, 0.0])
    assert_close(submission.match_probability(cosine, 1, 1), expected, atol=1e-3, rtol=0.0)
    assert_close(submission.match_probability(cosine[1:5], 1, 1), expected[1:5])


@points(0.75)
@hint("All bits of a table have to agree, or one of them? And of the tables?")
def test_all_bits_of_at_least_one_table_have_to_agree(submission):
    # p = ½: three bits agree with ⅛, one of two tables with 1 − (⅞)².
    result = submission.match_probability(torch.tensor([0.0]), 3, 2)
    assert_close(result, torch.tensor([15 / 64]))


@points(0.5)
@hint("What do more bits do to the chance, and what do more tables?")
@pytest.mark.parametrize(("bits", "tables"), [(1, 5), (5, 1), (4, 9), (16, 40)])
def test_any_number_of_bits_and_tables_will_do(submission, rng, bits, tables):
    cosine = torch.from_numpy(rng.uniform(-0.9, 0.99, 8)).float()
    assert_close(
        submission.match_probability(cosine, bits, tables), match_probability(cosine, bits, tables)
    )


@points(0.25)
@hint("What is the arc cosine of 1.0000001, and where could such a cosine come from?")
def test_cosines_just_outside_are_clipped(submission):
    cosine = torch.tensor([1.0000001, -1.0000001])
    assert_close(submission.match_probability(cosine, 2, 3), torch.tensor([1.0, 0.0]))


@points(0.25)
@hint("How near to 1 can a float32 come? What is left of a chance of 2e-6 after 1 − (1 − …)?")
def test_small_chances_are_not_rounded_away(submission):
    cosine = torch.tensor([-0.5, -0.45, -0.55, -0.52])
    given = submission.match_probability(cosine, 12, 4)
    assert_close(given, match_probability(cosine, 12, 4))


@points(0.25)
@hint("Which shape does a cosine without an axis have?")
@pytest.mark.parametrize("shape", [(), (3, 1, 2)])
def test_the_shape_is_that_of_the_cosines(submission, rng, shape):
    cosine = torch.from_numpy(rng.uniform(-0.9, 0.9, shape)).float()
    given = submission.match_probability(cosine, 3, 4)
    assert_close(given, match_probability(cosine, 3, 4))


@points(0.25)
@hint("Float64 inside: and what do you return?")
def test_the_chance_is_float32(submission):
    cosine = torch.tensor([0.25, 0.75])
    given = submission.match_probability(cosine, 2, 2)
    assert_close(given, match_probability(cosine, 2, 2), check_dtype=True)


# ── choose_shape ──────────────────────────────────────────────────────────────────────────────


def drawn_problem(rng, max_bits, max_tables):
    """Draw near, far and min_recall such that rounding decides nothing."""
    while True:
        far, near = sorted(float(value) for value in rng.uniform(-0.5, 0.95, 2))
        least = float(rng.uniform(0.3, 0.95))
        both = torch.tensor([near, far], dtype=torch.float64)
        shapes = [(b, t) for b in range(1, max_bits + 1) for t in range(1, max_tables + 1)]
        recalls, noises = torch.stack([chance(both, *shape) for shape in shapes]).T
        apart = near - far > 0.05 and (recalls - least).abs().min() > 1e-5
        if apart and ((noises * 1e9) % 1 - 0.5).abs().min() > 1e-4:
            return near, far, least, max_bits, max_tables


@points(0.5)
@hint("Many shapes find what is near. Which of them lets the least through that is far?")
def test_the_shape_that_lets_least_through_is_taken(submission):
    assert_equal(submission.choose_shape(0.9, 0.1, 0.8, 6, 8), (6, 4))


@points(0.5)
@hint("Try all shapes up to the limits. Which is left?")
@pytest.mark.parametrize(("max_bits", "max_tables"), [(1, 8), (9, 1), (7, 9), (12, 6)])
def test_all_shapes_up_to_the_limits_are_tried(submission, rng, max_bits, max_tables):
    problem = drawn_problem(rng, max_bits, max_tables)
    assert_equal(submission.choose_shape(*problem), choose_shape(*problem))


@points(0.25)
@hint("What does no shape at all reach?")
def test_none_is_returned_when_no_shape_is_good_enough(submission):
    assert_equal(submission.choose_shape(0.1, -0.9, 0.99, 3, 4), None)


@points(0.25)
@hint("The chance is exactly min_recall. Is that enough?")
@pytest.mark.parametrize(("near", "agree", "bits"), [(0.0, 1 / 2, 2), (75.0, 7 / 12, 3)])
def test_a_chance_equal_to_min_recall_is_enough(submission, near, agree, bits):
    # At 90° a plane agrees with ½, at 75° with 7/12, and a table of some bits with its power.
    near = math.cos(math.radians(near)) if near else 0.0
    assert_equal(submission.choose_shape(near, -0.5, agree**bits, 5, 1), (bits, 1))


@points(0.25)
@hint("How often does a vector meet itself, in a bucket of whatever size?")
def test_vectors_of_one_direction_are_always_found(submission):
    assert_equal(submission.choose_shape(1.0, 0.2, 1.0, 4, 3), (4, 1))


@points(0.5)
@hint("Opposite vectors never share a bucket. Which of all the shapes that say so is cheapest?")
def test_in_a_tie_fewer_tables_and_then_fewer_bits_are_taken(submission):
    assert_equal(submission.choose_shape(0.5, -1.0, 0.2, 4, 6), (1, 1))
    # One table of up to three bits has chances of ⅔, 4/9, 8/27: two tables and more are not tried.
    assert_equal(submission.choose_shape(0.5, -1.0, 0.7, 4, 6), (1, 2))


@points(0.25)
@hint("Chances of 3e-10 and of 3e-12 are both 0 in nine decimals. Which shape is cheaper?")
def test_far_chances_are_compared_in_nine_decimals(submission):
    # At −0.9 one bit agrees with 0.1436: eleven bits leave 5.3e-10, twelve 0.8e-10.
    assert_equal(submission.choose_shape(0.9999, -0.9, 0.5, 20, 2), (12, 1))


@points(0.5)
@hint("Which of the three numbers are out of order, or out of range?")
@pytest.mark.parametrize(
    ("near", "far", "least"),
    [
        (0.5, 0.5, 0.9),
        (0.2, 0.6, 0.9),
        (1.01, 0.5, 0.9),
        (0.5, -1.01, 0.9),
        (0.5, 0.1, 0.0),
        (0.5, 0.1, -0.2),
        (0.5, 0.1, 1.01),
    ],
)
def test_impossible_numbers_are_refused(submission, near, far, least):
    assert_raises(ValueError, submission.choose_shape, near, far, least, 8, 8)
