"""Workers for the judge: a warm library parent that forks them, and the make that talks to one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from autograder.catalog import Kata
from autograder.sandbox import wire
from autograder.sandbox.failures import (
    Crashed,
    LoadFailed,
    OutOfMemory,
    ProtocolBroken,
    SubmissionFailure,
    TimedOut,
)
from autograder.sandbox.forkserver import Child, ForkServer
from autograder.sandbox.library import Settings
from autograder.sandbox.submission import Source

LIMITS = wire.Limits(bytes=256 << 20)
"""What one message of a worker may hold."""
TEST_BYTES = 512 << 20
"""What all messages of a worker in one test may hold, as `_weight` counts."""
SUBMISSION_BYTES = 1 << 30
"""What they may hold in all tests together: the judge keeps them until the diagnosis."""
HEAD_WEIGHT = 16
"""A byte of numbers and small things is so many of the judge's memory; of an array, one."""
TEST_MESSAGES = 200_000
GRACE = 0.5
"""Seconds that a worker has to answer its own alarm before it is killed."""
SHORTEST = 0.05
"""Seconds that a worker gets for what is left of a test."""
PARTING = 0.5
"""Seconds that a worker has to end by itself once it has closed its stream."""


SETTINGS_OF_LIBRARIES = (
    *("PATH", "HOME", "LANG", "LANGUAGE", "LC_", "TZ", "TMPDIR", "TEMP", "TMP", "XDG_"),
    *("LD_", "DYLD_", "SYSTEMROOT", "WINDIR", "CUDA", "NVIDIA", "TORCH", "TRITON", "MKL_", "KMP_"),
)
"""How the environment variables start that a worker gets: of the rest any may be a secret."""


class Library(ForkServer):
    """A library parent; judges that are forked later share its control socket."""

    def __init__(self, settings: Settings) -> None:
        encoded = msgspec.json.encode(settings).decode()
        super().__init__("autograder.sandbox.library", [encoded], kept=SETTINGS_OF_LIBRARIES)


class Spawned:
    """A worker where there is no fork to be had (Windows): a fresh process for each."""

    def __init__(self, settings: Settings) -> None:
        command = [sys.executable, "-I", "-m", "autograder.sandbox.spawned"]
        self._process = subprocess.Popen(
            [*command, msgspec.json.encode(settings).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if k.startswith(SETTINGS_OF_LIBRARIES)},
        )
        assert self._process.stdin and self._process.stdout
        self.stream = wire.PipeStream(self._process.stdout.fileno(), self._process.stdin.fileno())

    def kill(self) -> None:
        """End the worker."""
        self._process.kill()

    def ended_by(self, seconds: float = 5.0) -> int | None:
        """Return a wait status made of the exit code, or None where it goes on."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return -code if code < 0 else code << 8

    def close(self) -> None:
        """End the worker and let go of its pipes."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin and self._process.stdout
        self._process.stdout.close()
        with suppress(OSError):
            self._process.stdin.close()


Start = Callable[[], "Child | Spawned"]


