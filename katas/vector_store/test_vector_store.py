"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_close, assert_equal, assert_raises


def filled(submission):
    """Return a store of three items."""
    store = submission.VectorStore(2)
    store.upsert(
        [
            ("a", torch.tensor([1.0, 0.0]), {"lang": "de", "year": 2020}),
            ("b", torch.tensor([3.0, 4.0]), {"lang": "en", "year": 2023}),
            ("c", torch.tensor([0.0, 2.0]), {"lang": "en"}),
        ]
    )
    return store


def test_conditions_of_the_worked_example(submission):
    metadata = {"lang": "en", "year": 2023}
    assert submission.matches(metadata, {"lang": "en", "year": {"$gte": 2020, "$lt": 2024}})
    assert not submission.matches(metadata, {"$not": {"lang": {"$in": ["en", "fr"]}}})
    assert submission.matches(metadata, {"city": {"$ne": "Rome"}})
    assert_raises(ValueError, submission.matches, metadata, {"year": {"$about": 2023}})


def test_the_best_match_comes_first(submission):
    store = filled(submission)
    assert_close(store.search(torch.tensor([2.0, 0.0]), 2), [("a", 1.0), ("b", 0.6)], atol=1e-5)
    found = store.search(torch.tensor([2.0, 0.0]), 2, {"lang": "en"})
    assert_close(found, [("b", 0.6), ("c", 0.0)], atol=1e-5)


def test_an_upsert_leaves_a_tombstone(submission):
    store = filled(submission)
    store.upsert([("a", torch.tensor([0.0, 1.0]), {"lang": "it"})])
    assert (store.count(), store.slots()) == (3, 4)
    assert_equal(store.get("a")["metadata"], {"lang": "it"})
    assert store.compact() == 1
    assert (store.count(), store.slots()) == (3, 3)


def test_a_deleted_item_is_gone(submission):
    store = filled(submission)
    assert store.delete(["b", "nobody"]) == 1
    assert store.get("b") is None
    found = store.search(torch.tensor([3.0, 4.0]), 3)
    assert_close(found, [("c", 0.8), ("a", 0.6)], atol=1e-5)


def test_a_snapshot_can_be_restored_unless_it_is_damaged(submission):
    data = filled(submission).snapshot()
    store = submission.restore(data)
    assert_close(store.search(torch.tensor([2.0, 0.0]), 1), [("a", 1.0)])
    assert_raises(ValueError, submission.restore, data[:-1])
