"""What `kata grade` prints: JSON lines, or a table for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TextIO

from autograder.catalog import CatalogError, Kata
from autograder.classroom import grade as here
from autograder.classroom.grade import Options, warn
from autograder.classroom.gradebook import Gradebook
from autograder.classroom.regrade import Draft
from autograder.classroom.submissions import HandedIn, handed_in, read
from autograder.classroom.survey import Work, survey, told
from autograder.report import Report, number, to_json
from autograder.sandbox.failures import printable
from autograder.sandbox.submission import Source

STANDARD_INPUT = "-"


def run(
    path: str,
    katas: Sequence[Kata],
    options: Options,
    json_to: str | None,
    *,
    root: Path,
    cluster: str | None = None,
    regrade: bool = False,
    yes: bool = False,
) -> bool:
    """Grade what `path` names; say whether every submission has all points.

    Args:
        path: a file, a folder of a class, or `-`.
        katas: whose suites; none: those that the class handed in.
        options: how.
        json_to: where the reports go as JSON, if anywhere.
        root: the project's.
        cluster: the address of a Dask scheduler whose workers judge, if any.
        regrade: whether to show who changes before anything is written.
        yes: whether to write without asking.

    Raises:
        CatalogError: for what the user can mend.
    """
    if regrade and options.out is None:
        raise CatalogError("--regrade compares with a gradebook: add --out grades.db")
    if regrade and not yes and not sys.stdin.isatty():
        raise CatalogError("--regrade asks before it writes: run it in a terminal, or add --yes")
    with _standard_input(path) as place, _book(options.out, draft=regrade) as book:
        work = _work(place, path, katas, root)
        count = sum(len(submissions) for _, submissions in work)
        with _output(json_to) as output, _progress(count) as tell:
            complete = True
            for kata, submissions in work:
                for report in _grade(cluster, kata, submissions, options, book, tell):
                    complete &= report.points >= report.max_points
                    if output is not None:
                        print(to_json(report), file=output, flush=True)
                    elif not regrade:
                        print(line(report, with_kata=len(work) > 1))
        if isinstance(book, Draft) and not _settled(book, yes, sys.stderr if output else None):
            return False
        return complete


def _work(place: Path, path: str, katas: Sequence[Kata], root: Path) -> list[Work]:
    if not katas:
        if path == STANDARD_INPUT:
            raise CatalogError("standard input has no name: say which kata it is, --kata NAME")
        work = survey(place, path, root)
        if len(work) > 1 or place.is_dir():
            warn(told(work))
        return work
    work = [(kata, handed_in(place, path, kata)) for kata in katas]
    if not work[0][1]:
        raise CatalogError(f"{path}: holds no submissions (.py, .ipynb, or a folder for each)")
    return work


def _grade(
    cluster: str | None,
    kata: Kata,
    submissions: Sequence[HandedIn],
    options: Options,
    book: Gradebook | None,
    tell: here.Tell,
) -> Iterator[Report]:
    def read_and_keep(submission: HandedIn, kata: Kata) -> Source:
        source = read(submission, kata)
        if book is not None:
            book.keep(source, kata.name)
        return source

    if cluster is None:
        return here.grade(kata, submissions, options, book=book, tell=tell, read_as=read_and_keep)
    from autograder.classroom import cluster as there

    return there.grade(
        cluster, kata, submissions, options, book=book, tell=tell, read_as=read_and_keep
    )


def _book(out: Path | None, *, draft: bool):  # type: ignore[no-untyped-def]
    if out is None:
        return nullcontext()
    return closing(Draft(out) if draft else Gradebook(out))


def _settled(draft: Draft, yes: bool, file: TextIO | None) -> bool:
    """Show what would change, and write it if that is wanted; say whether it is settled."""
    if not draft.count:
        print("nothing to regrade: every report is of this suite, seed and submission", file=file)
        return True
    for text in draft.told():
        print(text, file=file)
    if not yes:
        import typer

        if not typer.confirm(f"Write them to {draft.path}?", err=True):
            print("nothing was written", file=file)
            return False
    draft.commit()
    return True


def line(report: Report, *, with_kata: bool = False) -> str:
    """Return what a person reads about one submission."""
    failed = [v for v in report.verdicts if v.verdict not in ("passed", "skipped")]
    names = dict.fromkeys(v.misconception or v.verdict for v in failed)
    points = f"{number(report.points)}/{number(report.max_points)}"
    name = printable(report.submission).replace("\n", "\\n")
    kata = f"  {report.kata}" if with_kata else ""
    return f"{points:>8}{kata}  {name}  {', '.join(names)}".rstrip()


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
