"""`kata report`: pages, exports, and which submissions are alike."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from classroom import RIGHT_TOTAL, kata, put, two

from autograder.catalog import load_kata
from autograder.classroom.gradebook import Gradebook
from autograder.classroom.similarity import groups
from autograder.report import Report, Verdict

__all__ = ["two"]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading forks")

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


class Page(HTMLParser):
    """What a reader of the page depends on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def verdict(test: str, kind: str, points: float, **more: Any) -> Verdict:
    got = points if kind == "passed" else 0.0
    return Verdict(test=test, task="mean", verdict=kind, points=got, max_points=points, **more)


def given(name: str, kind: str = "passed", **more: Any) -> Report:
    verdicts = [verdict("test_a_b", kind, 4.0, **more), verdict("test_c[x]", "passed", 2.0)]
    points = sum(one.points for one in verdicts)
    return Report(
        kata="mean",
        submission=name,
        points=points,
        max_points=6.0,
        seconds=0.5,
        isolation=[],
        verdicts=verdicts,
    )


def gradebook(path: Path, reports: Iterable[Report]) -> Path:
    with closing(Gradebook(path)) as book:
        for report in reports:
            book.write(report, "suite", "source", 0)
    return path


def test_a_report_has_all_files_and_the_figures(two: Path, right: str) -> None:
    put(
        two / "class",
        {
            "ann/mean.py": right,
            "ann/total.py": RIGHT_TOTAL,
            "bob/mean.py": right.replace("/ len(values)\n\ndef", "/ (len(values) - 1 or 1)\n\ndef"),
            "cas/total.py": RIGHT_TOTAL,
        },
    )
    kata(two, "grade", "class", "--out", "g.db")
    done = kata(two, "report", "g.db", "--out", "r")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 students, 2 katas" in done.stdout
    text = (two / "r/class.html").read_text()
    page = Page(text)
    for said in ("The mean", "The sum", "the sum is divided by n - 1", "all 6", "Similar"):
        assert said in page.text
    pages = sorted(path.name for path in (two / "r/students").iterdir())
    assert pages == ["ann.html", "bob.html", "cas.html"]
    linked = {value for tag, name, value in page.attributes if (tag, name) == ("a", "href")}
    assert {f"students/{name}" for name in pages} <= linked
    assert "the sum is divided by n - 1" in (two / "r/students/bob.html").read_text()
    assert "8 of 8 points" in (two / "r/students/ann.html").read_text()
    rows = list(csv.reader((two / "r/canvas.csv").open(newline="")))
    assert rows[0][:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "6", "2"]
    assert rows[2] == ["ann", "", "", "ann", "", "6", "2"]
    rows = list(csv.reader((two / "r/moodle.csv").open(newline="")))
    assert rows[0][:3] == ["Username", "The mean", "The mean (feedback)"]
    assert rows[1] == ["ann", "6", "all tests passed", "2", "all tests passed"]
    suites = ElementTree.parse(two / "r/junit.xml").getroot()
    assert len(suites) == 6


def test_no_page_takes_what_is_foreign_for_markup(project: Path) -> None:
    message = f"</pre>{HOSTILE}\x00\x1b[31m"
    reports = [
        given(f"class/{HOSTILE}", "wrong", message=message, hint=HOSTILE, diagnosis=HOSTILE),
        given("class/=cmd()", "raised", message=message, file=HOSTILE, line=3),
        given("class/\u202efdp.exe", "wrong", misconception=HOSTILE, diagnosis=HOSTILE),
    ]
    gradebook(project / "g.db", reports)
    assert kata(project, "report", "g.db").returncode == 0
    pages = list((project / "g-report").rglob("*.html"))
    assert len(pages) == 4
    for path in pages:
        page = Page(path.read_text(encoding="utf-8"))
        assert page.tags["script"] == (path.name == "class.html")
        assert page.tags["img"] == 0
        assert not [name for _, name, _ in page.attributes if name.startswith("on")]
        assert not {"\x00", "\x1b"} & set(page.text)
        for _, name, value in page.attributes:
            assert name != "src"
            assert name != "href" or value.startswith(("#", "students/"))
    assert "'=cmd()" in (project / "g-report/canvas.csv").read_text()


