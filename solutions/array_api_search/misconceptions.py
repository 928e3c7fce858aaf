"""The wrong turns of array_api_search."""

import numpy as np
from array_api_compat import array_namespace, device

from autograder.suite import misconception
from solutions.array_api_search.array_api_search import cosine_top_k, kmeans_step, unit_rows


def search(queries, corpus, k, batch, *, unit=unit_rows, offset=True, stop=None, sort=None):
    """Right but for what is given: the unit vectors, the rows' start, the last batch, the sort."""
    if k < 1 or batch < 1:
        raise ValueError("k and batch have to be at least 1")
    xp = array_namespace(queries, corpus)
    sort = sort or (lambda scores: xp.argsort(scores, axis=1, descending=True, stable=True))
    queries = unit(queries)
    all_scores, all_rows = [], []
    for start in range(0, stop or corpus.shape[0], batch):
        part = corpus[start : start + batch, :]
        scores = xp.matmul(queries, unit(part).T)
        rows = xp.arange(part.shape[0], dtype=xp.int64, device=device(corpus))
        rows = xp.broadcast_to(rows + start if offset else rows, scores.shape)
        scores, rows = (
            xp.concat([*all_scores, scores], axis=1),
            xp.concat([*all_rows, rows], axis=1),
        )
        order = sort(scores)[:, :k]
        all_scores = [xp.take_along_axis(scores, order, axis=1)]
        all_rows = [xp.take_along_axis(rows, order, axis=1)]
    return all_scores[0], all_rows[0]


NUMPY = {
    "id": "assumes_numpy",
    "replaces": "cosine_top_k",
    "says": "numpy is called whatever comes in, so tensors come back as numpy arrays or fail",
    "hint": "Call it with two torch tensors and print the types of what comes back.",
}


@misconception(**NUMPY)
def assumes_numpy(queries, corpus, k, batch):
    return cosine_top_k(np.asarray(queries), np.asarray(corpus), k, batch)


@misconception(**NUMPY)
def rows_are_numpy_arrays(queries, corpus, k, batch):
    scores, rows = cosine_top_k(queries, corpus, k, batch)
    return scores, np.asarray(rows)


@misconception(**NUMPY)
def scores_are_numpy_arrays(queries, corpus, k, batch):
    scores, rows = cosine_top_k(queries, corpus, k, batch)
    return np.asarray(scores), rows


def failing(queries, corpus, k, batch, call):
    """Right but for a call of numpy that a tensor does not survive."""
    search(queries[:1, :], corpus[:1, :], k, batch)  # for its errors
    call(queries)
    return cosine_top_k(queries, corpus, k, batch)


@misconception(**NUMPY)
def sums_by_numpy(queries, corpus, k, batch):
    return failing(queries, corpus, k, batch, lambda x: np.sum(x * x, axis=1, keepdims=True))


@misconception(**NUMPY)
def buffers_by_numpy(queries, corpus, k, batch):
    return failing(queries, corpus, k, batch, lambda x: np.empty((len(x), 0), dtype=x.dtype))


@misconception(**NUMPY)
def products_by_numpy(queries, corpus, k, batch):
    return failing(queries, corpus, k, batch, lambda x: np.asarray(x) @ x.T)


@misconception(**NUMPY)
def types_by_numpy(queries, corpus, k, batch):
    return failing(queries, corpus, k, batch, lambda x: x.astype(x.dtype))


@misconception(
    replaces="cosine_top_k",
    says="the whole q×n score matrix is built before the best are chosen",
    hint="How many scores do 128 queries and a million rows have? Who needs all at once?",
)
def full_matrix(queries, corpus, k, batch):
    if k < 1 or batch < 1:
        raise ValueError("k and batch have to be at least 1")
    return search(queries, corpus, k, max(batch, corpus.shape[0]))


