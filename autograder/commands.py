"""The sub-commands of `kata`, for learners and authors; the instructor's are in `classroom`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from autograder.catalog import CatalogError, Kata, find_root, load_catalogue
from autograder.classroom.commands import app as classroom
from autograder.learner.commands import app as learner
from autograder.working import AsJson, Name, complete, kata_named, project

app = typer.Typer(
    name="kata",
    help="LLM Katas: short exercises for LLM and ML interviews, judged in your editor.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command("list")
def list_katas(
    track: Annotated[str | None, typer.Option(help="Only this track.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the katas as a course, with what you have solved."""
    from autograder.learner.listing import main

    arguments = ["--track", track] if track else []
    raise typer.Exit(main([*arguments, *(["--json"] if as_json else [])]))


@app.command()
def show(name: Name) -> None:
    """Show a kata's question and where to start."""
    from rich.console import Console
    from rich.markdown import Markdown

    kata = kata_named(name)
    console = Console()
    console.print(Markdown(kata.readme.read_text(encoding="utf-8")))
    stub = kata.stub.relative_to(kata.root)
    console.print(f"\nedit {stub}, then: pytest katas/{kata.name}", style="bold", highlight=False)


@app.command()
def test(
    name: Name,
    file: Annotated[
        Path | None, typer.Option(help="Judge this file or notebook, not the stub.")
    ] = None,
    as_json: AsJson = False,
    seed: Annotated[int, typer.Option(help="The seed of all inputs.")] = 0,
    sandbox: Annotated[bool, typer.Option(help="Run it in a worker, as grading does.")] = False,
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with pictures.")
    ] = None,
) -> None:
    """Judge your file; exit 0 if it has all points, 1 if fewer."""
    from autograder.learner.trial import judge_file, note_attempt
    from autograder.report import cause, explain, explain_again, number, to_json

    kata = kata_named(name)
    if file is not None and not file.is_file():
        raise CatalogError(f"{file}: no such file")
    given = None
    if file is not None:
        from autograder.classroom.submissions import HandedIn, read

        given = read(HandedIn(str(file), file, trusted=True), kata)
    if page is not None:
        from autograder.notebook.page import judged_page

        html, report = judged_page(kata, given, seed=seed, sandbox=sandbox)
        page.write_text(html, encoding="utf-8")
        if given is None:
            note_attempt(report)
    else:
        report = judge_file(kata, given, seed=seed, sandbox=sandbox)
    if as_json:
        print(to_json(report))
    else:
        failed = [v for v in report.verdicts if v.verdict not in ("passed", "skipped")]
        told = set()
        for verdict in failed:
            if verdict.verdict != "unimplemented":
                again = cause(verdict) in told
                print(f"{explain_again(verdict) if again else explain(verdict)}\n")
                told.add(cause(verdict) or verdict.test)
        missing = dict.fromkeys(v.task for v in failed if v.verdict == "unimplemented")
        if missing:
            print(f"not implemented yet: {', '.join(map(str, missing))}")
        print(f"{kata.name}: {number(report.points)} of {number(report.max_points)} points")
    raise typer.Exit(0 if report.points >= report.max_points else 1)


@app.command()
def profile(
    file: Annotated[Path, typer.Argument(help="The file or notebook with the kernels.")],
    kata: Annotated[
        str | None, typer.Option(help="Its kata; the file's name says it where this is left out.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with pictures.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The seed of all inputs.")] = 0,
) -> None:
    """Show what CUDA kernels do to memory: sectors, bank conflicts, races, line by line."""
    from autograder.classroom.submissions import HandedIn, read

    if not file.is_file():
        raise CatalogError(f"{file}: no such file")
    found = kata_named(kata or file.stem)
    source = read(HandedIn(str(file), file, trusted=True), found)
    if "autograder.gpu" not in found.requires:
        raise CatalogError(f"{found.name} launches no CUDA kernels; see kata list --track gpu")
    from autograder.gpu.profiling import as_page, as_text, profiles

    profiled = profiles(found, source, seed)
    if page is None:
        print(as_text(profiled))
    else:
        page.write_text(as_page(found, profiled), encoding="utf-8")
        print(f"{page} is written")


