"""The hidden suite of the ReAct agent."""

import pytest

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points


def action(tool, tool_input, thought=""):
    """Return what `parse_step` makes of an action."""
    return {"kind": "action", "thought": thought, "tool": tool, "input": tool_input}


def final(answer, thought=""):
    """Return what `parse_step` makes of a final answer."""
    return {"kind": "final", "thought": thought, "answer": answer}


def malformed(reason, thought=""):
    """Return what `parse_step` makes of a step that is neither."""
    return {"kind": "malformed", "thought": thought, "reason": reason}


class Model:
    """A scripted model: its reply is that of the last cue which its prompt holds."""

    __name__ = "model"

    def __init__(self, *script):
        self.script = script
        self.prompts = []

    def __call__(self, prompt):
        """Note the prompt, and reply."""
        self.prompts.append(prompt)
        return [reply for cue, reply in self.script if cue in prompt][-1]


class Tool:
    """A tool that answers from a dictionary, and raises what stands there as an exception."""

    __name__ = "tool"

    def __init__(self, **answers):
        self.answers = answers
        self.calls = []

    def __call__(self, text):
        """Note the call, and answer it."""
        self.calls.append(text)
        answer = self.answers[text]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Offline(Exception):
    """What a model may raise."""


def call(tool, tool_input):
    """Return a completion that asks for a tool."""
    return f"Action: {tool}\nAction Input: {tool_input}"


def step(tool, tool_input, observation):
    """Return what a run adds to the transcript for an action without a thought."""
    return f"Action: {tool}\nAction Input: {tool_input}\nObservation: {observation}\n"


REPEATED = "Error: this action was already run"


# ── parse_step ────────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("Which three parts does a step with an action have, and where does each of them end?")
def test_an_action_has_a_thought_a_tool_and_an_input(submission):
    completion = "Thought: I need the capital.\nAction: search\nAction Input: capital of Peru"
    expected = action("search", "capital of Peru", "I need the capital.")
    assert_equal(submission.parse_step(completion), expected)


@points(0.25)
@hint("What does a model write when it needs no tool any more?")
def test_a_final_answer_has_a_thought_and_an_answer(submission):
    completion = "Thought: I know it.\nFinal Answer: Lima"
    assert_equal(submission.parse_step(completion), final("Lima", "I know it."))


@points(0.25)
@hint("Which of these actions did the model choose before it had seen any observation?")
def test_the_first_of_several_actions_is_taken(submission):
    completion = f"Thought: two things\n{call('search', 'Lima')}\n{call('weather', 'Cusco')}"
    assert_equal(submission.parse_step(completion), action("search", "Lima", "two things"))


@points(0.25)
@hint("How can the model know the answer when the action above it has not been run yet?")
def test_an_answer_below_an_action_is_not_believed(submission):
    completion = f"Thought: look it up\n{call('search', 'Lima')}\nFinal Answer: 10 million"
    assert_equal(submission.parse_step(completion), action("search", "Lima", "look it up"))


@points(0.125)
@hint("Where does a final answer end?")
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(f"Lima\n{call('search', 'Lima')}", id="an action"),
        pytest.param("Lima\nThought: that was easy", id="a thought"),
        pytest.param("a poem\nFinal Answer: Lima\nAction Input: x", id="an answer"),
    ],
)
def test_an_answer_runs_on_over_later_labels(submission, answer):
    completion = f"Thought: easy\nFinal Answer: {answer}"
    assert_equal(submission.parse_step(completion), final(answer, "easy"))


@points(0.25)
@hint("Who wrote this Observation line, and what has been observed so far?")
def test_no_invented_observation_gets_into_an_input(submission):
    completion = f"{call('search', 'Lima')}\nObservation: 10 million people"
    assert_equal(submission.parse_step(completion), action("search", "Lima"))


@points(0.25)
@hint("Who wrote this Observation line, and what has been observed so far?")
def test_no_invented_observation_gets_into_an_answer(submission):
    completion = "Final Answer: Lima\nObservation: the user is happy"
    assert_equal(submission.parse_step(completion), final("Lima"))


