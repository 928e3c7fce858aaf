"""The wrong turns of a training loop."""

import math

import torch

from autograder.suite import misconception
from solutions.training_loop.training_loop import (
    accumulate_gradients,
    adamw_step,
    clip_gradients,
    learning_rate,
    summed_loss,
)

# ── learning_rate ─────────────────────────────────────────────────────────────────────────────


def cosine(peak, floor, progress):
    """Return the rate at a share of the way from peak to floor."""
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress)) / 2


@misconception(
    replaces="learning_rate",
    says="the cosine's progress is step / total_steps, so the rate jumps where the warm-up ends",
    hint="Print the rates of the last step of the warm-up and of the one after it.",
)
def cosine_ignores_warmup(step, peak, warmup_steps, total_steps, floor=0.0):
    right = learning_rate(step, peak, warmup_steps, total_steps, floor)
    if step <= warmup_steps or step > total_steps:
        return right
    return cosine(peak, floor, step / total_steps)


@misconception(
    replaces="learning_rate",
    says="the progress is not held at one, so the rate rises again after total_steps",
    hint="What does a cosine do after half a turn?",
)
def rises_again(step, peak, warmup_steps, total_steps, floor=0.0):
    right = learning_rate(step, peak, warmup_steps, total_steps, floor)
    if step <= total_steps or warmup_steps == total_steps:
        return right
    return cosine(peak, floor, (step - warmup_steps) / (total_steps - warmup_steps))


@misconception(
    replaces="learning_rate",
    says="steps are taken to count from 0, so the first update has a rate of 0",
    hint="What does the first update change if its rate is 0?",
)
def counted_from_zero(step, peak, warmup_steps, total_steps, floor=0.0):
    learning_rate(step, peak, warmup_steps, total_steps, floor)
    if step - 1 < warmup_steps:
        return peak * (step - 1) / warmup_steps
    if step > total_steps:
        return floor
    return cosine(peak, floor, (step - 1 - warmup_steps) / (total_steps - warmup_steps))


@misconception(
    replaces="learning_rate",
    says="the floor is added to a cosine from peak to 0, so the rate starts above the peak",
    hint="Between which two rates does the cosine run?",
)
def floor_on_top(step, peak, warmup_steps, total_steps, floor=0.0):
    right = learning_rate(step, peak, warmup_steps, total_steps, floor)
    if step <= warmup_steps:
        return right
    return floor + learning_rate(step, peak, warmup_steps, total_steps)


@misconception(
    replaces="learning_rate",
    says="the floor is a lower bound of a cosine to 0, which is cut off there",
    hint="Where does the cosine end: at 0, or at the floor?",
)
def cut_at_the_floor(step, peak, warmup_steps, total_steps, floor=0.0):
    right = learning_rate(step, peak, warmup_steps, total_steps, floor)
    if step <= warmup_steps:
        return right
    return max(floor, learning_rate(step, peak, warmup_steps, total_steps))


@misconception(
    replaces="learning_rate",
    says="the warm-up starts from the floor, not from 0",
    hint="What does the formula of the warm-up say about the floor?",
)
def warms_up_from_the_floor(step, peak, warmup_steps, total_steps, floor=0.0):
    right = learning_rate(step, peak, warmup_steps, total_steps, floor)
    if step > warmup_steps:
        return right
    return floor + (peak - floor) * step / warmup_steps


@misconception(
    replaces="learning_rate",
    says="the rate falls in a line, not in a cosine",
    hint="How steep is half a cosine at its two ends?",
)
def falls_in_a_line(step, peak, warmup_steps, total_steps, floor=0.0):
    right = learning_rate(step, peak, warmup_steps, total_steps, floor)
    if step <= warmup_steps or step > total_steps:
        return right
    return floor + (peak - floor) * (total_steps - step) / (total_steps - warmup_steps)


# ── adamw_step ────────────────────────────────────────────────────────────────────────────────


def moments(gradient, first, second, betas):
    """Return the moments after a step."""
    return (
        betas[0] * first + (1 - betas[0]) * gradient,
        betas[1] * second + (1 - betas[1]) * gradient**2,
    )


def checked(parameter, gradient, first, second, step):
    """Raise what a step has to raise."""
    adamw_step(parameter, gradient, first, second, step, 0.0)


