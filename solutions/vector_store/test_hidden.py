"""The hidden suite of the vector store."""

import math
from itertools import pairwise

import torch

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.sandbox.failures import raised_by_submission
from autograder.suite import hint, points, tensor
from solutions.vector_store.vector_store import VectorStore, matches

# ── matches ───────────────────────────────────────────────────────────────────────────────────

PLAIN = [({"a": 1}, {"a": 1}), ({"a": 1}, {"a": 2}), ({"a": 1}, {}), ({}, {"a": 1})]


def judged(function, cases):
    """Return what is said of plain conditions and then of some cases.

    All are asked before anything is compared, so that one answer does not hide the others.
    """
    return [function(metadata, where) for metadata, where in [*PLAIN, *cases]]


def right(cases):
    """Return what is to be said of them."""
    return [matches(metadata, where) for metadata, where in [*PLAIN, *cases]]


BOOK = {"lang": "en", "year": 2020, "price": 9.5}


@points(0.5, task="matches")
@hint("Is the limit itself in or out? Go through the eight operators one by one.")
def test_every_operator_compares_as_its_name_says(submission):
    cases = [
        (BOOK, {"year": {name: value}})
        for name in ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte")
        for value in (2019, 2020, 2021)
    ]
    cases += [
        (BOOK, {"lang": {name: values}})
        for name in ("$in", "$nin")
        for values in (["de", "en"], ["de"], [])
    ]
    cases += [
        (BOOK, {"lang": {"$gt": "de"}}),
        (BOOK, {"price": {"$lt": 10}}),
        (BOOK, {"lang": "e"}),
    ]
    assert_equal(judged(submission.matches, cases), right(cases))


@points(0.5, task="matches")
@hint("Somebody asks for two things. Which items may come back?")
def test_all_entries_and_all_operators_have_to_hold(submission):
    cases = [
        (BOOK, {"lang": "en", "year": 2020}),
        (BOOK, {"lang": "en", "year": 2021}),
        (BOOK, {"lang": "de", "year": 2020}),
        (BOOK, {"year": {"$gte": 2020, "$lt": 2021}}),
        (BOOK, {"year": {"$gte": 2019, "$lt": 2020}}),
        (BOOK, {"year": {"$gt": 2020, "$lt": 2021}}),
        (BOOK, {"year": {"$gte": 2020, "$ne": 2020}, "lang": "en"}),
    ]
    assert_equal(judged(submission.matches, cases), right(cases))


@points(0.5, task="matches")
@hint("An item without a city: is it one that is not in Rome? And one that is after Rome?")
def test_a_missing_field_satisfies_ne_and_nin_only(submission):
    operands = {"$in": ["Rome"], "$nin": ["Rome"]}
    names = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin")
    cases = [(BOOK, {"city": {name: operands.get(name, "Rome")}}) for name in names]
    cases += [(BOOK, {"city": "Rome"}), (BOOK, {"$not": {"city": "Rome"}}), ({}, {"n": {"$lt": 5}})]
    cases += [(BOOK, {"city": {"$ne": "Rome", "$gt": "A"}}), ({}, {"n": {"$nin": []}})]
    assert_equal(judged(submission.matches, cases), right(cases))


@points(0.5, task="matches")
@hint("What do all of no conditions say, and any of none? And the opposite of a nested one?")
def test_conditions_may_be_nested(submission):
    cases = [
        (BOOK, {"$and": [{"lang": "en"}, {"year": 2020}]}),
        (BOOK, {"$and": [{"lang": "en"}, {"year": 2021}]}),
        (BOOK, {"$or": [{"lang": "de"}, {"year": 2020}]}),
        (BOOK, {"$or": [{"lang": "de"}, {"year": 2021}]}),
        (BOOK, {"$and": []}),
        (BOOK, {"$or": []}),
        (BOOK, {"$not": {}}),
        (BOOK, {"$not": {"lang": "en", "year": 2021}}),
        (BOOK, {"$not": {"$or": [{"lang": "de"}, {"$and": [{"year": {"$gt": 2000}}]}]}}),
        (BOOK, {"lang": "en", "$or": [{"year": 1}, {"$not": {"year": 2}}]}),
        (BOOK, {"lang": "de", "$or": [{"year": 1}, {"$not": {"year": 2}}]}),
        (BOOK, {"$or": [{"year": 1}], "$and": [], "lang": "en"}),
    ]
    assert_equal(judged(submission.matches, cases), right(cases))


