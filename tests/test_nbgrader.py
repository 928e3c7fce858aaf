"""A course of nbgrader's, by its own commands: assignment, release, autograde, feedback, export."""

from __future__ import annotations

import copy
import csv
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from classroom import RIGHT_TOTAL, TOTAL, put
from small_kata import FILES, RIGHT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading forks")
POINTS = {"mean": 10.0, "total": 7.0}
WORTH = {
    "mean__grade_mean": 5.0,
    "mean__grade_running_mean": 3.33,
    "mean__grade_Meter": 1.67,
    "total__grade_total": 7.0,
}
HOSTILE = """\
import os, sys, pickle
os.system("touch {0}")
!touch {0}
%%script bash
touch {0}
"""


def run(
    folder: Path, *arguments: str, module: str = "nbgrader"
) -> subprocess.CompletedProcess[str]:
    """Run a command with a PATH that has neither the environment nor alembic."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PATH": "/usr/bin:/bin", "JUPYTER_CONFIG_DIR": str(folder / "none")},
    )


class Course:
    """A course folder with one assignment that was released, handed in and autograded."""

    def __init__(self, place: Path) -> None:
        self.project, self.folder = put(place / "project", {**FILES, **TOTAL}), place / "course"
        made = run(self.project, "nbgrader", "init", str(self.folder), module="autograder")
        assert made.returncode == 0, made.stderr
        arguments = ("ps1", "--katas", "mean,total", "--points", "10,7", "--course")
        made = run(
            self.project,
            *("nbgrader", "assignment", *arguments, str(self.folder)),
            module="autograder",
        )
        assert made.returncode == 0, made.stderr
        with (self.folder / "nbgrader_config.py").open("a") as config:
            config.write(f"c.Exchange.root = {str(place / 'exchange')!r}\n")
        (place / "exchange").mkdir(mode=0o777)
        (place / "exchange").chmod(0o777)
        self.said = {name: run(self.folder, name, "ps1") for name in ("generate_assignment",)}
        self.source = self.read("source/ps1/ps1.ipynb")
        self.release = self.read("release/ps1/ps1.ipynb")

    def read(self, name: str) -> Any:
        return nbformat.read(self.folder / name, as_version=4)

    def hand_in(self, student: str, change: Callable[[Any], None], *, solved: bool = True) -> None:
        notebook = copy.deepcopy(self.release)
        if solved:
            answers = {
                "mean__mean": RIGHT.split("def running_mean")[0],
                "mean__running_mean": "def running_mean"
                + RIGHT.split("def running_mean")[1].split("class")[0],
                "mean__Meter": "class" + RIGHT.split("class")[1],
                "total__total": RIGHT_TOTAL,
            }
            for name, text in answers.items():
                cell(notebook, name).source = text
        change(notebook)
        path = self.folder / f"submitted/{student}/ps1/ps1.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)

    def scores(self) -> dict[str, dict[str, float | None]]:
        """The automatic score of each grade cell, by student."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as book:
            return {
                one.student.id: {
                    grade.name: grade.auto_score for n in one.notebooks for grade in n.grades
                }
                for one in book.assignment_submissions("ps1")
            }


def cell(notebook: Any, name: str) -> Any:
    (found,) = [
        one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") == name
    ]
    return found


def wrong(notebook: Any) -> None:
    one = cell(notebook, "mean__mean")
    one.source = one.source.replace("/ len(values)", "/ (len(values) - 1 or 1)")


def copied(notebook: Any) -> None:
    one = copy.deepcopy(cell(notebook, "mean__grade_mean"))
    one.id = "another"
    notebook.cells.append(one)


def deleted(notebook: Any) -> None:
    for name in ("mean__grade_mean", "mean__grade_running_mean", "mean__imports", "mean__written"):
        notebook.cells.remove(cell(notebook, name))
    cell(notebook, "mean__Meter").metadata.pop("nbgrader")