def test_the_class_page_can_be_read_without_colour_or_sight(project: Path) -> None:
    gradebook(project / "g.db", [given("class/a"), given("class/b", "wrong", diagnosis="d")])
    kata(project, "report", "g.db")
    text = (project / "g-report/class.html").read_text()
    page = Page(text)
    assert page.tags["h1"] == 1
    assert page.tags["caption"] == page.tags["table"] > 3
    scopes = [value for tag, name, value in page.attributes if (tag, name) == ("th", "scope")]
    assert len(scopes) == page.tags["th"]
    assert ("html", "lang", "en") in page.attributes
    assert "prefers-color-scheme: dark" in text
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text


def test_students_of_one_name_keep_pages_of_their_own(project: Path) -> None:
    names = ["one/ann.py", "two/ann.py", "class/a b", "class/a?b", "class/A-B", "class/..", "-"]
    gradebook(project / "g.db", [given(name) for name in names])
    done = kata(project, "report", "g.db")
    assert f"{len(names)} students" in done.stdout
    assert len(list((project / "g-report/students").iterdir())) == len(names)


def test_canvas_ids_are_known_where_files_have_the_names_that_it_gave(project: Path) -> None:
    gradebook(project / "g.db", [given("class/lovelaceada_LATE_4711_99_mean.py")])
    kata(project, "report", "g.db")
    rows = list(csv.reader((project / "g-report/canvas.csv").open(newline="")))
    assert rows[2][:2] == ["lovelaceada", "4711"]


@pytest.mark.parametrize(("name", "said"), [("no.db", "no such gradebook"), ("e.db", "no reports")])
def test_a_report_of_nothing_is_one_line(project: Path, name: str, said: str) -> None:
    gradebook(project / "e.db", [])
    done = kata(project, "report", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (project / "no.db").exists()


# -- similarity ------------------------------------------------------------------------------


OWN = """
def mean(values):
    seen = {}
    for place, value in enumerate(values):
        seen.setdefault(place % 3, []).append(value * 1.0)
    parts = [(len(v), sum(v)) for v in seen.values() if v]
    if not parts:
        raise ValueError("values is empty")
    count, total = map(sum, zip(*parts, strict=True))
    while count > 1e9:
        count, total = count / 2, total / 2
    return total / count if count else 0.0

def running_mean(values):
    so_far, out = [], []
    for value in values:
        so_far.append(value)
        out.append(mean(list(so_far)))
    return out
"""


def test_similar_submissions_are_found_whatever_their_names(project: Path, right: str) -> None:
    found = load_kata(project / "katas/mean")
    first, second = OWN.split("\n\n")
    renamed = re.sub(r"\b(seen|parts|so_far|place|count|total)\b", r"my_\1", f"{second}\n\n{first}")
    other = OWN.replace("seen.setdefault(place % 3, []).append(value * 1.0)", "seen[place] = value")
    other = other.replace("[(len(v), sum(v)) for v in seen.values() if v]", "list(seen.items())")
    given = {
        "ann": [OWN],
        "bob": ["# mine!\n" + renamed.replace("    ", "  ")],
        "cas": [right],
        "dee": [found.reference.read_text()],
        "eve": [found.reference.read_text()],
        "fay": [found.stub.read_text()],
        "gil": [found.stub.read_text(), "def ("],
        "hal": ["x = " + "(" * 10_000],
        "ian": [other.split("\n\n")[0], right.split("class")[1].join(("class", ""))],
    }
    alike, compared = groups(found, given)
    assert [group.names for group in alike] == [("ann", "bob")]
    assert alike[0].least >= 0.8
    assert compared < len(given)
    assert groups(found, {}) == ([], 0)


def test_what_much_of_a_class_has_is_not_held_against_anyone(project: Path) -> None:
    found = load_kata(project / "katas/mean")
    alike, _ = groups(found, {f"s{number}": [OWN] for number in range(40)})
    assert alike == []
