"""The source notebook of an nbgrader assignment, made of katas.

A task's cell holds the stub as the file has it, then the reference between nbgrader's solution
marks; the release keeps the stub alone, so a solved notebook is graded as a file is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.catalog import CatalogError, Kata

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
SEPARATOR = "__"
WRITTEN_POINTS = 5


def grade_id(kata: Kata, part: str) -> str:
    """Return the id of a cell: `attention__causal_mask`."""
    return f"{kata.name}{SEPARATOR}{part}"


def notebook(name: str, katas: Sequence[Kata], points: Mapping[str, float] | None = None) -> Any:
    """Return the source notebook of an assignment.

    Args:
        name: the assignment's.
        katas: in the order of the notebook.
        points: for katas that are to be worth another sum than their own.

    Raises:
        CatalogError: if a kata has no answers here, or a stub that is not its reference's.
    """
    new_markdown_cell, new_notebook = maker("markdown_cell"), maker("notebook")

    title = f"# {name}\n\nSolve each task in its cell. Run the examples as often as you like."
    cells = [new_markdown_cell(title, id="title")]
    for kata in katas:
        if not kata.reference.is_file():
            raise CatalogError(
                f"solutions/{kata.name} is not here: an assignment needs the answers"
            )
        factor = (points or {}).get(kata.name, kata.points) / kata.points
        cells += _kata_cells(kata, factor)
    made = new_notebook(cells=cells)
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return made


def maker(kind: str) -> Any:
    """Return nbformat's constructor of a cell or notebook."""
    from nbformat import v4

    return getattr(v4, f"new_{kind}")


def _kata_cells(kata: Kata, factor: float) -> Iterable[Any]:
    new_code_cell, new_markdown_cell = maker("code_cell"), maker("markdown_cell")

    stub = kata.stub.read_text(encoding="utf-8")
    reference = kata.reference.read_text(encoding="utf-8")
    question = kata.readme.read_text(encoding="utf-8")
    yield _cell(new_markdown_cell, question, kata, "question", locked=True)
    preamble = preamble_of(stub, kata.task_names)
    yield _cell(new_code_cell, preamble, kata, "imports", locked=True)
    stubs, answers = definitions(stub), definitions(reference)
    helpers = preamble_of(reference, kata.task_names) + "\n\n\n"
    for task in kata.tasks:
        text = f"{stubs[task.name]}\n\n\n{BEGIN}\n{helpers}{answers[task.name]}\n{END}"
        yield _cell(new_code_cell, text, kata, task.name, solution=True)
        helpers = ""  # in the first task's cell
    yield new_code_cell(examples_cell(kata), id=f"{kata.name}-examples"[:64])
    for task, worth in zip(kata.tasks, _shares(kata, factor), strict=True):
        text = (
            f"# Graded by the judge: {task.name} of {kata.name}.\n"
            f"from autograder.notebook import not_graded_here\n\n"
            f'not_graded_here("{kata.name}", "{task.name}")\n0.0'
        )
        part = f"grade_{task.name}"
        yield _cell(new_code_cell, text, kata, part, grade=True, locked=True, points=worth)
    question = f"**In your own words.** {_first_paragraph(question)}\n\n"
    rubric = f"{BEGIN}\n{_rubric(kata)}\n{END}"
    yield _cell(
        new_markdown_cell,
        question + rubric,
        kata,
        "written",
        grade=True,
        solution=True,
        points=WRITTEN_POINTS,
    )


def _shares(kata: Kata, factor: float) -> list[float]:
    """Return what each task is worth, to two places; their sum is exact."""
    total = round(kata.points * factor, 2)
    shares = [round(task.points * factor, 2) for task in kata.tasks[:-1]]
    return [*shares, round(total - sum(shares), 2)]