def hostile(touched: Path) -> Callable[[Any], None]:
    def change(notebook: Any) -> None:
        for name, worth in WORTH.items():
            one = cell(notebook, name)
            one.source = "1000.0"
            one.metadata.nbgrader.points = 100 * worth
            one.outputs = [
                nbformat.v4.new_output(
                    "execute_result", data={"text/plain": "1000.0"}, execution_count=1
                )
            ]
        one = cell(notebook, "total__total")
        one.source = HOSTILE.format(touched) + "def total(values):\n    return 1\n"
        one.metadata.nbgrader.grade = True
        one.metadata.nbgrader.points = 50
        extra = nbformat.v4.new_code_cell(
            "import builtins, autograder.report\nautograder.report.Report = None\n"
            "builtins.sum = lambda *a: 1e9\nwhile True: pass"
        )
        extra.metadata["nbgrader"] = {"schema_version": 1, "nonsense": [1]}
        notebook.cells.insert(1, extra)
        cell(notebook, "mean__imports").source = "raise SystemExit"

    return change


def nothing(notebook: Any) -> None:
    """Hand it in as it is."""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    place = tmp_path_factory.mktemp("nbgrader")
    made = Course(place)
    made.hand_in("right", nothing)
    made.hand_in("wrong", wrong)
    made.hand_in("stub", nothing, solved=False)
    made.hand_in("copied", copied)
    made.hand_in("deleted", deleted)
    made.hand_in("hostile", hostile(place / "touched"), solved=False)
    for name in ("release_assignment", "autograde", "generate_feedback"):
        made.said[name] = run(made.folder, name, "ps1")
    made.said["export"] = run(made.folder, "export")
    yield made


def test_every_command_ends_well(course: Course) -> None:
    for name, done in course.said.items():
        assert done.returncode == 0, f"{name}: {done.stderr[-3000:]}"


def test_a_release_holds_no_answer_no_hidden_test_and_no_rubric(course: Course) -> None:
    text = {" ".join(line.split()) for one in course.release.cells for line in lines(one)}
    public = {
        " ".join(line.split())
        for path in (course.project / "katas").rglob("*")
        if path.is_file()
        for line in path.read_text().splitlines()
    }
    for path in (course.project / "solutions").rglob("*"):
        if path.is_file() and path.suffix in (".py", ".md"):
            for line in path.read_text().splitlines():
                line = " ".join(line.split())
                if len(line) > 12 and line not in public:
                    assert line not in text, f"{path.name}: {line}"
    sources = "\n".join(one.source for one in course.release.cells)
    assert "BEGIN" not in sources
    assert "raise NotImplementedError" in cell(course.release, "mean__mean").source
    assert "Add and divide" in cell(course.source, "mean__written").source


def lines(one: Any) -> list[str]:
    return [*one.source.splitlines(), *str(one.get("outputs", "")).splitlines()]


def test_full_credit_is_exactly_what_each_cell_is_worth(course: Course) -> None:
    found = {
        one.metadata.nbgrader.grade_id: one.metadata.nbgrader.points
        for one in course.release.cells
        if "__grade_" in one.metadata.get("nbgrader", {}).get("grade_id", "")
    }
    assert found == WORTH
    for kata, points in POINTS.items():
        assert sum(w for name, w in WORTH.items() if name.startswith(f"{kata}__")) == points
    scores = course.scores()["right"]
    assert {name: scores[name] for name in WORTH} == WORTH


def test_a_wrong_task_loses_its_part_and_says_why(course: Course) -> None:
    scores = course.scores()["wrong"]
    assert scores["mean__grade_mean"] == 1.67
    assert scores["mean__grade_running_mean"] == 0.0
    assert scores["mean__grade_Meter"] == 1.67
    assert scores["total__grade_total"] == 7.0
    graded = course.read("autograded/wrong/ps1/ps1.ipynb")
    first, second = cell(graded, "mean__grade_mean").outputs
    assert (first.output_type, first.name) == ("stream", "stdout")
    assert "exactly what you get when the sum is divided by n - 1" in first.text
    assert "hint: Count them." in first.text
    assert second.data["text/plain"] == "1.67"


