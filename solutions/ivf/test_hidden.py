"""The hidden suite of the inverted file index."""

import math
from itertools import pairwise

import pytest
import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points, tensor
from solutions.ivf.ivf import (
    inverted_lists,
    ivf_search,
    kmeans,
    mean_recall,
    smallest_nprobe,
    squared_distances,
)


def clear(scores, gap=0.01):
    """Say whether the numbers of each row differ by more than rounding."""
    return scores.shape[1] < 2 or bool((scores.sort(dim=1).values.diff() > gap).all())


def decides_clearly(x, centroids):
    """Say whether each vector has a clear nearest centroid, and any empty one a clear new place."""
    nearest = squared_distances(x, centroids).topk(min(2, len(centroids)), largest=False)
    used = nearest.indices[:, 0].unique()
    farthest_known = len(used) == len(centroids) or clear(nearest.values[:, 0][None])
    return clear(nearest.values) and farthest_known


def drawn_for_training(rng, n, c, dim, iterations):
    """Draw vectors and first centroids such that no round has to decide a near tie."""
    while True:
        x, first = tensor(rng, n, dim), tensor(rng, c, dim)
        rounds = [kmeans(x, first, done)[0] for done in range(iterations + 1)]
        if all(decides_clearly(x, centroids) for centroids in rounds):
            return x, first


def drawn(rng, q, n, c, dim):
    """Draw queries, vectors and their index, all distances from a query being distinct."""
    while True:
        queries, x, centroids = tensor(rng, q, dim), tensor(rng, n, dim), tensor(rng, c, dim)
        nearest = squared_distances(x, centroids).topk(min(2, c), largest=False).values
        to_all = squared_distances(queries, x), squared_distances(queries, centroids)
        if clear(nearest) and all(clear(scores, 0.003) for scores in to_all):
            index = inverted_lists(squared_distances(x, centroids).argmin(dim=1), c)
            return queries, x, centroids, *index


# ── kmeans ────────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Which centroids decide where a vector goes in the second round?")
@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_every_round_assigns_anew_and_then_takes_means(submission, rng, iterations):
    x, first = drawn_for_training(rng, 15, 3, 2, iterations)
    assert_close(submission.kmeans(x, first, iterations), kmeans(x, first, iterations), terms=15)


@points(0.5)
@hint("Does a vector's nearest centroid stay the nearest when the centroids move?")
def test_the_assignment_is_to_the_centroids_that_are_returned(submission):
    x = torch.tensor([[0.0], [1.0], [9.0], [10.0], [4.0]])
    centroids, assignment = submission.kmeans(x, torch.tensor([[0.0], [7.0]]), 1)
    assert_close(centroids, torch.tensor([[0.5], [23.0 / 3]]))
    assert_equal(assignment, torch.tensor([0, 0, 1, 1, 0]))


@points(0.5)
@hint("How many vectors would you divide by? Which vector is served worst by its centroid?")
def test_an_empty_centroid_moves_to_the_farthest_vector(submission):
    x = torch.tensor([[1.0, 1.0], [3.0, 1.0], [9.0, 6.0], [8.0, 2.0]])
    first = torch.tensor([[2.0, 1.0], [50.0, 50.0], [8.0, 3.0]])
    centroids, assignment = submission.kmeans(x, first, 1)
    assert_close(centroids, torch.tensor([[2.0, 1.0], [9.0, 6.0], [8.5, 4.0]]))
    assert_equal(assignment, torch.tensor([0, 0, 1, 2]))


@points(0.5)
@hint("Two centroids are empty. May both move to the same vector?")
def test_several_empty_centroids_take_the_farthest_the_second_farthest(submission):
    x = torch.tensor([[0.0], [4.0], [-7.0], [1.0], [3.0]])
    first = torch.tensor([[90.0], [0.0], [-80.0], [70.0]])
    centroids, assignment = submission.kmeans(x, first, 1)
    assert_close(centroids, torch.tensor([[-7.0], [0.2], [4.0], [3.0]]))
    assert_equal(assignment, torch.tensor([1, 2, 0, 1, 3]))


