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

import collections
import functools
import math
import re
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from itertools import islice
from json import dumps
from types import NoneType
from typing import Annotated, Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = [
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
        return Message(self.head, tuple(_owned(blob) for blob in self.blobs), owned=True)


def pack(
    value: object,
    *,
    refer: Callable[[object], Ref | None] | None = None,
    where: str = "result",
    limits: Limits = Limits(),
) -> Message:
    """Pack a value; array data is not copied, so send or copy the message before it changes.

    `refer` is asked for every object outside the closed set, before it is refused.

    Raises:
        Unsupported: if something may not cross, or is beyond the limits.
        MemoryError: if an array that is not dense can't be copied.
    """
    packer = _Packer(refer, limits)
    try:
        packer.put(value, 0)
        head = packer.head()
    except _Refused as refused:
        path = "".join(reversed(refused.path))
        raise Unsupported(f"{where}{path}: {refused.what}") from None
    except RecursionError:
        raise Unsupported(f"{where}: nested deeper than the stack allows") from None
    return Message(head, tuple(packer.blobs))


def unpack(
    message: Message,
    *,
    resolve: Callable[[Ref], object] | None = None,
    limits: Limits = Limits(),
) -> Any:
    """Rebuild the value; arrays are writable and their memory is theirs alone.

    `resolve` turns a `Ref` into an object; without it a reference is an error.

    Raises:
        WireError: for whatever is wrong with the message, and nothing else.
    """
    try:
        sizes = [len(message.head), *(memoryview(blob).nbytes for blob in message.blobs)]
        if sizes[0] > limits.head or len(sizes) > limits.blobs + 1 or sum(sizes) > limits.bytes:
            raise WireError("the message is too large")
        return _Unpacker(message, resolve, limits).result()
    except WireError:
        raise
    except StopIteration:
        raise WireError("the message is cut short") from None
    except msgspec.MsgspecError as error:
        raise WireError(f"the head is malformed: {str(error)[:200]}") from None
    except Exception as error:  # a message decides what is raised here, so all of it is its fault
        raise WireError(f"the message is malformed ({type(error).__name__})") from error


# ---- frames ----

_MAGIC = b"KWR1"
_FRAME = struct.Struct("<4sIQ")  # magic, number of blobs, bytes of the head; then the blobs' sizes
_JOINED = 1 << 16  # up to here a message is joined and sent at once
_LONGEST_WAIT = 86_400.0


AHEAD = 1 << 16
"""How far a stream that is kept reads ahead: small messages are fetched at once."""


class Stream(Protocol):
    """What carries frames; a deadline is a time of `time.monotonic()`, None waits for ever."""

    def has_news(self) -> bool:
        """Say whether something waits to be read, if only the end."""

    def send_bytes(self, data: memoryview, deadline: float | None) -> None:
        """Send all of the data or raise TimeoutError, or EOFError when the peer has gone."""

    def recv_into(self, buffer: memoryview, deadline: float | None) -> None:
        """Fill the buffer or raise TimeoutError, or EOFError when the peer has gone."""


def send(sock: socket.socket | Stream, message: Message, *, deadline: float | None = None) -> None:
    """Send a message; after an error the stream is of no more use.

    Raises:
        TimeoutError: if the deadline passes before all is sent.
        EOFError: if the peer has closed.
    """
    stream = SocketStream(sock) if isinstance(sock, socket.socket) else sock
    blobs = [memoryview(blob).cast("B") for blob in message.blobs]
    sizes = [blob.nbytes for blob in blobs]
    start = _FRAME.pack(_MAGIC, len(sizes), len(message.head))
    parts: list[Buffer] = [start, struct.pack(f"<{len(sizes)}Q", *sizes), message.head]
    if len(message.head) + sum(sizes) <= _JOINED:
        parts, blobs = [b"".join([*parts, *blobs])], []
    for part in (*parts, *blobs):
        stream.send_bytes(memoryview(part), deadline)


def receive(
    sock: socket.socket | Stream, *, deadline: float | None = None, limits: Limits = Limits()
) -> Message:
    """Receive a message; every announced size is checked before its memory is asked for.

    Raises:
        WireError: if the frame is malformed or beyond the limits.
        TimeoutError: if the deadline passes before all is there.
        EOFError: if the peer has closed.
    """
    stream = SocketStream(sock) if isinstance(sock, socket.socket) else sock
    frame = bytearray(_FRAME.size)
    stream.recv_into(memoryview(frame), deadline)
    magic, count, head_size = _FRAME.unpack(frame)
    if magic != _MAGIC:
        raise WireError("what arrived is not the start of a message")
    if count > limits.blobs or head_size > limits.head:
        raise WireError(f"a head of {head_size} bytes and {count} blobs is too large")
    try:
        table = bytearray(8 * count)
        stream.recv_into(memoryview(table), deadline)
        sizes = struct.unpack(f"<{count}Q", table)
        if head_size + sum(sizes) > limits.bytes:
            raise WireError(f"a message of {head_size + sum(sizes)} bytes is too large")
        head = bytearray(head_size)
        stream.recv_into(memoryview(head), deadline)
        blobs = []
        for size in sizes:
            blob = np.empty(size, np.uint8).data  # unlike a bytearray, not filled with zeros first
            stream.recv_into(blob, deadline)
            blobs.append(blob)
        return Message(bytes(head), tuple(blobs), owned=True)
    except MemoryError:
        raise WireError("there is no memory for the announced message") from None


class SocketStream:
    """A stream over a blocking socket.

    Whoever keeps the stream may let it read ahead: a small message then costs one call of the
    system, not one for each of its parts.
    """

    def __init__(self, sock: socket.socket, ahead: int = 0) -> None:
        """Use the socket, which stays the caller's to close; `ahead` is in bytes."""
        self._socket = sock
        self._ahead = memoryview(bytearray(ahead))
        self._held = self._ahead[:0]

    def has_news(self) -> bool:
        """Say whether something waits to be read, if only the end."""
        return bool(self._held) or bool(_wait(self._socket, select.POLLIN, 0))

    def send_bytes(self, data: memoryview, deadline: float | None) -> None:
        """Send all of the data."""
        flags = 0 if deadline is None else socket.MSG_DONTWAIT
        while data:
            left = _left(deadline)
            try:
                data = data[self._socket.send(data, flags) :]
            except BlockingIOError:
                _wait(self._socket, select.POLLOUT, left)
            except OSError as error:
                raise EOFError("the peer has closed the stream") from error

    def recv_into(self, buffer: memoryview, deadline: float | None) -> None:
        """Fill the buffer."""
        while buffer:
            count = min(buffer.nbytes, self._held.nbytes)
            if count:
                buffer[:count] = self._held[:count]
                buffer, self._held = buffer[count:], self._held[count:]
                continue
            left = _left(deadline)
            if left is not None and not _wait(self._socket, select.POLLIN, left):
                continue
            whole = buffer.nbytes >= self._ahead.nbytes
            try:
                got = self._socket.recv_into(buffer if whole else self._ahead)
            except OSError as error:
                raise EOFError("the peer has closed the stream") from error
            if not got:
                raise EOFError("the peer has closed the stream")
            if whole:
                buffer = buffer[got:]
            else:
                self._held = self._ahead[:got]


def _wait(file: socket.socket | FileIO, event: int, seconds: float | None) -> list[tuple[int, int]]:
    poll = select.poll()
    poll.register(file, event)
    return poll.poll(None if seconds is None else seconds * 1000)


class PipeStream:
    """A stream over two pipes, for platforms where no socket can be handed to a child.

    Where the platform cannot wait on a pipe (Windows), a deadline is looked at between reads and
    writes only: whoever holds the deadline ends the process at the other side, which ends the wait.
    """

    def __init__(self, reader: int, writer: int) -> None:
        """Use two descriptors, which stay the caller's to close."""
        self._reader = FileIO(reader, "rb", closefd=False)
        self._writer = FileIO(writer, "wb", closefd=False)

    def has_news(self) -> bool:
        """Say whether something waits to be read, as far as the platform can tell."""
        return hasattr(select, "poll") and bool(_wait(self._reader, select.POLLIN, 0))

    def send_bytes(self, data: memoryview, deadline: float | None) -> None:
        """Send all of the data."""
        # A pipe that is ready has room for PIPE_BUF bytes: more would wait past a deadline.
        piece = data.nbytes if deadline is None else getattr(select, "PIPE_BUF", 512)
        self._move(self._writer, self._writer.write, data, piece, deadline)

    def recv_into(self, buffer: memoryview, deadline: float | None) -> None:
        """Fill the buffer."""
        self._move(self._reader, self._reader.readinto, buffer, buffer.nbytes, deadline)

    def _move(
        self,
        file: FileIO,
        step: Callable[[memoryview], int | None],
        view: memoryview,
        piece: int,
        deadline: float | None,
    ) -> None:
        done, size = 0, view.nbytes
        try:
            while done < size:
                left = _left(deadline)
                if hasattr(select, "poll"):
                    event = select.POLLIN if file is self._reader else select.POLLOUT
                    if not _wait(file, event, left):
                        continue
                moved = step(view[done : done + piece])
                if moved == 0:
                    raise EOFError("the peer has closed the stream")
                done += moved or 0
        except TimeoutError:
            raise
        except OSError as error:
            raise EOFError("the peer has closed the stream") from error


def _left(deadline: float | None) -> float | None:
    """Return the seconds left, or raise TimeoutError when there are none."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if not left > 0:
        raise TimeoutError("the deadline of the message has passed")
    return min(left, _LONGEST_WAIT)


def _owned(blob: Buffer) -> memoryview:
    """Return the bytes of a blob in memory of their own."""
    own = np.empty(memoryview(blob).nbytes, np.uint8).data
    own[:] = memoryview(blob).cast("B")
    return own


# ---- the closed set ----

_NONE, _FALSE, _TRUE, _INT, _BIG_INT, _FLOAT, _COMPLEX, _TEXT, _SURROGATES, _BYTES = range(10)
_LIST, _TUPLE, _SET, _FROZENSET, _DICT, _RANGE = range(10, 16)
_ARRAY, _SCALAR, _NUMPY_TEXT, _NUMPY_BYTES, _TENSOR, _LEAF = range(16, 22)
_NUMPY_DTYPE, _TORCH_DTYPE, _REF = range(22, 25)
# Behind a container: its items one by one, or all of them in one column.
_MIXED, _INTS, _FLOATS, _TEXTS = range(32, 36)
# Behind what has bytes: where they are.
_INLINE, _BLOB = range(40, 42)

_SMALL = 256  # bytes: smaller pieces go into the head
_DIMENSIONS = 32
_NAME = 200  # characters of a reference's name
_KINDS = ("handle", "method", "callback")
_MOST_EQUAL_HASHES = 64

_NUMPY_NAMES = {
    np.dtype(order + code).str: np.dtype(order + code)
    for code in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
    for order in "<>"
}
_NUMPY_TEXT_NAME = re.compile(r"[<>]U[1-9][0-9]{0,6}|\|S[1-9][0-9]{0,7}")
_NUMPY_SCALARS = {id(dtype.type) for dtype in _NUMPY_NAMES.values()}
_NUMPY_SCALARS |= {id(kind) for kind in (np.longlong, np.ulonglong, np.str_, np.bytes_)}
_TORCH_NAMES = (
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64", "complex32", "complex64", "complex128"),
    *("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"),
)


def _numpy_dtype(name: str) -> np.dtype[Any] | None:
    """Return the dtype of a name that may cross."""
    if name in _NUMPY_NAMES:
        return _NUMPY_NAMES[name]
    return np.dtype(name) if _NUMPY_TEXT_NAME.fullmatch(name) else None


def _numpy_name(dtype: np.dtype[Any]) -> str | None:
    """Return the name of a dtype that may cross; never a long double, it differs by machine."""
    name = dtype.str
    return name if dtype.char not in "gG" and _numpy_dtype(name) is not None else None


@functools.cache
def _torch_dtypes() -> dict[str, Any]:
    """Return the torch dtypes that may cross, by name."""
    import torch

    return {name: getattr(torch, name) for name in _TORCH_NAMES if hasattr(torch, name)}


@functools.cache
def _torch_names() -> dict[Any, str]:
    return {dtype: name for name, dtype in _torch_dtypes().items()}


def _row_major(shape: Sequence[int]) -> list[int]:
    """Return the strides of contiguous memory, in elements."""
    strides, step = [0] * len(shape), 1
    for axis in range(len(shape) - 1, -1, -1):
        strides[axis] = step
        step *= max(shape[axis], 1)
    return strides


def _axis_order(shape: Sequence[int], strides: Sequence[int]) -> tuple[int, ...] | None:
    """Return the axes from the outermost to the innermost of dense memory.

    Returns `()` for row-major memory and None for memory with gaps, overlaps or reversed axes.

    >>> _axis_order((2, 3), (1, 2))
    (1, 0)
    """
    if list(strides) == _row_major(shape):
        return ()
    order = sorted(range(len(shape)), key=lambda axis: -strides[axis])
    dense = _row_major([shape[axis] for axis in order])
    for axis, step in zip(order, dense, strict=True):
        if strides[axis] != step and shape[axis] != 1:
            return None
    return tuple(order)


def _elements(shape: Sequence[int]) -> int:
    """Return the number of elements, an empty axis counted as one: what strides must span."""
    return math.prod(max(size, 1) for size in shape)


def _range_length(start: int, stop: int, step: int) -> int:
    return max(0, (stop - start + step - (1 if step > 0 else -1)) // step)


# ---- packing ----


class _Refused(Exception):
    """What is refused; the frames above add where, innermost first."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.path: list[str] = []


class _Packer:
    """Columns being filled."""

    def __init__(self, refer: Callable[[object], Ref | None] | None, limits: Limits) -> None:
        self.refer = refer
        self.limits = limits
        self.ops = bytearray()
        self.ints: list[int] = []
        self.floats: list[float] = []
        self.texts: list[str] = []
        self.raws: list[bytes] = []
        self.blobs: list[Buffer] = []
        self.arrays = 0
        self.inline = 0  # bytes in texts and raws
        self.beside = 0  # bytes in blobs
        self.open: set[int] = set()  # the containers that are being packed

    def head(self) -> bytes:
        self.bound()
        columns = (self.ops, self.ints, self.floats, self.texts, self.raws)
        head = msgspec.msgpack.encode(columns)
        if len(head) > self.limits.head:
            raise _Refused(f"more than {self.limits.head} bytes of numbers and text")
        if len(head) + self.beside > self.limits.bytes:
            raise _Refused(f"more than {self.limits.bytes} bytes")
        return head

    def bound(self) -> None:
        columns: tuple[Sequence[object], ...] = (self.ints, self.floats, self.texts, self.raws)
        if max(len(self.ops), *map(len, columns)) > self.limits.items:
            raise _Refused(f"more than {self.limits.items} items")

    def spend(self, size: int) -> None:
        """Count bytes that go into the head."""
        self.inline += size
        if self.inline > self.limits.head:
            raise _Refused(f"more than {self.limits.head} bytes of numbers and text")

    def put(self, value: Any, depth: int) -> None:
        # By id, since a metaclass may have a __hash__ and an __eq__ of its own.
        write = _WRITERS.get(id(type(value)))
        if write is None:
            self.put_other(value, depth)
        else:
            write(self, value, depth)
        if len(self.ops) > self.limits.items:
            raise _Refused(f"more than {self.limits.items} items")

    def put_other(self, value: Any, depth: int) -> None:
        """Put what is not exactly of a builtin type: arrays, subclasses, references."""
        kind = type(value)
        torch: Any = sys.modules.get("torch")
        tensor = getattr(torch, "Tensor", None)
        if isinstance(tensor, type) and issubclass(kind, tensor):
            self.put_tensor(value, torch)
        elif id(kind) in _NUMPY_SCALARS:
            self.put_scalar(value)
        elif issubclass(kind, np.ndarray):
            self.put_array(np.ndarray.view(value, np.ndarray))
        elif issubclass(kind, np.dtype):
            name = _numpy_name(value)
            if name is None:
                raise _Refused(f"the dtype {_short(str(value))}")
            self.ops.append(_NUMPY_DTYPE)
            self.texts.append(name)
        elif (dtype := getattr(torch, "dtype", None)) is not None and kind is dtype:
            if value not in _torch_names():
                raise _Refused(f"the dtype {_short(str(value))}")
            self.ops.append(_TORCH_DTYPE)
            self.texts.append(_torch_names()[value])
        else:
            self.put_subclass(value, depth)

    def put_subclass(self, value: Any, depth: int) -> None:
        """Put an object of a subclass as its base, any other as a reference."""
        for base in _CONTAINERS:
            if issubclass(type(value), base):
                return _WRITERS[id(base)](self, value, depth)
        for base, plain in _PLAIN:
            if issubclass(type(value), base):
                return _WRITERS[id(base)](self, plain(value), depth)
        return self.put_reference(value)

    def put_reference(self, value: object) -> None:
        ref = None if self.refer is None else self.refer(value)
        if ref is None:
            raise _Refused(_describe(value))
        if ref.kind not in _KINDS:
            raise ValueError(f"a reference of kind {ref.kind!r}; expected one of {_KINDS}")
        self.ops.append(_REF)
        self.ints.append(ref.id)
        self.texts.append(ref.kind)
        self.put_text(ref.name[:_NAME], 0)

    # Scalars

    def put_none(self, value: None, depth: int) -> None:
        self.ops.append(_NONE)

    def put_bool(self, value: bool, depth: int) -> None:
        self.ops.append(_TRUE if value else _FALSE)

    def put_int(self, value: int, depth: int) -> None:
        if -(1 << 63) <= value < 1 << 64:
            self.ops.append(_INT)
            self.ints.append(value)
            return
        size = value.bit_length() // 8 + 1
        if size > self.limits.integer:
            raise _Refused(f"an int of {value.bit_length()} bits")
        self.spend(size)
        self.ops.append(_BIG_INT)
        self.raws.append(value.to_bytes(size, "little", signed=True))

    def put_float(self, value: float, depth: int) -> None:
        self.ops.append(_FLOAT)
        self.floats.append(value)

    def put_complex(self, value: complex, depth: int) -> None:
        self.ops.append(_COMPLEX)
        self.floats += (value.real, value.imag)

    def put_text(self, value: str, depth: int) -> None:
        self.spend(len(value))
        if _encodable(value):
            self.ops.append(_TEXT)
            self.texts.append(value)
        else:
            self.ops.append(_SURROGATES)
            self.raws.append(value.encode("utf-8", "surrogatepass"))

    def put_bytes(self, value: bytes, depth: int) -> None:
        self.ops.append(_BYTES)
        self.ints.append(len(value))
        self.put_data(memoryview(value))

    def put_range(self, value: range, depth: int) -> None:
        limits = (value.start, value.stop, value.step)
        if _range_length(*limits) > self.limits.items:
            raise _Refused(f"a range of more than {self.limits.items} items")
        self.ops.append(_RANGE)
        for limit in limits:
            self.put_int(limit, depth)

    # Containers

    def put_list(self, value: list[Any], depth: int) -> None:
        self.put_items(_LIST, value, list.__getitem__(value, slice(None)), depth)

    def put_tuple(self, value: tuple[Any, ...], depth: int) -> None:
        self.put_items(_TUPLE, value, tuple.__getitem__(value, slice(None)), depth)

    def put_set(self, value: set[Any], depth: int) -> None:
        self.put_items(_SET, value, self.plain_keys(set.__iter__(value)), depth)

    def put_frozenset(self, value: frozenset[Any], depth: int) -> None:
        self.put_items(_FROZENSET, value, self.plain_keys(frozenset.__iter__(value)), depth)

    def put_dict(self, value: dict[Any, Any], depth: int) -> None:
        # An OrderedDict has an order of its own, which dict's methods do not see.
        kind = collections.OrderedDict if issubclass(type(value), collections.OrderedDict) else dict
        values = list(kind.values(value))
        self.enter(value, depth)
        keys = self.plain_keys(kind.keys(value))
        self.ops.append(_DICT)
        self.put_body(keys, depth + 1, lambda position: "")
        self.put_body(values, depth + 1, lambda position: f"[{_key_text(keys[position])}]")
        self.open.discard(id(value))

    def put_items(self, op: int, value: object, items: Sequence[Any], depth: int) -> None:
        self.enter(value, depth)
        self.ops.append(op)
        self.put_body(items, depth + 1, lambda position: f"[{position}]")
        self.open.discard(id(value))

    def enter(self, value: object, depth: int) -> None:
        if id(value) in self.open:
            raise _Refused(f"{_article(_name(type(value)))} that contains itself")
        if depth >= self.limits.depth:
            raise _Refused(f"nested deeper than {self.limits.depth}")
        self.open.add(id(value))

    def put_body(self, items: Sequence[Any], depth: int, place: Callable[[int], str]) -> None:
        if self.put_stretch(items):
            return
        self.ops.append(_MIXED)
        self.ints.append(len(items))
        position = 0
        try:
            for position, item in enumerate(items):  # noqa: B007
                self.put(item, depth)
        except _Refused as refused:
            refused.path.append(place(position))
            raise

    def put_stretch(self, items: Sequence[Any]) -> bool:
        """Put items as a stretch of one column, if all are floats, small ints or plain texts."""
        kinds = set(map(id, map(type, items)))
        if len(kinds) != 1:
            return False
        column: list[Any]
        if _FLOAT_ID in kinds:
            op, column = _FLOATS, self.floats
        elif _INT_ID in kinds and min(items) >= -(1 << 63) and max(items) < 1 << 64:
            op, column = _INTS, self.ints
        elif _TEXT_ID in kinds and all(map(_encodable, items)):
            self.spend(sum(map(len, items)))
            op, column = _TEXTS, self.texts
        else:
            return False
        self.ops.append(op)
        self.ints.append(len(items))
        column.extend(items)
        self.bound()
        return True

    def plain_keys(self, keys: Iterable[Any]) -> list[Any]:
        plain = [self.plain_key(key, 0) for key in list(keys)]
        if len(set(plain)) != len(plain):
            raise _Refused("two keys that are equal as plain data")
        return plain

    def plain_key(self, key: Any, depth: int) -> Any:
        """Return a key as an object of an exact builtin or numpy type, safe to hash."""
        kind = type(key)
        if id(kind) not in _KEY_TYPES:
            for base, plain in _PLAIN_KEYS:
                if issubclass(kind, base):
                    key = plain(key)
                    break
            else:
                what = _describe(key)
                raise _Refused(f"a key that is {what}")
        if type(key) is tuple:
            if depth >= self.limits.depth:
                raise _Refused(f"a key nested deeper than {self.limits.depth}")
            return tuple([self.plain_key(part, depth + 1) for part in key])
        if key != key:
            raise _Refused("a key that is NaN")
        return key

    # Arrays

    def put_scalar(self, value: Any) -> None:
        kind = type(value)
        if kind is np.str_:
            self.ops.append(_NUMPY_TEXT)
            self.put_text(str.__str__(value), 0)
        elif kind is np.bytes_:
            self.ops.append(_NUMPY_BYTES)
            self.put_bytes(bytes.__getitem__(value, slice(None)), 0)
        else:
            self.ops.append(_SCALAR)
            self.texts.append(value.dtype.str)
            self.raws.append(value.tobytes())

    def put_array(self, array: NDArray[Any]) -> None:
        dtype, shape = array.dtype, array.shape
        name = _numpy_name(dtype)
        if name is None:
            raise _Refused(f"an array of dtype {_short(str(dtype))}")
        self.count_array("an array", shape, dtype.itemsize)
        even = all(stride % dtype.itemsize == 0 for stride in array.strides)
        strides = [stride // dtype.itemsize for stride in array.strides]
        order = _axis_order(shape, strides) if even else None
        if order is None:
            array, order = np.array(array, order="C", copy=True), ()
        self.ops.append(_ARRAY)
        self.texts.append(name)
        self.put_layout(shape, order)
        flat = (array.transpose(order) if order else array).reshape(-1)
        data = flat.view(np.uint8) if flat.size else np.empty(0, np.uint8)
        self.put_data((_only_bits(data) if dtype.kind == "b" else data).data)

    def put_tensor(self, value: Any, torch: Any) -> None:
        with torch._C.DisableTorchFunction():
            try:
                needs_grad = torch.Tensor.requires_grad.__get__(value)
                if type(value) is not torch.Tensor:
                    value = torch.Tensor.as_subclass(value, torch.Tensor)
                self.put_plain_tensor(value.detach(), needs_grad, torch)
            except (RuntimeError, TypeError) as error:
                if "allocate memory" in str(error):
                    raise MemoryError from None
                # A fake or functional tensor, or one inside vmap.
                raise _Refused(f"a tensor without plain data ({_name(type(value))})") from None

    def put_plain_tensor(self, tensor: Any, needs_grad: bool, torch: Any) -> None:
        if tensor.is_nested:
            raise _Refused("a nested tensor")
        if tensor.layout is not torch.strided:
            raise _Refused(f"a tensor of layout {tensor.layout}")
        if tensor.is_meta:
            raise _Refused("a tensor on the meta device")
        name = _torch_names().get(tensor.dtype)
        if name is None:
            raise _Refused(f"a tensor of dtype {tensor.dtype}")
        shape = tuple(tensor.shape)
        self.count_array("a tensor", shape, tensor.dtype.itemsize)
        if tensor.is_conj() or tensor.is_neg():
            tensor = tensor.resolve_conj().resolve_neg()
        if not tensor.is_cpu:
            tensor = tensor.cpu()
        order = _axis_order(shape, tensor.stride())
        if order is None:
            tensor, order = tensor.contiguous(), ()
        self.ops.append(_LEAF if needs_grad else _TENSOR)
        self.texts.append(name)
        self.put_layout(shape, order)
        flat = (tensor.permute(order) if order else tensor).reshape(-1)
        if flat.numel() == 1 and flat.stride() != (1,):
            # One element may have any stride; then neither contiguous() nor clone() changes it.
            flat = flat.as_strided((1,), (1,))
        data = flat.view(torch.uint8).numpy() if flat.numel() else np.empty(0, np.uint8)
        self.put_data((_only_bits(data) if name == "bool" else data).data)

    def count_array(self, what: str, shape: tuple[int, ...], itemsize: int) -> None:
        if len(shape) > _DIMENSIONS:
            raise _Refused(f"{what} of {len(shape)} dimensions")
        if _elements(shape) * itemsize > self.limits.bytes:
            raise _Refused(f"{what} of shape {shape}, more than {self.limits.bytes} bytes")
        self.arrays += 1
        if self.arrays > self.limits.arrays:
            raise _Refused(f"more than {self.limits.arrays} arrays")

    def put_layout(self, shape: tuple[int, ...], order: tuple[int, ...]) -> None:
        self.ints += (len(shape), *shape, len(order), *order)
        if len(self.ints) > self.limits.items:
            raise _Refused(f"more than {self.limits.items} items")

    def put_data(self, data: memoryview) -> None:
        if data.nbytes < _SMALL or len(self.blobs) >= self.limits.blobs:
            self.spend(data.nbytes)
            self.ops.append(_INLINE)
            self.raws.append(bytes(data))
        else:
            self.beside += data.nbytes
            if self.beside > self.limits.bytes:
                raise _Refused(f"more than {self.limits.bytes} bytes")
            self.ops.append(_BLOB)
            self.blobs.append(data)


_FLOAT_ID, _INT_ID, _TEXT_ID = id(float), id(int), id(str)

_WRITERS: dict[int, Callable[[_Packer, Any, int], None]] = {
    id(NoneType): _Packer.put_none,
    id(bool): _Packer.put_bool,
    id(int): _Packer.put_int,
    id(float): _Packer.put_float,
    id(complex): _Packer.put_complex,
    id(str): _Packer.put_text,
    id(bytes): _Packer.put_bytes,
    id(bytearray): lambda packer, value, depth: packer.put_bytes(bytes(value), depth),
    id(range): _Packer.put_range,
    id(list): _Packer.put_list,
    id(tuple): _Packer.put_tuple,
    id(dict): _Packer.put_dict,
    id(set): _Packer.put_set,
    id(frozenset): _Packer.put_frozenset,
}


# How an object of a subclass is read, by methods of the base alone.
_PLAIN: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (int, int.__index__),
    (float, float.__float__),
    (complex, complex.__pos__),
    (str, str.__str__),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))),
    (bytearray, lambda value: bytearray.__getitem__(value, slice(None))),
    (tuple, lambda value: tuple.__getitem__(value, slice(None))),
)
_CONTAINERS = (list, tuple, dict, set, frozenset)
_PLAIN_KEYS = tuple(row for row in _PLAIN if row[0] in (int, float, str, bytes, tuple))
_KEY_TYPES = {id(kind) for kind in (NoneType, bool, int, float, str, bytes, tuple)}
_KEY_TYPES |= _NUMPY_SCALARS