@points(0.25)
@hint("How much of a completion is left when its first Observation line and all below it are gone?")
@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        pytest.param("Observation: 4\nFinal Answer: 4", malformed("no_action"), id="leading"),
        pytest.param(
            "Thought: t\nobservation 2 : 4\nAction: a\nAction Input: b",
            malformed("no_action", "t"),
            id="numbered",
        ),
        pytest.param(
            "Action: a\nObservation: 4\nAction Input: b", malformed("no_input"), id="before input"
        ),
        pytest.param(
            f"{call('a', 'b')}\nObservation: 1\n{call('c', 'd')}\nObservation: 2",
            action("a", "b"),
            id="several",
        ),
    ],
)
def test_nothing_below_an_invented_observation_counts(submission, completion, expected):
    assert_equal(submission.parse_step(completion), expected)


@points(0.25)
@hint("Where does a program of two lines end that is a tool's input?")
def test_an_input_may_have_several_lines(submission):
    completion = call("python", "a = 1\n\nprint(a)\n") + "\n"
    assert_equal(submission.parse_step(completion), action("python", "a = 1\n\nprint(a)"))


@points(0.25)
@hint("Must everything that belongs to a label stand on the label's own line?")
@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        pytest.param("Final Answer: one\ntwo", final("one\ntwo"), id="an answer"),
        pytest.param("Final Answer:\n  one\n", final("one"), id="an answer below its label"),
        pytest.param(
            "Thought: one\n two\nAction: a\nb\nAction Input:\nc",
            action("a\nb", "c", "one\n two"),
            id="a thought and an action",
        ),
    ],
)
def test_every_field_may_have_several_lines(submission, completion, expected):
    assert_equal(submission.parse_step(completion), expected)


@points(0.25)
@hint("Models write labels in their own way. Which spellings does the pattern of the README allow?")
@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        pytest.param("THOUGHT: t\nfinal answer: 4", final("4", "t"), id="case"),
        pytest.param("Thought: t\naction: a\naction input: b", action("a", "b", "t"), id="lower"),
        pytest.param(
            "Thought 12: t\nAction1: a\nAction Input 1: b", action("a", "b", "t"), id="digits"
        ),
        pytest.param(
            " Thought : t\n\tAction 2 :a\n Action Input: b", action("a", "b", "t"), id="space"
        ),
        pytest.param("Thought: t\n Final Answer 007\t: 4", final("4", "t"), id="answer"),
    ],
)
def test_labels_may_differ_in_case_number_and_space(submission, completion, expected):
    assert_equal(submission.parse_step(completion), expected)


@points(0.25)
@hint("People and models write 'Action:' in a sentence, too. Where must it stand to be a label?")
def test_a_label_inside_a_line_is_text(submission):
    completion = f"I have no Final Answer: search first.\n{call('search', 'Lima')}"
    expected = action("search", "Lima", "I have no Final Answer: search first.")
    assert_equal(submission.parse_step(completion), expected)


@points(0.125)
@hint("Where does an input end that speaks of actions?")
@pytest.mark.parametrize("text", ["ReAct Action: and Thought:", "the Observation: line", "a: b"])
def test_a_label_inside_a_field_is_text(submission, text):
    assert_equal(submission.parse_step(call("search", text)), action("search", text))


@points(0.25)
@hint("Hold each of these lines against the pattern of a label. What does it forbid?")
@pytest.mark.parametrize(
    "line",
    [
        "**Action:** a",
        "1. Action: a",
        "Actions: a",
        "Action a: b",
        "Action 1.2: a",
        "Action\n: a",
        "Action Inputs: a",
        "My Observation: a",
        "Final: a",
    ],
)
def test_what_only_resembles_a_label_is_text(submission, line):
    assert_equal(submission.parse_step(f"\n{line}\nThought:"), malformed("no_action", line))


@points(0.125)
@hint("Which characters are spaces or ends of lines to str.splitlines, but no newline?")
@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x85", "\u2028"])
def test_only_a_newline_ends_a_line(submission, separator):
    text = f"a{separator}Thought: b"
    assert_equal(submission.parse_step(call("t", text) + "\r\n"), action("t", text))


