"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_equal

PLAN = """Plan: find the capital
#E1 = Search[capital of Peru]
Plan: find its river
#E2 = Search[river through #E1]
Plan: count its people
#E3 = Search[people in #E1]"""


def test_a_plan_becomes_steps(submission):
    first, second, third = submission.parse_plan(PLAN)
    assert_equal(
        first,
        {
            "id": "#E1",
            "plan": "find the capital",
            "tool": "Search",
            "input": "capital of Peru",
            "depends": [],
        },
    )
    assert_equal((second["id"], second["depends"]), ("#E2", ["#E1"]))
    assert_equal((third["id"], third["depends"]), ("#E3", ["#E1"]))


def test_steps_that_do_not_need_each_other_share_a_level(submission):
    steps = [
        {"id": "#E1", "plan": "", "tool": "Search", "input": "Peru", "depends": []},
        {"id": "#E2", "plan": "", "tool": "Search", "input": "a #E1", "depends": ["#E1"]},
        {"id": "#E3", "plan": "", "tool": "Search", "input": "b #E1", "depends": ["#E1"]},
    ]
    assert_equal(submission.schedule(steps), [["#E1"], ["#E2", "#E3"]])
    assert_equal(submission.schedule(steps, done=["#E1"]), [["#E2", "#E3"]])


def test_references_are_replaced(submission):
    results = {"#E1": "Lima", "#E12": "the Rímac"}
    assert_equal(submission.substitute("#E12 in #E1", results), "the Rímac in Lima")


def test_the_worked_example(submission):
    answers = {
        "capital of Peru": "Lima",
        "river through Lima": "the Rímac",
        "people in Lima": "10 million",
    }
    prompts = []

    def planner(prompt):
        prompts.append(prompt)
        return PLAN

    def solver(prompt):
        prompts.append(prompt)
        return "10 million people on the Rímac"

    tools = {"Search": lambda text: answers[text]}
    result = submission.plan_and_execute("Describe Peru's capital.", planner, solver, tools)
    assert_equal(
        result,
        {
            "status": "finished",
            "answer": "10 million people on the Rímac",
            "results": {"#E1": "Lima", "#E2": "the Rímac", "#E3": "10 million"},
            "plans": 1,
        },
    )
    assert_equal(
        prompts,
        [
            "Task: Describe Peru's capital.\nPlan:",
            "Task: Describe Peru's capital.\n"
            "#E1 = Lima\n#E2 = the Rímac\n#E3 = 10 million\nAnswer:",
        ],
    )
