"""Examples that can be worked out by hand; the hidden suite asks for more."""

from math import log

import torch

from autograder.checks import assert_close, assert_equal


def test_the_first_two_of_three_are_reranked(submission):
    def letters_in_common(query, text):
        return float(sum(letter in query for letter in text))

    candidates = ["xyz", "abz", "abc"]
    assert_equal(
        submission.rerank("abc", candidates, letters_in_common, 2, 3), ["abz", "xyz", "abc"]
    )


def test_a_pair_in_the_right_order_costs_less(submission):
    grades = torch.tensor([1.0, 0.0])
    # ln(1 + e^−ln 3) = ln(4/3), and the other way round ln(1 + 3)
    assert_close(
        submission.pairwise_loss(torch.tensor([log(3), 0.0]), grades), torch.tensor(log(4 / 3))
    )
    assert_close(
        submission.pairwise_loss(torch.tensor([0.0, log(3)]), grades), torch.tensor(log(4))
    )


def test_a_pair_is_weighed_by_what_its_swap_would_change(submission):
    scores, grades = torch.tensor([0.0, 0.0]), torch.tensor([1.0, 0.0])
    # The best order has a DCG of 1; swapped, it has 1/log2(3).
    expected = (1 - log(2) / log(3)) * log(2)
    assert_close(submission.pairwise_loss(scores, grades, lambdarank=True), torch.tensor(expected))


def test_equal_scores_cost_the_logarithm_of_the_number_of_documents(submission):
    scores, grades = torch.zeros(1, 3), torch.tensor([[2.0, 0.0, 1.0]])
    assert_close(submission.listnet_loss(scores, grades), torch.tensor(log(3)))


def test_the_second_pick_is_not_a_copy_of_the_first(submission):
    query = torch.tensor([0.8, 0.6])
    documents = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    assert_equal(submission.mmr(query, documents, k=3), [0, 2, 1])
