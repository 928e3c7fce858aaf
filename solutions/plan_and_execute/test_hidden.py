"""The hidden suite of plan-and-execute."""

import pytest

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.plan_and_execute.plan_and_execute import parse_plan, schedule


def step(name, tool="Search", text="x", plan="", depends=()):
    """Return a step as `parse_plan` gives it."""
    return {"id": name, "plan": plan, "tool": tool, "input": text, "depends": list(depends)}


def graph(**depends):
    """Return steps with these dependencies, all by number: `graph(E1="", E2="1")`."""
    return [
        step(f"#{name}", depends=[f"#E{other}" for other in others.split()])
        for name, others in depends.items()
    ]


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
        answer = self.answers.get(text, f"result of {text}")
        if isinstance(answer, Exception):
            raise answer
        return answer


class Offline(ValueError):
    """What a model may raise: no sign of a bad plan, although it is a ValueError."""


# ── parse_plan ────────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("Which parts does a step have, and from which of the two lines does each come?")
def test_a_plan_line_and_a_step_line_make_a_step(submission):
    text = "Plan: find the capital\n#E2 = Search[capital of #E1]"
    expected = [step("#E2", "Search", "capital of #E1", "find the capital", ["#E1"])]
    assert_equal(submission.parse_plan(text, ["#E1"]), expected)


@points(0.25)
@hint("In which order do the steps of a plan stand, and which text is none of them?")
def test_steps_come_in_the_order_of_the_text(submission):
    text = (
        "Here is my plan.\n\n#E10 = A[x]\n - next\nE3 = C[y]\n#E = D[z]\n"
        "#E2 = b_2[]\n#e4 = E[y]\n(#E5 = F[y])\n  #E007=_[ y ]\t\n"
    )
    expected = [step("#E10", "A"), step("#E2", "b_2", ""), step("#E007", "_", "y")]
    assert_equal(submission.parse_plan(text), expected)


@points(0.125)
@hint("Which of several Plan lines is nearest, and may a step take one from above the step before?")
@pytest.mark.parametrize(
    ("text", "plans"),
    [
        pytest.param("Plan: a\nPlan:  b \n#E1 = S[x]\nPlan: c", ["b"], id="nearest"),
        pytest.param("Plan: a\n#E1 = S[x]\nplan: b\nA Plan: c\n#E2 = S[y]", ["a", ""], id="none"),
        pytest.param(" Plan: a\n\nso\n#E1 = S[x]\n\tPlan:\n#E2 = S[y]", ["a", ""], id="space"),
        pytest.param("Plan: use #E7: #E1 = x\n#E1 = S[x]", ["use #E7: #E1 = x"], id="text"),
    ],
)
def test_the_plan_is_the_nearest_line_above_the_step(submission, text, plans):
    steps = submission.parse_plan(text)
    assert_equal([found["plan"] for found in steps], plans, name="the plans")


@points(0.125)
@hint("The second step has no Plan line of its own. Whose does it get?")
def test_a_plan_line_serves_one_step(submission):
    expected = [step("#E1", plan="find it"), step("#E2", text="y")]
    assert_equal(submission.parse_plan("Plan: find it\n#E1 = Search[x]\n#E2 = Search[y]"), expected)


@points(0.25)
@hint("A program may be an input. Which of the closing brackets ends it?")
@pytest.mark.parametrize("text", ["a[0]", "a[0] + b", "[[1], [2]]", "]", "f(x)[1:] ["])
def test_an_input_runs_to_the_last_bracket(submission, text):
    assert_equal(submission.parse_plan(f"#E1 = Python[{text}]"), [step("#E1", "Python", text)])


@points(0.25)
@hint("Is #E1 referred to in #E12? And how often does a step depend on the same step?")
@pytest.mark.parametrize(
    ("text", "depends"),
    [
        ("#E12", ["#E12"]),
        ("#E2#E1, #E12st", ["#E2", "#E1", "#E12"]),
        ("#e1 E2 #E ##E1.5", ["#E1"]),
    ],
)
def test_depends_are_the_references_of_the_input(submission, text, depends):
    known = ["#E1", "#E2", "#E12"]
    expected = [step("#E3", text=text, depends=depends)]
    assert_equal(submission.parse_plan(f"#E3 = Search[{text}]", known), expected)


