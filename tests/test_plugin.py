"""`pytest katas/…` as a learner sees it, each run in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

STUB = "katas/mean/mean.py"


def run(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command,
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTEST_ADDOPTS": "", "COLUMNS": "100", **environment},
    )


def write(project: Path, text: str) -> None:
    (project / STUB).write_text(text, encoding="utf-8")


def test_a_fresh_stub_is_told_in_a_few_lines(project: Path) -> None:
    done = run(project, "katas/mean")
    assert done.returncode == 1
    assert "5 unimplemented" in done.stdout
    assert "mean: 0 of 6 points" in done.stdout
    assert f"next: implement `mean` in {STUB}:6" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_visible_examples_come_first_and_the_right_answer_is_solved(
    project: Path, right: str
) -> None:
    write(project, right)
    done = run(project, "-v", "katas/mean")
    assert done.returncode == 0, done.stdout
    names = re.findall(r"(\S+)::(\w+) PASSED", done.stdout)
    assert names[0] == ("katas/mean/test_mean.py", "test_two_values")
    assert {path for path, _ in names[1:]} == {STUB}
    assert "mean: 6 of 6 points" in done.stdout
    assert "solved" in done.stdout


def test_a_failure_says_what_why_and_where_and_nothing_of_the_suite(
    project: Path, right: str
) -> None:
    write(project, right.replace("total / len(values)", "total / (len(values) - 1 or 1)"))
    done = run(project, STUB)
    text = done.stdout
    start = text.index("the sum is divided by the count")
    order = [
        "the sum is divided by the count",
        "result",
        "diagnosis: your result is exactly what you get when the sum is divided by n - 1",
        "hint: Count them.",
        f"{STUB}:2: wrong: the sum is divided by the count",
    ]
    places = [text.index(part, start) for part in order]
    assert places == sorted(places)
    assert "array(rng" not in text
    assert "def test_" not in text
    assert "site-packages" not in text


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("-k", "prefix", "katas/mean"), 1),
        ((f"{STUB}::test_no_values_are_refused",), 1),
        ((STUB,), 4),
        (("katas/mean/test_mean.py",), 1),
        (("-n", "2", "katas/mean"), 5),
        (("katas/mean", f"{STUB}::test_no_values_are_refused"), 5),
    ],
)
def test_tests_can_be_chosen(
    project: Path, right: str, arguments: tuple[str, ...], count: int
) -> None:
    write(project, right)
    done = run(project, "-q", *arguments)
    assert f"{count} passed" in done.stdout, done.stdout + done.stderr


def test_the_first_failure_ends_the_run_with_x(project: Path, right: str) -> None:
    write(project, right.replace("raise ValueError", "return 0  # "))
    done = run(project, "-x", STUB)
    assert "1 failed, 1 passed" in done.stdout


def test_only_what_failed_last_runs_with_lf(project: Path, right: str) -> None:
    write(project, right.replace("raise ValueError", "return 0  # "))
    command = [sys.executable, "-m", "pytest", "-q", "katas/mean"]
    subprocess.run(command, cwd=project, capture_output=True, check=False)
    again = subprocess.run(
        [*command, "--lf"], cwd=project, capture_output=True, text=True, check=False
    )
    assert "1 failed" in again.stdout
    assert "passed" not in again.stdout


def test_junit_holds_what_the_learner_reads(project: Path, right: str) -> None:
    write(project, right.replace("total / len(values)", "total"))
    run(project, "--junitxml=out.xml", "katas/mean")
    text = (project / "out.xml").read_text()
    assert "the sum is divided by the count" in text
    assert 'tests="5"' in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def mean(:\n", "SyntaxError"),
        ("import no_such_module\n", "ModuleNotFoundError"),
        ("x = 1 / 0\n", "ZeroDivisionError"),
        ("", "`mean` is not defined in the file"),
    ],
)
def test_a_file_that_does_not_load_fails_each_test_with_its_line(
    project: Path, text: str, said: str
) -> None:
    write(project, text)
    done = run(project, "-rA", "-v", "katas/mean")
    assert done.returncode == 1
    assert "ERROR" not in done.stdout.replace("ERRORS", "")
    assert said in done.stdout or "not implemented" in done.stdout
    assert "5 failed" in done.stdout or "5 unimplemented" in done.stdout


def test_without_solutions_the_visible_examples_run_and_a_line_says_so(
    project: Path, right: str
) -> None:
    write(project, right)
    (project / "solutions/mean/test_hidden.py").unlink()
    (project / "solutions/mean/mean.py").unlink()
    done = run(project, "katas/mean")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "solutions/mean is not here" in done.stdout


def test_an_endless_loop_is_timed_out_at_its_line(project: Path, right: str) -> None:
    write(project, right.replace("    total = 0.0", "    while values:\n        pass"))
    done = run(project, STUB)
    assert re.search(r"katas/mean/mean.py:[56]: timed_out: the sum is divided", done.stdout)
    assert "2 failed, 2 passed" in done.stdout


def test_one_that_swallows_the_alarm_ends_with_the_report_so_far(project: Path, right: str) -> None:
    body = (
        "    while values:\n        try:\n            while True: sum(values)\n"
        "        except: pass\n"
    )
    write(project, right.replace("    total = 0.0\n", body))
    done = run(project, STUB)
    assert done.returncode == 1
    assert "swallowed the alarm" in done.stdout
    assert "1 failed" in done.stdout


def test_the_reference_can_be_the_target(project: Path) -> None:
    assert "6 of 6 points" in run(project, "katas/mean", KATA_TARGET="solutions").stdout


def test_the_sandbox_gives_the_same_verdicts(project: Path, right: str) -> None:
    write(project, right.replace("total / len(values)", "total / (len(values) - 1 or 1)"))
    here, there = run(project, "-q", STUB), run(project, "-q", STUB, "--kata-sandbox")
    assert (
        here.stdout.split("\n====")[0].split(" in ")[0]
        == (there.stdout.split("\n====")[0].split(" in ")[0])
    )


def test_a_hidden_suite_is_no_part_of_a_bare_pytest(project: Path) -> None:
    (project / "tests").mkdir()
    (project / "tests/test_own.py").write_text("def test_own(): pass\n")
    (project / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    assert "1 passed" in run(project, "-q").stdout


def test_a_numpy_kata_imports_no_torch(project: Path, right: str) -> None:
    write(project, right)
    code = (
        "import pytest, sys; pytest.main(['-q', 'katas/mean']);"
        "heavy = {'torch', 'faiss', 'nbgrader', 'rich', 'typer'} & set(sys.modules);"
        "print('heavy:', sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False
    )
    assert "heavy: []" in done.stdout, done.stdout