@points(0.5, task="matches")
@hint("One item has its year as a text. What should a search for year > 2020 say of it?")
def test_an_order_between_text_and_number_is_false(submission):
    cases = [
        (metadata, {"n": {name: operand}})
        for name in ("$gt", "$gte", "$lt", "$lte")
        for metadata, operand in (({"n": "10"}, 9), ({"n": 9}, "10"), ({"n": "9"}, 10.5))
    ]
    cases += [
        ({"n": "9"}, {"n": {"$ne": 9}}),
        ({"n": "9"}, {"n": 9}),
        ({"n": 9}, {"n": {"$in": ["9"]}}),
    ]
    assert_equal(judged(submission.matches, cases), right(cases))


@points(0.5, task="matches")
@hint("The first entry does not hold. Who tells the caller that the second is misspelt?")
def test_an_unknown_operator_is_refused_wherever_it_stands(submission):
    judged(submission.matches, [])
    for where in (
        {"year": {"$greater": 2020}},
        {"$nor": [{"year": 2020}]},
        {"lang": "de", "year": {"$greater": 2020}},
        {"$or": [{"lang": "en"}, {"$xor": []}]},
        {"$and": [{"lang": "de"}, {"year": {"$ge": 1}}]},
        {"city": {"$like": "R"}},
        {"$not": {"$or": [{"lang": "en"}, {"year": {"$gt": 0, "$about": 1}}]}},
        {"lang": {"$in": ["en"], "$regex": "e"}},
    ):
        assert_raises(ValueError, submission.matches, BOOK, where)


# ── VectorStore ───────────────────────────────────────────────────────────────────────────────


def vec(*components):
    """Return a vector."""
    return torch.tensor(components, dtype=torch.float32)


def drawn(rng, n, dim=4):
    """Draw a query, and vectors whose cosines with it are clearly apart."""
    while True:
        query, vectors = tensor(rng, dim), tensor(rng, n, dim)
        cosines = vectors @ query / vectors.norm(dim=1) / query.norm()
        if n < 2 or bool((cosines.sort()[0].diff() > 0.002).all()):
            return query, vectors * (0.5 + torch.arange(n)[:, None])


def items_of(vectors, **fields):
    """Return items i0, i1, … with their number, and the given fields, as metadata."""
    return [(f"i{place}", vector, {"n": place, **fields}) for place, vector in enumerate(vectors)]


# Their cosines with EAST, 1, 0.5, 0, −0.5 and −1, come out exactly in any arithmetic.
FIVE = [
    ("east", vec(2, 0, 0, 0), {"group": "x"}),
    ("near", vec(3, 3, 3, 3), {"group": "x"}),
    ("side", vec(0, 5, 0, 0), {"group": "y"}),
    ("back", vec(-1, 1, 1, -1), {"group": "y"}),
    ("west", vec(-4, 0, 0, 0), {"group": "x"}),
]
EAST = vec(3, 0, 0, 0)


def everything(store, query=EAST):
    """Return all that a store tells about itself."""
    found = store.search(query, 99)
    return [store.count(), store.slots(), found, [store.get(id) for id, _ in found]]


@points(0.25)
@hint("Make one vector ten times as long. Which searches does it win?")
def test_the_length_of_a_vector_does_not_matter(submission):
    store = submission.VectorStore(4)
    store.upsert([("long", vec(16, -16, 16, 16), {}), ("short", vec(0.5, 0, 0, 0), {}), FIVE[3]])
    assert_close(store.search(EAST, 3), [("short", 1.0), ("long", 0.5), ("back", -0.5)])


