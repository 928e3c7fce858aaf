"""The hidden suite of exact search."""

import pytest
import torch

from autograder.checks import (
    assert_between,
    assert_close,
    assert_equal,
    assert_raises,
    assert_shape,
)
from autograder.suite import hint, points, tensor
from solutions.exact_search.exact_search import augment_for_ip, knn, score_matrix

METRICS = ["l2", "ip", "cosine"]


def drawn(rng, n, m, dim):
    """Draw queries and a base whose scores are distinct by more than rounding in each metric."""
    while True:
        queries, base = tensor(rng, n, dim), tensor(rng, m, dim)
        gaps = [score_matrix(queries, base, metric).sort(dim=1)[0].diff() for metric in METRICS]
        if all(gap.min() > floor for gap, floor in zip(gaps, (0.01, 0.005, 0.001), strict=True)):
            return queries, base


def spread(rng, *shape):
    """Draw small whole numbers, whose products and sums are exact."""
    return torch.from_numpy(rng.integers(-4, 5, shape)).float()


# ── score_matrix ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Work out one distance by hand, as a sum of squares. Which terms has the expanded square?")
def test_l2_is_the_squared_distance_of_every_pair(submission, rng):
    queries, base = spread(rng, 3, 4), spread(rng, 5, 4)
    expected = (queries[:, None] - base).square().sum(dim=2)
    assert_close(submission.score_matrix(queries, base, "l2"), expected)


@points(0.25)
@hint("Which axis do queries and base share, and which axes are left?")
def test_ip_is_the_inner_product_of_every_pair(submission, rng):
    queries, base = tensor(rng, 3, 4), tensor(rng, 5, 4)
    assert_close(
        submission.score_matrix(queries, base, "ip"), score_matrix(queries, base, "ip"), terms=4
    )


@points(0.25)
@hint("Make a query ten times as long. Which cosines change? And a base vector?")
def test_the_cosine_does_not_depend_on_either_length(submission, rng):
    queries, base = tensor(rng, 3, 4) + 0.1, tensor(rng, 5, 4)
    lengths = torch.tensor([[0.5], [1.0], [10.0]])
    assert_close(
        submission.score_matrix(lengths * queries, base * 3, "cosine"),
        score_matrix(queries, base, "cosine"),
        terms=4,
    )


@points(0.25)
@hint("What do you divide a vector of zeros by?")
def test_a_vector_of_zeros_has_cosine_zero_with_everything(submission, rng):
    queries, base = tensor(rng, 2, 3), tensor(rng, 4, 3)
    queries[1] = base[2] = 0.0
    assert_close(
        submission.score_matrix(queries, base, "cosine"),
        score_matrix(queries, base, "cosine"),
        terms=3,
    )


@points(0.25)
@hint("Which terms cancel for a vector and itself, and does rounding leave exactly zero?")
def test_l2_is_never_negative(submission, rng):
    x = tensor(rng, 200, 8, scale=10.0)
    assert_between(submission.score_matrix(x, x, "l2"), 0.0, None)


@points(0.25)
@hint("How large are the terms that cancel, and how many of their digits are left?")
def test_l2_is_right_up_to_the_rounding_of_the_squared_norms(submission, rng):
    queries, base = tensor(rng, 4, 8, scale=5.0) + 20.0, tensor(rng, 6, 8, scale=5.0) + 20.0
    exact = (queries.double()[:, None] - base.double()).square().sum(dim=2)
    sizes = queries.square().sum(dim=1)[:, None] + base.square().sum(dim=1)
    result = submission.score_matrix(queries, base, "l2")
    assert_shape(result, (4, 6))
    assert_close((result - exact) / sizes, torch.zeros(4, 6), rtol=0.0, atol=1e-5, name="error")


@points(0.25)
@hint("How many rows and columns are there without queries, and without a base?")
@pytest.mark.parametrize(("n", "m"), [(0, 3), (2, 0)])
def test_no_queries_or_no_base_give_an_empty_matrix(submission, rng, n, m):
    for metric in METRICS:
        result = submission.score_matrix(tensor(rng, n, 4), tensor(rng, m, 4), metric)
        assert_close(result, torch.zeros(n, m))


