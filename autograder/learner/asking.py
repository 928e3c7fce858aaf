"""Questions of `kata quiz` and `kata interview`: answered aloud or typed, scored by oneself."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.prompt import Prompt

from autograder.catalog import CatalogError, Kata, load_catalogue
from autograder.learner import progress, schedule
from autograder.learner.questions import Question, load_questions

Ask = Callable[[str, Sequence[str] | None], str]


def ask_person(question: str, choices: Sequence[str] | None = None) -> str:
    """Ask at the terminal."""
    return Prompt.ask(question, choices=list(choices) if choices else None, default="")


def choose(questions: Sequence[Question], count: int, seed: int | None = None) -> list[Question]:
    """Return the questions of a quiz: what is due first, then what was never asked."""
    by_id = {question.id: question for question in questions}
    due = [by_id[name] for name in schedule.due("question") if name in by_id]
    known = schedule.scheduled("question")
    fresh = [question for question in questions if question.id not in known]
    random.Random(seed).shuffle(fresh)
    return [*due, *fresh][:count]


def quiz(
    root: Path,
    questions: Sequence[Question],
    count: int,
    *,
    ask: Ask = ask_person,
    console: Console | None = None,
    seed: int | None = None,
) -> int:
    """Ask questions, show what a full answer holds, and schedule each by how well it went.

    Returns:
        How many were answered.
    """
    console = console or Console()
    names = {kata.name for kata in load_catalogue(root)}
    asked = choose(questions, count, seed)
    for number, question in enumerate(asked, 1):
        console.print(Panel(question.text, title=f"{number} of {len(asked)} · {question.section}"))
        ask("Answer aloud or in a line; Enter shows the key points", None)
        show_answer(console, question, names)
        grade = ask("How did it go?", [*schedule.GRADES, "stop"])
        if grade not in schedule.GRADES:
            return number - 1
        due = schedule.rate(f"question:{question.id}", grade)
        console.print(f"again on {due.astimezone():%d %B}\n", style="dim")
    return len(asked)


def show_answer(console: Console, question: Question, katas: set[str]) -> None:
    """Print the key points, the erratum and the katas of a question."""
    points = "\n".join(f"- {point}" for point in question.key_points)
    console.print(Markdown(points))
    if question.erratum:
        console.print(Panel(question.erratum, title="often said wrongly", border_style="yellow"))
    here = [name for name in question.katas if name in katas]
    if here:
        console.print(f"practise it: kata show {here[0]}", style="dim")


def interview(
    root: Path,
    *,
    track: str | None = None,
    minutes: int = 45,
    ask: Ask = ask_person,
    console: Console | None = None,
    seed: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> float:
    """Run one interview: a kata's question against the clock, follow-ups, model answer, score.

    Hints stay hidden. The result is kept.

    Returns:
        The score that the learner gave, from 0 to 10.

    Raises:
        CatalogError: if there is no kata to ask about.
    """
    console = console or Console()
    kata = _choose_kata(root, track, seed)
    console.print(Panel(_question_of(kata), title=f"{minutes} minutes · {kata.title}"))
    console.print(
        f"Talk it through, then write it: {kata.stub.relative_to(root)}. No hints now.",
        style="dim",
    )
    start = clock()
    ask("Enter when you have finished", None)
    spent = (clock() - start) / 60
    late = f", {spent - minutes:.0f} over" if spent > minutes else ""
    console.print(f"{spent:.0f} minutes{late}\n", style="bold")
    discussion = (kata.solutions / "discussion.md").read_text(encoding="utf-8")
    notes = []
    for follow_up in follow_ups(discussion):
        console.print(f"[bold]{follow_up}[/]")
        notes.append(ask("Your answer, aloud or in a line", None))
    console.print(Markdown(discussion))
    text = ask("By the rubric above, how many points of 10?", [str(n) for n in range(11)])
    score = float(text or 0)
    progress.record_interview(kata.name, round(spent, 1), score, "\n".join(filter(None, notes)))
    return score


def _choose_kata(root: Path, track: str | None, seed: int | None) -> Kata:
    katas = [
        kata
        for kata in load_catalogue(root)
        if track in (None, kata.track) and (kata.solutions / "discussion.md").is_file()
    ]
    if not katas:
        where = f" in the track '{track}'" if track else ""
        raise CatalogError(f"no kata with a discussion{where}: an interview needs the answers")
    asked = {name for name, _, _ in progress.interviews()}
    fresh = [kata for kata in katas if kata.name not in asked] or katas
    return random.Random(seed).choice(fresh)


def _question_of(kata: Kata) -> str:
    """Return the README as far as the worked example: what an interviewer would say."""
    text = kata.readme.read_text(encoding="utf-8")
    return re.split(r"^## .*(?:example|good looks)", text, maxsplit=1, flags=re.M | re.I)[0].strip()


def follow_ups(discussion: str) -> list[str]:
    """Return the questions of a discussion's part on follow-ups, at most four."""
    match = re.search(
        r"^##[^\n]*follow.?ups?[^\n]*\n(.*?)(?=^## |\Z)", discussion, re.I | re.M | re.S
    )
    if match is None:
        return []
    return re.findall(r"(?:\*\*|^### )([^*\n]+\?)", match[1], flags=re.M)[:4]


__all__ = ["follow_ups", "interview", "load_questions", "quiz"]
