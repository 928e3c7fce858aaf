"""The wrong turns of contrastive learning."""

import math

import torch

from autograder.suite import misconception
from solutions.contrastive_learning.contrastive_learning import (
    batch_hard_triplet_loss,
    euclidean,
    mine_hard_negatives,
    multiple_negatives_loss,
    unit_length,
)

# ── multiple_negatives_loss ───────────────────────────────────────────────────────────────────


def info_nce(
    anchors, positives, temperature, ids, symmetric, score=None, loss=None, sides=None, copies=True
):
    """Right but for the scores, the loss of a matrix, how sides are averaged, or the copies."""
    multiple_negatives_loss(anchors, positives, temperature)
    scores = unit_length(anchors) @ unit_length(positives).T / temperature
    if score is not None:
        scores = score(anchors, positives, temperature)
    if ids is not None and copies:
        same = (ids[:, None] == ids) & ~torch.eye(len(ids), dtype=torch.bool)
        scores = scores.masked_fill(same, -math.inf)

    def cross_entropy(scores):
        return (scores.logsumexp(dim=1) - scores.diagonal()).mean()

    loss = loss or cross_entropy
    if not symmetric:
        return loss(scores)
    sides = sides or (lambda one, other: (one + other) / 2)
    return sides(loss(scores), loss(scores.T))


@misconception(
    replaces="multiple_negatives_loss",
    says="raw inner products are used, not cosines",
    hint="Make an anchor ten times as long. Does the loss change?",
)
def dot_products(anchors, positives, temperature=0.05, ids=None, symmetric=False):
    def score(a, p, t):
        return a @ p.T / t

    return info_nce(anchors, positives, temperature, ids, symmetric, score)


@misconception(
    replaces="multiple_negatives_loss",
    says="the similarities are multiplied by the temperature, not divided",
    hint="What should the softmax do as the temperature goes to zero?",
)
def temperature_multiplied(anchors, positives, temperature=0.05, ids=None, symmetric=False):
    def score(a, p, t):
        return unit_length(a) @ unit_length(p).T * t

    return info_nce(anchors, positives, temperature, ids, symmetric, score)


@misconception(
    replaces="multiple_negatives_loss",
    says="the positive is missing from the sum in the denominator",
    hint="Can the loss be negative? Of which classes is this a softmax?",
)
def positive_not_in_sum(anchors, positives, temperature=0.05, ids=None, symmetric=False):
    def loss(scores):
        own = torch.eye(len(scores), dtype=torch.bool)
        return (scores.masked_fill(own, -math.inf).logsumexp(dim=1) - scores.diagonal()).mean()

    return info_nce(anchors, positives, temperature, ids, symmetric, loss=loss)


@misconception(
    replaces="multiple_negatives_loss",
    says="a second copy of the positive document counts as a negative",
    hint="Two queries of the batch have one answer. What is each told about the other's?",
)
def duplicates_are_negatives(anchors, positives, temperature=0.05, ids=None, symmetric=False):
    return info_nce(anchors, positives, temperature, ids, symmetric, copies=False)


@misconception(
    replaces="multiple_negatives_loss",
    says="the softmax runs over the anchors of a document, not over the documents of an anchor",
    hint="Who chooses among whom: the query among documents, or the other way round?",
)
def wrong_axis(anchors, positives, temperature=0.05, ids=None, symmetric=False):
    return multiple_negatives_loss(positives, anchors, temperature, ids, symmetric)


@misconception(
    replaces="multiple_negatives_loss",
    says="the losses are added up, not averaged over the batch",
    hint="Give the same pair twice in a larger batch. How should the loss grow?",
)
def summed_not_averaged(anchors, positives, temperature=0.05, ids=None, symmetric=False):
    return multiple_negatives_loss(anchors, positives, temperature, ids, symmetric) * len(anchors)


@misconception(
    replaces="multiple_negatives_loss",
    says="`symmetric` changes nothing",
    hint="Which of your arguments does the result not depend on?",
)
def symmetric_ignored(anchors, positives, temperature=0.05, ids=None, symmetric=False):
    return multiple_negatives_loss(anchors, positives, temperature, ids)


@misconception(
    replaces="multiple_negatives_loss",
    says="the two sides of the symmetric loss are added up, not averaged",
    hint="What is the loss of a batch that reads the same from both sides?",
)
def sides_added_up(anchors, positives, temperature=0.05, ids=None, symmetric=False):
    def sides(one, other):
        return one + other

    return info_nce(anchors, positives, temperature, ids, symmetric, sides=sides)