@points(0.5)
@hint("Which number do you sort by, and how many do you return?")
def test_the_best_cosines_come_first(submission, rng):
    query, vectors = drawn(rng, 8)
    store, expected = submission.VectorStore(4), VectorStore(4)
    store.upsert(items_of(vectors))
    expected.upsert(items_of(vectors))
    for k in (8, 1, 3):
        given = store.search(query, k)
        assert_close(given, expected.search(query, k), atol=1e-5, name=f"the {k} best")


@points(0.5)
@hint("What does a search look at: the slots, or the ids that are live?")
def test_deleted_items_are_not_found(submission):
    store = submission.VectorStore(4)
    store.upsert(FIVE)
    assert_equal(store.delete(["east", "side"]), 2)
    assert_close(store.search(EAST, 5), [("near", 0.5), ("back", -0.5), ("west", -1.0)])
    assert_equal(store.get("east"), None)
    assert_equal([store.count(), store.slots()], [3, 5])


@points(0.75)
@hint("How often is an id found that was upserted twice, and with which vector?")
def test_an_item_given_again_takes_the_place_of_the_old_one(submission):
    store = submission.VectorStore(4)
    store.upsert(FIVE[:3])
    store.upsert([("east", vec(-1, -1, -1, -1), {"group": "z"})])
    assert_close(store.search(EAST, 5), [("near", 0.5), ("side", 0.0), ("east", -0.5)])
    assert_equal([store.count(), store.slots()], [3, 4])
    assert_close(store.get("east"), {"vector": vec(-1, -1, -1, -1), "metadata": {"group": "z"}})
    assert_equal(store.search(EAST, 5, {"group": "z"})[0][0], "east")


@points(0.5)
@hint("A field is not in the new metadata. What does get say of it?")
def test_metadata_are_replaced_not_merged(submission):
    store = submission.VectorStore(4)
    store.upsert([("a", EAST, {"lang": "de", "year": 2020}), ("b", EAST, {"lang": "de"})])
    store.upsert([("a", EAST, {"lang": "en"}), ("b", EAST, {})])
    assert_equal(store.get("a")["metadata"], {"lang": "en"})
    assert_equal(store.get("b")["metadata"], {})
    assert_equal(store.search(EAST, 2, {"year": 2020}), [])


@points(0.75)
@hint("The third of three items is bad. What is in the store then?")
def test_a_batch_is_stored_as_a_whole_or_not_at_all(submission):
    store, expected = submission.VectorStore(4), VectorStore(4)
    store.upsert(FIVE[:2])
    expected.upsert(FIVE[:2])
    for bad in (
        vec(1, 1, 1, math.nan),
        vec(math.inf, 0, 0, 0),
        vec(0, -math.inf, 0, 0),
        vec(1, 1, 1),
        vec(1, 1, 1, 1, 1),
    ):
        batch = [("new", vec(-1, -1, 1, 1), {}), ("east", vec(0, 1, 0, 0), {}), ("bad", bad, {})]
        assert_raises(ValueError, store.upsert, batch)
        assert_raises(ValueError, store.upsert, batch[::-1])
    store.upsert([])
    assert_close(everything(store), everything(expected), name="the store after bad batches")


@points(0.75)
@hint("The k best do not match, and others do. How many come back?")
def test_k_items_come_back_wherever_k_match(submission):
    store = submission.VectorStore(4)
    store.upsert(FIVE)
    assert_close(store.search(EAST, 2, {"group": "y"}), [("side", 0.0), ("back", -0.5)])
    given = store.search(EAST, 3, {"$not": {"group": "y"}})
    assert_close(given, [("east", 1.0), ("near", 0.5), ("west", -1.0)])
    assert_close(store.search(EAST, 1, {"group": {"$gt": "x"}}), [("side", 0.0)])
    assert_equal(store.search(EAST, 4, {"group": "z"}), [])


