"""The wrong turns of exact search."""

import torch

from autograder.suite import misconception
from solutions.exact_search.exact_search import (
    augment_for_ip,
    check_dim,
    knn,
    score_matrix,
    squared_norms,
)


@misconception(
    replaces="score_matrix",
    says="the square root is taken, but l2 is the squared distance here",
    hint="Does a root change the order of the results? And what does it cost?",
)
def root_taken(queries, base, metric):
    scores = score_matrix(queries, base, metric)
    return scores.sqrt() if metric == "l2" else scores


@misconception(
    replaces="score_matrix",
    says="‖q‖² is left out: the order is right, the distances are not",
    hint="What is the distance of a query to itself, and what is yours?",
)
def query_norm_missing(queries, base, metric):
    scores = score_matrix(queries, base, metric)
    return scores - squared_norms(queries)[:, None] if metric == "l2" else scores


@misconception(
    replaces="score_matrix",
    says="the cross term is taken once: ‖q‖² − q·b + ‖b‖²",
    hint="Expand (q − b)² for two plain numbers. What stands before q·b?",
)
def cross_term_once(queries, base, metric):
    if metric != "l2":
        return score_matrix(queries, base, metric)
    check_dim(queries, base)
    return squared_norms(queries)[:, None] - queries @ base.T + squared_norms(base)


def divided(scores, queries, base):
    """Divide inner products by both norms, whatever these are."""
    return scores / squared_norms(queries).sqrt()[:, None] / squared_norms(base).sqrt()


@misconception(
    replaces="score_matrix",
    says="a vector of zeros gives NaN in the cosine",
    hint="What is 0 / 0, and which vectors have the norm 0?",
)
def nan_for_zero_vector(queries, base, metric):
    if metric != "cosine":
        return score_matrix(queries, base, metric)
    return divided(score_matrix(queries, base, "ip"), queries, base)


@misconception(
    replaces="score_matrix",
    says="only one side is scaled to length 1, so that the cosine grows with the query",
    hint="Make a query ten times as long. Which cosines should change?",
)
def queries_not_normalised(queries, base, metric):
    scores = score_matrix(queries, base, metric)
    return scores * squared_norms(queries).sqrt()[:, None] if metric == "cosine" else scores


def blockwise(queries, base, k, metric, block, merge):
    """Right but for `merge`, which orders the scores of a block and the best so far."""
    if k < 1 or block < 1:
        raise ValueError("k or block will not do")
    scores = score_matrix(queries, base[:0], metric)
    ids = torch.zeros_like(scores, dtype=torch.int64)
    for start in range(0, len(base), block):
        new = score_matrix(queries, base[start : start + block], metric)
        new_ids = torch.arange(start, start + new.shape[1]).expand(new.shape)
        scores, ids = merge((scores, ids), (new, new_ids), metric != "l2")
        scores, ids = scores[:, :k], ids[:, :k]
    return scores, ids


def ranked(scores, ids, descending):
    """Sort by score, equal ones as they stand."""
    order = scores.argsort(dim=1, descending=descending, stable=True)
    return scores.gather(1, order), ids.gather(1, order)


def joined(*parts):
    """Put pairs of scores and ids side by side."""
    return (torch.cat(columns, dim=1) for columns in zip(*parts, strict=True))


@misconception(
    replaces="knn",
    says="for inner product and cosine the smallest scores come first",
    hint="Is a large inner product good or bad news?",
)
def similarity_ascending(queries, base, k, metric="l2", block=1024):
    def merge(best, new, _):
        return ranked(*joined(best, new), descending=False)

    return blockwise(queries, base, k, metric, block, merge)


@misconception(
    replaces="knn",
    says="ids are positions within a block, not in the base",
    hint="Where in the base does the second block begin?",
)
def ids_within_block(queries, base, k, metric="l2", block=1024):
    scores, ids = knn(queries, base, k, metric, block)
    return scores, ids % block


@misconception(
    replaces="knn",
    says="the last block, which is not full, is never searched",
    hint="Five vectors in blocks of two: how many blocks does your loop see?",
)
def last_block_lost(queries, base, k, metric="l2", block=1024):
    whole_blocks = len(base) // block * block if block > 0 else 0
    return knn(queries, base[:whole_blocks], k, metric, block)


LATER = "equal scores go to the vector that came last"


@misconception(
    replaces="knn",
    says=LATER,
    hint="Search a base of equal vectors. Which ids come back, and which should?",
)
def ties_to_the_later(queries, base, k, metric="l2", block=1024):
    def merge(best, new, descending):
        scores, ids = joined([part.flip(1) for part in new], best)
        return ranked(scores, ids, descending)

    return blockwise(queries, base, k, metric, block, merge)


@misconception(
    id="ties_to_the_later",
    replaces="knn",
    says=LATER,
    hint="The best so far and a new block hold the same score. Which of them stands first?",
)
def ties_to_the_later_block(queries, base, k, metric="l2", block=1024):
    def merge(best, new, descending):
        return ranked(*joined(new, best), descending)

    return blockwise(queries, base, k, metric, block, merge)


@misconception(
    replaces="knn",
    says="the scores of l2 come back negated, as they were for the search of the largest",
    hint="You turned the distances round to sort them. Did you turn them back?",
)
def scores_negated(queries, base, k, metric="l2", block=1024):
    scores, ids = knn(queries, base, k, metric, block)
    return (-scores if metric == "l2" else scores), ids


@misconception(
    replaces="augment_for_ip",
    says="the base is scaled to unit length, which gives the cosine order",
    hint="A long vector has large inner products. Has it still, when you are done?",
)
def normalised_base(queries, base):
    augment_for_ip(queries, base)
    norms = squared_norms(base).sqrt()[:, None]
    return (
        torch.cat([queries, torch.zeros(len(queries), 1)], dim=1),
        torch.cat([base / norms.masked_fill(norms == 0, 1.0), torch.zeros(len(base), 1)], dim=1),
    )


@misconception(
    replaces="augment_for_ip",
    says="queries get √(M² − ‖q‖²), or 0 where that is negative, as well, so that the order is no "
    "longer that of ip",
    hint="Write l2 of two augmented vectors out. Which product do the last components add?",
)
def query_augmented_too(queries, base):
    queries, augmented = augment_for_ip(queries, base)
    squared = squared_norms(base).max() - squared_norms(queries)
    queries[:, -1] = squared.clamp(min=0.0).sqrt()
    return queries, augmented


@misconception(
    replaces="augment_for_ip",
    says="the last component is M² − ‖b‖², without the root",
    hint="What is the norm of your augmented vectors? Are they all alike?",
)
def root_forgotten(queries, base):
    queries, augmented = augment_for_ip(queries, base)
    augmented[:, -1] = augmented[:, -1].square()
    return queries, augmented
