"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal


def test_padding_does_not_count(submission):
    hidden = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [9.0, 9.0]]])
    mask = torch.tensor([[1, 1, 0]])
    assert_close(submission.mean_pool(hidden, mask), torch.tensor([[2.0, 3.0]]))


def test_cosines_of_the_worked_example(submission):
    queries = torch.tensor([[3.0, 4.0]])
    documents = torch.tensor([[6.0, 8.0], [5.0, 0.0], [0.0, 0.0]])
    assert_close(submission.cosine_matrix(queries, documents), torch.tensor([[1.0, 0.6, 0.0]]))


def test_centred_cosines_of_the_worked_example(submission):
    # The mean of the documents is (5, 1): (0, 2) against (−1, 0), (1, 1) and (0, −1).
    queries = torch.tensor([[5.0, 3.0]])
    documents = torch.tensor([[4.0, 1.0], [6.0, 2.0], [5.0, 0.0]])
    expected = torch.tensor([[0.0, 0.5**0.5, -1.0]])
    assert_close(submission.cosine_matrix(queries, documents, centre=True), expected)


def test_one_of_four_orthogonal_sentences_keeps_half_of_its_cosine(submission):
    unit = torch.eye(4)
    expected = torch.tensor([1.0, 2**-0.5, 3**-0.5, 0.5])
    assert_close(submission.dilution(unit[0], unit[1:]), expected)


def test_the_first_components_may_be_enough(submission):
    # Both queries find their document by three components, the second not yet by two.
    documents = torch.tensor([[1.0, 0.0, 0.0, 1.0], [1.0, 0.2, 1.0, 0.0]])
    queries = torch.tensor([[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]])
    relevant = torch.tensor([0, 1])
    assert_equal(submission.smallest_dimension(queries, documents, relevant, [3, 2]), 3)
    assert_equal(submission.smallest_dimension(queries, documents, relevant, [3, 2], 0.5), 2)