@points(0.75)
@hint("In which slot is each item after compact, and where do you look for it?")
def test_compact_changes_no_answer(submission):
    store, expected = submission.VectorStore(4), VectorStore(4)
    for one in (store, expected):
        one.upsert(FIVE)
        one.delete(["east", "side"])
        one.upsert([("near", vec(0, 0, 2, 0), {"group": "z"})])
    assert_equal(store.compact(), 3)
    expected.compact()
    for id in ("near", "back", "west"):
        assert_close(store.get(id), expected.get(id), name=f"the item {id}")
    assert_close(everything(store), everything(expected), name="the store after compact")
    for one in (store, expected):
        one.upsert([("back", vec(0, 9, 0, 0), {}), ("south", vec(1, 1, -1, 1), {})])
        one.delete(["west"])
    assert_close(everything(store), everything(expected), name="the store some steps later")
    assert_equal([store.compact(), store.compact()], [2, 0])


@points(0.5)
@hint("Two items are equally good. Which slot is older, also after one was given again?")
def test_of_equal_cosines_the_older_slot_comes_first(submission):
    store = submission.VectorStore(3)
    unit = torch.eye(3)
    store.upsert([(f"i{place % 97}", 2 * unit[place % 2], {}) for place in range(60)])
    best = [f"i{place}" for place in range(0, 60, 2)]
    assert_equal([id for id, _ in store.search(unit[0], 30)], best)
    store.upsert([("i0", unit[0], {}), ("i8", unit[0], {})])
    best = [id for id in best if id not in ("i0", "i8")] + ["i0", "i8"]
    assert_equal([id for id, _ in store.search(unit[0], 30)], best)
    store.delete(["i2"])
    store.compact()
    assert_equal([id for id, _ in store.search(unit[0], 29)], best[1:])


@points(0.5)
@hint("What is in a slot after a delete, after an upsert, after compact?")
def test_tombstones_are_slots_and_no_items(submission):
    store = submission.VectorStore(4)
    assert_equal([store.count(), store.slots(), store.compact()], [0, 0, 0])
    store.upsert(FIVE)
    assert_equal([store.count(), store.slots()], [5, 5])
    store.upsert(FIVE[1:3])
    store.delete(["west"])
    assert_equal([store.count(), store.slots()], [4, 7])
    assert_equal([store.compact(), store.count(), store.slots()], [3, 4, 4])
    store.delete([id for id, _, _ in FIVE])
    assert_equal([store.count(), store.slots(), store.compact(), store.slots()], [0, 4, 4, 0])


@points(0.5)
@hint("What was deleted when nobody has this id, or when it is given twice?")
def test_delete_says_how_many_were_there(submission):
    store = submission.VectorStore(4)
    store.upsert(FIVE)
    assert_equal(store.delete(["nobody"]), 0)
    assert_equal(store.delete(["east", "east", "nobody", "side"]), 2)
    assert_equal(store.delete(["east"]), 0)
    assert_equal(store.delete([]), 0)
    store.upsert(FIVE[:1])
    assert_equal(store.delete(["side", "east"]), 1)
    assert_equal([store.count(), store.slots()], [3, 6])


@points(0.5)
@hint("What does get return, bit by bit and type by type? And for an id that is not there?")
def test_vectors_and_metadata_come_back_as_they_were(submission, rng):
    store, vector = submission.VectorStore(5), tensor(rng, 5)
    metadata = {"text": 'é 中\n"', "int": 1, "float": 1.0, "big": 2**70, "small": -2.5e-300}
    store.upsert([("a", vector, metadata), ("", -vector, {})])
    given = store.get("a")
    assert_equal(given["vector"], vector)
    assert_close(given["vector"], vector, check_dtype=True)
    assert_equal(given["metadata"], metadata)
    kinds = {key: type(value).__name__ for key, value in given["metadata"].items()}
    expected = {key: type(value).__name__ for key, value in metadata.items()}
    assert_equal(kinds, expected, name="the types of the metadata")
    assert_equal(store.get(""), {"vector": -vector, "metadata": {}})
    assert_equal(store.get("b"), None)


