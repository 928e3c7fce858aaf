"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

QUERY = torch.tensor([0.0])
X = torch.tensor([[5.0], [1.0], [4.0], [2.0], [3.0]])
ALLOWED = torch.tensor([True, False, True, False, True])


def test_the_nearest_of_the_allowed_vectors(submission):
    assert submission.pre_filter(QUERY, X, ALLOWED, 2) == [4, 2]


def test_what_is_fetched_and_not_allowed_is_lost(submission):
    assert submission.post_filter(QUERY, X, ALLOWED, 2, fetch=2) == []
    assert submission.post_filter(QUERY, X, ALLOWED, 2, fetch=3) == [4]
    assert submission.post_filter(QUERY, X, ALLOWED, 2, fetch=5) == [4, 2]


def test_few_allowed_vectors_are_scanned(submission):
    expected = {"ids": [4, 2], "strategy": "pre", "scanned": 3}
    assert submission.adaptive_filter(QUERY, X, ALLOWED, 2, scan_limit=3) == expected


def test_for_many_the_fetch_is_doubled_until_it_is_enough(submission):
    expected = {"ids": [4, 2], "strategy": "post", "scanned": 4}
    assert submission.adaptive_filter(QUERY, X, ALLOWED, 2, scan_limit=2) == expected


def test_one_of_two_in_ten_is_found_among_three_more_often_than_not(submission):
    assert submission.fetch_needed(10, 2, 1, 0.5) == 3
    assert submission.fetch_needed(10, 2, 3, 0.5) is None
