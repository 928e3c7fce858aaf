"""`kata grade` to its contract, each run in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from autograder.catalog import load_kata
from autograder.classroom.gradebook import Gradebook, suite_version
from autograder.classroom.submissions import plain_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading forks")
WRONG = "total / len(values)", "total / (len(values) - 1 or 1)"


def kata(
    project: Path, *arguments: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=project,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env={**os.environ, "KATA_HOME": str(project / "home")},
    )


def reports(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_one_right_file_gets_all_points_and_status_0(project: Path, right: str) -> None:
    (project / "a.py").write_text(right)
    done = kata(project, "grade", "a.py", "--kata", "mean", "--json", "-")
    assert done.returncode == 0, done.stderr
    (report,) = reports(done)
    assert (report["schema"], report["kata"], report["submission"]) == (1, "mean", "a.py")
    assert (report["points"], report["max_points"]) == (6.0, 6.0)
    assert {"process", "rlimits", "landlock", "seccomp"} <= set(report["isolation"])
    assert [v["verdict"] for v in report["verdicts"]] == ["passed"] * 4
    assert {
        "test",
        "verdict",
        "points",
        "max_points",
        "message",
        "hint",
        "misconception",
        "diagnosis",
    } <= set(report["verdicts"][0])


def test_a_wrong_one_is_diagnosed_with_status_1(project: Path, right: str) -> None:
    (project / "a.py").write_text(right.replace(*WRONG))
    done = kata(project, "grade", "a.py", "--kata", "mean", "--json", "-")
    assert done.returncode == 1
    (report,) = reports(done)
    first = report["verdicts"][0]
    assert (first["verdict"], first["misconception"]) == ("wrong", "one_less")
    assert first["diagnosis"] == "the sum is divided by n - 1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.py", "--kata", "mean"), "nowhere.py: no such file"),
        (("empty", "--kata", "mean"), "holds no submissions"),
        (("a.py", "--kata", "meen"), "did you mean 'mean'?"),
        (("a.py", "--kata", "mean", "--out", "no/such/folder/g.db"), "cannot be used"),
        (("a.py", "--kata", "mean", "--out", "a.py"), "cannot be used as a gradebook"),
    ],
)
def test_a_users_mistake_is_one_line_and_status_2(
    project: Path, right: str, arguments: tuple[str, ...], said: str
) -> None:
    (project / "a.py").write_text(right)
    (project / "empty").mkdir()
    done = kata(project, "grade", *arguments, "--json", "-")
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_what_cannot_be_read_still_gets_a_report(project: Path, right: str) -> None:
    for name, data in {
        "binary.py": b"\xff\xfe\x00\x01",
        "nulls.py": b"a\0b",
        "syntax.py": b"def f(:",
        "deep.py": b"x = " + b"(" * 100_000,
        "huge.py": b"#" * (6 << 20),
        "broken.ipynb": b"{",
        "list.ipynb": b"[]",
        "empty.py": b"",
    }.items():
        (project / "handed" / name).parent.mkdir(exist_ok=True)
        (project / "handed" / name).write_bytes(data)
    (project / "handed/link.py").symlink_to(project / "solutions/mean/mean.py")
    os.mkfifo(project / "handed/pipe.py")
    (project / "handed/nothing").mkdir()
    done = kata(project, "grade", "handed", "--kata", "mean", "--json", "-")
    found = {Path(r["submission"]).name: r for r in reports(done)}
    assert len(found) == 11
    for name, report in found.items():
        verdicts = {v["verdict"] for v in report["verdicts"]}
        assert report["points"] == 0
        assert verdicts == ({"unimplemented"} if name == "empty.py" else {"raised"}), name
    assert "link" in found["link.py"]["verdicts"][0]["message"]


def test_a_class_is_told_in_input_order(project: Path, right: str) -> None:
    (project / "class").mkdir()
    slow = "import time\ntime.sleep(1)\n" + right
    for number in range(6):
        folder = project / "class" / f"student{number}"
        folder.mkdir()
        (folder / "mean.py").write_text(slow if number == 0 else right)
    done = kata(project, "grade", "class", "--kata", "mean", "--jobs", "3", "--json", "-")
    assert done.returncode == 0
    assert [r["submission"] for r in reports(done)] == [f"class/student{n}" for n in range(6)]


def test_a_notebook_is_graded_as_the_file_is(project: Path, right: str) -> None:
    mean, rest = right.split("def running_mean")
    cells = ["%matplotlib inline\n1 / 0", mean, "!ls", "def running_mean" + rest]
    notebook = {
        "cells": [{"cell_type": "code", "source": cell, "metadata": {}} for cell in cells],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (project / "a.ipynb").write_text(json.dumps(notebook))
    done = kata(project, "grade", "a.ipynb", "--kata", "mean", "--json", "-")
    assert reports(done)[0]["points"] == 6.0, done.stdout


def test_standard_input_is_a_submission(project: Path, right: str) -> None:
    done = kata(project, "grade", "-", "--kata", "mean", "--json", "-", stdin=right)
    assert reports(done)[0]["submission"] == "-"
    assert reports(done)[0]["points"] == 6.0


def test_an_endless_submission_ends_at_its_own_time(project: Path) -> None:
    (project / "a.py").write_text("def mean(v):\n    while True: pass\n")
    start = time.monotonic()
    done = kata(project, "grade", "a.py", "--kata", "mean", "--timeout", "3", "--json", "-")
    verdicts = [v["verdict"] for v in reports(done)[0]["verdicts"]]
    assert verdicts[:2] == ["timed_out", "timed_out"]
    assert time.monotonic() - start < 60


def test_the_gradebook_is_continued_and_nothing_is_graded_twice(project: Path, right: str) -> None:
    (project / "class").mkdir()
    for number in range(3):
        (project / "class" / f"s{number}.py").write_text(right)
    arguments = ("grade", "class", "--kata", "mean", "--out", "g.db", "--json", "-")
    first = reports(kata(project, *arguments))
    times = _times(project / "g.db")
    (project / "class/s1.py").write_text(right.replace(*WRONG))
    second = reports(kata(project, *arguments))
    again = _times(project / "g.db")
    assert [r["points"] for r in first] == [6.0, 6.0, 6.0]
    assert [r["points"] for r in second] == [6.0, 4.0 - 4.0 + second[1]["points"], 6.0]
    assert second[1]["points"] < 6.0
    assert times["class/s0.py"] == again["class/s0.py"]
    assert times["class/s1.py"] != again["class/s1.py"]
    suite = project / "solutions/mean/test_hidden.py"
    suite.write_text(suite.read_text() + "\n# corrected\n")
    kata(project, *arguments)
    assert _times(project / "g.db")["class/s0.py"] != again["class/s0.py"]


def _times(path: Path) -> dict[str, float]:
    with sqlite3.connect(path) as db:
        return dict(db.execute("select submission, at from grades"))


def test_killed_at_any_moment_it_continues(project: Path, right: str) -> None:
    (project / "class").mkdir()
    for number in range(12):
        (project / "class" / f"s{number:02}.py").write_text(right)
    command = [sys.executable, "-m", "autograder", "grade", "class", "--kata", "mean"]
    process = subprocess.Popen(
        [*command, "--out", "g.db"], cwd=project, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = _times(project / "g.db")
    assert len(before) > 0
    done = kata(project, "grade", "class", "--kata", "mean", "--out", "g.db", "--json", "-")
    assert [r["points"] for r in reports(done)] == [6.0] * 12
    after = _times(project / "g.db")
    assert len(after) == 12
    assert {name: after[name] for name in before} == before


def test_no_process_is_left_behind(project: Path, right: str) -> None:
    (project / "a.py").write_text("def mean(v):\n    while True: pass\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", "a.py", "--kata", "mean"],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(3)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while _running(project) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _running(project) == []


def _running(project: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if "autograder.classroom.judge" in line and str(project) in line:
            found.append(line)
    return found


def test_another_seed_gives_other_inputs_and_the_same_points(project: Path, right: str) -> None:
    (project / "a.py").write_text(right.replace(*WRONG))
    one, two = (
        reports(kata(project, "grade", "a.py", "--kata", "mean", "--json", "-", "--seed", seed))[0]
        for seed in ("1", "2")
    )
    assert one["points"] == two["points"]
    assert one["verdicts"][0]["message"] != two["verdicts"][0]["message"]


def test_the_gradebook_refuses_what_is_none(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("create table t (x)")
    with pytest.raises(Exception, match="no gradebook"):
        Gradebook(tmp_path / "other.db")


def test_the_version_of_a_suite_depends_on_all_that_decides(project: Path) -> None:
    found = load_kata(project / "katas/mean")
    before = suite_version(found)
    found.readme.write_text("other")
    assert suite_version(found) == before
    found.reference.write_text("other")
    assert suite_version(found) != before


@pytest.mark.parametrize(
    ("cell", "held"),
    [
        ("x = 1", "x = 1"),
        ("%matplotlib inline", "run_line_magic"),
        ("!pip install torch", "system"),
        ("files = !ls", "getoutput"),
        ("x = 5 % 3", "x = 5 % 3"),
    ],
)
def test_magics_become_calls(cell: str, held: str) -> None:
    assert held in plain_python(cell)
