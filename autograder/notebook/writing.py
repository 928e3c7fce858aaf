"""`kata notebook`: a kata as a notebook, made of its own files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.catalog import CatalogError, Kata
from autograder.classroom.assignment import definitions, examples_cell, maker, preamble_of
from autograder.classroom.bundle import given_out
from autograder.learner import files

CHECK = """\
## Check

A cell under `%%kata` is judged when it runs, together with those before it. This judges all of them
again; `kata grade` judges the notebook in the same way."""

AFTERWARDS = re.compile(r"## (?:follow.?up|read more)", re.IGNORECASE)
"""Parts of a README that are for the time after solving."""


def notebook(kata: Kata) -> Any:
    """Return a kata as a notebook: question, a cell for each task, examples, a check.

    Raises:
        CatalogError: if the stub is not known as it was given out.
    """
    stub = given_out(kata)
    magic = f"%%kata {kata.name}\n"
    parts = [_text(kata, f"question-{i}", part) for i, part in enumerate(_sections(kata), 1)]
    cells = [part for part in parts if not AFTERWARDS.match(part.source)]
    cells.append(_code(kata, "load", "%load_ext autograder"))
    preamble = preamble_of(stub, kata.task_names)
    if not preamble.startswith("#"):
        cells.append(_code(kata, "imports", magic + preamble))
    defined = definitions(stub)
    cells += [_code(kata, task, magic + defined[task]) for task in kata.task_names]
    if kata.visible.is_file():
        cells.append(_text(kata, "examples-text", "## Examples"))
        cells.append(_code(kata, "examples", examples_cell(kata)))
    cells.append(_text(kata, "check-text", CHECK))
    cells.append(_code(kata, "check", f"%kata {kata.name}"))
    cells += [part for part in parts if part not in cells]
    made = maker("notebook")(cells=cells)
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    made.metadata["kata"] = {"name": kata.name}
    return made


def write(kata: Kata, path: Path) -> Path | None:
    """Write a kata's notebook; return the backup of what was there, or None where nothing was.

    Raises:
        CatalogError: if it cannot be written.
    """
    import nbformat

    render: Any = nbformat.writes
    text = render(notebook(kata)) + "\n"
    if path.is_dir() or not path.parent.is_dir():
        raise CatalogError(f"{path}: no notebook can be written there")
    saved = None
    if path.is_file() and path.read_bytes() != text.encode():
        saved = files.backup(path)
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return saved


def _sections(kata: Kata) -> Iterable[str]:
    """Yield the README in parts that begin with a heading."""
    lines: list[str] = []
    fenced = False
    for line in kata.readme.read_text(encoding="utf-8").splitlines():
        fenced ^= line.lstrip().startswith("```")
        if line.startswith("## ") and not fenced and any(lines):
            yield "\n".join(lines).strip()
            lines = []
        lines.append(line)
    if any(lines):
        yield "\n".join(lines).strip()


def _text(kata: Kata, part: str, text: str) -> Any:
    return maker("markdown_cell")(text, id=_id(kata, part))


def _code(kata: Kata, part: str, text: str) -> Any:
    return maker("code_cell")(text, id=_id(kata, part))


def _id(kata: Kata, part: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "-", f"{kata.name}-{part}")[:64]
