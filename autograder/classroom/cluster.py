"""Grading on the workers of a Dask cluster; Dask does the work, this only keeps it honest.

A worker is a machine with this project and the same suites. What it would judge by is compared with
what the client has: a worker whose suite differs is never given a submission of that kata, which
Dask sees as a resource that only fitting workers have. A submission is text on its way there, and
runs in the sandbox of a judge on the worker, as it would here. Anyone who can reach a scheduler can
run code on its workers: keep it in a network of your own, or give it TLS.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import os
import queue
import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from autograder.catalog import CatalogError, Kata, find_kata, find_root
from autograder.classroom.grade import MANY, NEEDED, SLACK, JudgeParent, Options, Tell, warn
from autograder.classroom.gradebook import Gradebook, source_digest, suite_version
from autograder.classroom.judge import dump_source
from autograder.classroom.submissions import HandedIn, read
from autograder.report import Report, Verdict, report_of
from autograder.sandbox.submission import Source

RETRIES = 3
"""How often a submission is judged anew after its worker died, or its judge fell."""
CONNECT_SECONDS = 5.0
LOOK_SECONDS = 2.0
"""How often the client looks for workers that are new."""
PLENTY = 1e6
PATIENCE = 60.0
"""Seconds that a class waits for a fitting worker when the last one has gone."""
PROJECT = "KATA_PROJECT"
"""On a worker: the folder with katas/ and solutions/, where it is not the working folder."""


def grade(
    address: str,
    kata: Kata,
    submissions: Sequence[HandedIn],
    options: Options,
    *,
    book: Gradebook | None = None,
    tell: Tell = lambda report: None,
    read_as: Callable[[HandedIn, Kata], Source] = read,
) -> Iterator[Report]:
    """Judge submissions on the cluster; as `grade.grade` does on this machine.

    Raises:
        CatalogError: if there is no cluster, or no worker of it that has this suite.
    """
    try:
        from distributed import Client
    except ImportError:
        raise CatalogError("--cluster needs Dask: pip install 'llm-katas[cluster]'") from None
    if not kata.suite.is_file():
        raise CatalogError(f"solutions/{kata.name} is not here: which suite should they have?")
    suite = suite_version(kata)
    sources = [read_as(submission, kata) for submission in submissions]
    done: dict[int, Report] = {}
    for place, source in enumerate(sources):
        known = book and book.find(
            source.name, kata.name, suite, source_digest(source), options.seed
        )
        if known:
            done[place] = known
    due = 0
    if len(done) < len(sources):
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors are told in one line
        try:
            connect: Any = Client
            client = connect(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CatalogError(f"{address}: no Dask scheduler answers: {error}") from None
        with client:
            waiting = {place: one for place, one in enumerate(sources) if place not in done}
            for place, report in _judged(client, kata, suite, waiting, options):
                if book is not None:
                    book.write(report, suite, source_digest(sources[place]), options.seed)
                tell(report)
                done[place] = report
                while due in done:
                    yield done.pop(due)
                    due += 1
    while due in done:
        yield done.pop(due)
        due += 1


def _judged(
    client: Any, kata: Kata, suite: str, waiting: Mapping[int, Source], options: Options
) -> Iterator[tuple[int, Report]]:
    """Submit all that waits and yield each report as it comes."""
    fitting = _Fitting(client, kata, suite)
    fitting.look()
    if not fitting.addresses:
        raise CatalogError(fitting.complaint())
    came: queue.Queue[tuple[int, Any]] = queue.Queue()
    held = {}
    sent = _sent(options)
    asked = repr(sent).encode()
    try:
        for place, source in waiting.items():
            data = dump_source(source)
            name = hashlib.sha256(suite.encode() + asked + data).hexdigest()[:32]
            future = client.submit(
                judge_there,
                kata.name,
                suite,
                sent,
                len(waiting),
                data,
                key=f"kata-{kata.name}-{name}-{place}",
                resources={fitting.label: 1},
                retries=RETRIES,
            )
            held[place] = future
            future.add_done_callback(lambda ended, place=place: came.put((place, ended)))
        while held:
            try:
                place, future = came.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                fitting.look()
                if time.monotonic() - fitting.seen > PATIENCE:
                    raise CatalogError(fitting.complaint()) from None
                continue
            del held[place]
            yield place, _report(future, kata, waiting[place], options)
            future.release()
    finally:
        for future in held.values():
            future.release()
        client.run(_dismiss, kata.name, on_error="ignore")


def _sent(options: Options) -> Options:
    """Return what of the options concerns a worker: not the gradebook's path."""
    return dataclasses.replace(options, out=None, jobs=1)


def _report(future: Any, kata: Kata, source: Source, options: Options) -> Report:
    """Return the report that a task came to.

    Raises:
        CatalogError: if it came to none, and that is not the submission's doing.
    """
    from distributed import KilledWorker

    if future.status in ("cancelled", "lost"):
        raise CatalogError("the scheduler has gone; what is graded is kept: start again")
    try:
        return msgspec.json.decode(future.result(), type=Report)
    except Refused as refused:
        raise CatalogError(str(refused)) from None
    except (KilledWorker, JudgeFell) as error:
        verdict = Verdict(
            test="(all tests)",
            verdict="crashed",
            max_points=kata.points,
            message=f"{error or 'the judge fell'}; look at this submission by hand",
        )
        return report_of(kata, source.name, [verdict], seconds=options.timeout)


