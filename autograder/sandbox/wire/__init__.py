"""The closed codec between the judge (trusted) and a worker (hostile).

    message = pack({"scores": torch.zeros(2, 3)})
    send(sock, message)
    ...
    value = unpack(receive(sock, deadline=time.monotonic() + 10))

A message is a head and blobs. The head is msgpack of five columns, `(ops, ints, floats, texts,
raws)`: `ops` holds one byte for each node of the value, parents first, and each node takes what it
needs from the columns. A list of ints is thus two ops and a stretch of `ints`. The columns hold
scalars only and have a greatest length, so that a head of n bytes cannot become a thousand times n
of memory. Blobs are the bytes of large arrays; nothing copies them between an array, the stream and
the array on the other side.

Nothing is unpickled, evaluated or formatted by the object's own methods. `pack` reads subclasses
through the methods of their base (`list.__getitem__`, `str.__str__`), so they arrive as the base.
"""

from __future__ import annotations

from autograder.sandbox.wire.frames import AHEAD, PipeStream, SocketStream, Stream, receive, send
from autograder.sandbox.wire.message import Limits, Message, Ref, Unsupported, WireError
from autograder.sandbox.wire.packing import pack
from autograder.sandbox.wire.unpacking import unpack

__all__ = [
    "AHEAD",
    "Limits",
    "Message",
    "PipeStream",
    "Ref",
    "SocketStream",
    "Stream",
    "Unsupported",
    "WireError",
    "pack",
    "receive",
    "send",
    "unpack",
]
