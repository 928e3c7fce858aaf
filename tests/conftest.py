"""A project of one small kata as a fixture, for tests of the kit itself."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest
from small_kata import FILES, RIGHT

os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = ["pytester"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the kata `mean`; its modules are forgotten afterwards."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("KATA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    path_before = list(sys.path)
    _forget("solutions")
    importlib.invalidate_caches()
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("solutions", "katas", "submission"):
            del sys.modules[name]
    sys.path[:] = path_before


def _forget(package: str) -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == package]:
        del sys.modules[name]


@pytest.fixture
def right() -> str:
    """A right answer in another style than the reference's."""
    return RIGHT