@misconception(
    replaces="multiple_negatives_loss",
    says="a left-out pair gets the score 0, which still adds e^0 to the sum",
    hint="What has a score to be so that its share of the softmax is nothing?",
)
def left_out_with_score_zero(anchors, positives, temperature=0.05, ids=None, symmetric=False):
    def score(a, p, t):
        scores = unit_length(a) @ unit_length(p).T / t
        if ids is None:
            return scores
        same = (ids[:, None] == ids) & ~torch.eye(len(ids), dtype=torch.bool)
        return scores.masked_fill(same, 0.0)

    return info_nce(anchors, positives, temperature, ids, symmetric, score, copies=False)


# ── batch_hard_triplet_loss ───────────────────────────────────────────────────────────────────


def pairs(labels):
    """Return who is another of the same label, and who is of another label."""
    same = labels[:, None] == labels
    return same & ~torch.eye(len(labels), dtype=torch.bool), ~same


def hinges(distances, labels, margin):
    """Return the hinge of each anchor that has a triplet."""
    positive, negative = pairs(labels)
    anchors = positive.any(dim=1) & negative.any(dim=1)
    farthest = distances.masked_fill(~positive, -math.inf).amax(dim=1)
    nearest = distances.masked_fill(~negative, math.inf).amin(dim=1)
    return (farthest - nearest + margin)[anchors].clamp(min=0.0)


@misconception(
    replaces="batch_hard_triplet_loss",
    says="the nearest positive and the farthest negative are taken",
    hint="Which positive does the model get wrong, and which negative does it confuse?",
)
def easiest_triplets(x, labels, margin=0.2):
    positive, negative = pairs(labels)
    anchors = positive.any(dim=1) & negative.any(dim=1)
    if not anchors.any():
        return 0.0 * x.sum()
    distances = euclidean(x)
    nearest = distances.masked_fill(~positive, math.inf).amin(dim=1)
    farthest = distances.masked_fill(~negative, -math.inf).amax(dim=1)
    return (nearest - farthest + margin)[anchors].clamp(min=0.0).mean()


@misconception(
    replaces="batch_hard_triplet_loss",
    says="the sum is divided by all vectors, also those without a triplet",
    hint="How many vectors of your batch have a positive and a negative?",
)
def mean_over_all(x, labels, margin=0.2):
    positive, negative = pairs(labels)
    anchors = positive.any(dim=1) & negative.any(dim=1)
    return batch_hard_triplet_loss(x, labels, margin) * (anchors.sum() / len(x))


@misconception(
    replaces="batch_hard_triplet_loss",
    says="the gradient is NaN where two vectors coincide",
    hint="What is the slope of the root at zero, and what is it multiplied by?",
)
def nan_gradient(x, labels, margin=0.2):
    positive, negative = pairs(labels)
    if not (positive.any(dim=1) & negative.any(dim=1)).any():
        return 0.0 * x.sum()
    squared = (x[:, None] - x).square().sum(dim=2)
    # A vector and itself are no pair and were seen to.
    own = torch.eye(len(x), dtype=torch.bool)
    distances = squared.masked_fill(own, 1.0).sqrt().masked_fill(own, 0.0)
    return hinges(distances, labels, margin).mean()


@misconception(
    id="nan_gradient",
    replaces="batch_hard_triplet_loss",
    says="the gradient is NaN where two vectors coincide",
    hint="What is the slope of the root at zero, and what is it multiplied by?",
)
def nan_gradient_everywhere(x, labels, margin=0.2):
    positive, negative = pairs(labels)
    if not (positive.any(dim=1) & negative.any(dim=1)).any():
        return 0.0 * x.sum()
    distances = (x[:, None] - x).square().sum(dim=2).sqrt()
    return hinges(distances, labels, margin).mean()


@misconception(
    replaces="batch_hard_triplet_loss",
    says="the distances are squared",
    hint="Move everything twice as far apart. How much should a distance grow?",
)
def squared_distances(x, labels, margin=0.2):
    if not torch.stack([pair.any(dim=1) for pair in pairs(labels)]).all(dim=0).any():
        return 0.0 * x.sum()
    return hinges((x[:, None] - x).square().sum(dim=2), labels, margin).mean()


@misconception(
    replaces="batch_hard_triplet_loss",
    says="triplets that are solved are left out of the mean",
    hint="What does the loss of a batch do when one more triplet gets solved?",
)
def mean_over_the_unsolved(x, labels, margin=0.2):
    loss = batch_hard_triplet_loss(x, labels, margin)
    if not torch.stack([pair.any(dim=1) for pair in pairs(labels)]).all(dim=0).any():
        return loss
    found = hinges(euclidean(x), labels, margin)
    return found.sum() / (found > 0).sum().clamp(min=1)