@points(0.25)
@hint("How often does a step depend on the same step, and which comes first?")
def test_a_repeated_reference_is_one_dependency(submission):
    expected = [step("#E3", text="#E2 #E1 #E2", depends=["#E2", "#E1"])]
    assert_equal(submission.parse_plan("#E3 = Search[#E2 #E1 #E2]", ["#E1", "#E2"]), expected)


@points(0.25)
@hint("Must a step stand below the steps that it needs?")
def test_a_reference_may_lead_to_a_later_step(submission):
    expected = [step("#E1", text="#E2", depends=["#E2"]), step("#E2", text="y")]
    assert_equal(submission.parse_plan("#E1 = Search[#E2]\n#E2 = Search[y]"), expected)


@points(0.25)
@hint("A result is there already. May a new plan find it again, or in another way?")
def test_a_known_id_may_be_defined_again(submission):
    text = "#E1 = Search[x]\n#E2 = Search[#E1 #E3]"
    expected = [step("#E1"), step("#E2", text="#E1 #E3", depends=["#E1", "#E3"])]
    assert_equal(submission.parse_plan(text, known=("#E1", "#E3")), expected)


@points(0.25)
@hint("The planner said nothing that is a step. What list is that?")
@pytest.mark.parametrize("text", ["", "Plan: think", "I cannot plan this.", "E1 = Search[x]"])
def test_a_text_without_steps_gives_none(submission, text):
    assert_equal(submission.parse_plan(text), [])


@points(0.25)
@hint("A line began as a step. What is missing, or too much?")
@pytest.mark.parametrize(
    "line",
    [
        "#E1 = Search",
        "#E1 = Search[x",
        "#E1 = Search x]",
        "#E1 = [x]",
        "#E1 = 1st[x]",
        "#E1 = my tool[x]",
        "#E1 = Search [x]",
        "#E1 = Search[x] and more",
        " #E1=",
        "#E1 = Search[x\n]",
        "#E1 == Search[x]",
    ],
)
def test_a_broken_step_is_refused(submission, line):
    assert_raises(ValueError, submission.parse_plan, f"#E2 = Search[y]\n{line}")


@points(0.25)
@hint("Which of two steps would a reference lead to that have the same id?")
@pytest.mark.parametrize("known", [[], ["#E1"]])
def test_an_id_defined_twice_is_refused(submission, known):
    text = "#E1 = Search[x]\n#E2 = Search[z]\n#E1 = Search[y]"
    assert_raises(ValueError, submission.parse_plan, text, known)


@points(0.25)
@hint("Where can a reference lead, besides to a step of this text?")
@pytest.mark.parametrize("text", ["#E1 = Search[#E3]", "#E1 = Search[#E2]\n#E2 = Search[#E01]"])
def test_a_reference_to_nothing_is_refused(submission, text):
    assert_raises(ValueError, submission.parse_plan, text, ["#E30", "#E4"])


# ── schedule ──────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Neither of two steps needs the other. Why should one wait?")
def test_independent_steps_share_a_level(submission):
    assert_equal(submission.schedule(graph(E1="", E2="")), [["#E1", "#E2"]])


@points(0.5)
@hint("A step needs one of the first level and one of the third. When can it run?")
@pytest.mark.parametrize(
    ("steps", "levels"),
    [
        (graph(E1="", E2="1", E3="2"), [["#E1"], ["#E2"], ["#E3"]]),
        (graph(E1="", E2="1", E3="2", E4="1 3"), [["#E1"], ["#E2"], ["#E3"], ["#E4"]]),
        (
            graph(E1="", E2="", E3="1 2", E4="2", E5="4 3"),
            [["#E1", "#E2"], ["#E3", "#E4"], ["#E5"]],
        ),
        (graph(E1="", E2="1", E3="1", E4="", E5="2"), [["#E1", "#E4"], ["#E2", "#E3"], ["#E5"]]),
    ],
    ids=["chain", "two levels below", "diamond", "mixed"],
)
def test_a_level_is_one_more_than_the_highest_that_it_needs(submission, steps, levels):
    assert_equal(submission.schedule(steps), levels)


