"""What `kata grade` prints: JSON lines, or a table for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from autograder.catalog import CatalogError, Kata
from autograder.classroom.grade import Options, grade
from autograder.classroom.gradebook import Gradebook
from autograder.classroom.submissions import HandedIn, handed_in
from autograder.report import Report, number, to_json

STANDARD_INPUT = "-"


def run(path: str, kata: Kata, options: Options, json_to: str | None) -> bool:
    """Grade what `path` names; say whether every submission has all points.

    Raises:
        CatalogError: for what the user can mend.
    """
    with _standard_input(path) as place:
        submissions = handed_in(place, path, kata)
        if not submissions:
            raise CatalogError(f"{path}: holds no submissions (.py, .ipynb, or a folder for each)")
        book = Gradebook(options.out) if options.out is not None else None
        try:
            with _output(json_to) as output, _progress(len(submissions)) as tell:
                complete = True
                for report in grade(kata, submissions, options, book=book, tell=tell):
                    complete &= report.points >= report.max_points
                    if output is not None:
                        print(to_json(report), file=output, flush=True)
                    else:
                        print(line(report))
                return complete
        finally:
            if book is not None:
                book.close()


def line(report: Report) -> str:
    """Return what a person reads about one submission."""
    failed = [v for v in report.verdicts if v.verdict not in ("passed", "skipped")]
    names = dict.fromkeys(v.misconception or v.verdict for v in failed)
    points = f"{number(report.points)}/{number(report.max_points)}"
    return f"{points:>8}  {report.submission}  {', '.join(names)}".rstrip()


@contextmanager
def _standard_input(path: str) -> Iterator[Path]:
    """Give what stands on standard input the form of a file, where `path` asks for it."""
    if path != STANDARD_INPUT:
        yield Path(path)
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="kata-") as folder:
        file = Path(folder, "submission")
        file.write_bytes(sys.stdin.buffer.read())
        yield file


@contextmanager
def _output(json_to: str | None) -> Iterator[TextIO | None]:
    if json_to is None:
        yield None
    elif json_to == "-":
        yield sys.stdout
    else:
        try:
            file = open(json_to, "w", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise CatalogError(f"{json_to}: cannot be written: {error.strerror}") from None
        with file:
            yield file


@contextmanager
def _progress(count: int):  # type: ignore[no-untyped-def]
    """Draw a progress bar where a person is looking and there is more than one to grade."""
    if count < 2 or not sys.stderr.isatty():
        yield lambda report: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("grading", total=count)
        yield lambda report: progress.advance(bar)


__all__ = ["HandedIn", "line", "run"]
