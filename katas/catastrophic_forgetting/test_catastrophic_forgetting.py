"""Examples that can be worked out by hand; the hidden suite asks for more."""

import numpy as np
import torch

from autograder.checks import assert_close, assert_equal


def test_the_squared_gradient_of_one_example(submission):
    # Both classes have p = ½, so the gradient of log p(0) is (½, −½) · 2.
    labels = torch.tensor([0])
    fisher = submission.diagonal_fisher(torch.zeros(2, 1), torch.tensor([[2.0]]), labels)
    assert_close(fisher, torch.tensor([[1.0], [1.0]]))


def test_parameters_that_matter_are_held(submission):
    parameters, anchors = [torch.tensor([3.0, 3.0])], [torch.tensor([1.0, 1.0])]
    fishers = [torch.tensor([5.0, 0.0])]
    # 2/2 · (5 · 2² + 0 · 2²)
    penalty = submission.ewc_penalty(parameters, anchors, fishers, strength=2.0)
    assert_close(penalty, torch.tensor(20.0))


def test_half_of_the_stream_is_old(submission):
    stream = submission.replay_stream(new=3, old=1, percent=50)
    assert_equal(stream, [("new", 0), ("old", 0), ("new", 1), ("old", 0), ("new", 2)])


def test_a_task_is_forgotten(submission):
    # The first task fell from 0.75 to 0.5 when the second was learned.
    metrics = submission.continual_metrics(np.array([[0.75, 0.25], [0.5, 1.0]]))
    expected = {"average_accuracy": 0.75, "forgetting": 0.25, "backward_transfer": -0.25}
    assert_close(metrics, expected)