@points(0.25)
@hint("In which order do the steps of a level stand, when their numbers say nothing?")
@pytest.mark.parametrize(
    ("steps", "levels"),
    [
        (graph(E10="", E9="", E2="", E1=""), [["#E10", "#E9", "#E2", "#E1"]]),
        (graph(E3="7", E1="7", E2="7", E7=""), [["#E7"], ["#E3", "#E1", "#E2"]]),
        (graph(E3="2", E4="1", E2="", E1=""), [["#E2", "#E1"], ["#E3", "#E4"]]),
    ],
)
def test_a_level_is_in_the_order_of_the_steps(submission, steps, levels):
    assert_equal(submission.schedule(steps), levels)


@points(0.25)
@hint("A step stands above what it needs. What decides its level?")
def test_the_order_of_the_steps_decides_no_level(submission, rng):
    steps = graph(E1="", E2="", E3="1", E4="2 3", E5="2", E6="4 5", E7="6", E8="1 7")
    steps = [steps[place] for place in rng.permutation(len(steps))]
    assert_equal(submission.schedule(steps), schedule(steps))


@points(0.5)
@hint("What is left to do, and on what does it still wait?")
@pytest.mark.parametrize(
    ("steps", "done", "levels"),
    [
        (graph(E1="", E2="1", E3="2"), ["#E1"], [["#E2"], ["#E3"]]),
        (graph(E2="1", E3="2", E4="9"), ("#E9", "#E1"), [["#E2", "#E4"], ["#E3"]]),
        (graph(E1="", E2="1", E3="2 1"), ["#E2"], [["#E1"], ["#E3"]]),
        (graph(E1="", E2=""), ["#E2", "#E5"], [["#E1"]]),
    ],
)
def test_what_is_done_is_neither_run_nor_waited_for(submission, steps, done, levels):
    assert_equal(submission.schedule(steps, done), levels)


@points(0.25)
@hint("How many levels are there when there is nothing to run?")
@pytest.mark.parametrize(("steps", "done"), [([], []), ([], ["#E1"]), (graph(E1=""), ["#E1"])])
def test_nothing_left_gives_no_levels(submission, steps, done):
    assert_equal(submission.schedule(steps, done), [])


@points(0.5)
@hint("Each of some steps waits for another of them. Which one will ever start?")
@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(graph(E1="2", E2="1", E3=""), id="two"),
        pytest.param(graph(E1="1"), id="itself"),
        pytest.param(graph(E1="", E2="1 4", E3="2", E4="3"), id="three"),
        pytest.param(graph(E1="", E2="3", E3="2", E4="1"), id="beside others"),
    ],
)
def test_a_cycle_is_refused(submission, steps):
    assert_raises(ValueError, submission.schedule, steps)


@points(0.25)
@hint("A step waits for one that is nowhere. When does it start?")
@pytest.mark.parametrize("done", [[], ["#E1"]])
def test_a_dependency_that_does_not_exist_is_refused(submission, done):
    assert_raises(ValueError, submission.schedule, graph(E1="", E2="1 3"), done)


# ── substitute ────────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("Which texts does a reference stand for, and where may it stand?")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("river through #E1", "river through Lima"),
        ("#E2 in #E1, #E1", "Rímac in Lima, Lima"),
        ("#E1#E2st", "LimaRímacst"),
        ("nothing", "nothing"),
        ("", ""),
        ("#E, #e1, E1, # E1", "#E, #e1, E1, # E1"),
        ("[#E3]", "[]"),
    ],
)
def test_references_are_replaced_by_their_results(submission, text, expected):
    results = {"#E1": "Lima", "#E2": "Rímac", "#E3": ""}
    assert_equal(submission.substitute(text, results), expected)