@misconception(
    replaces="batch_hard_triplet_loss",
    says="a vector that is alone of its label is an anchor too, with itself as its positive",
    hint="How far is a vector from itself, and what does it learn from that?",
)
def alone_is_its_own_positive(x, labels, margin=0.2):
    same = labels[:, None] == labels
    anchors = ~same.all(dim=1)
    batch_hard_triplet_loss(x, labels, margin)
    if not anchors.any():
        return 0.0 * x.sum()
    distances = euclidean(x)
    farthest = distances.masked_fill(~same, -math.inf).amax(dim=1)
    nearest = distances.masked_fill(same, math.inf).amin(dim=1)
    return (farthest - nearest + margin)[anchors].clamp(min=0.0).mean()


@misconception(
    replaces="batch_hard_triplet_loss",
    says="solved triplets count as negative losses: there is no max(0, …)",
    hint="A negative lies far away already. Should the loss reward moving it on?",
)
def no_hinge(x, labels, margin=0.2):
    positive, negative = pairs(labels)
    anchors = positive.any(dim=1) & negative.any(dim=1)
    if not anchors.any():
        return 0.0 * x.sum()
    distances = euclidean(x)
    farthest = distances.masked_fill(~positive, -math.inf).amax(dim=1)
    nearest = distances.masked_fill(~negative, math.inf).amin(dim=1)
    return (farthest - nearest + margin)[anchors].mean()


# ── mine_hard_negatives ───────────────────────────────────────────────────────────────────────


def mined(queries, documents, positive, k, margin, scores=None, allowed=None, descending=True):
    """Right but for the scores, who is allowed, or the order."""
    mine_hard_negatives(queries, documents, positive, k, margin)
    if scores is None:
        scores = unit_length(queries) @ unit_length(documents).T
    own = scores.gather(1, positive[:, None])
    found = (allowed or (lambda scores, own: scores < own - margin))(scores, own)
    order = scores.argsort(dim=1, descending=descending, stable=True)
    return [
        [j for j in row.tolist() if may[j] and j != place][:k]
        for row, may, place in zip(order, found, positive.tolist(), strict=True)
    ]


@misconception(
    replaces="mine_hard_negatives",
    says="the nearest documents are taken however close they are to the positive",
    hint="A document is as near as the positive. Who says that it is not an answer too?",
)
def no_margin(queries, documents, positive, k, margin=0.1):
    def allowed(scores, own):
        return torch.ones_like(scores, dtype=torch.bool)

    return mined(queries, documents, positive, k, margin, allowed=allowed)


@misconception(
    replaces="mine_hard_negatives",
    says="whatever is below the positive is taken: the margin is not subtracted",
    hint="Which of your arguments does the result not depend on?",
)
def below_the_positive(queries, documents, positive, k, margin=0.1):
    return mined(queries, documents, positive, k, margin, allowed=lambda s, own: s < own - 1e-6)


@misconception(
    replaces="mine_hard_negatives",
    says="the margin is counted from a cosine of 1, not from that of the positive",
    hint="How similar is each query's own positive? Is that 1?",
)
def margin_below_one(queries, documents, positive, k, margin=0.1):
    return mined(queries, documents, positive, k, margin, allowed=lambda s, own: s < 1 - margin)


@misconception(
    replaces="mine_hard_negatives",
    says="the k best are taken first and what is too close is dropped from them, so negatives are "
    "missing",
    hint="How many documents far enough away are there, and how many did you return?",
)
def dropped_after_top_k(queries, documents, positive, k, margin=0.1):
    mine_hard_negatives(queries, documents, positive, k, margin)
    scores = unit_length(queries) @ unit_length(documents).T
    order = scores.argsort(dim=1, descending=True, stable=True)[:, :k]
    bound = scores.gather(1, positive[:, None]) - margin
    kept = scores.gather(1, order) < bound
    return [row[may].tolist() for row, may in zip(order, kept, strict=True)]


@misconception(
    replaces="mine_hard_negatives",
    says="the farthest documents are taken: these are the easy negatives",
    hint="From which negatives does the model learn most?",
)
def easiest_negatives(queries, documents, positive, k, margin=0.1):
    return mined(queries, documents, positive, k, margin, descending=False)


@misconception(
    replaces="mine_hard_negatives",
    says="documents are compared by the inner product, not by the cosine",
    hint="Make one document ten times as long. For which queries is it hard now?",
)
def mined_by_inner_product(queries, documents, positive, k, margin=0.1):
    return mined(queries, documents, positive, k, margin, queries @ documents.T)
