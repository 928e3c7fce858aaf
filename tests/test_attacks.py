"""Every attack of `tests/attacks/` gains nothing it did not earn, harms nothing, leaves nothing.

Each file there is a submission; its first lines say for which kata (`# kata: attention`) and how
many points its honest part is worth (`# earns: 2`). All of one kata are graded as one class, in a
project of their own whose answers hold a word that no report may show.
"""

from __future__ import annotations

import ast
import ctypes
import hashlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.report import VERDICTS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")

ROOT = Path(__file__).resolve().parents[1]
ATTACKS = sorted((ROOT / "tests/attacks").glob("*.py"))
CANARY = "CANARY-7f3a"
TIMEOUT = 8
ECHO = {
    "katas/echo/kata.toml": """\
title = "Echo"
track = "search"
order = 99
difficulty = "easy"
minutes = 5
requires = ["numpy"]
questions = ["search-01"]

[tasks]
through = 2
again = 1
checked = 1
""",
    "katas/echo/echo.py": '''\
"""Call what you are given."""


def through(function, value):
    """Return what `function` gives for `value`."""
    raise NotImplementedError


def again(function, depth):
    """Return what `function` gives for `depth`."""
    raise NotImplementedError


def checked(function):
    """Call `function` with the text "wanted"."""
    raise NotImplementedError
''',
    "katas/echo/README.md": "# Echo\n",
    "solutions/echo/echo.py": """\
def through(function, value):
    return function(value)


def again(function, depth):
    return function(depth)


def checked(function):
    return function("wanted")
""",
    "solutions/echo/test_hidden.py": """\
from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import array, hint, points


@points(1)
@hint("What does the function give?")
def test_what_the_function_gives_comes_back(submission, rng):
    secret = float(array(rng, 1)[0])
    assert_close(submission.through(lambda value: value + secret, 1.0), 1.0 + secret)


@points(1)
@hint("Who is told of an error?")
def test_an_error_goes_through(submission):
    def fails(value):
        raise LookupError("behind this line stands a secret")

    assert_raises(LookupError, submission.through, fails, 1)


@points(1)
@hint("What is asked again?")
def test_a_function_may_ask_again(submission):
    def down(depth):
        return submission.again(down, depth - 1) if depth else 5.0

    assert_close(submission.again(down, 3), 5.0)


@points(1)
@hint("What does the function want?")
def test_the_function_gets_what_it_wants(submission):
    def wants(text):
        assert_equal(text, "wanted")
        return "done"

    assert_equal(submission.checked(wants), "done")
""",
}
HONEST = {
    "attention": "solutions/attention/attention.py",
    "rank_fusion": "solutions/rank_fusion/rank_fusion.py",
    "echo": "solutions/echo/echo.py",
}
RIGHT_BORDA = """
def borda(rankings):
    documents = dict.fromkeys(d for ranking in rankings for d in ranking)
    points = dict.fromkeys(documents, 0.0)
    for ranking in rankings:
        if len(set(ranking)) < len(ranking):
            raise ValueError("repeated")
        for d in documents:
            share = (len(documents) - len(ranking) + 1) / 2
            points[d] += len(documents) - ranking.index(d) if d in ranking else share
    return sorted(points.items(), key=lambda pair: (-pair[1], pair[0]))
"""


def made() -> dict[str, tuple[bytes, float]]:
    """Return attacks that no small file can hold, by file name, with what each may earn."""
    borda = RIGHT_BORDA.encode()
    cells = [RIGHT_BORDA, "x = '\ud800'", "def copeland(rankings):\n    raise KeyError('\ud800')"]
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    magics = {
        "cells": [{"cell_type": "code", "source": cell} for cell in ("!ls\n" * 20_000, RIGHT_BORDA)]
    }
    return {
        "giant_lines.py": (b"x = 1\n" * 850_000 + borda, 0),
        "giant_expression.py": (b"x = [" + b"1," * 1_200_000 + b"]\n" + borda, 0),
        "giant_beyond_the_limit.py": (b"#" * (6 << 20), 0),
        "null_bytes.py": (b"x = '\0'\n" + borda, 0),
        "no_text.py": (b"\xff\xfe\xfd" * 1000, 0),
        "deep_attributes.py": ((b"if 0: x" + b".a" * 900 + b"\n") * 100 + borda, 2),
        "deep_operators.py": (b"x = " + b"-" * 50_000 + b"1\n" + borda, 0),
        "deep_brackets.py": (b"x = " + b"[" * 190 + b"]" * 190 + b"\n" + borda, 2),
        "deep_brackets_left_open.py": (b"x = " + b"{" * 190 + b"\n" + borda, 0),
        "deep_lambdas.py": (b"x = " + b"lambda: " * 3_000 + b"1\n" + borda, 0),
        "deep_blocks.py": (
            b"".join(b" " * n + b"if 1:\n" for n in range(99)) + b" " * 99 + b"x = 1\n" + borda,
            2,
        ),
        "surrogates.ipynb": (json.dumps(notebook).encode(), 2),
        "many_magics.ipynb": (json.dumps(magics).encode(), 2),
        "cells_of_other_types.ipynb": (b'{"cells": [1, {"cell_type": "code", "source": {}}]}', 0),
        "deep_notebook.ipynb": (b'{"cells": ' + b"[" * 100_000, 0),
        "title\x1b]0;13 points\x07.py": (borda, 2),
        os.fsdecode(b"name\xff\xfe.py"): (borda, 2),
    }


