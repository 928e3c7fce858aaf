"""Finding and reading what was handed in: files, notebooks, a folder of a class.

All of it is foreign: a link may lead to the answers, a file may be a pipe, huge, or no text. What
cannot be read becomes a source with a `problem`, so that every submission gets its report.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.catalog import CatalogError, Kata
from autograder.sandbox.submission import Source

GREATEST = 5 << 20
"""Bytes of a submission; nobody writes more by hand."""
SUFFIXES = (".py", ".ipynb")
DROPPED = "kata"
"""Where a cell keeps the id that nbgrader is not to see, as that of a copy."""
MAGIC_WORK = 200_000
"""Characters, times magics, of a notebook that is read as IPython does; a second or two."""

OUR_CELL = re.compile(r"(?P<before>\s*)%%kata\b[ \t]*(?P<kata>\w*)[^\n]*")
OUR_LINE = re.compile(r"^%(?:kata|(?:re)?load_ext[ \t]+autograder)\b[^\n]*$", re.MULTILINE)


@dataclass(frozen=True)
class HandedIn:
    """One submission: its name as the user gave it, and the file (None where there is none)."""

    name: str
    path: Path | None
    trusted: bool = False


def handed_in(path: Path, name: str, kata: Kata) -> list[HandedIn]:
    """Return what `path` holds: itself if it is a file, one a sub-folder or file if a folder.

    Raises:
        CatalogError: if there is no such file or folder.
    """
    if path.is_dir():
        return [
            HandedIn(str(Path(name) / entry.name), _file_of(entry, kata)) for entry in entries(path)
        ]
    if not path.exists():
        raise CatalogError(f"{name}: no such file or folder")
    return [HandedIn(name, path, trusted=True)]


def entries(folder: Path) -> list[Path]:
    """Return what counts as a submission in the folder of a class: sub-folders, files, links."""
    return [
        entry
        for entry in sorted(folder.iterdir())
        if not entry.name.startswith((".", "__"))
        and (entry.is_dir() or entry.suffix in SUFFIXES or entry.is_symlink())
    ]


def _file_of(entry: Path, kata: Kata) -> Path | None:
    if entry.is_symlink() or not entry.is_dir():
        return entry
    wanted = [entry / f"{kata.name}{suffix}" for suffix in SUFFIXES]
    found = [path for path in wanted if os.path.lexists(path)]
    if not found:
        found = [path for path in files_below(entry) if path.stem == kata.name]
    if not found:
        found = files_below(entry)
        found = found if len(found) == 1 else []
    return found[0] if found else None


def files_below(folder: Path, depth: int = 4) -> list[Path]:
    """Return the sources in a folder, the nearest first, following no links."""
    found: list[Path] = []
    folders = [folder]
    for _ in range(depth):
        inner: list[Path] = []
        for place in folders:
            for entry in _entries(place):
                if entry.name.startswith((".", "__")):
                    continue
                if entry.is_dir() and not entry.is_symlink():
                    inner.append(entry)
                elif entry.suffix in SUFFIXES:
                    found.append(entry)
        folders = inner
    return found


def _entries(folder: Path) -> list[Path]:
    """Return what a folder holds, nothing where it may not be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def read(submission: HandedIn, kata: Kata) -> Source:
    """Read a submission's file."""
    if submission.path is None:
        return _problem(submission.name, f"no {kata.name}.py or {kata.name}.ipynb was handed in")
    try:
        data = _bytes_of(submission.path, follow=submission.trusted)
    except OSError as error:
        return _problem(submission.name, f"the file cannot be read: {error.strerror or error}")
    except ValueError as error:
        return _problem(submission.name, str(error))
    return source_of(submission.name, submission.path.name, data, kata)


