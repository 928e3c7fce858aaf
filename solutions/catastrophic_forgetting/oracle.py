"""torch.func: one gradient an example, and for the true Fisher one an example and class."""

import torch

from solutions.catastrophic_forgetting import catastrophic_forgetting as reference


def diagonal_fisher(weight, x, labels=None):
    reference.diagonal_fisher(weight, x, labels)  # for its errors

    def log_p(weight, example, label):
        return (weight @ example).log_softmax(-1).gather(0, label[None])[0]

    def squares(example, label):
        return torch.func.grad(log_p)(weight, example, label) ** 2

    each = torch.func.vmap(squares)
    if labels is not None:
        return each(x, labels).mean(dim=0)
    p = (x @ weight.T).softmax(-1)
    classes = torch.arange(len(weight))
    total = torch.zeros_like(weight)
    for example, chances in zip(x, p, strict=True):
        drawn = each(example.expand(len(weight), -1), classes)
        total += (chances[:, None, None] * drawn).sum(dim=0)
    return total / len(x)
