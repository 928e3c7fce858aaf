"""The catalogue: what katas there are, read from their `kata.toml` and from nothing else."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

DIFFICULTIES = ("easy", "medium", "hard")
TRACKS = (
    "transformers",
    "prompting",
    "agents",
    "retrieval",
    "search",
    "tuning",
    "evaluation",
    "serving",
    "gpu",
)
"""The tracks, in the order of the course."""


class CatalogError(Exception):
    """A kata that cannot be found or read; the text says which file, which field and what to do."""


@cache
def _is_installed(module: str) -> bool:
    from importlib.util import find_spec  # `kata list` needs none of it

    return find_spec(module) is not None


class Task(NamedTuple):
    """One function or class of a kata, and what it is worth."""

    name: str
    points: float


class Kata(NamedTuple):
    """One interview topic: the folder `katas/<name>` and, where it exists, `solutions/<name>`.

    A tuple, since `kata list` has to start at once: it needs no import.
    """

    name: str
    title: str
    track: str
    order: int
    difficulty: str
    minutes: int
    requires: tuple[str, ...]
    prerequisites: tuple[str, ...]
    questions: tuple[str, ...]
    forbidden: tuple[str, ...]
    tasks: tuple[Task, ...]
    time_limit: float
    root: Path

    @property
    def folder(self) -> Path:
        """What a learner sees."""
        return self.root / "katas" / self.name

    @property
    def solutions(self) -> Path:
        """The answer key; need not exist."""
        return self.root / "solutions" / self.name

    @property
    def stub(self) -> Path:
        """The file that the learner edits."""
        return self.folder / f"{self.name}.py"

    @property
    def notebook(self) -> Path:
        """The same as a notebook; need not exist."""
        return self.folder / f"{self.name}.ipynb"

    @property
    def visible(self) -> Path:
        """The visible examples."""
        return self.folder / f"test_{self.name}.py"

    @property
    def readme(self) -> Path:
        """The interview question and the task."""
        return self.folder / "README.md"

    @property
    def reference(self) -> Path:
        """The reference implementation."""
        return self.solutions / f"{self.name}.py"

    @property
    def suite(self) -> Path:
        """The hidden suite."""
        return self.solutions / "test_hidden.py"

    @property
    def misconceptions(self) -> Path:
        """The wrong turns."""
        return self.solutions / "misconceptions.py"

    @property
    def missing(self) -> tuple[str, ...]:
        """What the kata requires and this Python does not have."""
        return tuple(name for name in self.requires if not _is_installed(name))

    @property
    def points(self) -> float:
        """What all tasks are worth together."""
        return sum(task.points for task in self.tasks)

    @property
    def task_names(self) -> tuple[str, ...]:
        """The names of the tasks, in the order of the stub."""
        return tuple(task.name for task in self.tasks)


def find_root(start: Path) -> Path | None:
    """Return the nearest folder from `start` upwards that has `katas/`, or None."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / "katas").is_dir():
            return folder
    return None


def is_stub(path: Path) -> bool:
    """Say whether `path` is `<folder>/<folder>.py` with a `kata.toml` beside it."""
    return path.suffix == ".py" and path.stem == path.parent.name and _toml(path.parent).is_file()


def kata_of(path: Path) -> Kata | None:
    """Return the kata whose folder holds the file or folder `path`, or None."""
    path = path.resolve()
    for folder in (path, *path.parents):
        if folder.parent.name == "katas" and _toml(folder).is_file():
            return load_kata(folder)
    return None


def load_catalogue(root: Path) -> list[Kata]:
    """Read every kata below `root`, in the order of the course."""
    folders = sorted(path.parent for path in (root / "katas").glob("*/kata.toml"))
    return sorted(map(load_kata, folders), key=course_order)


def course_order(kata: Kata) -> tuple[int, int, str]:
    """Return the key by which katas stand in the course: track, place in it, name."""
    track = TRACKS.index(kata.track) if kata.track in TRACKS else len(TRACKS)
    return track, kata.order, kata.name