@points(0.25)
@hint("What of all that stands above the action is a thought, and what of it says nothing?")
@pytest.mark.parametrize(
    ("above", "thought"),
    [
        pytest.param("  Let me see.\n\n", "Let me see.", id="unlabelled"),
        pytest.param("Thought: one\nThought:\nThought: two\n", "one\ntwo", id="several"),
        pytest.param("Hm.\n\nThought: one \n\nThought 2: two", "Hm.\none\ntwo", id="both"),
        pytest.param("\n \nThought:  ", "", id="empty"),
    ],
)
def test_the_thought_is_all_that_was_thought_above_the_action(submission, above, thought):
    assert_equal(submission.parse_step(f"{above}\n{call('a', 'b')}"), action("a", "b", thought))


@points(0.25)
@hint("An input stands above any action. Which action is it the input of?")
@pytest.mark.parametrize(
    ("below", "expected"),
    [
        pytest.param(call("a", "b"), action("a", "b", "one\ntwo"), id="action"),
        pytest.param("Final Answer: 4", final("4", "one\ntwo"), id="answer"),
        pytest.param("", malformed("no_action", "one\ntwo"), id="neither"),
    ],
)
def test_an_input_above_the_action_is_ignored(submission, below, expected):
    completion = f"one\nAction Input: lost\nin the woods\nThought: two\n{below}"
    assert_equal(submission.parse_step(completion), expected)


@points(0.125)
@hint("Does what stands below the input belong to this step, or to one that has yet to come?")
@pytest.mark.parametrize("below", ["Thought: so", "Action Input: c", "Action:", "THOUGHT 2:\nd"])
def test_what_follows_the_input_is_ignored(submission, below):
    completion = f"Thought: t\n{call('a', 'b')}\n{below}"
    assert_equal(submission.parse_step(completion), action("a", "b", "t"))


@points(0.25)
@hint("What is wrong first with an action that has neither a tool nor an input?")
@pytest.mark.parametrize(
    "completion",
    ["Action:\nAction Input: b", "Action: \n \nAction Input: b", "Action:", "Action:\nThought: a"],
)
def test_an_action_without_a_tool_is_malformed(submission, completion):
    assert_equal(submission.parse_step(f"Thought: t\n{completion}"), malformed("no_tool", "t"))


@points(0.25)
@hint("Which label must be the next one after an action?")
@pytest.mark.parametrize(
    "below",
    ["", "Thought: s\nAction Input: b", "Action: c\nAction Input: d", "Final Answer: 4"],
)
def test_an_action_without_an_input_is_malformed(submission, below):
    completion = f"Thought: t\nAction: a\n{below}"
    assert_equal(submission.parse_step(completion), malformed("no_input", "t"))


@points(0.25)
@hint("What do you return when the model neither acts nor answers?")
@pytest.mark.parametrize(
    ("completion", "thought"),
    [
        ("", ""),
        ("It is Lima.", "It is Lima."),
        ("a\nThought: b\nc\nThought: d", "a\nb\nc\nd"),
    ],
)
def test_neither_action_nor_answer_is_malformed(submission, completion, thought):
    assert_equal(submission.parse_step(completion), malformed("no_action", thought))


@points(0.25)
@hint("Some tools need no input. Is an empty text the same as none?")
@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        ("Action: today\nAction Input:", action("today", "")),
        ("Action: today\nAction Input: \n\nThought: t", action("today", "")),
        ("Final Answer:  ", final("")),
    ],
)
def test_an_input_or_answer_may_be_empty(submission, completion, expected):
    assert_equal(submission.parse_step(completion), expected)


# ── run_tool ──────────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("Which tool was asked for, and what was it to be given?")
def test_the_named_tool_gets_the_input(submission):
    one, other = Tool(Lima="no"), Tool(Lima="10 million")
    result = submission.run_tool("web_search", "Lima", {"search": one, "web_search": other})
    assert_equal(result, "10 million")
    assert_equal((one.calls, other.calls), ([], ["Lima"]), name="the tools' calls")


@points(0.25)
@hint("The action 'finish the search' names no tool. Which one does your code run?")
def test_a_tool_that_is_only_mentioned_does_not_run(submission):
    search = Tool(Lima="10 million")
    result = submission.run_tool("finish the search", "Lima", {"search": search})
    assert_equal(result, "Error: unknown tool 'finish the search'; known tools: search")


