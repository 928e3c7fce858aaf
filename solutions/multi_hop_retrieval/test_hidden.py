"""The hidden suite of multi-hop retrieval."""

import pytest

from autograder.checks import CheckFailed, assert_equal, assert_raises
from autograder.suite import hint, points, shuffled
from solutions.multi_hop_retrieval.multi_hop_retrieval import shortest_chain

# ── iterative_search ──────────────────────────────────────────────────────────────────────────

QUESTION = "How many people live where the author of Fiasco was born?"
TEXTS = {
    "a": "Stanisław Lem wrote it in 1986.",
    "b": "Lem came from Lviv,\n  then in Poland.",
    "c": "Some 700 000 live in Lviv.",
    "d": "Kraków is a city on the Vistula.",
    "e": "A fiasco is a bottle.",
}
YEARS = ["Lem 1961", "Lem 1964", "Lem 1968", "Lem 1971"]
WHO, WHERE, SIZE = "author of the novel", "birthplace of Lem", "inhabitants of Lviv"


class World:
    """A scripted model and an index.

    The model's reply is that of the last cue which its prompt holds. Prompts are worded as anybody
    likes, so it is noted, and compared with other implementations, what each of them holds: the
    question, queries, and passages (by id, as often as their text stands there).
    """

    __name__ = "model"

    def __init__(self, submission, *script, found=None):
        self.submission = submission
        self.script = script
        self.found = found or {}
        self.held = []
        self.sent = []

    def __call__(self, prompt):
        """Note what the prompt holds, and reply."""
        if not isinstance(prompt, str):
            raise CheckFailed(f"the model is asked with a {type(prompt).__name__}, not with a text")
        known = ["question"] * (QUESTION in prompt)
        known += [query for query in self.found if query in prompt]
        for passage, text in TEXTS.items():
            known += [passage] * prompt.count(text)
        self.held.append(known)
        self.submission.note_result(known)
        return [reply for cue, reply in self.script if TEXTS.get(cue, cue) in prompt][-1]

    def retrieve(self, query):
        """Note the query, and return what the index holds for it."""
        self.sent.append(query)
        return [(passage, TEXTS[passage]) for passage in self.found.get(query, "")]


def steps(queries):
    """Return the script of a model that sends one query after the other."""
    cues = ["", *queries]
    return [(cue, f"SEARCH: {query}") for cue, query in zip(cues, queries, strict=False)]


NAMES = ("answer", "queries", "passages", "stopped")


def result(submission, given):
    """Return what a result has to hold. More is allowed, and nobody is compared by it."""
    if not isinstance(given, dict):
        return given
    held = {name: given[name] for name in NAMES if name in given}
    submission.note_result(held)
    return held


def expected(stopped, queries=(), passages="", answer=None):
    """Return a result; passages have ids of one letter."""
    return {
        "answer": answer,
        "queries": [*queries],
        "passages": [*passages],
        "stopped": stopped,
    }


@points(0.5)
@hint("The model says what to look for next. What is looked for, and what does it read then?")
def test_each_query_of_the_model_is_searched_until_it_answers(submission):
    world = World(
        submission,
        ("", f"SEARCH: {WHO}"),
        ("a", f"SEARCH: {WHERE}"),
        ("b", "ANSWER: Lviv"),
        found={WHO: "a", WHERE: "b", QUESTION: "e"},
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve)
    assert_equal(result(submission, given), expected("answer", [WHO, WHERE], "ab", "Lviv"))
    assert_equal(world.sent, [WHO, WHERE], name="the searches")


@points(0.5)
@hint("The answer needs the passage of the first hop as well. Is it still in the prompt?")
def test_the_prompt_holds_the_passages_of_all_hops(submission):
    world = World(
        submission,
        ("", f"SEARCH: {WHO}"),
        ("a", f"SEARCH: {WHERE}"),
        ("b", f"SEARCH: {SIZE}"),
        ("c", "ANSWER: 700 000"),
        found={WHO: "ae", WHERE: "b", SIZE: "c"},
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve)
    assert_equal(
        result(submission, given), expected("answer", [WHO, WHERE, SIZE], "aebc", "700 000")
    )
    held = [
        ["question"],
        ["question", WHO, "a", "e"],
        ["question", WHO, WHERE, "a", "b", "e"],
        ["question", WHO, WHERE, SIZE, "a", "b", "c", "e"],
    ]
    assert_equal(world.held, held, name="what the prompts hold")