@points(0.5)
@hint("Where does a reference end?")
def test_a_longer_number_is_another_reference(submission):
    results = {"#E1": "tea", "#E12": "cake"}
    assert_equal(submission.substitute("#E12 and #E1", results), "cake and tea")


@points(0.5)
@hint("A result happens to contain '#E2'. Who wrote that, and did they mean your step?")
def test_a_reference_inside_a_result_is_text(submission):
    results = {"#E1": "see #E2", "#E2": "page 3"}
    assert_equal(submission.substitute("#E1", results), "see #E2")


@points(0.125)
@hint("Does it matter in which order the results were obtained?")
@pytest.mark.parametrize("text", ["#E1 #E2", "#E2 #E1"])
def test_results_that_name_each_other_stay_as_they_are(submission, text):
    results = {"#E1": "<#E2>", "#E2": "<#E1>", "#E3": "#E9"}
    expected = text.replace("#E1", "<>").replace("#E2", "<#E1>").replace("<>", "<#E2>")
    assert_equal(submission.substitute(f"{text} #E3", results), f"{expected} #E9")


@points(0.25)
@hint("What does a template of re.sub make of a path such as C:\\temp?")
@pytest.mark.parametrize("result", ["C:\\temp", "a\\nb", "\\\\"])
def test_a_backslash_in_a_result_is_a_backslash(submission, result):
    assert_equal(submission.substitute("open #E1", {"#E1": result}), f"open {result}")


@points(0.125)
@hint("What does a template of re.sub make of a pattern such as \\d, or of \\g<0>?")
@pytest.mark.parametrize("result", ["\\d+", "\\1", "\\g<0>", "C:\\Users", "$1 {0} %s"])
def test_a_pattern_in_a_result_is_text(submission, result):
    assert_equal(submission.substitute("#E1", {"#E1": result}), result)


@points(0.25)
@hint("What would a tool make of an input that still has a reference in it?")
@pytest.mark.parametrize("text", ["#E3", "#E1 #E11", "#E01"])
def test_a_reference_without_result_is_refused(submission, text):
    assert_raises(ValueError, submission.substitute, text, {"#E1": "x", "#E111": "y"})


# ── plan_and_execute ──────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Write down what planner, tools and solver are given when all goes well.")
def test_a_plan_that_works_takes_two_model_calls(submission):
    text = (
        "Plan: find it\n#E1 = Search[capital]\n#E2 = Search[river of #E1]\n"
        "#E3 = Count[people in #E1 by #E2]"
    )
    planner, solver = Model(("", text)), Model(("", " A city by a river. \n"))
    search = Tool(**{"capital": "Lima", "river of Lima": "the Rímac"})
    count = Tool(**{"people in Lima by the Rímac": "10 million"})
    tools = {"Search": search, "Count": count}
    found = submission.plan_and_execute("Describe it.", planner, solver, tools)
    assert_equal(planner.prompts, ["Task: Describe it.\nPlan:"], name="the planner's prompts")
    prompt = "Task: Describe it.\n#E1 = Lima\n#E2 = the Rímac\n#E3 = 10 million\nAnswer:"
    assert_equal(solver.prompts, [prompt], name="the solver's prompts")
    expected = {
        "status": "finished",
        "answer": " A city by a river. \n",
        "results": {"#E1": "Lima", "#E2": "the Rímac", "#E3": "10 million"},
        "plans": 1,
    }
    assert_equal(found, expected)


