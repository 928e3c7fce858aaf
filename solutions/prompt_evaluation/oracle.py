"""scipy's binomial test, numpy's quantile, and the textbook forms of the other two."""

import numpy as np
from scipy.stats import binomtest


def mcnemar_exact(first, second):
    if len(first) != len(second):
        raise ValueError("first and second differ in length")
    first, second = np.array(first, dtype=bool), np.array(second, dtype=bool)
    b, c = int((first & ~second).sum()), int((second & ~first).sum())
    return float(binomtest(b, b + c, 0.5).pvalue) if b + c else 1.0


def paired_bootstrap(first, second, indices, level=0.95):
    if not first.shape == second.shape == indices.shape[1:] or 0 in indices.shape:
        raise ValueError("the shapes will not do")
    if level <= 0 or level >= 1:
        raise ValueError("level is outside (0, 1)")
    differences = [
        np.mean([second[case] for case in row]) - np.mean([first[case] for case in row])
        for row in indices
    ]
    ends = [np.quantile(differences, 0.5 + side * level / 2) for side in (-1, 1)]
    return np.mean(second) - np.mean(first), *ends


def holm(p_values, alpha=0.05):
    """Compare adjusted p-values with alpha: a running maximum of (m − i + 1) · p."""
    if any(p < 0 or p > 1 for p in p_values) or alpha <= 0 or alpha >= 1:
        raise ValueError("a probability is outside its range")
    values = np.array(p_values, dtype=float)
    order = np.argsort(values, kind="stable")
    adjusted = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    rejected = np.empty(len(values), dtype=bool)
    rejected[order] = adjusted <= alpha
    return rejected.tolist()


def ucb1(reward, arms, rounds):
    if arms < 1 or rounds < 0:
        raise ValueError("arms or rounds will not do")
    rewards = {arm: [] for arm in range(arms)}
    pulled = []
    for t in range(rounds):
        if t < arms:
            arm = t
        else:
            bounds = [
                np.mean(rewards[arm]) + np.sqrt(2 * np.log(t) / len(rewards[arm]))
                for arm in range(arms)
            ]
            arm = int(np.argmax(bounds))
        rewards[arm].append(reward(arm))
        pulled.append(arm)
    return pulled
