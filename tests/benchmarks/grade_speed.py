"""How fast a class is graded, beside `nbgrader autograde` of the same katas, in one run.

    python tests/benchmarks/grade_speed.py [--submissions 200] [--notebooks 10] [--katas ndcg …]

`kata grade` judges copies of a right answer (each with a comment of its own, so that none is known
already), whole process; nbgrader grades notebooks whose solution cell holds the same answer and
whose grade cell calls the hidden tests that take no parameters: less than our own suite runs.
Then: what one submission costs beyond its suite's in-process run, and a worker's own memory.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from autograder.catalog import load_kata
from autograder.sandbox.pool import close_libraries, library_for, worker_make
from autograder.sandbox.submission import InProcess, Source
from autograder.suite.session import Suite

ROOT = Path(__file__).resolve().parents[2]
GRADE_CELL = """\
import inspect, sys, types
import numpy as np
sys.path.insert(0, {root!r})
from solutions.{kata} import test_hidden
submission = types.SimpleNamespace(**globals())
for name, test in list(vars(test_hidden).items()):
    if name.startswith("test_"):
        wanted = set(inspect.signature(test).parameters)
        if wanted <= {{"submission", "rng"}}:
            given = {{"submission": submission, "rng": np.random.default_rng(0)}}
            try:
                test(**{{key: given[key] for key in wanted}})
            except AttributeError:
                pass
"""


def environment() -> dict[str, str]:
    # nbgrader runs `alembic` by name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "OMP_NUM_THREADS": "1", "PATH": path}


def our_seconds(kata: str, count: int, folder: Path) -> float:
    text = (ROOT / f"solutions/{kata}/{kata}.py").read_text()
    for number in range(count):
        (folder / f"s{number:04}").mkdir(parents=True)
        (folder / f"s{number:04}/{kata}.py").write_text(f"{text}\n# {number}\n")
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", str(folder), "--kata", kata, "--json", "-"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    seconds = time.perf_counter() - start
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) == count, done.stderr
    assert all(r["points"] == r["max_points"] for r in reports), "a right answer lost points"
    return seconds / count


def nbgrader_seconds(kata: str, count: int, folder: Path) -> float:
    text = (ROOT / f"solutions/{kata}/{kata}.py").read_text()
    solution = new_code_cell(text)
    solution.metadata["nbgrader"] = {
        "grade": False, "solution": True, "locked": False, "schema_version": 3,
        "grade_id": "solution", "task": False,
    }  # fmt: skip
    check = new_code_cell(GRADE_CELL.format(root=str(ROOT), kata=kata))
    check.metadata["nbgrader"] = {
        "grade": True, "solution": False, "locked": True, "points": 1, "schema_version": 3,
        "grade_id": "check", "task": False,
    }  # fmt: skip
    notebook = new_notebook(cells=[solution, check])
    notebook.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    source = folder / "source/ps1"
    source.mkdir(parents=True)
    nbformat.write(notebook, source / "ps1.ipynb")
    nbgrader = [sys.executable, "-m", "nbgrader"]
    run = {"cwd": folder, "capture_output": True, "env": environment(), "check": True}
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.root = '.'\n")
    subprocess.run([*nbgrader, "generate_assignment", "ps1", "--force"], **run)
    for number in range(count):
        place = folder / f"submitted/s{number:03}/ps1"
        place.mkdir(parents=True)
        nbformat.write(notebook, place / "ps1.ipynb")
    start = time.perf_counter()
    subprocess.run([*nbgrader, "autograde", "ps1"], **run)
    return (time.perf_counter() - start) / count


def overhead(kata_name: str) -> tuple[float, float]:
    """Return the medians of an in-process run and of one in a fresh worker, both warm."""
    kata = load_kata(ROOT / "katas" / kata_name)
    suite, source = Suite(kata), Source.of_file(kata.reference)
    library_for(kata).wait()
    for make in (InProcess(kata, source), worker_make(kata, source)):
        suite.judge(source, make)
    here, there = [], []
    for _ in range(15):
        for times, make in ((here, InProcess), (there, worker_make)):
            start = time.perf_counter()
            suite.judge(source, make(kata, source))
            times.append(time.perf_counter() - start)
    return statistics.median(here), statistics.median(there)


def worker_memory(kata_name: str) -> float:
    """Return the MB that a worker has for itself after the suite ran, beyond its parent's pages."""
    kata = load_kata(ROOT / "katas" / kata_name)
    suite, source = Suite(kata), Source.of_file(kata.reference)
    make = worker_make(kata, source)
    make.close, close = lambda: None, make.close
    suite.judge(source, make)
    rollup = Path(f"/proc/{make._worker.pid}/smaps_rollup").read_text().splitlines()
    own = sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))
    close()
    return own / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--notebooks", type=int, default=10)
    parser.add_argument("--katas", nargs="+", default=["ndcg", "attention"])
    arguments = parser.parse_args()
    print(
        f"{'kata':<12}{'kata grade':>14}{'nbgrader':>14}{'times':>8}"
        f"{'in-process':>14}{'in a worker':>14}{'own memory':>12}"
    )
    for kata in arguments.katas:
        with tempfile.TemporaryDirectory() as name:
            ours = our_seconds(kata, arguments.submissions, Path(name, "ours"))
            theirs = nbgrader_seconds(kata, arguments.notebooks, Path(name, "nbgrader"))
        here, there = overhead(kata)
        memory = worker_memory(kata)
        print(
            f"{kata:<12}{ours * 1000:>11.0f} ms{theirs * 1000:>11.0f} ms{theirs / ours:>8.1f}"
            f"{here * 1000:>11.0f} ms{there * 1000:>11.0f} ms{memory:>9.0f} MB"
        )
    close_libraries()


if __name__ == "__main__":
    main()
