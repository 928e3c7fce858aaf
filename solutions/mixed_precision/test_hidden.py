"""The hidden suite of mixed precision."""

import math

import pytest
import torch

from autograder.checks import assert_close, assert_dtype, assert_equal, assert_raises
from autograder.suite import hint, points, tensor
from solutions.mixed_precision.mixed_precision import stochastic_round, train_low_precision


def half(*values):
    return torch.tensor(values, dtype=torch.float16)


def brain(*values):
    return torch.tensor(values, dtype=torch.bfloat16)


def assert_float32(result, expected):
    """Compare a list of gradients, all of them float32."""
    assert_close(result, expected)
    for gradient in result:
        assert_dtype(gradient, torch.float32, name="a gradient")


def assert_state(scaler, scale, good_steps):
    assert_close(scaler.scale, scale, name="scale")
    assert_equal(scaler.good_steps, good_steps, name="good_steps")


# ── LossScaler ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("What is the largest float16, and what is 5 · 65536?")
def test_the_loss_is_scaled_in_float32(submission):
    scaler = submission.LossScaler()
    assert_state(scaler, 65536.0, 0)
    for loss in (torch.tensor(5.0, dtype=torch.float16), torch.tensor(5.0)):
        scaled = scaler.scale_loss(loss)
        assert_dtype(scaled, torch.float32)
        assert_close(scaled, torch.tensor(5 * 65536.0))


@points(0.25)
@hint("The whole point of scaling the loss is what happens to its gradients.")
def test_the_gradient_of_the_scaled_loss_is_scaled(submission):
    scaler = submission.LossScaler(initial=512.0)
    found = submission.gradients(scaler.scale_loss, torch.tensor(0.3))
    assert_close(found, (torch.tensor(512.0),))


@points(0.5)
@hint("The loss was multiplied by the scale. By what were all its gradients?")
def test_gradients_are_divided_by_the_scale(submission):
    scaler = submission.LossScaler(initial=8.0)
    result = scaler.step([half(16.0, -4.0, 24.0), half(0.0, 6.0)])
    assert_float32(result, [torch.tensor([2.0, -0.5, 3.0]), torch.tensor([0.0, 0.75])])
    assert_state(scaler, 8.0, 1)


@points(0.5)
@hint("What is the smallest float16, and how many digits are left of it when it is divided?")
def test_gradients_are_divided_in_float32(submission, rng):
    gradient = half(*rng.uniform(0.5, 2.0, size=6), 0.3, -0.7)
    result = submission.LossScaler(initial=65536.0).step([gradient])
    assert_float32(result, [gradient.float() / 65536])
    tiny = half(2e-3, -7e-4)
    result = submission.LossScaler(initial=65536.0).step([tiny, half(1.0)])
    assert_close(result[0] * 65536, tiny.float(), name="the first gradient times 65536")


@points(0.5)
@hint("What does a step with an infinite gradient do to the weights? And what should follow?")
@pytest.mark.parametrize("odd", [math.inf, -math.inf])
def test_an_infinite_gradient_skips_the_step_and_lowers_the_scale(submission, odd):
    scaler = submission.LossScaler(initial=1024.0)
    assert_equal(scaler.step([half(1.0, 2.0), half(3.0, odd, 4.0)]), None)
    assert_state(scaler, 512.0, 0)
    result = scaler.step([half(512.0)])
    assert_float32(result, [torch.tensor([1.0])])


@points(0.25)
@hint("inf − inf came up in the backward pass. Is what it gives infinite?")
def test_a_nan_skips_the_step_too(submission):
    scaler = submission.LossScaler(initial=1024.0)
    assert_equal(scaler.step([half(1.0, math.nan, 2.0)]), None)
    assert_state(scaler, 512.0, 0)


@points(0.25)
@hint("Which of the gradients, and which of their elements, do you look at?")
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_odd_element_anywhere_skips_the_step(submission, rng, place):
    gradients = [tensor(rng, 3, 4).half(), tensor(rng, 2).bfloat16(), tensor(rng, 2, 2, 2)]
    gradients[place].flatten()[-1] = math.inf
    scaler = submission.LossScaler(initial=4.0)
    assert_equal(scaler.step(gradients), None)
    assert_state(scaler, 2.0, 0)


