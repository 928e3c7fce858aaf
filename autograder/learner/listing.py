"""`kata list`: the course at a glance. Imports next to nothing, so that it answers at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.catalog import Kata, find_root, load_catalogue


def entries(root: Path, track: str | None = None) -> list[dict[str, Any]]:
    """Return what editors and the table show of each kata, in the order of the course."""
    from autograder.learner.progress import states

    known = states()
    return [
        _entry(kata, known.get(kata.name, {}))
        for kata in load_catalogue(root)
        if track in (None, kata.track)
    ]


def _entry(kata: Kata, state: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": kata.name,
        "title": kata.title,
        "track": kata.track,
        "order": kata.order,
        "difficulty": kata.difficulty,
        "minutes": kata.minutes,
        "points": state.get("points", 0.0),
        "max_points": kata.points,
        "state": state.get("state", "open"),
        "prerequisites": list(kata.prerequisites),
        "questions": list(kata.questions),
        "tasks": {task.name: task.points for task in kata.tasks},
        "folder": str(kata.folder),
        "stub": str(kata.stub),
        "readme": str(kata.readme),
    }


MARKS = {"open": " ", "tried": "~", "solved": "✓", "revealed": "!"}


def table(found: Sequence[dict[str, Any]]) -> str:
    """Return the list for a terminal, a track after another."""
    lines: list[str] = []
    width = max((len(entry["name"]) for entry in found), default=0)
    track = None
    for entry in found:
        if entry["track"] != track:
            track = entry["track"]
            lines += ["", track] if lines else [track]
        lines.append(
            f"  {MARKS[entry['state']]} {entry['name']:<{width}}  {entry['difficulty']:<6} "
            f"{entry['minutes']:>3} min  {entry['title']}"
        )
    lines += ["", "✓ solved  ~ tried  ! revealed    start one: kata show NAME"]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run `kata list [--track TRACK] [--json]`; return the exit status."""
    root = find_root(Path.cwd())
    if root is None:
        print(
            "no katas here: run it in the project's folder (the one with katas/)", file=sys.stderr
        )
        return 2
    track = arguments[arguments.index("--track") + 1] if "--track" in arguments else None
    found = entries(root, track)
    print(json.dumps(found, ensure_ascii=False) if "--json" in arguments else table(found))
    return 0
