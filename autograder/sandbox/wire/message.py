"""A packed value, its limits, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np

Buffer = bytes | bytearray | memoryview


class WireError(Exception):
    """A message is malformed or oversized: whoever sent it does not keep to the protocol."""


class Unsupported(TypeError):
    """A value may not cross; the text says where and what: `result[2]["scores"]: a generator`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may hold; both sides refuse what goes beyond."""

    depth: int = 64  # of containers within containers
    items: int = 1_000_000  # values; also ints, floats, texts and raw pieces, each
    arrays: int = 100_000  # arrays and tensors
    blobs: int = 65_536  # arrays sent beside the head; those beyond are put into it
    bytes: int = 1 << 30  # the whole message
    head: int = 64 << 20
    integer: int = 1 << 16  # bytes of one int


LIMITS = Limits()


class Ref(msgspec.Struct, frozen=True):
    """An object that stays where it is, named to the other side.

    `kind` is "handle", "method" or "callback"; `name` is a short text for messages.
    """

    kind: str
    id: int
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A packed value: `pack` makes one whose blobs are the memory of the packed arrays."""

    head: bytes
    blobs: tuple[Buffer, ...]
    owned: bool = False  # the blobs belong to this message, so `unpack` builds arrays on them

    def copied(self) -> Message:
        """Return the message with blobs of its own, to be unpacked once.

        Arrays unpacked from it use these blobs as their memory: copy again to unpack again.
        """
        return Message(self.head, tuple(owned(blob) for blob in self.blobs), owned=True)


def owned(blob: Buffer) -> memoryview:
    """Return the bytes of a blob in memory of their own."""
    own = np.empty(memoryview(blob).nbytes, np.uint8).data
    own[:] = memoryview(blob).cast("B")
    return own
