"""The wrong turns of the vector store."""

import json

import torch

from autograder.suite import misconception
from solutions.vector_store.vector_store import (
    DIGEST,
    ORDERS,
    compare,
    entry_holds,
    holds,
    require_known,
    restore,
    unit_length,
)
from solutions.vector_store.vector_store import VectorStore as Reference


class VectorStore(Reference):
    """The right store, as a class of this module: its objects are the submission's own."""


# ── matches ───────────────────────────────────────────────────────────────────────────────────


def judged(metadata, where, test=compare):
    """Evaluate a condition with another comparison of a field."""

    def entry(key, wanted):
        if key in ("$and", "$or"):
            quantifier = all if key == "$and" else any
            return quantifier(judged(metadata, condition, test) for condition in wanted)
        if key == "$not":
            return not judged(metadata, wanted, test)
        tests = wanted if isinstance(wanted, dict) else {"$eq": wanted}
        return all(test(metadata, key, name, operand) for name, operand in tests.items())

    require_known(where)
    return all(entry(key, wanted) for key, wanted in where.items())


@misconception(
    replaces="matches",
    says="a missing field satisfies neither $ne nor $nin",
    hint="An item without a city: is it an item that is not in Rome?",
)
def missing_is_never(metadata, where):
    def test(metadata, field, name, operand):
        return field in metadata and compare(metadata, field, name, operand)

    return judged(metadata, where, test)


@misconception(
    replaces="matches",
    says="one entry that holds is enough",
    hint="Somebody asks for lang = en and year > 2020. Which items may come back?",
)
def any_entry_will_do(metadata, where):
    require_known(where)
    return not where or any(entry_holds(metadata, key, wanted) for key, wanted in where.items())


@misconception(
    replaces="matches",
    says="a missing field satisfies everything: only fields that are there are tested",
    hint="Somebody asks for year > 2020. What of an item without a year?",
)
def missing_is_ignored(metadata, where):
    def test(metadata, field, name, operand):
        return field not in metadata or compare(metadata, field, name, operand)

    return judged(metadata, where, test)


@misconception(
    replaces="matches",
    says="of several operators of one field only the first is looked at",
    hint="What does {$gte: 2020, $lt: 2024} say of 2030?",
)
def first_operator_only(metadata, where):
    def first(where):
        return {
            key: dict(list(wanted.items())[:1])
            if isinstance(wanted, dict) and key != "$not"
            else first(wanted)
            if key == "$not"
            else [first(condition) for condition in wanted]
            if key in ("$and", "$or")
            else wanted
            for key, wanted in where.items()
        }

    require_known(where)
    return holds(metadata, first(where))


@misconception(
    replaces="matches",
    says="a str and a number are compared as texts, so 9 comes after '10'",
    hint="What is the order of 9 and '10'?",
)
def ordered_as_texts(metadata, where):
    def test(metadata, field, name, operand):
        value = metadata.get(field)
        if (
            name in ORDERS
            and value is not None
            and isinstance(value, str) != isinstance(operand, str)
        ):
            return ORDERS[name](str(value), str(operand))
        return compare(metadata, field, name, operand)

    return judged(metadata, where, test)


@misconception(
    replaces="matches",
    says="an order between a str and a number is an error",
    hint="One item has its year as a text. What should a search for year > 2020 do?",
)
def mixed_order_raises(metadata, where):
    def test(metadata, field, name, operand):
        if name in ORDERS and field in metadata:
            return ORDERS[name](metadata[field], operand)
        return compare(metadata, field, name, operand)

    return judged(metadata, where, test)


@misconception(
    replaces="matches",
    says="an unknown operator raises only where the evaluation comes to it",
    hint="The first entry does not hold. Who tells the caller that the second is misspelt?",
)
def refused_when_reached(metadata, where):
    for key, wanted in where.items():
        if key in ("$and", "$or"):
            results = (refused_when_reached(metadata, condition) for condition in wanted)
            held = all(results) if key == "$and" else any(results)
        elif key == "$not":
            held = not refused_when_reached(metadata, wanted)
        else:
            require_known({key: wanted})
            held = entry_holds(metadata, key, wanted)
        if not held:
            return False
    return True


