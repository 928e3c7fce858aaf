"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_equal, assert_raises

POINTS = [
    {"recall": 1.0, "latency_ms": 90.0, "bytes": 3000},  # flat
    {"recall": 0.99, "latency_ms": 2.0, "bytes": 3300},  # hnsw
    {"recall": 0.95, "latency_ms": 8.0, "bytes": 3010},  # ivf_flat
    {"recall": 0.8, "latency_ms": 3.0, "bytes": 100},  # ivf_pq
    {"recall": 0.7, "latency_ms": 9.0, "bytes": 3200},  # lsh
]


def test_the_sizes_of_the_worked_example(submission):
    assert_equal(submission.index_bytes("flat", 1000, 8, {}), 32_000)
    assert_equal(submission.index_bytes("ivf_flat", 1000, 8, {"lists": 10}), 40_320)
    assert_equal(submission.index_bytes("pq", 1000, 8, {"m": 4, "bits": 6}), 5_048)
    assert_equal(submission.index_bytes("hnsw", 1000, 8, {"M": 5}), 77_000)


def test_a_missing_parameter_is_refused(submission):
    assert_raises(ValueError, submission.index_bytes, "pq", 1000, 8, {"m": 4})


def test_what_is_worse_in_everything_is_not_on_the_front(submission):
    assert_equal(submission.pareto_front(POINTS), [0, 1, 2, 3])


def test_the_cheapest_that_is_good_enough_is_chosen(submission):
    assert_equal(submission.choose_index(POINTS, 0.9, 10.0, 4000), 2)
    assert_equal(submission.choose_index(POINTS, 0.9, 5.0, 4000), 1)
    assert_equal(submission.choose_index(POINTS, 0.9, 5.0, 3299), None)