@points(0.25)
@hint("Tool names are identifiers. Is 'Search' the name of a tool that is called 'search'?")
@pytest.mark.parametrize("tool", ["Search", "SEARCH"])
def test_a_tool_name_in_another_case_is_unknown(submission, tool):
    result = submission.run_tool(tool, "Lima", {"search": Tool(Lima="10 million")})
    assert_equal(result, f"Error: unknown tool '{tool}'; known tools: search")


@points(0.25)
@hint("What would help a model that asked for a tool which does not exist?")
@pytest.mark.parametrize(
    ("names", "listed"),
    [(("weather", "search", "add"), "add, search, weather"), ((), "none")],
)
def test_an_unknown_tool_is_told_the_known_ones(submission, names, listed):
    tools = {name: Tool() for name in names}
    expected = f"Error: unknown tool 'sum'; known tools: {listed}"
    assert_equal(submission.run_tool("sum", "1 2", tools), expected)


@points(0.25)
@hint("A page was not found. Should the run end, or should the model read about it?")
def test_an_exception_becomes_an_observation(submission):
    search = Tool(Lima=ValueError("no such page"))
    assert_equal(submission.run_tool("search", "Lima", {"search": search}), "Error: no such page")


@points(0.25)
@hint("How does the model know that there was more, and how much?")
@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (3, "abc… [2 more characters]"),
        (1, "a… [4 more characters]"),
        (4, "abcd… [1 more characters]"),
    ],
)
def test_a_long_result_is_cut_and_says_so(submission, limit, expected):
    result = submission.run_tool("read", "page", {"read": Tool(page="abcde")}, limit)
    assert_equal(result, expected)


@points(0.125)
@hint("Is a result of exactly the limit too long? And what is the limit when none is given?")
@pytest.mark.parametrize(
    ("length", "expected"),
    [(1000, "x" * 1000), (1001, "x" * 1000 + "… [1 more characters]"), (0, "")],
)
def test_a_result_of_up_to_a_thousand_characters_is_whole(submission, length, expected):
    result = submission.run_tool("read", "page", {"read": Tool(page="x" * length)})
    assert_equal(result, expected)


@points(0.25)
@hint("A server answers with its whole error page. What reaches the prompt?")
@pytest.mark.parametrize(
    ("tool", "expected"),
    [("read", "Error: one… [4 more characters]"), ("open", "Error: unk… [35 more characters]")],
)
def test_errors_are_cut_as_well(submission, tool, expected):
    tools = {"read": Tool(page=RuntimeError("one two"))}
    assert_equal(submission.run_tool(tool, "page", tools, limit=10), expected)


@points(0.125)
@hint("What is left of an observation that may have no characters?")
@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(submission, limit):
    assert_raises(ValueError, submission.run_tool, "t", "a", {"t": Tool(a="")}, limit=limit)


# ── run_react ─────────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("What must the second prompt hold for the model to go on from what it has seen?")
def test_each_prompt_is_the_transcript_so_far(submission):
    search = Tool(**{"capital of Peru": "Lima", "people in Lima": "10 million"})
    model = Model(
        ("", f"Thought: first the capital\n{call('search', 'capital of Peru')}"),
        ("Observation: Lima", call("search", "people in Lima")),
        ("Observation: 10 million", "Thought: done\nFinal Answer: 10 million"),
    )
    result = submission.run_react("How big is the capital of Peru?", model, {"search": search})
    first = "Question: How big is the capital of Peru?\n"
    second = f"{first}Thought: first the capital\n{step('search', 'capital of Peru', 'Lima')}"
    third = second + step("search", "people in Lima", "10 million")
    assert_equal(model.prompts, [first, second, third], name="the prompts")
    expected = {
        "status": "finished",
        "answer": "10 million",
        "steps": 3,
        "transcript": f"{third}Thought: done\nFinal Answer: 10 million\n",
    }
    assert_equal(result, expected)
    assert_equal(search.calls, ["capital of Peru", "people in Lima"], name="the tool's calls")