def source_of(name: str, file: str, data: bytes, kata: Kata) -> Source:
    """Return the source that the bytes of a file or notebook hold."""
    if len(data) > GREATEST:
        return _problem(name, f"the file has more than {GREATEST >> 20} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _problem(name, f"the file is not UTF-8 text: {error}")
    if Path(file).suffix == ".ipynb" or (not Path(file).suffix and _looks_like_notebook(text)):
        return _notebook(name, text, kata)
    return Source(name, ((file if file.endswith(".py") else "submission.py", text),))


def _looks_like_notebook(text: str) -> bool:
    return text.lstrip().startswith("{") and '"cells"' in text


def _bytes_of(path: Path, *, follow: bool) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    if not follow:
        if path.is_symlink():
            raise ValueError("it is a link, and links are not followed")
        flags |= getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no regular file")
        return file.read(GREATEST + 1)


def _problem(name: str, text: str) -> Source:
    return Source(name, (), problem=text)


def _notebook(name: str, text: str, kata: Kata) -> Source:
    try:
        cells = cells_of_kata(json.loads(text), kata)
    except (ValueError, RecursionError) as error:
        return _problem(name, f"the notebook cannot be read: {error}")
    return notebook_source(name, cells)


def notebook_source(name: str, cells: Sequence[str]) -> Source:
    """Return the source of a notebook's code cells; magics become what IPython makes of them."""
    chunks, work = [], 0
    for number, cell in enumerate(cells, 1):
        work += _work_of(cell)
        chunks.append((f"cell {number}", plain_python(cell) if work <= MAGIC_WORK else cell))
    return Source(name, tuple(chunks), notebook=True)


def cells_of_kata(notebook: Any, kata: Kata) -> list[str]:
    """Return the code cells of a notebook that a kata is judged by.

    In an assignment of several katas the cells of the others are left out, since their tasks may
    have the same names, and so are grade cells and examples, which a submission needs not. The same
    holds for cells under `%%kata` of another kata.

    Raises:
        ValueError: if it has not the form of a notebook.
    """
    from autograder.classroom.assignment import preamble_of

    found, assigned = [], False
    for text, identity in code_cells(notebook):
        owner, _, part = identity.partition("__")
        if not part:
            text, magic = without_our_magics(text)
            if "run_examples(globals()" not in text and magic in ("", kata.name):
                found.append(text)
        elif owner == kata.name:
            assigned = True
            if part in kata.task_names:
                found.append(text)
    if assigned:
        found.insert(0, preamble_of(kata.stub.read_text(encoding="utf-8"), kata.task_names))
    return found


def without_our_magics(cell: str) -> tuple[str, str]:
    """Return a cell with `%%kata` and what loads it as empty lines, and the kata that it names."""
    match = OUR_CELL.match(cell)
    if match is not None:
        cell = f"{match['before']}{cell[match.end() :]}"
    return OUR_LINE.sub("", cell), match["kata"] if match else ""


def read_notebook(path: Path) -> Any:
    """Return the JSON of a notebook that was handed in, or None where it cannot be read."""
    try:
        return json.loads(_bytes_of(path, follow=False))
    except (OSError, ValueError, RecursionError):
        return None


def code_cells(notebook: Any) -> Iterator[tuple[str, str]]:
    """Yield the text of each code cell of a notebook's JSON, and its id in an assignment, if any.

    Raises:
        ValueError: if it has not the form of a notebook.
    """
    if not isinstance(notebook, dict):
        raise ValueError("it is no JSON object")
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        cells = [c for sheet in notebook["worksheets"] for c in sheet.get("cells", [])]
    if not isinstance(cells, list):
        raise ValueError("it has no cells")
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))
            if isinstance(source, list):
                source = "".join(map(str, source))
            metadata = cell.get("metadata")
            held = metadata if isinstance(metadata, dict) else {}
            about = held.get("nbgrader") or held.get(DROPPED)
            identity = about.get("grade_id") if isinstance(about, dict) else None
            yield str(source), identity if isinstance(identity, str) else ""


def plain_python(cell: str) -> str:
    """Return a cell with its magics and shell lines as the calls that IPython makes of them."""
    if not 0 < _work_of(cell) <= MAGIC_WORK:
        return cell
    try:
        from IPython.core.inputtransformer2 import TransformerManager

        manager: Any = TransformerManager
        return str(manager().transform_cell(cell))
    except Exception:  # the text is foreign; what IPython cannot read, Python will say why
        return cell


def _work_of(cell: str) -> int:
    """Estimate the work of IPython, which reads a whole cell again for each magic; 0 for none."""
    if not any(
        line.lstrip().startswith(("%", "!", "?"))
        or "= %" in line
        or "= !" in line
        or "=%" in line
        or "=!" in line
        or line.rstrip().endswith("?")
        for line in cell.splitlines()
    ):
        return 0
    return len(cell) * sum(any(sign in line for sign in "%!?") for line in cell.splitlines())