# ── VectorStore ───────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="VectorStore",
    says="deleted items are still found",
    hint="What does a search look at: the slots, or the ids that are live?",
)
class deleted_come_back(VectorStore):
    def delete(self, ids):
        """Forget the ids, but not what lies in the slots."""
        found = [self._places.pop(id) for id in dict.fromkeys(ids) if id in self._places]
        self._gone = getattr(self, "_gone", 0) + len(found)
        return len(found)

    def compact(self):
        """Remove what was upserted over, and forget to remove what was deleted."""
        places = dict(self._places)
        super().compact()
        self._places = {id: place for id, place in self._places.items() if id in places}
        return 0


@misconception(
    id="deleted_come_back",
    replaces="VectorStore",
    says="deleted items are still found",
    hint="What does a search look at: the slots, or the ids that are live?",
)
class DeletedAreSearched(VectorStore):
    """The search goes over all items that were not upserted over."""

    def __init__(self, dim):
        super().__init__(dim)
        self._deleted = {}

    def delete(self, ids):
        """Bury the items, and keep them for the search."""
        for id in ids:
            if id in self._places:
                self._deleted[self._places[id]] = self._slots[self._places[id]]
        return super().delete(ids)

    def compact(self):
        """Remove all tombstones."""
        self._deleted = {}
        return super().compact()

    def search(self, query, k, where=None):
        """Search what is live and what was deleted."""
        kept = self._slots
        self._slots = [self._deleted.get(i, slot) for i, slot in enumerate(kept)]
        try:
            return super().search(query, k, where)
        finally:
            self._slots = kept


@misconception(
    replaces="VectorStore",
    says="an item given again is stored twice and found twice",
    hint="How often is an id found that was upserted twice?",
)
class upsert_duplicates(VectorStore):
    def _bury(self, id, upsert=True):
        if not upsert:
            places = [i for i, slot in enumerate(self._slots) if slot and slot[0] == id]
            for place in places:
                self._slots[place] = None
            self._places.pop(id, None)
            return bool(places)
        return False

    def delete(self, ids):
        """Bury all that have these ids."""
        return sum(self._bury(id, upsert=False) for id in ids)

    def count(self):
        """Count what is in the slots."""
        return sum(slot is not None for slot in self._slots)


@misconception(
    id="upsert_duplicates",
    replaces="VectorStore",
    says="an item given again is stored twice and found twice",
    hint="How often is an id found that was upserted twice?",
)
class DuplicatesUncounted(VectorStore):
    """The ids are counted, and the old vector is found as well."""

    def _bury(self, id, upsert=True):
        return False if upsert else super()._bury(id)

    def delete(self, ids):
        """Bury what the ids point to."""
        return sum(self._bury(id, upsert=False) for id in ids)


@misconception(
    replaces="VectorStore",
    says="old metadata survives an upsert",
    hint="A field is not in the new metadata. What does get say of it?",
)
class metadata_merged(VectorStore):
    def upsert(self, items):
        """Merge what was there with what comes."""
        for _, vector, _ in items:
            self._require_vector(vector)
        for id, vector, metadata in items:
            before = self.get(id)
            old = before["metadata"] if before else {}
            super().upsert([(id, vector, {**old, **metadata})])


@misconception(
    replaces="VectorStore",
    says="items before the bad one stay when a batch is refused",
    hint="The third of three items is bad. What is in the store then?",
)
class half_a_batch(VectorStore):
    def upsert(self, items):
        """Store one item after another."""
        for item in items:
            super().upsert([item])


@misconception(
    replaces="VectorStore",
    says="the filter runs after the top k, so results go missing",
    hint="The k best do not match, and others do. How many come back?",
)
class filter_after_top_k(VectorStore):
    def search(self, query, k, where=None):
        """Drop what does not match from the k best."""
        require_known(where or {})
        found = super().search(query, k)
        return [pair for pair in found if holds(self.get(pair[0])["metadata"], where or {})]


@misconception(
    replaces="VectorStore",
    says="positions are not renumbered by compact, so ids return other vectors",
    hint="In which slot is each item after compact, and where do you look for it?",
)
class stale_positions(VectorStore):
    def compact(self):
        """Move the items, and leave the map of ids as it is."""
        before = len(self._slots)
        self._slots = [slot for slot in self._slots if slot is not None]
        return before - len(self._slots)

    def get(self, id):
        """Return what lies where the id once was."""
        place = self._places.get(id)
        if place is None or place >= len(self._slots) or self._slots[place] is None:
            return None
        _, vector, metadata = self._slots[place]
        return {"vector": vector.clone(), "metadata": dict(metadata)}

    def _bury(self, id):
        place = self._places.pop(id, None)
        if place is None:
            return False
        if place < len(self._slots):
            self._slots[place] = None
        return True


