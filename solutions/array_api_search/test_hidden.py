"""The hidden suite of array_api_search."""

import numpy as np
import pytest
import torch

from autograder.checks import assert_between, assert_close, assert_raises
from autograder.suite import hint, points

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}
LIBRARIES = ["numpy", "torch"]


def of(library, values, dtype="float64"):
    """Make an array of one of the libraries."""
    made = np.asarray(values, dtype=dtype)
    return torch.as_tensor(made) if library == "torch" else made


def cosines(queries, corpus):
    """Compute all cosines in float64, 0 for a zero vector."""
    lengths = [np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, corpus)]
    units = [x / np.where(n == 0, 1, n) for x, n in zip((queries, corpus), lengths, strict=True)]
    return units[0] @ units[1].T


def best(queries, corpus, k):
    """Return scores and rows of the best k, the lower row first among equals."""
    scores = cosines(queries, corpus)
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, rows, axis=1), rows


def drawn(rng, q, n, d):
    """Draw queries and a corpus of many lengths; no two scores of a query are nearly equal."""
    while True:
        queries = rng.standard_normal((q, d)).astype(np.float32)
        corpus = rng.standard_normal((n, d)) * rng.uniform(0.2, 5, (n, 1))
        corpus = corpus.astype(np.float32)
        ordered = np.sort(cosines(queries.astype(np.float64), corpus), axis=1)
        if n == 1 or np.diff(ordered, axis=1).min() > 1e-4:
            return queries.astype(np.float64), corpus.astype(np.float64)


def assert_found(result, expected, library, dtype="float64"):
    """Compare scores and rows, of the right library and dtypes."""
    scores, rows = expected
    wanted = (of(library, scores, dtype), of(library, rows, "int64"))
    assert_close(result, wanted, check_dtype=True, **TOLERANCE)


def moved(points, centroids):
    """Return new centroids and labels in float64."""
    distances = ((points[:, None, :] - centroids[None]) ** 2).sum(axis=2)
    labels = distances.argmin(axis=1)
    means = [
        points[labels == label].mean(axis=0) if (labels == label).any() else centroid
        for label, centroid in enumerate(centroids)
    ]
    return np.stack(means), labels


def clouds(rng, n, c, d):
    """Draw centroids at corners of a cube, and points well inside the cell of each, none empty."""
    corners = rng.permutation(2**d)[:c]
    centroids = 2.0 * ((corners[:, None] >> np.arange(d)) & 1) - 1
    labels = rng.permutation(np.arange(n) % c)
    drawn = centroids[labels] + rng.uniform(-0.8, 0.8, (n, d))
    return drawn.astype(np.float32).astype(np.float64), centroids


def assert_moved(result, expected, library, dtype="float64"):
    """Compare centroids and labels, of the right library and dtypes."""
    centroids, labels = expected
    wanted = (of(library, centroids, dtype), of(library, labels, "int64"))
    assert_close(result, wanted, check_dtype=True, **TOLERANCE)


