"""The tutor, through the package's own client over standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

mcp = pytest.importorskip("mcp", reason="needs the extra `tutor`")
WRONG = ("total / len(values)", "total / (len(values) - 1 or 1)")


def talk(project: Path, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """Call tools one after the other and return what each answered; an error is its text."""
    server = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "autograder", "mcp"],
        cwd=str(project),
        env={**os.environ, "KATA_HOME": str(project / "home")},
    )

    async def conversation() -> list[Any]:
        answers = []
        async with mcp.Client(server, read_timeout_seconds=120) as client:
            tools = await client.list_tools()
            assert {tool.name for tool in tools.tools} == {
                *("list_katas", "show_kata", "judge", "next_hint", "quiz_question", "key_points")
            }
            for name, arguments in calls:
                result = await client.call_tool(name, arguments)
                if result.is_error:
                    answers.append(result.content[0].text)
                else:
                    data = result.structured_content
                    answers.append(data.get("result", data) if data else result.content[0].text)
        return answers

    return asyncio.run(conversation())


def test_a_wrong_file_is_judged_and_nothing_is_spoilt(project: Path, right: str) -> None:
    stub = project / "katas/mean/mean.py"
    stub.write_text("print('a line that is no protocol')\n" + right.replace(*WRONG))
    katas, shown, judged, hint, again = talk(
        project,
        ("list_katas", {}),
        ("show_kata", {"name": "mean"}),
        ("judge", {"name": "mean"}),
        ("next_hint", {"name": "mean"}),
        ("next_hint", {"name": "mean"}),
    )
    assert [kata["name"] for kata in katas] == ["mean"]
    assert shown["question"].startswith("# The mean")
    assert judged["points"] == "2 of 6"
    assert any(v["diagnosis"] == "the sum is divided by n - 1" for v in judged["not_passed"])
    assert "Count them" in hint and "Count them" not in again
    reference = (project / "solutions/mean/mean.py").read_text()
    suite = (project / "solutions/mean/test_hidden.py").read_text()
    said = str([katas, judged, hint, again])
    for line in [*reference.splitlines(), *suite.splitlines()]:
        if len(line.strip()) > 20:
            assert line.strip() not in said
    assert not any("hint" in verdict for verdict in judged["not_passed"])


def test_key_points_come_after_an_answer(project: Path) -> None:
    (project / "katas/questions.toml").write_text(
        '[[question]]\nid = "search-01"\nsection = "Search"\ntext = "What is a mean?"\n'
        'katas = ["mean"]\nkey_points = ["the sum over the count"]\n'
    )
    question, early, late, unknown = talk(
        project,
        ("quiz_question", {}),
        ("key_points", {"question": "search-01", "answer": "?"}),
        ("key_points", {"question": "search-01", "answer": "the sum by the count"}),
        ("show_kata", {"name": "../solutions"}),
    )
    assert question == {"id": "search-01", "section": "Search", "question": "What is a mean?"}
    assert "answers first" in early
    assert late["key_points"] == ["the sum over the count"]
    assert "no kata" in unknown
