"""How fast a class of notebooks is graded: nbgrader with our judge, stock nbgrader, `kata grade`.

    python tests/benchmarks/class_speed.py [--notebooks 300] [--stock 20] [--timeout 5]

The notebooks are of an assignment with ndcg and attention: right, wrong, unwritten, endless and
hostile ones, mixed. Stock nbgrader grades the first of the same notebooks, with grade cells that
run the hidden tests in the student's kernel (those without parameters: less than ours run), and is
given the same time limit a cell. Prints a table: seconds in all, a notebook, times stock, and the
peak of the memory that a command and all its processes hold together (shared pages counted once).
"""

from __future__ import annotations

import argparse
import copy
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from autograder.catalog import load_kata
from autograder.classroom.assignment import init, notebook, write

ROOT = Path(__file__).resolve().parents[2]
KATAS = ("ndcg", "attention")
KINDS = ("right", "wrong", "right", "wrong", "right", "unwritten", "right", "hostile")
WRONG = {
    "ndcg__dcg": (" / log2(rank + 1)", " / log2(rank + 2)"),
    "attention__scaled_dot_product_attention": (" / math.sqrt(d_k)", ""),
    "attention__causal_mask": ("key <= query", "key < query"),
}
HOSTILE = """\
import builtins, os, sys
os.system("touch pwned")
builtins.abs = lambda x: 0
sys.modules["numpy"].testing.assert_allclose = print
sys.modules["torch"].allclose = lambda *a, **k: True
"""
CHECK = """\
import inspect, sys, types
import numpy as np
sys.path.insert(0, {root!r})
from solutions.{kata} import test_hidden
submission = types.SimpleNamespace(**globals())
for name, test in list(vars(test_hidden).items()):
    if name.startswith("test_") and {task!r} in inspect.getsource(test):
        wanted = set(inspect.signature(test).parameters)
        if wanted <= {{"submission", "rng"}}:
            given = {{"submission": submission, "rng": np.random.default_rng(0)}}
            test(**{{key: given[key] for key in wanted}})
"""


@dataclass
class Figure:
    """What one command took."""

    seconds: float
    count: int
    peak_mb: float
    status: int
    errors: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--notebooks", type=int, default=300)
    parser.add_argument("--stock", type=int, default=20, help="how many of them stock grades")
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds an endless one has")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kata-class-") as place:
        folder = Path(place)
        ours, stock = folder / "ours", folder / "stock"
        kinds = courses(ours, stock, arguments)
        print(", ".join(f"{count} {kind}" for kind, count in kinds.items()))
        count = arguments.notebooks
        figures = {
            "nbgrader with the judge": measure(nbgrader("autograde", "ps1"), ours, count),
            "kata grade": measure(kata_grade(ours, arguments), ROOT, count),
            "stock nbgrader": measure(nbgrader("autograde", "ps1"), stock, arguments.stock),
        }
    show(figures)


def show(figures: dict[str, Figure]) -> None:
    base = figures["stock nbgrader"]
    print(f"{'':<26}{'notebooks':>10}{'seconds':>10}{'each':>10}{'times':>8}{'peak':>11}")
    for name, one in figures.items():
        each = one.seconds / one.count
        times = base.seconds / base.count / each
        print(
            f"{name:<26}{one.count:>10}{one.seconds:>10.1f}{each * 1000:>7.0f} ms"
            f"{times:>8.1f}{one.peak_mb:>8.0f} MB"
        )
        if one.status not in (0, 1) or "Traceback" in one.errors:
            print(f"  status {one.status}: {one.errors[-2000:]}")


def courses(ours: Path, stock: Path, arguments: argparse.Namespace) -> Counter[str]:
    """Make both course folders and hand in; say how many of each kind there are."""
    katas = [load_kata(ROOT / "katas" / name) for name in KATAS]
    made = notebook("ps1", katas)
    init(ours, ROOT)
    write(ours, "ps1", made)
    config = ours / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.JudgeSubmissions.timeout = {arguments.timeout}\n")
    for one in (checked := copy.deepcopy(made)).cells:
        name = one.metadata.get("nbgrader", {}).get("grade_id", "")
        kata, _, task = name.partition("__grade_")
        if task:
            one.source = CHECK.format(root=str(ROOT), kata=kata, task=task)
    write(stock, "ps1", checked)
    limit = max(1, int(arguments.timeout))
    (stock / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Execute.timeout = {limit}\n"
        "c.ClearSolutions.code_stub = {'python': '# your code'}\n"
    )
    for folder in (ours, stock):
        subprocess.run(
            nbgrader("generate_assignment", "ps1"),
            cwd=folder,
            check=True,
            capture_output=True,
            env=environment(),
        )
    kinds: Counter[str] = Counter()
    for folder, source, count in (
        (ours, made, arguments.notebooks),
        (stock, checked, arguments.stock),
    ):
        release = nbformat.read(folder / "release/ps1/ps1.ipynb", as_version=4)
        for number in range(count):
            kind, handed_in = submission(release, source, number)
            kinds[kind] += folder == ours
            path = folder / f"submitted/s{number:04}/ps1/ps1.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(handed_in, path)
    return kinds


def submission(release: Any, source: Any, number: int) -> tuple[str, Any]:
    """Return the kind and the notebook of a student."""
    kind = ("right", "wrong", "right", "wrong", "right", "unwritten", "right", "hostile")[
        number % 8
    ]
    if number % 25 == 9:
        kind = "endless"
    made = copy.deepcopy(release)
    solved = {
        c.metadata.nbgrader.grade_id: c.source for c in source.cells if "nbgrader" in c.metadata
    }
    for one in made.cells:
        about = one.metadata.get("nbgrader", {})
        if not about.get("solution") or one.cell_type != "code" or kind == "unwritten":
            continue
        text = f"{solved[about['grade_id']]}\n# {number}\n"
        if kind == "wrong":
            wrong = WRONG.get(about["grade_id"])
            text = text.replace(*wrong) if wrong else text
        if kind == "endless" and about["grade_id"] in ("ndcg__dcg", "attention__causal_mask"):
            text += "while True: pass\n"
        if kind == "hostile" and about["grade_id"] == "ndcg__dcg":
            text = HOSTILE + text
        one.source = text
    return kind, made


def nbgrader(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader", *arguments]


def kata_grade(course: Path, arguments: argparse.Namespace) -> list[str]:
    command = [sys.executable, "-m", "autograder", "grade", str(course / "submitted")]
    limits = ["--timeout", str(arguments.timeout), "--out", str(course / "grades.db")]
    return [*command, "--kata", ",".join(KATAS), *limits]


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "OMP_NUM_THREADS": "1", "PATH": path}


def measure(command: list[str], folder: Path, count: int) -> Figure:
    """Run a command to its end, watching the memory of all its processes."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    peak = [0.0]
    done = threading.Event()
    watcher = threading.Thread(target=watch, args=(process.pid, peak, done))
    watcher.start()
    _, errors = process.communicate()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return Figure(seconds, count, peak[0], process.returncode, errors)


def watch(pid: int, peak: list[float], done: threading.Event) -> None:
    while not done.wait(0.5):
        peak[0] = max(peak[0], sum(map(memory_mb, family(pid))))


def family(pid: int) -> Iterator[int]:
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(c) for t in tasks for c in (t / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from family(child)


def memory_mb(pid: int) -> float:
    """Return what a process holds, a shared page in equal parts by all that share it."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
