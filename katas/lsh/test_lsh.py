"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal

# Two tables of two bits each: the signs of the components 0 and 1, and those of 2 and 3.
PLANES = torch.eye(4).view(2, 2, 4)
X = torch.tensor([[3.0, 2.0, -1.0, 1.0], [-1.0, 1.0, 1.0, -2.0], [-1.0, -1.0, 3.0, 3.0]])
QUERY = torch.tensor([[1.0, 1.0, 1.0, 2.0]])


def test_the_signatures_of_the_worked_example(submission):
    assert_equal(submission.signatures(X, PLANES), torch.tensor([[3, 2], [2, 1], [0, 3]]))


def test_a_match_in_one_table_makes_a_candidate(submission):
    assert_equal(submission.lsh_search(QUERY, X, PLANES, 3), [[2, 0]])


def test_a_radius_lets_signatures_differ_in_some_bits(submission):
    given = [submission.lsh_search(QUERY, X, PLANES, 3, radius=radius) for radius in (0, 1)]
    assert_equal(given, [[[2, 0]], [[2, 0, 1]]])


def test_orthogonal_vectors_agree_in_half_of_the_planes(submission):
    assert_close(submission.match_probability(torch.tensor([0.0]), 1, 1), torch.tensor([0.5]))
    assert_close(submission.match_probability(torch.tensor([0.0]), 2, 2), torch.tensor([0.4375]))


def test_one_bit_and_two_tables_find_right_angles_three_times_in_four(submission):
    assert_equal(submission.choose_shape(0.0, -1.0, 0.7, 2, 2), (1, 2))
