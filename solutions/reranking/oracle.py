"""PyTorch's losses and scikit-learn's NDCG, as independent implementations.

scikit-learn takes grades as gains and needs two documents; it gives the weight of each pair, as the
difference that swapping the two makes.
"""

import torch
from sklearn.metrics import ndcg_score
from torch.nn import functional as F

from solutions.reranking import reranking as reference


def pairwise_loss(scores, grades, lambdarank=False):
    result = reference.pairwise_loss(scores, grades, lambdarank)  # for its errors
    better, worse = torch.nonzero(grades[:, None] > grades, as_tuple=True)
    if not len(better):
        return result
    weights = [change(scores, grades, *pair) for pair in zip(better, worse, strict=True)]
    return F.binary_cross_entropy_with_logits(
        scores[better] - scores[worse],
        torch.ones_like(scores[better]),
        weight=scores.new_tensor(weights) if lambdarank else None,
    )


def change(scores, grades, one, other):
    """Return by how much swapping two documents changes the NDCG."""
    order = sorted(range(len(scores)), key=lambda document: -scores[document])
    gains = [2 ** grades[document].item() - 1 for document in order]
    swapped = list(gains)
    i, j = order.index(one), order.index(other)
    swapped[i], swapped[j] = gains[j], gains[i]
    falling = [list(range(len(order), 0, -1))]
    return abs(ndcg_score([swapped], falling) - ndcg_score([gains], falling))


def listnet_loss(scores, grades, mask=None):
    result = reference.listnet_loss(scores, grades, mask)
    if not scores.numel() or (mask is not None and not mask.all()):
        return result
    return F.cross_entropy(scores, grades.softmax(dim=1))
