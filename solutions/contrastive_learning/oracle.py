"""Cross-entropy from the library, three nested loops, and sorting, as an independent make."""

import math

import numpy as np
import torch
from sklearn.metrics.pairwise import cosine_similarity
from torch.nn import functional

from solutions.contrastive_learning import contrastive_learning as reference

NO_GRADIENT = "scikit-learn has no gradients"
SKIPS = {
    "test_gradients_reach_anchors_and_positives": NO_GRADIENT,
    "test_gradients_with_zero_vectors_are_finite": NO_GRADIENT,
}


def multiple_negatives_loss(anchors, positives, temperature=0.05, ids=None, symmetric=False):
    reference.multiple_negatives_loss(anchors, positives, temperature)
    scores = torch.from_numpy(cosine_similarity(anchors.numpy(), positives.numpy())) / temperature
    n = len(scores)
    for i in range(n):
        for j in range(n):
            if ids is not None and i != j and ids[i] == ids[j]:
                scores[i, j] = -math.inf
    loss = functional.cross_entropy(scores, torch.arange(n))
    if symmetric:
        loss = (loss + functional.cross_entropy(scores.T, torch.arange(n))) / 2
    return loss.float()


def batch_hard_triplet_loss(x, labels, margin=0.2):
    losses, n = [], len(x)
    for a in range(n):
        worst = None
        for p in range(n):
            for q in range(n):
                if p != a and labels[p] == labels[a] != labels[q]:
                    loss = (x[a] - x[p]).norm() - (x[a] - x[q]).norm() + margin
                    worst = loss if worst is None else torch.maximum(worst, loss)
        if worst is not None:
            losses.append(worst.clamp(min=0.0))
    return torch.stack(losses).mean() if losses else (x * 0.0).sum()


def mine_hard_negatives(queries, documents, positive, k, margin=0.1):
    reference.mine_hard_negatives(queries[:0], documents, positive[:0], k, margin)
    if any(not 0 <= place < len(documents) for place in positive.tolist()):
        raise ValueError("positive is out of range")
    if len(queries) == 0:
        return []
    mined = []
    for row, own in zip(
        cosine_similarity(queries.numpy(), documents.numpy()), positive.tolist(), strict=True
    ):
        order = np.argsort(-row, kind="stable")
        mined.append([int(j) for j in order if j != own and row[j] < row[own] - margin][:k])
    return mined
