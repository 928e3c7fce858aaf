"""The wrong turns of the inverted file index."""

import math

import torch

from autograder.suite import misconception
from solutions.ivf.ivf import (
    inverted_lists,
    ivf_search,
    kmeans,
    mean_recall,
    smallest_nprobe,
    squared_distances,
)


def lloyd(x, centroids, iterations, move):
    """Right but for `move`, which gives empty centroids and whatever else a new place."""
    kmeans(x, centroids, iterations)
    for _ in range(iterations):
        distances, assignment = squared_distances(x, centroids).min(dim=1)
        members = [x[assignment == j] for j in range(len(centroids))]
        centroids = torch.stack([rows.sum(dim=0) / max(len(rows), 1) for rows in members])
        empty = [j for j, rows in enumerate(members) if len(rows) == 0]
        farthest = distances.argsort(descending=True, stable=True)[: len(empty)]
        move(centroids, empty, farthest, assignment)
    return centroids, squared_distances(x, centroids).argmin(dim=1)


@misconception(
    replaces="kmeans",
    says="a centroid without vectors becomes NaN, the mean of nothing",
    hint="What is 0 / 0? In which round does a centroid get no vector?",
)
def empty_cluster_nan(x, centroids, iterations):
    def move(centroids, empty, *_):
        centroids[empty] = math.nan

    return lloyd(x, centroids, iterations, move)


@misconception(
    replaces="kmeans",
    says="a centroid without vectors moves to the origin",
    hint="What do a sum of nothing and a clamped count make? Where is the centroid then?",
)
def empty_cluster_at_origin(x, centroids, iterations):
    return lloyd(x, centroids, iterations, lambda *_: None)


@misconception(
    replaces="kmeans",
    says="the returned assignment belongs to the centroids before the last move",
    hint="Compute the nearest of the centroids that you return. Is it the one you return?",
)
def stale_assignment(x, centroids, iterations):
    moved, assignment = kmeans(x, centroids, iterations)
    if iterations:
        before, _ = kmeans(x, centroids, iterations - 1)
        assignment = squared_distances(x, before).argmin(dim=1)
    return moved, assignment


@misconception(
    replaces="kmeans",
    says="a centroid without vectors stays where it is",
    hint="Far from all vectors, will it ever get one?",
)
def empty_cluster_stays(x, centroids, iterations):
    before = [centroids]

    def move(centroids, empty, *_):
        centroids[empty] = before[-1][empty]
        before.append(centroids)

    return lloyd(x, centroids, iterations, move)


@misconception(
    replaces="kmeans",
    says="all centroids without vectors move to the same farthest vector",
    hint="How many of two equal centroids will be of use in the next round?",
)
def empty_clusters_share_the_farthest(x, centroids, iterations):
    def move(centroids, empty, farthest, _):
        centroids[empty] = x[farthest[:1]]

    return lloyd(x, centroids, iterations, move)


@misconception(
    replaces="kmeans",
    says="a vector that an empty centroid moves to no longer counts in the mean of its cluster",
    hint="Which vectors were assigned to that cluster in this round?",
)
def moved_vector_leaves_the_mean(x, centroids, iterations):
    def move(centroids, empty, farthest, assignment):
        assignment = assignment.clone()
        assignment[farthest] = torch.tensor(empty, dtype=torch.int64)
        for j in assignment.unique():
            centroids[j] = x[assignment == j].mean(dim=0)

    return lloyd(x, centroids, iterations, move)


SIZES = "the sizes of the lists are returned, not where they begin"


@misconception(
    replaces="inverted_lists",
    says=SIZES,
    hint="Cut the order up by your offsets. What does the second list hold?",
)
def counts_not_offsets(assignment, clusters):
    order, offsets = inverted_lists(assignment, clusters)
    return order, offsets.diff()


@misconception(
    id="counts_not_offsets",
    replaces="inverted_lists",
    says=SIZES,
    hint="Cut the order up by your offsets. What does the second list hold?",
)
def counts_after_a_zero(assignment, clusters):
    order, offsets = inverted_lists(assignment, clusters)
    return order, torch.cat([offsets[:1], offsets.diff()])


@misconception(
    id="counts_not_offsets",
    replaces="inverted_lists",
    says=SIZES,
    hint="Cut the order up by your offsets. What does the second list hold?",
)
def counts_before_a_zero(assignment, clusters):
    order, offsets = inverted_lists(assignment, clusters)
    return order, torch.cat([offsets.diff(), offsets[:1]])


@misconception(
    replaces="inverted_lists",
    says="the offsets begin with the end of the first list: the leading 0 is missing",
    hint="Where does list 0 begin? How many offsets have three lists?",
)
def leading_zero_missing(assignment, clusters):
    order, offsets = inverted_lists(assignment, clusters)
    return order, offsets[1:]


