"""The judge of a notebook: a process that stays warm, so that the kernel holds no suite.

`python -P -m autograder.notebook.judge` reads a `Request` a line from standard input and writes a
`Judgement` a line to standard output. The code itself runs in a worker of the sandbox, or, where
it is trusted, in a process that is forked for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

from autograder.catalog import CatalogError, Kata, load_kata
from autograder.report import Report, Verdict, cause, report_of
from autograder.sandbox.submission import InProcess, Source

PATIENCE = 60.0
"""Seconds that the tests of one cell may take together."""
SANDBOX = ("process", "rlimits", "landlock", "seccomp")
"""What makes a sandbox of a process; what is missing is told."""
PICTURES = 8
"""Pictures of one judgement."""


class Request(msgspec.Struct, frozen=True):
    """What is to be judged; without a source the kata is only made ready."""

    folder: str
    source: Source | None = None
    trust: bool = False
    seed: int = 0


class Judgement(msgspec.Struct):
    """A report, and what a notebook shows beside it.

    Attributes:
        report: the verdicts; None where there was nothing to judge, or `error` says why not.
        pictures: SVG, by test.
        hints: for each task that fails, in the order in which they are given.
        missing: layers of the sandbox that this machine does not have.
        trusted: whether the code was run without the sandbox.
        error: why nothing was judged, in one line.
    """

    report: Report | None = None
    pictures: dict[str, str] = {}
    hints: dict[str, list[str]] = {}
    missing: list[str] = []
    trusted: bool = False
    error: str | None = None


def main() -> None:
    """Answer requests until standard input ends."""
    lines = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    # What the code prints must not come between the replies.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nowhere, descriptor)
    serve(lines, replies)


def serve(lines: Iterable[bytes], replies: BinaryIO) -> None:
    """Answer each request of a stream."""
    from autograder.sandbox.pool import close_libraries

    judge = Judge()
    try:
        for line in lines:
            request = msgspec.json.decode(line, type=Request)
            try:
                found = judge.answer(request)
            except CatalogError as error:
                found = Judgement(error=str(error))
            except Exception as error:  # ours: the notebook says so, and goes on
                found = Judgement(error=f"the judge failed: {type(error).__name__}: {error}")
            replies.write(msgspec.json.encode(found) + b"\n")
            replies.flush()
    finally:
        close_libraries()


class Judge:
    """Holds the suites of the katas that were asked for."""

    def __init__(self) -> None:
        from autograder.suite.session import Suite

        self._collect = Suite
        self._suites: dict[str, tuple[float, Suite]] = {}

    def answer(self, request: Request) -> Judgement:
        """Judge a source, or make a kata ready."""
        kata = load_kata(Path(request.folder))
        if not request.trust:
            self._start_library(kata)
        suite = self._suite(kata)
        if request.source is None:
            suite.warm_up(request.seed)
            return Judgement()
        if request.trust:
            return self._trusted(kata, request.source, request.seed)
        from autograder.sandbox.pool import worker_make

        make = worker_make(kata, request.source)
        found = self._judge(kata, request.source, make, request.seed)
        found.missing = [layer for layer in SANDBOX if layer not in make.layers]
        if not make.layers:  # nothing came to a worker: the file cannot be read
            found.missing = []
        assert found.report is not None
        found.report.isolation = list(dict.fromkeys(make.layers))
        return found

    def _start_library(self, kata: Kata) -> None:
        """Let the library parent import torch while the suite is collected."""
        if hasattr(os, "fork"):
            from autograder.sandbox.pool import library_for

            library_for(kata)

    def _suite(self, kata: Kata) -> Suite:
        from autograder.suite.diagnosis import forget

        files = (kata.suite, kata.reference, kata.misconceptions, kata.visible)
        stamp = max((path.stat().st_mtime for path in files if path.is_file()), default=0.0)
        held = self._suites.get(kata.name)
        if held is None or held[0] != stamp:
            if held is not None:
                held[1].close()
                forget(kata)
            self._suites[kata.name] = held = stamp, self._collect(kata, visible=True)
        return held[1]

    def _trusted(self, kata: Kata, source: Source, seed: int) -> Judgement:
        """Judge in a forked process, without the sandbox: code that crashes must not end this."""
        from autograder.suite.child import in_child

        def trial() -> str:
            make = InProcess(kata, source)
            return msgspec.json.encode(self._judge(kata, source, make, seed)).decode()

        text = in_child(trial, PATIENCE + 5)
        if text is None:
            raise CatalogError(
                f"the code took its process down, or did not end within {PATIENCE:.0f} s; "
                "in the sandbox (without --trust) you are told which test it was"
            )
        found = msgspec.json.decode(text, type=Judgement)
        found.trusted = True
        return found

    def _judge(self, kata: Kata, source: Source, make: Make, seed: int) -> Judgement:
        from autograder.learner.trial import hints_for
        from autograder.suite.collect import INFO

        suite = self._suites[kata.name][1]
        album = Album(kata)
        start = time.perf_counter()
        verdicts = suite.judge(
            source, make, seed=seed, deadline=time.monotonic() + PATIENCE, look=album.look
        )
        report = report_of(kata, source.name, verdicts, seconds=time.perf_counter() - start)
        texts = {item.name: item.stash[INFO].hint for item in suite.items}
        failing = [v for v in verdicts if v.verdict not in ("passed", "skipped", "unimplemented")]
        hints = {
            task: hints_for([v for v in failing if v.task == task], texts)
            for task in dict.fromkeys(v.task for v in failing)
            if task is not None
        }
        return Judgement(report=report, pictures=album.pictures, hints=hints)


class Album:
    """Collects pictures: of each cause of failure one, of a kernel that passes one a task."""

    def __init__(self, kata: Kata) -> None:
        self.kata = kata
        self.pictures: dict[str, str] = {}
        self._seen: set[object] = set()

    def look(self, item: pytest.Item, outcome: Outcome, verdict: Verdict) -> None:
        """Draw a test if its cause was not drawn yet."""
        from autograder.suite.kernels import is_cuda
        from autograder.suite.pictures import picture

        if verdict.verdict == "passed":
            key: object = ("passed", verdict.task)
            wanted = is_cuda(self.kata)
        else:
            key = cause(verdict) or verdict.test
            wanted = verdict.verdict in ("wrong", "raised")
        if not wanted or key in self._seen or len(self.pictures) >= PICTURES:
            return
        drawn = picture(item, outcome, self.kata)
        if drawn is not None:
            self._seen.add(key)
            self.pictures[verdict.test] = drawn


TYPE_CHECKING = False
if TYPE_CHECKING:
    import pytest

    from autograder.sandbox.submission import Make
    from autograder.suite.judging import Outcome
    from autograder.suite.session import Suite


if __name__ == "__main__":
    main()