@points(0.5)
@hint("A search found nothing. How is the model to know that it has tried that already?")
def test_the_prompt_holds_the_queries_sent_so_far(submission):
    world = World(
        submission,
        ("", f"SEARCH: {WHO}"),
        (WHO, f"SEARCH: {WHERE}"),
        (WHERE, "ANSWER: nobody knows"),
        found={WHO: "", WHERE: ""},
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve)
    assert_equal(result(submission, given), expected("answer", [WHO, WHERE], "", "nobody knows"))


@points(0.5)
@hint("A second search finds an old passage again. How often should the model read it?")
@pytest.mark.parametrize("second", ["ab", "aba", "bab"])
def test_a_passage_is_added_once(submission, second):
    world = World(
        submission,
        ("", f"SEARCH: {WHO}"),
        ("a", f"SEARCH: {WHERE}"),
        ("b", "ANSWER: Lviv"),
        found={WHO: "ad", WHERE: second},
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve)
    assert_equal(result(submission, given), expected("answer", [WHO, WHERE], "adb", "Lviv"))
    last = ["question", WHO, WHERE, "a", "b", "d"]
    assert_equal(world.held[-1], last, name="what the last prompt holds")


@points(0.5)
@hint("The last search allowed found the answer. Who is to read it?")
@pytest.mark.parametrize("hops", [1, 2])
def test_after_the_last_search_the_model_may_still_answer(submission, hops):
    world = World(
        submission,
        ("", f"SEARCH: {WHO}"),
        ("a", f"SEARCH: {WHERE}"),
        ("b", "ANSWER: Lviv"),
        found={WHO: "ab" if hops == 1 else "a", WHERE: "b"},
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve, hops)
    assert_equal(result(submission, given), expected("answer", [WHO, WHERE][:hops], "ab", "Lviv"))


@points(0.25)
@hint("How many searches does max_hops allow, and what happens to one more?")
@pytest.mark.parametrize("hops", [0, 1, 2, 3])
def test_a_new_query_after_the_last_search_is_not_sent(submission, hops):
    world = World(
        submission,
        *steps(YEARS),
        found=dict.fromkeys(YEARS, ""),
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve, max_hops=hops)
    assert_equal(result(submission, given), expected("hop_limit", YEARS[:hops]))
    assert_equal(world.sent, YEARS[:hops], name="the searches")


@points(0.125)
@hint("How often may the model search where nobody says how often?")
def test_four_searches_are_allowed_unless_max_hops_says_otherwise(submission):
    queries = [*YEARS, "Lem 1973", "Lem 1974"]
    world = World(
        submission,
        *steps(queries),
        found=dict.fromkeys(queries, ""),
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve)
    assert_equal(result(submission, given), expected("hop_limit", queries[:4]))


@points(0.125)
@hint("No search is allowed. May the model answer from what it knows?")
def test_without_a_search_the_model_is_still_asked(submission):
    world = World(submission, ("", "ANSWER: Lviv"))
    given = submission.iterative_search(QUESTION, world, world.retrieve, 0)
    assert_equal(result(submission, given), expected("answer", answer="Lviv"))


@points(0.25)
@hint("The model asks for what it has been given. What would the same search find?")
def test_a_query_that_was_sent_before_ends_the_search(submission):
    world = World(
        submission,
        ("", f"SEARCH: {WHO}"),
        ("a", f"SEARCH: {WHERE}"),
        ("b", f"SEARCH: {WHO}"),
        found={WHO: "a", WHERE: "b"},
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve, 5)
    assert_equal(result(submission, given), expected("repeated", [WHO, WHERE], "ab"))
    assert_equal(world.sent, [WHO, WHERE], name="the searches")


@points(0.25)
@hint("Which differences between two queries make no difference to a reader?")
@pytest.mark.parametrize("again", ["Author of the NOVEL", "author  of the\tnovel"])
def test_case_and_spaces_do_not_make_a_query_new(submission, again):
    world = World(submission, ("", f"SEARCH: {WHO}"), ("a", f"SEARCH: {again}"), found={WHO: "a"})
    given = submission.iterative_search(QUESTION, world, world.retrieve)
    assert_equal(result(submission, given), expected("repeated", [WHO], "a"))


