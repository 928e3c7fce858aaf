"""The learner's loop: progress, hints, reset, watch, repetition, quiz, interview, plan."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from autograder.catalog import CatalogError, find_kata, find_root
from autograder.learner import asking, files, progress, schedule, status
from autograder.learner.questions import find_question, load_questions, search
from autograder.learner.trial import judge_file, next_hint

ROOT = find_root(Path(__file__))
assert ROOT is not None
QUESTIONS = """
[[question]]
id = "search-01"
section = "Search"
text = "What is a mean?"
katas = ["mean"]
key_points = ["The sum over the count."]
erratum = "It is not the median."

[[question]]
id = "search-02"
section = "Search"
text = "What is a median?"
katas = []
key_points = ["The middle."]
"""


@pytest.fixture
def asked(project: Path) -> Path:
    (project / "katas/questions.toml").write_text(QUESTIONS)
    return project


def kata(project: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=project,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "KATA_HOME": str(project / "home"), "COLUMNS": "100"},
    )


def test_an_untouched_stub_is_no_attempt(project: Path) -> None:
    judge_file(find_kata(project, "mean"))
    assert progress.states() == {}


def test_attempts_and_what_went_wrong_are_kept(project: Path, right: str) -> None:
    mean = find_kata(project, "mean")
    mean.stub.write_text(right.replace("total / len(values)", "total / (len(values) - 1 or 1)"))
    judge_file(mean)
    assert progress.states()["mean"]["state"] == "tried"
    assert progress.misconceptions() == ["mean: one_less"]
    mean.stub.write_text(right)
    judge_file(mean)
    assert progress.states()["mean"]["state"] == "solved"
    assert schedule.scheduled("kata") == {"mean"}
    found = status.standing(project)
    assert found.tracks == {"search": (1, 1)}
    assert found.points == (6.0, 6.0)
    assert found.streak == 1


def test_hints_come_one_at_a_time_and_end(project: Path, right: str) -> None:
    mean = find_kata(project, "mean")
    mean.stub.write_text(right.replace("total / len(values)", "total / (len(values) - 1 or 1)"))
    hints = []
    while (found := next_hint(mean)) is not None:
        hints.append(found[1])
    assert hints[0] == "Count them."
    assert len(hints) == len(set(hints)) <= 2


def test_reset_keeps_what_was_written(project: Path, right: str) -> None:
    mean = find_kata(project, "mean")
    stub = mean.stub.read_text()
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    subprocess.run(["git", "add", "."], cwd=project, check=True)
    identity = ["-c", "user.name=n", "-c", "user.email=e"]
    subprocess.run(["git", *identity, "commit", "-qm", "m"], cwd=project, check=True)
    assert files.reset(mean) is None
    mean.stub.write_text(right)
    first = files.reset(mean)
    mean.stub.write_text(right + "# more\n")
    second = files.reset(mean)
    assert first is not None and second is not None
    assert first != second
    assert (first.read_text(), second.read_text()) == (right, right + "# more\n")
    assert mean.stub.read_text() == stub


def test_reset_says_where_no_stub_is_known(project: Path, right: str) -> None:
    find_kata(project, "mean").stub.write_text(right)
    with pytest.raises(CatalogError, match="not known here"):
        files.reset(find_kata(project, "mean"))


def test_revealing_asks_first(project: Path) -> None:
    refused = kata(project, "reveal", "mean", stdin="n\n")
    assert refused.returncode == 1
    assert "return sum(values)" not in refused.stdout
    assert "return sum(values)" in kata(project, "reveal", "mean", "--yes").stdout
    entry = json.loads(kata(project, "list", "--json").stdout)[0]
    assert entry["state"] == "revealed"


def test_what_went_badly_comes_again_sooner(project: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert schedule.rate("kata:a", "again", now=now) < schedule.rate("kata:b", "easy", now=now)
    assert schedule.due("kata", now=now + timedelta(days=400)) == ["a", "b"]
    assert schedule.due("question", now=now + timedelta(days=400)) == []


@pytest.mark.parametrize(
    ("days", "today", "count"),
    [([], 9, 0), ([9], 9, 1), ([8, 7], 9, 2), ([9, 8, 6], 9, 2), ([5], 9, 0)],
)
def test_a_streak_is_broken_by_a_day_without(days: list[int], today: int, count: int) -> None:
    assert status.streak(days, today) == count


def test_questions_are_found_by_all_their_words(asked: Path) -> None:
    everything = load_questions(asked)
    assert [q.id for q in search(everything, "mean sum")] == ["search-01"]
    assert [q.id for q in search(everything, "", section="sear")] == ["search-01", "search-02"]
    with pytest.raises(CatalogError, match="did you mean 'search-01'"):
        find_question(everything, "search01")
    done = kata(asked, "questions", "median", "middle")
    assert "What is a median?" in done.stdout
    assert kata(asked, "questions", "nothing").returncode == 2


def answers(*texts: str) -> Callable[..., str]:
    rest = list(texts)
    return lambda question, choices=None: rest.pop(0)


def test_a_quiz_shows_key_points_and_errata_and_schedules(asked: Path) -> None:
    output = io.StringIO()
    console = Console(file=output, width=80)
    ask = answers("", "good", "", "stop")
    assert asking.quiz(asked, load_questions(asked), 2, ask=ask, console=console, seed=1) == 1
    text = output.getvalue()
    assert "What is a" in text
    assert schedule.scheduled("question") < {"search-01", "search-02"}
    output.truncate(0)
    ask = answers("", "good")  # the first is not due yet
    assert asking.quiz(asked, load_questions(asked), 2, ask=ask, console=console, seed=1) == 1
    assert schedule.scheduled("question") == {"search-01", "search-02"}
    assert "It is not the median." in text + output.getvalue()


def test_an_interview_asks_the_follow_ups_and_keeps_the_score(asked: Path) -> None:
    discussion = asked / "solutions/mean/discussion.md"
    discussion.write_text("# Mean\n\n## Follow-ups\n\n**Why divide?** So.\n\n## Rubric\n\nx\n")
    output = io.StringIO()
    clock = iter([0.0, 600.0])
    score = asking.interview(
        asked,
        minutes=5,
        ask=answers("", "because", "7"),
        console=Console(file=output, width=80),
        clock=lambda: next(clock),
    )
    assert score == 7
    assert "Why divide?" in output.getvalue()
    assert "10 minutes, 5 over" in output.getvalue()
    assert [(name, found) for name, _, found in progress.interviews()] == [("mean", 7.0)]


def test_watching_judges_at_each_save(project: Path, right: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "watch", "mean", "--json"],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "KATA_HOME": str(project / "home")},
    )
    assert process.stdout is not None and process.stdin is not None

    def event() -> dict[str, object]:
        return json.loads(process.stdout.readline())

    try:
        assert event()["points"] == 0
        assert event()["event"] == "ready"
        (project / "katas/mean/mean.py").write_text(right)
        assert event()["points"] == 6
        (project / "katas/mean/mean.py").write_text(
            right.replace("def mean(values):", "def mean(values):\n    import os; os._exit(3)")
        )
        assert "took its process down" in str(event()["message"])
        process.stdin.write('{"judge": "meen"}\n{"stop": true}\n')
        process.stdin.flush()
        assert "did you mean 'mean'?" in str(event()["message"])
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_a_plan_keeps_prerequisites_before_and_days_short() -> None:
    days = status.plan(ROOT, 3, 90)
    place = {kata.name: day for day, katas in days for kata in katas}
    for day, katas in days:
        assert sum(k.minutes for k in katas) <= 90 or len(katas) == 1
        for one in katas:
            for name in one.prerequisites:
                assert place.get(name, 0) <= day, f"{one.name} before {name}"
    assert len(days) <= 18


def test_the_questions_of_every_kata_exist() -> None:
    data = tomllib.loads((ROOT / "katas/questions.toml").read_text())
    known = {question["id"] for question in data["question"]}
    assert len(known) == len(data["question"])
    from autograder.catalog import load_catalogue

    for one in load_catalogue(ROOT):
        assert set(one.questions) <= known, one.name