class WorkerMake:
    """The make of grading: the submission runs in a worker and only data crosses.

    A worker that dies costs the test it died in; the next test has a new one. An import that
    hangs, crashes or raises is tried once and decides every test.
    """

    def __init__(self, kata: Kata, source: Source, start: Start) -> None:
        self._kata, self._source, self._start = kata, source, start
        self._worker: Child | Spawned | None = None
        self._deadline = time.monotonic() + kata.time_limit
        self._told = False
        self._received = self._messages = 0
        self._received_before = 0
        self._load_failure: SubmissionFailure | None = None
        self.layers: tuple[str, ...] = ()

    def begin(self, seconds: float) -> None:
        """Start the clock of a test; the worker is told with the first request."""
        self._deadline = time.monotonic() + seconds + GRACE
        self._told = False
        self._received_before += self._received
        self._received = self._messages = 0

    def request(
        self,
        message: wire.Message,
        answer: Callable[[tuple[Any, ...]], wire.Message],
        resolve: Callable[[wire.Ref], Any],
    ) -> Any:
        """Send a request and serve the submission's questions until the reply comes."""
        if self._load_failure is not None:
            raise self._load_failure.with_traceback(None)
        if not self._told and self._worker is not None and self._stream.has_news():
            self._drop()  # it died between tests, or says what nobody asked: a new one
        if self._worker is None:
            self._load()
        elif not self._told:
            self._tell_begin()
        return self._converse(message, answer, resolve)

    def close(self) -> None:
        """End the worker."""
        self._drop()

    def _load(self) -> None:
        start = time.monotonic()
        self._worker = self._start()
        own = self._worker.stream
        kept = wire.SocketStream(own, wire.AHEAD) if isinstance(own, socket.socket) else own
        self._stream: wire.Stream = kept
        # Starting a worker is our time, not the submission's.
        self._deadline += time.monotonic() - start
        source = self._source
        setup = ("source", list(source.chunks), self._kata.forbidden, source.notebook)
        try:
            ready = self._exchange(None)
            self.layers = ("process", *(str(layer) for layer in ready[1]))
            wire.send(self._stream, wire.pack(setup), deadline=self._deadline)
            self._tell_begin()
            # What the file raised comes back with every call; only a worker that fell is noted.
            self._exchange(("load",))
        except TimedOut as failure:
            self._load_failure = TimedOut("the file did not finish loading within the time limit")
            raise self._load_failure from failure
        except SubmissionFailure as failure:
            text = f"while the file was loaded: {failure.message}"
            self._load_failure = type(failure)(text, failure.frames)
            raise self._load_failure from failure
        except (EOFError, OSError):
            self._load_failure = self._fallen()
            raise self._load_failure from None

    def _tell_begin(self) -> None:
        self._told = True
        left = max(self._deadline - GRACE - time.monotonic(), SHORTEST)
        with suppress(EOFError, TimeoutError):  # what is asked next finds the same
            wire.send(self._stream, wire.pack(("begin", left)), deadline=self._deadline)

    def _exchange(self, request: tuple[Any, ...] | None) -> Any:
        message = None if request is None else wire.pack(request)
        return self._converse(message, _no_answer, None)

    def _converse(
        self,
        message: wire.Message | None,
        answer: Callable[[tuple[Any, ...]], wire.Message],
        resolve: Callable[[wire.Ref], Any] | None,
    ) -> Any:
        worker = self._worker
        if worker is None:
            raise Crashed("the submission's process has ended")
        try:
            if message is not None:
                wire.send(self._stream, message, deadline=self._deadline)
            while True:
                got = wire.receive(self._stream, deadline=self._deadline, limits=LIMITS)
                self._count(got)
                reply = wire.unpack(got, resolve=resolve, limits=LIMITS)
                if not (isinstance(reply, tuple) and len(reply) == 2 and reply[0] == "ask"):
                    return reply
                back = answer(reply[1])
                if self._worker is not worker:  # it fell in a nested call
                    raise Crashed("the submission's process has ended")
                wire.send(self._stream, back, deadline=self._deadline)
        except TimeoutError:
            self._drop()
            raise TimedOut("did not finish within the time limit") from None
        except wire.WireError as error:
            self._drop()
            raise ProtocolBroken(f"the submission's process broke the protocol: {error}") from None
        except EOFError:
            raise self._fallen() from None
        except BaseException as error:
            self._drop()  # it is out of step now
            if isinstance(error, RecursionError):
                text = "the submission asked while it was asked, deeper than the judge can follow"
                raise ProtocolBroken(text) from None
            raise

    def _count(self, message: wire.Message) -> None:
        self._messages += 1
        self._received += _weight(message)
        if self._received > TEST_BYTES or self._messages > TEST_MESSAGES:
            raise wire.WireError("more data than a test may bring")
        if self._received_before + self._received > SUBMISSION_BYTES:
            raise wire.WireError("more data than a submission may bring")

    def _fallen(self) -> SubmissionFailure:
        """Say how the worker ended, and let go of it."""
        worker, self._worker = self._worker, None
        status, lingers = None, False
        if worker is not None:
            status = worker.ended_by(PARTING)
            if status is None:
                worker.kill()
                status = worker.ended_by()
                lingers = status == signal.SIGKILL
            worker.close()
        if time.monotonic() >= self._deadline - GRACE:
            return TimedOut("did not finish within the time limit")
        if lingers:
            return ProtocolBroken("the submission closed the stream to its judge")
        if status is not None and os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
            if number == getattr(signal, "SIGXCPU", None):
                return TimedOut("used up its processor time")
            return Crashed(f"the submission's process was killed by {name}")
        if status:
            return Crashed(f"the submission ended its process with status {status >> 8}")
        return Crashed("the submission ended its own process")

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _weight(message: wire.Message) -> int:
    """Estimate the memory that a message takes when it is unpacked."""
    return HEAD_WEIGHT * len(message.head) + sum(memoryview(blob).nbytes for blob in message.blobs)


def _no_answer(request: tuple[Any, ...]) -> wire.Message:
    raise ProtocolBroken("the submission's process asked a question while the file was loaded")


_libraries: dict[Settings, Library] = {}


def library_for(kata: Kata, *, isolated: bool = True) -> Library:
    """Return the warm library parent of a kata, started at the first need."""
    return library_of(settings_for(kata, isolated=isolated))


def library_of(settings: Settings) -> Library:
    """Return the warm library parent with these settings, started at the first need."""
    if settings not in _libraries or not _libraries[settings].alive():
        _libraries[settings] = Library(settings)
    return _libraries[settings]


def settings_for(kata: Kata, *, isolated: bool = True) -> Settings:
    """Return what the library parent of a kata has to hold."""
    requires = tuple(dict.fromkeys(("numpy", *kata.requires)))
    return Settings(requires=requires, isolated=isolated)


def worker_make(kata: Kata, source: Source, *, memory_bytes: int | None = None) -> WorkerMake:
    """Return a make whose workers are forked from the kata's library parent."""
    if not hasattr(os, "fork"):
        settings = settings_for(kata)
        return WorkerMake(kata, source, lambda: Spawned(settings))
    library = library_for(kata)
    library.wait()  # importing torch is no submission's time
    request = {"memory_bytes": memory_bytes}
    return WorkerMake(kata, source, lambda: library.fork(request))


def close_libraries() -> None:
    """End every library parent of this process."""
    while _libraries:
        _libraries.popitem()[1].close()


__all__ = [
    "Library",
    "LoadFailed",
    "OutOfMemory",
    "Spawned",
    "WorkerMake",
    "close_libraries",
    "library_for",
    "worker_make",
]
