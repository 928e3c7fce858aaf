"""Points in the shape that Canvas and Moodle import.

`canvas.csv` has the columns of Canvas's gradebook: Student, ID, SIS User ID, SIS Login ID, Section,
then one a kata, and the row of points possible. `moodle.csv` has Username, then for each kata its
points and its feedback; when importing, map Username to the user's name and each kata to a grade
item.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from autograder.classroom.figures import KataFigures, Student, failures
from autograder.report import Report, number

CANVAS_DOWNLOAD = re.compile(r"(?P<student>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_")
"""How Canvas names what it hands out: student, their id, the submission's, the file's own name."""


def canvas(
    people: Iterable[Student], katas: Sequence[KataFigures], titles: Mapping[str, str]
) -> str:
    """Return Canvas's gradebook; the SIS Login ID is the submission's name.

    The ID is known where files still have the names that Canvas gave them.
    """
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    rows = [[*head, *(titles.get(one.kata, one.kata) for one in katas)]]
    rows.append(["    Points Possible", "", "", "", "", *(number(k.max_points) for k in katas)])
    for student in people:
        match = CANVAS_DOWNLOAD.match(student.name)
        who = [match["student"], match["id"], "", "", ""] if match else None
        points = [_points(student.reports.get(one.kata)) for one in katas]
        rows.append([*(who or [student.name, "", "", student.name, ""]), *points])
    return _csv(rows)


def moodle(
    people: Iterable[Student], katas: Sequence[KataFigures], titles: Mapping[str, str]
) -> str:
    """Return points and feedback for Moodle's import; the Username is the submission's name."""
    head = ["Username"]
    for one in katas:
        title = titles.get(one.kata, one.kata)
        head += [title, f"{title} (feedback)"]
    rows = [head]
    for student in people:
        row = [student.name]
        for one in katas:
            report = student.reports.get(one.kata)
            row += [_points(report), _told(report)]
        rows.append(row)
    return _csv(rows)


def _points(report: Report | None) -> str:
    return "" if report is None else number(report.points)


def _told(report: Report | None) -> str:
    if report is None:
        return ""
    failed = failures(report)
    if not failed:
        return "all tests passed"
    reasons = dict.fromkeys(
        f"{v.task}: {v.diagnosis or v.verdict.replace('_', ' ')}" for v in failed
    )
    return "; ".join(reasons)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    output = io.StringIO()
    csv.writer(output, lineterminator="\r\n").writerows([_cell(c) for c in row] for row in rows)
    return output.getvalue()


def _cell(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, nor for two lines."""
    value = "".join(c if c.isprintable() else " " for c in value)
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value
