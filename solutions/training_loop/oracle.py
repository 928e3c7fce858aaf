"""PyTorch's AdamW, clipping and cross-entropy, and transformers' schedule.

`clip_grad_norm_` adds 1e-6 to the norm, which the suite's tolerances leave room for.
"""

import torch
from torch import nn
from transformers import get_cosine_schedule_with_warmup

from solutions.training_loop import training_loop as reference


def learning_rate(step, peak, warmup_steps, total_steps, floor=0.0):
    reference.learning_rate(step, peak, warmup_steps, total_steps, floor)  # for its errors
    if step > total_steps:
        return floor  # where theirs rises again
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = get_cosine_schedule_with_warmup(optimizer, warmup_steps, total_steps)
    factor = schedule.lr_lambdas[0](step)
    # It knows no floor, so the cosine's share is stretched between floor and peak.
    return peak * factor if step <= warmup_steps else floor + (peak - floor) * factor


def adamw_step(
    parameter, gradient, first, second, step, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
):
    # For its errors.
    reference.adamw_step(parameter, gradient, first, second, step, lr, betas, eps, weight_decay)
    value = nn.Parameter(parameter.clone())
    value.grad = gradient.clone()
    optimizer = torch.optim.AdamW([value], lr, betas, eps, weight_decay)
    optimizer.state[value] = {
        "step": torch.tensor(step - 1.0),
        "exp_avg": first.clone(),
        "exp_avg_sq": second.clone(),
    }
    optimizer.step()
    state = optimizer.state[value]
    return value.detach(), state["exp_avg"], state["exp_avg_sq"]


def clip_gradients(gradients, max_norm):
    reference.clip_gradients(gradients, max_norm)  # for its errors
    parameters = [nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
    for value, gradient in zip(parameters, gradients, strict=True):
        value.grad = gradient.clone()
    norm = nn.utils.clip_grad_norm_(parameters, max_norm)
    return [value.grad for value in parameters], norm.item()


def accumulate_gradients(weight, micro_batches):
    x = torch.cat([weight[:0], *(x for x, _ in micro_batches)])
    labels = torch.cat([torch.zeros(0, dtype=torch.int64), *(y for _, y in micro_batches)])
    if (labels == -100).all():
        return 0.0, torch.zeros_like(weight)
    leaf = weight.clone().requires_grad_(True)
    loss = nn.functional.cross_entropy(x @ leaf.T, labels, ignore_index=-100)
    loss.backward()
    return loss.item(), leaf.grad