@points(0.25)
@hint("Which tensors do you make yourself, and of which dtype? Which need their elements in a row?")
@pytest.mark.parametrize("metric", METRICS)
def test_scores_are_float32_of_any_layout(submission, rng, metric):
    queries, base = tensor(rng, 4, 3).T, tensor(rng, 4, 10)[:, ::2].T
    assert_close(
        submission.score_matrix(queries, base, metric),
        score_matrix(queries, base, metric),
        check_dtype=True,
        terms=4,
    )


@points(0.25)
@hint("What would a metric be that you do not know?")
@pytest.mark.parametrize("metric", ["manhattan", "L2", ""])
def test_an_unknown_metric_is_refused(submission, rng, metric):
    assert_raises(ValueError, submission.score_matrix, tensor(rng, 2, 3), tensor(rng, 4, 3), metric)


@points(0.25)
@hint("Does broadcasting let one component pass for many?")
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dim", [1, 2, 4])
def test_vectors_of_different_dimension_are_refused(submission, rng, metric, dim):
    assert_raises(
        ValueError, submission.score_matrix, tensor(rng, 2, dim), tensor(rng, 4, 3), metric
    )


# ── knn ───────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Is a large number good or bad news under this metric?")
def test_the_best_come_first(submission, rng):
    queries, base = drawn(rng, 3, 8, 4)
    given = [submission.knn(queries, base, 5, metric) for metric in METRICS]
    for result, metric in zip(given, METRICS, strict=True):
        expected = knn(queries, base, 5, metric)
        assert_close(result, expected, terms=4, name=f"the result for {metric}")


@points(0.25)
@hint("What does the signature promise to who names no metric?")
def test_l2_is_the_metric_unless_told_otherwise(submission, rng):
    queries, base = drawn(rng, 2, 8, 4)
    assert_close(submission.knn(queries, base, 3), knn(queries, base, 3, "l2"), terms=4)


@points(0.5)
@hint("Where in the base does the second block begin, and where in your ids?")
def test_ids_are_positions_in_the_base(submission):
    base = torch.tensor([[9.0], [8.0], [7.0], [1.0], [6.0], [2.0]])
    scores, ids = submission.knn(torch.tensor([[0.0]]), base, 2, block=2)
    assert_close(scores, torch.tensor([[1.0, 4.0]]))
    assert_equal(ids, torch.tensor([[3, 5]]))


@points(0.5)
@hint("Five vectors in blocks of two: how many blocks are there?")
def test_the_last_block_is_searched_though_it_is_not_full(submission):
    base = torch.tensor([[9.0], [7.0], [2.0], [5.0], [1.0]])
    scores, ids = submission.knn(torch.tensor([[0.0]]), base, 1, block=2)
    assert_close(scores, torch.tensor([[1.0]]))
    assert_equal(ids, torch.tensor([[4]]))


@points(0.75)
@hint("What do you keep of a block: enough, if all k lie in it? And if none does?")
def test_the_result_does_not_depend_on_the_block(submission, rng):
    queries, base = drawn(rng, 3, 10, 5)
    cases = [(metric, block) for block in (1, 2, 3, 7, 10, 11, 1000) for metric in METRICS]
    given = [submission.knn(queries, base, 4, *case) for case in cases]
    for result, (metric, block) in zip(given, cases, strict=True):
        expected = knn(queries, base, 4, metric)
        assert_close(result, expected, terms=5, name=f"the result for {metric} and block {block}")


@points(0.5)
@hint("Does your sort promise anything about equal scores?")
def test_within_a_block_the_lower_id_of_equal_scores_comes_first(submission):
    base = torch.zeros(40, 4)
    base[::3, 1] = base[1::3, 0] = base[2::3, 2] = 1.0
    query = torch.tensor([[0.0, 1.0, 0.0, 0.0]])
    given = [submission.knn(query, base, 30, metric, 64)[1] for metric in METRICS]
    for ids, metric in zip(given, METRICS, strict=True):
        expected = knn(query, base, 30, metric)[1]
        assert_equal(ids, expected, name=f"the ids for {metric}")