@points(0.125)
@hint("Is a query repeated when its words are, or when all of it is?")
@pytest.mark.parametrize("other", ["author of the novels", "author of", "author of thenovel"])
def test_another_query_is_a_new_one(submission, other):
    world = World(
        submission,
        ("", f"SEARCH: {WHO}"),
        ("a", f"SEARCH: {other}"),
        ("b", "ANSWER: Lviv"),
        found={WHO: "a", other: "b"},
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve)
    assert_equal(result(submission, given), expected("answer", [WHO, other], "ab", "Lviv"))


@points(0.125)
@hint("No search is left, and the model asks for an old one. Which of the two stopped it?")
def test_a_repeat_at_the_limit_is_a_repeat(submission):
    world = World(submission, ("", f"SEARCH: {WHO}"), found={WHO: "a"})
    given = submission.iterative_search(QUESTION, world, world.retrieve, 1)
    assert_equal(result(submission, given), expected("repeated", [WHO], "a"))


@points(0.5)
@hint("The model plans ahead and writes several lines. Which of them did it write without reading?")
@pytest.mark.parametrize(
    "below",
    ["ANSWER: Warsaw", f"SEARCH: {SIZE}", "ANSWER:", "SEARCH:"],
    ids=["answer", "search", "empty answer", "empty search"],
)
def test_the_first_line_with_a_label_counts(submission, below):
    world = World(
        submission,
        ("", f"I need the author.\n\nSEARCH: {WHO}\nand then\n{below}"),
        ("a", f"ANSWER: Lem\n{below}"),
        found={WHO: "a", SIZE: "c"},
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve)
    assert_equal(result(submission, given), expected("answer", [WHO], "a", "Lem"))


@points(0.25)
@hint("What is left of the line when the label and the spaces around are gone?")
@pytest.mark.parametrize(
    ("search", "answer"),
    [
        pytest.param(
            f"  SEARCH:\t{WHO}  ", " \tANSWER:   Lem, that is: SEARCH: him  ", id="spaces"
        ),
        pytest.param(f"SEARCH:{WHO}", "ANSWER:Lem, that is: SEARCH: him", id="no spaces"),
    ],
)
def test_the_rest_of_the_line_is_stripped(submission, search, answer):
    world = World(
        submission, ("", f"Hm.\n{search}\nSo."), ("a", f"Hm.\n{answer}\nSo."), found={WHO: "a"}
    )
    given = submission.iterative_search(QUESTION, world, world.retrieve)
    assert_equal(
        result(submission, given), expected("answer", [WHO], "a", "Lem, that is: SEARCH: him")
    )


@points(0.25)
@hint("The model said neither what to look for nor what the answer is. What do you make up?")
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("It is Lviv.", id="no label"),
        pytest.param("", id="nothing"),
        pytest.param("My ANSWER: Lviv\nTo SEARCH: Lem", id="inside a line"),
        pytest.param("search: Lem\nAnswer: Lviv", id="other case"),
        pytest.param("ANSWER Lviv\nSEARCH : Lem", id="no colon"),
        pytest.param("SEARCH:\nLem", id="empty query"),
        pytest.param("ANSWER:  \nANSWER: Lviv", id="empty answer"),
        pytest.param("SEARCH:\nANSWER: Lviv", id="empty query above an answer"),
    ],
)
def test_a_reply_without_a_query_or_answer_is_malformed(submission, reply):
    world = World(submission, ("", f"SEARCH: {WHO}"), ("a", reply), found={WHO: "a"})
    given = submission.iterative_search(QUESTION, world, world.retrieve)
    assert_equal(result(submission, given), expected("malformed", [WHO], "a"))


@points(0.25)
@hint("How many searches are fewer than none?")
@pytest.mark.parametrize("hops", [-1, -3])
def test_a_negative_number_of_hops_is_refused(submission, hops):
    world = World(submission, ("", "ANSWER: Lviv"))
    assert_raises(ValueError, submission.iterative_search, QUESTION, world, world.retrieve, hops)


# ── answer_plan ───────────────────────────────────────────────────────────────────────────────


class Answers:
    """Answers questions from a dictionary and notes them."""

    __name__ = "ask"

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def __call__(self, question):
        """Note the question, and answer it."""
        self.asked.append(question)
        return self.answers.get(question, f"[{question}]")


