"""`%%kata NAME` at the head of a cell: define what it holds, and judge it.

The kernel holds no suite: a process of its own judges (see `judge.py`), in the sandbox.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from autograder.catalog import CatalogError, Kata, find_kata, find_root, kata_of, task_lines
from autograder.notebook.client import JudgeProcess
from autograder.sandbox.submission import Source

USAGE = "%%kata NAME [--trust]"
OPTIONS = ("--trust",)
Show = Callable[[Any], None]


class Cells:
    """The cells of each kata as they were run last, in the order of their first run."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, tuple[str, str]]] = {}

    def add(self, kata: str, key: str, label: str, text: str) -> None:
        """Keep a cell; one that is run again takes its old place."""
        self._held.setdefault(kata, {})[key] = label, text

    def chunks(self, kata: str) -> tuple[tuple[str, str], ...]:
        """Return what was kept of a kata: label and text of each cell."""
        return tuple(self._held.get(kata, {}).values())


class KataMagic:
    """The magic of one kernel, for cells and, without a cell's text, for lines."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.cells = Cells()
        self.judge = JudgeProcess()

    def __call__(self, line: str, cell: str | None = None) -> None:
        """Judge the kata's cells; with a `cell`, define what it holds before that."""
        kata, trust = self._read(line)
        if cell is None:
            if not self.cells.chunks(kata.name):
                _refuse(f"no cell with `%%kata {kata.name}` has run yet: run those first")
            self._show(kata, trust)
            return
        # The magic is the first line of the cell; lines count as the learner sees them.
        text = self._checked("\n" + cell)
        number = len(self.shell.history_manager.input_hist_parsed) - 1
        label = f"In [{number}]"
        self.cells.add(kata.name, self._key(label), label, text)
        self._define(cell, number)
        if self._has_task(kata, text):
            self._show(kata, trust)

    def close(self) -> None:
        """End the judge."""
        self.judge.close()

    # -- what was asked for -----------------------------------------------------------------

    def _read(self, line: str) -> tuple[Kata, bool]:
        """Return the kata of a magic's line, and whether its code is trusted."""
        words = line.split()
        names = [word for word in words if not word.startswith("-")]
        unknown = [word for word in words if word.startswith("-") and word not in OPTIONS]
        if unknown:
            _refuse(f"no option {unknown[0]}; usage: {USAGE}")
        here = kata_of(Path.cwd())
        if not names and here is not None:
            names = [here.name]
        if len(names) != 1:
            _refuse(f"name one kata; usage: {USAGE}")
        root = find_root(Path.cwd())
        if root is None:
            _refuse("no katas here: start Jupyter in the project's folder (the one with katas/)")
        try:
            return find_kata(root, names[0]), "--trust" in words
        except CatalogError as error:
            _refuse(str(error))

    def _checked(self, text: str) -> str:
        """Return a cell as Python, or say what is wrong with it."""
        from autograder.classroom.submissions import plain_python

        plain = plain_python(text)
        try:
            ast.parse(plain)
        except SyntaxError as error:
            line = f"\n    {error.text.rstrip()}" if error.text else ""
            if error.text and error.offset:
                line += "\n    " + " " * (error.offset - 1) + "^"
            _refuse(f"the cell is not Python: line {error.lineno}: {error.msg}{line}")
        except (ValueError, MemoryError, RecursionError) as error:
            _refuse(f"the cell cannot be read: {error}")
        return plain

    def _key(self, label: str) -> str:
        """Return what stays the same when a cell is run again: its id, where there is one."""
        try:
            metadata = self.shell.get_parent()["metadata"]
            return str(metadata.get("cellId") or label)
        except (AttributeError, KeyError, TypeError):
            return label

    def _has_task(self, kata: Kata, text: str) -> bool:
        """Say whether the cells so far define a task.

        Imports and what the stub gives may come first; other functions alone are a mistake.
        """
        everything = "\n".join(text for _, text in self.cells.chunks(kata.name))
        if task_lines(everything, kata.task_names):
            return True
        given = _defined(kata.stub.read_text(encoding="utf-8"))
        strange = [name for name in _defined(text) if name not in given]
        if strange:
            near = difflib.get_close_matches(strange[0], kata.task_names, n=1)
            advice = f"; did you mean '{near[0]}' by '{strange[0]}'?" if near else ""
            tasks = ", ".join(kata.task_names)
            _refuse(f"the cell defines no task of {kata.name} ({tasks}){advice}")
        print(f"kept for the cells of {kata.name} that follow")
        return False

    def _define(self, cell: str, number: int) -> None:
        """Run a cell as an ordinary one; a traceback has the number and lines that are seen."""
        count, self.shell.execution_count = self.shell.execution_count, number
        try:
            text = cell if cell.lstrip().startswith("%%") else f"# %%kata\n{cell}"
            self.shell.run_cell(text, store_history=False)
        finally:
            self.shell.execution_count = count

    # -- judging ----------------------------------------------------------------------------

    def _show(self, kata: Kata, trust: bool) -> None:
        from IPython.display import display

        from autograder.learner.trial import note_attempt
        from autograder.notebook.page import Result

        source = Source(f"{kata.name} (notebook)", self.cells.chunks(kata.name), notebook=True)
        try:
            found = self.judge.judge(kata, source, trust=trust)
        except CatalogError as error:
            _refuse(str(error))
        except KeyboardInterrupt:
            _refuse("interrupted: the cell is defined, but was not judged")
        assert found.report is not None
        note_attempt(found.report)
        notes = self._not_under_the_magic(kata, (v.message or "" for v in found.report.verdicts))
        show: Show = display
        show(Result(kata, found, notes))

    def _not_under_the_magic(self, kata: Kata, messages: Iterable[str]) -> Sequence[str]:
        """Say which names the notebook has, but no cell of the kata."""
        names = dict.fromkeys(
            match[1]
            for text in messages
            if (match := re.search(r"NameError: name '(\w+)' is not defined", text))
        )
        return [
            f"`{name}` is defined in your notebook, but in no cell of the kata: "
            f"put `%%kata {kata.name}` above it."
            for name in names
            if name in self.shell.user_ns and not hasattr(builtins, name)
        ]


def _defined(text: str) -> list[str]:
    """Return the functions and classes at the top level of a source that parses."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [node.name for node in body if isinstance(node, definitions)]


def _refuse(problem: str) -> NoReturn:
    """End the cell with one line and no traceback, as IPython's own magics do."""
    from IPython.core.error import UsageError

    raise UsageError(problem)


def load(shell: Any) -> None:
    """Register the magic with a shell; make the kata of this folder ready meanwhile."""
    unload(shell)
    magic = KataMagic(shell)
    shell.register_magic_function(magic, magic_kind="line_cell", magic_name="kata")
    here = kata_of(Path.cwd())
    if here is not None:
        magic.judge.warm(here)


def unload(shell: Any) -> None:
    """Take the magic away, and end its judge."""
    magics = shell.magics_manager.magics
    for kind in ("cell", "line"):
        found = magics[kind].pop("kata", None)
        if isinstance(found, KataMagic):
            found.close()
