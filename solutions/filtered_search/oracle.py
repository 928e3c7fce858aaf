"""faiss's flat index with a selector and SciPy's hypergeometric distribution."""

import faiss
import numpy as np
from scipy.stats import hypergeom

from solutions.filtered_search import filtered_search as reference

TIES = "faiss breaks ties by its own order"
SKIPS = {
    "test_of_equally_near_allowed_vectors_the_lower_id_comes_first": TIES,
    "test_of_equally_near_vectors_those_with_lower_ids_are_fetched": TIES,
}


def pre_filter(query, x, allowed, k):
    reference.check_positive("k", k)
    ids = np.flatnonzero(allowed.numpy())
    if len(ids) == 0:
        return []
    selector = faiss.IDSelectorBatch(ids)
    return search(query, x, k, faiss.SearchParameters(sel=selector))


def post_filter(query, x, allowed, k, fetch):
    reference.check_positive("k", k)
    reference.check_positive("fetch", fetch)
    fetched = search(query, x, fetch, None) if len(x) else []
    return [i for i in fetched if allowed[i]][:k]


def search(query, x, k, parameters):
    index = faiss.IndexFlatL2(x.shape[1])
    index.add(np.ascontiguousarray(x.numpy()))
    rows = np.ascontiguousarray(query.numpy()[None])
    ids = index.search(rows, min(k, len(x)), params=parameters)[1][0]
    # It fills up with −1.
    return [int(i) for i in ids if i >= 0]


def fetch_needed(total, matching, k, confidence):
    if reference.fetch_needed(total, matching, k, confidence) is None:
        return None
    fetches = np.arange(k, total - matching + k + 1)
    chances = hypergeom(total, matching, fetches).sf(k - 1)
    return int(fetches[np.argmax(chances >= confidence - 1e-9)])
