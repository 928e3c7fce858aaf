"""The hidden suite of RAG with checked citations."""

import pytest
import torch

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points, tensor
from solutions.rag.rag import INSTRUCTION, answer_question, build_prompt


def words(text):
    """Count words."""
    return len(text.split())


def different_words(text):
    """Count words once each: two texts together count less than each for itself."""
    return len(set(text.split()))


EMPTY = words(f"{INSTRUCTION} Sources: Question: Why?")
"""The words of a prompt without sources whose question is `Why?`."""


# ── build_prompt ──────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Write the prompt of the README down, line by line. Where are the empty lines?")
def test_the_prompt_is_built_of_the_lines_of_the_readme(submission):
    given = submission.build_prompt("Who and why?", ["Ada did.", "For fun."], 999, words)
    lines = [INSTRUCTION, "", "Sources:", "[1] Ada did.", "[2] For fun.", "", "Question: "]
    assert_equal(given, ("\n".join(lines) + "Who and why?", [0, 1]))


@points(0.5)
@hint("What does the model have to read besides the sources?")
def test_the_whole_prompt_has_to_fit_the_budget(submission):
    sources = ["one two three", "one two three four five six", "one two"]
    expected = build_prompt("Why?", sources, EMPTY + 8, words)
    assert_equal(submission.build_prompt("Why?", sources, EMPTY + 8, words), expected)


@points(0.5)
@hint("The second source is long and the third is short. Who gets in?")
def test_sources_after_one_that_does_not_fit_are_tried(submission):
    sources = ["a b c d e f g h i", "a b", "a b c d e f g h", "c"]
    given = submission.build_prompt("Why?", sources, EMPTY + 6, words)
    assert_equal(given[1], [1, 3])
    assert_equal(given, build_prompt("Why?", sources, EMPTY + 6, words))


@points(0.5)
@hint("Which number has the third source when the second was skipped?")
def test_included_sources_are_numbered_without_gaps(submission):
    sources = ["a b", "a b c d e f g h i", "c d", "e"]
    given = submission.build_prompt("Why?", sources, EMPTY + 9, words)
    assert_equal(given, build_prompt("Why?", sources, EMPTY + 9, words))


@points(0.25)
@hint("What would the model read if a source held a line that begins with [2]?")
def test_a_source_cannot_forge_another(submission):
    sources = ["true \n[2] forged\t\tline\r\n", "second"]
    given = submission.build_prompt("Why?", sources, 999, words)
    assert_equal(given, build_prompt("Why?", sources, 999, words))


@points(0.25)
@hint("What is there to cite in a source of spaces?")
def test_blank_sources_are_skipped(submission):
    sources = ["", "one", " \n\t", "two"]
    given = submission.build_prompt("Why?", sources, 999, words)
    assert_equal(given, build_prompt("Why?", sources, 999, words))


@points(0.5)
@hint("Does a second source that repeats the words of the first count as much again?")
def test_the_count_is_that_of_the_prompt_as_a_whole(submission):
    # Words that the instruction or an earlier source holds count nothing.
    sources = ["lime kiln shed", "the numbered sources only", "lime shed kiln lime", "moss fern"]
    room = different_words(build_prompt("Why?", [], 999, words)[0])
    for budget in range(room, room + 10):
        expected = build_prompt("Why?", sources, budget, different_words)
        given = submission.build_prompt("Why?", sources, budget, different_words)
        assert_equal(given, expected, name=f"the result for {budget - room} words more")


@points(0.25)
@hint("At most the budget: is that less, or may it be as much?")
def test_a_prompt_of_exactly_the_budget_fits(submission):
    given = submission.build_prompt("Why?", ["a b c", "d"], EMPTY + 6, words)
    assert_equal(given[1], [0, 1])
    given = submission.build_prompt("Why?", ["a"], EMPTY, words)
    assert_equal(given[1], [])


@points(0.25)
@hint("How does a prompt look that has no sources?")
def test_without_sources_the_prompt_is_still_whole(submission):
    for sources in ([], ["  "]):
        given = submission.build_prompt("Why?", sources, EMPTY, words)
        assert_equal(given, (f"{INSTRUCTION}\n\nSources:\n\nQuestion: Why?", []))


@points(0.5)
@hint("What is left to leave out when the prompt is too long without any source?")
def test_a_budget_below_the_bare_prompt_is_refused(submission):
    for sources in ([], ["a"]):
        for budget in (EMPTY - 1, 0, -5):
            assert_raises(ValueError, submission.build_prompt, "Why?", sources, budget, words)


# ── check_citations ───────────────────────────────────────────────────────────────────────────

