"""The extension for VS Code: its unit tests, and that what is compiled and packed is current.

The run in the real editor is `make test-editors`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from classroom import kata

EXTENSION = Path(__file__).resolve().parents[1] / ".vscode/extensions/kata"


def test_what_is_compiled_is_current() -> None:
    digest = hashlib.sha256()
    for path in sorted((EXTENSION / "src").iterdir()):
        digest.update(path.read_bytes())
    noted = (EXTENSION / "out/sources.sha256").read_text().strip()
    assert noted == digest.hexdigest(), "src/ has changed: make vsix"


def test_the_package_holds_what_is_compiled_and_nothing_else() -> None:
    with zipfile.ZipFile(EXTENSION / "kata.vsix") as packed:
        names = {name for name in packed.namelist() if name.startswith("extension/")}
        for path in (EXTENSION / "out").iterdir():
            assert packed.read(f"extension/out/{path.name}") == path.read_bytes(), "make vsix"
    compiled = {f"extension/out/{path.name}" for path in (EXTENSION / "out").iterdir()}
    assert names - compiled == {"extension/package.json", "extension/media/kata.svg"}


def test_every_command_that_is_offered_exists() -> None:
    offered = json.loads((EXTENSION / "package.json").read_text())["contributes"]["commands"]
    source = (EXTENSION / "src/extension.ts").read_text()
    for command in offered:
        name = command["command"].removeprefix("kata.")
        assert f"command('{name}'" in source or f"plain('{name}'" in source, name


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_its_unit_tests_pass() -> None:
    done = subprocess.run(
        ["node", "--test", *sorted(map(str, (EXTENSION / "test").glob("*.test.mjs")))],
        cwd=EXTENSION,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


def test_the_report_is_a_page_that_needs_nothing_else(project: Path, right: str) -> None:
    stub = project / "katas/mean/mean.py"
    stub.write_text(right.replace("total / len(values)", "total / (len(values) - 1 or 1)"))
    done = kata(project, "test", "mean", "--html", "report.html")
    assert done.returncode == 1, done.stderr
    page = (project / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "the sum is divided by n - 1" in page
    assert "<script" not in page and "http" not in page.replace("http://www.w3.org", "")
