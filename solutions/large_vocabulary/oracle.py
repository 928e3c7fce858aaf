"""PyTorch's own losses, as independent implementations."""

import torch
from torch.nn import functional

SKIPS = {
    "test_the_logits_are_never_held_as_a_whole": "PyTorch's cross-entropy takes all logits at once"
}


def chunked_cross_entropy(hidden, weight, targets, chunk, ignore_index=-100):
    known = [*range(len(weight)), ignore_index]
    if chunk < 1 or not set(targets.tolist()) <= set(known):
        raise ValueError("no such chunk or target")
    # It gives NaN for the mean over no tokens.
    if (targets == ignore_index).all():
        return 0.0 * (hidden.sum() + weight.sum())
    return functional.cross_entropy(hidden @ weight.T, targets, ignore_index=ignore_index)


def adaptive_log_prob(hidden, head, tails, targets):
    sizes = [len(head) - len(tails), *(len(out) for _, out in tails)]
    ends = [sum(sizes[: count + 1]) for count in range(len(sizes))]
    if min(targets) < 0 or max(targets) >= ends[-1]:
        # Its own check is a RuntimeError.
        raise ValueError("a target is outside of the vocabulary")
    # One class more than its cutoffs need, which it demands; the weights given decide.
    layer = torch.nn.AdaptiveLogSoftmaxWithLoss(hidden.shape[1], ends[-1] + 1, ends[:-1], 1.0)
    weights = {"head.weight": head}
    for cluster, (projection, out) in enumerate(tails):
        weights[f"tail.{cluster}.0.weight"] = projection
        weights[f"tail.{cluster}.1.weight"] = out
    return torch.func.functional_call(layer, weights, (hidden, targets)).output


def sampled_softmax_loss(hidden, weight, targets, samples, log_q):
    losses = []
    for state, target in zip(hidden.double(), targets.tolist(), strict=True):
        words = [target, *(sample for sample in samples.tolist() if sample != target)]
        logits = weight.double()[words] @ state - log_q.double()[words]
        losses.append(functional.cross_entropy(logits, torch.tensor(0)))
    return torch.stack(losses).mean().to(hidden.dtype)
