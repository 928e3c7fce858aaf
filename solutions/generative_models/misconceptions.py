"""The wrong turns of generative and discriminative models."""

import math

import torch

from autograder.suite import misconception
from solutions.generative_models.generative_models import (
    fit_logistic_regression,
    fit_naive_bayes,
    generate_document,
    pick,
    posterior,
)


def words_by_class(counts, labels, classes):
    """Sum the counts of the documents of each class."""
    words = torch.zeros(classes, counts.shape[1], dtype=torch.float64)
    return words.index_add(0, labels, counts.double())


def descend(counts, labels, classes, steps, rate, l2, *, scale=1.0, on_weights=1.0, on_bias=0.0):
    """Descend as the reference does, with the loss scaled and the penalty placed otherwise."""
    fit_logistic_regression(counts, labels, classes, 0, rate if steps >= 0 else -1.0, l2)
    features = counts.double()
    truth = torch.eye(classes, dtype=torch.float64)[labels]
    weights = torch.zeros(classes, counts.shape[1], dtype=torch.float64)
    bias = torch.zeros(classes, dtype=torch.float64)
    for _ in range(steps):
        error = torch.softmax(features @ weights.T + bias, dim=1) - truth
        error = error * scale / len(counts)
        weights, bias = (
            weights - rate * (error.T @ features + on_weights * l2 * weights),
            bias - rate * (error.sum(dim=0) + on_bias * l2 * bias),
        )
    return weights.float(), bias.float()


# ── fit_naive_bayes ───────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="fit_naive_bayes",
    says="a word counts once a document, however often it occurs",
    hint="What do the counts of 'free free free' say that its set of words does not?",
)
def word_presence(counts, labels, classes, smoothing=1.0):
    fit_naive_bayes(counts, labels, classes, smoothing)
    return fit_naive_bayes(counts.clamp(max=1), labels, classes, smoothing)


@misconception(
    replaces="fit_naive_bayes",
    says="the smoothing is added to the counts but not, vocab times, to the total, so the "
    "likelihoods do not sum to one",
    hint="Sum exp(log likelihood) over the words of a class.",
)
def smoothing_not_in_total(counts, labels, classes, smoothing=1.0):
    prior, _ = fit_naive_bayes(counts, labels, classes, smoothing)
    words = words_by_class(counts, labels, classes)
    likelihood = (words + smoothing) / words.sum(dim=1, keepdim=True)
    return prior, likelihood.log().float()


@misconception(
    replaces="fit_naive_bayes",
    says="the smoothing is added once to the total, not once for each word of the vocabulary",
    hint="How many words have been made up when each of them is counted once more?",
)
def smoothing_once_in_total(counts, labels, classes, smoothing=1.0):
    prior, _ = fit_naive_bayes(counts, labels, classes, smoothing)
    words = words_by_class(counts, labels, classes)
    likelihood = (words + smoothing) / (words.sum(dim=1, keepdim=True) + smoothing)
    return prior, likelihood.log().float()


@misconception(
    replaces="fit_naive_bayes",
    says="every class gets the same prior",
    hint="Count the documents of each class. Where do these numbers go?",
)
def uniform_prior(counts, labels, classes, smoothing=1.0):
    _, likelihood = fit_naive_bayes(counts, labels, classes, smoothing)
    return torch.full((classes,), -math.log(classes)), likelihood


@misconception(
    replaces="fit_naive_bayes",
    says="the smoothed counts are divided by the sum over the classes: this is p(class | word)",
    hint="Which axis of your likelihoods sums to one: words or classes?",
)
def normalised_over_classes(counts, labels, classes, smoothing=1.0):
    prior, _ = fit_naive_bayes(counts, labels, classes, smoothing)
    words = words_by_class(counts, labels, classes) + smoothing
    return prior, (words / words.sum(dim=0, keepdim=True)).log().float()


@misconception(
    replaces="fit_naive_bayes",
    says="the prior is the share of the words, not of the documents",
    hint="One class has few but long documents. How likely is it before a word is read?",
)
def prior_of_words(counts, labels, classes, smoothing=1.0):
    _, likelihood = fit_naive_bayes(counts, labels, classes, smoothing)
    words = words_by_class(counts, labels, classes).sum(dim=1)
    return (words / words.sum()).log().float(), likelihood