@points(0.5)
@hint("Two good steps, an overflow, a good step: how many good steps in a row are that?")
def test_an_overflow_ends_the_run_of_good_steps(submission):
    scaler = submission.LossScaler(initial=64.0, interval=3)
    for gradient, scale, good_steps in [
        (1.0, 64.0, 1),
        (1.0, 64.0, 2),
        (math.inf, 32.0, 0),
        (1.0, 32.0, 1),
        (1.0, 32.0, 2),
        (1.0, 64.0, 0),
    ]:
        scaler.step([half(gradient)])
        assert_state(scaler, scale, good_steps)


@points(0.5)
@hint("After how many good steps does the scale grow, and how many are there then?")
def test_the_scale_grows_after_an_interval_of_good_steps(submission):
    scaler = submission.LossScaler(initial=16.0, interval=2)
    for scale, good_steps in [(16.0, 1), (32.0, 0), (32.0, 1), (64.0, 0), (64.0, 1)]:
        scaler.step([half(2.0)])
        assert_state(scaler, scale, good_steps)
    every = submission.LossScaler(initial=1.0, interval=1)
    every.step([half(2.0)])
    assert_state(every, 2.0, 0)


@points(0.25)
@hint("The scale grows in this step. Which scale had the loss that these gradients come from?")
def test_gradients_of_the_step_that_grows_are_divided_by_the_old_scale(submission):
    scaler = submission.LossScaler(initial=16.0, interval=1)
    assert_float32(scaler.step([half(48.0, -8.0)]), [torch.tensor([3.0, -0.5])])
    assert_float32(scaler.step([half(48.0, -8.0)]), [torch.tensor([1.5, -0.25])])


@points(0.5)
@hint("A threshold of 1 is meant for gradients. Which norm did you compare with it?")
def test_the_norm_that_is_clipped_is_that_of_the_unscaled_gradients(submission):
    scaler = submission.LossScaler(initial=1024.0)
    # Unscaled 3 and 4, with a norm of 5.
    scaled = half(3 * 1024.0, 4 * 1024.0)
    assert_float32(scaler.step([scaled], max_norm=6.0), [torch.tensor([3.0, 4.0])])
    assert_float32(scaler.step([scaled], max_norm=2.5), [torch.tensor([1.5, 2.0])])


@points(0.5)
@hint("Does clipping change the direction of the step? Not if all are multiplied by the same.")
def test_the_norm_is_over_all_gradients(submission):
    scaler = submission.LossScaler(initial=2.0)
    gradients = [half(4.0, -8.0), half(8.0).reshape(1, 1), torch.tensor(-16.0)]
    # Unscaled 2, −4, 4 and −8: their norm is 10.
    expected = [torch.tensor([1.0, -2.0]), torch.tensor([[2.0]]), torch.tensor(-4.0)]
    assert_float32(scaler.step(gradients, max_norm=5.0), expected)
    assert_state(scaler, 2.0, 1)


@points(0.25)
@hint("What does clipping do to gradients whose norm is below the threshold?")
@pytest.mark.parametrize("max_norm", [None, 0.6, 500.0])
def test_gradients_within_the_norm_stay(submission, max_norm):
    scaler = submission.LossScaler(initial=2.0)
    assert_float32(scaler.step([half(0.6, 0.8)], max_norm), [half(0.3, 0.4).float()])


@points(0.25)
@hint("Which dtypes do gradients come in, and which do they go out in?")
def test_gradients_of_all_dtypes_and_shapes_come_back_as_float32(submission, rng):
    gradients = [
        tensor(rng, 2, 3).half(),
        tensor(rng, 4).bfloat16(),
        tensor(rng, 5, 2).T,
        torch.tensor(3.0),
        torch.zeros(0, 2),
    ]
    result = submission.LossScaler(initial=96.0).step(gradients)
    assert_float32(result, [gradient.float() / 96 for gradient in gradients])


