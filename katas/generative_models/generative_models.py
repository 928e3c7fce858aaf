"""Naive Bayes and softmax regression on the same bags of words. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def fit_naive_bayes(
    counts: Int[Tensor, "documents vocab"],
    labels: Int[Tensor, "documents"],
    classes: int,
    smoothing: float = 1.0,
) -> tuple[Float[Tensor, "classes"], Float[Tensor, "classes vocab"]]:
    """Return log p(class) and log p(word | class), float32, fitted by counting.

    `smoothing` is added to the count of every word in every class.

    Raises:
        ValueError: if `smoothing` is not above 0, a label is outside 0 … classes − 1, a class has
            no document, a count is negative, or labels and documents differ in number.
    """
    raise NotImplementedError


def posterior(
    log_prior: Float[Tensor, "classes"],
    log_likelihood: Float[Tensor, "classes vocab"],
    counts: Int[Tensor, "documents vocab"],
) -> Float[Tensor, "documents classes"]:
    """Return p(class | document). The logarithms are finite.

    Documents of 100 000 words give no NaN; a document without words gets the prior.
    """
    raise NotImplementedError


def generate_document(
    log_prior: Float[Tensor, "classes"],
    log_likelihood: Float[Tensor, "classes vocab"],
    draws: list[float],
) -> tuple[int, list[int]]:
    """Draw a class with `draws[0]`, and with each further draw one word of that class.

    A draw gives the smallest index whose cumulative probability is above it; where rounding leaves
    none, the last index of positive probability. A probability of 0 comes as −inf.

    Raises:
        ValueError: if there is no draw, or one is outside [0, 1).
    """
    raise NotImplementedError


def fit_logistic_regression(
    counts: Int[Tensor, "documents vocab"],
    labels: Int[Tensor, "documents"],
    classes: int,
    steps: int,
    rate: float,
    l2: float = 0.0,
) -> tuple[Float[Tensor, "classes vocab"], Float[Tensor, "classes"]]:
    """Return weights and bias of p(class | document) after `steps` of gradient descent.

    From zeros, on all documents at once: θ ← θ − rate · ∂loss/∂θ, where the loss is the mean over
    documents of −ln p(label | document), plus l2 / 2 · (sum of the squared weights, no bias).

    Raises:
        ValueError: if `steps` or `l2` is negative, `rate` not above 0, there is no document, or
            counts or labels are wrong as above; a class without a document is allowed here.
    """
    raise NotImplementedError