SOURCES = [
    "Lima is the capital of Peru.",
    "Peru has three regions:\n  coast,  highlands and jungle.",
    "Quito lies in Ecuador, at 2850 m.",
]


def checked(function, answer, sources=SOURCES):
    """Return what is found in an answer, after a plain one."""
    function("One [1].\nTwo [2].", ["one", "two"])
    return function(answer, sources)


def found(cited=(), invalid=(), unsupported=()):
    """Return what `check_citations` finds."""
    return {"cited": list(cited), "invalid": list(invalid), "unsupported": list(unsupported)}


@points(0.5)
@hint("Which number stands before the first source of the prompt?")
def test_the_first_source_is_number_one(submission):
    given = submission.check_citations("It is Lima [1].\nQuito is high [3].", SOURCES)
    assert_equal(given, found([1, 3]))


@points(0.5, task="check_citations")
@hint("Which statement of the answer has no source at its own line?")
def test_every_line_needs_a_citation_of_its_own(submission):
    given = checked(submission.check_citations, "It is Lima [1].\nIt is large.\n  I think so. \n")
    assert_equal(given, found([1], [], ["It is large.", "I think so."]))


@points(0.5, task="check_citations")
@hint("The quotation is in source 2, and the line cites source 1. Can a reader find it?")
def test_a_quotation_has_to_be_in_a_source_that_its_line_cites(submission):
    lines = ['It "lies in Ecuador" [1].', 'It "lies in Ecuador" [1, 3].', '"Lima is" so [1].']
    given = checked(submission.check_citations, "\n".join(lines))
    assert_equal(given, found([1, 3], [], lines[:1]))


@points(0.25, task="check_citations")
@hint("Two sources hold half a quotation each, or none holds it. And a line with two quotations?")
def test_each_quotation_has_to_be_in_one_source(submission):
    lines = [
        'They say "Peru. Peru has" [1, 2].',
        'They say "Bolivia" [1, 2].',
        'Both "Lima" and "Quito" [1].',
        'Both "Lima" and "Quito" [1] [3].',
    ]
    given = checked(submission.check_citations, "\n".join(lines))
    assert_equal(given, found([1, 2, 3], [], lines[:3]))


@points(0.25, task="check_citations")
@hint("Is a quotation wrong because it begins a sentence, or because a line was broken in it?")
def test_quotations_are_compared_without_case_and_white_space(submission):
    lines = ['"THREE Regions: coast, \t highlands" [2].', 'It has " three  regions: coast " [2].']
    given = checked(submission.check_citations, "\n".join(lines))
    assert_equal(given, found([2]))


@points(0.25, task="check_citations")
@hint("Between which quotes does a quotation stand when there are three?")
def test_quotes_are_paired_from_left_to_right(submission):
    lines = ['"Lima" is 5" large, Bolivia [1].', 'It is 5" large [1].', '"Lima" or "Oslo" [1].']
    given = checked(submission.check_citations, "\n".join(lines))
    assert_equal(given, found([1], [], lines[2:]))


@points(0.5, task="check_citations")
@hint("May a reader trust a line that cites [1, 9]? And 0?")
def test_a_line_with_an_invalid_number_is_unsupported(submission):
    lines = ["It is Lima [1, 9].", "It is high [3].", "It is far [0].", "So it is [4]."]
    given = checked(submission.check_citations, "\n".join(lines))
    assert_equal(given, found([1, 3], [9, 0, 4], [lines[0], lines[2], lines[3]]))


@points(0.25, task="check_citations")
@hint("How many sources has an answer that cites [1] in every line?")
def test_numbers_are_listed_once_in_the_order_of_the_answer(submission):
    lines = ["A [3, 1].", "B [1] [7].", "C [2][3].", "D [7, 5, 7]."]
    given = checked(submission.check_citations, "\n".join(lines))
    assert_equal(given, found([3, 1, 2], [7, 5], [lines[1], lines[3]]))


@points(0.25, task="check_citations")
@hint("Which two forms of a marker are there, and where may they have white space?")
@pytest.mark.parametrize(
    ("line", "cited"),
    [
        ("So [1, 3].", [1, 3]),
        ("So [1,3,2].", [1, 3, 2]),
        ("So [ 2 ].", [2]),
        ("So [ 3 ,1 ].", [3, 1]),
        ("[2] says so, and [1] too.", [2, 1]),
        ("So[1]", [1]),
    ],
)
def test_a_marker_holds_numbers_and_commas(submission, line, cited):
    assert_equal(checked(submission.check_citations, line), found(cited))


