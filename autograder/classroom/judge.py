"""The judge parent: it holds pytest with a suite collected and forks a judge for a submission.

So a judge that falls costs one submission.

`python -I -m autograder.classroom.judge FD SETTINGS` is a fork server (see `sandbox.forkserver`).
It never calls a submission's code: its children talk to workers of a library parent.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from autograder.catalog import Kata, load_kata
from autograder.report import Report, report_of
from autograder.sandbox import forkserver, isolation
from autograder.sandbox.failures import printable
from autograder.sandbox.forkserver import Child
from autograder.sandbox.library import Settings as LibrarySettings
from autograder.sandbox.pool import Library, WorkerMake
from autograder.sandbox.submission import Source, forget_handles
from autograder.suite.session import Suite

JUDGE_MEMORY = 4 << 30
"""Address space of a judge beyond its parent's: a submission must not fill the machine."""
MESSAGE_LIMIT = 4000
"""Characters of a message in a report."""
CODE_LIMIT = 256 << 10
"""Characters of code in a submission: the judge parses it, which takes a thousand times as much."""


class Settings(msgspec.Struct, frozen=True):
    """What a judge parent judges, and how."""

    folder: str
    seed: int = 0
    timeout: float = 60.0
    memory_bytes: int = 2 << 30
    isolated: bool = True
    replay: bool = False
    secrets: tuple[str, ...] = ()


def main() -> None:
    """Collect the suite, start the library parent, then fork judges."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = msgspec.json.decode(sys.argv[2], type=Settings)
    try:
        kata = load_kata(Path(settings.folder))
        requires = ("numpy", *kata.requires)
        held = LibrarySettings(
            requires, memory_bytes=settings.memory_bytes, isolated=settings.isolated
        )
        libraries = [Library(held)]
        layers = proven_layers(kata, settings)
        suite = Suite(kata)
        suite.warm_up(settings.seed, replay=settings.replay)
        libraries[0].wait()
    except Exception as error:
        control.send(str(error)[:4000].encode() or b"it failed")
        return

    def start(stream: socket.socket, request: dict[str, Any]) -> None:
        _limit_memory()
        _judge(stream, suite, libraries[0], settings, layers)

    def revive() -> None:
        if not libraries[0].alive():
            libraries[0] = Library(held)
            libraries[0].wait()

    gc.collect()
    gc.freeze()
    forkserver.serve(control, start, before=revive)
    libraries[0].close()


def proven_layers(kata: Kata, settings: Settings) -> list[str]:
    """Return the layers that a probe attacked in vain."""
    if not settings.isolated:
        return ["process"]
    secrets = [kata.reference, kata.suite, *map(Path, settings.secrets)]
    found = isolation.probe(secrets=secrets)
    return [layer for layer in isolation.LAYERS if found.get(layer) == ""]


def _limit_memory() -> None:
    mapped = (
        int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        if sys.platform == "linux"
        else 0
    )
    limit = mapped + JUDGE_MEMORY
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _judge(
    stream: socket.socket,
    suite: Suite,
    library: Library,
    settings: Settings,
    layers: Sequence[str],
) -> None:
    """Read sources from the stream, judge each, and write its report back."""
    with stream.makefile("rb") as file:
        for line in file:
            source = msgspec.json.decode(line, type=Source)
            report = judge_source(suite, library, settings, layers, source)
            stream.sendall(msgspec.json.encode(report) + b"\n")


def judge_source(
    suite: Suite, library: Library, settings: Settings, layers: Sequence[str], source: Source
) -> Report:
    """Judge one source in a worker of the library."""
    start = time.perf_counter()
    forget_handles()
    source = admitted(source)

    def start_worker() -> Child:
        try:
            return library.fork({"memory_bytes": settings.memory_bytes})
        except RuntimeError:  # nothing can be judged any more, and it is not the submission's fault
            os._exit(70)

    make = WorkerMake(suite.kata, source, start_worker)
    verdicts = suite.judge(
        source, make, seed=settings.seed, deadline=time.monotonic() + settings.timeout
    )
    for verdict in verdicts:
        if verdict.message is not None:
            verdict.message = printable(verdict.message[:MESSAGE_LIMIT])
        if verdict.file is not None:
            verdict.file = printable(verdict.file)
    # What could not be read never came to a worker: then what a probe found counts.
    held = [layer for layer in layers if not make.layers or layer in make.layers]
    return report_of(
        suite.kata, source.name, verdicts, seconds=time.perf_counter() - start, isolation=held
    )


def admitted(source: Source) -> Source:
    """Return a source as the judge can use it: not too large, and in characters that have a code.

    A lone surrogate (in a file's name, or in a notebook's cell) becomes the escape that Python and
    JSON write for it.
    """
    if sum(len(text) for _, text in source.chunks) > CODE_LIMIT:
        problem = f"the file has more than {CODE_LIMIT >> 10} KB of code"
        source = Source(source.name, (), problem=problem)

    def coded(text: str) -> str:
        return text.encode("utf-8", "backslashreplace").decode()

    return Source(
        coded(source.name),
        tuple((coded(name), coded(text)) for name, text in source.chunks),
        source.notebook,
        None if source.problem is None else coded(source.problem),
    )


def dump_source(source: Source) -> bytes:
    """Return a source as a line that a judge reads."""
    return json.dumps(msgspec.to_builtins(source)).encode() + b"\n"


if __name__ == "__main__":
    main()
