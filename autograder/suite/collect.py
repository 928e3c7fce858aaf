"""How tests of a kata come to be: the stub file collects its hidden suite.

A hidden test is a child of the stub, so that its node id names a file that a learner has, and its
location is the line of the task, so that a click in an editor opens what is to be edited.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.pathlib import ImportMode, import_path

from autograder.catalog import Kata, kata_of, load_kata, task_lines


@dataclass(frozen=True)
class TestInfo:
    """What a kata's test is about."""

    __test__ = False

    kata: Kata
    hidden: bool
    task: str | None
    points: float
    hint: str | None


INFO: pytest.StashKey[TestInfo] = pytest.StashKey()


class VisibleExamples(pytest.Module):
    """`test_<kata>.py`, imported without putting the kata's folder on the path.

    A kata may be called like a library; on the path its stub would hide it.
    """

    def _getobj(self) -> ModuleType:
        return _import(self.path, self.config.rootpath, self)


class HiddenSuite(pytest.Module):
    """A stub file, whose tests are those of `solutions/<kata>/test_hidden.py`."""

    def _getobj(self) -> ModuleType:
        kata = load_kata(self.path.parent)
        return _import(kata.suite, kata.root, self)

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Collect the suite, with the stub's lines as places."""
        kata = load_kata(self.path.parent)
        lines = _stub_lines(kata.stub)
        for item in super().collect():
            if isinstance(item, pytest.Function):
                line = lines.get(task_of(item, kata) or "", 1)
                item.reportinfo = _place(self.path, line, item.name)  # type: ignore[method-assign]
            yield item


def _import(path: Path, root: Path, node: pytest.Module) -> ModuleType:
    try:
        return import_path(
            path, mode=ImportMode.importlib, root=root, consider_namespace_packages=False
        )
    except Exception as error:
        raise node.CollectError(f"{path.name} cannot be imported: {error!r}") from error


def _place(path: Path, line: int, name: str) -> Any:
    return lambda: (path, line - 1, name)


@cache
def _stub_lines(stub: Path) -> dict[str, int]:
    kata = load_kata(stub.parent)
    return task_lines(stub.read_text(encoding="utf-8", errors="replace"), kata.task_names)


def task_of(item: pytest.Function, kata: Kata) -> str | None:
    """Return the task that a test belongs to: the one it is marked with, or names first."""
    marker = item.get_closest_marker("points")
    if marker and marker.kwargs.get("task"):
        return str(marker.kwargs["task"])
    return _first_task(inspect.unwrap(item.function), kata.task_names)


@cache
def _first_task(function: Any, tasks: tuple[str, ...]) -> str | None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return None
    for node in _in_order(tree):
        if isinstance(node, ast.Attribute) and _is_submission(node.value) and node.attr in tasks:
            return node.attr
        if isinstance(node, ast.Call) and _is_submission(getattr(node.func, "value", None)):
            names = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            for name in names:
                if isinstance(name, str) and name.partition(".")[0] in tasks:
                    return name.partition(".")[0]
    return tasks[0] if len(tasks) == 1 else None


def _is_submission(node: object) -> bool:
    return isinstance(node, ast.Name) and node.id == "submission"


def _in_order(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree in the order of its text."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
    return iter(sorted(nodes, key=lambda node: (node.lineno, node.col_offset)))


def describe(items: list[pytest.Item]) -> None:
    """Note on each item of a kata what it is about; a parametrized test shares its points."""
    groups: dict[tuple[Path, str], list[pytest.Function]] = {}
    for item in items:
        if isinstance(item, pytest.Function) and kata_of_item(item) is not None:
            groups.setdefault((item.path, item.originalname), []).append(item)
    for cases in groups.values():
        kata = kata_of_item(cases[0])
        assert kata is not None
        hidden = isinstance(cases[0].parent, HiddenSuite)
        for item in cases:
            mark = item.get_closest_marker("points")
            worth = float(mark.args[0]) if mark and hidden else 0.0
            text = item.get_closest_marker("hint")
            # A failure is told in the words of its verdict; pytest's own text is never shown.
            item.repr_failure = _no_text  # type: ignore[method-assign]
            item.stash[INFO] = TestInfo(
                kata=kata,
                hidden=hidden,
                task=task_of(item, kata),
                points=worth / _case_count(item, len(cases)),
                hint=str(text.args[0]) if text and text.args else None,
            )


def _no_text(excinfo: object, style: object = None) -> str:
    return ""


def _case_count(item: pytest.Function, seen: int) -> int:
    """Return how many cases a test has, also when only some of them were selected."""
    count = 1
    for mark in item.iter_markers("parametrize"):
        values = mark.args[1] if len(mark.args) > 1 else mark.kwargs["argvalues"]
        count *= len(list(values))
    return max(count, 1) if count > 1 else max(seen, 1)


def kata_of_item(item: pytest.Item) -> Kata | None:
    """Return the kata that an item tests, or None."""
    if not isinstance(item.parent, HiddenSuite | VisibleExamples):
        return None
    return _kata_of(item.path)


@cache
def _kata_of(path: Path) -> Kata | None:
    return kata_of(path)
