"""nbgrader's autograding with our judge in the place of its kernel.

`JudgeSubmissions` stands where nbgrader has `Execute`: it writes verdicts and partial credit into
the grade cells, and `SaveAutoGrades` reads them as ever. nbgrader goes through the notebooks one
after another, so the whole class is judged ahead, in parallel, when the first is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import nbformat.v4
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Integer, Unicode

from autograder.catalog import CatalogError, Kata, find_kata, find_root
from autograder.classroom.assignment import SEPARATOR
from autograder.classroom.grade import Options, default_jobs, grade
from autograder.classroom.gradebook import Gradebook as Reports
from autograder.classroom.submissions import (
    DROPPED,
    HandedIn,
    cells_of_kata,
    notebook_source,
    read_notebook,
)
from autograder.report import Report, Verdict, explain, number
from autograder.sandbox.submission import Source

GRADE = f"{SEPARATOR}grade_"


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Makes of what students did to cells' metadata what the assignment had.

    nbgrader's own steps end the command, or drop a student's notebook, over copied cells, over a
    solution that says it is a grade, and over a grade cell that was deleted with its neighbours.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Put every cell's metadata right; of copies the last one counts, as nbgrader has it."""
        from_dict: Any = nbformat.from_dict
        known = _assignment_cells(resources["nbgrader"])
        present: set[str] = set()
        for cell in reversed(nb.cells):
            if not isinstance(cell.get("metadata"), dict):
                cell["metadata"] = from_dict({})
            about = cell.metadata.pop("nbgrader", None)
            name = about.get("grade_id") if isinstance(about, dict) else None
            if isinstance(name, str) and name in known and name not in present:
                cell.metadata["nbgrader"] = from_dict(known[name].metadata)
                present.add(name)
            elif isinstance(name, str):  # so that what is judged is the same before and after
                cell.metadata[DROPPED] = from_dict({"grade_id": name})
        before = None
        for name, source in known.items():
            if name not in present and source.metadata["grade"]:
                nb.cells.insert(_place_after(nb, before), source.cell())
            before = name
        return nb, resources


class _AssignmentCell(NamedTuple):
    """A cell of the assignment, as the gradebook has it."""

    kind: str
    source: str
    metadata: dict[str, Any]

    def cell(self) -> Any:
        new_cell: Any = getattr(nbformat.v4, f"new_{self.kind}_cell")
        return new_cell(self.source, metadata={"nbgrader": dict(self.metadata)})


