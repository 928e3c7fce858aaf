"""The instructor's sub-commands of `kata`: grading, reports, bundles, nbgrader."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.catalog import CatalogError, find_root
from autograder.working import complete, katas_named, project

app = typer.Typer()


@app.command()
def grade(
    path: Annotated[str, typer.Argument(help="A file, a notebook, a folder of a class, or -.")],
    kata: Annotated[
        str | None,
        typer.Option(
            help="The kata's name; without it, those that files or cells are called after.",
            autocompletion=complete,
        ),
    ] = None,
    json_to: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE", help="Write JSON here (- is standard output)."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The gradebook: what it has already is not graded again.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many at once.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds a submission.")] = 60.0,
    memory: Annotated[int, typer.Option(min=16, help="MB a submission.")] = 2048,
    seed: Annotated[int, typer.Option(min=0, help="The seed of all inputs.")] = 0,
    trust: Annotated[
        bool, typer.Option("--trust", help="Grade even where the sandbox lacks a layer.")
    ] = False,
    regrade: Annotated[
        bool, typer.Option("--regrade", help="Show who changes, and ask before writing to --out.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Judge on the workers of this Dask scheduler."),
    ] = None,
) -> None:
    """Grade submissions in the sandbox; exit 0 if all have all points, 1 if not."""
    from autograder.classroom.command import run
    from autograder.classroom.grade import Options, default_jobs

    options = Options(
        jobs=jobs or default_jobs(),
        seed=seed,
        timeout=timeout,
        memory_mb=memory,
        trust=trust,
        out=out,
    )
    perfect = run(
        path,
        katas_named(kata) if kata is not None else [],
        options,
        json_to,
        root=project(),
        cluster=cluster,
        regrade=regrade,
        yes=yes,
    )
    raise typer.Exit(0 if perfect else 1)


@app.command()
def report(
    gradebook: Annotated[Path, typer.Argument(help="What `kata grade --out` wrote.")],
    out: Annotated[
        Path | None, typer.Option(help="The report's folder; GRADEBOOK-report if left out.")
    ] = None,
) -> None:
    """Write a class page, a page a student, CSV for Canvas and Moodle, and JUnit."""
    from autograder.classroom.reporting import write

    folder = out or gradebook.with_name(f"{gradebook.stem}-report")
    told = write(gradebook, folder, find_root(Path.cwd()))
    print(f"{told}: {folder / 'class.html'}, students/, canvas.csv, moodle.csv, junit.xml")


@app.command()
def bundle(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    katas: Annotated[str, typer.Option(help="Names of katas, joined by commas.")],
) -> None:
    """Make what students get: stubs, examples and the runner, without any answer."""
    from autograder.classroom.bundle import write

    chosen = katas_named(katas)
    count = write(folder, chosen)
    print(f"wrote {folder}: {len(chosen)} katas, {count} files, no answers")
    print(f"try it: cd {folder} && make start")


nbgrader = typer.Typer(help="Assignments for nbgrader.", no_args_is_help=True)
app.add_typer(nbgrader, name="nbgrader")


@nbgrader.command("init")
def nbgrader_init(
    course: Annotated[Path, typer.Argument(help="The course's folder; made if need be.")],
) -> None:
    """Make a course folder in which nbgrader uses the judge."""
    from autograder.classroom.assignment import init

    print(f"wrote {init(course, project())}")
    print("next: kata nbgrader assignment ps1 --katas attention,ndcg --course " + str(course))


@nbgrader.command("assignment")
def nbgrader_assignment(
    name: Annotated[str, typer.Argument(help="The assignment's name.")],
    katas: Annotated[str, typer.Option(help="Names of katas, joined by commas.")],
    course: Annotated[Path, typer.Option(help="The course's folder.")] = Path("."),
    points: Annotated[
        str | None, typer.Option(help="Points of each kata, joined by commas; its own if left out.")
    ] = None,
) -> None:
    """Write an assignment's source notebook."""
    from autograder.classroom.assignment import notebook, write

    chosen = katas_named(katas)
    worth = [float(text) for text in points.split(",")] if points else None
    if worth is not None and len(worth) != len(chosen):
        raise CatalogError(f"--points has {len(worth)} numbers for {len(chosen)} katas")
    if not (course / "nbgrader_config.py").is_file():
        raise CatalogError(f"{course} is no course folder: kata nbgrader init {course}")
    by_kata = dict(zip((kata.name for kata in chosen), worth or [], strict=False))
    print(f"wrote {write(course, name, notebook(name, chosen, by_kata))}")
    print(f"next, in {course}: nbgrader generate_assignment {name}")