@misconception(
    id="full_matrix",
    replaces="cosine_top_k",
    says="the whole q×n score matrix is built before the best are chosen",
    hint="The scores of a batch are kept until the end. What do you still need of them?",
)
def all_batches_kept(queries, corpus, k, batch):
    if k < 1 or batch < 1:
        raise ValueError("k and batch have to be at least 1")
    xp = array_namespace(queries, corpus)
    starts = range(0, corpus.shape[0], batch)
    parts = [xp.matmul(unit_rows(queries), unit_rows(corpus[i : i + batch, :]).T) for i in starts]
    scores = xp.concat(parts, axis=1)
    order = xp.argsort(scores, axis=1, descending=True, stable=True)[:, :k]
    return xp.take_along_axis(scores, order, axis=1), order


@misconception(
    replaces="cosine_top_k",
    says="a zero vector is divided by its norm, which gives NaN",
    hint="What is 0 / 0, and where does NaN come in a descending order?",
)
def zero_vector_nan(queries, corpus, k, batch):
    xp = array_namespace(queries, corpus)

    def unit(x):
        with np.errstate(all="ignore"):
            return x / xp.sqrt(xp.sum(x * x, axis=1, keepdims=True))

    return search(queries, corpus, k, batch, unit=unit)


@misconception(
    id="zero_vector_nan",
    replaces="cosine_top_k",
    says="a zero vector is divided by its norm, which gives NaN",
    hint="What is 0 / 0, and where does NaN come in a descending order?",
)
def zero_vector_nan_sorted_by_its_negative(queries, corpus, k, batch):
    xp = array_namespace(queries, corpus)

    def unit(x):
        with np.errstate(all="ignore"):
            return x / xp.sqrt(xp.sum(x * x, axis=1, keepdims=True))

    def sort(scores):
        return xp.argsort(-scores, axis=1, stable=True)

    return search(queries, corpus, k, batch, unit=unit, sort=sort)


@misconception(
    replaces="cosine_top_k",
    says="indices are relative to the batch, not to the corpus",
    hint="Which number has row 0 of the second batch in the corpus?",
)
def batch_index_not_offset(queries, corpus, k, batch):
    return search(queries, corpus, k, batch, offset=False)


@misconception(
    replaces="cosine_top_k",
    says="the scores are dot products: the vectors are not divided by their norms",
    hint="Make one row of the corpus ten times as long. May its score change?",
)
def not_normalised(queries, corpus, k, batch):
    return search(queries, corpus, k, batch, unit=lambda x: x)


@misconception(
    replaces="cosine_top_k",
    says="only the rows of the corpus are divided by their norms, not the queries",
    hint="Make a query ten times as long. May a score be 10?",
)
def queries_not_normalised(queries, corpus, k, batch):
    scores, rows = search(queries, corpus, k, batch)
    xp = array_namespace(queries)
    return scores * xp.sqrt(xp.sum(queries * queries, axis=1, keepdims=True)), rows


@misconception(
    replaces="cosine_top_k",
    says="among equal scores the higher index comes first",
    hint="Sorting upwards and turning round also turns round what is equal.",
)
def higher_index_first(queries, corpus, k, batch):
    search(queries[:1, :], corpus[:1, :], k, batch)  # for its errors
    xp, n = array_namespace(queries, corpus), corpus.shape[0]
    scores, rows = search(queries, xp.flip(corpus, axis=0), k, n)
    return scores, n - 1 - rows


@misconception(
    replaces="cosine_top_k",
    says="a last batch that is not full is left out",
    hint="Five rows in batches of two: how many batches are there?",
)
def drops_last_batch(queries, corpus, k, batch):
    n = corpus.shape[0]
    if batch < 1 or n < batch:
        return search(queries, corpus, k, batch)
    return search(queries, corpus, k, batch, stop=n - n % batch)


