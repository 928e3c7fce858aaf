"""A vector store: the reference."""

import hashlib
import json
import operator
from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

ORDERS = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}
OPERATORS = {"$eq", "$ne", "$in", "$nin", *ORDERS}
DIGEST = hashlib.sha256().digest_size


def matches(metadata: dict, where: dict) -> bool:
    """Say whether metadata fulfil all entries of a condition.

    >>> matches({"year": 2023}, {"year": {"$gt": 2020}, "lang": {"$ne": "de"}})
    True
    """
    # First, since evaluation stops at the first entry that does not hold.
    require_known(where)
    return holds(metadata, where)


class VectorStore:
    """Vectors of `dim` components with ids and metadata, searched exactly by cosine.

    >>> store = VectorStore(2)
    >>> store.upsert([("a", torch.tensor([1.0, 0.0]), {"lang": "de"})])
    >>> store.search(torch.tensor([2.0, 0.0]), k=3)
    [('a', 1.0)]
    """

    def __init__(self, dim: int) -> None:
        """Make an empty store."""
        self.dim = dim
        # A slot holds an item or, as a tombstone, None.
        self._slots: list[tuple[str, Tensor, dict] | None] = []
        self._places: dict[str, int] = {}

    def upsert(self, items: list[tuple[str, Float[Tensor, "dim"], dict]]) -> None:
        """Store items (id, vector, metadata) in new slots at the end, in order; all or nothing."""
        for _, vector, _ in items:
            self._require_vector(vector)
        for id, vector, metadata in items:
            self._bury(id)
            self._places[id] = len(self._slots)
            self._slots.append((id, vector.clone(), dict(metadata)))

    def get(self, id: str) -> dict | None:
        """Return {"vector", "metadata"} of an item, or None."""
        place = self._places.get(id)
        if place is None:
            return None
        _, vector, metadata = self._slots[place]
        return {"vector": vector.clone(), "metadata": dict(metadata)}

    def delete(self, ids: list[str]) -> int:
        """Leave tombstones for the items with these ids; return how many were there."""
        return sum(self._bury(id) for id in ids)

    def search(
        self, query: Float[Tensor, "dim"], k: int, where: dict | None = None
    ) -> list[tuple[str, float]]:
        """Return id and cosine of the k best live items that match, best first."""
        self._require_vector(query)
        if k < 1:
            raise ValueError(f"k is {k}, but must be at least 1")
        where = where or {}
        require_known(where)
        found = [(id, vector) for id, vector, data in self._live() if holds(data, where)]
        if not found:
            return []
        vectors = torch.stack([vector for _, vector in found])
        scores = unit_length(vectors) @ unit_length(query[None])[0]
        # The slots are in order, so that a stable sort leaves ties to the older one.
        best = scores.argsort(descending=True, stable=True)[:k].tolist()
        return [(found[place][0], float(scores[place])) for place in best]

    def count(self) -> int:
        """Return the number of live items."""
        return len(self._places)

    def slots(self) -> int:
        """Return the number of live items and tombstones."""
        return len(self._slots)

    def compact(self) -> int:
        """Remove the tombstones, keep the order; return how many there were."""
        before = len(self._slots)
        self._slots = list(self._live())
        self._places = {id: place for place, (id, _, _) in enumerate(self._slots)}
        return before - len(self._slots)

    def snapshot(self) -> bytes:
        """Return the live items in the order of their slots, and a checksum, as bytes."""
        # A float32 is exact as the float64 that JSON writes, and 1 and 1.0 stay what they are.
        items = [(id, vector.tolist(), metadata) for id, vector, metadata in self._live()]
        payload = json.dumps({"dim": self.dim, "items": items}).encode()
        return hashlib.sha256(payload).digest() + payload

    def _live(self) -> Iterator[tuple[str, Tensor, dict]]:
        return (slot for slot in self._slots if slot is not None)

    def _bury(self, id: str) -> bool:
        """Put a tombstone where an item is; say whether it was there."""
        place = self._places.pop(id, None)
        if place is None:
            return False
        self._slots[place] = None
        return True

    def _require_vector(self, vector: Tensor) -> None:
        if vector.shape != (self.dim,):
            raise ValueError(f"a vector has shape {tuple(vector.shape)}, expected ({self.dim},)")
        if not vector.isfinite().all():
            raise ValueError("a vector holds NaN or inf")


def restore(data: bytes) -> VectorStore:
    """Return the store that a snapshot was taken of, without its tombstones.

    >>> restore(VectorStore(3).snapshot()).count()
    0
    """
    digest, payload = data[:DIGEST], data[DIGEST:]
    if hashlib.sha256(payload).digest() != digest:
        raise ValueError("the bytes are no snapshot, or were damaged: the checksum differs")
    held = json.loads(payload)
    store = VectorStore(held["dim"])
    store.upsert([(id, torch.tensor(vector), metadata) for id, vector, metadata in held["items"]])
    return store


def require_known(where: dict) -> None:
    """Raise if an unknown operator stands anywhere in a condition."""
    for key, wanted in where.items():
        if key in ("$and", "$or"):
            for condition in wanted:
                require_known(condition)
        elif key == "$not":
            require_known(wanted)
        elif key.startswith("$"):
            raise ValueError(f"unknown operator {key}")
        elif isinstance(wanted, dict):
            unknown = [name for name in wanted if name not in OPERATORS]
            if unknown:
                raise ValueError(f"unknown operator {unknown[0]} for {key}")


def holds(metadata: dict, where: dict) -> bool:
    """Say whether all entries of a condition hold; its operators are known."""
    return all(entry_holds(metadata, key, wanted) for key, wanted in where.items())


def entry_holds(metadata: dict, key: str, wanted: object) -> bool:
    """Say whether one entry of a condition holds."""
    if key == "$and":
        return all(holds(metadata, condition) for condition in wanted)
    if key == "$or":
        return any(holds(metadata, condition) for condition in wanted)
    if key == "$not":
        return not holds(metadata, wanted)
    tests = wanted if isinstance(wanted, dict) else {"$eq": wanted}
    return all(compare(metadata, key, name, operand) for name, operand in tests.items())


def compare(metadata: dict, field: str, name: str, operand: object) -> bool:
    """Say whether a field stands in a relation to an operand."""
    if name in ("$ne", "$nin"):
        # What is missing is not equal to anything.
        return not compare(metadata, field, {"$ne": "$eq", "$nin": "$in"}[name], operand)
    held = field in metadata
    if name == "$eq":
        return held and metadata[field] == operand
    if name == "$in":
        return held and metadata[field] in operand
    comparable = held and isinstance(metadata[field], str) == isinstance(operand, str)
    return comparable and ORDERS[name](metadata[field], operand)


def unit_length(x: Float[Tensor, "n dim"]) -> Float[Tensor, "n dim"]:
    """Scale each row to length 1; zeros stay zeros."""
    norms = x.square().sum(dim=1, keepdim=True).sqrt()
    return x / norms.masked_fill(norms == 0, 1.0)
