"""Search and clustering in one code for numpy, CuPy and torch. The question is in README.md."""

from array_api_compat import array_namespace, device  # noqa: F401 — yours to use
from jaxtyping import Float, Int64
from numpy import ndarray as Array


def cosine_top_k(
    queries: Float[Array, "q d"], corpus: Float[Array, "n d"], k: int, batch: int
) -> tuple[Float[Array, "q min(k,n)"], Int64[Array, "q min(k,n)"]]:
    """Return the k largest cosines of each query and the rows of the corpus that have them.

    Both descending, the lower index first among equal scores; a zero vector has score 0 with
    everything. The corpus is gone through `batch` rows at a time. Arrays of whatever library come
    in, arrays of the same library, device and dtype go out.

    Raises:
        ValueError: if `k` or `batch` is less than 1.
    """
    raise NotImplementedError


def kmeans_step(
    points: Float[Array, "n d"], centroids: Float[Array, "c d"]
) -> tuple[Float[Array, "c d"], Int64[Array, "n"]]:
    """Return the centroids after one step of k-means, and each point's label before it.

    A label is the nearest centroid by squared distance, the lower index on ties. A centroid moves
    to the mean of its points; one without points stays as it is.
    """
    raise NotImplementedError
