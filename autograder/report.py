"""Verdicts and reports: plain data, and how a person or a machine reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree

import msgspec

from autograder.catalog import Kata

SCHEMA = 1
VERDICTS = (
    "passed",
    "wrong",
    "raised",
    "timed_out",
    "out_of_memory",
    "crashed",
    "forbidden",
    "unimplemented",
    "protocol",
    "skipped",
)


class Verdict(msgspec.Struct, kw_only=True):
    """What became of one test of one submission."""

    test: str
    task: str | None = None
    verdict: str = "passed"
    points: float = 0.0
    max_points: float = 0.0
    message: str | None = None
    hint: str | None = None
    misconception: str | None = None
    diagnosis: str | None = None
    file: str | None = None
    line: int | None = None
    seconds: float = 0.0

    @property
    def sentence(self) -> str:
        """The test's name as the sentence that is false when it fails."""
        name, _, case = self.test.partition("[")
        sentence = name.removeprefix("test_").replace("_", " ")
        return f"{sentence} [{case}" if case else sentence


class Report(msgspec.Struct, kw_only=True):
    """All verdicts of one submission; the JSON of `kata grade`."""

    schema: int = SCHEMA
    kata: str
    submission: str
    points: float
    max_points: float
    seconds: float
    isolation: list[str]
    verdicts: list[Verdict]
    notes: list[str] = []


def report_of(
    kata: Kata,
    submission: str,
    verdicts: Sequence[Verdict],
    *,
    seconds: float,
    isolation: Iterable[str] = (),
    notes: Sequence[str] = (),
) -> Report:
    """Add up the verdicts of one submission."""
    points = min(round(sum(verdict.points for verdict in verdicts), 6), kata.points)
    return Report(
        kata=kata.name,
        submission=submission,
        points=max(points, 0.0),
        max_points=kata.points,
        seconds=round(seconds, 3),
        isolation=list(isolation),
        verdicts=list(verdicts),
        notes=list(notes),
    )


def to_json(report: Report) -> str:
    """Return the report as one line of JSON."""
    text = json.dumps(msgspec.to_builtins(report), ensure_ascii=False, allow_nan=False)
    # What is left of lone surrogates, in paths say, becomes the escape that JSON has for them.
    return text.encode("utf-8", "backslashreplace").decode()


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a report."""
    return msgspec.json.schema(Report)


def task_points(kata: Kata, verdicts: Iterable[Verdict]) -> dict[str, tuple[float, float]]:
    """Return what each task got and what it is worth, in the order of the stub."""
    got = dict.fromkeys(kata.task_names, 0.0)
    for verdict in verdicts:
        if verdict.task in got:
            got[verdict.task] += verdict.points
    return {task.name: (round(got[task.name], 6), task.points) for task in kata.tasks}


def number(value: float) -> str:
    """Return points as people write them: `7`, `2.5`."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def explain(verdict: Verdict) -> str:
    """Return what a learner reads about one failed test, in the order of a reader's questions.

    What the test expects, what differs, the diagnosis, the hint, and the line to look at.
    """
    parts = [verdict.sentence]
    if verdict.message:
        parts.append(verdict.message)
    if verdict.diagnosis:
        parts.append(f"diagnosis: your result is exactly what you get when {verdict.diagnosis}")
    if verdict.hint:
        parts.append(f"hint: {verdict.hint}")
    text = "\n\n".join(parts)
    return f"{text}\n\n{location(verdict)}" if verdict.file else text


def explain_again(verdict: Verdict) -> str:
    """Return what a learner reads about a further failure that has the same cause."""
    first = (verdict.message or "").partition("\n")[0]
    cause = verdict.diagnosis or "the same error"
    return f"{verdict.sentence}\n\n{first}\n\nas above: {cause}\n\n{location(verdict)}"


def cause(verdict: Verdict) -> tuple[str | None, str] | None:
    """Return what two failures have in common that need telling only once, if anything."""
    if verdict.misconception:
        return verdict.task, verdict.misconception
    return (verdict.task, verdict.message) if verdict.message else None


def location(verdict: Verdict) -> str:
    """Return `file:line: verdict: sentence`, which editors turn into a mark on the line."""
    return f"{verdict.file}:{verdict.line or 1}: {verdict.verdict}: {verdict.sentence}"


def to_junit(reports: Iterable[Report]) -> str:
    """Return reports as JUnit XML, a test suite a submission."""
    root = ElementTree.Element("testsuites")
    for report in reports:
        failed = [v for v in report.verdicts if v.verdict not in ("passed", "skipped")]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_xml(report.submission),
            tests=str(len(report.verdicts)),
            failures=str(len(failed)),
            skipped=str(sum(v.verdict == "skipped" for v in report.verdicts)),
            time=f"{report.seconds:.3f}",
        )
        for verdict in report.verdicts:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"{report.kata}.{verdict.task}",
                name=_xml(verdict.test),
                time=f"{verdict.seconds:.3f}",
            )
            if verdict in failed:
                failure = ElementTree.SubElement(
                    case, "failure", type=verdict.verdict, message=_xml(verdict.sentence)
                )
                failure.text = _xml(explain(verdict))
            elif verdict.verdict == "skipped":
                ElementTree.SubElement(case, "skipped")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _xml(text: str) -> str:
    """Drop what XML 1.0 cannot hold; a submission's text may hold anything."""
    return _NOT_XML.sub("", text)


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