@points(0.25)
@hint("Is there anything infinite among no gradients?")
def test_no_gradients_are_a_good_step(submission):
    scaler = submission.LossScaler(initial=4.0, interval=2)
    assert_equal(scaler.step([]), [])
    assert_state(scaler, 4.0, 1)
    assert_equal(scaler.step([], max_norm=1.0), [])
    assert_state(scaler, 8.0, 0)


@points(0.25)
@hint("Which settings would keep the scale from ever growing, shrinking, or staying positive?")
def test_settings_without_meaning_are_refused(submission):
    for setting, values in {
        "initial": (0, -1.0),
        "growth": (1.0, 0.5),
        "backoff": (0.0, 1.0, -0.5, 2.0),
        "interval": (0, -3),
    }.items():
        for value in values:
            assert_raises(ValueError, submission.LossScaler, **{setting: value})
    scaler = submission.LossScaler(initial=0.5, growth=1.5, backoff=0.75, interval=1)
    for max_norm in (0, -1.0):
        assert_raises(ValueError, scaler.step, [half(1.0)], max_norm)
        assert_raises(ValueError, scaler.step, [], max_norm)
    scaler.step([half(1.0)])
    assert_state(scaler, 0.75, 0)
    scaler.step([half(math.inf)])
    assert_state(scaler, 0.5625, 0)


# ── stochastic_round ──────────────────────────────────────────────────────────────────────────


@points(1)
@hint("x is a quarter of the way from a to b. For which share of the draws should it become b?")
def test_the_fraction_of_the_way_decides_with_the_draw(submission):
    # Between 256 and 258, and between 1 and 1 + 1/128.
    x = torch.tensor([256.5, 257.5, 256.25, 1 + 0.75 / 128, 1 + 0.25 / 128]).repeat(4)
    draws = torch.tensor([0.05, 0.2, 0.3, 0.45, 0.55, 0.7, 0.8, 0.95, 0.6, 0.4]).repeat(2)
    assert_equal(submission.stochastic_round(x, draws), stochastic_round(x, draws))


@points(0.5)
@hint("Which of the two neighbours of −256.5 is nearer to zero, and which does a draw of 0 give?")
def test_negative_numbers_are_rounded_as_their_magnitudes(submission):
    x = -torch.tensor([256.5, 257.5, 256.25, 1 + 0.75 / 128, 1 + 0.25 / 128]).repeat(2)
    draws = torch.tensor([0.2, 0.8, 0.3, 0.7, 0.1, 0.3, 0.7, 0.1, 0.8, 0.6])
    assert_equal(submission.stochastic_round(x, draws), stochastic_round(x, draws))


@points(0.5)
@hint("Is the draw compared with < or with ≤? Think of a draw of 0 and a fraction of 0.")
def test_a_draw_that_equals_the_fraction_rounds_toward_zero(submission):
    x = torch.tensor([256.5, 257.5, -256.5, 257.0])
    exact = torch.tensor([0.25, 0.75, 0.25, 0.5])
    below = torch.nextafter(exact, torch.zeros(4))
    assert_equal(submission.stochastic_round(x, exact), brain(256.0, 256.0, -256.0, 256.0))
    assert_equal(submission.stochastic_round(x, below), brain(258.0, 258.0, -258.0, 258.0))


@points(0.5)
@hint("Which fraction of the way has a number gone that bfloat16 holds exactly?")
def test_numbers_of_bfloat16_stay_whatever_the_draw(submission, rng):
    x = torch.cat([tensor(rng, 20).bfloat16().float(), torch.tensor([0.0, -0.0, 1.0, -256.0])])
    for draw in (0.0, 0.3, 0.999):
        rounded = submission.stochastic_round(x, torch.full((24,), draw))
        assert_dtype(rounded, torch.bfloat16)
        assert_equal(rounded, x.bfloat16())


