"""Frames: messages on a stream, each announced by its sizes."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable
from io import FileIO
from typing import Protocol

import numpy as np

from autograder.sandbox.wire.message import LIMITS, Buffer, Limits, Message, WireError

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
    sock: socket.socket | Stream, *, deadline: float | None = None, limits: Limits = LIMITS
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