@points(0.5)
@hint("The best so far and a new block hold the same score. Whose id is lower?")
@pytest.mark.parametrize("metric", METRICS)
def test_across_blocks_the_lower_id_of_equal_scores_comes_first(submission, metric):
    # One of each kind a block.
    base = torch.eye(3)[[0, 1, 2, 0, 1, 2, 0, 1, 2]]
    query = torch.tensor([[0.0, 1.0, 0.0]])
    given = submission.knn(query, base, 2, metric, 3)
    assert_equal(given[1], torch.tensor([[1, 4]]))


@points(0.25)
@hint("How many results can there be when k is larger than the base?")
@pytest.mark.parametrize("block", [2, 4, 9])
def test_there_are_no_more_results_than_vectors(submission, rng, block):
    queries, base = drawn(rng, 2, 4, 3)
    given = submission.knn(queries, base, 7, "ip", block)
    assert_close(given, knn(queries, base, 4, "ip"), terms=3)


@points(0.25)
@hint("k may be larger than a block. How many results can a block give, and how many do you keep?")
def test_more_results_than_a_block_holds_are_found(submission, rng):
    queries, base = drawn(rng, 2, 9, 3)
    assert_close(
        submission.knn(queries, base, 6, "cosine", 2), knn(queries, base, 6, "cosine"), terms=3
    )


@points(0.25)
@hint("Which dtypes do your two results have?")
def test_scores_are_float32_and_ids_int64(submission, rng):
    queries, base = drawn(rng, 2, 5, 3)
    given = submission.knn(queries, base, 2, block=2)
    assert_close(given, knn(queries, base, 2), check_dtype=True, terms=3)


@points(0.25)
@hint("How many scores do you hold at once? How does that grow with the base?")
def test_memory_does_not_grow_with_the_base(submission, rng):
    queries, few = drawn(rng, 3, 8, 4)
    expected = knn(queries, few, 2)
    assert_close(submission.knn(queries, few, 2, block=2), expected, terms=4)
    if submission.in_worker:
        # All scores together take 20 MB, those of a block and the best of it 0.3 MB.
        queries, base = tensor(rng, 256, 2), tensor(rng, 20_000, 2)
        peak = submission.probe("peak_memory", "knn", queries, base, 10, "ip", 256)
        assert_between(peak / 2**20, None, 8.0, name="the peak of memory in MB")


@points(0.25)
@hint("How many vectors are the best −1, and how many blocks of 0 rows does a base have?")
def test_k_and_block_below_one_are_refused(submission, rng):
    queries, base = tensor(rng, 2, 3), tensor(rng, 5, 3)
    for k, block in ((0, 4), (-1, 4), (2, 0), (2, -3)):
        assert_raises(ValueError, submission.knn, queries, base, k, "l2", block)


@points(0.25)
@hint("What does score_matrix refuse, and does knn get to ask it?")
@pytest.mark.parametrize(("dim", "metric"), [(3, "euclidean"), (2, "l2"), (4, "ip"), (1, "cosine")])
def test_knn_refuses_what_score_matrix_refuses(submission, rng, dim, metric):
    assert_raises(ValueError, submission.knn, tensor(rng, 2, dim), tensor(rng, 5, 3), 2, metric)


# ── augment_for_ip ────────────────────────────────────────────────────────────────────────────


def assert_augmented(given, expected, largest):
    """Check both results: the last components by their squares, within 1e-5 · M²."""
    for name, actual, wanted in zip(("queries", "base"), given, expected, strict=True):
        assert_shape(actual, tuple(wanted.shape), name=name)
        assert_equal(actual[:, :-1], wanted[:, :-1], name=f"the first components of {name}")
        assert_close(
            actual[:, -1].square(),
            wanted[:, -1].square(),
            rtol=0.0,
            atol=1e-5 * largest**2,
            name=f"the square of the last component of {name}",
        )


