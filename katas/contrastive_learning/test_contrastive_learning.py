"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close, assert_equal

# Cosines 1 and 0 on one side, 0.6 and 0.8 on the other.
ANCHORS = torch.tensor([[2.0, 0.0], [0.6, 0.8]])
POSITIVES = torch.tensor([[1.0, 0.0], [0.0, 3.0]])


def test_the_loss_of_the_worked_example(submission):
    expected = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-0.4))) / 2
    given = submission.multiple_negatives_loss(ANCHORS, POSITIVES, temperature=0.5)
    assert_close(given, torch.tensor(expected))


def test_a_second_copy_of_the_positive_is_no_negative(submission):
    # All that is left of either sum is the positive itself.
    ids = torch.tensor([7, 7])
    given = submission.multiple_negatives_loss(ANCHORS, POSITIVES, ids=ids)
    assert_close(given, torch.tensor(0.0))


def test_the_triplets_of_the_worked_example(submission):
    # Anchors 0 and 1: 3 − 4 and 3 − 1, with the margin 0.5. The vector 4 has no other of its label.
    x, labels = torch.tensor([[0.0], [3.0], [4.0]]), torch.tensor([0, 0, 1])
    given = submission.batch_hard_triplet_loss(x, labels, margin=0.5)
    assert_close(given, torch.tensor((0.0 + 2.5) / 2))


def test_what_is_too_close_to_the_positive_is_not_a_negative(submission):
    # Cosines 1, 0.96, 0.6 and 0: the second is within 0.1 of the positive.
    queries = torch.tensor([[1.0, 0.0]])
    documents = torch.tensor([[0.0, 1.0], [4.0, 0.0], [0.96, 0.28], [0.6, 0.8]])
    positive = torch.tensor([1])
    assert_equal(submission.mine_hard_negatives(queries, documents, positive, k=2), [[3, 0]])