@points(0.25, task="check_citations")
@hint("What may stand in the brackets of a marker, and what may not?")
@pytest.mark.parametrize(
    "line", ["So (1).", "So [].", "So [1-3].", "So [1,].", "So [a1].", "So [1 3].", "So 1]", "[x]"]
)
def test_other_brackets_cite_nothing(submission, line):
    assert_equal(checked(submission.check_citations, line), found((), (), [line]))


@points(0.25, task="check_citations")
@hint("Which lines of an answer say nothing?")
def test_statements_are_lines_that_are_not_blank(submission):
    given = checked(submission.check_citations, "\n\n  A [1].  \n \t\r\nB\r\n\nB\n")
    assert_equal(given, found([1], [], ["B", "B"]))
    for answer in ("", " \n\t\n"):
        assert_equal(submission.check_citations(answer, SOURCES), found())


@points(0.25, task="check_citations")
@hint("Which numbers are valid when there are no sources, or one, or more than nine?")
def test_there_may_be_any_number_of_sources(submission):
    assert_equal(checked(submission.check_citations, "A [1].", []), found((), [1], ["A [1]."]))
    given = checked(submission.check_citations, 'A [1].\nB [2].\n"a" [1]', ["a"])
    assert_equal(given, found([1], [2], ["B [2]."]))
    given = checked(submission.check_citations, "A [12], [1], [13], [112].", ["a"] * 12)
    assert_equal(given, found([12, 1], [13, 112], ["A [12], [1], [13], [112]."]))


# ── answer_question ───────────────────────────────────────────────────────────────────────────

# Their cosines with (1, 0) are 0.6, 0.8, 0.28, 1, 0, −1; their inner products have another order.
DOCUMENTS = [
    "Lima is the capital of Peru.",
    "Cusco was the capital of the Incas.",
    "Quito lies in Ecuador.",
    "Peru has three regions.",
    "La Paz has cable cars.",
    "Oslo is cold.",
]
VECTORS = torch.tensor([[3.0, 4.0], [0.8, 0.6], [7.0, 24.0], [0.5, 0.0], [0.0, 2.0], [-1.0, 0.0]])


class Calls:
    """A callable of the test that notes what it is asked."""

    def __init__(self, name, answer):
        self.__name__ = name
        self.answer = answer
        self.seen = []

    def __call__(self, text):
        """Note the text, and answer it."""
        self.seen.append(text)
        return self.answer(text)


def along(*direction):
    """Return an embedding model that gives one vector."""
    return Calls("embed", lambda text: torch.tensor(direction))


def saying(*replies):
    """Return a model that gives one reply after another, and goes on with the last."""
    left = list(replies)
    return Calls("model", lambda prompt: left.pop(0) if len(left) > 1 else left[0])


def knowing(*facts):
    """Return a model that repeats, with its number, each source that holds one of some words."""

    def answer(prompt):
        lines = [line for line in prompt.split("\n") if line.startswith("[")]
        known = [line for fact in facts for line in lines if fact in line]
        return "\n".join(f"{line[4:]} {line[:3]}" for line in known) or "I don't know."

    return Calls("model", answer)


def asked(function, model, *, embed=None, count=words, documents=None, vectors=VECTORS, **options):
    """Return the result of a question about the documents above, or about others."""
    documents = DOCUMENTS if documents is None else documents
    embed = embed or along(2.0, 0.0)
    return function("What of Peru?", documents, vectors, embed, model, count, **options)


def result(status, answer=None, sources=()):
    """Return what `answer_question` returns."""
    return {"status": status, "answer": answer, "sources": list(sources)}


def prompt_of(*places):
    """Return the prompt that holds some documents."""
    texts = [DOCUMENTS[place] for place in places]
    return build_prompt("What of Peru?", texts, 999, words)[0]


@points(0.5, task="answer_question")
@hint("Which documents get into the prompt, and in which order?")
def test_the_best_documents_are_put_into_the_prompt_best_first(submission):
    model = knowing("Cusco")
    given = asked(submission.answer_question, model, min_score=0.3)
    assert_equal(given, result("answered", "Cusco was the capital of the Incas. [2]", [1]))
    assert_equal(model.seen, [prompt_of(3, 1, 0)])
    model = knowing("Cusco")
    given = asked(submission.answer_question, model, k=2, min_score=0.1)
    assert_equal(given, result("answered", "Cusco was the capital of the Incas. [2]", [1]))
    assert_equal(model.seen, [prompt_of(3, 1)])


@points(0.5, task="answer_question")
@hint("Which document is number 1 of the prompt?")
def test_citations_are_mapped_back_to_the_documents(submission):
    model = knowing("Lima", "regions")
    given = asked(submission.answer_question, model)
    answer = "Lima is the capital of Peru. [3]\nPeru has three regions. [1]"
    assert_equal(given, result("answered", answer, [0, 3]))


