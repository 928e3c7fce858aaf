"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close

QUERY = torch.tensor([[3.0, 4.0]])
BASE = torch.tensor([[3.0, 0.0], [0.0, 0.0], [6.0, 8.0]])


def test_l2_is_the_squared_distance(submission):
    assert_close(submission.score_matrix(QUERY, BASE, "l2"), torch.tensor([[16.0, 25.0, 25.0]]))


def test_the_inner_product_grows_with_the_norm(submission):
    assert_close(submission.score_matrix(QUERY, BASE, "ip"), torch.tensor([[9.0, 0.0, 50.0]]))


def test_the_cosine_does_not(submission):
    assert_close(submission.score_matrix(QUERY, BASE, "cosine"), torch.tensor([[0.6, 0.0, 1.0]]))


def test_the_nearest_come_first_and_of_equal_ones_the_lower_id(submission):
    scores, ids = submission.knn(QUERY, BASE, 2, block=2)
    assert_close(scores, torch.tensor([[16.0, 25.0]]))
    assert_close(ids, torch.tensor([[0, 1]]))


def test_the_last_component_fills_up_to_the_largest_norm(submission):
    queries, base = submission.augment_for_ip(QUERY, torch.tensor([[3.0, 0.0], [0.0, 5.0]]))
    assert_close(queries, torch.tensor([[3.0, 4.0, 0.0]]))
    assert_close(base, torch.tensor([[3.0, 0.0, 4.0], [0.0, 5.0, 0.0]]))
