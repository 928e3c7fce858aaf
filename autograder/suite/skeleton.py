"""The skeleton that `kata new` writes: complete in form, a to-do wherever an author is needed."""

from __future__ import annotations

from pathlib import Path

from autograder.catalog import DIFFICULTIES, TRACKS, CatalogError, load_catalogue, suggestion

README = """# {title}

*TODO: the question, as an interviewer asks it.*

## What to build

TODO: each task with its shapes, and what it does in the cases that people forget.

## A worked example

TODO: small enough to check by hand.

## What good looks like

TODO: complexity, stability.

## What an interviewer asks next

- TODO

## Read more

- TODO: papers by name
"""
TOML = """title = "{title}"
track = "{track}"
order = {order}
difficulty = "medium"           # {difficulties}
minutes = 40
requires = ["numpy"]            # what is imported, and so what must be installed
prerequisites = []
questions = []                  # TODO: ids of the interview questions that it answers
forbidden = []                  # dotted names that would make the kata pointless

[tasks]                         # in the order of the stub; the points of its tests add up to these
{task} = 3
"""
STUB = '''"""{title}. The question is in README.md."""


def {task}(values: list[float]) -> float:
    """TODO: one line in the imperative.

    Raises:
        ValueError: TODO: when.
    """
    raise NotImplementedError
'''
VISIBLE = '''"""Visible examples of {name}: few, short, to be checked by hand."""

from autograder.checks import assert_close


def test_two_values(submission):
    assert_close(submission.{task}([1.0, 3.0]), 2.0)
'''
REFERENCE = '''"""{title}: the reference."""


def {task}(values: list[float]) -> float:
    """TODO: written to be read and learned from."""
    if not values:
        raise ValueError("values is empty")
    return sum(values) / len(values)
'''
SUITE = '''"""The hidden suite of {name}."""

from autograder.checks import assert_close, assert_raises
from autograder.suite import array, hint, points
from solutions.{name}.{name} import {task}


@points(2)
@hint("TODO: the question that leads there, never the line of code.")
def test_the_sum_is_divided_by_the_number_of_values(submission, rng):
    values = array(rng, 7).tolist()
    assert_close(submission.{task}(values), {task}(values))


@points(1)
@hint("What is the mean of nothing?")
def test_no_values_are_refused(submission):
    assert_raises(ValueError, submission.{task}, [])
'''
WRONGS = '''"""What people get wrong in {name}."""

from autograder.suite import misconception


@misconception(
    replaces="{task}",
    says="TODO: the mistake, after 'your result is exactly what you get when'",
    hint="TODO: the next step for who made it.",
)
def divided_by_one_less(values):
    if not values:
        raise ValueError("values is empty")
    return sum(values) / max(len(values) - 1, 1)
'''
DISCUSSION = """# {title}: discussion

## The model answer

TODO: as one would say it.

## Follow-ups

**TODO?** TODO.

## Rubric of the written question

| criterion | points | half marks |
| --- | --- | --- |
| TODO | 2 | TODO |
"""
FILES = (
    ("katas/{name}/README.md", README),
    ("katas/{name}/kata.toml", TOML),
    ("katas/{name}/{name}.py", STUB),
    ("katas/{name}/test_{name}.py", VISIBLE),
    ("solutions/{name}/{name}.py", REFERENCE),
    ("solutions/{name}/test_hidden.py", SUITE),
    ("solutions/{name}/misconceptions.py", WRONGS),
    ("solutions/{name}/discussion.md", DISCUSSION),
)


def write(root: Path, name: str, *, track: str, task: str) -> list[Path]:
    """Write the eight files of a new kata; return them.

    Raises:
        CatalogError: if a name is no Python name, the track is unknown, or a file exists.
    """
    for text in (name, task):
        if not text.isidentifier() or text != text.lower():
            raise CatalogError(f"'{text}' is no name for a kata or task: use lower_case_words")
    if track not in TRACKS:
        raise CatalogError(f"no track '{track}'{suggestion(track, TRACKS)}: {', '.join(TRACKS)}")
    paths = [root / path.format(name=name) for path, _ in FILES]
    for path in paths:
        if path.exists():
            raise CatalogError(f"{path.relative_to(root)} exists; nothing was written")
    orders = [kata.order for kata in load_catalogue(root) if kata.track == track]
    values = {
        "name": name,
        "task": task,
        "track": track,
        "title": name.replace("_", " ").capitalize(),
        "order": max(orders, default=0) + 1,
        "difficulties": " | ".join(DIFFICULTIES),
    }
    for path, (_, text) in zip(paths, FILES, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**values), encoding="utf-8")
    return [path.relative_to(root) for path in paths]
