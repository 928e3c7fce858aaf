"""What a learner has done so far: attempts, hints, reveals; in SQLite, outside the repository."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
create table if not exists attempts (
    kata text not null, at real not null, points real not null, max_points real not null,
    misconceptions text not null
);
create index if not exists attempts_by_kata on attempts (kata, at);
create table if not exists hints (
    kata text not null, task text not null, hint text not null, at real not null
);
create table if not exists reveals (kata text primary key, at real not null);
create table if not exists cards (item text primary key, card text not null, due real not null);
create table if not exists interviews (
    question text not null, at real not null, minutes real not null, score real not null,
    notes text not null
);
"""


def home() -> Path:
    """Return the folder of the learner's data: KATA_HOME, or the platform's own place."""
    if os.environ.get("KATA_HOME"):
        return Path(os.environ["KATA_HOME"])
    import platformdirs

    return Path(platformdirs.user_data_dir("llm-katas"))


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """Open the learner's database for one transaction."""
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / "progress.db", timeout=5)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.executescript(SCHEMA)
        with connection:
            yield connection
    finally:
        connection.close()


def record_attempt(
    kata: str, points: float, max_points: float, misconceptions: Sequence[str] = ()
) -> None:
    """Note one run of a kata's hidden suite."""
    row = kata, time.time(), points, max_points, " ".join(sorted(set(misconceptions)))
    with database() as db:
        db.execute("insert into attempts values (?, ?, ?, ?, ?)", row)


def record_hint(kata: str, task: str, hint: str) -> None:
    """Note that a hint was shown."""
    with database() as db:
        db.execute("insert into hints values (?, ?, ?, ?)", (kata, task, hint, time.time()))


def hints_shown(kata: str) -> set[str]:
    """Return the hints of a kata that the learner has seen."""
    with database() as db:
        return {hint for (hint,) in db.execute("select hint from hints where kata = ?", (kata,))}


def forget_hints(kata: str) -> None:
    """Start a kata's hints anew."""
    with database() as db:
        db.execute("delete from hints where kata = ?", (kata,))


def record_reveal(kata: str) -> None:
    """Note that the learner looked at the answer."""
    with database() as db:
        db.execute("insert or replace into reveals values (?, ?)", (kata, time.time()))


def record_interview(question: str, minutes: float, score: float, notes: str) -> None:
    """Keep the result of an interview."""
    with database() as db:
        row = question, time.time(), minutes, score, notes
        db.execute("insert into interviews values (?, ?, ?, ?, ?)", row)


def interviews() -> list[tuple[str, float, float]]:
    """Return question, time and score of every interview, the last first."""
    with database() as db:
        rows = db.execute("select question, at, score from interviews order by at desc")
        return [(question, at, score) for question, at, score in rows]


def misconceptions() -> list[str]:
    """Return the misconceptions of all attempts, as `kata: id`, one for each attempt."""
    with database() as db:
        rows = db.execute("select kata, misconceptions from attempts").fetchall()
    return [f"{kata}: {name}" for kata, names in rows for name in names.split()]


def days_with_attempts() -> set[int]:
    """Return the days (since 1970) on which something was tried."""
    with database() as db:
        return {int(at // 86_400) for (at,) in db.execute("select at from attempts")}


def last_points() -> dict[str, float]:
    """Return what the last attempt at each kata gave."""
    if not (home() / "progress.db").is_file():
        return {}
    with database() as db:
        # SQLite takes the other columns from the row that has the maximum.
        rows = db.execute("select kata, points, max(at) from attempts group by kata")
        return {kata: points for kata, points, _ in rows}


def states() -> dict[str, dict[str, Any]]:
    """Return, by kata, `state` (tried | solved | revealed), best `points` and `attempts`."""
    if not (home() / "progress.db").is_file():
        return {}
    with database() as db:
        found = {
            kata: {
                "state": "solved" if best >= worth else "tried",
                "points": best,
                "attempts": count,
                "revealed": False,
            }
            for kata, best, worth, count in db.execute(
                "select kata, max(points), max(max_points), count(*) from attempts group by kata"
            )
        }
        for (kata,) in db.execute("select kata from reveals"):
            entry = found.setdefault(kata, {"state": "tried", "points": 0.0, "attempts": 0})
            entry["revealed"] = True
            if entry["state"] != "solved":
                entry["state"] = "revealed"
    return found
