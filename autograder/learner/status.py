"""Where a learner stands, what comes next, and a plan of weeks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.catalog import DIFFICULTIES, Kata, load_catalogue
from autograder.learner import progress
from autograder.learner.questions import Question, load_questions

DAY = 86_400


@dataclass(frozen=True)
class Standing:
    """The figures of `kata status`."""

    tracks: dict[str, tuple[int, int]]
    points: tuple[float, float]
    streak: int
    misconceptions: list[tuple[str, int]]
    due: list[str]


def standing(root: Path) -> Standing:
    """Return solved and all katas by track, points, the streak of days, what went wrong most."""
    from autograder.learner.schedule import due

    katas, states = load_catalogue(root), progress.states()
    tracks: dict[str, tuple[int, int]] = {}
    for kata in katas:
        solved, count = tracks.get(kata.track, (0, 0))
        is_solved = states.get(kata.name, {}).get("state") == "solved"
        tracks[kata.track] = solved + is_solved, count + 1
    got = sum(states.get(kata.name, {}).get("points", 0.0) for kata in katas)
    return Standing(
        tracks=tracks,
        points=(got, sum(kata.points for kata in katas)),
        streak=streak(progress.days_with_attempts()),
        misconceptions=Counter(progress.misconceptions()).most_common(5),
        due=due("kata"),
    )


def streak(days: Iterable[int], today: int | None = None) -> int:
    """Return how many days in a row, up to today or yesterday, are among `days` (since 1970)."""
    seen = set(days)
    day = int(time.time() // DAY) if today is None else today
    if day not in seen:
        day -= 1
    count = 0
    while day in seen:
        count, day = count + 1, day - 1
    return count


def next_katas(root: Path, count: int = 3) -> list[tuple[Kata, str]]:
    """Return the katas to do next, each with the reason.

    What is due for repetition comes first, then what was begun, then the course in its order,
    among katas whose prerequisites are solved, the easier first where a track is new.
    """
    from autograder.learner.schedule import due

    katas = {kata.name: kata for kata in load_catalogue(root)}
    states = progress.states()
    chosen: dict[str, str] = {}
    for name in due("kata"):
        if name in katas:
            chosen[name] = "due for repetition"
    for kata in katas.values():
        if states.get(kata.name, {}).get("state") == "tried":
            chosen.setdefault(kata.name, "begun")
    for kata in ready(katas.values(), states):
        chosen.setdefault(kata.name, "next in the course")
    return [(katas[name], why) for name, why in list(chosen.items())[:count]]


def ready(katas: Iterable[Kata], states: dict[str, dict[str, Any]]) -> list[Kata]:
    """Return the katas that are open and whose prerequisites are solved (or not here)."""
    known = {kata.name: kata for kata in katas}

    def solved(name: str) -> bool:
        return name not in known or states.get(name, {}).get("state") == "solved"

    return [
        kata
        for kata in known.values()
        if states.get(kata.name, {}).get("state", "open") == "open"
        and all(map(solved, kata.prerequisites))
    ]


def frequency(katas: Sequence[Kata], questions: Sequence[Question]) -> dict[str, int]:
    """Return how many interview questions each kata helps to answer."""
    count: Counter[str] = Counter()
    for kata in katas:
        count[kata.name] += len(kata.questions)
    for question in questions:
        for name in question.katas:
            count[name] += question.id not in _questions_of(katas, name)
    return dict(count)


def _questions_of(katas: Sequence[Kata], name: str) -> tuple[str, ...]:
    return next((kata.questions for kata in katas if kata.name == name), ())


def plan(root: Path, weeks: int, minutes: int = 90) -> list[tuple[int, list[Kata]]]:
    """Return a schedule: for each day the katas to do, prerequisites always before.

    The katas that answer most questions come first; each kata's prerequisites are taken along.
    A day holds at most `minutes` (one kata at least), a week has six days. What does not fit into
    the weeks is left out, the least asked first.

    Args:
        root: the project's.
        weeks: how many.
        minutes: of work a day.
    """
    katas = {kata.name: kata for kata in load_catalogue(root)}
    states = progress.states()
    often = frequency(list(katas.values()), load_questions(root))
    wanted = [k for k in katas.values() if states.get(k.name, {}).get("state") != "solved"]
    wanted.sort(key=lambda kata: (-often.get(kata.name, 0), DIFFICULTIES.index(kata.difficulty)))
    days: list[tuple[int, list[Kata]]] = []
    taken: set[str] = {name for name, state in states.items() if state["state"] == "solved"}
    budget = weeks * 6
    for kata in wanted:
        chain = [k for k in _with_prerequisites(kata, katas) if k.name not in taken]
        trial = _fill(days, chain, minutes)
        if len(trial) <= budget:
            days = trial
            taken |= {k.name for k in chain}
    return days


def _with_prerequisites(kata: Kata, katas: dict[str, Kata]) -> list[Kata]:
    chain: list[Kata] = []

    def visit(one: Kata, above: frozenset[str]) -> None:
        for name in one.prerequisites:
            if name in katas and name not in above:
                visit(katas[name], above | {name})
        if one not in chain:
            chain.append(one)

    visit(kata, frozenset({kata.name}))
    return chain


def _fill(
    days: list[tuple[int, list[Kata]]], chain: Sequence[Kata], minutes: int
) -> list[tuple[int, list[Kata]]]:
    filled = [(number, list(katas)) for number, katas in days]
    for kata in chain:
        if not filled or sum(k.minutes for k in filled[-1][1]) + kata.minutes > minutes:
            filled.append((len(filled) + 1, []))
        filled[-1][1].append(kata)
    return filled