def _encodable(text: str) -> bool:
    """Tell whether a text is without lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _only_bits(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the bytes of booleans as 0 and 1; a view of other data as bool may hold others."""
    return (data != 0).view(np.uint8) if data.size and data.max() > 1 else data


def _name(kind: type) -> str:
    """Return the name of a class, whatever its metaclass says, cut and printable."""
    return _short(str.__str__(type.__dict__["__name__"].__get__(kind)))


def _describe(value: object) -> str:
    kind = type(value)
    if issubclass(kind, type):
        return f"the class {_name(value)}"  # type: ignore[arg-type]
    module = type.__dict__["__module__"].__get__(kind)
    if issubclass(kind, np.generic):
        return f"a numpy scalar of type {_name(kind)}"
    if type(module) is str and module == "builtins":
        return _article(_name(kind))
    return f"an object of class {_name(kind)}"


def _article(name: str) -> str:
    return f"an {name}" if name[:1] in "aeiou" else f"a {name}"


def _short(text: str) -> str:
    return _cut(text if text.isprintable() else ascii(text))


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _key_text(key: Any) -> str:
    if type(key) is str:
        return dumps(_cut(key), ensure_ascii=not key.isprintable())
    if type(key) is tuple:
        return _short(f"({', '.join(map(_key_text, key[:8]))})")
    if type(key) is int and key.bit_length() > 128:
        return "a large int"
    return _short(repr(key))


