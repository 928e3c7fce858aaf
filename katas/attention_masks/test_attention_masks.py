"""Examples that can be worked out by hand; the hidden suite asks for more."""

import math

import torch

from autograder.checks import assert_close, assert_equal


def test_a_causal_window_with_a_sink_behind_padding(submission):
    real = torch.tensor([[False, True, True, True, True]])
    expected = torch.tensor(
        [
            [
                [False, False, False, False, False],
                [False, True, False, False, False],
                [False, True, True, False, False],
                [False, True, True, True, False],
                [False, True, False, True, True],
            ]
        ]
    )
    assert_equal(submission.attention_mask(real, window=2, sinks=1), expected)


def test_a_global_token_sees_all_and_is_seen_by_all(submission):
    real = torch.ones(1, 3, dtype=torch.bool)
    expected = torch.tensor([[[True, True, True], [True, True, False], [True, False, True]]])
    given = submission.attention_mask(real, causal=False, window=1, global_tokens=[0])
    assert_equal(given, expected)


def test_the_entropy_of_the_worked_example(submission):
    weights = torch.tensor([[0.5, 0.25, 0.25, 0.0], [0.25, 0.25, 0.25, 0.25]])
    assert_close(submission.attention_entropy(weights), torch.tensor([0.75, 1.0]))


def test_the_loss_of_the_worked_example(submission):
    scores = torch.tensor([[math.log(3), 0.0, math.log(4)]])
    target = torch.tensor([[1.0, 1.0, 2.0]])
    mask = torch.tensor([[True, True, False]])
    loss = submission.attention_supervision_loss(scores, target, mask)
    assert_close(loss, torch.tensor(math.log(4 / 3) / 2))