# ── posterior ─────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="posterior",
    says="the prior is left out: this is p(document | class) normalised over classes",
    hint="What should come out for a document without words?",
)
def likelihood_only(log_prior, log_likelihood, counts):
    return posterior(torch.zeros_like(log_prior), log_likelihood, counts)


@misconception(
    replaces="posterior",
    says="the result is the joint p(class, document), not divided by p(document)",
    hint="Sum your rows. Which factor of Bayes' rule makes them sum to one?",
)
def joint_not_normalised(log_prior, log_likelihood, counts):
    return (log_prior.double() + counts.double() @ log_likelihood.double().T).exp().float()


@misconception(
    replaces="posterior",
    says="each word of a document counts once, however often it occurs",
    hint="What do you multiply the log likelihood of a word by?",
)
def each_word_once(log_prior, log_likelihood, counts):
    return posterior(log_prior, log_likelihood, counts.clamp(max=1))


@misconception(
    replaces="posterior",
    says="the logarithms of the posterior are returned, not the probabilities",
    hint="Which sign do your results have?",
)
def log_posterior(log_prior, log_likelihood, counts):
    log_joint = log_prior.double() + counts.double() @ log_likelihood.double().T
    return torch.log_softmax(log_joint, dim=1).float()


# ── generate_document ─────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="generate_document",
    says="the words are drawn from the plain average of all classes' distributions, not from the "
    "class that was drawn",
    hint="You drew a class. Which of your later lines depends on it?",
)
def words_of_all_classes(log_prior, log_likelihood, draws):
    label, _ = generate_document(log_prior, log_likelihood, draws)
    average = log_likelihood.double().exp().mean(dim=0).log()
    return label, [pick(average, draw) for draw in draws[1:]]


@misconception(
    replaces="generate_document",
    says="the words are drawn from the mixture of the classes, weighted by the prior, not from the "
    "class that was drawn",
    hint="A document has one class. Is a word of it drawn from all?",
)
def words_of_the_mixture(log_prior, log_likelihood, draws):
    label, _ = generate_document(log_prior, log_likelihood, draws)
    mixture = (log_prior.double()[:, None] + log_likelihood.double()).exp().sum(dim=0).log()
    return label, [pick(mixture, draw) for draw in draws[1:]]


@misconception(
    replaces="generate_document",
    says="the likeliest class is always taken, not drawn",
    hint="Generate a thousand documents. Which classes do they have?",
)
def likeliest_class(log_prior, log_likelihood, draws):
    generate_document(log_prior, log_likelihood, draws)
    label = int(log_prior.argmax())
    return label, [pick(log_likelihood[label], draw) for draw in draws[1:]]


@misconception(
    replaces="generate_document",
    says="the draw that picked the class picks the first word too",
    hint="How many words should three draws give?",
)
def first_draw_used_twice(log_prior, log_likelihood, draws):
    label, words = generate_document(log_prior, log_likelihood, draws)
    return label, [pick(log_likelihood[label], draws[0]), *words]


# ── fit_logistic_regression ───────────────────────────────────────────────────────────────────


@misconception(
    replaces="fit_logistic_regression",
    says="the gradient is summed over documents, not averaged",
    hint="Give every document twice. Should your first step change?",
)
def gradient_summed(counts, labels, classes, steps, rate, l2=0.0):
    return descend(counts, labels, classes, steps, rate, l2, scale=len(counts))


@misconception(
    replaces="fit_logistic_regression",
    says="the l2 penalty also pulls on the bias",
    hint="Over which parameters does the sum of squares in the loss run?",
)
def bias_shrunk(counts, labels, classes, steps, rate, l2=0.0):
    return descend(counts, labels, classes, steps, rate, l2, on_bias=1.0)


@misconception(
    replaces="fit_logistic_regression",
    says="the penalty is l2 · w², so its gradient is twice as large",
    hint="What is the derivative of l2 / 2 · w²?",
)
def penalty_doubled(counts, labels, classes, steps, rate, l2=0.0):
    return descend(counts, labels, classes, steps, rate, l2, on_weights=2.0)


@misconception(
    replaces="fit_logistic_regression",
    says="the penalty is left out",
    hint="Which of your arguments could be left out without a change?",
)
def penalty_ignored(counts, labels, classes, steps, rate, l2=0.0):
    return descend(counts, labels, classes, steps, rate, l2, on_weights=0.0)
