"""Naive Bayes and softmax regression on the same bags of words: the reference."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def fit_naive_bayes(
    counts: Int[Tensor, "documents vocab"],
    labels: Int[Tensor, "documents"],
    classes: int,
    smoothing: float = 1.0,
) -> tuple[Float[Tensor, "classes"], Float[Tensor, "classes vocab"]]:
    """Fit p(class) and p(word | class) by counting (multinomial naive Bayes).

    >>> counts = torch.tensor([[2, 0], [1, 0], [0, 3]])
    >>> prior, likelihood = fit_naive_bayes(counts, torch.tensor([0, 0, 1]), classes=2)
    >>> prior.exp(), likelihood.exp()
    (tensor([0.6667, 0.3333]), tensor([[0.8000, 0.2000],
            [0.2000, 0.8000]]))
    """
    refuse_data(counts, labels, classes)
    if smoothing <= 0:
        raise ValueError(f"smoothing = {smoothing}, so a word never seen would be impossible")
    documents = torch.bincount(labels, minlength=classes).double()
    if (documents == 0).any():
        raise ValueError("labels leaves a class without a document")
    words = torch.zeros(classes, counts.shape[1], dtype=torch.float64)
    words = words.index_add(0, labels, counts.double()) + smoothing
    prior = documents / documents.sum()
    likelihood = words / words.sum(dim=1, keepdim=True)
    return prior.log().float(), likelihood.log().float()


def posterior(
    log_prior: Float[Tensor, "classes"],
    log_likelihood: Float[Tensor, "classes vocab"],
    counts: Int[Tensor, "documents vocab"],
) -> Float[Tensor, "documents classes"]:
    """Return p(class | document) by Bayes' rule; the multinomial coefficient cancels.

    >>> prior, likelihood = torch.tensor([0.5, 0.5]), torch.tensor([[0.8, 0.2], [0.2, 0.8]])
    >>> posterior(prior.log(), likelihood.log(), torch.tensor([[1, 0], [2, 0]]))
    tensor([[0.8000, 0.2000],
            [0.9412, 0.0588]])
    """
    log_joint = log_prior.double() + counts.double() @ log_likelihood.double().T
    # In logarithms to the end: the probability of a long document is far below any float.
    return torch.softmax(log_joint, dim=1).float()


def generate_document(
    log_prior: Float[Tensor, "classes"],
    log_likelihood: Float[Tensor, "classes vocab"],
    draws: list[float],
) -> tuple[int, list[int]]:
    """Draw a class with the first of the draws, and with each other one a word of that class.

    >>> half = torch.tensor([0.5, 0.5]).log()
    >>> words = torch.tensor([[0.8, 0.2], [0.2, 0.8]]).log()
    >>> generate_document(half, words, [0.7, 0.1, 0.9])
    (1, [0, 1])
    """
    if not draws:
        raise ValueError("draws is empty: the class needs one")
    if not all(0 <= draw < 1 for draw in draws):
        raise ValueError("draws holds a number outside [0, 1)")
    label = pick(log_prior, draws[0])
    return label, [pick(log_likelihood[label], draw) for draw in draws[1:]]


def fit_logistic_regression(
    counts: Int[Tensor, "documents vocab"],
    labels: Int[Tensor, "documents"],
    classes: int,
    steps: int,
    rate: float,
    l2: float = 0.0,
) -> tuple[Float[Tensor, "classes vocab"], Float[Tensor, "classes"]]:
    """Fit p(class | document) by full-batch gradient descent from zero.

    >>> counts, labels = torch.tensor([[1, 0], [0, 1]]), torch.tensor([0, 1])
    >>> fit_logistic_regression(counts, labels, classes=2, steps=1, rate=1.0)
    (tensor([[ 0.2500, -0.2500],
            [-0.2500,  0.2500]]), tensor([0., 0.]))
    """
    refuse_data(counts, labels, classes)
    if len(counts) == 0:
        raise ValueError("counts holds no document, so there is no mean loss")
    if steps < 0 or rate <= 0 or l2 < 0:
        raise ValueError(f"steps = {steps}, rate = {rate} or l2 = {l2} is out of range")
    features = counts.double()
    truth = torch.nn.functional.one_hot(labels, classes).double()
    weights = torch.zeros(classes, counts.shape[1], dtype=torch.float64)
    bias = torch.zeros(classes, dtype=torch.float64)
    for _ in range(steps):
        # The gradient of −ln softmax(z)[label] is softmax(z) − one-hot(label).
        error = (torch.softmax(features @ weights.T + bias, dim=1) - truth) / len(counts)
        weights = weights - rate * (error.T @ features + l2 * weights)
        bias = bias - rate * error.sum(dim=0)
    return weights.float(), bias.float()


def pick(log_probs: Float[Tensor, "n"], draw: float) -> int:
    """Return the smallest index whose cumulative probability is above the draw."""
    cumulative = log_probs.double().exp().cumsum(dim=0)
    index = int((cumulative <= draw).sum())
    # Rounding may leave the total at or below the draw.
    last = int(torch.nonzero(log_probs > -torch.inf)[-1])
    return min(index, last)


def refuse_data(
    counts: Int[Tensor, "documents vocab"], labels: Int[Tensor, "documents"], classes: int
) -> None:
    """Raise where counts and labels are no bags of words of some of the classes."""
    if len(labels) != len(counts):
        raise ValueError(f"labels has {len(labels)} entries, but counts {len(counts)} documents")
    if (counts < 0).any():
        raise ValueError("counts holds a negative count")
    if ((labels < 0) | (labels >= classes)).any():
        raise ValueError(f"labels holds a class outside 0 … {classes - 1}")
