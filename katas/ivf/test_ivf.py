"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close, assert_equal

# Six points on a line, two centroids, and the query between them.
X = torch.tensor([[9.0], [1.0], [4.0], [8.0], [0.0], [7.0]])
CENTROIDS = torch.tensor([[0.0], [10.0]])
ORDER, OFFSETS = torch.tensor([1, 2, 4, 0, 3, 5]), torch.tensor([0, 3, 6])
QUERY = torch.tensor([[5.5]])


def test_one_round_of_k_means(submission):
    centroids, assignment = submission.kmeans(X, CENTROIDS, 1)
    assert_close(centroids, torch.tensor([[5.0 / 3], [8.0]]))
    assert_equal(assignment, torch.tensor([1, 0, 0, 1, 0, 1]))


def test_the_lists_of_the_worked_example(submission):
    order, offsets = submission.inverted_lists(torch.tensor([1, 0, 0, 1, 0, 1]), 2)
    assert_equal(order, ORDER)
    assert_equal(offsets, OFFSETS)


def test_one_probe_finds_what_is_in_the_nearest_list(submission):
    distances, ids = submission.ivf_search(QUERY, X, CENTROIDS, ORDER, OFFSETS, 2, 1)
    assert_equal(ids, torch.tensor([[5, 3]]))
    assert_close(distances, torch.tensor([[2.25, 6.25]]))


def test_missing_results_are_said_to_be_missing(submission):
    distances, ids = submission.ivf_search(QUERY, X, CENTROIDS, ORDER, OFFSETS, 4, 1)
    assert_equal(ids, torch.tensor([[5, 3, 0, -1]]))
    assert_close(distances, torch.tensor([[2.25, 6.25, 12.25, math.inf]]))


def test_the_second_probe_is_needed_for_full_recall(submission):
    index = (X, CENTROIDS, ORDER, OFFSETS)
    assert submission.smallest_nprobe(QUERY, *index, 2, 0.5) == 1
    assert submission.smallest_nprobe(QUERY, *index, 2, 0.9) == 2
