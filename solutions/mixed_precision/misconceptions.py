"""The wrong turns of mixed precision."""

import torch

from autograder.suite import misconception
from solutions.mixed_precision.mixed_precision import (
    LossScaler,
    clipped,
    stochastic_round,
    train_low_precision,
)

# ── LossScaler ────────────────────────────────────────────────────────────────────────────────


class Scaler(LossScaler):
    """The reference with its decisions as methods."""

    def overflows(self, gradients):
        return not all(gradient.isfinite().all() for gradient in gradients)

    def prepared(self, gradients, max_norm):
        unscaled = [gradient.float() / self.scale for gradient in gradients]
        return unscaled if max_norm is None else clipped(unscaled, max_norm)

    def after_overflow(self):
        self.scale *= self.backoff
        self.good_steps = 0

    def after_good_step(self):
        self.good_steps += 1
        if self.good_steps == self.interval:
            self.scale *= self.growth
            self.good_steps = 0

    def step(self, gradients, max_norm=None):
        if max_norm is not None and max_norm <= 0:
            raise ValueError("max_norm is not above 0")
        if self.overflows(gradients):
            self.after_overflow()
            return None
        result = self.prepared(gradients, max_norm)
        self.after_good_step()
        return result


@misconception(
    replaces="LossScaler",
    says="the gradients are divided by the scale in half precision, where small ones underflow",
    hint="Divide 10⁻³ by 65536 in float16. What is left of it?",
)
class unscales_in_half(Scaler):
    def prepared(self, gradients, max_norm):
        unscaled = [(gradient / self.scale).float() for gradient in gradients]
        return unscaled if max_norm is None else clipped(unscaled, max_norm)


@misconception(
    replaces="LossScaler",
    says="the optimiser gets gradients that are still multiplied by the scale",
    hint="The learning rate was chosen for gradients of the loss. Are yours those?",
)
class never_unscales(Scaler):
    def prepared(self, gradients, max_norm):
        scaled = [gradient.float() for gradient in gradients]
        return scaled if max_norm is None else clipped(scaled, max_norm)


@misconception(
    replaces="LossScaler",
    says="the norm is clipped while the gradients are still scaled",
    hint="What does a threshold of 1 mean when the scale is 65536, and what when it is 1?",
)
class clips_before_unscaling(Scaler):
    def prepared(self, gradients, max_norm):
        scaled = [gradient.float() for gradient in gradients]
        if max_norm is not None:
            scaled = clipped(scaled, max_norm)
        return [gradient / self.scale for gradient in scaled]


@misconception(
    replaces="LossScaler",
    says="only infinities count as overflow; NaN goes through to the optimiser",
    hint="What does `isinf` say of NaN?",
)
class misses_nan(Scaler):
    def overflows(self, gradients):
        return any(gradient.isinf().any() for gradient in gradients)


@misconception(
    replaces="LossScaler",
    says="an overflow does not reset the count of good steps, so the scale grows too early",
    hint="Print `good_steps` before and after an overflow.",
)
class overflow_keeps_count(Scaler):
    def after_overflow(self):
        self.scale *= self.backoff


@misconception(
    replaces="LossScaler",
    says="each gradient is clipped by its own norm, not all by that of all of them",
    hint="Does the direction of the whole step stay the same?",
)
class clips_each_gradient(Scaler):
    def prepared(self, gradients, max_norm):
        unscaled = [gradient.float() / self.scale for gradient in gradients]
        if max_norm is None:
            return unscaled
        return [clipped([gradient], max_norm)[0] for gradient in unscaled]


@misconception(
    replaces="LossScaler",
    says="the scale grows before the gradients are divided by it",
    hint="With which scale was the loss multiplied that these gradients come from?",
)
class unscales_with_the_new_scale(Scaler):
    def step(self, gradients, max_norm=None):
        if max_norm is not None and max_norm <= 0:
            raise ValueError("max_norm is not above 0")
        if self.overflows(gradients):
            self.after_overflow()
            return None
        self.after_good_step()
        return self.prepared(gradients, max_norm)


@misconception(
    replaces="LossScaler",
    says="the count goes on after the scale has grown, so it grows again with the next step",
    hint="How many good steps have there been since the last change of scale?",
)
class count_kept_after_growth(Scaler):
    def after_good_step(self):
        self.good_steps += 1
        if self.good_steps >= self.interval:
            self.scale *= self.growth


@misconception(
    replaces="LossScaler",
    says="the scale grows a step too late, after interval + 1 good steps",
    hint="With an interval of 1, after which step does the scale grow?",
)
class grows_a_step_late(Scaler):
    def after_good_step(self):
        self.good_steps += 1
        if self.good_steps > self.interval:
            self.scale *= self.growth
            self.good_steps = 0