class _Fitting:
    """The workers that judge by the same suite, as of the last look."""

    def __init__(self, client: Any, kata: Kata, suite: str) -> None:
        self._client, self._kata, self._suite = client, kata, suite
        self.label = f"kata {kata.name} {suite}"
        self.addresses: set[str] = set()
        self.seen = time.monotonic()
        self._refused: dict[str, str] = {}

    def look(self) -> None:
        """Ask workers that are new which suite they have, and mark those that fit."""
        there = set(self._client.scheduler_info(n_workers=-1)["workers"])
        self.addresses &= there
        new = there - self.addresses - set(self._refused)
        if new:
            arguments = (self._kata.name, self._suite, self.label)
            found = self._client.run(introduce, *arguments, workers=list(new), on_error="return")
            for address, problem in sorted(found.items()):
                if problem is None:
                    self.addresses.add(address)
                else:
                    self._refused[address] = str(problem)
                    warn(f"worker {address} is refused: {problem}")
        if self.addresses:
            self.seen = time.monotonic()

    def complaint(self) -> str:
        """Say that there is nobody to judge."""
        told = "; ".join(f"{address}: {why}" for address, why in self._refused.items())
        return f"no worker of the cluster can judge {self._kata.name}" + (f" ({told})" * bool(told))


# -- what runs on a worker -------------------------------------------------------------------


class Refused(Exception):
    """A worker that may not judge: another suite, or a sandbox with a layer missing."""


class JudgeFell(Exception):
    """A judge that gave no report."""


_parents: dict[tuple[str, str, Options], JudgeParent] = {}
_parents_lock = threading.Lock()


async def introduce(name: str, suite: str, label: str, dask_worker: Any) -> str | None:
    """Say what keeps this worker from judging, or mark it as one that can."""
    try:
        _kata_here(name, suite)
    except (Refused, CatalogError) as error:
        await dask_worker.set_resources(**{label: 0})
        return str(error)
    await dask_worker.set_resources(**{label: PLENTY})
    return None


def judge_there(name: str, suite: str, options: Options, count: int, data: bytes) -> bytes:
    """Judge one source on this worker; return its report as JSON.

    Raises:
        Refused: if this worker may not judge.
        JudgeFell: if the judge gave no report, twice.
    """
    kata = _kata_here(name, suite)
    for _ in range(2):
        with _parents_lock:
            parent = _parent(kata, suite, options, count)
        told = _asked(parent, data, options.timeout + SLACK)
        try:
            report = msgspec.json.decode(told, type=Report)
        except msgspec.DecodeError:
            continue
        missing = [layer for layer in NEEDED if layer not in report.isolation]
        if missing and report.isolation and not options.trust:
            raise Refused(f"the sandbox of a worker lacks {', '.join(missing)} (kata doctor there)")
        return told
    raise JudgeFell("the judge fell twice, or did not end")


def _kata_here(name: str, suite: str) -> Kata:
    root = find_root(Path(os.environ.get(PROJECT) or Path.cwd()))
    if root is None:
        raise Refused(f"no katas there: start it in the project's folder, or set {PROJECT}")
    kata = find_kata(root, name)
    if not kata.suite.is_file():
        raise Refused(f"solutions/{name} is not there")
    here = suite_version(kata)
    if here != suite:
        raise Refused(f"it has another suite of {name} ({here}, not {suite})")
    return kata


def _parent(kata: Kata, suite: str, options: Options, count: int) -> JudgeParent:
    key = kata.name, suite, options
    found = _parents.get(key)
    if found is None or not found.alive():
        found = _parents[key] = JudgeParent(kata, options, max(count, MANY))
        try:
            found.wait()
        except RuntimeError as error:
            raise Refused(f"{kata.name} cannot be judged on a worker: {error}") from None
    return found


def _asked(parent: JudgeParent, data: bytes, seconds: float) -> bytes:
    """Have a new judge judge a source; return what it wrote, nothing if it was too late."""
    try:
        child = parent.fork({})
    except (OSError, RuntimeError):
        return b""
    told, ends = bytearray(), time.monotonic() + seconds
    try:
        child.stream.sendall(data)
        while not told.endswith(b"\n"):
            if not select.select([child.stream], [], [], max(0.0, ends - time.monotonic()))[0]:
                return b""
            part = child.stream.recv(1 << 20)
            if not part:
                break
            told += part
    except OSError:
        return b""
    finally:
        child.close()
    return bytes(told)


def _dismiss(name: str) -> None:
    """End the judge parents of a kata that has been graded."""
    with _parents_lock:
        for key in [key for key in _parents if key[0] == name]:
            _parents.pop(key).close()


__all__ = ["grade", "introduce", "judge_there"]
