"""Grading one submission or thousands, each by a judge of its own with the code in a sandbox."""

from __future__ import annotations

import os
import selectors
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from autograder.catalog import CatalogError, Kata
from autograder.classroom.gradebook import Gradebook, source_digest, suite_version
from autograder.classroom.judge import Settings, admitted, dump_source
from autograder.classroom.submissions import HandedIn, read
from autograder.report import Report, Verdict, report_of
from autograder.sandbox.forkserver import Child, ForkServer
from autograder.sandbox.submission import Source

NEEDED = ("process", "rlimits", "landlock", "seccomp")
"""Layers without which other people's code is not graded, unless told to trust it."""
MANY = 8
"""From so many submissions on it pays to replay the misconceptions beforehand."""
SLACK = 30.0
"""Seconds that a judge has beyond its submission's time, for diagnosis."""


Tell = Callable[[Report], None]
"""What is told of each report as it ends."""


@dataclass(frozen=True)
class Options:
    """How a class is graded."""

    jobs: int = 2
    seed: int = 0
    timeout: float = 60.0
    memory_mb: int = 2048
    trust: bool = False
    out: Path | None = None


class JudgeParent(ForkServer):
    """A judge parent for one kata."""

    def __init__(self, kata: Kata, options: Options, count: int) -> None:
        settings = Settings(
            folder=str(kata.folder),
            seed=options.seed,
            timeout=options.timeout,
            memory_bytes=options.memory_mb << 20,
            isolated=not options.trust or hasattr(os, "fork"),
            replay=count >= MANY,
            secrets=(str(options.out),) if options.out is not None else (),
        )
        super().__init__("autograder.classroom.judge", [msgspec.json.encode(settings).decode()])


REUSED = 25
"""Submissions that one judge judges at most: forking it anew costs as much as a small suite."""
HARMLESS = {"passed", "wrong", "raised", "forbidden", "unimplemented", "skipped"}
"""Verdicts after which a judge may go on; whatever met worse is ended."""


@dataclass
class _Running:
    place: int
    source: Source
    child: Child
    judged: int
    tries: int = 1
    ends: float = 0.0
    data: bytearray = field(default_factory=bytearray)
    late: bool = False


def grade(
    kata: Kata,
    submissions: Sequence[HandedIn],
    options: Options,
    *,
    book: Gradebook | None = None,
    tell: Callable[[Report], None] = lambda report: None,
    read_as: Callable[[HandedIn, Kata], Source] = read,
) -> Iterator[Report]:
    """Judge submissions in parallel and yield their reports in the order given.

    What the gradebook has of the same submission, suite and seed is not judged again; what is
    judged is written to it, one transaction each, before it is yielded.

    Args:
        kata: whose suite.
        submissions: what was handed in.
        options: how.
        book: the gradebook, if any.
        tell: called with each report as it ends, in any order.
        read_as: what reads a submission.

    Raises:
        CatalogError: if the suite cannot be used, or the sandbox lacks a layer that is needed.
    """
    if not kata.suite.is_file():
        raise CatalogError(
            f"solutions/{kata.name} is not here: without the suite nothing is judged"
        )
    suite = suite_version(kata)
    done: dict[int, Report] = {}
    waiting: deque[tuple[int, Source]] = deque()
    for place, submission in enumerate(submissions):
        source = admitted(read_as(submission, kata))
        known = book and book.find(
            source.name, kata.name, suite, source_digest(source), options.seed
        )
        if known:
            done[place] = known
        else:
            waiting.append((place, source))
    due = 0
    for place, source, report in _judged(kata, waiting, options):
        if book is not None:
            book.write(report, suite, source_digest(source), options.seed)
        tell(report)
        done[place] = report
        while due in done:
            yield done.pop(due)
            due += 1
    while due in done:
        yield done.pop(due)
        due += 1


