"""Judging the learner's own file outside pytest: for `kata test`, hints, editors."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from autograder.catalog import Kata
from autograder.learner import progress
from autograder.report import Report, Verdict, report_of
from autograder.sandbox.submission import InProcess, Source
from autograder.suite.collect import INFO
from autograder.suite.session import Suite


def judge_file(
    kata: Kata,
    given: Source | None = None,
    *,
    seed: int = 0,
    note: bool = True,
    sandbox: bool = False,
) -> Report:
    """Judge a source (the stub where None) by the visible examples and the hidden suite."""
    start = time.perf_counter()
    source = given or Source.of_file(kata.stub)
    suite = Suite(kata, visible=True)
    try:
        verdicts = judge_source(suite, source, seed=seed, sandbox=sandbox)
    finally:
        suite.close()
    report = report_of(kata, source.name, verdicts, seconds=time.perf_counter() - start)
    if note and given is None:
        note_attempt(report)
    return report


def judge_source(
    suite: Suite, source: Source, *, seed: int = 0, sandbox: bool = False
) -> list[Verdict]:
    """Judge a source with a suite that is collected already."""
    if sandbox:
        from autograder.sandbox.pool import worker_make

        return suite.judge(source, worker_make(suite.kata, source), seed=seed)
    return suite.judge(source, InProcess(suite.kata, source), seed=seed)


def note_attempt(report: Report) -> None:
    """Keep an attempt, unless nothing was tried: an untouched stub is none."""
    if any(v.verdict not in ("unimplemented", "skipped") for v in report.verdicts):
        names = [v.misconception for v in report.verdicts if v.misconception]
        progress.record_attempt(report.kata, report.points, report.max_points, names)
        if report.points >= report.max_points:
            from autograder.learner import schedule

            state = progress.states()[report.kata]
            grade = schedule.grade_of_attempts(state["attempts"], state["revealed"])
            schedule.rate(f"kata:{report.kata}", grade)


def next_hint(kata: Kata) -> tuple[str, str, int, int] | None:
    """Return task, hint, its number and how many there are, for the next hint; None after the last.

    Hints of tests that fail now come first, the ones of a diagnosis before all others.
    """
    suite = Suite(kata)
    try:
        verdicts = judge_source(suite, Source.of_file(kata.stub))
        texts = {item.name: item.stash[INFO].hint for item in suite.hidden}
    finally:
        suite.close()
    failing = [v for v in verdicts if v.verdict not in ("passed", "skipped")]
    if not failing:
        return None
    task = failing[0].task
    hints = hints_for([v for v in failing if v.task == task], texts)
    seen = progress.hints_shown(kata.name)
    for number, hint in enumerate(hints, 1):
        if hint not in seen:
            progress.record_hint(kata.name, task or "", hint)
            return task or "", hint, number, len(hints)
    return None


def hints_for(failing: Sequence[Verdict], texts: Mapping[str, str | None]) -> list[str]:
    """Return the hints for failing tests of one task in their order, those of a diagnosis first.

    Args:
        failing: the verdicts.
        texts: the hint of each test, by name.
    """
    diagnosed = [v.hint for v in failing if v.diagnosis]
    own = [texts.get(v.test) for v in failing]
    return [hint for hint in dict.fromkeys([*diagnosed, *own]) if hint]
