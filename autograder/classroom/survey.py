"""Which katas a class handed in, where nobody names one: by file names and by ids of cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.catalog import CatalogError, Kata, course_order, load_kata
from autograder.classroom.assignment import SEPARATOR
from autograder.classroom.submissions import (
    SUFFIXES,
    HandedIn,
    code_cells,
    entries,
    files_below,
    handed_in,
    read_notebook,
)

Work = tuple[Kata, list[HandedIn]]
"""A kata, and what each submission has for it."""


@dataclass
class _Entry:
    """One submission, and the file that it has for each kata."""

    name: str
    files: dict[str, Path] = field(default_factory=dict)


def survey(path: Path, name: str, root: Path) -> list[Work]:
    """Return the katas that a file, or any submission of a folder, is called after or holds.

    Each is paired with every submission: one that has nothing for it gets a report that says so.

    Raises:
        CatalogError: if there is nothing, or no kata in it.
    """
    known = {toml.parent.name for toml in (root / "katas").glob("*/kata.toml")}
    if path.is_dir():
        found = [_look(entry, str(Path(name) / entry.name), known) for entry in entries(path)]
    elif path.exists():
        found = [_look(path, name, known)]
    else:
        raise CatalogError(f"{name}: no such file or folder")
    if not found:
        raise CatalogError(f"{name}: holds no submissions (.py, .ipynb, or a folder for each)")
    names = {kata for entry in found for kata in entry.files}
    if not names:
        raise CatalogError(
            f"{name}: no file in it is called after a kata, and no cell is one of an assignment; "
            "say which it is: --kata NAME"
        )
    katas = sorted((load_kata(root / "katas" / kata) for kata in names), key=course_order)
    if len(katas) == 1 and path.is_dir():  # then a single file of another name is meant, too
        for entry, other in zip(found, handed_in(path, name, katas[0]), strict=True):
            if other.path is not None:
                entry.files.setdefault(katas[0].name, other.path)
    trusted = not path.is_dir()
    return [
        (kata, [HandedIn(one.name, one.files.get(kata.name), trusted) for one in found])
        for kata in katas
    ]


def told(work: Sequence[Work]) -> str:
    """Return what was found, in one line."""
    parts = []
    for kata, submissions in work:
        count = sum(one.path is not None for one in submissions)
        parts.append(f"{kata.name} ({count} of {len(submissions)} submissions)")
    return f"found {', '.join(parts)}"


def _look(entry: Path, name: str, known: Iterable[str]) -> _Entry:
    one = _Entry(name)
    if entry.is_symlink():  # it is not followed: its report says so
        if entry.stem in known:
            one.files[entry.stem] = entry
        return one
    files = files_below(entry) if entry.is_dir() else [entry]
    for path in files:
        if path.stem in known and path.suffix in SUFFIXES:
            one.files.setdefault(path.stem, path)
    for path in files:
        if path.suffix == ".ipynb":
            for kata in _assigned(path, known):
                one.files.setdefault(kata, path)
    return one


def _assigned(path: Path, known: Iterable[str]) -> Mapping[str, None]:
    """Return the katas that a notebook's cells belong to, by their ids in an assignment."""
    notebook = read_notebook(path)
    try:
        owners = [identity.partition(SEPARATOR) for _, identity in code_cells(notebook)]
    except ValueError:
        return {}
    return dict.fromkeys(owner for owner, _, part in owners if part and owner in known)
