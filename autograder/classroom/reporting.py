"""`kata report`: a gradebook as pages for people and files for other systems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from autograder.catalog import CatalogError, Kata, course_order, load_catalogue
from autograder.classroom import exports
from autograder.classroom.feedback import addresses, feedback_page
from autograder.classroom.figures import kata_figures, students
from autograder.classroom.gradebook import Gradebook
from autograder.classroom.page import class_page
from autograder.classroom.similarity import Group, groups
from autograder.report import Report, to_junit


def write(path: Path, out: Path, root: Path | None) -> str:
    """Write the report of a gradebook into a folder; say in one line what it has.

    Raises:
        CatalogError: if there is no gradebook, or nothing in it, or the folder cannot be written.
    """
    if not path.is_file():
        raise CatalogError(f"{path}: no such gradebook; kata grade … --out {path} makes one")
    known = _known(root)
    with closing(Gradebook(path)) as book:
        reports = list(book.reports())
        if not reports:
            raise CatalogError(f"{path}: holds no reports yet")
        names = sorted({report.kata for report in reports}, key=lambda name: _order(known, name))
        alike = {
            name: groups(known[name], dict(book.sources(name))) for name in names if name in known
        }
    try:
        count = _write(out, path, reports, names, known, alike)
    except OSError as error:
        raise CatalogError(f"{out}: cannot be written: {error.strerror}") from None
    return f"{_many(count, 'student')}, {_many(len(names), 'kata')}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _known(root: Path | None) -> dict[str, Kata]:
    try:
        return {kata.name: kata for kata in load_catalogue(root)} if root is not None else {}
    except CatalogError:
        return {}


def _order(known: dict[str, Kata], name: str) -> tuple[bool, tuple[int, int, str]]:
    kata = known.get(name)
    return kata is None, course_order(kata) if kata is not None else (0, 0, name)


def _write(
    out: Path,
    path: Path,
    reports: Sequence[Report],
    names: Sequence[str],
    known: dict[str, Kata],
    alike: dict[str, tuple[list[Group], int]],
) -> int:
    order = {name: place for place, name in enumerate(names)}
    people = students(sorted(reports, key=lambda report: order[report.kata]))
    katas = [kata_figures(name, [r for r in reports if r.kata == name]) for name in names]
    titles = {name: kata.title for name, kata in known.items()}
    links = addresses(people)
    (out / "students").mkdir(parents=True, exist_ok=True)
    for page in _stale(out, set(links.values())):
        page.unlink()
    for student in people:
        _save(out / links[student.name], feedback_page(student, titles))
    title = f"Class report: {path.stem}"
    _save(out / "class.html", class_page(title, people, katas, titles, alike, links))
    _save(out / "canvas.csv", exports.canvas(people, katas, titles))
    _save(out / "moodle.csv", exports.moodle(people, katas, titles))
    _save(out / "junit.xml", to_junit(reports))
    return len(people)


def _stale(out: Path, kept: set[str]) -> Iterator[Path]:
    """Yield the pages of an earlier report for students who are no longer in the gradebook."""
    if not (out / "class.html").is_file():
        return
    for page in (out / "students").glob("*.html"):
        if page.relative_to(out).as_posix() not in kept:
            yield page


def _save(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "replace"))
