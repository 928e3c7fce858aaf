"""`kata mcp`: katas for an assistant that tutors, over the Model Context Protocol.

It gives the question, the verdicts and the next hint; never a reference, a suite, or a hint further
than the next. The learner's code runs in processes of its own: what it prints is no protocol.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from autograder.catalog import CatalogError, find_kata
from autograder.learner.asking import choose
from autograder.learner.listing import entries
from autograder.learner.questions import find_question, load_questions
from autograder.report import Report, number, task_points

INSTRUCTIONS = """\
You tutor someone who prepares for interviews on language models. Katas are short exercises: the
learner fills in stub functions in a file and asks you about them. Judge the file with `judge`, talk
about what differs and about the diagnosis, and ask the question that leads on. Do not write the
solution, and take a hint only when the learner wants one. In a quiz, wait for the learner's answer
before you ask for the key points, then say which of them the answer held.
"""
PATIENCE = 300.0
"""Seconds that judging a file may take."""
SHOWN = ("name", "title", "track", "difficulty", "minutes", "state", "points", "max_points")
FEWEST_WORDS = 3
"""Words of an answer, below which it is none."""

P = ParamSpec("P")
R = TypeVar("R")


def server(root: Path) -> MCPServer[Any]:
    """Return the server of a project's katas."""
    mcp: MCPServer[Any] = MCPServer("llm-katas", instructions=INSTRUCTIONS, log_level="WARNING")

    def tool(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def told(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except CatalogError as error:
                raise ToolError(str(error)) from None

        mcp.tool()(told)
        return told

    @tool
    def list_katas(track: str | None = None) -> list[dict[str, Any]]:
        """List the katas as a course, with how far the learner is."""
        return [{key: entry[key] for key in SHOWN} for entry in entries(root, track)]

    @tool
    def show_kata(name: str) -> dict[str, Any]:
        """Show a kata's question, and the learner's file as it is."""
        kata = find_kata(root, name)
        return {
            "question": kata.readme.read_text(encoding="utf-8"),
            "file": str(kata.stub),
            "code": kata.stub.read_text(encoding="utf-8", errors="replace"),
            "tasks": {task.name: task.points for task in kata.tasks},
        }

    @tool
    def judge(name: str) -> dict[str, Any]:
        """Judge the learner's file: points, and of each failed test what differs and why."""
        kata = find_kata(root, name)
        report = _report(root, kata.name)
        return {
            "points": f"{number(report.points)} of {number(report.max_points)}",
            "tasks": {
                task: f"{number(got)} of {number(worth)}"
                for task, (got, worth) in task_points(kata, report.verdicts).items()
            },
            "not_passed": [
                {
                    "task": verdict.task,
                    "test": verdict.sentence,
                    "verdict": verdict.verdict,
                    "message": verdict.message,
                    "diagnosis": verdict.diagnosis,
                    "line": verdict.line,
                }
                for verdict in report.verdicts
                if verdict.verdict not in ("passed", "skipped")
            ],
        }

    @tool
    def next_hint(name: str) -> str:
        """Give the next hint for the first task that is not right yet; the learner asked for it."""
        return _kata(root, "hint", find_kata(root, name).name).strip()

    @tool
    def quiz_question(section: str | None = None) -> dict[str, str]:
        """Choose an interview question: what is due for repetition first."""
        wanted = (section or "").lower()
        questions = [q for q in load_questions(root) if wanted in q.section.lower()]
        chosen = choose(questions, 1, random.randrange(1 << 30))
        if not chosen:
            raise CatalogError(f"no question is due or new in '{section}'; leave the section out")
        return {"id": chosen[0].id, "section": chosen[0].section, "question": chosen[0].text}

    @tool
    def key_points(question: str, answer: str) -> dict[str, Any]:
        """Show what a full answer to a question (by id) holds, once the learner has answered it."""
        found = find_question(load_questions(root), question)
        if len(answer.split()) < FEWEST_WORDS:
            raise CatalogError("the learner answers first: give the answer in `answer`")
        return {
            "key_points": list(found.key_points),
            "often_said_wrongly": found.erratum,
            "katas": list(found.katas),
        }

    return mcp


def _report(root: Path, name: str) -> Report:
    import msgspec

    return msgspec.convert(json.loads(_kata(root, "test", name, "--json", "--sandbox")), Report)


def _kata(root: Path, *arguments: str) -> str:
    """Run `kata` and return what it prints.

    Raises:
        CatalogError: with its message, if it fails.
    """
    command = [sys.executable, "-m", "autograder", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CatalogError(f"it did not end within {PATIENCE:.0f} s") from None
    if done.returncode not in (0, 1) or not done.stdout:
        raise CatalogError(done.stderr.strip()[-2000:] or f"kata {arguments[0]} failed")
    return done.stdout