# ---- unpacking ----


@functools.lru_cache(maxsize=16)
def _head_decoder(items: int) -> msgspec.msgpack.Decoder[Any]:
    """Return a decoder that knows each column's type and checks its length before it makes it."""
    most = msgspec.Meta(max_length=items)
    kinds = (bytes, list[int], list[float], list[str], list[bytes])
    columns = tuple(Annotated[kind, most] for kind in kinds)
    return msgspec.msgpack.Decoder(tuple.__class_getitem__(columns))


class _Unpacker:
    """Columns being read."""

    def __init__(
        self, message: Message, resolve: Callable[[Ref], object] | None, limits: Limits
    ) -> None:
        ops, ints, floats, texts, raws = _head_decoder(limits.items).decode(message.head)
        self.ops: Iterator[int] = iter(ops)
        self.ints: Iterator[int] = iter(ints)
        self.floats: Iterator[float] = iter(floats)
        self.texts: Iterator[str] = iter(texts)
        self.raws: Iterator[bytes] = iter(raws)
        self.blobs: Iterator[Buffer] = iter(message.blobs)
        self.owned = message.owned
        self.resolve = resolve
        self.limits = limits
        self.arrays = 0

    def result(self) -> Any:
        value = self.take(0)
        columns: Iterable[Iterator[object]] = (
            *(self.ops, self.ints, self.floats, self.texts, self.raws, self.blobs),
        )
        if any(next(column, None) is not None for column in columns):
            raise WireError("the message goes on after its value")
        return value

    def take(self, depth: int) -> Any:
        op = next(self.ops)
        if op >= len(_READERS):
            raise WireError(f"there is no value of kind {op}")
        return _READERS[op](self, depth)

    # Scalars

    def take_int(self, depth: int) -> int:
        return next(self.ints)

    def take_big_int(self, depth: int) -> int:
        raw = next(self.raws)
        if len(raw) > self.limits.integer:
            raise WireError("an int is too long")
        return int.from_bytes(raw, "little", signed=True)

    def take_any_int(self) -> int:
        op = next(self.ops)
        if op == _INT:
            return next(self.ints)
        if op == _BIG_INT:
            return self.take_big_int(0)
        raise WireError("an int is missing")

    def take_any_text(self) -> str:
        op = next(self.ops)
        if op == _TEXT:
            return next(self.texts)
        if op == _SURROGATES:
            return self.take_surrogates(0)
        raise WireError("a text is missing")

    def take_float(self, depth: int) -> float:
        return next(self.floats)

    def take_complex(self, depth: int) -> complex:
        return complex(next(self.floats), next(self.floats))

    def take_text(self, depth: int) -> str:
        return next(self.texts)

    def take_surrogates(self, depth: int) -> str:
        return next(self.raws).decode("utf-8", "surrogatepass")

    def take_bytes(self, depth: int) -> bytes:
        data = self.take_data(next(self.ints))
        return data if isinstance(data, bytes) else bytes(memoryview(data))

    def take_range(self, depth: int) -> range:
        start, stop, step = self.take_any_int(), self.take_any_int(), self.take_any_int()
        if step == 0 or _range_length(start, stop, step) > self.limits.items:
            raise WireError("a range is too long, or has no step")
        return range(start, stop, step)

    # Containers

    def take_list(self, depth: int) -> list[Any]:
        return self.take_body(depth)

    def take_tuple(self, depth: int) -> tuple[Any, ...]:
        return tuple(self.take_body(depth))

    def take_set(self, depth: int) -> set[Any]:
        return set(self.take_keys(depth))

    def take_frozenset(self, depth: int) -> frozenset[Any]:
        return frozenset(self.take_keys(depth))

    def take_dict(self, depth: int) -> dict[Any, Any]:
        keys = self.take_keys(depth)
        values = self.take_body(depth)
        if len(keys) != len(values):
            raise WireError("a dict has more keys than values, or fewer")
        return dict(zip(keys, values, strict=True))

    def take_body(self, depth: int) -> list[Any]:
        if depth >= self.limits.depth:
            raise WireError(f"nested deeper than {self.limits.depth}")
        op, count = next(self.ops), next(self.ints)
        if op == _MIXED:
            if not 0 <= count <= self.limits.items:
                raise WireError(f"a container of {count} items")
            return [self.take(depth + 1) for _ in range(count)]
        if op == _INTS:
            return _stretch(self.ints, count)
        if op == _FLOATS:
            return _stretch(self.floats, count)
        if op == _TEXTS:
            return _stretch(self.texts, count)
        raise WireError("a container has no body")

    def take_keys(self, depth: int) -> list[Any]:
        keys = self.take_body(depth)
        for key in keys:
            _check_key(key)
        if len(keys) > _MOST_EQUAL_HASHES:
            # Ints and floats hash without a secret: a million of one hash would take days.
            hashes = collections.Counter(map(hash, keys))
            if hashes.most_common(1)[0][1] > _MOST_EQUAL_HASHES:
                raise WireError("the keys were chosen to collide")
        if len(set(keys)) != len(keys):
            raise WireError("two keys are equal")
        return keys

    # Arrays

    def take_dtype(self) -> np.dtype[Any]:
        name = next(self.texts)
        dtype = _numpy_dtype(name)
        if dtype is None:
            raise WireError(f"there is no dtype {name[:40]!a}")
        return dtype

    def take_numpy_dtype(self, depth: int) -> np.dtype[Any]:
        return self.take_dtype()

    def take_torch_dtype(self, depth: int) -> Any:
        name = next(self.texts)
        if name not in _TORCH_NAMES or name not in _torch_dtypes():
            raise WireError(f"there is no torch dtype {name[:40]!a}")
        return _torch_dtypes()[name]

    def take_scalar(self, depth: int) -> Any:
        dtype, raw = self.take_dtype(), next(self.raws)
        if dtype.kind in "US" or len(raw) != dtype.itemsize:
            raise WireError("a numpy scalar has another size than its dtype")
        array = np.frombuffer(raw, dtype)
        if dtype.kind == "b" and raw > b"\x01":
            raise WireError("a bool is neither 0 nor 1")
        return array[0]

    def take_numpy_text(self, depth: int) -> np.str_:
        return np.str_(self.take_any_text())

    def take_numpy_bytes(self, depth: int) -> np.bytes_:
        if next(self.ops) != _BYTES:
            raise WireError("bytes are missing")
        return np.bytes_(self.take_bytes(depth))

    def take_array(self, depth: int) -> NDArray[Any]:
        dtype = self.take_dtype()
        shape, order, size = self.take_layout(dtype.itemsize)
        data = self.take_own_data(size)
        if dtype.kind == "b":
            _check_bools(data)
        elif dtype.kind == "U":
            _check_characters(data.view(np.dtype("u4").newbyteorder(dtype.byteorder)))
        within = [shape[axis] for axis in order]
        array = data.view(dtype).reshape(within) if size else np.empty(within, dtype)
        return array.transpose(np.argsort(order)) if order else array

    def take_tensor(self, depth: int) -> Any:
        dtype = self.take_torch_dtype(depth)
        import torch

        shape, order, size = self.take_layout(dtype.itemsize)
        data = self.take_own_data(size)
        if dtype is torch.bool:
            _check_bools(data)
        strides = [0] * len(shape)
        for axis, step in zip(order, _row_major([shape[axis] for axis in order]), strict=True):
            strides[axis] = step
        if not size:
            return torch.empty_strided(shape, strides, dtype=dtype, device="cpu")
        # Not a view of the bytes: torch treats views, in place and as leaves, in ways of their own.
        storage = torch.from_numpy(data).untyped_storage()
        return torch.empty(0, dtype=dtype, device="cpu").set_(storage, 0, shape, strides)

    def take_leaf(self, depth: int) -> Any:
        tensor = self.take_tensor(depth)
        if not (tensor.is_floating_point() or tensor.is_complex()):
            raise WireError("a tensor of whole numbers can't require a gradient")
        return tensor.requires_grad_()

    def take_layout(self, itemsize: int) -> tuple[list[int], list[int], int]:
        """Read shape and order of axes; also return the bytes that the data must have."""
        self.arrays += 1
        if self.arrays > self.limits.arrays:
            raise WireError(f"more than {self.limits.arrays} arrays")
        shape = self.take_axes()
        if any(size < 0 for size in shape):
            raise WireError("a negative dimension")
        order = self.take_axes() or list(range(len(shape)))
        if sorted(order) != list(range(len(shape))):
            raise WireError("the order of the axes is no permutation")
        if _elements(shape) * itemsize > self.limits.bytes:
            raise WireError("an array is too large")
        return shape, order, math.prod(shape) * itemsize

    def take_axes(self) -> list[int]:
        count = next(self.ints)
        if not 0 <= count <= _DIMENSIONS:
            raise WireError(f"an array of {count} dimensions")
        return _stretch(self.ints, count)

    def take_data(self, size: int) -> Buffer:
        op = next(self.ops)
        if op not in (_INLINE, _BLOB):
            raise WireError("the data of an array is missing")
        data: Buffer = next(self.raws) if op == _INLINE else next(self.blobs)
        if memoryview(data).nbytes != size:
            raise WireError(f"data of {memoryview(data).nbytes} bytes where {size} were announced")
        return data

    def take_own_data(self, size: int) -> NDArray[np.uint8]:
        data = self.take_data(size)
        own = data if self.owned and isinstance(data, memoryview) else _owned(data)
        return np.frombuffer(own, np.uint8) if size else np.empty(0, np.uint8)

    # References

    def take_reference(self, depth: int) -> Any:
        ref = Ref(next(self.texts), next(self.ints), self.take_any_text())
        if ref.kind not in _KINDS or ref.id < 0 or len(ref.name) > _NAME:
            raise WireError("a malformed reference")
        if self.resolve is None:
            raise WireError("a reference where only data may be")
        return self.resolve(ref)