def _judged(
    kata: Kata, waiting: deque[tuple[int, Source]], options: Options
) -> Iterator[tuple[int, Source, Report]]:
    """Run judges, `options.jobs` at a time, and yield each report as it ends."""
    if not waiting:
        return
    parent = JudgeParent(kata, options, len(waiting))
    selector = selectors.DefaultSelector()
    running: dict[int, _Running] = {}
    idle: list[_Running] = []
    checked = options.trust
    try:
        try:
            parent.wait()
        except RuntimeError as error:
            raise CatalogError(f"{kata.name} cannot be judged: {error}") from None
        while waiting or running:
            while waiting and len(running) < options.jobs:
                place, source = waiting.popleft()
                one = _Running(place, source, *_judge(parent, idle))
                _start(one, options, selector, running)
            for one in _ended(selector, running):
                report = _report_of(one)
                if report and one.judged < REUSED and _is_harmless(report):
                    idle.append(one)
                else:
                    one.child.close()
                if report is None and one.tries < 2 and not one.late:
                    again = _Running(one.place, one.source, *_judge(parent, []), tries=2)
                    _start(again, options, selector, running)
                    continue
                report = report or _fallen(kata, one, options)
                if not checked:
                    _refuse_without_layers(report)
                    checked = True
                yield one.place, one.source, report
    finally:
        for one in (*running.values(), *idle):
            one.child.close()
        selector.close()
        parent.close()


def _judge(parent: JudgeParent, idle: list[_Running]) -> tuple[Child, int]:
    """Return a judge, and how many submissions it will have judged with the next one."""
    if idle:
        before = idle.pop()
        return before.child, before.judged + 1
    try:
        return parent.fork({}), 1
    except (OSError, RuntimeError) as error:
        raise CatalogError(f"the process that forks judges has ended: {error}") from None


def _is_harmless(report: Report) -> bool:
    return all(verdict.verdict in HARMLESS for verdict in report.verdicts)


def _start(
    one: _Running,
    options: Options,
    selector: selectors.BaseSelector,
    running: dict[int, _Running],
) -> None:
    one.ends = time.monotonic() + options.timeout + SLACK
    # One that has fallen shows it when its report is read.
    with suppress(OSError):
        one.child.stream.sendall(dump_source(one.source))
    running[one.child.stream.fileno()] = one
    selector.register(one.child.stream, selectors.EVENT_READ)


def _ended(selector: selectors.BaseSelector, running: dict[int, _Running]) -> list[_Running]:
    """Wait for something to happen; return the judges that have ended or ran out of time."""
    nearest = min(one.ends for one in running.values())
    ended = []
    for key, _ in selector.select(max(0.0, nearest - time.monotonic())):
        one = running[key.fd]
        try:
            data = one.child.stream.recv(1 << 20)
        except OSError:
            data = b""
        one.data += data
        if not data or one.data.endswith(b"\n"):
            ended.append(one)
    now = time.monotonic()
    for one in running.values():
        if one.ends <= now and one not in ended:
            one.late = True
            ended.append(one)
    for one in ended:
        selector.unregister(one.child.stream)
        del running[one.child.stream.fileno()]
    return ended


def _report_of(one: _Running) -> Report | None:
    try:
        return msgspec.json.decode(bytes(one.data), type=Report)
    except msgspec.DecodeError:
        return None


def _fallen(kata: Kata, one: _Running, options: Options) -> Report:
    """Return the report of a submission whose judge fell twice, or did not end."""
    what = "did not end" if one.late else "fell twice"
    verdict = Verdict(
        test="(all tests)",
        verdict="crashed",
        max_points=kata.points,
        message=f"the judge {what} while judging this submission; look at it by hand",
    )
    return report_of(kata, one.source.name, [verdict], seconds=options.timeout)


def _refuse_without_layers(report: Report) -> None:
    missing = [layer for layer in NEEDED if layer not in report.isolation]
    if missing and report.isolation:
        raise CatalogError(
            f"the sandbox lacks {', '.join(missing)} on this machine (kata doctor says why); "
            "use --trust to grade code that you trust"
        )


def default_jobs() -> int:
    """Return how many judges run at once: one a processor that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def warn(text: str) -> None:
    """Print a line to standard error."""
    print(f"kata: {text}", file=sys.stderr)