@misconception(
    replaces="adamw_step",
    says="weight decay is added to the gradient (L2), so it passes through the moments and is not "
    "decoupled",
    hint="Which parameters decay less if the decay is divided by the root of the second moment?",
)
def decay_in_gradient(
    parameter, gradient, first, second, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    checked(parameter, gradient, first, second, step)
    gradient = gradient + weight_decay * parameter
    return adamw_step(parameter, gradient, first, second, step, lr, betas, eps, 0.0)


@misconception(
    replaces="adamw_step",
    says="the moments are not divided by 1 − β^step",
    hint="The moments start at zero. How large is the first one after one step?",
)
def no_bias_correction(
    parameter, gradient, first, second, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    checked(parameter, gradient, first, second, step)
    first, second = moments(gradient, first, second, betas)
    decayed = parameter * (1 - lr * weight_decay)
    return decayed - lr * first / (second.sqrt() + eps), first, second


@misconception(
    replaces="adamw_step",
    says="the decay is weight_decay, not lr times weight_decay",
    hint="What happens to the decay when the schedule lowers the rate?",
)
def decay_without_rate(
    parameter, gradient, first, second, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    right = adamw_step(parameter, gradient, first, second, step, lr, betas, eps, 0.0)
    return right[0] - weight_decay * parameter, *right[1:]


@misconception(
    replaces="adamw_step",
    says="the parameter is not decayed at all, which is plain Adam",
    hint="A gradient of zero: what does your step do to the parameter?",
)
def no_decay(
    parameter, gradient, first, second, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    return adamw_step(parameter, gradient, first, second, step, lr, betas, eps, 0.0)


@misconception(
    replaces="adamw_step",
    says="the corrected moments are returned, so the next step corrects them once more",
    hint="Which moments does the next step want: those before or after the correction?",
)
def corrected_moments_returned(
    parameter, gradient, first, second, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    parameter, first, second = adamw_step(
        parameter, gradient, first, second, step, lr, betas, eps, weight_decay
    )
    return parameter, first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)


@misconception(
    replaces="adamw_step",
    says="the step is the same for every number of steps: the correction is that of the first one",
    hint="How much of what the moments estimate do they hold after a hundred steps?",
)
def always_the_first_correction(
    parameter, gradient, first, second, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    checked(parameter, gradient, first, second, step)
    return adamw_step(parameter, gradient, first, second, 1, lr, betas, eps, weight_decay)


@misconception(
    replaces="adamw_step",
    says="eps is added under the root",
    hint="With eps = 1 and a second moment of 9, which denominator do you get?",
)
def eps_under_the_root(
    parameter, gradient, first, second, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    checked(parameter, gradient, first, second, step)
    first, second = moments(gradient, first, second, betas)
    mean, square = first / (1 - betas[0] ** step), second / (1 - betas[1] ** step)
    decayed = parameter * (1 - lr * weight_decay)
    return decayed - lr * mean / (square + eps).sqrt(), first, second


@misconception(
    replaces="adamw_step",
    says="the second moment averages the gradient, and the square is taken of that",
    hint="Two opposite gradients: how large is the mean of their squares?",
)
def square_of_the_average(
    parameter, gradient, first, second, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    checked(parameter, gradient, first, second, step)
    new_first, _ = moments(gradient, first, second, betas)
    new_second = betas[1] * second + (1 - betas[1]) * new_first**2
    mean, square = new_first / (1 - betas[0] ** step), new_second / (1 - betas[1] ** step)
    decayed = parameter * (1 - lr * weight_decay)
    return decayed - lr * mean / (square.sqrt() + eps), new_first, new_second


# ── clip_gradients ────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="clip_gradients",
    says="each tensor is clipped by its own norm, which changes the direction of the whole "
    "gradient (the norm returned is right)",
    hint="Two gradients of norms 3 and 4. In which ratio are they after clipping?",
)
def clipped_one_by_one(gradients, max_norm):
    _, norm = clip_gradients(gradients, max_norm)
    return [clip_gradients([gradient], max_norm)[0][0] for gradient in gradients], norm


@misconception(
    replaces="clip_gradients",
    says="gradients below max_norm are scaled up to it",
    hint="Near the optimum gradients are small. What becomes of them?",
)
def always_rescaled(gradients, max_norm):
    _, norm = clip_gradients(gradients, max_norm)
    factor = max_norm / norm if norm > 0 else 1.0
    return [gradient * factor for gradient in gradients], norm


@misconception(
    replaces="clip_gradients",
    says="each value is clipped to ±max_norm by itself",
    hint="A gradient of (30, 40), clipped to a norm of 5: which direction has it afterwards?",
)
def clipped_by_value(gradients, max_norm):
    _, norm = clip_gradients(gradients, max_norm)
    return [gradient.clamp(-max_norm, max_norm) for gradient in gradients], norm


@misconception(
    replaces="clip_gradients",
    says="the norms of the tensors are added up, not their squares",
    hint="What is the norm of (3, 4), if 3 and 4 lie in two tensors?",
)
def norms_added(gradients, max_norm):
    clip_gradients(gradients, max_norm)
    norm = sum((gradient.norm().item() for gradient in gradients), 0.0)
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return [gradient * factor for gradient in gradients], norm


@misconception(
    replaces="clip_gradients",
    says="the root is not taken: the norm is the sum of the squares",
    hint="What is the norm of (3, 4)?",
)
def not_square_rooted(gradients, max_norm):
    _, norm = clip_gradients(gradients, max_norm)
    factor = min(1.0, max_norm / norm**2) if norm > 0 else 1.0
    return [gradient * factor for gradient in gradients], norm**2


@misconception(
    replaces="clip_gradients",
    says="the norm that is returned is that after clipping",
    hint="Which norm would you log, to see that a step was far out?",
)
def norm_after_clipping(gradients, max_norm):
    clipped, norm = clip_gradients(gradients, max_norm)
    return clipped, min(norm, float(max_norm))


# ── accumulate_gradients ──────────────────────────────────────────────────────────────────────


def parts(weight, micro_batches):
    """Return the summed loss, its gradient and the number of labels of each micro-batch."""
    return [summed_loss(weight, x, labels) for x, labels in micro_batches]


def averaged(weight, losses, gradients, count):
    """Return the sums over a count."""
    zeros = torch.zeros_like(weight)
    return sum(losses, 0.0) / max(count, 1), sum(gradients, zeros) / max(count, 1)


@misconception(
    replaces="accumulate_gradients",
    says="the means of the micro-batches that have labels are averaged, so tokens of short "
    "micro-batches weigh more",
    hint="One micro-batch has 2 labels, another 200. How much does one label of each weigh?",
)
def mean_of_means(weight, micro_batches):
    given = [part for part in parts(weight, micro_batches) if part[2]]
    losses = [loss / count for loss, _, count in given]
    gradients = [gradient / count for _, gradient, count in given]
    return averaged(weight, losses, gradients, len(given))


@misconception(
    replaces="accumulate_gradients",
    says="labels of -100 are counted in the denominator",
    hint="By how many labels do you divide when half of them are -100?",
)
def ignored_labels_counted(weight, micro_batches):
    given = parts(weight, micro_batches)
    count = sum(len(labels) for _, labels in micro_batches)
    return averaged(weight, [loss for loss, _, _ in given], [g for _, g, _ in given], count)


@misconception(
    replaces="accumulate_gradients",
    says="losses and gradients are summed and never divided",
    hint="What happens to the step when the batch is twice as large?",
)
def never_divided(weight, micro_batches):
    given = parts(weight, micro_batches)
    return averaged(weight, [loss for loss, _, _ in given], [g for _, g, _ in given], 1)


@misconception(
    replaces="accumulate_gradients",
    says="the gradients of the micro-batches are means that are added up, and nothing divides by "
    "the number of micro-batches",
    hint="Two micro-batches that are the same: is the gradient that of one, or twice as large?",
)
def sum_of_means(weight, micro_batches):
    given = [part for part in parts(weight, micro_batches) if part[2]]
    losses = [loss / count for loss, _, count in given]
    gradients = [gradient / count for _, gradient, count in given]
    return averaged(weight, losses, gradients, 1)


@misconception(
    replaces="accumulate_gradients",
    says="each micro-batch overwrites the gradient of the one before",
    hint="When is the gradient set to zero: before each micro-batch, or before each step?",
)
def gradient_overwritten(weight, micro_batches):
    loss, gradient = accumulate_gradients(weight, micro_batches)
    given = [part for part in parts(weight, micro_batches) if part[2]]
    count = sum(part[2] for part in given)
    return loss, given[-1][1] / count if given else gradient