@misconception(
    id="stale_positions",
    replaces="VectorStore",
    says="positions are not renumbered by compact, so ids return other vectors",
    hint="In which slot is each item after compact, and where do you look for it?",
)
class StaleAndFailing(VectorStore):
    """An id whose old place is beyond the end raises."""

    def compact(self):
        """Move the items, and leave the map of ids as it is."""
        before = len(self._slots)
        self._slots = [slot for slot in self._slots if slot is not None]
        return before - len(self._slots)


@misconception(
    replaces="VectorStore",
    says="an upsert writes into the old slot, so there is no tombstone and ties keep their order",
    hint="Which slot does an item take that is given again?",
)
class upsert_in_place(VectorStore):
    def upsert(self, items):
        """Overwrite what is there."""
        for _, vector, _ in items:
            self._require_vector(vector)
        for id, vector, metadata in items:
            if id in self._places:
                self._slots[self._places[id]] = (id, vector.clone(), dict(metadata))
            else:
                super().upsert([(id, vector, metadata)])


@misconception(
    replaces="VectorStore",
    says="count counts tombstones as well",
    hint="How many items can a search find?",
)
class tombstones_counted(VectorStore):
    def count(self):
        """Count the slots."""
        return len(self._slots)


@misconception(
    replaces="VectorStore",
    says="delete returns how many ids were given, not how many were there",
    hint="What was deleted when nobody has this id?",
)
class counts_what_was_asked(VectorStore):
    def delete(self, ids):
        """Count the ids."""
        super().delete(ids)
        return len(ids)


@misconception(
    replaces="VectorStore",
    says="the scores are inner products, not cosines",
    hint="Make one vector ten times as long. Which searches does it win?",
)
class scored_by_inner_product(VectorStore):
    def search(self, query, k, where=None):
        """Score by the inner product."""
        super().search(query, k, where)
        found = [slot for slot in self._live() if holds(slot[2], where or {})]
        if not found:
            return []
        scores = torch.stack([vector for _, vector, _ in found]) @ query
        best = scores.argsort(descending=True, stable=True)[:k].tolist()
        return [(found[place][0], float(scores[place])) for place in best]


@misconception(
    replaces="VectorStore",
    says="a vector of zeros gives NaN",
    hint="What do you divide a vector of zeros by?",
)
class nan_for_zero_vector(VectorStore):
    def search(self, query, k, where=None):
        """Divide by the lengths as they are."""
        super().search(query, k, where)
        found = [slot for slot in self._live() if holds(slot[2], where or {})]
        if not found:
            return []
        vectors = torch.stack([vector for _, vector, _ in found])
        lengths = vectors.norm(dim=1)
        scores = vectors @ query / (lengths * query.norm())
        ranked = unit_length(vectors) @ unit_length(query[None])[0]
        best = ranked.argsort(descending=True, stable=True)[:k].tolist()
        return [(found[place][0], float(scores[place])) for place in best]


# ── restore ───────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="restore",
    says="damaged bytes are accepted",
    hint="Turn one bit of a snapshot round. Does anybody notice?",
)
def no_checksum(data):
    try:
        held = json.loads(data[DIGEST:])
        store = VectorStore(held["dim"])
        items = [(id, torch.tensor(vector), metadata) for id, vector, metadata in held["items"]]
    except Exception as error:
        raise ValueError("the bytes are no snapshot") from error
    store.upsert(items)
    return store


def rebuilt(store, order=lambda items: items, vector=lambda vector: vector):
    """Return a store with the items of another, in another order or with other vectors."""
    items = [(id, vector(held), metadata) for id, held, metadata in store._live()]
    again = VectorStore(store.dim)
    again.upsert(order(items))
    return again


@misconception(
    replaces="restore",
    says="the order of the slots is lost: items come back sorted by id",
    hint="Which of two equally good items is found first, before and after?",
)
def sorted_by_id(data):
    return rebuilt(restore(data), order=lambda items: sorted(items, key=lambda item: item[0]))


@misconception(
    replaces="restore",
    says="vectors are rounded on their way",
    hint="Compare every bit of a vector before and after.",
)
def vectors_rounded(data):
    return rebuilt(restore(data), vector=lambda vector: vector.bfloat16().float())