@points(0.25)
@hint("The model knows at once. How many steps was that, and what was written down?")
@pytest.mark.parametrize("answer", ["Lima", "one\ntwo", ""])
def test_an_answer_ends_the_run(submission, answer):
    model = Model(("", f"Final Answer: {answer}"))
    result = submission.run_react("Capital?", model, {}, max_steps=1, patience=1)
    transcript = f"Question: Capital?\nFinal Answer: {answer}\n"
    expected = {"status": "finished", "answer": answer, "steps": 1, "transcript": transcript}
    assert_equal(result, expected)


@points(0.5)
@hint("After its action the model went on writing. Which of that may the next prompt hold?")
def test_what_the_model_invented_stays_out_of_the_transcript(submission):
    model = Model(
        ("", f"Thought: t\n{call('search', 'Lima')}\nObservation: 3 people"),
        ("Observation: 3 people", "Final Answer: 3 people"),
        ("Observation: 10 million", "Final Answer: 10 million"),
    )
    result = submission.run_react("How big?", model, {"search": Tool(Lima="10 million")})
    first = "Question: How big?\n"
    second = f"{first}Thought: t\n{step('search', 'Lima', '10 million')}"
    assert_equal(model.prompts, [first, second], name="the prompts")
    expected = {
        "status": "finished",
        "answer": "10 million",
        "steps": 2,
        "transcript": f"{second}Final Answer: 10 million\n",
    }
    assert_equal(result, expected)


@points(0.25)
@hint("What is written down is what was parsed. What became of spaces, numbers and second actions?")
def test_a_step_is_written_as_it_was_parsed(submission):
    messy = "Hm.\n\nTHOUGHT 1:  t \naction 1 :  add \n\nACTION INPUT:\n1 2 \n" + call("add", "5 5")
    model = Model(("", messy), ("Observation: 3", "so\nfinal answer 2 : 3 \nThought: done\n\n"))
    result = submission.run_react("1 + 2?", model, {"add": Tool(**{"1 2": "3"})})
    transcript = (
        f"Question: 1 + 2?\nThought: Hm.\nt\n{step('add', '1 2', '3')}"
        "Thought: so\nFinal Answer: 3 \nThought: done\n"
    )
    expected = {
        "status": "finished",
        "answer": "3 \nThought: done",
        "steps": 2,
        "transcript": transcript,
    }
    assert_equal(result, expected)


@points(0.5)
@hint("The model has the result already. What does a second run of the same action cost, or do?")
def test_an_action_that_gave_a_result_is_not_run_again(submission):
    search = Tool(Lima="10 million")
    model = Model(("", call("search", "Lima")))
    result = submission.run_react("How big?", model, {"search": search}, max_steps=2)
    transcript = f"Question: How big?\n{step('search', 'Lima', '10 million')}"
    transcript += step("search", "Lima", REPEATED)
    expected = {"status": "max_steps", "answer": None, "steps": 2, "transcript": transcript}
    assert_equal(result, expected)
    assert_equal(search.calls, ["Lima"], name="the tool's calls")


@points(0.25)
@hint("What exactly is the same in an action that is run again?")
def test_another_input_or_another_tool_is_another_action(submission):
    search, read = Tool(Lima="a", Cusco="b"), Tool(Lima="c")
    model = Model(
        ("", call("search", "Lima")),
        ("Observation: a", call("search", "Cusco")),
        ("Observation: b", call("read", "Lima")),
        ("Observation: c", "Final Answer: abc"),
    )
    result = submission.run_react("?", model, {"search": search, "read": read}, patience=1)
    assert_equal(result["answer"], "abc", name="the answer")
    assert_equal((search.calls, read.calls), (["Lima", "Cusco"], ["Lima"]), name="the tools' calls")


@points(0.25)
@hint("The server was busy. May the model ask once more? And once it has got its result?")
@pytest.mark.parametrize("busy", [ValueError("busy"), "Error: busy"], ids=["raised", "returned"])
def test_an_action_that_failed_may_be_tried_again(submission, busy):
    class Flaky(Tool):
        """A tool whose first answer is an error, by what it was asked before."""

        def __call__(self, text):
            self.answers = {text: "10 million" if self.calls else busy}
            return super().__call__(text)

    search = Flaky()
    model = Model(("", call("search", "Lima")), (REPEATED, "Final Answer: 10 million"))
    result = submission.run_react("How big?", model, {"search": search})
    transcript = f"Question: How big?\n{step('search', 'Lima', 'Error: busy')}"
    transcript += step("search", "Lima", "10 million") + step("search", "Lima", REPEATED)
    transcript += "Final Answer: 10 million\n"
    expected = {"status": "finished", "answer": "10 million", "steps": 4, "transcript": transcript}
    assert_equal(result, expected)
    assert_equal(search.calls, ["Lima", "Lima"], name="the tool's calls")