def _cell(
    make: Any,
    text: str,
    kata: Kata,
    part: str,
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    points: float | None = None,
) -> Any:
    cell = make(text, id=re.sub(r"[^a-zA-Z0-9_-]", "-", f"{kata.name}-{part}")[:64])
    cell.metadata["nbgrader"] = {
        "schema_version": 3,
        "grade_id": grade_id(kata, part),
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
        "cell_type": cell.cell_type,
    }
    if points is not None:
        cell.metadata["nbgrader"]["points"] = points
    return cell


def preamble_of(text: str, tasks: Iterable[str]) -> str:
    """Return what stands before the first task of a stub: imports, constants, given helpers."""
    lines = text.splitlines(keepends=True)
    wanted = set(tasks)
    kept = []
    for node in ast.parse(text).body:
        if getattr(node, "name", None) in wanted or _is_docstring(node):
            continue
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(d.lineno for d in decorators)])
        kept.append("".join(lines[first - 1 : node.end_lineno]).rstrip())
    return "\n".join(kept) or "# nothing to import"


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def definitions(text: str) -> dict[str, str]:
    """Return the source of each function and class at the top level, decorators included."""
    lines = text.splitlines(keepends=True)
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            found[node.name] = "".join(lines[first - 1 : node.end_lineno]).rstrip()
    return found


def examples_cell(kata: Kata) -> str:
    """Return the cell of the visible examples: their text, and a line that runs them."""
    text = kata.visible.read_text(encoding="utf-8").rstrip()
    return (
        f"{text}\n\n\nfrom autograder.notebook import run_examples\n\n"
        f'run_examples(globals(), {list(_example_names(text))!r}, "{kata.name}")'
    )


def _example_names(text: str) -> Iterable[str]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name


def _first_paragraph(question: str) -> str:
    paragraphs = [p for p in question.split("\n\n") if p.strip() and not p.startswith("#")]
    return " ".join(paragraphs[0].split()).strip("*_") if paragraphs else ""


def _rubric(kata: Kata) -> str:
    path = kata.solutions / "discussion.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    match = re.search(r"^#+[^\n]*rubric.*?(?=^#|\Z)", text, re.IGNORECASE | re.M | re.S)
    return match[0].strip() if match else text


def write(course: Path, name: str, made: Any) -> Path:
    """Write an assignment's source notebook into a course folder.

    Raises:
        CatalogError: if there is one already.
    """
    import nbformat

    path = course / "source" / name / f"{name}.ipynb"
    if path.exists():
        raise CatalogError(f"{path} exists; remove it, or choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    save: Any = nbformat.write
    save(made, path)
    return path


CONFIG = '''"""The course's nbgrader configuration: submissions are judged in a sandbox."""

import os
import sys

c = get_config()  # noqa: F821

# nbgrader runs `alembic` by name: it lies beside the interpreter, wherever PATH points.
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])

c.CourseDirectory.course_id = {course!r}

# Students' code never runs in a kernel: the judge takes the place of Execute.
c.Autograde.autograde_preprocessors = [
    "autograder.classroom.nbgrader.JudgeSubmissions",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# A copied grade cell must not stop the class, a deleted one wait for a person, or a changed one
# lose the notebook.
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "autograder.classroom.nbgrader.RestoreCells",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.OverwriteCells.add_missing_cells = True
# The stub stays as it is; what is cut out of it leaves a comment, not a second raise.
c.ClearSolutions.code_stub = {{"python": "# your code goes into the stub above"}}

c.JudgeSubmissions.project = {project!r}
# Reports are kept here: nothing is judged twice, and `kata report` makes pages of them.
c.JudgeSubmissions.gradebook = "kata.db"
'''


def init(course: Path, project: Path) -> Path:
    """Make a course folder whose configuration uses the judge; return the configuration's path.

    Raises:
        CatalogError: if the folder has one already.
    """
    path = course / "nbgrader_config.py"
    if path.exists():
        raise CatalogError(f"{path} exists; it was left as it is")
    (course / "source").mkdir(parents=True, exist_ok=True)
    text = CONFIG.format(course=course.resolve().name, project=str(project))
    path.write_text(text, encoding="utf-8")
    return path