# ── stochastic_round ──────────────────────────────────────────────────────────────────────────


def rounded(x, draws, decide):
    """Round as the reference, away from zero where `decide(fraction, draws, x)` says so."""
    stochastic_round(x, draws)
    bits = x.view(torch.int32)
    low = bits & 0xFFFF
    away = decide(low / 65536, draws, x) & (low > 0)
    result = (bits - low + 65536 * away).to(torch.int32).view(torch.float32)
    return torch.where(x.isfinite(), result, x).to(torch.bfloat16)


@misconception(
    replaces="stochastic_round",
    says="rounds away from zero when the draw is below ½, however near x is to either neighbour, "
    "so the mean is biased",
    hint="Round 256.1 a thousand times. Is the mean near 256.1?",
)
def coin_flip(x, draws):
    return rounded(x, draws, lambda fraction, draws, x: draws < 0.5)


@misconception(
    replaces="stochastic_round",
    says="rounds away from zero when the draw is above the fraction, so the nearer neighbour is "
    "the rarer",
    hint="256.1 is nearer to 256 than to 258. Which of them do you return more often?",
)
def draw_reversed(x, draws):
    return rounded(x, draws, lambda fraction, draws, x: draws > fraction)


@misconception(
    replaces="stochastic_round",
    says="negative numbers are rounded up where they should be rounded away from zero",
    hint="Is the fraction measured from the number below, or from the one toward zero?",
)
def rounds_up(x, draws):
    def decide(fraction, draws, x):
        return torch.where(x < 0, draws >= 1 - fraction, draws < fraction)

    return rounded(x, draws, decide)


@misconception(
    replaces="stochastic_round",
    says="x is rounded to nearest, whatever the draw",
    hint="Which of your arguments does the result not depend on?",
)
def draws_ignored(x, draws):
    stochastic_round(x, draws)
    return x.to(torch.bfloat16)


# ── train_low_precision ───────────────────────────────────────────────────────────────────────


@misconception(
    replaces="train_low_precision",
    says="the master copy is rounded to bfloat16 after every step, so small updates are lost all "
    "the same",
    hint="What is the dtype of your master copy between two steps?",
)
def master_rounded_every_step(weight, gradients, lr, mode, draws=None):
    mode = "nearest" if mode == "master" else mode
    return train_low_precision(weight, gradients, lr, mode, draws)


@misconception(
    replaces="train_low_precision",
    says="the update is rounded stochastically and then added in bfloat16, where it is lost",
    hint="−0.25 is a number of bfloat16. What does rounding it do, and what then becomes of 256?",
)
def rounds_the_update(weight, gradients, lr, mode, draws=None):
    if mode != "stochastic" or draws is None:
        return train_low_precision(weight, gradients, lr, mode, draws)
    for gradient, row in zip(gradients, draws, strict=True):
        weight = weight - stochastic_round(lr * gradient, row)
    return weight.clone()


@misconception(
    replaces="train_low_precision",
    says="the first row of draws is used in every step",
    hint="Which row of the draws do you read in the second step?",
)
def one_row_of_draws(weight, gradients, lr, mode, draws=None):
    if mode == "stochastic" and draws is not None and len(draws):
        draws = draws[:1].expand(len(gradients), -1)
    return train_low_precision(weight, gradients, lr, mode, draws)


@misconception(
    replaces="train_low_precision",
    says="the stochastic mode keeps a float32 copy and rounds once, at the end",
    hint="What was stochastic rounding to replace?",
)
def stochastic_with_a_master_copy(weight, gradients, lr, mode, draws=None):
    if mode != "stochastic" or draws is None or not len(gradients):
        return train_low_precision(weight, gradients, lr, mode, draws)
    w = weight.float()
    for gradient in gradients:
        w = w - lr * gradient
    return stochastic_round(w, draws[-1])


@misconception(
    replaces="train_low_precision",
    says="the gradient is rounded to bfloat16 before the step",
    hint="What is the dtype of the gradients that you are given?",
)
def gradients_rounded_first(weight, gradients, lr, mode, draws=None):
    return train_low_precision(weight, gradients.bfloat16().float(), lr, mode, draws)


@misconception(
    replaces="train_low_precision",
    says="the gradient is added, not subtracted",
    hint="Does the loss rise or fall along the gradient?",
)
def climbs(weight, gradients, lr, mode, draws=None):
    return train_low_precision(weight, -gradients, lr, mode, draws)