def test_a_stub_has_nothing_and_waits_for_nobody(course: Course) -> None:
    scores = course.scores()["stub"]
    assert {scores[name] for name in WORTH} == {0.0}


@pytest.mark.parametrize("student", ["copied", "deleted"])
def test_a_copied_or_deleted_grade_cell_changes_nothing(course: Course, student: str) -> None:
    scores = course.scores()[student]
    assert {name: scores[name] for name in WORTH} == WORTH
    assert len(scores) == len(course.scores()["right"])


def test_hostile_metadata_outputs_and_magics_gain_nothing(course: Course) -> None:
    scores = course.scores()["hostile"]
    assert {scores[name] for name in WORTH} == {0.0}
    assert not (course.folder.parent / "touched").exists()


def test_feedback_and_export_have_every_student(course: Course) -> None:
    for student in ("right", "wrong", "stub", "copied", "deleted", "hostile"):
        assert (course.folder / f"feedback/{student}/ps1/ps1.html").is_file()
    html = (course.folder / "feedback/wrong/ps1/ps1.html").read_text()
    assert "the sum is divided by n - 1" in html
    rows = {
        row["student_id"]: float(row["score"])
        for row in csv.DictReader((course.folder / "grades.csv").open(newline=""))
    }
    assert rows["right"] == rows["copied"] == rows["deleted"] == 17.0
    assert rows["stub"] == rows["hostile"] == 0.0
    assert 0 < rows["wrong"] < 17


def test_the_class_is_judged_ahead_of_the_first_notebook(course: Course) -> None:
    with sqlite3.connect(course.folder / "kata.db") as book:
        at = dict(book.execute("select submission || kata, at from grades"))
    first = min(path.stat().st_mtime for path in (course.folder / "autograded").rglob("*.ipynb"))
    for student in ("right", "wrong", "stub", "copied", "deleted", "hostile"):
        for kata in POINTS:
            assert at[student + kata] < first


def test_the_reports_are_kept_for_the_class_page(course: Course) -> None:
    done = run(course.project, "report", str(course.folder / "kata.db"), module="autograder")
    assert "6 students, 2 katas" in done.stdout, done.stderr
    page = (course.folder / "kata-report/class.html").read_text()
    assert "the sum is divided by n - 1" in page


def test_validate_shows_what_the_examples_gave(course: Course) -> None:
    done = run(course.folder, "validate", "submitted/wrong/ps1/ps1.ipynb")
    assert "Of the visible examples 0 of 1 passed" in done.stdout, done.stderr
    assert "two values: AssertionError" in done.stdout
    assert "Of the visible examples 1 of 1 passed" in done.stdout


def test_without_the_preprocessor_a_grade_cell_gives_nothing(
    course: Course, tmp_path: Path
) -> None:
    """Stock nbgrader runs the cells in a kernel: the last value is 0.0, whatever is defined."""
    stock = put(tmp_path, {"nbgrader_config.py": "c = get_config()\n"})
    put(stock, {"source/ps1/ps1.ipynb": nbformat.writes(course.source)})
    put(stock, {"submitted/right/ps1/ps1.ipynb": submitted(course, "right")})
    shutil.copy(course.folder / "gradebook.db", stock)
    done = run(stock, "autograde", "ps1")
    assert done.returncode == 0, done.stderr
    graded = nbformat.read(stock / "autograded/right/ps1/ps1.ipynb", as_version=4)
    for name in WORTH:
        first, second = cell(graded, name).outputs
        assert "come from the judge" in first.text
        assert "Of the visible examples 1 of 1 passed" in first.text
        assert second.data["text/plain"] == "0.0"


def submitted(course: Course, student: str) -> str:
    return (course.folder / f"submitted/{student}/ps1/ps1.ipynb").read_text()
