"""The last lines of a run: what each task got, and the next step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.catalog import find_kata, find_root
from autograder.report import number

BAR = 12


def lines(start: Path, verdicts: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the summary of a session's verdicts, a kata after another."""
    root = find_root(start) or start
    for name in dict.fromkeys(verdict["kata"] for verdict in verdicts):
        kata = find_kata(root, name)
        own = [v for v in verdicts if v["kata"] == name and v["hidden"]]
        if not own:
            continue
        total = 0.0
        width = max(map(len, kata.task_names))
        for task in kata.tasks:
            tests = [v for v in own if v["task"] == task.name]
            got = round(sum(v["points"] for v in tests), 6)
            total += got
            filled = round(BAR * got / task.points)
            bar = "█" * filled + "·" * (BAR - filled)
            yield (
                f"{task.name:<{width}}  {bar}  {number(got):>4} / {number(task.points):<4}"
                f"{_state(tests)}"
            )
        yield f"{name}: {number(total)} of {number(kata.points)} points"
        yield _next_step(name, [v for v in verdicts if v["kata"] == name], total >= kata.points)


def _state(tests: Sequence[dict[str, Any]]) -> str:
    if not tests:
        return " (not run)"
    kinds = {test["verdict"] for test in tests}
    if kinds == {"unimplemented"}:
        return " not implemented yet"
    return ""


def _next_step(name: str, verdicts: Sequence[dict[str, Any]], solved: bool) -> str:
    if solved:
        return f"solved. Compare with the model answer: kata reveal {name}"
    failed = [v for v in verdicts if v["verdict"] not in ("passed", "skipped")]
    if failed and all(v["verdict"] == "unimplemented" for v in failed):
        first = failed[0]
        return f"next: implement `{first['task']}` in {first['file']}:{first['line']}"
    return f"next: the first failure above; a hint at a time with: kata hint {name}"
