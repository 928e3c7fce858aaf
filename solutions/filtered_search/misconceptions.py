"""The wrong turns of filtered search."""

import math
from itertools import count

from autograder.suite import misconception
from solutions.filtered_search.filtered_search import (
    adaptive_filter,
    fetch_needed,
    log_comb,
    nearest,
    post_filter,
    pre_filter,
)


@misconception(
    replaces="pre_filter",
    says="ids are positions among the allowed vectors, not in x",
    hint="Look your ids up in x. Are these the vectors that you found?",
)
def positions_in_subset(query, x, allowed, k):
    pre_filter(query, x, allowed, k)
    return nearest(query, x[allowed])[:k].tolist()


@misconception(
    replaces="pre_filter",
    says="distances of vectors that are not allowed are set to zero, which makes them the nearest",
    hint="Is a small distance good or bad news?",
)
def masked_to_zero(query, x, allowed, k):
    pre_filter(query, x, allowed, k)
    distances = (x - query).square().sum(dim=1) * allowed
    return distances.argsort(stable=True)[:k].tolist()


@misconception(
    replaces="pre_filter",
    says="vectors that are not allowed are only moved to the end, and fill up what is missing",
    hint="Allow one vector and ask for two. What comes second?",
)
def masked_to_infinity(query, x, allowed, k):
    pre_filter(query, x, allowed, k)
    distances = (x - query).square().sum(dim=1).masked_fill(~allowed, math.inf)
    return distances.argsort(stable=True)[:k].tolist()


@misconception(
    replaces="post_filter",
    says="only the k nearest are fetched before the filter, whatever fetch is",
    hint="Which of your arguments does the result not depend on?",
)
def fetches_only_k(query, x, allowed, k, fetch):
    post_filter(query, x, allowed, k, fetch)
    return post_filter(query, x, allowed, k, k)


@misconception(
    replaces="post_filter",
    says="missing results are filled up with vectors that are not allowed",
    hint="Is a vector that is not allowed better than none?",
)
def fills_up(query, x, allowed, k, fetch):
    found = post_filter(query, x, allowed, k, fetch)
    fetched = nearest(query, x)[:fetch].tolist()
    return (found + [i for i in fetched if not allowed[i]])[:k]


@misconception(
    replaces="post_filter",
    says="the filter runs before the fetch: that is pre-filtering, and never loses anything",
    hint="An index does not know your filter. What do you get when you ask it for three?",
)
def filters_first(query, x, allowed, k, fetch):
    post_filter(query, x, allowed, k, fetch)
    return pre_filter(query, x, allowed, min(k, fetch))


@misconception(
    replaces="adaptive_filter",
    says="the scan is chosen for filters that let many through and post-filtering for the "
    "selective ones",
    hint="One vector in a thousand is allowed. How many of the nearest hundred are?",
)
def strategies_swapped(query, x, allowed, k, scan_limit):
    adaptive_filter(query, x, allowed, k, scan_limit)
    if int(allowed.sum()) > scan_limit:
        return adaptive_filter(query, x, allowed, k, len(x))
    return search(query, x, allowed, k, lambda fetch: 2 * fetch)


def search(query, x, allowed, k, grow, scanned=lambda fetches: fetches[-1]):
    """Right but for how the fetch grows, and which number is told."""
    fetches = [k]
    ids = post_filter(query, x, allowed, k, k)
    while len(ids) < k and fetches[-1] < len(x):
        fetches.append(grow(fetches[-1]))
        ids = post_filter(query, x, allowed, k, fetches[-1])
    told = scanned([min(fetch, len(x)) for fetch in fetches])
    return {"ids": ids, "strategy": "post", "scanned": told}


@misconception(
    replaces="adaptive_filter",
    says="the fetch is not enlarged when too few vectors match",
    hint="The first fetch holds none that match. What do you do next?",
)
def one_round(query, x, allowed, k, scan_limit):
    given = adaptive_filter(query, x, allowed, k, scan_limit)
    if given["strategy"] == "pre":
        return given
    ids = post_filter(query, x, allowed, k, k)
    return {"ids": ids, "strategy": "post", "scanned": min(k, len(x))}


@misconception(
    replaces="adaptive_filter",
    says="the fetch grows by k each time instead of doubling",
    hint="How many rounds does it take to find one vector in a thousand?",
)
def grows_by_k(query, x, allowed, k, scan_limit):
    given = adaptive_filter(query, x, allowed, k, scan_limit)
    if given["strategy"] == "pre":
        return given
    return search(query, x, allowed, k, lambda fetch: fetch + k)


@misconception(
    replaces="adaptive_filter",
    says="scanned adds up the fetches of all rounds, where the last one is asked for",
    hint="Which number do you tell when the first fetch was not enough?",
)
def fetches_added_up(query, x, allowed, k, scan_limit):
    given = adaptive_filter(query, x, allowed, k, scan_limit)
    if given["strategy"] == "pre":
        return given
    return search(query, x, allowed, k, lambda fetch: 2 * fetch, sum)


@misconception(
    replaces="fetch_needed",
    says="k / selectivity is fetched, which finds k only on average: about half of the time it is "
    "too few",
    hint="Two of ten match. How often is one of them among the first five?",
)
def expected_count(total, matching, k, confidence):
    if fetch_needed(total, matching, k, confidence) is None:
        return None
    return -(-k * total // matching)


@misconception(
    replaces="fetch_needed",
    says="matches are counted as independent draws (binomial), but the ranking is drawn without "
    "replacement",
    hint="The last of ten is left and no match was seen. How likely is it one?",
)
def with_replacement(total, matching, k, confidence):
    if fetch_needed(total, matching, k, confidence) is None:
        return None
    if matching == total:
        return k
    hit, miss = math.log(matching / total), math.log1p(-matching / total)
    chance = 0.0
    for fetch in count(k):
        # The k-th hit is drawn exactly now.
        chance += math.exp(log_comb(fetch - 1, k - 1) + k * hit + (fetch - k) * miss)
        if chance >= confidence - 1e-9:
            return fetch


@misconception(
    replaces="fetch_needed",
    says="the chance of exactly k matches is used, not that of at least k",
    hint="Fetch everything. How likely are exactly k matches, if there are more?",
)
def exactly_k(total, matching, k, confidence):
    if fetch_needed(total, matching, k, confidence) is None:
        return None
    for fetch in range(k, total - matching + k + 1):
        ways = log_comb(matching, k) + log_comb(total - matching, fetch - k)
        if math.exp(ways - log_comb(total, fetch)) >= confidence - 1e-9:
            return fetch
    return None


@misconception(
    replaces="fetch_needed",
    says="a probability that is exactly the confidence is not enough",
    hint="At least: is that more than the confidence, or may it be the same?",
)
def more_than_the_confidence(total, matching, k, confidence):
    fetch_needed(total, matching, k, confidence)
    return fetch_needed(total, matching, k, min(confidence + 1e-7, 1 - 1e-12))