@points(0.25)
@hint("A centroid is empty in the second round only. Farthest from which centroid is meant then?")
def test_the_farthest_vector_is_that_of_the_round(submission):
    # After a round the centroids are −9.25, 0 and 9, and the middle one loses both its vectors.
    x = torch.tensor([[-5.0], [5.0], [8.0], [10.0], [-8.5], [-10.0]])
    centroids, assignment = submission.kmeans(x, torch.tensor([[-15.0], [0.0], [15.0]]), 2)
    assert_close(centroids, torch.tensor([[-23.5 / 3], [-5.0], [23.0 / 3]]))
    assert_equal(assignment, torch.tensor([1, 2, 2, 2, 0, 0]))


@points(0.25)
@hint("How often does your loop run when there is nothing to do, and what is the assignment then?")
def test_no_iterations_only_assign(submission, rng):
    x, first = drawn_for_training(rng, 10, 4, 3, 0)
    assert_close(submission.kmeans(x, first, 0), kmeans(x, first, 0))


@points(0.25)
@hint("What is the mean of one vector, and of all of them?")
@pytest.mark.parametrize(("n", "c"), [(1, 1), (6, 1), (5, 5)])
def test_one_cluster_and_as_many_as_vectors_will_do(submission, rng, n, c):
    x, first = drawn_for_training(rng, n, c, 2, 2)
    assert_close(submission.kmeans(x, first, 2), kmeans(x, first, 2))


@points(0.25)
@hint("Which dtypes do your two results have? Which tensors need their elements in a row?")
def test_centroids_are_float32_and_the_assignment_int64(submission, rng):
    x, first = drawn_for_training(rng, 12, 3, 2, 2)
    x, first = x.T.contiguous().T, first.T.contiguous().T
    assert_close(submission.kmeans(x, first, 2), kmeans(x, first, 2), check_dtype=True, terms=12)


@points(0.5)
@hint("range(-1) is empty, so nothing would happen. Is that what −1 rounds ask for?")
def test_a_negative_number_of_iterations_is_refused(submission, rng):
    assert_raises(ValueError, submission.kmeans, tensor(rng, 5, 2), tensor(rng, 2, 2), -1)


@points(0.25)
@hint("Where would a vector go without centroids, and a sixth centroid with five vectors?")
@pytest.mark.parametrize(("c", "iterations"), [(0, 0), (0, 1), (6, 0), (6, 1)])
def test_no_clusters_or_more_than_vectors_are_refused(submission, rng, c, iterations):
    assert_raises(ValueError, submission.kmeans, tensor(rng, 5, 2), tensor(rng, c, 2), iterations)


# ── inverted_lists ────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Cut the order up by your offsets. Is every list what you think it is?")
def test_lists_lie_one_after_another(submission):
    order, offsets = submission.inverted_lists(torch.tensor([2, 0, 1, 0, 2, 2]), 3)
    assert_equal(order, torch.tensor([1, 3, 2, 0, 4, 5]))
    assert_equal(offsets, torch.tensor([0, 2, 3, 6]))


@points(0.5)
@hint("Does your sort promise anything about the order of ids in one cluster?")
def test_ids_ascend_within_a_list(submission, rng):
    assignment = torch.from_numpy(rng.integers(0, 3, 200))
    assert_equal(submission.inverted_lists(assignment, 3), inverted_lists(assignment, 3))


@points(0.5)
@hint("Where does a list begin that holds nothing, and where does it end?")
@pytest.mark.parametrize("assignment", [[1, 1, 3], [0, 0], [4, 4, 2]])
def test_lists_may_be_empty(submission, assignment):
    assignment = torch.tensor(assignment)
    assert_equal(submission.inverted_lists(assignment, 5), inverted_lists(assignment, 5))


@points(0.25)
@hint("Which dtype do indices have?")
def test_order_and_offsets_are_int64(submission):
    assignment = torch.tensor([1, 0, 1])
    assert_close(
        submission.inverted_lists(assignment, 2), inverted_lists(assignment, 2), check_dtype=True
    )


