"""The hidden suite of choosing an index."""

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points, shuffled
from solutions.index_selection.index_selection import choose_index, index_bytes, pareto_front

# ── index_bytes ───────────────────────────────────────────────────────────────────────────────


def sizes(function, *cases):
    """Return what a function says of several indexes."""
    return [function(*case) for case in cases]


def assert_sizes(given, cases):
    """Compare sizes with those of the reference."""
    for size, case in zip(given, cases, strict=True):
        assert_equal(size, index_bytes(*case), name=f"the size of {case}")


@points(0.25)
@hint("How many bytes has a float32?")
def test_a_flat_index_holds_every_vector(submission):
    cases = [("flat", 7, 5, {}), ("flat", 1_000_000, 768, {}), ("flat", 1, 1, {})]
    assert_sizes(sizes(submission.index_bytes, *cases), cases)


@points(0.75)
@hint("Where does the search find the vector whose id stands in a list?")
def test_inverted_lists_hold_vectors_ids_and_centroids(submission):
    cases = [("ivf_flat", 1000, 12, {"lists": 7}), ("ivf_flat", 11, 3, {"lists": 11})]
    assert_sizes(sizes(submission.index_bytes, *cases), cases)


@points(0.5)
@hint("What turns a code back into a vector, and how many numbers are that?")
def test_a_quantiser_holds_codes_and_codebooks(submission):
    cases = [("pq", 1000, 24, {"m": 6, "bits": 8}), ("pq", 50, 12, {"m": 12, "bits": 3})]
    assert_sizes(sizes(submission.index_bytes, *cases), cases)


@points(0.5)
@hint("Into how many bytes do 16 numbers of 4 bits go, and 5 of 6 bits?")
def test_codes_take_as_many_whole_bytes_as_their_bits_need(submission):
    cases = [
        ("pq", 999, 32, {"m": 16, "bits": 4}),
        ("pq", 999, 30, {"m": 5, "bits": 6}),
        ("pq", 999, 10, {"m": 2, "bits": 1}),
        ("pq", 999, 8, {"m": 8, "bits": 10}),
    ]
    assert_sizes(sizes(submission.index_bytes, *cases), cases)


@points(0.5)
@hint("What do the lists add to a quantiser?")
def test_both_together_hold_codes_ids_and_both_kinds_of_centroids(submission):
    cases = [
        ("ivf_pq", 1000, 24, {"lists": 9, "m": 6, "bits": 8}),
        ("ivf_pq", 77, 12, {"m": 3, "lists": 5, "bits": 5}),
    ]
    assert_sizes(sizes(submission.index_bytes, *cases), cases)


@points(0.75)
@hint("How many neighbours may a node of layer 0 have, and in how many layers above is it?")
def test_a_graph_holds_vectors_and_the_links_of_all_layers(submission):
    cases = [("hnsw", 1000, 12, {"M": 5}), ("hnsw", 100, 6, {"M": 32}), ("hnsw", 30, 4, {"M": 2})]
    assert_sizes(sizes(submission.index_bytes, *cases), cases)


@points(0.25)
@hint("What is there to store of no vectors, and what all the same?")
def test_an_index_may_be_empty(submission):
    cases = [
        ("flat", 0, 4, {}),
        ("ivf_flat", 0, 4, {"lists": 3}),
        ("pq", 0, 4, {"m": 2, "bits": 8}),
        ("ivf_pq", 0, 4, {"lists": 1, "m": 1, "bits": 1}),
        ("hnsw", 0, 4, {"M": 2}),
    ]
    assert_sizes(sizes(submission.index_bytes, *cases), cases)


