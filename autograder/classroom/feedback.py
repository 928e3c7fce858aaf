"""A student's own page: points, and what each failed test has to say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from autograder.classroom.figures import Student, failures
from autograder.classroom.markup import Html, column, page, person, table, tag
from autograder.report import Report, Verdict, cause, number

MEANING = {
    "wrong": "a wrong result",
    "raised": "raised an error",
    "timed_out": "did not end in time",
    "out_of_memory": "ran out of memory",
    "crashed": "ended its process",
    "forbidden": "called what this kata forbids",
    "unimplemented": "not implemented",
    "protocol": "broke the protocol",
}


def addresses(people: Sequence[Student]) -> dict[str, str]:
    """Return the address of each student's page, by name; no two are the same on any system."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for student in people:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "_", student.name).strip("_")[:60] or "student"
        name, number = stem, 1
        while name.lower() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.lower())
        found[student.name] = f"students/{name}.html"
    return found


def feedback_page(student: Student, titles: Mapping[str, str]) -> str:
    """Return a student's page."""
    points = f"{number(student.points)} of {number(student.max_points)} points"
    return page(
        f"{student.name}: {points}",
        tag("h1", person(student.name), f": {points}"),
        *(_kata(report, titles) for report in student.reports.values()),
    )


def _kata(report: Report, titles: Mapping[str, str]) -> Html:
    name = titles.get(report.kata, report.kata)
    failed = failures(report)
    passed = [verdict for verdict in report.verdicts if verdict.verdict == "passed"]
    return tag(
        "section",
        tag("h2", f"{name}: {number(report.points)} of {number(report.max_points)} points"),
        _tasks(report),
        *_failures(failed),
        tag(
            "details",
            tag("summary", f"{len(passed)} of {len(report.verdicts)} tests passed"),
            tag("ul", *(tag("li", _passed(verdict)) for verdict in passed)),
        ),
    )


def _passed(verdict: Verdict) -> Iterable[Html]:
    yield tag("span", "passed", class_="passed")
    yield Html(": ")
    yield tag("span", verdict.sentence)


def _tasks(report: Report) -> Html:
    got: dict[str, list[float]] = {}
    for verdict in report.verdicts:
        sums = got.setdefault(verdict.task or "", [0.0, 0.0])
        sums[0] += verdict.points
        sums[1] += verdict.max_points
    rows = [
        tag(
            "tr",
            tag("th", tag("code", task or "all"), scope="row"),
            tag("td", number(points), class_="number"),
            tag("td", number(worth), class_="number"),
        )
        for task, (points, worth) in got.items()
    ]
    head = [column("Task"), column("Points", class_="number"), column("Of", class_="number")]
    return table(f"Points of each task: {report.kata}", head, rows, class_="narrow")


def _failures(failed: Sequence[Verdict]) -> Iterable[Html]:
    """Yield each cause once, with what else fails for it."""
    causes: dict[object, list[Verdict]] = {}
    for verdict in failed:
        key = cause(verdict) or (verdict.task, verdict.verdict, verdict.message)
        causes.setdefault(key, []).append(verdict)
    for first, *others in causes.values():
        yield _failure(first, others)


def _failure(verdict: Verdict, others: Sequence[Verdict]) -> Html:
    kind = MEANING.get(verdict.verdict, verdict.verdict)
    task = f" in {verdict.task}" if verdict.task else ""
    diagnosis = f"Your result is exactly what you get when {verdict.diagnosis}"
    where = verdict.file and f"{verdict.file}, line {verdict.line or 1}"
    return tag(
        "div",
        tag("h3", tag("span", f"{kind}{task}", class_="verdict"), f": {verdict.sentence}"),
        tag("pre", verdict.message, tabindex="0") if verdict.message else None,
        tag("p", diagnosis, class_="diagnosis") if verdict.diagnosis else None,
        tag("p", f"Hint: {verdict.hint}") if verdict.hint else None,
        tag("p", where, class_="quiet") if where else None,
        tag("p", "For the same reason these fail:") if others else None,
        tag("ul", *(tag("li", other.sentence) for other in others)) if others else None,
        class_="failure",
    )