@points(0.25)
@hint("Which lists are there? Where would a vector of cluster −1, or of one too many, lie?")
@pytest.mark.parametrize("wrong", [-1, 3, 7])
def test_an_assignment_to_no_cluster_is_refused(submission, wrong):
    assert_raises(ValueError, submission.inverted_lists, torch.tensor([0, wrong, 2, 1]), 3)


# ── ivf_search ────────────────────────────────────────────────────────────────────────────────


def searched(submission, *arguments):
    """Return what a search finds, after one that opens all three lists.

    So that whoever opens a list too few is not taken for one who opens only one.
    """
    submission.ivf_search(torch.tensor([[6.75]]), LINE, CENTRES, *LISTS, 9, 3)
    return submission.ivf_search(*arguments)


# Three lists on a line, whose ids are in no order of place: 0 … 4, 10 … 14 and 20 … 24.
LINE = torch.tensor([[21.0], [3.0], [12.0], [1.0], [24.0], [14.0], [0.0], [10.0], [4.0], [20.0]])
CENTRES = torch.tensor([[12.0], [22.0], [2.0]])
LISTS = (torch.tensor([2, 5, 7, 0, 4, 9, 1, 3, 6, 8]), torch.tensor([0, 3, 6, 10]))


@points(0.75, task="ivf_search")
@hint("Which lists does nprobe open, in which order of nearness?")
def test_the_lists_of_the_nearest_centroids_are_searched(submission, rng):
    arguments, probes = (*drawn(rng, 4, 30, 5, 3), 6), (1, 2, 3, 5, 9)
    given = [submission.ivf_search(*arguments, nprobe) for nprobe in probes]
    for result, nprobe in zip(given, probes, strict=True):
        expected = ivf_search(*arguments, nprobe)
        assert_close(result, expected, terms=3, name=f"the result of nprobe = {nprobe}")


@points(0.5, task="ivf_search")
@hint("A query just inside one list's cell: where may its nearest vector lie?")
def test_the_nearest_vector_may_lie_in_the_second_list(submission):
    # 6.75 is nearer to the centroid 2 than to 12, and the vectors nearest to it are 4 and 10.
    arguments = (torch.tensor([[6.75]]), LINE, CENTRES, *LISTS)
    distances, ids = searched(submission, *arguments, 2, 2)
    assert_close(distances, torch.tensor([[7.5625, 10.5625]]))
    assert_equal(ids, torch.tensor([[8, 7]]))


@points(0.5, task="ivf_search")
@hint("The first list holds k vectors. Does that make them the k nearest?")
def test_a_further_list_is_opened_though_k_vectors_were_seen(submission):
    # The list of 0 holds three vectors, and the one next door is nearer than all of them.
    x = torch.tensor([[0.0], [-1.0], [-2.0], [6.0], [30.0]])
    centroids = torch.tensor([[0.0], [10.0]])
    lists = torch.tensor([0, 1, 2, 3, 4]), torch.tensor([0, 3, 5])
    distances, ids = searched(submission, torch.tensor([[4.5]]), x, centroids, *lists, 3, 2)
    assert_close(distances, torch.tensor([[2.25, 20.25, 30.25]]))
    assert_equal(ids, torch.tensor([[3, 0, 1]]))


@points(0.5)
@hint("Which number does a vector have in x, and which in the list you scanned?")
def test_ids_are_positions_in_x(submission):
    arguments = (torch.tensor([[23.5]]), LINE, CENTRES, *LISTS)
    distances, ids = submission.ivf_search(*arguments, 3, 1)
    assert_close(distances, torch.tensor([[0.25, 6.25, 12.25]]))
    assert_equal(ids, torch.tensor([[4, 0, 9]]))


