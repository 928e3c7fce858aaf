"""What an instructor does without nbgrader: bundle, a class of several katas, regrade."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from classroom import RIGHT_TOTAL, kata, put, two

from autograder.catalog import find_root, load_catalogue, load_kata
from autograder.classroom.gradebook import Gradebook

__all__ = ["two"]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading forks")
ROOT = find_root(Path(__file__))
assert ROOT is not None


def lines_of(paths: Iterable[Path]) -> set[str]:
    """The lines of files, however they are indented, that say something."""
    found = set()
    for path in paths:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            text = " ".join(line.split())
            if len(text) > 20 and not text.startswith(("import ", "from ")):
                found.add(text)
    return found


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# -- bundle ----------------------------------------------------------------------------------


@pytest.fixture
def given_out(project: Path) -> Path:
    """The project as a git checkout whose stub was solved after the commit."""
    git = ["git", "-C", str(project), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "katas", "solutions"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "all"], check=True)
    return project


def test_a_bundle_holds_no_line_of_an_answer_even_when_the_stub_is_solved(given_out: Path) -> None:
    found = load_kata(given_out / "katas/mean")
    public = lines_of(files_below(found.folder))
    pristine = found.stub.read_text()
    found.stub.write_text(found.reference.read_text())
    (found.folder / "mean.20260101-000000.py.bak").write_text(found.reference.read_text())
    done = kata(given_out, "bundle", "students", "--katas", "mean")
    assert done.returncode == 0, done.stderr
    bundle = given_out / "students"
    assert (bundle / "katas/mean/mean.py").read_text() == pristine
    assert (bundle / "katas/.stubs/mean.py").read_text() == pristine
    held = lines_of(p for p in files_below(bundle) if "autograder" not in p.parts)
    assert held & (lines_of(files_below(found.solutions)) - public) == set()
    names = {path.relative_to(bundle).parts[0] for path in files_below(bundle)}
    assert not names & {"solutions", "tests", ".git"}
    assert {"autograder", "katas", "Makefile", ".ci", "pyproject.toml", ".vscode"} <= names


def test_a_bundle_of_every_kata_holds_no_line_of_their_answers(tmp_path: Path) -> None:
    katas = [k for k in load_catalogue(ROOT) if k.stub.is_file() and k.reference.is_file()]
    done = kata(ROOT, "bundle", str(tmp_path / "b"), "--katas", ",".join(k.name for k in katas))
    assert done.returncode == 0, done.stderr
    held = lines_of(files_below(tmp_path / "b"))
    public = lines_of(p for k in katas for p in (k.readme, k.visible, k.folder / "kata.toml"))
    public |= lines_of((tmp_path / "b/katas/.stubs").iterdir())
    public |= lines_of((ROOT / "autograder").rglob("*.py"))
    for one in katas:
        secret = lines_of(p for p in files_below(one.solutions) if p.suffix in (".py", ".md"))
        assert held & secret - public == set(), one.name


def test_a_bundle_works_as_its_readme_says(given_out: Path) -> None:
    assert kata(given_out, "bundle", "students", "--katas", "mean").returncode == 0
    bundle = given_out / "students"
    there = {"PYTHONPATH": str(bundle), "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    where = "import autograder, sys; sys.exit(not autograder.__file__.startswith(sys.argv[1]))"
    environment = {**os.environ, **there}
    subprocess.run(
        [sys.executable, "-c", where, str(bundle)], cwd=bundle, env=environment, check=True
    )
    tried = subprocess.run(
        [sys.executable, "-m", "pytest", "katas/mean"],
        cwd=bundle,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "only the visible examples" in tried.stdout
    assert "1 unimplemented" in tried.stdout
    stub = bundle / "katas/mean/mean.py"
    pristine = stub.read_text()
    stub.write_text("x = 1\n")
    assert kata(bundle, "reset", "mean", **there).returncode == 0
    assert stub.read_text() == pristine
    assert "KATA ?= mean" in (bundle / "Makefile").read_text()
    for name in ("reveal", "verify"):
        done = kata(bundle, name, "mean", **there)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("katas", "--katas", "mean"), "not an empty folder"),
        (("students", "--katas", "meen"), "did you mean 'mean'?"),
        (("students", "--katas", ","), "no kata is named"),
    ],
)
def test_a_bundle_that_cannot_be_made_is_one_line(
    project: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = kata(project, "bundle", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (project / "students").exists()


# -- a class of several katas ----------------------------------------------------------------


def reports(done: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], dict[str, Any]]:
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {(report["kata"], report["submission"]): report for report in found}


def assigned(cells: Mapping[str, str]) -> str:
    """A notebook of an assignment: id of a cell to its text."""
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "source": text, "metadata": {"nbgrader": {"grade_id": name}}}
                for name, text in cells.items()
            ],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


def test_without_a_name_the_katas_that_were_handed_in_are_graded_for_all(
    two: Path, right: str
) -> None:
    mean, rest = right.split("def running_mean")
    cells = {"mean__mean": mean, "mean__running_mean": "def running_mean" + rest.split("class")[0]}
    put(
        two / "class",
        {
            "ann/mean.py": right,
            "ann/total.py": RIGHT_TOTAL,
            "bob/deep/er/mean.py": right,
            "cas/ps1/ps1.ipynb": assigned({**cells, "total__total": RIGHT_TOTAL}),
            "dee/other.py": right,
            "eve/notes.txt": "nothing",
        },
    )
    done = kata(two, "grade", "class", "--json", "-")
    assert done.returncode == 1, done.stderr
    found = reports(done)
    points = {key: report["points"] for key, report in found.items()}
    assert points == {
        ("mean", "class/ann"): 6.0,
        ("mean", "class/bob"): 6.0,
        ("mean", "class/cas"): 5.0,
        ("mean", "class/dee"): 0.0,
        ("mean", "class/eve"): 0.0,
        ("total", "class/ann"): 2.0,
        ("total", "class/bob"): 0.0,
        ("total", "class/cas"): 2.0,
        ("total", "class/dee"): 0.0,
        ("total", "class/eve"): 0.0,
    }
    first = found["total", "class/bob"]["verdicts"][0]
    assert "no total.py or total.ipynb was handed in" in first["message"]
    assert "mean (3 of 5 submissions), total (2 of 5" in done.stderr


def test_without_a_name_a_file_is_judged_by_its_own(two: Path) -> None:
    put(two, {"total.py": RIGHT_TOTAL, "x/a.ipynb": assigned({"total__total": RIGHT_TOTAL})})
    for name in ("total.py", "x/a.ipynb"):
        done = kata(two, "grade", name, "--json", "-")
        assert (done.returncode, done.stderr) == (0, "")
        assert list(reports(done)) == [("total", name)]


def test_several_names_are_joined_by_commas(two: Path, right: str) -> None:
    put(two / "class", {"ann/mean.py": right, "ann/total.py": RIGHT_TOTAL})
    done = kata(two, "grade", "class", "--kata", "mean,total", "--json", "-")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(reports(done)) == {("mean", "class/ann"), ("total", "class/ann")}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("odd.py",), "say which it is: --kata NAME"),
        (("-",), "standard input has no name"),
        (("nowhere",), "no such file or folder"),
        (("odd.py", "--kata", "mean", "--regrade", "--yes"), "add --out grades.db"),
        (("odd.py", "--kata", "mean", "--regrade", "--out", "g.db"), "or add --yes"),
        (("odd.py", "--kata", "mean", "--regrade", "--yes", "--out", "g.db"), "no gradebook to"),
    ],
)
def test_what_grade_cannot_guess_is_one_line(
    two: Path, arguments: tuple[str, ...], said: str
) -> None:
    put(two, {"odd.py": "x = 1\n"})
    done = kata(two, "grade", *arguments, "--json", "-")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_regrade_shows_who_changes_before_it_writes(project: Path, right: str) -> None:
    lenient = right.replace('raise ValueError("nothing")', "return 0.0")
    put(project / "class", {"ann.py": right, "bob.py": lenient})
    grade = ("grade", "class", "--kata", "mean", "--out", "g.db")
    before = {k[1]: r["points"] for k, r in reports(kata(project, *grade, "--json", "-")).items()}
    assert before == {"class/ann.py": 6.0, "class/bob.py": 5.0}
    idle = kata(project, *grade, "--regrade", "--yes")
    assert "nothing to regrade" in idle.stdout
    suite = project / "solutions/mean/test_hidden.py"
    text = suite.read_text()
    suite.write_text(text.replace("assert_raises(ValueError, submission.mean, [])", "submission"))
    asked = answer(project, [*grade, "--regrade"], "n\n")
    assert "class/bob.py  mean  5/6 → 6/6  (+1)" in asked
    assert "1 gain, 0 lose, 0 new, 1 keep" in asked
    assert "test_no_values_are_refused: 1 more pass, 0 more fail" in asked
    assert "nothing was written" in asked
    assert points_in(project / "g.db") == before
    assert "nothing was written" not in answer(project, [*grade, "--regrade"], "y\n")
    assert points_in(project / "g.db") == {"class/ann.py": 6.0, "class/bob.py": 6.0}
    suite.write_text(text)
    done = kata(project, *grade, "--regrade", "--yes", "--json", "-")
    assert len(done.stdout.splitlines()) == 2
    assert "(−1)" in done.stderr
    assert points_in(project / "g.db") == before


def points_in(path: Path) -> dict[str, float]:
    with closing(Gradebook(path)) as book:
        return {submission: points for (submission, _), points in book.points().items()}


def answer(folder: Path, arguments: list[str], text: str) -> str:
    """Run the command in a terminal of its own and answer its question."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execv(sys.executable, [sys.executable, "-m", "autograder", *arguments])
    said = b""
    with suppress(OSError):  # the terminal is gone when the process is
        while data := os.read(terminal, 4096):
            if b"[y/N]" in data:
                os.write(terminal, text.encode())
            said += data
    os.waitpid(pid, 0)
    os.close(terminal)
    return said.decode().replace("\r\n", "\n")
