"""The interview questions of `katas/questions.toml`, and finding some of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from autograder.catalog import CatalogError, suggestion


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One interview question with what a full answer holds."""

    id: str
    section: str
    text: str
    katas: tuple[str, ...]
    key_points: tuple[str, ...]
    erratum: str | None = None


def load_questions(root: Path) -> list[Question]:
    """Read the questions of a project, in the order of the file.

    Raises:
        CatalogError: if the file is missing or an entry is not well formed.
    """
    path = root / "katas" / "questions.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(data["question"], list[Question])
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, KeyError, msgspec.ValidationError) as error:
        raise CatalogError(f"{path}: {error}") from None


def find_question(questions: Sequence[Question], identity: str) -> Question:
    """Return the question with an id.

    Raises:
        CatalogError: if there is none; the text suggests the nearest id.
    """
    for question in questions:
        if question.id == identity:
            return question
    near = suggestion(identity, [question.id for question in questions])
    raise CatalogError(f"no question '{identity}'{near}; `kata questions` lists them")


def search(questions: Iterable[Question], words: str, section: str | None = None) -> list[Question]:
    """Return the questions that hold every word, in text, key points, section or katas."""
    wanted = words.lower().split()
    found = []
    for question in questions:
        if section and section.lower() not in question.section.lower():
            continue
        parts = (question.id, question.section, question.text, *question.katas)
        text = " ".join((*parts, *question.key_points)).lower()
        if all(word in text for word in wanted):
            found.append(question)
    return found
