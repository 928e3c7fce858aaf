"""When to see a kata or a question again: spaced repetition, by FSRS."""

from __future__ import annotations

from datetime import UTC, datetime

from fsrs import Card, Rating, Scheduler

from autograder.learner.progress import database

GRADES = {"again": Rating.Again, "hard": Rating.Hard, "good": Rating.Good, "easy": Rating.Easy}
"""How well it went, in the words of a person."""


def rate(item: str, grade: str, *, now: datetime | None = None) -> datetime:
    """Note how well `item` (`kata:attention`, `question:lm-01`) went; return when it is due."""
    moment = now or datetime.now(UTC)
    # Without fuzzing two learners who did the same see the same plan.
    scheduler = Scheduler(enable_fuzzing=False)
    with database() as db:
        row = db.execute("select card from cards where item = ?", (item,)).fetchone()
        card = Card.from_json(row[0]) if row else Card(due=moment)
        card, _ = scheduler.review_card(card, GRADES[grade], review_datetime=moment)
        row = item, card.to_json(), card.due.timestamp()
        db.execute("insert or replace into cards values (?, ?, ?)", row)
    return card.due


def due(kind: str, *, now: datetime | None = None) -> list[str]:
    """Return the names of a kind (`kata`, `question`) that are due, the longest overdue first."""
    moment = (now or datetime.now(UTC)).timestamp()
    with database() as db:
        rows = db.execute(
            "select item from cards where due <= ? and item like ? order by due",
            (moment, f"{kind}:%"),
        )
        return [item.partition(":")[2] for (item,) in rows]


def scheduled(kind: str) -> set[str]:
    """Return the names of a kind that have been rated."""
    with database() as db:
        rows = db.execute("select item from cards where item like ?", (f"{kind}:%",))
        return {item.partition(":")[2] for (item,) in rows}


def grade_of_attempts(attempts: int, revealed: bool) -> str:
    """Return how well a kata went that is solved now: the fewer attempts, the better."""
    if revealed:
        return "again"
    return "easy" if attempts <= 1 else "good" if attempts <= 5 else "hard"