@points(0.5)
@hint("Go through kind, parameters, n and dim: which values make no sense?")
def test_impossible_indexes_are_refused(submission):
    whole = {"lists": 4, "m": 2, "bits": 8}
    for kind, n, dim, params in (
        ("annoy", 10, 4, {}),
        ("FLAT", 10, 4, {}),
        ("", 10, 4, {}),
        ("flat", -1, 4, {}),
        ("flat", 10, 0, {}),
        ("hnsw", 10, -4, {"M": 4}),
        ("ivf_flat", 10, 4, {}),
        ("ivf_flat", 10, 4, {"lists": 0}),
        ("pq", 10, 4, {"m": 2}),
        ("pq", 10, 4, {"bits": 8}),
        ("pq", 10, 4, {"m": 0, "bits": 8}),
        ("pq", 10, 4, {"m": -2, "bits": 8}),
        ("pq", 10, 4, {"m": 2, "bits": 0}),
        ("pq", 10, 4, {"m": 3, "bits": 8}),
        ("pq", 10, 4, {"m": 8, "bits": 8}),
        ("ivf_pq", 10, 5, whole),
        ("hnsw", 10, 4, {}),
        ("hnsw", 10, 4, {"M": 1}),
        ("hnsw", 10, 4, {"M": 0}),
        *(("ivf_pq", 10, 4, {k: v for k, v in whole.items() if k != name}) for name in whole),
        *(("ivf_pq", 10, 4, {**whole, name: 0}) for name in whole),
    ):
        assert_raises(ValueError, submission.index_bytes, kind, n, dim, params)


# ── pareto_front ──────────────────────────────────────────────────────────────────────────────


def point(recall, latency_ms, size):
    """Return one measured index."""
    return {"recall": recall, "latency_ms": latency_ms, "bytes": size}


# Of the five only the last is worse than another one, the third, in everything.
MEASURED = [
    point(1.0, 90.0, 3000),
    point(0.99, 2.0, 3300),
    point(0.95, 8.0, 2010),
    point(0.8, 3.0, 100),
    point(0.7, 9.0, 3200),
]


def fronts(function, *cases):
    """Return the fronts of several sets of points, all asked for before any is compared."""
    return [function(case) for case in [MEASURED, *cases]]


@points(0.75, task="pareto_front")
@hint("Which point is at least as good as another one in all three, and better in one?")
def test_points_that_another_one_dominates_are_not_on_the_front(submission):
    reverse = MEASURED[::-1]
    assert_equal(fronts(submission.pareto_front, reverse), [[0, 1, 2, 3], [1, 2, 3, 4]])


@points(0.5, task="pareto_front")
@hint("Would you rather wait 2 ms or 90 ms, and pay for 100 or for 3000 bytes?")
def test_a_high_recall_is_good_and_the_others_should_be_low(submission):
    two = [
        [point(0.9, 5.0, 50), better]
        for better in (point(0.95, 5.0, 50), point(0.9, 4.0, 50), point(0.9, 5.0, 40))
    ]
    assert_equal(fronts(submission.pareto_front, *two), [[0, 1, 2, 3], [1], [1], [1]])


@points(0.5, task="pareto_front")
@hint("Is either of two equal points better in anything?")
def test_equal_points_do_not_dominate_each_other(submission):
    same = point(0.9, 5.0, 50)
    cases = [[same, same], [same, point(0.8, 6.0, 50), same, same], [same, same, point(1.0, 5, 50)]]
    expected = [[0, 1, 2, 3], [0, 1], [0, 2, 3], [2]]
    assert_equal(fronts(submission.pareto_front, *cases), expected)


@points(0.5, task="pareto_front")
@hint("A point is second in everything. Which other one is better in all three?")
def test_a_point_need_not_be_the_best_in_anything(submission):
    case = [point(1.0, 9.0, 90), point(0.5, 1.0, 80), point(0.6, 8.0, 10), point(0.9, 2.0, 20)]
    assert_equal(fronts(submission.pareto_front, case), [[0, 1, 2, 3], [0, 1, 2, 3]])


@points(0.5, task="pareto_front")
@hint("Two indexes are as fast and as large, and one finds more. Who would take the other?")
def test_better_in_one_measure_and_equal_in_the_others_is_enough(submission):
    case = [point(0.9, 5.0, 50), point(0.9, 4.0, 50), point(0.8, 4.0, 50), point(0.7, 9.0, 40)]
    assert_equal(fronts(submission.pareto_front, case), [[0, 1, 2, 3], [1, 3]])


@points(0.5, task="pareto_front")
@hint("Compare every pair. Is anything left out?")
def test_the_front_of_many_points(submission, rng):
    cases = []
    for size in (4, 12, 30):
        grid = rng.integers(0, 5, (size, 3)).tolist()
        cases.append([point(a / 4, 1.5 * b, 100 * c) for a, b, c in grid])
    given = fronts(submission.pareto_front, *cases)
    assert_equal(given, [pareto_front(case) for case in [MEASURED, *cases]])


