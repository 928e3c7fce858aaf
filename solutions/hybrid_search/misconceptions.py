"""The wrong turns of hybrid search."""

from statistics import fmean

import numpy as np

from autograder.suite import misconception
from solutions.hybrid_search.hybrid_search import (
    best_first,
    choose_alpha,
    cosine,
    fuse,
    hybrid_search,
    min_max,
    reciprocal_rank,
)

# ── min_max ───────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="min_max",
    says="a list whose scores are all equal is normalised to 0, as if nothing had been found",
    hint="A side found one document. Should that count for more than having found nothing?",
)
def constant_list_scores_zero(scores, lower=None):
    right = min_max(scores, lower)
    constant = len(set(scores.values())) == 1 and lower is None
    return dict.fromkeys(scores, 0.0) if constant else right


@misconception(
    replaces="min_max",
    says="the least score seen is used even where a lower bound is given",
    hint="Two documents match well, one slightly better. What should the other get?",
)
def lower_ignored(scores, lower=None):
    min_max(scores, lower)
    return min_max(scores)


@misconception(
    replaces="min_max",
    says="scores that all stand at the lower bound are normalised to 1, as if they were the best",
    hint="No document matches any word. How good is each of them for the sparse side?",
)
def all_one_at_the_bound(scores, lower=None):
    right = min_max(scores, lower)
    return dict.fromkeys(scores, 1.0) if set(scores.values()) == {lower} else right


@misconception(
    replaces="min_max",
    says="the scores are divided by the greatest one, whatever the least is",
    hint="What does your scale make of the least score, and of negative ones?",
)
def divided_by_the_greatest(scores, lower=None):
    right = min_max(scores, lower)
    highest = max(scores.values(), default=0.0)
    if not highest or len(set(scores.values())) == 1:
        return right
    return {document: score / highest for document, score in scores.items()}


# ── fuse ──────────────────────────────────────────────────────────────────────────────────────


def refuse(dense, sparse, alpha, dense_lower, sparse_lower):
    """Raise what fuse has to raise."""
    fuse(dense, sparse, alpha, dense_lower, sparse_lower)


@misconception(
    replaces="fuse",
    says="alpha weighs the sparse side, not the dense one",
    hint="Set alpha to 1. Whose order do you get?",
)
def alpha_weighs_sparse(dense, sparse, alpha, dense_lower=None, sparse_lower=None):
    refuse(dense, sparse, alpha, dense_lower, sparse_lower)
    return fuse(sparse, dense, alpha, sparse_lower, dense_lower)


@misconception(
    replaces="fuse",
    says="the scores are blended without normalising, so unbounded BM25 scores drown the cosines",
    hint="A BM25 score of 20 and a cosine of 0.9 are added. What does alpha still decide?",
)
def raw_scores_blended(dense, sparse, alpha, dense_lower=None, sparse_lower=None):
    refuse(dense, sparse, alpha, dense_lower, sparse_lower)
    return best_first(
        {
            document: alpha * dense.get(document, 0.0) + (1 - alpha) * sparse.get(document, 0.0)
            for document in dense | sparse
        }
    )


@misconception(
    replaces="fuse",
    says="documents found by only one of the two are dropped",
    hint="Why do you run two retrievers? What does each find that the other misses?",
)
def intersection_only(dense, sparse, alpha, dense_lower=None, sparse_lower=None):
    fused = fuse(dense, sparse, alpha, dense_lower, sparse_lower)
    return [
        (document, score) for document, score in fused if document in dense and document in sparse
    ]


@misconception(
    replaces="fuse",
    says="a document found by one side only keeps its full score there, not weighted by alpha",
    hint="Set alpha to 0. What should a document get that only the dense side found?",
)
def single_side_unweighted(dense, sparse, alpha, dense_lower=None, sparse_lower=None):
    fused = dict(fuse(dense, sparse, alpha, dense_lower, sparse_lower))
    dense, sparse = min_max(dense, dense_lower), min_max(sparse, sparse_lower)
    alone = {**sparse, **dense}
    return best_first({d: fused[d] if d in dense and d in sparse else alone[d] for d in fused})


@misconception(
    replaces="fuse",
    says="a side without any weight is left out, with the documents that only it found",
    hint="Which documents come back at alpha = 0, and which at alpha = 0.001?",
)
def weightless_side_dropped(dense, sparse, alpha, dense_lower=None, sparse_lower=None):
    fused = fuse(dense, sparse, alpha, dense_lower, sparse_lower)
    weighed = {**(dense if alpha > 0 else {}), **(sparse if alpha < 1 else {})}
    return [(document, score) for document, score in fused if document in weighed]


# ── hybrid_search ─────────────────────────────────────────────────────────────────────────────


def pools_of(cosines, sparse, depth):
    """Return the dense and the sparse pool."""
    matches = {document: score for document, score in enumerate(sparse) if score > 0}
    return [dict(best_first(scores)[:depth]) for scores in (dict(enumerate(cosines)), matches)]