@points(1)
@hint("All augmented base vectors have the same norm. Which, and why does l2 then follow ip?")
def test_the_last_component_fills_up_to_the_largest_norm(submission):
    # Lengths that are powers of two along the axes leave nothing to rounding.
    queries = torch.tensor([[1.0, 0.0], [0.0, -2.0]])
    base = torch.tensor([[2.0, 0.0], [0.0, 4.0], [-8.0, 0.0], [0.0, -1.0]])
    given = submission.augment_for_ip(queries, base)
    assert_augmented(given, augment_for_ip(queries, base), 8.0)


@points(0.75)
@hint("Rank by the inner product, then by l2 after augmenting. Where do the two part?")
def test_the_order_by_l2_becomes_the_order_by_inner_product(submission, rng):
    queries, base = drawn(rng, 4, 10, 5)
    augmented = submission.augment_for_ip(queries, base * 2)
    assert_equal(knn(*augmented, 10, "l2")[1], knn(queries, base, 10, "ip")[1])


@points(0.25)
@hint("M² − ‖b‖² of a vector as long as the longest: what does rounding make of it, and the root?")
def test_vectors_as_long_as_the_longest_get_zero_not_nan(submission, rng):
    # The same components in other orders: the same norm but for rounding.
    components = rng.standard_normal(50)
    base = torch.from_numpy(rng.permuted(components[None].repeat(40, 0), axis=1)).float()
    largest = float(base[0].norm())
    queries = tensor(rng, 2, 50)
    given = submission.augment_for_ip(queries, base)
    expected = [torch.cat([x, torch.zeros(len(x), 1)], dim=1) for x in (queries, base)]
    assert_augmented(given, expected, largest)


@points(0.25)
@hint("What is the largest norm of a single vector, and of zeros?")
@pytest.mark.parametrize("value", [0.0, 2.0])
def test_a_single_base_vector_gets_zero(submission, rng, value):
    queries, base = tensor(rng, 3, 4), torch.full((1, 4), value)
    given = submission.augment_for_ip(queries, base)
    assert_augmented(given, augment_for_ip(queries, base), max(1.0, 2 * value))


@points(0.25)
@hint("Which dtypes do your two results have? Does a query longer than M change anything?")
def test_augmented_vectors_are_float32_whatever_their_length(submission, rng):
    queries, base = tensor(rng, 3, 4, scale=100.0), tensor(rng, 5, 4)
    given = submission.augment_for_ip(queries, base)
    assert_close(given, augment_for_ip(queries, base), check_dtype=True, rtol=1.0, atol=0.1)
    assert_augmented(given, augment_for_ip(queries, base), float(base.norm(dim=1).max()))


@points(0.5)
@hint("What is the largest of no norms? And what has to agree between queries and base?")
@pytest.mark.parametrize(("n", "dim"), [(0, 3), (4, 2), (4, 1), (4, 4)])
def test_an_empty_base_or_another_dimension_is_refused(submission, rng, n, dim):
    assert_raises(ValueError, submission.augment_for_ip, tensor(rng, 2, 3), tensor(rng, n, dim))


# The largest last: a worker that has seen much memory can no longer tell what others take.


@points(0.25)
@hint("How many numbers does your largest array hold for 4000 queries and 4000 vectors?")
def test_4000_by_4000_scores_fit_into_memory(submission, rng):
    queries, base = tensor(rng, 5, 128), tensor(rng, 7, 128)
    for metric in METRICS:
        few = submission.score_matrix(queries, base, metric)
        assert_close(few, score_matrix(queries, base, metric), terms=128)
    if submission.in_worker:
        # With 128 components 8 GB, four times what a worker may have.
        queries, base = tensor(rng, 4000, 128), tensor(rng, 4000, 128)
        scores = submission.score_matrix(queries, base, "l2")
        assert_shape(scores, (4000, 4000))
        some = slice(None, None, 499)
        expected = score_matrix(queries[some], base[some], "l2")
        assert_close(scores[some, some], expected, terms=128)