@points(0.25, task="answer_question")
@hint("The best document did not get into the prompt. Which one is number 1 then?")
def test_documents_that_were_left_out_have_no_number(submission):
    documents = [*DOCUMENTS[:3], "Peru has " + "very " * 99 + "many regions.", *DOCUMENTS[4:]]
    budget = words(prompt_of(1, 0))
    model = knowing("Lima")
    given = asked(submission.answer_question, model, documents=documents, budget=budget)
    assert_equal(given, result("answered", "Lima is the capital of Peru. [2]", [0]))
    assert_equal(model.seen, [prompt_of(1, 0)])
    documents = [DOCUMENTS[0], " \n", *DOCUMENTS[2:]]
    given = asked(submission.answer_question, knowing("Lima"), documents=documents)
    assert_equal(given, result("answered", "Lima is the capital of Peru. [2]", [0]))


@points(0.5, task="answer_question")
@hint("What can a model say that has a question and no source?")
def test_without_a_similar_document_the_model_is_not_asked(submission):
    model, embed, count = saying("I don't know."), along(1.0, -0.25), Calls("count", words)
    given = asked(submission.answer_question, model, embed=embed, count=count, min_score=0.98)
    assert_equal(given, result("no_sources"))
    assert_equal(model.seen, [])
    assert_equal(count.seen, [])
    # Not even that a budget is too small matters then.
    given = asked(submission.answer_question, model, embed=embed, min_score=0.98, budget=1)
    assert_equal(given, result("no_sources"))


@points(0.25, task="answer_question")
@hint("Similar documents were found, and none fits the prompt. What is there to ask?")
def test_without_an_included_source_the_model_is_not_asked(submission):
    model = saying("I don't know.")
    given = asked(submission.answer_question, model, budget=words(prompt_of()) + 3)
    assert_equal(given, result("no_sources"))
    assert_equal(model.seen, [])


@points(0.5, task="answer_question")
@hint("One statement of the reply has no source. Who notices, and what is shown to the user?")
def test_a_reply_that_is_not_supported_is_not_returned(submission):
    model = saying("It has three regions [1].\nAll are lovely.")
    given = asked(submission.answer_question, model, k=1, attempts=1)
    assert_equal(given, result("unverified"))
    model = saying('It has "four regions" [1].')
    given = asked(submission.answer_question, model, k=1, attempts=3)
    assert_equal(given, result("unverified"))
    assert_equal(model.seen, [prompt_of(3)] * 3)


@points(0.5, task="answer_question")
@hint("The first reply lacks a citation. What happens next, and what is the model told?")
def test_the_same_prompt_is_sent_again(submission):
    model = saying("Three.", "Three [7].", " Three [1]. \n", "Four [1].")
    given = asked(submission.answer_question, model, k=2, attempts=4)
    assert_equal(given, result("answered", "Three [1].", [3]))
    assert_equal(model.seen, [prompt_of(3, 1)] * 3)


@points(0.25, task="answer_question")
@hint("How often is the model asked if nobody says so?")
def test_there_are_two_attempts_unless_told_otherwise(submission):
    model = saying("Three.", "Three [1].")
    assert_equal(asked(submission.answer_question, model), result("answered", "Three [1].", [3]))
    model = saying("Three.", "3", "Three [1].")
    assert_equal(asked(submission.answer_question, model), result("unverified"))
    assert_equal(len(model.seen), 2, name="the number of calls of the model")


@points(0.25, task="answer_question")
@hint("What has the model said when it says nothing?")
def test_a_blank_reply_is_no_answer(submission):
    model = saying("", " \n", "Three [1].")
    given = asked(submission.answer_question, model, attempts=2)
    assert_equal(given, result("unverified"))


@points(0.5, task="answer_question")
@hint("In how many ways can a model write that it does not know?")
def test_that_the_model_does_not_know_is_an_outcome_of_its_own(submission):
    ways = ["I don't know.", "I don't know", " \ni DON'T know.\n", "I don’t know", "I don’t know."]
    for reply in ways:
        model = saying(reply)
        assert_equal(asked(submission.answer_question, model), result("declined"))
        assert_equal(len(model.seen), 1, name=f"the number of calls for {reply!r}")