def find_kata(root: Path, name: str) -> Kata:
    """Return the kata called `name`.

    Raises:
        CatalogError: if there is none; the text suggests the nearest name.
    """
    name = name.removesuffix("/").rpartition("/")[2].removesuffix(".py")
    folder = root / "katas" / name
    if not re.fullmatch(r"\w+", name) or not _toml(folder).is_file():
        names = [path.parent.name for path in (root / "katas").glob("*/kata.toml")]
        raise CatalogError(f"no kata '{name}'{suggestion(name, names)}; `kata list` shows all")
    return load_kata(folder)


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return `; did you mean 'attention'?`, or nothing where no name is near."""
    import difflib  # only for a mistake: `kata list` has to start at once

    near = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def load_kata(folder: Path) -> Kata:
    """Read and validate the `kata.toml` of a kata's folder.

    Raises:
        CatalogError: naming the file, the line and the field that is wrong.
    """
    path = _toml(folder)
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path}: not valid TOML: {error}") from None
    return _Reader(path, text, data).kata(folder)


def task_lines(source: str, names: Iterable[str]) -> dict[str, int]:
    """Return the line of each top-level function or class of `source` that `names` holds."""
    lines = _top_level(source)
    return {name: lines[name] for name in names if name in lines}


@lru_cache(maxsize=4)
def _top_level(source: str) -> dict[str, int]:
    """Return the line of each top-level function or class; asked for after every failed test."""
    import ast  # not at the top: `kata list` has to start at once

    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        # A file that does not parse still has lines to point at.
        found: dict[str, int] = {}
        for number, line in enumerate(source.splitlines(), 1):
            match = re.match(r"(?:async\s+)?(?:def|class)\s+(\w+)", line)
            if match:
                found.setdefault(match[1], number)
        return found
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name: node.lineno for node in body if isinstance(node, definitions)}


def _toml(folder: Path) -> Path:
    return folder / "kata.toml"


_FIELDS: dict[str, Any] = {
    "title": str,
    "track": str,
    "order": int,
    "difficulty": str,
    "minutes": int,
    "requires": list,
    "prerequisites": list,
    "questions": list,
    "forbidden": list,
    "time_limit": (int, float),
    "tasks": dict,
}
_OPTIONAL: dict[str, Any] = {
    "requires": [],
    "prerequisites": [],
    "questions": [],
    "forbidden": [],
    "time_limit": 10,
}
_KINDS = {str: "text", int: "a whole number", list: "a list of texts", dict: "a table"}


class _Reader:
    """Reads one `kata.toml`; knows where each field stands, so that errors can say it."""

    def __init__(self, path: Path, text: str, data: dict[str, Any]) -> None:
        self.path, self.text, self.data = path, text, data

    def kata(self, folder: Path) -> Kata:
        for field in self.data:
            if field not in _FIELDS:
                raise self.error(field, f"unknown field '{field}'{suggestion(field, _FIELDS)}")
        values: dict[str, Any] = {field: self.value(field) for field in _FIELDS}
        if values["difficulty"] not in DIFFICULTIES:
            raise self.error("difficulty", f"difficulty must be one of {', '.join(DIFFICULTIES)}")
        if values["track"] not in TRACKS:
            raise self.error(
                "track",
                f"unknown track '{values['track']}'{suggestion(values['track'], TRACKS)}",
            )
        for field in ("order", "minutes", "time_limit"):
            if values[field] <= 0:
                raise self.error(field, f"{field} must be above 0, got {values[field]}")
        tasks = values.pop("tasks")
        if not tasks:
            raise self.error("tasks", "a kata needs at least one task")
        for field in ("requires", "prerequisites", "questions", "forbidden"):
            values[field] = tuple(values[field])
        values["tasks"] = tuple(self.task(name, points) for name, points in tasks.items())
        return Kata(name=folder.name, root=folder.parent.parent, **values)

    def value(self, field: str) -> Any:
        if field not in self.data:
            if field in _OPTIONAL:
                return _OPTIONAL[field]
            raise self.error(field, f"the field '{field}' is missing")
        value, kind = self.data[field], _FIELDS[field]
        fits = isinstance(value, kind) and not isinstance(value, bool)
        if kind is list:
            fits = fits and all(isinstance(item, str) for item in value)
        if not fits:
            name = _KINDS.get(kind, "a number") if isinstance(kind, type) else "a number"
            raise self.error(field, f"{field} must be {name}, got {value!r}")
        return value

    def task(self, name: str, points: object) -> Task:
        if not name.isidentifier():
            raise self.error(name, f"task '{name}' is not a Python name")
        if isinstance(points, bool) or not isinstance(points, int | float) or points <= 0:
            raise self.error(name, f"the points of task '{name}' must be above 0, got {points!r}")
        return Task(name, float(points))

    def error(self, field: str, problem: str) -> CatalogError:
        pattern = re.compile(rf"^\s*(\[\s*)?{re.escape(field)}\b")
        for number, line in enumerate(self.text.splitlines(), 1):
            if pattern.match(line):
                return CatalogError(f"{self.path}:{number}: {problem}")
        return CatalogError(f"{self.path}: {problem}")