@app.command()
def hint(
    name: Name,
    again: Annotated[bool, typer.Option(help="Start with the first hint again.")] = False,
) -> None:
    """Give the next hint, one at a time, for the first task that is not right yet."""
    from autograder.learner.progress import forget_hints
    from autograder.learner.trial import next_hint

    kata = kata_named(name)
    if again:
        forget_hints(kata.name)
    found = next_hint(kata)
    if found is None:
        print(
            "no further hint: all tests pass, or you have seen them all "
            f"(kata hint {kata.name} --again starts over, kata reveal {kata.name} shows the answer)"
        )
        return
    task, text, number, count = found
    print(f"{task}, hint {number} of {count}: {text}")


@app.command()
def reset(name: Name) -> None:
    """Put the stub back as it was given out; what you wrote is kept in a backup."""
    from autograder.learner import files

    kata = kata_named(name)
    saved = files.reset(kata)
    stub = kata.stub.relative_to(kata.root)
    if saved is None:
        print(f"{stub} is as it was given out")
    else:
        print(f"{stub} is as it was given out; yours is in {saved.relative_to(kata.root)}")


@app.command()
def notebook(
    name: Name,
    out: Annotated[Path | None, typer.Option(help="Write it there, not beside the stub.")] = None,
) -> None:
    """Write the kata as a notebook for JupyterLab; what was there is kept in a backup."""
    from autograder.notebook.writing import write

    kata = kata_named(name)
    path = out or kata.notebook
    saved = write(kata, path)
    print(f"{path.relative_to(kata.root) if path.is_relative_to(kata.root) else path} is written")
    if saved is not None:
        print(f"what was there is in {saved.name}")


@app.command()
def reveal(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Show the reference and the model answer; asks first, and remembers it."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.syntax import Syntax

    from autograder.learner import files
    from autograder.learner.progress import record_reveal

    kata = kata_named(name)
    files.answer(kata)  # raises where there is none
    if not yes:
        question = f"Show the answer of {kata.name}? It will be marked as revealed."
        typer.confirm(question, abort=True)
    record_reveal(kata.name)
    console = Console()
    console.print(Syntax(kata.reference.read_text(encoding="utf-8"), "python"))
    console.print(Markdown(_discussion(kata)))


def _discussion(kata: Kata) -> str:
    path = kata.solutions / "discussion.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="The katas.", autocompletion=complete)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every kata.")] = False,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Run every mutant of the reference.")
    ] = False,
    changed: Annotated[
        str | None,
        typer.Option(metavar="REF", help="With --all: every mutant of katas changed since REF."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="While writing: three seeds, one make. No proof.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="How many katas at once.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Prove katas sound: right answers pass, every misconception is caught and named."""
    from autograder.suite.proofs import Depth, prove

    root = project()
    katas = load_catalogue(root) if everything else [kata_named(name) for name in names or ()]
    if not katas:
        raise CatalogError("name a kata, or use --all")
    depth = Depth(mutants=mutants, changed=changed, quick=quick)
    sound = prove(root, katas, depth, jobs=jobs, as_json=as_json)
    raise typer.Exit(0 if sound else 1)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The new kata's name: a Python name.")],
    track: Annotated[str, typer.Option(help="Its track.")] = "transformers",
    task: Annotated[str | None, typer.Option(help="The name of its first task.")] = None,
) -> None:
    """Write the skeleton of a new kata, for `kata verify` to complain about until it is sound."""
    from autograder.suite.skeleton import write

    for path in write(project(), name, track=track, task=task or name):
        print(path)
    print(f"fill them in, then: kata verify {name}")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what works on this machine: versions, the layers of the sandbox, compilers, a GPU."""
    from autograder.classroom.doctor import examine, show_findings

    found = examine(find_root(Path.cwd()))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        show_findings(found)


app.add_typer(learner)
app.add_typer(classroom)