@points(0.25, task="answer_question")
@hint("The model declines, but only after a bad reply; or it says more than that.")
def test_a_model_may_decline_later_or_in_part(submission):
    model = saying("Three.", "I don't know.", "Three [1].")
    assert_equal(asked(submission.answer_question, model, attempts=3), result("declined"))
    reply = "I don't know all [1].\nIt has three [1]."
    given = asked(submission.answer_question, saying(reply))
    assert_equal(given, result("answered", reply, [3]))
    given = asked(submission.answer_question, saying("I don't know. Three."), attempts=1)
    assert_equal(given, result("unverified"))


@points(0.25, task="answer_question")
@hint("Which documents does a reader have to open to check the answer?")
def test_the_sources_are_the_cited_ones_in_the_order_of_citation(submission):
    reply = "A [3, 1].\nB [3].\nC [1] [2]."
    given = asked(submission.answer_question, saying(reply), k=5, min_score=-1.0)
    assert_equal(given, result("answered", reply, [0, 3, 1]))


@points(0.25, task="answer_question")
@hint("Is the similarity a cosine, whatever the lengths? How often do you embed the question?")
def test_documents_are_ranked_by_cosine_for_any_embedding(submission, rng):
    while True:
        vectors, direction = tensor(rng, 6, 3), tensor(rng, 3)
        cosines = (vectors @ direction) / vectors.norm(dim=1) / direction.norm()
        if cosines.sort()[0].diff().min() > 0.001 and (cosines - 0.2).abs().min() > 0.001:
            break
    for k in (2, 6):
        embed, model = along(*(3 * direction).tolist()), saying("So [1].")
        arguments = ("What of Peru?", DOCUMENTS, vectors, along(*direction.tolist()))
        expected = answer_question(*arguments, saying("So [1]."), words, k, 0.2)
        given = asked(
            submission.answer_question, model, embed=embed, vectors=vectors, k=k, min_score=0.2
        )
        assert_equal(given, expected)
        assert_equal(embed.seen, ["What of Peru?"])


@points(0.25, task="answer_question")
@hint("Which documents are just similar enough, and which come first of those as similar?")
def test_ties_and_thresholds_of_exact_cosines(submission):
    vectors = torch.tensor([[0.0, 1.0], [3.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, -1.0], [2.0, 0]])
    model = saying("So [1].")
    given = asked(submission.answer_question, model, vectors=vectors, k=2, min_score=1.0)
    assert_equal(given, result("answered", "So [1].", [1]))
    assert_equal(model.seen, [prompt_of(1, 3)])
    model = saying("So [1].")
    asked(submission.answer_question, model, vectors=vectors, k=9, min_score=0.0)
    assert_equal(model.seen, [prompt_of(1, 3, 5, 0, 2, 4)])
    many, alike = [f"fact {place}" for place in range(60)], torch.eye(2)[torch.arange(60) % 2]
    model = saying("So [3].")
    given = asked(submission.answer_question, model, documents=many, vectors=alike, k=8)
    assert_equal(given, result("answered", "So [3].", [4]))


@points(0.25, task="answer_question")
@hint("Which values do k, min_score and budget have when none is given?")
def test_the_defaults_are_those_of_the_signature(submission):
    # Five documents are similar; the cosine of the sixth is 0.28.
    vectors = VECTORS[[3, 2, 3, 3, 3, 3]]
    model = saying("So [1].")
    asked(submission.answer_question, model, vectors=vectors)
    assert_equal(model.seen, [prompt_of(0, 2, 3, 4)])
    model = saying("So [1].")
    vectors[3] = torch.tensor([5.0, 12.0])  # its cosine is 0.38
    asked(submission.answer_question, model, vectors=vectors[[1, 1, 1, 3, 1, 1]])
    assert_equal(model.seen, [prompt_of(3)])
    room = 1000 - words(prompt_of())
    for length, expected in ((room - 1, "answered"), (room, "no_sources")):
        documents = ["no"] * 3 + ["word " * length] + ["no"] * 2
        given = asked(submission.answer_question, saying("So [1]."), documents=documents, k=1)
        assert_equal(given["status"], expected)


@points(0.25, task="answer_question")
@hint("What does a search over no documents find?")
def test_there_may_be_no_documents(submission):
    model = saying("So [1].")
    given = asked(submission.answer_question, model, documents=[], vectors=torch.zeros(0, 2))
    assert_equal(given, result("no_sources"))
    assert_equal(model.seen, [])


@points(0.5, task="answer_question")
@hint("What does build_prompt refuse, and how many replies are none?")
def test_impossible_arguments_are_refused(submission):
    for options in (
        {"k": 0},
        {"k": -1},
        {"attempts": 0},
        {"attempts": -2},
        {"budget": words(prompt_of()) - 1},
    ):
        model = saying("So [1].")
        assert_raises(ValueError, asked, submission.answer_question, model, **options)
        assert_equal(model.seen, [])