def step(points, centroids, *, labels=None, empty=None, mean=True, after=False):
    """Right but for the labels, what becomes of empty clusters, the mean, or when labels are."""
    xp = array_namespace(points, centroids)
    moved, right = kmeans_step(points, centroids)
    labels = right if labels is None else labels
    numbers = xp.arange(centroids.shape[0], dtype=labels.dtype, device=device(points))
    members = xp.astype(labels[:, None] == numbers, points.dtype)
    counts = xp.sum(members, axis=0)[:, None]
    one = xp.ones_like(counts)
    means = xp.matmul(members.T, points) / (xp.where(counts == 0, one, counts) if mean else one)
    moved = xp.where(counts == 0, centroids if empty is None else centroids * 0 + empty, means)
    return moved, kmeans_step(points, moved)[1] if after else labels


@misconception(
    replaces="kmeans_step",
    says="the mean of a centroid without points is 0/0",
    hint="How many points has a centroid far away from all of them?",
)
def empty_cluster_nan(points, centroids):
    return step(points, centroids, empty=float("nan"))


@misconception(
    replaces="kmeans_step",
    says="a centroid without points moves to the origin",
    hint="A sum over no points is 0. Is that where the centroid was?",
)
def empty_cluster_zero(points, centroids):
    return step(points, centroids, empty=0.0)


@misconception(
    replaces="kmeans_step",
    says="the points are assigned one at a time in a Python loop",
    hint="What does one subtraction of whole arrays cost, and what 200 000 of single rows?",
)
def loops_over_rows(points, centroids):
    moved, right = kmeans_step(points, centroids)
    centres = [[float(value) for value in centre] for centre in centroids]
    labels = [
        min(
            range(len(centres)),
            key=lambda c: sum((a - b) ** 2 for a, b in zip(row, centres[c], strict=True)),
        )
        for row in points.tolist()
    ]
    xp = array_namespace(points)
    return moved, xp.asarray(labels, dtype=right.dtype, device=device(points))


NUMPY_TOO = {**NUMPY, "id": "calls_numpy", "replaces": "kmeans_step"}


@misconception(**NUMPY_TOO)
def kmeans_in_numpy(points, centroids):
    return kmeans_step(np.asarray(points), np.asarray(centroids))


@misconception(**NUMPY_TOO)
def kmeans_sums_by_numpy(points, centroids):
    np.sum(points * points, axis=1)
    return kmeans_step(points, centroids)


@misconception(
    replaces="kmeans_step",
    says="the labels are computed again after the centroids have moved",
    hint="Which centroids did a point choose between, the old ones or the new ones?",
)
def labels_after_the_move(points, centroids):
    return step(points, centroids, after=True)


@misconception(
    replaces="kmeans_step",
    says="the sum of the points is taken, it is not divided by their number",
    hint="Two points at 1 and 3: where does their centroid go?",
)
def sum_not_mean(points, centroids):
    return step(points, centroids, mean=False)


@misconception(
    replaces="kmeans_step",
    says="the nearest centroid is found by the sum of absolute differences",
    hint="Is (3, −3) nearer to the origin than (0, 5)?",
)
def absolute_distance(points, centroids):
    xp = array_namespace(points, centroids)
    far = xp.sum(xp.abs(points[:, None, :] - centroids[None, :, :]), axis=2)
    return step(points, centroids, labels=xp.argmin(far, axis=1))


@misconception(
    replaces="kmeans_step",
    says="the point with the largest dot product is taken for the nearest",
    hint="A centroid far away in the same direction: is it near?",
)
def largest_dot_product(points, centroids):
    xp = array_namespace(points, centroids)
    return step(points, centroids, labels=xp.argmax(xp.matmul(points, centroids.T), axis=1))


@misconception(
    replaces="kmeans_step",
    says="on ties the higher label wins",
    hint="Two centroids in the same place: which of them gets the points?",
)
def higher_label_on_ties(points, centroids):
    xp = array_namespace(points, centroids)
    _, labels = kmeans_step(points, xp.flip(centroids, axis=0))
    return step(points, centroids, labels=centroids.shape[0] - 1 - labels)
