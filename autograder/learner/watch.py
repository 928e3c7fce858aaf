"""`kata watch`: warm, re-judges on save, the tasks that changed first.

With `--json` it prints one object a line for an editor: `{"event": "ready" | "report" | "error"}`
(a report with `"partial": true` has the changed tasks only, and the whole one follows), and takes
commands on standard input, one object a line: `{"judge": "attention"}`, `{"stop": true}`.
"""

from __future__ import annotations

import ast
import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from autograder.catalog import CatalogError, Kata, find_kata, is_stub, kata_of
from autograder.learner.trial import note_attempt
from autograder.report import Report, Verdict, report_of
from autograder.sandbox.submission import InProcess, Source
from autograder.suite.child import in_child
from autograder.suite.collect import INFO
from autograder.suite.diagnosis import forget
from autograder.suite.session import Suite

PATIENCE = 60.0
"""Seconds that the tests of one kata may take together."""

Tell = Callable[[dict[str, Any]], None]


class Watcher:
    """Holds the suites of the katas that were judged, and what each task looked like."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._suites: dict[str, tuple[float, Suite]] = {}
        self._seen: dict[str, dict[str, str]] = {}

    def warm(self, kata: Kata) -> Suite:
        """Return the kata's suite, collected anew when an author changed it."""
        files = (kata.suite, kata.reference, kata.misconceptions, kata.visible)
        stamp = max((path.stat().st_mtime for path in files if path.is_file()), default=0.0)
        held = self._suites.get(kata.name)
        if held is None or held[0] != stamp:
            if held is not None:
                held[1].close()
                forget(kata)
            suite = Suite(kata, visible=True)
            suite.warm_up(replay=True)
            self._suites[kata.name] = held = stamp, suite
        return held[1]

    def judge(self, kata: Kata) -> Iterator[Report]:
        """Judge a kata's stub: first the tasks that changed, then everything.

        The first report is partial where only some tasks changed; the last is always whole.
        """
        suite = self.warm(kata)
        source = Source.of_file(kata.stub)
        changed = self._changed(kata, source)
        first = [i for i in suite.items if i.stash[INFO].task in changed]
        rest = [i for i in suite.items if i.stash[INFO].task not in changed]
        start = time.perf_counter()
        verdicts: dict[str, Verdict] = {}
        for items in filter(None, (first, rest)):
            found = _verdicts(kata, suite, source, items)
            verdicts |= {item.nodeid: v for item, v in zip(items, found, strict=True)}
            ordered = [verdicts[i.nodeid] for i in suite.items if i.nodeid in verdicts]
            seconds = time.perf_counter() - start
            yield report_of(kata, str(kata.stub), ordered, seconds=seconds)

    def _changed(self, kata: Kata, source: Source) -> set[str]:
        now = {name: text for _, code in source.chunks for name, text in _tasks(code).items()}
        before = self._seen.get(kata.name, {})
        self._seen[kata.name] = now
        return {name for name in kata.task_names if now.get(name) != before.get(name)}


def _verdicts(
    kata: Kata, suite: Suite, source: Source, items: Sequence[pytest.Item]
) -> list[Verdict]:
    """Judge in a forked process: a stub that crashes or never ends must not end the watching."""

    def trial() -> str:
        make = InProcess(kata, source)
        return msgspec.json.encode(suite.judge(source, make, items=list(items))).decode()

    text = in_child(trial, PATIENCE)
    if text is None:
        raise CatalogError(
            f"{kata.stub.name} took its process down, or did not end within {PATIENCE:.0f} s; "
            f"`kata test {kata.name} --sandbox` tells which test it was"
        )
    return msgspec.json.decode(text, type=list[Verdict])


def _tasks(code: str) -> dict[str, str]:
    """Return the normalised text of each top-level function and class."""
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return {}
    return {
        node.name: ast.dump(node)
        for node in body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def watch(root: Path, names: list[str], tell: Tell, *, commands: bool = False) -> None:
    """Judge katas whenever their stubs are saved, until interrupted.

    Args:
        root: the project's.
        names: the katas; every kata of the project if empty.
        tell: called with an event for each report.
        commands: whether to take commands from standard input, as an editor sends them.
    """
    from watchfiles import watch as changes

    watcher = Watcher(root)
    stop = threading.Event()
    asked: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    for name in names:
        _judge(watcher, find_kata(root, name), tell)
    if commands:
        # The thread only reads: judging stays on the main one, where alarms can ring.
        threading.Thread(target=_commands, args=(asked, tell), daemon=True).start()
    folders = [find_kata(root, name).folder for name in names] or [root / "katas"]
    ready = False
    for found in changes(
        *folders, stop_event=stop, debounce=60, step=15, rust_timeout=60, yield_on_timeout=True
    ):
        if not ready:  # a save before the first round would not be seen
            tell({"event": "ready", "katas": names})
            ready = True
        for path in sorted({Path(path) for _, path in found}):
            kata = kata_of(path) if is_stub(path) and path.is_file() else None
            if kata is not None:
                _judge(watcher, kata, tell)
        while not asked.empty():
            wanted = asked.get()
            if wanted is None:
                stop.set()
                break
            try:
                _judge(watcher, find_kata(root, wanted), tell)
            except CatalogError as error:
                tell({"event": "error", "message": str(error)})


def _judge(watcher: Watcher, kata: Kata, tell: Tell) -> None:
    try:
        report = None
        for report in watcher.judge(kata):
            told = len(report.verdicts)
            partial = told < len(watcher.warm(kata).items)
            tell({"event": "report", "partial": partial, **msgspec.to_builtins(report)})
        if report is not None:
            note_attempt(report)
    except CatalogError as error:
        tell({"event": "error", "kata": kata.name, "message": str(error)})


def _commands(asked: queue.SimpleQueue[str | None], tell: Tell) -> None:
    for line in sys.stdin:
        try:
            command = json.loads(line)
            if command.get("stop"):
                break
            asked.put(str(command["judge"]))
        except (ValueError, KeyError, AttributeError) as error:
            tell({"event": "error", "message": f"{type(error).__name__}: {error}"})
    asked.put(None)