@points(0.25)
@hint("Clear the low bits of a NaN, or add to those of infinity. What do you get?")
def test_infinities_and_nan_stay(submission):
    hidden = torch.tensor([0x7F800001, -0x7FFFFF], dtype=torch.int32).view(torch.float32)
    x = torch.cat([torch.tensor([math.inf, -math.inf, math.nan]), hidden])
    for draw in (0.0, 0.99):
        expected = brain(math.inf, -math.inf, math.nan, math.nan, math.nan)
        assert_equal(submission.stochastic_round(x, torch.full((5,), draw)), expected)


@points(0.25)
@hint("511.5 lies between 510 and the next number. Which is that, and how far is the one after it?")
def test_rounding_up_may_reach_the_next_power_of_two(submission):
    x = torch.tensor([511.5, -511.5, 3e38, 1.9999, 2.0**-126 * 1.9999])
    for draw in (0.0, 0.99):
        draws = torch.full((5,), draw)
        rounded = submission.stochastic_round(x, draws)
        assert_equal(rounded, stochastic_round(x, draws))


@points(0.5)
@hint("Draw evenly, round, and take the mean. Should it not be x?")
@pytest.mark.parametrize("x", [3.14159, -0.1])
def test_the_mean_over_all_draws_is_the_number_itself(submission, x):
    draws = (torch.arange(65536) + 0.5) / 65536
    rounded = submission.stochastic_round(torch.full((65536,), x), draws)
    assert_close(rounded.double().mean().float(), torch.tensor(x))


@points(0.25)
@hint("Does your code read the memory of x, or its elements?")
def test_tensors_of_any_shape_are_rounded(submission, rng):
    x, draws = tensor(rng, 3, 4), torch.as_tensor(rng.uniform(size=(3, 4))).float()
    for a, b in [(x, draws), (x.T, draws.T), (x[:, 1], draws[:, 2]), (x[0, 0], draws[1, 1])]:
        assert_equal(submission.stochastic_round(a, b), stochastic_round(a, b))
    empty = torch.zeros(0, 2)
    assert_equal(submission.stochastic_round(empty, empty), empty.bfloat16())


@points(0.25)
@hint("Would these shapes broadcast? Does each number have a draw of its own?")
def test_shapes_that_differ_are_refused(submission):
    for shape in [(3,), (1,), (2, 1), (3, 2), ()]:
        assert_raises(ValueError, submission.stochastic_round, torch.ones(2, 3), torch.ones(shape))


# ── train_low_precision ───────────────────────────────────────────────────────────────────────


def assert_trained(train, expected, weight, gradients, lr, mode, draws=None):
    trained = train(weight, gradients, lr, mode, draws)
    assert_dtype(trained, torch.bfloat16)
    assert_equal(trained, expected)


def away_from_zero(*updates, steps=1):
    """Return gradients that move weights of ±256, in `steps` equal parts, by so much."""
    return (-2 * torch.tensor(updates) / steps).expand(steps, -1).clone()


@points(0.5)
@hint("What does a step subtract from the weight, and in which precision?")
def test_nearest_rounds_after_every_step(submission):
    # 256 → 257.5 → 258, then 258 → 259.5 → 260: each update is rounded up to 2.
    weight = brain(256.0, 256.0, -256.0, 256.0, 4.0)
    gradients = torch.tensor([[-3.0, 2.0, 3.0, 0.0, 5.0]]).repeat(40, 1)
    expected = train_low_precision(weight, gradients, 0.5, "nearest")
    assert_trained(submission.train_low_precision, expected, weight, gradients, 0.5, "nearest")


@points(0.25)
@hint("Half of the distance to the next bfloat16 is a tie. What do smaller updates do?")
def test_nearest_loses_updates_below_half_a_step(submission):
    weight = brain(256.0, -256.0, 1.0)
    gradients = away_from_zero(0.75, -0.75, 0.0035).repeat(60, 1)
    assert_trained(submission.train_low_precision, weight, weight, gradients, 0.5, "nearest")


@points(0.75)
@hint("A hundred updates of 0.75: how much is lost, and when does the master copy lose it?")
def test_a_master_copy_adds_up_small_updates(submission):
    weight = brain(256.0, -256.0, 1.0)
    gradients = away_from_zero(0.75, -0.75, 0.0035).repeat(60, 1)
    # 256 + 45 = 301 and 1.21 are rounded once.
    expected = brain(301.0, -301.0, 1.21)
    assert_trained(submission.train_low_precision, expected, weight, gradients, 0.5, "master")


