"""A warm process that forks a child for each datagram, and those who ask it for children.

There are two kinds: the library parent, whose children are workers, and the judge parent, whose
children are judges. Neither is forked from the other: both are started by exec. A datagram brings
two descriptors, the child's end of a stream and of a channel on which the parent tells the child's
pid (with a handle on it) and, later, how it ended.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from autograder.sandbox import isolation

DATAGRAM = 8192
START_SECONDS = 120.0
DEBUG = "KATA_DEBUG"
"""Set it, and parents and children print their own failures."""


class _Born(NamedTuple):
    status: socket.socket
    slot: int


def serve(
    control: socket.socket,
    work: Callable[[socket.socket, dict[str, Any]], None],
    *,
    before: Callable[[], None] = lambda: None,
) -> None:
    """Be the parent: fork a child that runs `work` for each request, until all who ask have gone.

    `work` gets the stream and the request, with the smallest number that no other living child
    has as its `slot`. The child ends when it returns; it never returns from here. It is killed when
    whoever asked for it has gone. `before` runs in the parent before each fork.
    """
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda signum, frame: None)
    children: dict[int, _Born] = {}
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(wake, selectors.EVENT_READ)
    control.send(b"ready")
    while True:
        for key, _ in selector.select():
            if key.fileobj is control:
                data, descriptors = _receive(control, 2)
                if not data:
                    _end(children)
                    return
                before()
                pid = _fork(data, descriptors, work, children)
                selector.register(children[pid].status, selectors.EVENT_READ, pid)
            elif key.fileobj == wake:
                os.read(wake, 512)
                _reap(children, selector)
            elif key.data in children:  # whoever asked for it has closed its end
                selector.unregister(key.fileobj)
                with suppress(ProcessLookupError):
                    os.kill(key.data, signal.SIGKILL)


def _receive(control: socket.socket, count: int) -> tuple[bytes, list[int]]:
    try:
        data, descriptors, _, _ = socket.recv_fds(control, DATAGRAM, count)
    except OSError:
        return b"", []
    return data, descriptors


def _fork(
    data: bytes,
    descriptors: list[int],
    work: Callable[[socket.socket, dict[str, Any]], None],
    children: dict[int, _Born],
) -> int:
    stream, status = (socket.socket(fileno=fd) for fd in descriptors)
    taken = {child.slot for child in children.values()}
    slot = next(number for number in itertools.count() if number not in taken)
    pid = os.fork()
    if pid == 0:
        try:
            isolation.die_with_parent()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            status.close()
            for other in children.values():
                other.status.close()
            work(stream, {**json.loads(data), "slot": slot})
            os._exit(0)
        except BaseException:
            if os.environ.get(DEBUG):
                import traceback

                os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(70)
    stream.close()
    children[pid] = _Born(status, slot)
    with suppress(OSError):
        handle = isolation.open_pidfd(pid)
        told = json.dumps({"pid": pid}).encode()
        socket.send_fds(status, [told], [handle] if handle >= 0 else [])
        if handle >= 0:
            os.close(handle)
    return pid


def _reap(children: dict[int, _Born], selector: selectors.BaseSelector) -> None:
    for pid in list(children):
        with suppress(ChildProcessError):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                channel = children.pop(pid).status
                with suppress(KeyError):
                    selector.unregister(channel)
                with suppress(OSError):
                    channel.send(json.dumps({"status": status}).encode())
                channel.close()


def _end(children: dict[int, _Born]) -> None:
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in children:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


class ForkServer:
    """A parent process, seen from those who ask it; they may be forked later and ask as well.

    Args:
        module: what the parent runs; it is called with a control socket's number and `arguments`.
        arguments: what else it is told.
        kept: how the environment variables start that it gets; "" is all of them, but Python's.

    Raises:
        RuntimeError: from `wait` and `fork`, if it does not start or has ended.
    """

    def __init__(
        self, module: str, arguments: Sequence[str], kept: tuple[str, ...] = ("",)
    ) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        debug = os.environ.get(DEBUG)
        environment = {
            **{
                key: value
                for key, value in os.environ.items()
                if key.startswith(kept) and not key.startswith(("PYTHON", "KATA_"))
            },
            **({DEBUG: debug} if debug else {}),
            **{key: value for key, value in os.environ.items() if key == "KATA_CACHE"},
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-m", module, str(theirs.fileno()), *arguments],
            env=environment,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=None if debug else subprocess.DEVNULL,
            stderr=None if debug else subprocess.DEVNULL,
            cwd="/",
        )
        theirs.close()
        self._ready = False

    def alive(self) -> bool:
        """Say whether it still forks; a process forked from the one that started it may ask too."""
        poll = select.poll()
        poll.register(self._control, 0)
        return not poll.poll(0)

    def wait(self) -> None:
        """Wait until the parent has imported what it holds."""
        if self._ready:
            return
        self._control.settimeout(START_SECONDS)
        data, _ = _receive(self._control, 0)
        self._control.settimeout(None)
        if data != b"ready":
            raise RuntimeError(data.decode(errors="replace") or "it ended")
        self._ready = True

    def fork(self, request: dict[str, Any]) -> Child:
        """Ask for a child."""
        self.wait()
        stream, theirs = socket.socketpair()
        status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, their_status:
            descriptors = [theirs.fileno(), their_status.fileno()]
            try:
                socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
            except OSError as error:
                raise RuntimeError("it has ended") from error
        status.settimeout(START_SECONDS)
        data, handles = _receive(status, 1)
        if not data:
            raise RuntimeError("it has ended")
        return Child(stream, status, json.loads(data)["pid"], handles[0] if handles else None)

    def close(self) -> None:
        """End the parent and every child of it."""
        self._control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Child:
    """A child of a fork server, seen from whoever asked for it."""

    def __init__(
        self, stream: socket.socket, status: socket.socket, pid: int, handle: int | None
    ) -> None:
        self.stream, self.pid = stream, pid
        self._status, self._handle = status, handle
        self._ended = False

    def kill(self) -> None:
        """End the child; by its handle, so that no other process can be meant."""
        if self._ended:
            return
        if self._handle is not None:
            isolation.kill_pidfd(self._handle)
        else:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def ended_by(self, seconds: float = 5.0) -> int | None:
        """Return the wait status of a child that has ended, or None where it is not known."""
        self._status.settimeout(seconds)
        data, _ = _receive(self._status, 0)
        self._ended = bool(data)
        return int(json.loads(data)["status"]) if data else None

    def close(self) -> None:
        """Kill the child and let go of its descriptors."""
        self.kill()
        self.stream.close()
        self._status.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        self._ended = True