def fused(candidates, cosines, sparse, alpha, k):
    """Fuse the candidates with both of their scores."""
    sides = [
        {document: scores[document] for document in candidates} for scores in (cosines, sparse)
    ]
    return fuse(*sides, alpha, -1.0, 0.0)[:k]


@misconception(
    replaces="hybrid_search",
    says="dense scores are dot products (clipped to [−1, 1] all the same), not cosines",
    hint="Double a document's vector. What becomes of its score, and of its meaning?",
)
def dot_product(query, documents, sparse, alpha, depth, k):
    hybrid_search(query, documents, sparse, alpha, depth, k)
    dense = np.clip(documents @ query, -1.0, 1.0).tolist()
    pools = pools_of(dense, sparse, depth)
    return fused({*pools[0], *pools[1]}, dense, sparse, alpha, k)


@misconception(
    replaces="hybrid_search",
    says="the two pools are fused as they are, so a candidate from one pool gets nothing for its "
    "other score, which is known",
    hint="Rank 11 of a pool of 10, and first in the other one. What did its cosine earn it?",
)
def missing_side_is_zero(query, documents, sparse, alpha, depth, k):
    hybrid_search(query, documents, sparse, alpha, depth, k)
    pools = pools_of(cosine(query, documents).tolist(), sparse, depth)
    return fuse(*pools, alpha, -1.0, 0.0)[:k]


@misconception(
    replaces="hybrid_search",
    says="documents that match no word fill up the sparse pool",
    hint="What does an inverted index return for a document without any word of the query?",
)
def non_matches_in_sparse_pool(query, documents, sparse, alpha, depth, k):
    hybrid_search(query, documents, sparse, alpha, depth, k)
    cosines = cosine(query, documents).tolist()
    pools = [dict(best_first(dict(enumerate(side)))[:depth]) for side in (cosines, sparse)]
    return fused({*pools[0], *pools[1]}, cosines, sparse, alpha, k)


@misconception(
    replaces="hybrid_search",
    says="the depth is ignored: all documents are candidates",
    hint="Which documents could a real index not even have looked at?",
)
def full_scan(query, documents, sparse, alpha, depth, k):
    return (
        hybrid_search(query, documents, sparse, alpha, max(depth, len(documents)), k)
        if (hybrid_search(query, documents, sparse, alpha, depth, k))
        else []
    )


@misconception(
    replaces="hybrid_search",
    says="each side sends in its best k, not its best `depth`",
    hint="What are depth and k for? Which of them belongs to the candidates?",
)
def pools_of_k(query, documents, sparse, alpha, depth, k):
    hybrid_search(query, documents, sparse, alpha, depth, k)
    return hybrid_search(query, documents, sparse, alpha, k, k)


# ── choose_alpha ──────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="choose_alpha",
    says="alpha is chosen for each query on its own, and the alphas and their reciprocal ranks "
    "are averaged, which looks at the answers",
    hint="A new query comes in and nobody knows its answer. Which alpha do you use?",
)
def best_alpha_per_query(queries, alphas, k=10):
    choose_alpha(queries, alphas, k)
    best = [choose_alpha([query], alphas, k) for query in queries if query[2]]
    return fmean(alpha for alpha, _ in best), fmean(mean for _, mean in best)


@misconception(
    replaces="choose_alpha",
    says="of equally good alphas the last is taken, not the first",
    hint="Is your comparison > or >=?",
)
def last_best_alpha(queries, alphas, k=10):
    return choose_alpha(queries, alphas[::-1], k)


@misconception(
    replaces="choose_alpha",
    says="k is not used: the whole list is searched for the first relevant document",
    hint="How many results does the reader look at?",
)
def whole_list_searched(queries, alphas, k=10):
    choose_alpha(queries, alphas, k)
    return choose_alpha(queries, alphas, max(len({**query[0], **query[1]}) for query in queries))


@misconception(
    replaces="choose_alpha",
    says="queries with nothing relevant are counted with 0",
    hint="What is the best that any alpha could reach on such a query?",
)
def empty_queries_counted(queries, alphas, k=10):
    alpha, mean = choose_alpha(queries, alphas, k)
    return alpha, mean * sum(bool(query[2]) for query in queries) / len(queries)


@misconception(
    replaces="choose_alpha",
    says="only the first document of the list of relevant ones is looked for",
    hint="Walk down the fused list. Where is the first document that is relevant?",
)
def first_listed_only(queries, alphas, k=10):
    choose_alpha(queries, alphas, k)
    return choose_alpha([(*query[:2], query[2][:1]) for query in queries], alphas, k)


@misconception(
    replaces="choose_alpha",
    says="the share of queries with a relevant document in the first k is compared, "
    "wherever it stands there",
    hint="Rank 1 and rank 10 are not the same to a reader. Are they to you?",
)
def success_rate(queries, alphas, k=10):
    choose_alpha(queries, alphas, k)
    shares = [
        fmean(
            reciprocal_rank(fuse(*sides, alpha)[:k], wanted) > 0
            for *sides, wanted in queries
            if wanted
        )
        for alpha in alphas
    ]
    return alphas[shares.index(max(shares))], max(shares)