@points(0.5)
@hint("A bad query meets a full store, and an empty one. Does either answer?")
def test_bad_searches_are_refused_also_when_nothing_is_live(submission):
    full, empty = submission.VectorStore(4), submission.VectorStore(4)
    full.upsert(FIVE)
    empty.upsert(FIVE)
    empty.delete([id for id, _, _ in FIVE])
    for store in (full, empty):
        for query in (
            vec(1.0),
            vec(1, 2, 3),
            vec(math.nan, 1),
            vec(0, math.inf),
            vec(-math.inf, 0),
        ):
            assert_raises(ValueError, store.search, query, 2)
        for k in (0, -1):
            assert_raises(ValueError, store.search, EAST, k)
        for where in ({"group": {"$is": "x"}}, {"group": "q", "$if": {}}):
            assert_raises(ValueError, store.search, EAST, 2, where)
    assert_equal(empty.search(EAST, 2, {"group": "x"}), [])


@points(0.75)
@hint("Keep a plain dict beside the store, and do to it whatever you do to the store.")
def test_any_sequence_of_operations_is_right(submission, rng):
    store, expected = submission.VectorStore(3), VectorStore(3)
    for step in range(6):
        query, vectors = drawn(rng, 3, dim=3)
        ids = [f"i{place}" for place in rng.integers(0, 6, 3)]
        batch = [
            (id, vector, {"n": int(rng.integers(0, 3)), "step": step})
            for id, vector in zip(ids, vectors, strict=True)
        ]
        for one in (store, expected):
            one.upsert(batch)
        gone = [f"i{place}" for place in rng.integers(0, 6, 1)]
        assert_equal(store.delete(gone), expected.delete(gone))
        if step % 3 == 2:
            assert_equal(store.compact(), expected.compact())
        scores = [score for _, score in expected.search(query, 99)]
        gaps = [above - below for above, below in pairwise(scores)]
        if min(gaps, default=1.0) > 1e-3:
            where = {"n": {"$ne": 1}}
            given = store.search(query, 2, where)
            assert_close(given, expected.search(query, 2, where), atol=1e-5)
        given = store.get(batch[0][0])
        assert_close(given, expected.get(batch[0][0]))
        assert_equal([store.count(), store.slots()], [expected.count(), expected.slots()])


@points(0.25)
@hint("How many results are there when k is larger than the store, and when the store is empty?")
def test_there_are_no_more_results_than_items(submission):
    store = submission.VectorStore(4)
    assert_equal(store.search(EAST, 3), [])
    store.upsert(FIVE[1:3])
    assert_close(store.search(EAST, 3), [("near", 0.5), ("side", 0.0)])


@points(0.25)
@hint("Which items match no condition at all, and an empty one?")
def test_without_a_condition_all_items_match(submission):
    store = submission.VectorStore(4)
    store.upsert(FIVE)
    expected = [("east", 1.0), ("near", 0.5), ("side", 0.0)]
    for arguments in ((), (None,), ({},)):
        assert_close(store.search(EAST, 3, *arguments), expected)


@points(0.25)
@hint("What do you divide a vector of zeros by?")
def test_a_vector_of_zeros_has_cosine_zero(submission):
    store = submission.VectorStore(4)
    store.upsert([FIVE[1], ("none", vec(0, 0, 0, 0), {}), FIVE[4]])
    assert_close(store.search(EAST, 3), [("near", 0.5), ("none", 0.0), ("west", -1.0)])
    given = store.search(vec(0, 0, 0, 0), 2)
    assert_close(given, [("near", 0.0), ("none", 0.0)])


@points(0.25)
@hint("One id comes twice in a batch. Which vector is kept, and how many slots are taken?")
def test_an_id_may_come_twice_in_a_batch(submission):
    store = submission.VectorStore(4)
    store.upsert([("a", EAST, {"n": 1}), FIVE[1], ("a", -EAST, {"n": 2})])
    assert_equal([store.count(), store.slots()], [2, 3])
    assert_close(store.search(EAST, 3), [("near", 0.5), ("a", -1.0)])
    assert_equal(store.get("a")["metadata"], {"n": 2})


# ── restore ───────────────────────────────────────────────────────────────────────────────────


def assert_refused(restore, data):
    """Check that bytes are refused with a ValueError."""
    error = assert_raises(Exception, restore, data)
    raised = raised_by_submission(error)
    # This kind of ValueError comes as a plain Exception, since a text alone does not make one.
    if raised is None or raised.kind != "UnicodeDecodeError":
        assert_raises(ValueError, again, error)