@points(0.5)
@hint("What do you return where a list holds fewer than k vectors? Is 0 an id?")
def test_missing_results_have_id_minus_one_and_distance_inf(submission):
    arguments = (torch.tensor([[13.0], [20.5]]), LINE, CENTRES, *LISTS)
    distances, ids = submission.ivf_search(*arguments, 5, 1)
    inf = math.inf
    assert_close(
        distances, torch.tensor([[1.0, 1.0, 9.0, inf, inf], [0.25, 0.25, 12.25, inf, inf]])
    )
    assert_equal(ids, torch.tensor([[2, 5, 7, -1, -1], [0, 9, 4, -1, -1]]))


@points(0.25, task="ivf_search")
@hint("What is there to find in a list that holds nothing?")
@pytest.mark.parametrize("nprobe", [1, 2])
def test_lists_may_hold_nothing(submission, nprobe):
    x, centroids = torch.tensor([[5.0], [6.0]]), torch.tensor([[0.0], [9.0], [30.0]])
    lists = torch.tensor([0, 1]), torch.tensor([0, 0, 2, 2])
    arguments = (torch.tensor([[1.0], [25.0]]), x, centroids, *lists, 2, nprobe)
    assert_close(searched(submission, *arguments), ivf_search(*arguments))


@points(0.25, task="ivf_search")
@hint("How many columns are there when k is larger than all of x?")
def test_there_are_k_columns_even_if_x_holds_fewer(submission, rng):
    arguments = (*drawn(rng, 2, 4, 2, 2), 7, 9)
    assert_close(searched(submission, *arguments), ivf_search(*arguments), terms=2)


@points(0.5, task="ivf_search")
@hint("Two vectors are as near, in one list or in two. Which of them has the lower id?")
def test_of_equal_distances_the_lower_id_comes_first(submission):
    # The query 6 is at distance 4 of all, in two lists by turns, but for the last.
    x = torch.tensor([8.0, 4.0] * 20 + [7.0])[:, None]
    evens, odds = torch.arange(0, 40, 2), torch.arange(1, 40, 2)
    lists = torch.cat([odds, evens, torch.tensor([40])]), torch.tensor([0, 20, 41])
    arguments = (torch.tensor([[6.0]]), x, torch.tensor([[4.0], [8.5]]), *lists)
    both = torch.tensor([[40, *range(30)]])
    assert_equal(searched(submission, *arguments, 31, 2)[1], both)
    assert_equal(submission.ivf_search(*arguments, 18, 1)[1], odds[None, :18])


@points(0.25, task="ivf_search")
@hint("Two centroids are as near. Which of their lists is opened first?")
def test_of_equally_near_centroids_the_lower_index_is_probed(submission):
    n = 24
    x = torch.arange(float(n))[:, None] + 100
    centroids = torch.tensor([[-2.0, 2.0][j % 2] for j in range(n)])[:, None]
    lists = torch.arange(n), torch.arange(n + 1)
    arguments = (torch.zeros(1, 1), x, centroids, *lists)
    assert_equal(searched(submission, *arguments, 4, 3)[1], torch.tensor([[0, 1, 2, -1]]))


@points(0.25, task="ivf_search")
@hint("Which dtypes do your two results have? Which tensors need their elements in a row?")
def test_distances_are_float32_and_ids_int64(submission, rng):
    queries, x, centroids, *lists = drawn(rng, 3, 12, 3, 2)
    queries, x, centroids = (part.T.contiguous().T for part in (queries, x, centroids))
    arguments = (queries, x, centroids, *lists, 5, 2)
    given = searched(submission, *arguments)
    assert_close(given, ivf_search(*arguments), check_dtype=True, terms=2)


@points(0.25)
@hint("How many vectors are the best −1, and what is found in no lists?")
def test_k_and_nprobe_below_one_are_refused(submission, rng):
    index = drawn(rng, 2, 8, 2, 2)
    for k, nprobe in ((0, 1), (-2, 1), (1, 0), (1, -1)):
        assert_raises(ValueError, submission.ivf_search, *index, k, nprobe)


