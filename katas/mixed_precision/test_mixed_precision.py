"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal


def half(*values):
    return torch.tensor(values, dtype=torch.float16)


def test_gradients_are_unscaled_and_an_overflow_is_skipped(submission):
    scaler = submission.LossScaler(initial=8.0, interval=2)
    assert_close(scaler.scale_loss(torch.tensor(3.0)), torch.tensor(24.0))
    assert_close(scaler.step([half(16.0, -4.0)]), [torch.tensor([2.0, -0.5])])
    assert_equal(scaler.good_steps, 1)
    assert_equal(scaler.step([half(1.0), half(float("inf"))]), None)
    assert_close((scaler.scale, scaler.good_steps), (4.0, 0))


def test_the_norm_of_all_gradients_is_clipped_after_unscaling(submission):
    scaler = submission.LossScaler(initial=4.0)
    # Unscaled 0.75 and 1, so the norm is 1.25.
    clipped = scaler.step([half(3.0), half(4.0)], max_norm=0.5)
    assert_close(clipped, [torch.tensor([0.3]), torch.tensor([0.4])])


def test_a_quarter_of_the_draws_round_away_from_zero(submission):
    x, draws = torch.full((4,), 256.5), torch.tensor([0.0, 0.2, 0.3, 0.9])
    rounded = submission.stochastic_round(x, draws)
    assert_equal(rounded, torch.tensor([258.0, 258.0, 256.0, 256.0], dtype=torch.bfloat16))


def test_a_master_copy_keeps_small_updates(submission):
    weight, gradients = torch.tensor([256.0], dtype=torch.bfloat16), torch.full((100, 1), 0.5)
    nearest = submission.train_low_precision(weight, gradients, 0.5, "nearest")
    assert_equal(nearest, weight)
    master = submission.train_low_precision(weight, gradients, 0.5, "master")
    assert_equal(master, torch.tensor([231.0], dtype=torch.bfloat16))
