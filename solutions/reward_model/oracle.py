"""scipy's logarithm of the sigmoid in float64, and brute force over subsets where there are few."""

from itertools import combinations
from math import comb

import numpy as np
import torch
from scipy.special import log_expit

from solutions.reward_model import reward_model as reference


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


def preference_loss(chosen, rejected, margin=None, tie=None):
    result = reference.preference_loss(chosen, rejected, margin, tie)  # for its errors
    difference = chosen.double() - rejected.double()
    shifted = difference if margin is None else difference - margin
    losses = [-LogSigmoid.apply(one) for one in (shifted, difference, -difference)]
    tied = tie if tie is not None else torch.zeros(len(chosen), dtype=torch.bool)
    return torch.where(tied, (losses[1] + losses[2]) / 2, losses[0]).mean().to(result.dtype)


def ranking_loss(rewards, ranks):
    reference.ranking_loss(rewards, ranks)
    prompts = []
    for reward, rank in zip(rewards, ranks, strict=True):
        found = [
            -LogSigmoid.apply(reward[i].double() - reward[j].double())
            for i in range(len(rank))
            for j in range(len(rank))
            if rank[i] < rank[j]
        ]
        if found:
            prompts.append(sum(found) / len(found))
    return (sum(prompts) / len(prompts)).float()


def expected_best_of_n(rewards, n):
    result = reference.expected_best_of_n(rewards, n)
    if len(rewards) > 20:
        return result
    subsets = combinations(rewards, n)
    return sum(max(drawn) for drawn in subsets) / comb(len(rewards), n)
