"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close


def test_equal_logits_share_the_probability(submission):
    logits, labels = torch.zeros(1, 3, 4), torch.tensor([[0, 1, 2]])
    assert_close(submission.next_token_loss(logits, labels), torch.tensor(math.log(4)))


def test_logits_predict_the_label_of_the_next_position(submission):
    # p of the label 1 is 3/4; the logits at the last position predict nothing.
    logits = torch.tensor([[[0.0, math.log(3)], [0.0, 5.0]]])
    loss = submission.next_token_loss(logits, torch.tensor([[0, 1]]))
    assert_close(loss, torch.tensor(math.log(4 / 3)))


def test_the_perplexity_of_the_worked_example(submission):
    windows = {
        (1, 2, 3): [math.log(1 / 2), math.log(1 / 4)],
        (3, 4, 5): [math.log(1 / 8), math.log(1 / 4)],
    }
    perplexity = submission.sliding_perplexity(
        [1, 2, 3, 4, 5], lambda segment: windows[tuple(segment)], window=3, stride=2
    )
    assert_close(perplexity, 4.0)


def test_one_and_three_bits_for_two_bytes(submission):
    assert_close(submission.bits_per_byte([[math.log(1 / 2), math.log(1 / 8)]], ["no"]), 2.0)


def test_the_bigrams_of_the_worked_example(submission):
    corpus = [["a", "b"], ["a"]]
    result = submission.bigram_log_prob(corpus, ["a"])
    assert_close(result, math.log(3 / 6 * 2 / 6))


def test_unigrams_mixed_in(submission):
    corpus = [["a", "b"], ["a"]]
    result = submission.bigram_log_prob(corpus, [], k=0.0, bigram_weight=0.5)
    # </s> never follows <s>, but is two of the five predicted tokens.
    assert_close(result, math.log(0.5 * 0 + 0.5 * 2 / 5))