@points(0.5)
@hint("The second sub-question speaks of the first one's answer. What is asked?")
def test_references_become_answers(submission):
    ask = Answers(**{"Who wrote Fiasco?": "Lem", "Where was Lem born?": "Lviv"})
    plan = ["Who wrote Fiasco?", "Where was #1 born?", "Did #1 leave #2, and did #2 miss #1?"]
    given = submission.answer_plan(plan, ask)
    last = "Did Lem leave Lviv, and did Lviv miss Lem?"
    assert_equal(ask.asked, [*plan[:1], "Where was Lem born?", last], name="what was asked")
    assert_equal(given, ["Lem", "Lviv", f"[{last}]"])


@points(0.5)
@hint("A plan of eleven steps. Where does the number of a reference end?")
def test_a_reference_reaches_to_its_last_digit(submission):
    plan = [f"step {letter}" for letter in "abcdefghij"]
    given = submission.answer_plan([*plan, "#10 or #1?", "#11, #2"], Answers())
    eleventh = "[[step j] or [step a]?]"
    assert_equal(given, [*(f"[{step}]" for step in plan), eleventh, f"[{eleventh}, [step b]]"])


@points(0.5)
@hint("An answer happens to hold a #. Whose reference is that?")
@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        pytest.param("room #2", "Lviv", "Is room #2 in Lviv?", id="of the first"),
        pytest.param("Lem", "house #1", "Is Lem in house #1?", id="of the second"),
        pytest.param("#1", "#2#1", "Is #1 in #2#1?", id="nothing else"),
        pytest.param("#7", "#0", "Is #7 in #0?", id="to nothing"),
    ],
)
def test_what_looks_like_a_reference_inside_an_answer_is_text(submission, first, second, asked):
    ask = Answers(who=first, where=second)
    submission.answer_plan(["who", "where", "Is #1 in #2?"], ask)
    assert_equal(ask.asked, ["who", "where", asked], name="what was asked")


@points(0.5)
@hint("What does a replacement make of a backslash?")
@pytest.mark.parametrize("answer", [r"C:\new", r"a\\b", r"\g<0>", r"\1", r"\d+"])
def test_a_backslash_inside_an_answer_is_text(submission, answer):
    ask = Answers(where=answer)
    submission.answer_plan(["where", "What is in #1?"], ask)
    assert_equal(ask.asked, ["where", f"What is in {answer}?"], name="what was asked")


@points(0.5)
@hint("A model likes to end with a newline. What should the next sub-question hold of it?")
def test_answers_are_stripped(submission):
    ask = Answers(who=" Lem\n", **{"Where was Lem born?": "\tLviv, in Galicia \n"})
    given = submission.answer_plan(["who", "Where was #1 born?"], ask)
    assert_equal(given, ["Lem", "Lviv, in Galicia"])


@points(0.25)
@hint("C# is a language. Where is the number?")
def test_a_sign_without_a_number_is_text(submission):
    plan = ["Who made C#?", "Is # 1 or #x or ## in #1#?", " as #it is "]
    ask = Answers(**{"Who made C#?": "Microsoft"})
    submission.answer_plan(plan, ask)
    asked = ["Who made C#?", "Is # 1 or #x or ## in Microsoft#?", " as #it is "]
    assert_equal(ask.asked, asked, name="what was asked")


@points(0.5)
@hint("A reference that can't be filled stands in the last sub-question. When do you notice?")
@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(["who", "#1", "#3 or #1"], id="itself"),
        pytest.param(["who", "#3", "#1"], id="a later one"),
        pytest.param(["#1"], id="the first itself"),
        pytest.param(["who", "where", "#0"], id="zero"),
        pytest.param(["who", "where", "#1 and #12"], id="one that is not there"),
    ],
)
def test_a_reference_that_points_nowhere_is_refused_before_any_call(submission, plan):
    ask = Answers()
    assert_raises(ValueError, submission.answer_plan, plan, ask)
    assert_equal(ask.asked, [], name="what was asked")


@points(0.25)
@hint("How many answers are there to a sub-question that is asked twice?")
def test_the_same_sub_question_is_asked_again(submission):
    ask = Answers()
    given = submission.answer_plan(["who", "who", "#2"], ask)
    assert_equal(ask.asked, ["who", "who", "[who]"], name="what was asked")
    assert_equal(given, ["[who]", "[who]", "[[who]]"])