def reported(name: str) -> str:
    """Return the name of a file as a report has it: with an escape for what has no code."""
    return name.encode("utf-8", "backslashreplace").decode()


@dataclass
class Class:
    """One kata's attacks, graded."""

    reports: dict[str, dict[str, Any]]
    seconds: float
    output: str
    errors: str
    status: int
    left: list[str]
    changed: list[str]
    alone: float = 0.0
    earns: dict[str, float] = field(default_factory=dict)


def head(path: Path, word: str) -> str | None:
    for line in path.read_text(encoding="utf-8").splitlines()[:3]:
        match = re.fullmatch(rf"# {word}: (\S+)", line)
        if match:
            return match[1]
    return None


def kata_of(path: Path) -> str:
    return head(path, "kata") or ""


def project_in(folder: Path) -> Path:
    """Make a project whose answers hold the canary."""
    for kata in ("attention", "rank_fusion"):
        for part in ("katas", "solutions"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part / kata, folder / part / kata, ignore=ignored)
    for name, text in ECHO.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for path in (folder / "katas").glob("*/kata.toml"):  # two seconds a test, not ten
        text = re.sub(r"^time_limit.*\n", "", path.read_text(), flags=re.M)
        path.write_text(text.replace("[tasks]", "time_limit = 2\n\n[tasks]"))
    for path in (folder / "solutions").glob("*/*.py"):
        path.write_text(f'{path.read_text()}\n\n_CANARY = "{CANARY}"  # {CANARY}\n')
    return folder


def snapshot(*folders: Path) -> dict[str, tuple[int, int, str]]:
    """Return mode, time of change and content of all files below some folders."""
    found = {}
    for folder in folders:
        for path in [folder, *folder.rglob("*")]:  # of a file, itself
            if "__pycache__" in path.parts:
                continue
            status = path.lstat()
            regular = stat.S_ISREG(status.st_mode)
            content = hashlib.sha256(path.read_bytes()).hexdigest() if regular else ""
            changed = 0 if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns
            found[str(path)] = status.st_mode, changed, content
    return found