@points(0.5)
@hint("In which order do steps run, and in which order are their results told?")
def test_steps_run_level_by_level(submission):
    text = "#E1 = S[a #E3]\n#E2 = S[b]\n#E3 = S[c]\n#E4 = S[d #E2]"
    search = Tool(b="B", c="C")
    solver = Model(("", "done"))
    found = submission.plan_and_execute("T", Model(("", text)), solver, {"S": search}, 0)
    assert_equal(search.calls, ["b", "c", "a C", "d B"], name="the tool's calls")
    lines = "#E2 = B\n#E3 = C\n#E1 = result of a C\n#E4 = result of d B"
    assert_equal(solver.prompts, [f"Task: T\n{lines}\nAnswer:"], name="the solver's prompts")
    assert_equal((found["status"], found["plans"]), ("finished", 1), name="status and plans")


@points(0.25)
@hint("A result speaks of steps and has backslashes. Which tool gets to see what?")
def test_results_reach_tools_and_solver_as_they_are(submission):
    text = "#E1 = S[x]\n#E2 = S[#E1]"
    search, solver = Tool(x="#E2\\n\nTask: none"), Model(("", "done"))
    found = submission.plan_and_execute("T", Model(("", text)), solver, {"S": search})
    assert_equal(search.calls, ["x", "#E2\\n\nTask: none"], name="the tool's calls")
    assert_equal(found["results"]["#E1"], "#E2\\n\nTask: none", name="the result")


RETRY = ("#E1 = S[a]\n#E2 = S[b #E1]", "#E1 = S[a]\n#E2 = S[c #E1]")


@points(0.5)
@hint("The first step worked. Why should it run again because the second one failed?")
def test_what_has_a_result_is_not_run_again(submission):
    planner = Model(("", RETRY[0]), ("failed", RETRY[1]))
    search = Tool(**{"a": "A", "b A": ValueError("no page"), "c A": "C"})
    solver = Model(("", "done"))
    found = submission.plan_and_execute("T", planner, solver, {"S": search})
    assert_equal(search.calls, ["a", "b A", "c A"], name="the tool's calls")
    prompts = ["Task: T\nPlan:", "Task: T\n#E1 = A\n#E2 failed: no page\nPlan:"]
    assert_equal(planner.prompts, prompts, name="the planner's prompts")
    assert_equal(
        solver.prompts, ["Task: T\n#E1 = A\n#E2 = C\nAnswer:"], name="the solver's prompts"
    )
    results = {"#E1": "A", "#E2": "C"}
    expected = {"status": "finished", "answer": "done", "results": results, "plans": 2}
    assert_equal(found, expected)


@points(0.5)
@hint("A step failed. What is there for those that depend on it to work with?")
def test_nothing_runs_on_the_error_of_a_failed_step(submission):
    search, solver = Tool(a=ValueError("no page")), Model(("", "done"))
    planner = Model(("", "#E1 = S[a]\n#E2 = S[b #E1]"))
    found = submission.plan_and_execute("T", planner, solver, {"S": search}, max_replans=0)
    assert_equal(search.calls, ["a"], name="the tool's calls")
    expected = {"status": "failed", "answer": None, "results": {}, "plans": 1}
    assert_equal(found, expected)
    assert_equal(solver.prompts, [], name="the solver's prompts")


@points(0.5)
@hint("What does the planner have to know in order not to write the same plan again?")
def test_the_planner_is_told_what_was_done_and_what_failed(submission):
    planner = Model(
        ("", "#E1 = S[a]\n#E2 = S[b]\n#E3 = S[c]\n#E4 = T[d]"),
        ("failed", "#E5 = S[e #E1 #E3]"),
    )
    search = Tool(a="A", b=ValueError("no page"), c="C")
    found = submission.plan_and_execute("T", planner, Model(("", "done")), {"S": search})
    second = "Task: T\n#E1 = A\n#E3 = C\n#E2 failed: no page\n#E4 failed: unknown tool 'T'\nPlan:"
    assert_equal(planner.prompts, ["Task: T\nPlan:", second], name="the planner's prompts")
    results = {"#E1": "A", "#E3": "C", "#E5": "result of e A C"}
    expected = {"status": "finished", "answer": "done", "results": results, "plans": 2}
    assert_equal(found, expected)


