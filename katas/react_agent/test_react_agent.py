"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_equal


def test_a_step_with_an_action(submission):
    completion = "Thought: Look it up.\nAction: search\nAction Input: population of Lima"
    assert_equal(
        submission.parse_step(completion),
        {
            "kind": "action",
            "thought": "Look it up.",
            "tool": "search",
            "input": "population of Lima",
        },
    )


def test_a_step_with_an_answer(submission):
    assert_equal(
        submission.parse_step("I know this.\nFinal Answer: Lima"),
        {"kind": "final", "thought": "I know this.", "answer": "Lima"},
    )


def test_a_step_with_neither(submission):
    assert_equal(
        submission.parse_step("It is Lima."),
        {"kind": "malformed", "thought": "It is Lima.", "reason": "no_action"},
    )


def test_a_long_observation_is_cut(submission):
    tools = {"upper": lambda text: text.upper()}
    assert_equal(submission.run_tool("upper", "hello", tools, limit=3), "HEL… [2 more characters]")


def test_an_unknown_tool(submission):
    tools = {"upper": lambda text: text.upper()}
    expected = "Error: unknown tool 'lower'; known tools: upper"
    assert_equal(submission.run_tool("lower", "HELLO", tools), expected)


def test_the_worked_example(submission):
    def model(prompt):
        if "Observation: 10 million" in prompt:
            return "Final Answer: about 10 million"
        return (
            "Thought: Look it up.\nAction: search\nAction Input: population of Lima\n"
            "Observation: 3 people\nFinal Answer: 3"
        )

    result = submission.run_react("How big is Lima?", model, {"search": lambda text: "10 million"})
    transcript = (
        "Question: How big is Lima?\n"
        "Thought: Look it up.\n"
        "Action: search\n"
        "Action Input: population of Lima\n"
        "Observation: 10 million\n"
        "Final Answer: about 10 million\n"
    )
    assert_equal(
        result,
        {
            "status": "finished",
            "answer": "about 10 million",
            "steps": 2,
            "transcript": transcript,
        },
    )