def descendants(session: int) -> list[str]:
    """Return the processes of a session, and those that became this process's by adoption."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            name, fields = (entry / "stat").read_text().rsplit(")", 1)
            state, parent, _, of_session = fields.split()[:4]
        except OSError:
            continue
        if (int(of_session) == session or int(parent) == os.getpid()) and state not in "ZX":
            found.append(f"{entry.name} {name}")
    return found


def strays() -> list[str]:
    """Return files with the name that attacks give to theirs, where they try to leave them."""
    places = ["/tmp", "/var/tmp", "/dev/shm", "/", "/run", "/etc", str(Path.home())]
    places += [str(ROOT), str(ROOT / "autograder"), str(Path(os.__file__).parent)]
    return [str(p) for place in places for p in Path(place).glob("*kata-attack*")]


def graded(folder: Path, kata: str, files: list[Path]) -> Class:
    """Grade a class of attacks, and look at what they left."""
    handed, temporary = folder / f"class-{kata}", folder / f"tmp-{kata}"
    handed.mkdir()
    temporary.mkdir()
    earns = {path.name: float(head(path, "earns") or 0) for path in files}
    for path in files:
        (handed / path.name).write_bytes(path.read_bytes())
    if kata == "rank_fusion":
        for name, (data, points) in made().items():
            (handed / name).write_bytes(data)
            earns[reported(name)] = points
    right = (ROOT / HONEST[kata]).read_text() if kata != "echo" else ECHO[HONEST[kata]]
    for name in ("honest.py", "outside.py"):  # in the middle of the others
        (handed / name).write_text(right)
    before = snapshot(
        handed, folder / "katas", folder / "solutions", ROOT / "autograder/__init__.py"
    )
    modes = [os.stat(path).st_mode for path in ("/tmp", "/", "/dev/null", ROOT)]
    mine = set(descendants(0))  # what earlier tests of this process still hold
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans come here
    start = time.monotonic()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "autograder", "grade", handed.name, "--kata", kata),
            *("--json", "-", "--jobs", "2", "--timeout", str(TIMEOUT)),
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogateescape",
        env={
            **os.environ,
            "TMPDIR": str(temporary),
            "MY_API_KEY": CANARY,
            "PYTHONIOENCODING": "utf-8:strict",
        },
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
    seconds = time.monotonic() - start
    deadline = time.monotonic() + 5
    while (left := sorted(set(descendants(process.pid)) - mine)) and time.monotonic() < deadline:
        time.sleep(0.1)
    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)
    after = snapshot(
        handed, folder / "katas", folder / "solutions", ROOT / "autograder/__init__.py"
    )
    changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    if modes != [os.stat(path).st_mode for path in ("/tmp", "/", "/dev/null", ROOT)]:
        changed.append("a mode")
    changed += [str(path) for path in temporary.iterdir()] + strays()
    reports = {}
    for line in output.splitlines():
        report = json.loads(line)
        reports[Path(report["submission"]).name] = report
    return Class(reports, seconds, output, errors, process.returncode, left, changed, 0.0, earns)


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Class]:
    folder = project_in(tmp_path_factory.mktemp("attacked"))
    by_kata: dict[str, list[Path]] = {}
    for path in ATTACKS:
        by_kata.setdefault(kata_of(path), []).append(path)
    return {kata: graded(folder, kata, files) for kata, files in by_kata.items()}


def require_harmless(report: dict[str, Any], earns: float) -> None:
    assert report["points"] <= earns, [v for v in report["verdicts"] if v["points"]]
    for verdict in report["verdicts"]:
        assert verdict["verdict"] in VERDICTS
        assert len(verdict["message"] or "") <= 5000
        assert re.fullmatch(
            r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]*", verdict["message"] or ""
        )
    assert report["verdicts"][0]["test"] != "(all tests)", "the judge fell"
    assert CANARY not in json.dumps(report)
    # What a test may take beyond its limit, and what starting a worker again costs.
    assert report["seconds"] < TIMEOUT + 6


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.stem)
def test_an_attack_gains_nothing_it_did_not_earn(classes: dict[str, Class], path: Path) -> None:
    found = classes[kata_of(path)]
    require_harmless(found.reports[path.name], found.earns[path.name])


@pytest.mark.parametrize("name", list(made()), ids=lambda name: ascii(name)[1:-1])
def test_an_attack_that_no_small_file_holds_gains_nothing(
    classes: dict[str, Class], name: str
) -> None:
    found = classes["rank_fusion"]
    require_harmless(found.reports[reported(name)], found.earns[reported(name)])


@pytest.mark.parametrize("kata", list(HONEST))
def test_nothing_is_left_and_everyone_is_answered(classes: dict[str, Class], kata: str) -> None:
    found = classes[kata]
    assert found.status == 1, found.errors
    assert found.errors == ""
    assert set(found.reports) == {*found.earns, "honest.py", "outside.py"}
    assert found.left == []
    assert found.changed == []


@pytest.mark.parametrize("kata", list(HONEST))
@pytest.mark.parametrize("name", ["honest.py", "outside.py"])
def test_an_honest_submission_among_them_is_judged_as_it_would_be_alone(
    classes: dict[str, Class], kata: str, name: str
) -> None:
    report = classes[kata].reports[name]
    assert report["points"] == report["max_points"]
    assert report["seconds"] < TIMEOUT / 2


def test_each_attack_says_what_it_attempts() -> None:
    assert len(ATTACKS) >= 65
    for path in ATTACKS:
        assert kata_of(path) in HONEST, path
        tree = ast.parse(path.read_text(encoding="utf-8"))
        text = ast.get_docstring(tree) or ""
        assert text.endswith("."), path
        assert len(text.split()) > 5, path
