"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_equal

INSTRUCTION = (
    "Answer from the numbered sources only. Write one statement per line and end each line with "
    "its sources, like [1] or [1, 3]. If the sources do not answer the question, reply: "
    "I don't know."
)
SOURCES = ["Lima is the capital of Peru.", "Peru has three\nregions.", "Quito lies in Ecuador."]


def words(text):
    """Count the words of a text."""
    return len(text.split())


def test_the_prompt_of_the_worked_example(submission):
    # 38 words without sources, 45 with the first; the second does not fit any more.
    prompt, included = submission.build_prompt("Where?", [SOURCES[0], SOURCES[1] * 9], 50, words)
    assert prompt == f"{INSTRUCTION}\n\nSources:\n[1] {SOURCES[0]}\n\nQuestion: Where?"
    assert included == [0]


def test_a_source_is_put_on_one_line(submission):
    prompt, included = submission.build_prompt("How many?", SOURCES[1:2], 99, words)
    assert "\n[1] Peru has three regions.\n" in prompt
    assert included == [0]


def test_citations_of_the_worked_example(submission):
    answer = 'Lima is the capital [1].\nPeru has "three  Regions" [1, 2].\nIt is large.\nSo [4].'
    assert_equal(
        submission.check_citations(answer, SOURCES),
        {"cited": [1, 2], "invalid": [4], "unsupported": ["It is large.", "So [4]."]},
    )


def test_a_quotation_has_to_be_in_a_source_that_the_line_cites(submission):
    answer = 'It "lies in Ecuador" [1].'
    assert submission.check_citations(answer, SOURCES)["unsupported"] == [answer]


def test_an_answer_names_the_documents_that_it_cites(submission):
    vectors = torch.tensor([[0.6, 0.8], [0.0, 1.0], [1.0, 0.0]])
    given = submission.answer_question(
        "Where does Quito lie?",
        SOURCES,
        vectors,
        embed=lambda text: torch.tensor([2.0, 0.0]),
        model=lambda prompt: "In Ecuador [1]." if "[1] Quito" in prompt else "I don't know.",
        count=words,
    )
    assert given == {"status": "answered", "answer": "In Ecuador [1].", "sources": [2]}
