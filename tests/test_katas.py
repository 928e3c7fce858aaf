"""Every kata is sound: see "A kata is sound when" in CONTRIBUTING.md.

`kata verify` runs in a process of its own for each, in both makes, misconceptions included.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from autograder.catalog import TRACKS, find_kata, find_root, load_catalogue
from autograder.learner.questions import load_questions
from autograder.suite.proofs import Depth, prove_one

ROOT = find_root(Path(__file__))
assert ROOT is not None
KATAS = load_catalogue(ROOT)
NAMES = [kata.name for kata in KATAS]


@pytest.mark.parametrize("name", NAMES)
def test_the_kata_is_sound(name: str) -> None:
    proof = prove_one(find_kata(ROOT, name), Depth())
    assert not proof.problems, "\n".join(proof.problems)
    if unproven := [note for note in proof.notes if note.startswith("nothing was proven")]:
        pytest.skip(unproven[0])


def test_no_two_katas_share_a_place_in_the_course() -> None:
    places = Counter((kata.track, kata.order) for kata in KATAS)
    assert [place for place, count in places.items() if count > 1] == []


def test_prerequisites_come_before() -> None:
    place = {kata.name: number for number, kata in enumerate(KATAS)}
    tracks = {kata.name: TRACKS.index(kata.track) for kata in KATAS}
    for kata in KATAS:
        for name in kata.prerequisites:
            if name in place and tracks[name] == tracks[kata.name]:
                assert place[name] < place[kata.name], f"{kata.name} needs {name} before it"


def test_the_stub_of_every_kata_is_untouched() -> None:
    for kata in KATAS:
        text = kata.stub.read_text(encoding="utf-8")
        assert "raise NotImplementedError" in text, kata.name


def test_every_kata_toml_is_read_by_any_reader_of_toml() -> None:
    for kata in KATAS:
        assert tomllib.loads((kata.folder / "kata.toml").read_text())["title"] == kata.title


def test_every_interview_question_is_answered_by_a_kata_that_names_it() -> None:
    answered = set()
    for kata in KATAS:
        discussion = (kata.solutions / "discussion.md").read_text(encoding="utf-8")
        for question in kata.questions:
            assert f"\n## {question}: " in discussion, f"{kata.name} does not answer {question}"
            answered.add(question)
    questions = load_questions(ROOT)
    assert len(questions) == 123
    assert {question.id for question in questions} == answered
    assert all(set(question.katas) & set(NAMES) for question in questions)
