"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close

HIDDEN = torch.tensor([[1.0]])
# With this hidden state the logits are ln 1, ln 2, ln 3, ln 4.
WEIGHT = torch.tensor([[1.0], [2.0], [3.0], [4.0]]).log()


def test_two_chunks_make_one_softmax(submission):
    loss = submission.chunked_cross_entropy(HIDDEN, WEIGHT, torch.tensor([3]), chunk=2)
    assert_close(loss, torch.tensor(math.log(10 / 4)))


def test_an_ignored_token_does_not_count(submission):
    hidden, targets = torch.tensor([[1.0], [0.0]]), torch.tensor([-100, 2])
    loss = submission.chunked_cross_entropy(hidden, WEIGHT, targets, chunk=3)
    assert_close(loss, torch.tensor(math.log(4)))


def test_a_rare_word_is_as_likely_as_its_cluster_times_itself(submission):
    head = torch.tensor([[5.0], [3.0], [2.0]]).log()
    tails = [(torch.ones(1, 1), torch.tensor([[1.0], [3.0]]).log())]
    targets = torch.tensor([0, 3])
    result = submission.adaptive_log_prob(HIDDEN.expand(2, 1), head, tails, targets)
    assert_close(result, torch.tensor([5 / 10, 2 / 10 * 3 / 4]).log())


def test_the_sampled_loss_of_the_worked_example(submission):
    log_q = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
    targets, samples = torch.tensor([3]), torch.tensor([0, 1, 3])
    loss = submission.sampled_softmax_loss(HIDDEN, WEIGHT, targets, samples, log_q)
    assert_close(loss, torch.tensor(math.log(42 / 32)))


def test_the_parameters_of_a_small_table(submission):
    assert submission.embedding_parameters(1000, 64) == 64_000
    assert submission.embedding_parameters(1000, 64, rank=8) == 8_512