# ── cosine_top_k ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Divide both vectors by their lengths: which score does a vector have with itself?")
def test_scores_are_cosines(submission):
    queries, corpus = np.array([[3.0, 4.0]]), np.array([[10.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    expected = (np.array([[0.9899494936611665, 0.8, 0.6]]), np.array([[2, 1, 0]]))
    assert_found(submission.cosine_top_k(queries, corpus, 3, 5), expected, "numpy")


@points(0.75)
@hint("Which row of the corpus is row 0 of the second batch?")
@pytest.mark.parametrize("batch", [1, 2, 4])
def test_rows_count_from_the_start_of_the_corpus(submission, rng, batch):
    queries, corpus = drawn(rng, 2, 11, 3)
    result = submission.cosine_top_k(queries, corpus, 3, batch)
    assert_found(result, best(queries, corpus, 3), "numpy")


@points(1)
@hint("Which namespace do the arguments belong to? Does every call of yours go through it?")
@pytest.mark.parametrize("batch", [3, 40])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensors_come_back_as_tensors(submission, rng, dtype, batch):
    queries, corpus = drawn(rng, 3, 17, 5)
    given = of("torch", queries, dtype), of("torch", corpus, dtype)
    result = submission.cosine_top_k(*given, 4, batch)
    assert_found(result, best(queries, corpus, 4), "torch", dtype)


@points(0.5)
@hint("Which dtype do your scores have for float32 in, and your rows?")
def test_scores_keep_float32_and_rows_are_int64(submission, rng):
    queries, corpus = drawn(rng, 3, 13, 4)
    given = of("numpy", queries, "float32"), of("numpy", corpus, "float32")
    result = submission.cosine_top_k(*given, 5, 4)
    assert_found(result, best(queries, corpus, 5), "numpy", "float32")


@points(0.5)
@hint("What is the length of the zero vector, and what do you do with it?")
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_zero_vector_has_score_zero(submission, library):
    queries = np.array([[0.0, 2.0], [0.0, 0.0]])
    corpus = np.array([[0.0, -1.0], [0.0, 0.0], [0.0, 3.0]])
    expected = (np.array([[1.0, 0.0, -1.0], [0, 0, 0]]), np.array([[2, 1, 0], [0, 1, 2]]))
    given = of(library, queries), of(library, corpus)
    assert_found(submission.cosine_top_k(*given, 3, 5), expected, library)


@points(0.75)
@hint("Two rows have the same score: which of them comes first, in one batch and across batches?")
@pytest.mark.parametrize("batch", [1, 3, 50])
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_lower_row_comes_first_among_equals(submission, rng, library, batch):
    axes = rng.integers(0, 2, 40)
    corpus = 4.0 * np.eye(2)[axes]
    queries = np.array([[0.0, 0.5], [8.0, 0.0]])
    given = of(library, queries), of(library, corpus)
    assert_found(submission.cosine_top_k(*given, 25, batch), best(queries, corpus, 25), library)


@points(0.5)
@hint("How many rows are there to return when k is larger than the corpus?")
@pytest.mark.parametrize(("n", "k", "batch"), [(1, 1, 1), (5, 6, 2), (5, 50, 9), (6, 5, 3)])
def test_there_are_min_k_n_columns(submission, rng, n, k, batch):
    queries, corpus = drawn(rng, 2, n, 3)
    result = submission.cosine_top_k(queries, corpus, k, batch)
    assert_found(result, best(queries, corpus, k), "numpy")


@points(0.25)
@hint("Does your code ask for rows that lie next to each other in memory?")
def test_arrays_may_have_any_strides(submission, rng):
    queries, corpus = drawn(rng, 3, 9, 4)
    given = torch.as_tensor(queries).T.contiguous().T, torch.as_tensor(corpus).T.contiguous().T
    assert_found(submission.cosine_top_k(*given, 4, 4), best(queries, corpus, 4), "torch")


@points(0.5)
@hint("How many are the best 0? And how many batches of 0 rows does a corpus have?")
def test_k_and_batch_below_one_are_refused(submission):
    x = np.ones((2, 2))
    for k, batch in ((0, 3), (-1, 3), (1, 0), (1, -2)):
        assert_raises(ValueError, submission.cosine_top_k, x, x, k, batch)


@points(0.75)
@hint("How many scores are in memory at once? Does that grow with the corpus?")
def test_scores_are_held_for_one_batch_only(submission, rng):
    queries, corpus = drawn(rng, 2, 7, 2)
    result = submission.cosine_top_k(queries, corpus, 2, 3)
    assert_found(result, best(queries, corpus, 2), "numpy")
    # All scores take 8.2 MB; those of a batch 0.16 MB, and its sorting a few times that.
    queries, corpus = rng.standard_normal((64, 2)), rng.standard_normal((16_000, 2))
    task = "cosine_top_k"
    held = submission.measure("traced_memory", task, queries, corpus, 10, 310, limit=6e6)
    assert_between(held / 1e6, None, 6.0, name="the most memory held at once, in MB")


# ── kmeans_step ───────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("Two clouds of points, drawn on paper: where do the centroids go?")
@pytest.mark.parametrize(("n", "c", "d"), [(1, 1, 1), (40, 4, 2), (61, 5, 4)])
def test_centroids_move_to_the_means_of_their_points(submission, rng, n, c, d):
    points, centroids = clouds(rng, n, c, d)
    assert_moved(submission.kmeans_step(points, centroids), moved(points, centroids), "numpy")


@points(1)
@hint("Which namespace do the arguments belong to? Which of your calls is numpy's alone?")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensors_are_clustered_as_tensors(submission, rng, dtype):
    points, centroids = clouds(rng, 33, 3, 3)
    given = of("torch", points, dtype), of("torch", centroids, dtype)
    assert_moved(submission.kmeans_step(*given), moved(points, centroids), "torch", dtype)


@points(0.5)
@hint("Which dtype do your new centroids have for float32 in, and your labels?")
def test_centroids_keep_float32_and_labels_are_int64(submission, rng):
    points, centroids = clouds(rng, 33, 3, 3)
    given = of("numpy", points, "float32"), of("numpy", centroids, "float32")
    assert_moved(submission.kmeans_step(*given), moved(points, centroids), "numpy", "float32")


@points(1)
@hint("What is the mean of no points? What should become of their centroid?")
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_centroid_without_points_stays(submission, library):
    points = np.array([[0.0, 1.0], [2.0, 1.0]])
    centroids = np.array([[40.0, -30.0], [1.0, 0.0], [-7.0, 9.0]])
    expected = (np.array([[40.0, -30.0], [1.0, 1.0], [-7.0, 9.0]]), np.array([1, 1]))
    given = of(library, points), of(library, centroids)
    assert_moved(submission.kmeans_step(*given), expected, library)


@points(0.75)
@hint("A point lies right between two centroids. Which of them gets it?")
@pytest.mark.parametrize("library", LIBRARIES)
def test_ties_go_to_the_lower_label(submission, library):
    points = np.array([[0.0, 0.0], [0.0, 2.0], [4.0, 4.0], [3.0, 3.0], [5.0, 5.0]])
    centroids = np.array([[4.0, 4.0], [1.0, 1.0], [-1.0, 1.0], [4.0, 4.0]])
    expected = (np.array([[4.0, 4.0], [0, 1], [-1, 1], [4, 4]]), np.array([1, 1, 0, 0, 0]))
    given = of(library, points), of(library, centroids)
    assert_moved(submission.kmeans_step(*given), expected, library)


@points(0.5)
@hint("Far in one axis, or a little in each of two? Compare the squares by hand.")
def test_distances_are_squared(submission):
    points = np.array([[0.0, 0.0], [1.0, 0.0]])
    centroids = np.array([[0.0, 5.0], [3.0, -3.0]])
    expected = (np.array([[0.0, 5.0], [0.5, 0.0]]), np.array([1, 1]))
    assert_moved(submission.kmeans_step(points, centroids), expected, "numpy")


@points(0.5)
@hint("Does a label say where a point belonged before the centroids moved, or after?")
def test_labels_are_those_before_the_move(submission):
    points = np.array([[0.0], [3.0], [20.0]])
    centroids = np.array([[-1.0], [5.0]])
    expected = (np.array([[0.0], [11.5]]), np.array([0, 1, 1]))
    assert_moved(submission.kmeans_step(points, centroids), expected, "numpy")


@points(0.75)
@hint("Which of your loops grows with the number of points? What would one call do instead?")
def test_many_points_take_little_time(submission, rng):
    points, centroids = clouds(rng, 50, 4, 2)
    assert_moved(submission.kmeans_step(points, centroids), moved(points, centroids), "numpy")
    # Whole arrays take 0.08 s at most, one point after another 0.6 s at least.
    points, centroids = clouds(rng, 200_000, 4, 2)
    taken = submission.measure("cpu_seconds", "kmeans_step", points, centroids, limit=0.3)
    assert_between(taken, None, 0.3, name="CPU time of 200 000 points, in seconds")
