"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_equal

FORECAST = '''
def forecast(city: str, days: int = 3):
    """Return the weather
    of the coming days.

    Temperatures are in °C.
    """
'''
SCHEMA = {
    "type": "function",
    "function": {
        "name": "forecast",
        "description": "Return the weather of the coming days.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "default": 3}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


def test_a_function_becomes_a_tool(submission):
    assert_equal(submission.tool_schema(FORECAST), SCHEMA)


def test_an_annotation_that_may_be_none(submission):
    schema = submission.tool_schema("def find(tags: list[str] | None): ...")
    expected = {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}
    assert_equal(schema["function"]["parameters"]["properties"], {"tags": expected})
    assert_equal(schema["function"]["parameters"]["required"], ["tags"])


def test_all_violations_are_reported(submission):
    arguments = {"town": "Lima", "days": True}
    expected = [
        ("$.city", "required"),
        ("$.days", "type"),
        ("$.town", "additionalProperties"),
    ]
    parameters = SCHEMA["function"]["parameters"]
    assert_equal(submission.validate_arguments(arguments, parameters), expected)


def test_a_call_is_answered(submission):
    def forecast(city, days=3):
        return f"{days} days of sun in {city}"

    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "forecast", "arguments": '{"city": "Lima"}'},
    }
    asks = {"role": "assistant", "content": None, "tool_calls": [call]}
    tells = {"role": "assistant", "content": "Sunny."}

    def model(messages):
        return tells if messages[-1]["role"] == "tool" else asks

    question = {"role": "user", "content": "What will the weather be in Lima?"}
    result = submission.run_tool_loop([question], model, {"forecast": forecast}, [SCHEMA])
    observed = {"role": "tool", "tool_call_id": "1", "content": "3 days of sun in Lima"}
    expected = {
        "status": "finished",
        "answer": "Sunny.",
        "messages": [question, asks, observed, tells],
    }
    assert_equal(result, expected)
