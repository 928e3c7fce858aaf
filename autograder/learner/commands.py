"""The sub-commands of the learner's loop: watching, progress, questions, interviews."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from autograder.catalog import TRACKS, CatalogError, suggestion
from autograder.working import AsJson, project

app = typer.Typer()

Track = Annotated[str | None, typer.Option(help="Only this track.")]
Seed = Annotated[int | None, typer.Option(help="Draw the same questions again.", hidden=True)]


def _known_track(track: str | None) -> str | None:
    if track is not None and track not in TRACKS:
        raise CatalogError(f"no track '{track}'{suggestion(track, TRACKS)}")
    return track


@app.command()
def watch(
    names: Annotated[list[str] | None, typer.Argument(help="The katas; all if none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Stay warm and judge a stub whenever it is saved."""
    from autograder.learner.watch import watch as start

    def tell(event: dict[str, Any]) -> None:
        if as_json:
            print(json.dumps(event, ensure_ascii=False), flush=True)
        else:
            _show_event(event)

    try:
        start(project(), names or [], tell, commands=as_json)
    except KeyboardInterrupt:
        sys.stderr.write("\n")


def _show_event(event: dict[str, Any]) -> None:
    import msgspec
    from rich.console import Console

    from autograder.report import Report, explain, number

    console = Console()
    if event["event"] == "ready":
        console.print("watching; save a stub to have it judged, Ctrl-C ends", style="dim")
        return
    if event["event"] == "error":
        console.print(event["message"], style="red", markup=False)
        return
    report = msgspec.convert({k: v for k, v in event.items() if k != "event"}, Report)
    failed = [v for v in report.verdicts if v.verdict not in ("passed", "skipped")]
    console.rule(
        f"{report.kata}  {number(report.points)}/{number(report.max_points)}  "
        f"{report.seconds:.2f} s"
    )
    told = [v for v in failed if v.verdict != "unimplemented"]
    if told:
        console.print(explain(told[0]), markup=False, highlight=False)
    if len(told) > 1:
        console.print(f"and {len(told) - 1} more", style="dim")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say where you stand: by track, your streak, what you got wrong most."""
    from rich.console import Console
    from rich.table import Table

    from autograder.learner.status import standing
    from autograder.report import number

    found = standing(project())
    if as_json:
        print(json.dumps(found.__dict__))
        return
    console = Console(highlight=False)
    table = Table("track", "solved", box=None)
    for track, (solved, count) in found.tracks.items():
        table.add_row(track, f"{solved} of {count}")
    console.print(table)
    got, worth = found.points
    console.print(f"\n{number(got)} of {number(worth)} points, {found.streak} days in a row")
    for name, count in found.misconceptions:
        console.print(f"  {name}: {count} times", markup=False)
    if found.due:
        console.print(f"due for repetition: {', '.join(found.due)} (kata review)")


@app.command("next")
def next_kata(as_json: AsJson = False) -> None:
    """Say which kata to do next, and why."""
    from autograder.learner.status import next_katas

    found = next_katas(project())
    if as_json:
        print(json.dumps([{"name": kata.name, "why": why} for kata, why in found]))
        return
    if not found:
        print("all solved, and nothing is due: kata quiz, or kata interview")
    for kata, why in found:
        print(f"{kata.name}: {kata.title} ({kata.difficulty}, {kata.minutes} min; {why})")


@app.command()
def review() -> None:
    """List what is due for repetition: reset a kata of it and solve it again."""
    from autograder.learner.schedule import due

    katas, questions = due("kata"), due("question")
    for name in katas:
        print(f"{name}: kata reset {name}, then solve it again")
    if questions:
        print(f"{len(questions)} questions: kata quiz")
    if not katas and not questions:
        print("nothing is due")


@app.command()
def questions(
    words: Annotated[list[str] | None, typer.Argument(help="Words that all must occur.")] = None,
    section: Annotated[str | None, typer.Option(help="Part of a section's name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Search the interview questions; an id shows one whole."""
    import msgspec
    from rich.console import Console

    from autograder.catalog import load_catalogue
    from autograder.learner.asking import show_answer
    from autograder.learner.questions import load_questions, search

    everything = load_questions(project())
    text = " ".join(words or [])
    found = [q for q in everything if q.id == text] or search(everything, text, section)
    if as_json:
        print(json.dumps(msgspec.to_builtins(found), ensure_ascii=False))
        return
    console = Console()
    if len(found) == 1:
        console.print(f"[bold]{found[0].text}[/]\n", highlight=False)
        show_answer(console, found[0], {kata.name for kata in load_catalogue(project())})
        return
    heading = None
    for question in found:
        if question.section != heading:
            heading = question.section
            console.print(f"\n[bold]{heading}[/]")
        console.print(f"  {question.id:<11} {question.text}", highlight=False, markup=False)
    if not found:
        raise CatalogError(f"no question holds '{text}'; `kata questions` lists all")


@app.command()
def quiz(
    words: Annotated[list[str] | None, typer.Argument(help="Only questions about this.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 5,
    section: Annotated[str | None, typer.Option(help="Part of a section's name.")] = None,
    seed: Seed = None,
) -> None:
    """Be asked questions, see what a full answer holds, and be asked again when it is due."""
    from autograder.learner.asking import quiz as ask
    from autograder.learner.questions import load_questions, search

    root = project()
    found = search(load_questions(root), " ".join(words or []), section)
    if not found:
        raise CatalogError("no question holds that; `kata questions` lists all")
    print(f"{ask(root, found, count, seed=seed)} answered")


@app.command()
def interview(
    track: Track = None,
    minutes: Annotated[int, typer.Option(min=1, help="How long.")] = 45,
    seed: Seed = None,
) -> None:
    """Be interviewed: one question against the clock, follow-ups, the model answer, a score."""
    from autograder.learner.asking import interview as hold

    score = hold(project(), track=_known_track(track), minutes=minutes, seed=seed)
    print(f"kept: {score:g} of 10")


@app.command()
def plan(
    weeks: Annotated[int, typer.Option(min=1, help="How many.")] = 3,
    minutes: Annotated[int, typer.Option(min=20, help="Of work a day.")] = 90,
    as_json: AsJson = False,
) -> None:
    """Plan weeks of preparation: what is asked most first, prerequisites before."""
    from autograder.learner.status import plan as make

    days = make(project(), weeks, minutes)
    if as_json:
        print(json.dumps([{"day": day, "katas": [k.name for k in katas]} for day, katas in days]))
        return
    for day, katas in days:
        if day % 6 == 1:
            print(f"\nweek {day // 6 + 1}" if day > 1 else "week 1")
        names = ", ".join(f"{kata.name} ({kata.minutes} min)" for kata in katas)
        print(f"  day {(day - 1) % 6 + 1}: {names}")


@app.command()
def mcp() -> None:
    """Serve the katas to an assistant that tutors, over the Model Context Protocol (stdio)."""
    try:
        from autograder.learner.tutor import server
    except ImportError:
        raise CatalogError("the tutor needs the package mcp: pip install -e '.[tutor]'") from None
    server(project()).run("stdio")