_READERS: tuple[Callable[[_Unpacker, int], Any], ...] = (
    lambda unpacker, depth: None,
    lambda unpacker, depth: False,
    lambda unpacker, depth: True,
    _Unpacker.take_int,
    _Unpacker.take_big_int,
    _Unpacker.take_float,
    _Unpacker.take_complex,
    _Unpacker.take_text,
    _Unpacker.take_surrogates,
    _Unpacker.take_bytes,
    _Unpacker.take_list,
    _Unpacker.take_tuple,
    _Unpacker.take_set,
    _Unpacker.take_frozenset,
    _Unpacker.take_dict,
    _Unpacker.take_range,
    _Unpacker.take_array,
    _Unpacker.take_scalar,
    _Unpacker.take_numpy_text,
    _Unpacker.take_numpy_bytes,
    _Unpacker.take_tensor,
    _Unpacker.take_leaf,
    _Unpacker.take_numpy_dtype,
    _Unpacker.take_torch_dtype,
    _Unpacker.take_reference,
)


def _stretch(column: Iterator[Any], count: int) -> list[Any]:
    """Take the next values of a column."""
    values = list(islice(column, count))
    if len(values) != count:
        raise WireError("the message is cut short")
    return values


def _check_key(key: Any) -> None:
    kind = id(type(key))
    if kind not in _KEY_TYPES:
        raise WireError(f"a key of class {type(key).__name__}")
    if type(key) is tuple:
        for part in key:
            _check_key(part)
    elif key != key:
        raise WireError("a key is NaN")


def _check_bools(data: NDArray[np.uint8]) -> None:
    if data.size and data.max() > 1:
        raise WireError("a bool is neither 0 nor 1")


def _check_characters(codes: NDArray[np.uint32]) -> None:
    if codes.size and codes.max() > sys.maxunicode:
        raise WireError("a character of an array is beyond Unicode")