@points(0.125)
@hint("When is an observation the text of an error, and when does it only speak of errors?")
@pytest.mark.parametrize("result", ["Errors: none", "No Error: was found", "error: none", ""])
def test_a_result_that_speaks_of_errors_is_a_result(submission, result):
    log = Tool(today=result)
    model = Model(("", call("log", "today")), (REPEATED, "Final Answer: fine"))
    found = submission.run_react("Any errors?", model, {"log": log})
    assert_equal(found["steps"], 3, name="the steps")
    assert_equal(log.calls, ["today"], name="the tool's calls")


@points(0.125)
@hint("Was an action that named no known tool ever run?")
def test_an_unknown_tool_is_unknown_each_time(submission):
    result = submission.run_react("?", Model(("", call("sum", "1 2"))), {}, patience=2)
    line = step("sum", "1 2", "Error: unknown tool 'sum'; known tools: none")
    transcript = f"Question: ?\n{line}{line}"
    expected = {"status": "stuck", "answer": None, "steps": 2, "transcript": transcript}
    assert_equal(result, expected)


@points(0.25)
@hint("Does your note of what was run outlive the run?")
def test_a_new_run_may_run_the_same_action(submission):
    search = Tool(Lima="10 million")
    model = Model(("", call("search", "Lima")), ("10 million", "Final Answer: 10 million"))
    for _ in range(2):
        result = submission.run_react("How big?", model, {"search": search})
        assert_equal(result["steps"], 2, name="the steps")
    assert_equal(search.calls, ["Lima", "Lima"], name="the tool's calls")


@points(0.5)
@hint("The model wrote neither an action nor an answer. Did it say that it was done?")
def test_a_malformed_step_is_told_to_the_model(submission):
    model = Model(("", "I think it is Lima."), ("malformed step", "Final Answer: Lima"))
    result = submission.run_react("Capital?", model, {})
    transcript = (
        "Question: Capital?\nI think it is Lima.\n"
        "Observation: Error: malformed step (no_action)\nFinal Answer: Lima\n"
    )
    expected = {"status": "finished", "answer": "Lima", "steps": 2, "transcript": transcript}
    assert_equal(result, expected)


@points(0.25)
@hint("Which part of a malformed step can still help the model, and which did it invent?")
@pytest.mark.parametrize(
    ("completion", "kept"),
    [
        pytest.param(
            " Thought 1: t\nAction: a \nObservation: 4\nFinal Answer: 4",
            "Thought 1: t\nAction: a\nObservation: Error: malformed step (no_input)\n",
            id="no input",
        ),
        pytest.param(
            "\n\nt\nAction:\nAction Input: b\nThought: s\n",
            "t\nAction:\nAction Input: b\nThought: s\n"
            "Observation: Error: malformed step (no_tool)\n",
            id="no tool",
        ),
        pytest.param(
            " \nObservation: 4", "Observation: Error: malformed step (no_action)\n", id="nothing"
        ),
    ],
)
def test_a_malformed_step_is_kept_down_to_its_observation(submission, completion, kept):
    model = Model(("", completion))
    result = submission.run_react("?", model, {}, max_steps=1)
    expected = {
        "status": "max_steps",
        "answer": None,
        "steps": 1,
        "transcript": f"Question: ?\n{kept}",
    }
    assert_equal(result, expected)


