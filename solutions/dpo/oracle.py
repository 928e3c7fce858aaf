"""PyTorch's cross-entropy, and scipy's logarithm of the sigmoid in float64."""

import numpy as np
import torch
from scipy.special import log_expit
from torch.nn import functional as F

from solutions.dpo import dpo as reference


class LogSigmoid(torch.autograd.Function):
    """scipy's log σ, with its gradient σ(−x)."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.from_numpy(np.asarray(log_expit(x.detach().numpy())))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * torch.from_numpy(np.asarray(np.exp(log_expit(-x.numpy()))))


def sequence_logps(logits, labels):
    _, counts = reference.sequence_logps(logits, labels)  # for its errors
    losses = F.cross_entropy(
        logits[:, :-1].transpose(1, 2), labels[:, 1:], ignore_index=-100, reduction="none"
    )
    return -losses.sum(dim=1), counts


def dpo_loss(
    policy_chosen,
    policy_rejected,
    reference_chosen,
    reference_rejected,
    beta=0.1,
    label_smoothing=0.0,
):
    values = policy_chosen, policy_rejected, reference_chosen, reference_rejected
    _, *rewards = reference.dpo_loss(*values, beta, label_smoothing)
    chosen, rejected, *frozen = (value.double() for value in values)
    logits = beta * ((chosen - frozen[0].detach()) - (rejected - frozen[1].detach()))
    right, flipped = LogSigmoid.apply(logits), LogSigmoid.apply(-logits)
    losses = -(1 - label_smoothing) * right - label_smoothing * flipped
    return losses.mean().float(), *rewards


def simpo_loss(policy_chosen, policy_rejected, chosen_tokens, rejected_tokens, beta=2.0, gamma=1.0):
    values = policy_chosen, policy_rejected, chosen_tokens, rejected_tokens
    reference.simpo_loss(*values, beta, gamma)
    chosen, rejected, *counts = (value.double() for value in values)
    logits = beta * chosen / counts[0] - beta * rejected / counts[1] - gamma
    return -LogSigmoid.apply(logits).mean().float()
