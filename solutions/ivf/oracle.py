"""faiss's inverted file and scikit-learn's k-means, as independent implementations."""

import math

import faiss
import numpy as np
import torch
from sklearn.cluster import KMeans

from solutions.ivf import ivf as reference

EMPTY = "scikit-learn takes a vector that moves to an empty cluster out of the mean of its own"
TIES = "faiss breaks ties by its own order"
SKIPS = {
    "test_an_empty_centroid_moves_to_the_farthest_vector": EMPTY,
    "test_several_empty_centroids_take_the_farthest_the_second_farthest": EMPTY,
    "test_the_farthest_vector_is_that_of_the_round": EMPTY,
    "test_of_equal_distances_the_lower_id_comes_first": TIES,
    "test_of_equally_near_centroids_the_lower_index_is_probed": TIES,
}


def kmeans(x, centroids, iterations):
    if iterations < 1 or not 1 <= len(centroids) <= len(x):
        # It does not run 0 rounds, and one without clusters not at all.
        return reference.kmeans(x, centroids, iterations)
    assigned = [reference.kmeans(x, centroids, done)[1] for done in range(iterations)]
    if any(len(clusters.unique()) < len(centroids) for clusters in assigned):
        return reference.kmeans(x, centroids, iterations)
    first = np.ascontiguousarray(centroids.numpy())
    model = KMeans(len(first), init=first, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd")
    model.fit(np.ascontiguousarray(x.numpy()))
    return torch.from_numpy(model.cluster_centers_), torch.from_numpy(model.labels_).long()


def ivf_search(queries, x, centroids, order, offsets, k, nprobe):
    if k < 1 or nprobe < 1:
        raise ValueError("faiss searches for at least one, in at least one list")
    quantizer = faiss.IndexFlatL2(x.shape[1])
    quantizer.add(np.ascontiguousarray(centroids.numpy()))
    index = faiss.IndexIVFFlat(quantizer, x.shape[1], len(centroids), faiss.METRIC_L2)
    index.is_trained = True
    rows = np.ascontiguousarray(x.numpy())
    lists = np.empty(len(rows), dtype=np.int64)
    lists[order.numpy()] = np.repeat(np.arange(len(centroids)), offsets.diff().numpy())
    # The lists are those that were given, not those of the nearest centroids.
    pointers = faiss.swig_ptr(rows), None, faiss.swig_ptr(lists)
    index.add_core(len(rows), *pointers)
    index.nprobe = nprobe
    distances, ids = index.search(np.ascontiguousarray(queries.numpy()), k)
    distances[ids < 0] = math.inf
    return torch.from_numpy(distances), torch.from_numpy(ids)
