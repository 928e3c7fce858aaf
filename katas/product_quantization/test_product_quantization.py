"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal

# Two subspaces of two components, two centroids in each.
CODEBOOKS = torch.tensor([[[0.0, 0.0], [4.0, 4.0]], [[0.0, 0.0], [0.0, 2.0]]])


def test_the_worked_example_is_encoded(submission):
    x = torch.tensor([[3.0, 5.0, 1.0, 0.0], [1.0, 1.0, 0.0, 3.0]])
    codes = submission.encode(x, CODEBOOKS)
    assert_equal(codes, torch.tensor([[1, 0], [0, 1]], dtype=torch.uint8))


def test_the_worked_example_is_decoded(submission):
    codes = torch.tensor([[1, 0], [0, 1]], dtype=torch.uint8)
    expected = torch.tensor([[4.0, 4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0]])
    assert_close(submission.decode(codes, CODEBOOKS), expected)


def test_the_worked_example_is_compared_with_a_query(submission):
    query = torch.tensor([[1.0, 0.0, 0.0, 1.0]])
    codes = torch.tensor([[1, 0], [0, 1]], dtype=torch.uint8)
    expected = torch.tensor([[26.0, 2.0]])
    assert_close(submission.asymmetric_distances(query, codes, CODEBOOKS), expected)


def test_a_round_moves_centroids_to_the_means_of_their_vectors(submission):
    x = torch.tensor([[1.0, 0.0], [3.0, 0.0], [11.0, 8.0]])
    initial = torch.tensor([[[0.0], [10.0]], [[1.0], [9.0]]])
    expected = torch.tensor([[[2.0], [11.0]], [[0.0], [8.0]]])
    assert_close(submission.train_codebooks(x, initial, 1), expected)