@points(0.75)
@hint("Is it the update that is rounded, or the weight after the update?")
def test_stochastic_rounds_the_weight_after_the_update(submission):
    # A quarter of the way from ±256 to ±258, and a bit less than half of that from 258 to 260. The
    # second step takes 256 away, so that what rounding has done is seen alone.
    weight = brain(256.0, 256.0, 256.0, -256.0, -256.0, -256.0, 258.0)
    signs = weight.float().sign()
    first = -signs
    first[-1] = -2 * (1 - 1 / 512)
    gradients = torch.stack([first, 512 * signs])
    draws = torch.tensor([[0.1, 0.4, 0.9, 0.1, 0.4, 0.9, 0.1], [0.5] * 7])
    expected = brain(2.0, 0.0, 0.0, -2.0, 0.0, 0.0, 4.0)
    train = submission.train_low_precision
    assert_trained(train, expected, weight, gradients, 0.5, "stochastic", draws)


@points(0.5)
@hint("Which row of the draws belongs to the third step?")
def test_each_step_has_its_own_row_of_draws(submission):
    weight = brain(256.0, 256.0, 256.0, 256.0)
    small, back = torch.full((1, 4), -2.0), torch.full((1, 4), 512.0)
    gradients = torch.cat([small, small, small, back])
    draws = torch.tensor(
        [[0.2, 0.9, 0.9, 0.2], [0.9, 0.2, 0.9, 0.2], [0.9, 0.9, 0.2, 0.2], [0.0] * 4]
    )
    # Half of the way each time.
    expected = brain(2.0, 2.0, 2.0, 6.0)
    assert_trained(
        submission.train_low_precision, expected, weight, gradients, 0.5, "stochastic", draws
    )


@points(0.25)
@hint("Which weight is there after no step at all?")
@pytest.mark.parametrize("mode", ["nearest", "stochastic", "master"])
def test_no_steps_return_the_weight(submission, rng, mode):
    weight, nothing = tensor(rng, 5).bfloat16(), torch.zeros(0, 5)
    assert_trained(submission.train_low_precision, weight, weight, nothing, 0.25, mode, nothing)


@points(0.25)
@hint("Which modes are there, and which of them needs something more?")
def test_unknown_modes_and_missing_draws_are_refused(submission):
    weight = brain(1.0, 2.0)
    for gradients in (torch.ones(3, 2), torch.zeros(0, 2)):
        for mode in ("fp32", "Nearest", ""):
            train = submission.train_low_precision
            assert_raises(ValueError, train, weight, gradients, 0.5, mode, gradients)
        assert_raises(
            ValueError, submission.train_low_precision, weight, gradients, 0.5, "stochastic"
        )


@points(0.25)
@hint("Which mode looks at the draws?")
@pytest.mark.parametrize("mode", ["nearest", "master"])
def test_draws_mean_nothing_to_the_other_modes(submission, rng, mode):
    weight, gradients = tensor(rng, 4).bfloat16(), tensor(rng, 6, 4)
    expected = train_low_precision(weight, gradients, 0.125, mode)
    for draws in (torch.zeros(6, 4), torch.full((6, 4), 0.99), torch.zeros(1)):
        assert_trained(
            submission.train_low_precision, expected, weight, gradients, 0.125, mode, draws
        )


@points(0.5)
@hint("How many bits has a gradient in float32? At which point may they be rounded away?")
@pytest.mark.parametrize("mode", ["nearest", "master"])
def test_gradients_are_not_rounded_first(submission, mode):
    # Rounded to bfloat16, the update would be as large as the weight.
    weight = brain(1024.0, -2048.0)
    gradients = torch.tensor([[8192.0, -16384.0]]) * (1 + 1 / 512)
    assert_trained(submission.train_low_precision, brain(-2.0, 4.0), weight, gradients, 0.125, mode)