@points(0.25, task="pareto_front")
@hint("Who dominates a single point, and how long is the front of none?")
def test_one_point_or_none_is_its_own_front(submission):
    given = fronts(submission.pareto_front, [], [point(0.0, 9.0, 1)])
    assert_equal(given, [[0, 1, 2, 3], [], [0]])


@points(0.5)
@hint("Is NaN better or worse than 0.9?")
def test_a_point_with_nan_is_refused(submission):
    nan = float("nan")
    assert_equal(submission.pareto_front(MEASURED), [0, 1, 2, 3])
    for bad in (point(nan, 5.0, 50), point(0.9, nan, 50), point(0.9, 5.0, nan)):
        for case in ([bad], [bad, *MEASURED], [*MEASURED, bad]):
            assert_raises(ValueError, submission.pareto_front, case)


# ── choose_index ──────────────────────────────────────────────────────────────────────────────


def choices(function, measured, *limits):
    """Return the choices under several limits, all asked for before any is compared."""
    return [function(measured, *three) for three in limits]


@points(0.5, task="choose_index")
@hint("Which points are within all three limits? And which of these is the smallest?")
def test_the_smallest_point_within_the_limits_is_chosen(submission):
    limits = [(0.9, 10.0, 4000), (0.9, 5.0, 4000), (0.75, 99.0, 9999), (0.999, 99.0, 9999)]
    assert_equal(choices(submission.choose_index, MEASURED, *limits), [2, 1, 3, 0])


@points(0.5, task="choose_index")
@hint("At most 10 ms: is that less than 10, or may it be 10?")
def test_a_point_exactly_on_a_limit_is_within_it(submission):
    limits = [(0.95, 9.0, 4000), (0.9, 8.0, 4000), (0.9, 9.0, 2010), (0.95, 8.0, 2010)]
    assert_equal(choices(submission.choose_index, MEASURED, *limits), [2, 2, 2, 2])


@points(0.5, task="choose_index")
@hint("Which of the three limits is missed, and is there anything to choose then?")
def test_none_is_chosen_when_no_point_is_within_all_limits(submission):
    limits = [
        (0.951, 8.0, 2010),
        (0.95, 7.9, 2010),
        (0.95, 8.0, 2009),
        (0.5, 1.0, 9999),
        (0.5, 99.0, 99),
        (1.01, 99.0, 9999),
        (0.9, 10.0, 2500),
    ]
    given = choices(submission.choose_index, MEASURED, *limits)
    assert_equal(given, [None] * 6 + [2])
    assert_equal(submission.choose_index([], 0.0, 9.0, 9), None)


@points(0.5, task="choose_index")
@hint("Two settings of one index take the same memory. Which one would you run?")
def test_of_the_smallest_the_fastest_is_chosen(submission):
    measured = [point(0.99, 7.0, 50), point(0.95, 6.0, 50), point(0.9, 2.0, 60), point(0.6, 1.0, 9)]
    limits = [(0.9, 9.0, 100), (0.97, 9.0, 100), (0.5, 9.0, 100)]
    assert_equal(choices(submission.choose_index, measured, *limits), [1, 0, 3])


@points(0.5, task="choose_index")
@hint("They are as small and as fast. What is left to prefer one, and if nothing is?")
def test_of_these_the_highest_recall_is_chosen_and_then_the_first(submission):
    measured = [point(0.9, 2.0, 70), point(0.92, 2.0, 50), point(0.95, 2.0, 50), point(0.99, 3, 50)]
    measured += [point(0.95, 2.0, 50), point(0.94, 2.0, 50)]
    limits = [(0.9, 9.0, 100), (0.96, 9.0, 100), (0.9, 9.0, 49)]
    assert_equal(choices(submission.choose_index, measured, *limits), [2, 3, None])


@points(0.5, task="choose_index")
@hint("Look your answers up in the list of points. Are they the ones you mean?")
def test_choices_among_many_points(submission, rng):
    grid = rng.integers(0, 6, (25, 3)).tolist()
    measured = shuffled(rng, [point(a / 8, 1.5 * b, 100 * c) for a, b, c in grid])
    limits = [(a / 16, 1.5 * b, 100 * c) for a in (1, 5, 8) for b in (2, 4, 5) for c in (2, 5)]
    given = choices(submission.choose_index, measured, *limits)
    assert_equal(given, [choose_index(measured, *three) for three in limits])
