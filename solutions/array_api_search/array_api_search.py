"""Search and clustering in one code for numpy, CuPy and torch: the reference."""

from array_api_compat import array_namespace, device
from jaxtyping import Float, Int64
from numpy import ndarray as Array


def cosine_top_k(
    queries: Float[Array, "q d"], corpus: Float[Array, "n d"], k: int, batch: int
) -> tuple[Float[Array, "q min(k,n)"], Int64[Array, "q min(k,n)"]]:
    """Return the k largest cosines of each query and the rows of the corpus that have them.

    >>> import numpy as np
    >>> scores, rows = cosine_top_k(np.array([[1.0, 0.0]]), np.eye(2), k=1, batch=1)
    >>> scores.tolist(), rows.tolist()
    ([[1.0]], [[0]])
    """
    if k < 1:
        raise ValueError(f"k has to be at least 1, got {k}")
    if batch < 1:
        raise ValueError(f"batch has to be at least 1, got {batch}")
    xp = array_namespace(queries, corpus)
    queries = unit_rows(queries)
    best_scores = best_rows = None
    n = corpus.shape[0]
    for start in range(0, n, batch):
        part = corpus[start : min(start + batch, n), :]  # the standard wants slices within bounds
        scores = xp.matmul(queries, unit_rows(part).T)
        rows = start + xp.arange(part.shape[0], dtype=xp.int64, device=device(corpus))
        rows = xp.broadcast_to(rows, scores.shape)
        if best_scores is not None:
            # The best so far come first: they have lower rows, and the sort is stable.
            scores = xp.concat([best_scores, scores], axis=1)
            rows = xp.concat([best_rows, rows], axis=1)
        order = xp.argsort(scores, axis=1, descending=True, stable=True)
        order = order[:, : min(k, order.shape[1])]
        best_scores = xp.take_along_axis(scores, order, axis=1)
        best_rows = xp.take_along_axis(rows, order, axis=1)
    return best_scores, best_rows


def unit_rows(x: Float[Array, "n d"]) -> Float[Array, "n d"]:
    """Divide each row by its length; a zero row stays zero."""
    xp = array_namespace(x)
    length = xp.sqrt(xp.sum(x * x, axis=1, keepdims=True))
    return x / xp.where(length == 0, xp.ones_like(length), length)


def kmeans_step(
    points: Float[Array, "n d"], centroids: Float[Array, "c d"]
) -> tuple[Float[Array, "c d"], Int64[Array, "n"]]:
    """Return the centroids after one step of k-means, and each point's label before it (Lloyd).

    >>> import numpy as np
    >>> moved, labels = kmeans_step(np.array([[0.0], [4.0]]), np.array([[1.0], [9.0]]))
    >>> moved.tolist(), labels.tolist()
    ([[2.0], [9.0]], [0, 0])
    """
    xp = array_namespace(points, centroids)
    # Differences, not ‖p‖² − 2 p·c + ‖c‖²: that cancels when points lie far from the origin.
    distances = [
        xp.sum((points - centroids[label, :]) ** 2, axis=1) for label in range(centroids.shape[0])
    ]
    labels = xp.argmin(xp.stack(distances, axis=1), axis=1)  # the first of equals
    all_labels = xp.arange(centroids.shape[0], dtype=labels.dtype, device=device(points))
    members = xp.astype(labels[:, None] == all_labels, points.dtype)
    counts = xp.sum(members, axis=0)[:, None]
    empty = counts == 0
    means = xp.matmul(members.T, points) / xp.where(empty, xp.ones_like(counts), counts)
    return xp.where(empty, centroids, means), labels
