"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal

PRIOR = torch.tensor([0.5, 0.5])
WORDS = torch.tensor([[0.8, 0.2], [0.2, 0.8]])


def test_words_are_counted_and_smoothed(submission):
    counts = torch.tensor([[2, 0], [1, 0], [0, 3]])
    prior, likelihood = submission.fit_naive_bayes(counts, torch.tensor([0, 0, 1]), 2)
    assert_close(prior.exp(), torch.tensor([2 / 3, 1 / 3]))
    # (3 + 1) / (3 + 2) and (0 + 1) / (3 + 2).
    assert_close(likelihood.exp(), WORDS)


def test_two_words_say_more_than_one(submission):
    result = submission.posterior(PRIOR.log(), WORDS.log(), torch.tensor([[1, 0], [2, 0]]))
    assert_close(result, torch.tensor([[0.8, 0.2], [16 / 17, 1 / 17]]))


def test_a_document_is_drawn(submission):
    result = submission.generate_document(PRIOR.log(), WORDS.log(), [0.7, 0.1, 0.9])
    assert_equal(result, (1, [0, 1]))


def test_one_step_of_gradient_descent(submission):
    # From zeros both classes have ½, so that the errors are ±½, averaged over two documents.
    counts, labels = torch.tensor([[1, 0], [0, 1]]), torch.tensor([0, 1])
    weights, bias = submission.fit_logistic_regression(counts, labels, 2, steps=1, rate=1.0)
    assert_close(weights, torch.tensor([[0.25, -0.25], [-0.25, 0.25]]))
    assert_close(bias, torch.tensor([0.0, 0.0]))