@points(0.5)
@hint("Three steps in a row led nowhere. What makes you think that the fourth will?")
def test_wasted_steps_in_a_row_end_the_run(submission):
    # Malformed, unknown and repeated steps, by what the model has been told so far.
    model = Model(
        ("", call("search", "Lima")),
        ("10 million", "Hm."),
        ("malformed", call("sum", "1 2")),
        ("unknown", call("search", "Lima")),
    )
    result = submission.run_react("?", model, {"search": Tool(Lima="10 million")})
    transcript = (
        f"Question: ?\n{step('search', 'Lima', '10 million')}"
        "Hm.\nObservation: Error: malformed step (no_action)\n"
        + step("sum", "1 2", "Error: unknown tool 'sum'; known tools: search")
        + step("search", "Lima", REPEATED)
    )
    expected = {"status": "stuck", "answer": None, "steps": 4, "transcript": transcript}
    assert_equal(result, expected)


@points(0.25)
@hint("After a useful step, how many steps in a row were wasted?")
def test_a_useful_step_resets_the_count(submission):
    model = Model(
        ("", "Hm."),
        ("malformed", call("search", "Lima")),
        ("10 million", "Ah."),
        ("Ah.", call("search", "Cusco")),
        ("half a million", "Final Answer: both"),
    )
    search = Tool(Lima="10 million", Cusco="half a million")
    result = submission.run_react("?", model, {"search": search}, patience=2)
    assert_equal((result["status"], result["steps"]), ("finished", 5), name="status and steps")


@points(0.25)
@hint("A known tool ran and failed. Was the model to blame for that?")
def test_a_tool_that_fails_wastes_no_step(submission):
    model = Model(("", call("search", "Lima")))
    search = Tool(Lima=RuntimeError("offline"))
    result = submission.run_react("?", model, {"search": search}, max_steps=4, patience=1)
    transcript = "Question: ?\n" + 4 * step("search", "Lima", "Error: offline")
    expected = {"status": "max_steps", "answer": None, "steps": 4, "transcript": transcript}
    assert_equal(result, expected)


@points(0.25)
@hint("Which of the limits is reached first, and which one is named when both are?")
@pytest.mark.parametrize(
    ("max_steps", "patience", "status", "steps"),
    [(2, 3, "max_steps", 2), (3, 3, "stuck", 3), (5, 1, "stuck", 1), (1, 1, "stuck", 1)],
)
def test_limits_of_steps_and_patience_are_kept(submission, max_steps, patience, status, steps):
    model = Model(("", "Hm."))
    result = submission.run_react("?", model, {}, max_steps, patience)
    written = "Hm.\nObservation: Error: malformed step (no_action)\n"
    transcript = f"Question: ?\n{steps * written}"
    expected = {"status": status, "answer": None, "steps": steps, "transcript": transcript}
    assert_equal(result, expected)
    assert_equal(len(model.prompts), steps, name="the number of model calls")


@points(0.125)
@hint("How many steps, and how much patience, has a run that is given neither?")
def test_eight_steps_and_three_wasted_ones_are_the_limits(submission):
    model = Model(("", call("search", "Lima")))
    search = Tool(Lima=RuntimeError("offline"))
    result = submission.run_react("?", model, {"search": search})
    assert_equal((result["status"], result["steps"]), ("max_steps", 8), name="status and steps")
    result = submission.run_react("?", Model(("", "Hm.")), {})
    assert_equal((result["status"], result["steps"]), ("stuck", 3), name="status and steps")


@points(0.125)
@hint("What is the most that one observation may add to the prompt?")
def test_an_observation_is_cut_at_the_default_limit(submission):
    model = Model(("", call("read", "page")), ("… [", "Final Answer: long"))
    result = submission.run_react("?", model, {"read": Tool(page="x" * 1200)})
    observation = "x" * 1000 + "… [200 more characters]"
    transcript = f"Question: ?\n{step('read', 'page', observation)}Final Answer: long\n"
    assert_equal(result["transcript"], transcript, name="the transcript")


@points(0.125)
@hint("Who should hear that the model cannot be reached?")
def test_what_the_model_raises_is_not_caught(submission):
    def model(prompt):
        raise Offline("no connection")

    assert_raises(Offline, submission.run_react, "?", model, {})


@points(0.125)
@hint("What would a run of no steps return?")
@pytest.mark.parametrize("limits", [{"max_steps": 0}, {"patience": 0}, {"max_steps": -2}])
def test_a_limit_of_no_steps_is_refused(submission, limits):
    assert_raises(
        ValueError, submission.run_react, "?", Model(("", "Final Answer: 4")), {}, **limits
    )