@points(0.5)
@hint("Move a vector that lies in no probed list. May the result change?")
def test_what_lies_in_other_lists_is_not_seen(submission):
    # 10 is the vector nearest to 7.5 but one, yet lies in a list that is not probed: not seen.
    x = torch.tensor([[7.0], [7.75], [0.0], [13.0]])
    centroids = torch.tensor([[8.0], [2.0]])
    lists = torch.tensor([0, 3, 1, 2]), torch.tensor([0, 2, 4])
    distances, ids = submission.ivf_search(torch.tensor([[7.5]]), x, centroids, *lists, 3, 1)
    assert_close(distances, torch.tensor([[0.25, 30.25, math.inf]]))
    assert_equal(ids, torch.tensor([[0, 3, -1]]))


# ── smallest_nprobe ───────────────────────────────────────────────────────────────────────────


def smallest(submission, *problem):
    """Return the answer to a problem, after two clear ones: one list is enough, and two are.

    So that whoever is off by one is not taken for somebody whose answer is off by one here only.
    """
    submission.smallest_nprobe(torch.tensor([[-1.0]]), SIX, TWO, *SIX_LISTS, 1, 0.4)
    five = torch.tensor([[30.0], [3.0], [40.0], [0.0], [20.0]])
    lists = torch.tensor([3, 1, 4, 0, 2]), torch.arange(6)
    submission.smallest_nprobe(torch.tensor([[1.0]]), five, five[lists[0]], *lists, 2, 0.9)
    return submission.smallest_nprobe(*problem)


# Exact neighbours of the query 4.5 are 4, 6, 1.5 (ids 1, 3, 0). The first list holds two of them.
SIX = torch.tensor([[1.5], [4.0], [0.0], [6.0], [14.0], [13.0]])
TWO = torch.tensor([[1.0], [11.0]])
SIX_LISTS = (torch.tensor([0, 1, 2, 3, 4, 5]), torch.tensor([0, 3, 6]))


@points(0.5, task="smallest_nprobe")
@hint("Measure the mean recall of every nprobe. Which is the first that is enough?")
def test_the_first_nprobe_with_enough_recall_is_returned(submission, rng):
    queries, *index = drawn(rng, 5, 40, 6, 3)
    exact = squared_distances(queries, index[0]).argsort(dim=1)[:, :4]
    recalls = sorted(
        {mean_recall(ivf_search(queries, *index, 4, nprobe)[1], exact) for nprobe in range(1, 7)}
    )
    # Half-way between two values that the mean recall takes.
    targets = [(below + above) / 2 for below, above in pairwise([0.0, *recalls])]
    given = [smallest(submission, queries, *index, 4, target) for target in targets]
    assert_equal(given, [smallest_nprobe(queries, *index, 4, target) for target in targets])


@points(0.5, task="smallest_nprobe")
@hint("One of the exact neighbours is missing, and the others move up. How many were found?")
def test_an_id_counts_at_whatever_rank_it_is_found(submission):
    query = torch.tensor([[4.5]])
    assert_equal(smallest(submission, query, SIX, TWO, *SIX_LISTS, 3, 0.6), 1)
    assert_equal(smallest(submission, query, SIX, TWO, *SIX_LISTS, 3, 0.7), 2)


@points(0.25, task="smallest_nprobe")
@hint("One query finds everything with one probe and one nothing. What is their mean?")
def test_the_mean_over_the_queries_has_to_reach_the_target(submission):
    # With one probe −1 finds 0, and 5.75 only 4 where 6 is nearer.
    queries = torch.tensor([[-1.0], [5.75]])
    assert_equal(smallest(submission, queries, SIX, TWO, *SIX_LISTS, 1, 0.4), 1)
    assert_equal(smallest(submission, queries, SIX, TWO, *SIX_LISTS, 1, 0.6), 2)