def _assignment_cells(about: Any) -> dict[str, _AssignmentCell]:
    """Return the cells of an assignment's notebook, in order, by name."""
    with Gradebook(about["db_url"]) as book:
        notebook = book.find_notebook(about["notebook"], about["assignment"])
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        tasks = {cell.name: cell.max_score for cell in notebook.task_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        return {
            cell.name: _AssignmentCell(
                cell.cell_type,
                cell.source,
                {
                    "schema_version": 3,
                    "grade_id": cell.name,
                    "grade": cell.name in points,
                    "solution": cell.name in solutions,
                    "locked": cell.locked,
                    "task": cell.name in tasks,
                    "cell_type": cell.cell_type,
                    "checksum": cell.checksum,
                    **(
                        {"points": {**points, **tasks}[cell.name]}
                        if cell.name in points or cell.name in tasks
                        else {}
                    ),
                },
            )
            for cell in notebook.source_cells
        }


def _place_after(nb: Any, name: str | None) -> int:
    """Return the place after a cell, the end where it is not there."""
    for place, cell in enumerate(nb.cells):
        if name is not None and cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            return place + 1
    return len(nb.cells)


class JudgeSubmissions(NbGraderPreprocessor):  # type: ignore[misc]
    """Judges the katas of a notebook in the sandbox and fills in its grade cells."""

    project = Unicode("", help="The folder that has katas/ and solutions/.").tag(config=True)
    jobs = Integer(0, help="How many submissions at once; 0 is one a processor.").tag(config=True)
    timeout = Float(60.0, help="Seconds a submission and kata.").tag(config=True)
    memory = Integer(2048, help="MB a submission.").tag(config=True)
    seed = Integer(0, help="The seed of all inputs.").tag(config=True)
    gradebook = Unicode(
        "", help="A file in the course folder that keeps reports, for `kata report`."
    ).tag(config=True)
    trust = Bool(False, help="Grade even where the sandbox lacks a layer.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Judge a notebook; what was judged ahead is only looked up."""
        names = dict.fromkeys(
            cell.metadata.nbgrader["grade_id"].partition(SEPARATOR)[0] for cell in _grade_cells(nb)
        )
        student = resources["nbgrader"]["student"]
        for name in names:
            kata = find_kata(self._root(), name)
            source = notebook_source(student, cells_of_kata(nb, kata))
            report = self._report(kata, source, resources)
            for cell in _grade_cells(nb):
                if cell.metadata.nbgrader["grade_id"].startswith(f"{name}{GRADE}"):
                    task = cell.metadata.nbgrader["grade_id"].partition(GRADE)[2]
                    _fill(cell, kata, task, report)
        return nb, resources

    def _root(self) -> Path:
        root = find_root(Path(self.project)) if self.project else find_root(Path.cwd())
        if root is None:
            raise CatalogError(
                "c.JudgeSubmissions.project in nbgrader_config.py must name the folder with katas/"
            )
        return root

    def _report(self, kata: Kata, source: Source, resources: Any) -> Report:
        ahead = self._judge_ahead(kata, resources)
        known = ahead.get(source.chunks)
        if known is not None:
            return known
        found = self._grade(kata, {source.name: source})
        ahead[source.chunks] = found[source.name]
        return found[source.name]

    def _judge_ahead(self, kata: Kata, resources: Any) -> dict[Any, Report]:
        """Judge what every student handed in for this assignment, once."""
        assignment = resources["nbgrader"]["assignment"]
        cache: dict[tuple[str, str], dict[Any, Report]] = self._cache()
        key = assignment, kata.name
        if key not in cache:
            cache[key] = {}
            sources = {
                student: notebook_source(student, cells_of_kata(notebook, kata))
                for student, notebook in self._handed_in(resources)
            }
            reports = self._grade(kata, sources)
            cache[key] = {sources[name].chunks: report for name, report in reports.items()}
        return cache[key]

    def _cache(self) -> dict[tuple[str, str], dict[Any, Report]]:
        # nbgrader makes exporter and preprocessor anew for each student; its converter lives on.
        holder = self._converter() or self
        if not hasattr(holder, "_judged_ahead"):
            holder._judged_ahead = {}
        found: dict[tuple[str, str], dict[Any, Report]] = holder._judged_ahead
        return found

    def _converter(self) -> Any:
        """Return what goes through the notebooks, or None outside of a command."""
        found = self.parent
        while found is not None and not hasattr(found, "coursedir"):
            found = found.parent
        return found

    def _handed_in(self, resources: Any) -> Iterator[tuple[str, Any]]:
        converter = self._converter()
        if converter is None:
            return
        coursedir, about = converter.coursedir, resources["nbgrader"]
        submitted, student = coursedir.submitted_directory, coursedir.student_id
        pattern = coursedir.format_path(submitted, student, about["assignment"])
        root = Path(coursedir.format_path(submitted, ".", ".")).resolve()
        notebook = f"{about['notebook']}.ipynb"
        for path in sorted(Path("/").glob(str(Path(pattern, notebook)).lstrip("/"))):
            found = read_notebook(path)
            if found is not None:
                yield path.resolve().relative_to(root).parts[0], found

    def _grade(self, kata: Kata, sources: Mapping[str, Source]) -> dict[str, Report]:
        converter = self._converter()
        keeps = self.gradebook and converter is not None
        out = Path(converter.coursedir.root, self.gradebook) if keeps else None
        options = Options(
            jobs=self.jobs or default_jobs(),
            seed=self.seed,
            timeout=self.timeout,
            memory_mb=self.memory,
            trust=self.trust,
            out=out,
        )
        handed_in = [HandedIn(name, None) for name in sources]
        with nullcontext() if out is None else closing(Reports(out)) as book:
            if book is not None:
                for source in sources.values():
                    book.keep(source, kata.name)
            reports = grade(
                kata, handed_in, options, book=book, read_as=lambda one, _: sources[one.name]
            )
            return {report.submission: report for report in reports}


def _grade_cells(nb: Any) -> list[Any]:
    return [
        cell
        for cell in nb.cells
        if cell.cell_type == "code"
        and utils.is_grade(cell)
        and GRADE in cell.metadata.nbgrader.get("grade_id", "")
    ]


def _fill(cell: Any, kata: Kata, task: str, report: Report) -> None:
    """Write verdicts as output, and partial credit as the result that nbgrader reads."""
    verdicts = [v for v in report.verdicts if v.task in (task, None)]
    worth = next((t.points for t in kata.tasks if t.name == task), 0.0)
    got = sum(v.points for v in verdicts)
    most = float(cell.metadata.nbgrader["points"])
    points = most if got >= worth else round(most * got / worth, 2)
    points = min(max(points, 0.0), most)
    # Never stderr: nbgrader reads any as no points at all.
    text = f"{task}: {number(points)} of {number(most)} points\n" + "".join(map(_told, verdicts))
    new_output: Any = nbformat.v4.new_output
    cell.outputs = [
        new_output("stream", name="stdout", text=text),
        new_output("execute_result", data={"text/plain": repr(points)}, execution_count=1),
    ]
    cell.execution_count = 1


def _told(verdict: Verdict) -> str:
    if verdict.verdict == "passed":
        return f"passed: {verdict.sentence}\n"
    return f"\n{verdict.verdict}: {explain(verdict)}\n"


__all__ = ["JudgeSubmissions", "RestoreCells"]
