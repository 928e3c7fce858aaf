"""What an instructor does without nbgrader: bundle, a class of several katas, regrade, reports."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from autograder.catalog import find_root, load_catalogue, load_kata

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading forks")
ROOT = find_root(Path(__file__))
assert ROOT is not None


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