@points(0.25, task="smallest_nprobe")
@hint("The recall is exactly the target. Is that enough, and does your sum come out exactly?")
def test_a_recall_equal_to_the_target_is_enough(submission):
    queries = torch.tensor([[-1.0], [5.75], [5.75]])
    assert_equal(smallest(submission, queries, SIX, TWO, *SIX_LISTS, 1, 1 / 3), 1)
    # 3 of 3, 2 of 3 and 2 of 3.
    queries = torch.tensor([[-1.0], [4.5], [4.5]])
    assert_equal(smallest(submission, queries, SIX, TWO, *SIX_LISTS, 3, 7 / 9), 1)


@points(0.25, task="smallest_nprobe")
@hint("How many neighbours can a query have when k is larger than x?")
def test_recall_is_out_of_all_vectors_when_there_are_fewer_than_k(submission):
    centroids, lists = torch.tensor([[1.0], [6.0], [14.0]]), torch.tensor([0, 3, 4, 6])
    arguments = (torch.tensor([[1.0]]), SIX, centroids, SIX_LISTS[0], lists, 9)
    # The lists hold three, one and two of six.
    for target, expected in ((0.4, 1), (0.6, 2), (0.7, 3)):
        assert_equal(smallest(submission, *arguments, target), expected)


@points(0.25, task="smallest_nprobe")
@hint("Of equally near vectors, which are the exact ones?")
def test_of_equally_near_vectors_those_with_lower_ids_are_the_exact_ones(submission):
    # 1 and −1 by turns in two lists: half of the first 20 lie in each, and 20 are in the first.
    x = torch.tensor([1.0, -1.0, 5.0] * 20)[:, None]
    ids = torch.arange(60)
    lists = torch.cat([ids[::3], ids[ids % 3 > 0]]), torch.tensor([0, 20, 60])
    arguments = (torch.zeros(1, 1), x, torch.tensor([[1.0], [-1.5]]), *lists, 20)
    assert_equal(smallest(submission, *arguments, 0.48), 1)
    assert_equal(smallest(submission, *arguments, 0.52), 2)


@points(0.25, task="smallest_nprobe")
@hint("Which nprobe always finds everything?")
def test_full_recall_may_need_all_lists(submission, rng):
    queries = tensor(rng, 3, 2)
    x = torch.tensor([[50.0, 0.0], [51.0, 0.0], [0.0, 50.0], [-50.0, 0.0]])
    centroids = x * 1.01
    lists = torch.arange(4), torch.arange(5)
    assert_equal(smallest(submission, queries, x, centroids, *lists, 4, 1.0), 4)
    assert_equal(smallest(submission, queries, x, x[:1], lists[0], lists[1][::4], 2, 1.0), 1)


@points(0.25)
@hint("What is the mean recall of no queries, and which targets can a recall reach?")
@pytest.mark.parametrize("target", [0.0, -0.5, 1.01])
def test_a_target_outside_zero_to_one_is_refused(submission, target):
    query = torch.tensor([[1.0]])
    assert_raises(ValueError, submission.smallest_nprobe, query, SIX, TWO, *SIX_LISTS, 2, target)


@points(0.25)
@hint("What is the mean recall of no queries, and of a search in nothing?")
def test_no_queries_and_no_vectors_are_refused(submission):
    query, none = torch.tensor([[1.0]]), torch.zeros(0, 1)
    no_lists = torch.zeros(0, dtype=torch.int64), torch.zeros(3, dtype=torch.int64)
    assert_raises(ValueError, submission.smallest_nprobe, none, SIX, TWO, *SIX_LISTS, 2, 0.5)
    assert_raises(ValueError, submission.smallest_nprobe, query, none, TWO, *no_lists, 2, 0.5)


@points(0.25)
@hint("How many vectors are the best 0?")
@pytest.mark.parametrize("k", [0, -1])
def test_a_recall_at_k_below_one_is_refused(submission, k):
    query = torch.tensor([[1.0]])
    assert_raises(ValueError, submission.smallest_nprobe, query, SIX, TWO, *SIX_LISTS, k, 0.5)
    one_list = SIX_LISTS[0], SIX_LISTS[1][::2]
    assert_raises(ValueError, submission.smallest_nprobe, query, SIX, TWO[:1], *one_list, k, 0.5)
