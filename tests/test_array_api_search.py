"""The reference of array_api_search keeps to the array API standard, whatever the library."""

from pathlib import Path

import pytest

from autograder.catalog import find_root
from autograder.suite.judging import root_on_path

strict = pytest.importorskip("array_api_strict")

ROOT = find_root(Path(__file__))
assert ROOT is not None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_reference_runs_with_the_strict_library(dtype: str) -> None:
    root_on_path(ROOT)
    from solutions.array_api_search.array_api_search import cosine_top_k, kmeans_step

    kind = getattr(strict, dtype)
    corpus = strict.asarray([[0, 2], [0, 0], [4, 0], [-3, -4], [0, 1]], dtype=kind)
    queries = strict.asarray([[3, 4], [0, 1]], dtype=kind)
    scores, rows = cosine_top_k(queries, corpus, 3, 2)
    assert (scores.dtype, rows.dtype) == (kind, strict.int64)
    assert bool(strict.all(rows == strict.asarray([[0, 4, 2], [0, 4, 1]])))

    points = strict.asarray([[0, 0], [2, 0], [9, 9]], dtype=kind)
    centroids = strict.asarray([[0, 1], [8, 8], [-50, 0]], dtype=kind)
    moved, labels = kmeans_step(points, centroids)
    assert (moved.dtype, labels.dtype) == (kind, strict.int64)
    assert bool(strict.all(moved == strict.asarray([[1, 0], [9, 9], [-50, 0]], dtype=kind)))
    assert bool(strict.all(labels == strict.asarray([0, 0, 1])))