@points(0.25)
@hint("Two steps stand in one level and the first fails. Was the second one's result of no use?")
def test_a_level_is_run_to_its_end(submission):
    planner = Model(("", "#E1 = S[a]\n#E2 = S[b]\n#E3 = S[c #E2]"))
    search = Tool(a=ValueError("no page"))
    found = submission.plan_and_execute("T", planner, Model(("", "done")), {"S": search}, 0)
    assert_equal(search.calls, ["a", "b"], name="the tool's calls")
    assert_equal(found["results"], {"#E2": "result of b"}, name="the results")


@points(0.25)
@hint("Of which plan are the failures that the planner is told?")
def test_only_failures_of_the_plan_before_are_told(submission):
    planner = Model(("", "#E1 = S[a]"), ("#E1 failed", "#E2 = S[b]"), ("#E2 failed", "#E3 = S[c]"))
    search = Tool(a=KeyError("page"), b=RuntimeError("two\nlines"))
    solver = Model(("", "done"))
    found = submission.plan_and_execute("T", planner, solver, {"S": search}, max_replans=2)
    prompts = [
        "Task: T\nPlan:",
        "Task: T\n#E1 failed: 'page'\nPlan:",
        "Task: T\n#E2 failed: two\nlines\nPlan:",
    ]
    assert_equal(planner.prompts, prompts, name="the planner's prompts")
    assert_equal(
        solver.prompts, ["Task: T\n#E3 = result of c\nAnswer:"], name="the solver's prompts"
    )
    assert_equal(found["plans"], 3, name="the number of plans")


@points(0.25)
@hint(
    "The plan refers to nothing, or goes in circles. Is that an error of yours or of the planner?"
)
@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("#E1 = S[#E2]\n#E3 = S[x]", id="reference"),
        pytest.param("#E1 = S[#E2]\n#E2 = S[#E1]\n#E3 = S[x]", id="cycle"),
        pytest.param("#E3 = S[x]\n#E1 = S", id="broken"),
        pytest.param("#E1 = S[x]\n#E1 = S[y]", id="twice"),
    ],
)
def test_an_invalid_plan_is_planned_again(submission, bad):
    planner = Model(("", bad), ("invalid", "#E4 = S[y]"))
    search = Tool()
    found = submission.plan_and_execute("T", planner, Model(("", "done")), {"S": search})
    assert_equal(search.calls, ["y"], name="the tool's calls")
    prompts = ["Task: T\nPlan:", "Task: T\nthe plan is invalid\nPlan:"]
    assert_equal(planner.prompts, prompts, name="the planner's prompts")
    results = {"#E4": "result of y"}
    expected = {"status": "finished", "answer": "done", "results": results, "plans": 2}
    assert_equal(found, expected)


@points(0.25)
@hint("The planner wrote an essay. Can the solver answer from that?")
def test_a_plan_without_steps_is_invalid(submission):
    planner, solver = Model(("", "I would search.")), Model(("", "done"))
    found = submission.plan_and_execute("T", planner, solver, {}, max_replans=0)
    assert_equal(found, {"status": "failed", "answer": None, "results": {}, "plans": 1})
    assert_equal(solver.prompts, [], name="the solver's prompts")


@points(0.25)
@hint("What was known when the second plan turned out to be invalid, and what went wrong last?")
def test_results_outlive_an_invalid_plan(submission):
    planner = Model(
        ("", "#E1 = S[a]\n#E2 = S[b]"),
        ("#E2 failed", "#E3 = S[#E7]"),
        ("invalid", "#E3 = S[c #E1]"),
    )
    search = Tool(b=ValueError("no page"))
    solver = Model(("", "done"))
    found = submission.plan_and_execute("T", planner, solver, {"S": search}, 2)
    line = "#E1 = result of a"
    prompts = [
        "Task: T\nPlan:",
        f"Task: T\n{line}\n#E2 failed: no page\nPlan:",
        f"Task: T\n{line}\nthe plan is invalid\nPlan:",
    ]
    assert_equal(planner.prompts, prompts, name="the planner's prompts")
    assert_equal(search.calls, ["a", "b", "c result of a"], name="the tool's calls")
    assert_equal((found["status"], found["plans"]), ("finished", 3), name="status and plans")


