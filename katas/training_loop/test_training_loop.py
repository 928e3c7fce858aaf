"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine(submission):
    rates = [submission.learning_rate(step, 8.0, 2, 6) for step in (1, 2, 4, 6, 7)]
    assert_close(rates, [4.0, 8.0, 4.0, 0.0, 0.0])


def test_the_first_step_of_adamw(submission):
    parameter, gradient, zero = torch.tensor(2.0), torch.tensor(8.0), torch.tensor(0.0)
    # The corrected moments are 8 and 64: a step of lr. The decay takes lr · 0.5 = ¼ of 2.
    result = submission.adamw_step(
        parameter, gradient, zero, zero, 1, 0.5, (0.75, 0.5), weight_decay=0.5
    )
    assert_close(result, (torch.tensor(1.0), torch.tensor(2.0), torch.tensor(32.0)))


def test_two_gradients_share_one_norm(submission):
    gradients = [torch.tensor([3.0]), torch.tensor([4.0])]
    clipped, norm = submission.clip_gradients(gradients, max_norm=2.5)
    assert_close(clipped, [torch.tensor([1.5]), torch.tensor([2.0])])
    assert_close(norm, 5.0)


def test_every_label_weighs_the_same(submission):
    one, two = torch.ones(1, 1), torch.ones(2, 1)
    micro_batches = [(one, torch.tensor([0])), (two, torch.tensor([1, 1]))]
    loss, gradient = submission.accumulate_gradients(torch.zeros(2, 1), micro_batches)
    assert_close(loss, math.log(2), rtol=1e-5)
    # p is ½ for both classes: one label adds [-½, ½], two add [½, -½] each; divided by three.
    assert_close(gradient, torch.tensor([[1 / 6], [-1 / 6]]))