def again(error):
    """Raise an error that was caught."""
    raise error


@points(0.75, task="restore")
@hint("Compare every bit of a vector, and every type of a value, before and after.")
def test_a_restored_store_holds_the_same_items(submission, rng):
    store = submission.VectorStore(4)
    vectors = tensor(rng, 3, 4)
    vectors[0] = vec(1e-42, -0.0, 1 / 3, 3e38)
    metadata = {"text": 'é 中\n"\\\x00', "int": 1, "float": 1.0, "big": -(2**70), "third": 1 / 3}
    items = [("z", vectors[0], metadata), ("", vectors[1], {}), ("é", vectors[2], {"": "x"})]
    store.upsert(items)
    again = submission.restore(store.snapshot())
    for id, vector, held in items:
        given = again.get(id)
        assert_equal(given["vector"], vector, name=f"the vector of {id!r}")
        assert_equal(given["metadata"], held, name=f"the metadata of {id!r}")
    kinds = {key: type(value).__name__ for key, value in again.get("z")["metadata"].items()}
    expected = {key: type(value).__name__ for key, value in metadata.items()}
    assert_equal(kinds, expected, name="the types of the metadata")
    assert_equal(torch.signbit(again.get("z")["vector"]).tolist(), [False, True, False, False])


@points(0.5, task="restore")
@hint("Which of two equally good items is found first, before and after?")
def test_a_restored_store_keeps_the_order_of_its_slots(submission):
    store = submission.VectorStore(4)
    store.upsert([(id, place * EAST, {}) for place, id in enumerate("qcxabm", start=1)])
    store.upsert([("c", EAST, {})])
    again = submission.restore(store.snapshot())
    assert_equal([id for id, _ in again.search(EAST, 9)], list("qxabmc"))


@points(0.5, task="restore")
@hint("What is in a snapshot of a store with tombstones, and of an empty one?")
def test_a_restored_store_has_no_tombstones_and_goes_on(submission):
    store = submission.VectorStore(4)
    store.upsert(FIVE)
    store.upsert(FIVE[:1])
    store.delete(["side"])
    again = submission.restore(store.snapshot())
    assert_equal([again.count(), again.slots(), again.compact()], [4, 4, 0])
    assert_equal([store.count(), store.slots()], [4, 6])
    again.upsert([("south", vec(1, 1, -1, 1), {"group": "z"})])
    assert_equal(again.delete(["west", "side"]), 1)
    expected = [("east", 1.0), ("near", 0.5), ("south", 0.5), ("back", -0.5)]
    assert_close(again.search(EAST, 9), expected)
    assert_equal([again.count(), again.slots()], [4, 5])
    empty = submission.restore(submission.VectorStore(3).snapshot())
    assert_equal([empty.count(), empty.slots()], [0, 0])
    assert_raises(ValueError, empty.upsert, FIVE)
    empty.upsert([("a", vec(1, 2, 3), {})])
    assert_equal(empty.count(), 1)


@points(0.75, task="restore")
@hint("Turn one bit of a snapshot round. Does anybody notice?")
def test_bytes_changed_in_any_bit_are_refused(submission, rng):
    store = submission.VectorStore(4)
    store.upsert(FIVE[:3])
    data = store.snapshot()
    assert_equal(submission.restore(data).count(), 3)
    places = range(len(data)) if len(data) <= 64 else rng.choice(len(data), 64, replace=False)
    for place in sorted({0, len(data) - 1, *map(int, places)}):
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(0, 8))
        assert_refused(submission.restore, bytes(damaged))


@points(0.5, task="restore")
@hint("The disk was full. Which part of the snapshot is missing, and who notices?")
def test_bytes_cut_short_or_added_to_are_refused(submission):
    store = submission.VectorStore(4)
    store.upsert(FIVE[:2])
    data = store.snapshot()
    for length in (0, 1, 5, 31, 32, 33, len(data) // 2, len(data) - 2, len(data) - 1):
        assert_refused(submission.restore, data[:length])
    for other in (data + b"\0", data + data, b" " + data, b"no snapshot", b"{}"):
        assert_refused(submission.restore, other)
