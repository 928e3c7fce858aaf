"""What the tests of a class share: the command, and a project with a second kata."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest


def kata(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env={**os.environ, "KATA_HOME": str(folder / "home"), **environment},
    )


def put(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


TOTAL = {
    "katas/total/kata.toml": (
        'title = "The sum"\ntrack = "search"\norder = 2\ndifficulty = "easy"\nminutes = 5\n'
        "time_limit = 2\n[tasks]\ntotal = 2\n"
    ),
    "katas/total/README.md": "# The sum\n\nAdd them.\n",
    "katas/total/total.py": "def total(values):\n    raise NotImplementedError\n",
    "katas/total/test_total.py": "def test_one(submission):\n    submission.total([1])\n",
    "solutions/total/total.py": "def total(values):\n    return sum(values)\n",
    "solutions/total/test_hidden.py": """\
from autograder.checks import assert_close
from autograder.suite import hint, points


@points(2)
@hint("What is left out?")
def test_all_values_count(submission):
    assert_close(submission.total([1.0, 2.0, 4.0]), 7.0)
""",
}
RIGHT_TOTAL = "def total(values):\n    return sum(float(v) for v in values)\n"


@pytest.fixture
def two(project: Path) -> Path:
    """The project with a second kata."""
    return put(project, TOTAL)
