"""A vector store. The question is in README.md."""

from jaxtyping import Float
from torch import Tensor


def matches(metadata: dict, where: dict) -> bool:
    """Say whether metadata fulfil all entries of a condition.

    Raises:
        ValueError: if an unknown operator stands anywhere in `where`, whatever the metadata.
    """
    raise NotImplementedError


class VectorStore:
    """Vectors of `dim` components with ids and metadata, searched exactly by cosine."""

    def __init__(self, dim: int) -> None:
        """Make an empty store."""
        raise NotImplementedError

    def upsert(self, items: list[tuple[str, Float[Tensor, "dim"], dict]]) -> None:
        """Store items (id, vector, metadata) in new slots at the end, in order.

        An id that is there leaves a tombstone in its old slot; its metadata is replaced.

        Raises:
            ValueError: if any vector has another dim, a NaN or an inf; then nothing is changed.
        """
        raise NotImplementedError

    def get(self, id: str) -> dict | None:
        """Return {"vector", "metadata"} of an item, or None."""
        raise NotImplementedError

    def delete(self, ids: list[str]) -> int:
        """Leave tombstones for the items with these ids; return how many were there."""
        raise NotImplementedError

    def search(
        self, query: Float[Tensor, "dim"], k: int, where: dict | None = None
    ) -> list[tuple[str, float]]:
        """Return id and cosine of the k best live items that match, best first.

        Of equal cosines the older slot comes first.

        Raises:
            ValueError: if the query has another dim, a NaN or an inf, `k` is less than 1, or
                `where` holds an unknown operator.
        """
        raise NotImplementedError

    def count(self) -> int:
        """Return the number of live items."""
        raise NotImplementedError

    def slots(self) -> int:
        """Return the number of live items and tombstones."""
        raise NotImplementedError

    def compact(self) -> int:
        """Remove the tombstones, keep the order; return how many there were."""
        raise NotImplementedError

    def snapshot(self) -> bytes:
        """Return the live items in the order of their slots, and a checksum, as bytes."""
        raise NotImplementedError


def restore(data: bytes) -> VectorStore:
    """Return the store that a snapshot was taken of, without its tombstones.

    Raises:
        ValueError: if no snapshot gave these bytes: cut short, or changed in any bit.
    """
    raise NotImplementedError