@misconception(
    replaces="inverted_lists",
    says="the sorted clusters are returned, not the ids in the order of their clusters",
    hint="What do you look up in x with the entries of a list?",
)
def clusters_not_ids(assignment, clusters):
    order, offsets = inverted_lists(assignment, clusters)
    return assignment[order], offsets


@misconception(
    replaces="ivf_search",
    says="only the nearest list is searched, whatever nprobe is",
    hint="Which of your arguments does the result not depend on?",
)
def one_list_only(queries, x, centroids, order, offsets, k, nprobe):
    return ivf_search(queries, x, centroids, order, offsets, k, min(nprobe, 1))


def scan(queries, x, centroids, order, offsets, k, nprobe, full=False, local=False, missing=-1):
    """Right but for when it stops, which ids it gives, and what it says of missing results."""
    if k < 1 or nprobe < 1:
        raise ValueError("k and nprobe must be at least 1")
    distances = torch.full((len(queries), k), math.inf)
    ids = torch.full((len(queries), k), missing)
    nearest = squared_distances(queries, centroids).argsort(dim=1, stable=True)
    for row, query in enumerate(queries):
        candidates = order[:0]
        for j in nearest[row, :nprobe]:
            candidates = torch.cat([candidates, order[offsets[j] : offsets[j + 1]]])
            if full and len(candidates) >= k:
                break
        places = candidates.argsort()
        scores = squared_distances(query[None], x[candidates[places]])[0]
        best = scores.argsort(stable=True)[:k]
        distances[row, : len(best)] = scores[best]
        ids[row, : len(best)] = places[best] if local else candidates[places[best]]
    return distances, ids


@misconception(
    replaces="ivf_search",
    says="no further list is opened once k vectors have been seen, though it may hold nearer ones",
    hint="A query lies close to a border. Where may its nearest vector be?",
)
def stops_when_full(queries, x, centroids, order, offsets, k, nprobe):
    return scan(queries, x, centroids, order, offsets, k, nprobe, full=True)


@misconception(
    replaces="ivf_search",
    says="ids are positions among the scanned vectors, not ids in x",
    hint="Look your ids up in x. Are these the vectors that you found?",
)
def ids_within_lists(queries, x, centroids, order, offsets, k, nprobe):
    return scan(queries, x, centroids, order, offsets, k, nprobe, local=True)


@misconception(
    replaces="ivf_search",
    says="missing results are given id 0",
    hint="How does a caller tell a missing result from the vector with id 0?",
)
def padded_with_zero(queries, x, centroids, order, offsets, k, nprobe):
    return scan(queries, x, centroids, order, offsets, k, nprobe, missing=0)


@misconception(
    replaces="ivf_search",
    says="the square root is taken, but l2 is the squared distance here",
    hint="Does a root change the order of the results? And what does it cost?",
)
def root_taken(queries, x, centroids, order, offsets, k, nprobe):
    distances, ids = ivf_search(queries, x, centroids, order, offsets, k, nprobe)
    return distances.sqrt(), ids


def first_with(enough, queries, x, centroids, order, offsets, k, target):
    """Right but for `enough`, which judges the ids that an nprobe finds."""
    smallest_nprobe(queries, x, centroids, order, offsets, k, target)
    exact = squared_distances(queries, x).argsort(dim=1, stable=True)[:, :k]
    for nprobe in range(1, len(centroids)):
        if enough(ivf_search(queries, x, centroids, order, offsets, k, nprobe)[1], exact):
            return nprobe
    return len(centroids)


@misconception(
    replaces="smallest_nprobe",
    says="recall compares ids at the same rank instead of as sets",
    hint="The second best was missed, and the third moved up. How many did you find?",
)
def rank_by_rank(queries, x, centroids, order, offsets, k, target):
    def enough(found, exact):
        return float((found[:, : exact.shape[1]] == exact).double().mean()) >= target - 1e-9

    return first_with(enough, queries, x, centroids, order, offsets, k, target)


@misconception(
    replaces="smallest_nprobe",
    says="the recall of the worst query has to reach the target, not the mean",
    hint="One query finds everything and one nothing. What do you compare with the target?",
)
def worst_query(queries, x, centroids, order, offsets, k, target):
    def enough(found, exact):
        rows = zip(found.split(1), exact.split(1), strict=True)
        return min(mean_recall(*row) for row in rows) >= target - 1e-9

    return first_with(enough, queries, x, centroids, order, offsets, k, target)


@misconception(
    replaces="smallest_nprobe",
    says="a recall equal to the target is not enough",
    hint="At least: is that more than the target, or may it be the same?",
)
def more_than_the_target(queries, x, centroids, order, offsets, k, target):
    def enough(found, exact):
        return mean_recall(found, exact) > target + 1e-9

    return first_with(enough, queries, x, centroids, order, offsets, k, target)