@points(0.5)
@hint("What does a plan of no steps answer?")
def test_an_empty_plan_has_no_answers(submission):
    ask = Answers()
    assert_equal(submission.answer_plan([], ask), [])
    assert_equal(submission.answer_plan(["who"], ask), ["[who]"])
    assert_equal(ask.asked, ["who"], name="what was asked")


# ── shortest_chain ────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The first link leads there as well, by a long way round. In which order do you look?")
def test_the_chain_with_the_fewest_links_is_found(submission):
    links = {"a": ["b", "d"], "b": ["c"], "c": ["e"], "d": ["e"]}
    assert_equal(submission.shortest_chain(links, "a", "e", 9), ["a", "d", "e"])


@points(0.5)
@hint("Count the links of a chain of three nodes.")
@pytest.mark.parametrize("hops", [0, 1, 2, 3, 4])
def test_the_limit_counts_links(submission, hops):
    links = {"a": ["b"], "b": ["c"], "c": ["d"]}
    expected_chain = ["a", "b", "c", "d"] if hops >= 3 else None
    assert_equal(submission.shortest_chain(links, "a", "d", hops), expected_chain)


@points(0.25)
@hint("Two chains are equally short. At which node do they part, and which link is listed first?")
@pytest.mark.parametrize(
    ("first", "expected_chain"), [(["b", "c"], list("abeg")), (["c", "b"], list("acfg"))]
)
def test_of_equally_short_chains_the_one_listed_first_is_taken(submission, first, expected_chain):
    # The lists of b and c compare the other way round: the start decides first.
    links = {"a": first, "b": ["d", "e"], "c": ["f", "d"], "e": ["g"], "f": ["g"], "d": []}
    assert_equal(submission.shortest_chain(links, "a", "g", 3), expected_chain)


@points(0.25)
@hint("Does a page that links to yours tell you the way to it?")
def test_links_lead_one_way(submission):
    links = {"a": ["b"], "c": ["b"], "b": ["d"], "d": []}
    assert_equal(submission.shortest_chain(links, "a", "c", 5), None)
    assert_equal(submission.shortest_chain(links, "d", "a", 5), None)


@points(0.25)
@hint("Links may lead back. What keeps you from walking in circles?")
@pytest.mark.parametrize("hops", [3, 60])
def test_links_may_lead_in_circles(submission, hops):
    links = {"a": ["a", "b"], "b": ["a", "b", "c"], "c": ["b", "a", "c", "d", "d"]}
    assert_equal(submission.shortest_chain(links, "a", "d", hops), ["a", "b", "c", "d"])
    assert_equal(submission.shortest_chain(links, "a", "x", hops), None)


@points(0.25)
@hint("How many links does it take to stay where you are?")
@pytest.mark.parametrize("links", [{}, {"b": ["a"]}, {"a": ["b"], "b": ["a"]}], ids=str)
@pytest.mark.parametrize("hops", [0, 2])
def test_a_node_reaches_itself_without_a_link(submission, links, hops):
    assert_equal(submission.shortest_chain(links, "a", "a", hops), ["a"])


@points(0.25)
@hint("Which links does a node have that is in no list?")
def test_a_node_without_an_entry_has_no_links(submission):
    assert_equal(submission.shortest_chain({"a": ["b", "c"], "c": ["d"]}, "a", "d", 3), list("acd"))
    assert_equal(submission.shortest_chain({"a": ["b"]}, "x", "b", 3), None)
    assert_equal(submission.shortest_chain({}, "a", "b", 3), None)


@points(0.5)
@hint("Draw a small graph of this kind and follow the links level by level.")
@pytest.mark.parametrize("hops", [1, 2, 3, 6])
def test_a_drawn_graph_is_searched_level_by_level(submission, rng, hops):
    nodes = "abcdefg"
    links = {node: shuffled(rng, nodes)[: int(rng.integers(0, 3))] for node in nodes}
    given = [submission.shortest_chain(links, "a", goal, hops) for goal in nodes]
    assert_equal(given, [shortest_chain(links, "a", goal, hops) for goal in nodes])


@points(0.25)
@hint("What would a chain of fewer than no links be?")
@pytest.mark.parametrize("goal", ["b", "a"])
def test_a_negative_limit_is_refused(submission, goal):
    assert_raises(ValueError, submission.shortest_chain, {"a": ["b"]}, "a", goal, -1)