@points(0.25)
@hint("All steps of the new plan have results. What is left to do?")
def test_a_plan_whose_steps_all_have_results_is_solved(submission):
    planner = Model(("", "#E1 = S[a]\n#E2 = T[b]"), ("failed", "#E1 = T[z #E1]"))
    search, solver = Tool(), Model(("", "done"))
    found = submission.plan_and_execute("T", planner, solver, {"S": search})
    assert_equal(search.calls, ["a"], name="the tool's calls")
    assert_equal(
        solver.prompts, ["Task: T\n#E1 = result of a\nAnswer:"], name="the solver's prompts"
    )
    results = {"#E1": "result of a"}
    expected = {"status": "finished", "answer": "done", "results": results, "plans": 2}
    assert_equal(found, expected)


@points(0.25)
@hint("How many plans are there in all, when one may be replaced twice?")
@pytest.mark.parametrize("replans", [0, 1, 2])
@pytest.mark.parametrize("text", ["#E1 = S[a]", "no plan"])
def test_a_plan_is_replaced_at_most_so_often(submission, text, replans):
    planner, solver = Model(("", text)), Model(("", "done"))
    search = Tool(a=ValueError("no page"))
    found = submission.plan_and_execute("T", planner, solver, {"S": search}, replans)
    expected = {"status": "failed", "answer": None, "results": {}, "plans": replans + 1}
    assert_equal(found, expected)
    assert_equal(len(planner.prompts), replans + 1, name="the number of planner calls")
    assert_equal(solver.prompts, [], name="the solver's prompts")


@points(0.25)
@hint("How often may a plan be replaced when nobody says?")
def test_one_new_plan_is_the_limit(submission):
    found = submission.plan_and_execute("T", Model(("", "no plan")), Model(("", "done")), {})
    assert_equal(found, {"status": "failed", "answer": None, "results": {}, "plans": 2})


@points(0.5)
@hint("The planner cannot be reached, and says so with a ValueError. Is that an invalid plan?")
@pytest.mark.parametrize("who", ["planner", "solver"])
def test_what_a_model_raises_is_not_caught(submission, who):
    def model(prompt):
        raise Offline("no connection")

    planner = model if who == "planner" else Model(("", "#E1 = S[x]"))
    solver = model if who == "solver" else Model(("", "done"))
    assert_raises(Offline, submission.plan_and_execute, "T", planner, solver, {"S": Tool()})


@points(0.25)
@hint("How many plans would be made with a limit of −1?")
@pytest.mark.parametrize("replans", [-1, -2])
def test_a_negative_limit_is_refused(submission, replans):
    planner, solver = Model(("", "#E1 = S[x]")), Model(("", "done"))
    assert_raises(
        ValueError, submission.plan_and_execute, "T", planner, solver, {"S": Tool()}, replans
    )


@points(0.25)
@hint("Look at what parse_plan and schedule say of this plan, and follow it step by step.")
def test_a_larger_plan_runs_as_it_is_scheduled(submission, rng):
    names = [f"#E{number}" for number in rng.permutation(12)[:7] + 1]
    lines = []
    for place, name in enumerate(names):
        before = [names[other] for other in rng.permutation(place)[:2]]
        lines.append(f"{name} = S[{' '.join([name[1:], *before])}]")
    text = "\n".join(lines[place] for place in rng.permutation(len(lines)))
    steps = {step["id"]: step for step in parse_plan(text)}
    order = [name for level in schedule(list(steps.values())) for name in level]
    search, solver = Tool(), Model(("", "done"))
    found = submission.plan_and_execute("T", Model(("", text)), solver, {"S": search})
    starts = [call.split()[0] for call in search.calls]
    assert_equal(starts, [name[1:] for name in order], name="the order of the tool's calls")
    assert_equal(found["status"], "finished", name="the status")
