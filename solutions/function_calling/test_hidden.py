"""The hidden suite of function calling."""

import json

import pytest

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points

STRING, INTEGER, NULL = {"type": "string"}, {"type": "integer"}, {"type": "null"}


def closed(required=(), /, **properties):
    """Return the schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def tool(name, required=(), /, **properties):
    """Return the description of a tool with these parameters."""
    parameters = closed(required, **properties)
    function = {"name": name, "description": "", "parameters": parameters}
    return {"type": "function", "function": function}


def call(key, name, arguments):
    """Return a call of a tool; arguments that are not text are written as JSON."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": key, "type": "function", "function": {"name": name, "arguments": text}}


def asks(*calls, content=None):
    """Return an assistant message with calls."""
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def says(content):
    """Return an assistant message without calls."""
    return {"role": "assistant", "content": content}


def result(key, content):
    """Return the message that answers a call."""
    return {"role": "tool", "tool_call_id": key, "content": content}


USER = {"role": "user", "content": "go"}


class Model:
    """A scripted model: its reply is that of the last cue which any message's content holds."""

    __name__ = "model"

    def __init__(self, *script):
        self.script = script
        self.prompts = []

    def __call__(self, messages):
        """Note the messages, and reply."""
        self.prompts.append(messages)
        contents = [message.get("content") or "" for message in messages]
        return [reply for cue, reply in self.script if any(cue in text for text in contents)][-1]


class Tool:
    """A tool that returns (or raises) one thing, and notes what it was called with."""

    __name__ = "tool"

    def __init__(self, outcome):
        self.outcome = outcome
        self.calls = []

    def __call__(self, **arguments):
        """Note the call, and answer it."""
        self.calls.append(arguments)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class Offline(Exception):
    """What a model may raise."""


# ── tool_schema ───────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which parts does the description of a tool have, and where in the syntax tree is each?")
def test_a_function_is_described_as_a_tool(submission):
    source = (
        "def book(name: str, seats: int, price: float, aisle: bool, notes: dict):\n"
        '    """Book seats."""\n'
        "    return name\n"
    )
    properties = {
        "name": {"type": "string"},
        "seats": {"type": "integer"},
        "price": {"type": "number"},
        "aisle": {"type": "boolean"},
        "notes": {"type": "object"},
    }
    parameters = closed(["name", "seats", "price", "aisle", "notes"], **properties)
    function = {"name": "book", "description": "Book seats.", "parameters": parameters}
    assert_equal(submission.tool_schema(source), {"type": "function", "function": function})


def parameters_of(submission, signature):
    """Return properties and required of a function with this signature."""
    schema = submission.tool_schema(f"def f({signature}):\n    return None\n")
    parameters = schema["function"]["parameters"]
    return parameters["properties"], parameters["required"]


@points(0.25, task="tool_schema")
@hint("What does a call f() of a function without parameters look like to a validator?")
def test_a_function_without_parameters_takes_none(submission):
    schema = submission.tool_schema("def now() -> str: ...")
    assert_equal(schema, tool("now"))


@points(0.25, task="tool_schema")
@hint("Where does Python's syntax tree keep the parameters behind a bare *?")
def test_keyword_only_parameters_are_described_too(submission):
    found = parameters_of(submission, "b: str, *, a: int, c: str = 'x', d: str")
    expected = {
        "b": STRING,
        "a": INTEGER,
        "c": {"type": "string", "default": "x"},
        "d": STRING,
    }
    assert_equal(found, (expected, ["b", "a", "d"]))


@points(0.25, task="tool_schema")
@hint("In which order would a reader of the signature list its parameters?")
def test_properties_stand_in_the_order_of_the_signature(submission):
    properties, required = parameters_of(submission, "z: int, m: str = '', *, y: int = 1, b: int")
    assert_equal(list(properties), ["z", "m", "y", "b"], name="the order of the properties")
    assert_equal(required, ["z", "b"], name="required")


@points(0.25, task="tool_schema")
@hint("Two parameters and one default: whose is it?")
def test_defaults_belong_to_the_last_parameters(submission):
    found = parameters_of(submission, "a: int, b: int = 2")
    assert_equal(found, ({"a": INTEGER, "b": {"type": "integer", "default": 2}}, ["a"]))


@points(0.25, task="tool_schema")
@hint("How does the syntax tree tell a default that is None, or 0, from no default?")
@pytest.mark.parametrize("default", [None, 0, False, ""])
def test_a_falsy_default_is_a_default(submission, default):
    found = parameters_of(submission, f"a: str, b: str = {default!r}")
    assert_equal(found, ({"a": STRING, "b": {"type": "string", "default": default}}, ["a"]))


@points(0.25, task="tool_schema")
@hint("May a parameter be left out because it may be None?")
def test_a_parameter_that_may_be_none_is_required_without_a_default(submission):
    found = parameters_of(submission, "a: int | None, b: str | None = None")
    expected = {
        "a": {"anyOf": [INTEGER, NULL]},
        "b": {"anyOf": [STRING, NULL], "default": None},
    }
    assert_equal(found, (expected, ["a"]))


@points(0.25, task="tool_schema")
@hint("An annotation is a tree. What does your code do with what stands inside the brackets?")
@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        ("list[str]", {"type": "array", "items": STRING}),
        ("list[list[int]]", {"type": "array", "items": {"type": "array", "items": INTEGER}}),
        ("list[int | None]", {"type": "array", "items": {"anyOf": [INTEGER, NULL]}}),
        ("list[str] | None", {"anyOf": [{"type": "array", "items": STRING}, NULL]}),
        ("Literal['b', 'a']", {"type": "string", "enum": ["b", "a"]}),
        ("Literal['only']", {"type": "string", "enum": ["only"]}),
        ("list[Literal['']]", {"type": "array", "items": {"type": "string", "enum": [""]}}),
        ("Literal['a'] | None", {"anyOf": [{"type": "string", "enum": ["a"]}, NULL]}),
        ("dict | None", {"anyOf": [{"type": "object"}, NULL]}),
    ],
)
def test_annotations_nest(submission, annotation, schema):
    assert_equal(parameters_of(submission, f"a: {annotation}"), ({"a": schema}, ["a"]))


@points(0.25, task="tool_schema")
@hint("Which defaults can JSON write down, and is it your business whether they fit the type?")
@pytest.mark.parametrize(
    "default",
    [-1, 1.5, True, "a 'b'", [], [1, [2.5, None]], {}, {"a": {"b": [False]}}],
    ids=repr,
)
def test_any_value_of_json_may_be_a_default(submission, default):
    found = parameters_of(submission, f"a: int = {default!r}")
    assert_equal(found, ({"a": {"type": "integer", "default": default}}, []))


@points(0.25)
@hint("What of a docstring does a model need in order to choose a tool?")
@pytest.mark.parametrize(
    ("docstring", "description"),
    [
        pytest.param('"""Add.\n\n    Numbers only.\n    """', "Add.", id="two paragraphs"),
        pytest.param('"""Add\n    two   numbers.\n    """', "Add two numbers.", id="two lines"),
        pytest.param('"""\n    Add.\n    \n    Or not.\n    """', "Add.", id="below the quotes"),
        pytest.param("''", "", id="empty"),
        pytest.param("# Add.\n    pass", "", id="comment"),
    ],
)
def test_the_description_is_the_first_paragraph(submission, docstring, description):
    schema = submission.tool_schema(f"def add(a: int):\n    {docstring}\n")
    assert_equal(schema["function"]["description"], description, name="the description")


@points(0.25)
@hint("Nothing of the text may run. Which parts of it would, if it were imported?")
def test_decorators_return_annotation_and_body_are_of_no_account(submission):
    source = (
        "\n# a comment\n@registry.tool(retries=[3])\n@other\n"
        "def f(a: str) -> 'Unknown[1, 2]':\n    raise SystemExit(undefined)\n"
    )
    assert_equal(submission.tool_schema(source), tool("f", ["a"], a=STRING))


@points(0.25)
@hint("How many statements does the text of one function consist of, and of which kind?")
@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="nothing"),
        pytest.param("def f(a: int)", id="syntax error"),
        pytest.param("async def f(a: int): ...", id="async"),
        pytest.param("class f: ...", id="class"),
        pytest.param("f = lambda: 1", id="lambda"),
        pytest.param("def f(): ...\ndef g(): ...", id="two functions"),
        pytest.param("import os\ndef f(): ...", id="an import before"),
        pytest.param("def f(): ...\nf()", id="a call after"),
    ],
)
def test_anything_but_one_plain_function_is_refused(submission, source):
    assert_raises(ValueError, submission.tool_schema, source)


@points(0.25)
@hint(
    "A call names each of its arguments. Which parameters cannot be given by a name of their own?"
)
@pytest.mark.parametrize(
    "signature",
    ["a: int, /", "a: int, /, b: int", "*a: int", "*, a: int, **b: int", "a: int, *b: str, c: int"],
)
def test_parameters_that_a_call_cannot_name_are_refused(submission, signature):
    assert_raises(ValueError, submission.tool_schema, f"def f({signature}): ...")


@points(0.25)
@hint("What would you tell the model about a parameter whose type you cannot translate?")
@pytest.mark.parametrize(
    "signature",
    [
        "a",
        "a=1",
        "a: int, *, b",
        "a: set",
        "a: bytes",
        "a: Any",
        "a: None",
        "a: int | str",
        "a: int | None | str",
        "a: list[set]",
        "a: set | None",
        "a: tuple[int]",
        "a: dict[str, int]",
        "a: list[int, str]",
        "a: Literal[1]",
        "a: Literal['a', 1]",
        "a: Literal['a', None]",
        "a: Literal[b'a']",
        "a: Literal[()]",
        "a: Literal[x]",
        "a: f()",
    ],
)
def test_a_parameter_of_another_type_is_refused(submission, signature):
    assert_raises(ValueError, submission.tool_schema, f"def f({signature}): ...")


@points(0.25)
@hint("Which of Python's literals has no counterpart in JSON?")
@pytest.mark.parametrize(
    "default",
    [
        "x",
        "f()",
        "a.b",
        "1 + 2",
        "[x]",
        "(1, 2)",
        "[(1,)]",
        "{1, 2}",
        "b'a'",
        "1j",
        "...",
        "{1: 2}",
        "{'a': {2: 3}}",
        "{'a': (1,)}",
        "f'{1}'",
    ],
)
def test_a_default_that_json_cannot_write_is_refused(submission, default):
    assert_raises(ValueError, submission.tool_schema, f"def f(a: int, b: str = {default}): ...")


# ── validate_arguments ────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("What is there to report about arguments that are just right?")
@pytest.mark.parametrize("value", [{"a": "x"}, {"a": "x", "b": [1]}, {"b": [], "a": ""}], ids=repr)
def test_valid_arguments_have_no_violations(submission, value):
    schema = closed(["a"], a=STRING, b={"type": "array", "items": INTEGER})
    assert_equal(submission.validate_arguments(value, schema), [])


VALUES = {
    "string": ["", "1"],
    "integer": [0, -3],
    "number": [0, 2.5],
    "boolean": [True, False],
    "object": [{}, {"a": 1}],
    "array": [[], [1]],
    "null": [None],
}


@points(0.5)
@hint("Which values does each type of JSON Schema take, and which of the others?")
@pytest.mark.parametrize("kind", VALUES)
def test_each_type_takes_its_own_values_only(submission, kind):
    for other, values in VALUES.items():
        for value in values:
            fits = other == kind or (other, kind) == ("integer", "number")
            fits |= (kind, value) == ("integer", 0) and other == "number"
            if other == "boolean" and kind in ("integer", "number"):
                continue  # asked by a test of its own
            expected = [] if fits else [("$", "type")]
            found = submission.validate_arguments(value, {"type": kind})
            assert_equal(found, expected, name=f"{value!r} as {kind}")


@points(0.5)
@hint("What is isinstance(True, int) in Python, and is true a number in JSON?")
@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("kind", ["integer", "number"])
def test_true_and_false_are_no_numbers(submission, kind, value):
    assert_equal(submission.validate_arguments(value, {"type": kind}), [("$", "type")])


@points(0.25)
@hint("JSON has one kind of number. Which of them does JSON Schema call integers?")
@pytest.mark.parametrize(("value", "expected"), [(2.0, []), (-0.0, []), (2.5, [("$", "type")])])
def test_a_float_without_a_fraction_is_an_integer(submission, value, expected):
    assert_equal(submission.validate_arguments(value, INTEGER), expected)


@points(0.25)
@hint("Which names must be there, and at which path do you report one that is not?")
def test_each_missing_name_is_reported_at_its_own_path(submission):
    schema = closed(["a", "b", "c"], a=STRING, b=STRING, c=STRING)
    found = submission.validate_arguments({"b": "x"}, schema)
    assert_equal(found, [("$.a", "required"), ("$.c", "required")])


@points(0.25)
@hint("The model made an argument up. Does anybody notice?")
def test_each_name_too_many_is_reported_at_its_own_path(submission):
    found = submission.validate_arguments({"a": "x", "b": 1, "c": None}, closed(["a"], a=STRING))
    expected = [("$.b", "additionalProperties"), ("$.c", "additionalProperties")]
    assert_equal(found, expected)


@points(0.25)
@hint("When does JSON Schema allow names that the schema does not list?")
@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"properties": {"a": STRING}}, []),
        ({"properties": {"a": STRING}, "additionalProperties": True}, []),
        ({"type": "object"}, []),
        (
            {"additionalProperties": False},
            [("$.a", "additionalProperties"), ("$.b", "additionalProperties")],
        ),
        ({"properties": {"a": STRING}, "required": ["b", "c"]}, [("$.c", "required")]),
    ],
    ids=["not said", "allowed", "no properties", "nothing named", "required only"],
)
def test_other_names_are_refused_only_where_the_schema_says_so(submission, schema, expected):
    assert_equal(submission.validate_arguments({"a": "x", "b": 1}, schema), expected)


@points(0.25)
@hint("A number where an object should be: what else could be wrong with it?")
@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (1, {"type": "string", "enum": ["a"]}),
        ("x", {"type": "integer", "anyOf": [NULL]}),
        ({"b": 1}, {**closed(["a"], a=STRING), "type": "array"}),
        ([1], {"type": "object", "items": STRING}),
        ({"a": 1}, {"type": "string", "properties": {"a": STRING}}),
    ],
    ids=["enum", "anyOf", "object", "list", "text"],
)
def test_a_wrong_type_is_all_that_is_reported_of_a_value(submission, value, schema):
    assert_equal(submission.validate_arguments(value, schema), [("$", "type")])


@points(0.25)
@hint("May a value be compared with the choices whatever its type?")
@pytest.mark.parametrize("value", ["c", "A", "", 1, None, ["a"], {"a": 1}], ids=repr)
def test_a_value_that_is_no_choice_is_reported(submission, value):
    assert_equal(submission.validate_arguments(value, {"enum": ["a", "b"]}), [("$", "enum")])
    assert_equal(submission.validate_arguments("b", {"enum": ["a", "b"]}), [])


@points(0.25)
@hint("How many branches must be free of errors, and what is reported when none is?")
@pytest.mark.parametrize(
    ("value", "expected"),
    [("x", []), (None, []), (1, [("$", "anyOf")]), ({"a": 1}, [("$", "anyOf")]), ({"a": ""}, [])],
    ids=repr,
)
def test_one_branch_without_errors_is_enough(submission, value, expected):
    schema = {"anyOf": [STRING, closed(["a"], a=STRING), NULL]}
    assert_equal(submission.validate_arguments(value, schema), expected)


@points(0.25)
@hint("Write the path of the second element of a list inside an object inside a list.")
def test_paths_lead_to_the_value_that_is_wrong(submission):
    item = closed(["b"], b={"type": "array", "items": INTEGER}, c={"anyOf": [STRING, NULL]})
    schema = closed((), a={"type": "array", "items": item}, d=closed(["e"], e=STRING))
    value = {"a": [{"b": [1, "x", 2]}, {"c": 4, "f": 0}, 5], "d": {}}
    expected = [
        ("$.a[0].b[1]", "type"),
        ("$.a[1].b", "required"),
        ("$.a[1].c", "anyOf"),
        ("$.a[1].f", "additionalProperties"),
        ("$.a[2]", "type"),
        ("$.d.e", "required"),
    ]
    assert_equal(submission.validate_arguments(value, schema), expected)


@points(0.25)
@hint("How many rounds does a model need to repair two mistakes, when it is told of one at a time?")
@pytest.mark.parametrize("value", [{}, {"a": 1, "b": 2}], ids=["missing", "wrong"])
def test_every_violation_is_reported(submission, value):
    found = submission.validate_arguments(value, closed(["a", "b"], a=STRING, b=STRING))
    keyword = "type" if value else "required"
    assert_equal(found, [("$.a", keyword), ("$.b", keyword)])


@points(0.25)
@hint("Two people walk through the same schema in different ways. Do they report the same list?")
def test_violations_are_sorted(submission):
    schema = {**closed(["z", "b"], z=STRING, y=INTEGER, b=STRING), "anyOf": [NULL], "enum": ["x"]}
    expected = [
        ("$", "anyOf"),
        ("$", "enum"),
        ("$.a", "additionalProperties"),
        ("$.b", "required"),
        ("$.y", "type"),
        ("$.z", "type"),
    ]
    assert_equal(submission.validate_arguments({"y": "1", "z": 2, "a": 3}, schema), expected)


@points(0.25)
@hint("What does a schema say that has no keyword for this value?")
@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (5, {}),
        (5, {"minimum": 7, "description": "a number", "default": "x"}),
        ([], {"required": ["a"], "properties": {"a": STRING}, "additionalProperties": False}),
        ("x", {"items": INTEGER}),
        ([1, "x"], {"type": "array"}),
        ({"items": "x"}, {"items": INTEGER}),
        ({"a": 1}, {"type": "object", "required": ["a"]}),
    ],
    ids=["empty", "other keywords", "a list", "a text", "no items", "an object", "no properties"],
)
def test_what_the_schema_does_not_speak_of_is_valid(submission, value, schema):
    assert_equal(submission.validate_arguments(value, schema), [])


# ── run_tool_loop ─────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("What must the messages of the second round hold, and in which order?")
def test_a_call_is_answered_before_the_next_round(submission):
    asking, telling = asks(call("1", "add", {"a": 1, "b": 2}), content="Let me see."), says("3!")
    add = Tool("three")
    model = Model(("", asking), ("three", telling))
    found = submission.run_tool_loop(
        [USER], model, {"add": add}, [tool("add", ["a", "b"], a=INTEGER, b=INTEGER)]
    )
    second = [USER, asking, result("1", "three")]
    assert_equal(model.prompts, [[USER], second], name="the messages that the model got")
    assert_equal(add.calls, [{"a": 1, "b": 2}], name="the tool's calls")
    expected = {"status": "finished", "answer": "3!", "messages": [*second, telling]}
    assert_equal(found, expected)


@points(0.75)
@hint("Two calls came in one reply. How many answers does the provider expect?")
def test_parallel_calls_are_all_answered_in_order(submission):
    asking = asks(call("x", "one", {}), call("y", "two", {}), call("z", "one", {}))
    tools = {"two": Tool("2"), "one": Tool("1")}
    model = Model(("", asking), ("1", says("done")))
    found = submission.run_tool_loop([USER], model, tools, [tool("one"), tool("two")])
    results = [result("x", "1"), result("y", "2"), result("z", "1")]
    expected = {
        "status": "finished",
        "answer": "done",
        "messages": [USER, asking, *results, says("done")],
    }
    assert_equal(found, expected)


@points(0.25)
@hint("When does a reply ask for nothing, and what is its answer when it has no content?")
@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (says("Lima"), "Lima"),
        ({**says("Lima"), "tool_calls": None}, "Lima"),
        ({**says("Lima"), "tool_calls": []}, "Lima"),
        (says(""), ""),
        (says(None), None),
        ({"role": "assistant"}, None),
        ({"role": "assistant", "content": "Lima", "refusal": None, "usage": {"tokens": 3}}, "Lima"),
    ],
    ids=["absent", "None", "empty", "no text", "no content", "nothing", "further keys"],
)
def test_a_reply_without_calls_is_the_answer(submission, reply, answer):
    messages = [{"role": "system", "content": "be brief"}, USER]
    found = submission.run_tool_loop(messages, Model(("", reply)), {}, [], max_rounds=1)
    expected = {"status": "finished", "answer": answer, "messages": [*messages, reply]}
    assert_equal(found, expected)


@points(0.5)
@hint("A tool raised. Who can do something about it: your caller, or the model?")
def test_what_a_tool_raises_is_told_to_the_model(submission):
    asking = asks(call("1", "look", {}))
    model = Model(("", asking), ("Error", says("sorry")))
    found = submission.run_tool_loop(
        [USER], model, {"look": Tool(RuntimeError("no connection"))}, [tool("look")]
    )
    messages = [USER, asking, result("1", "Error: no connection"), says("sorry")]
    expected = {"status": "finished", "answer": "sorry", "messages": messages}
    assert_equal(found, expected)


@points(0.25)
@hint("The first of three calls failed. What about the others?")
@pytest.mark.parametrize(
    ("failing", "content"),
    [
        pytest.param(call("1", "broken", {}), "Error: out of order", id="raises"),
        pytest.param(call("1", "gone", {}), "Error: unknown tool 'gone'", id="unknown"),
        pytest.param(
            call("1", "look", "{"), "Error: arguments are not a JSON object", id="not JSON"
        ),
        pytest.param(
            call("1", "look", {"a": 1}),
            "Error: invalid arguments: $.a: additionalProperties",
            id="invalid",
        ),
    ],
)
def test_a_call_that_fails_keeps_no_other_from_running(submission, failing, content):
    asking = asks(failing, call("2", "look", {}), call("3", "look", {}))
    look = Tool("seen")
    tools = {"look": look, "broken": Tool(ValueError("out of order"))}
    model = Model(("", asking), ("Error", says("done")))
    found = submission.run_tool_loop([USER], model, tools, [tool("look"), tool("broken")])
    results = [result("1", content), result("2", "seen"), result("3", "seen")]
    assert_equal(found["messages"], [USER, asking, *results, says("done")], name="the messages")
    assert_equal(look.calls, [{}, {}], name="the tool's calls")


@points(0.25)
@hint("The model asked for a tool that is not there. What does it have to be told?")
@pytest.mark.parametrize("text", ["{}", "{", "", '{"a": 1}'])
def test_an_unknown_tool_is_told_whatever_its_arguments(submission, text):
    asking = asks(call("1", "gone", text))
    model = Model(("", asking), ("Error", says("sorry")))
    found = submission.run_tool_loop([USER], model, {"look": Tool("seen")}, [tool("look")])
    messages = [USER, asking, result("1", "Error: unknown tool 'gone'"), says("sorry")]
    assert_equal(found["messages"], messages, name="the messages")


@points(0.25)
@hint("Arguments are text that a model wrote. What can that text be besides a JSON object?")
@pytest.mark.parametrize("text", ["{", "{'a': 1}", "a = 1", "[]", "null", "1", '"{}"', "{} {}"])
def test_arguments_that_are_no_json_object_are_told(submission, text):
    asking = asks(call("1", "look", text))
    look = Tool("seen")
    model = Model(("", asking), ("Error", says("sorry")))
    found = submission.run_tool_loop([USER], model, {"look": look}, [tool("look")])
    content = "Error: arguments are not a JSON object"
    assert_equal(
        found["messages"], [USER, asking, result("1", content), says("sorry")], name="the messages"
    )
    assert_equal(look.calls, [], name="the tool's calls")


@points(0.25)
@hint("What does a model write as the arguments of a tool that needs none?")
@pytest.mark.parametrize("text", ["", "  ", "\n\t", "{}", " { } "])
def test_empty_arguments_are_an_empty_object(submission, text):
    look = Tool("seen")
    model = Model(("", asks(call("1", "look", text))), ("seen", says("done")))
    schemas = [tool("look", (), a={"type": "integer", "default": 3})]
    found = submission.run_tool_loop([USER], model, {"look": look}, schemas)
    assert_equal(found["answer"], "done", name="the answer")
    assert_equal(look.calls, [{}], name="the tool's calls")


@points(0.75)
@hint("Arguments are model output. What stands between them and your tool?")
def test_a_tool_does_not_run_with_invalid_arguments(submission):
    asking = asks(call("1", "add", {"a": "1"}))
    add = Tool("added")
    model = Model(("", asking), ("Error", says("sorry")), ("added", says("done")))
    found = submission.run_tool_loop([USER], model, {"add": add}, [tool("add", ["a"], a=INTEGER)])
    assert_equal(add.calls, [], name="the tool's calls")
    content = "Error: invalid arguments: $.a: type"
    messages = [USER, asking, result("1", content), says("sorry")]
    assert_equal(found, {"status": "finished", "answer": "sorry", "messages": messages})


@points(0.25)
@hint("How many rounds does the model need to repair its call, when you tell it everything?")
def test_the_model_is_told_of_all_violations(submission):
    asking = asks(call("1", "add", {"b": "2", "d": 4, "c": True}))
    better = asks(call("2", "add", {"a": 1, "b": 2.0}))
    add = Tool("3")
    model = Model(("", asking), ("invalid", better), ("3", says("done")))
    schemas = [tool("add", ["a", "b"], a=INTEGER, b=INTEGER, c={"type": "number", "default": 0})]
    found = submission.run_tool_loop([USER], model, {"add": add}, schemas)
    content = (
        "Error: invalid arguments: $.a: required; $.b: type; $.c: type; $.d: additionalProperties"
    )
    results = [asking, result("1", content), better, result("2", "3")]
    assert_equal(found["messages"], [USER, *results, says("done")], name="the messages")
    assert_equal(add.calls, [{"a": 1, "b": 2.0}], name="the tool's calls")


@points(0.25)
@hint("Which of several schemas belongs to the call? In which order do they stand?")
def test_each_tool_is_checked_by_its_own_schema(submission):
    asking = asks(
        call("1", "one", {"a": 1}), call("2", "two", {"b": ""}), call("3", "two", {"b": 1})
    )
    tools = {"one": Tool("first"), "two": Tool("second")}
    schemas = [tool("two", ["b"], b=STRING), tool("one", ["a"], a=INTEGER)]
    model = Model(("", asking), ("first", says("done")))
    found = submission.run_tool_loop([USER], model, tools, schemas)
    content = "Error: invalid arguments: $.b: type"
    results = [result("1", "first"), result("2", "second"), result("3", content)]
    assert_equal(found["messages"], [USER, asking, *results, says("done")], name="the messages")


@points(0.25)
@hint("The model never stops calling. What has been done for its last calls when you give up?")
@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_the_calls_of_the_last_round_are_still_answered(submission, rounds):
    asking, look = asks(call("1", "look", {})), Tool("seen")
    model = Model(("", asking))
    found = submission.run_tool_loop([USER], model, {"look": look}, [tool("look")], rounds)
    messages = [USER, *[asking, result("1", "seen")] * rounds]
    assert_equal(found, {"status": "max_rounds", "answer": None, "messages": messages})
    assert_equal(len(model.prompts), rounds, name="the number of model calls")


@points(0.25)
@hint("An answer comes with the last call allowed. Is it one?")
def test_an_answer_in_the_last_round_counts(submission):
    model = Model(("", asks(call("1", "look", {}))), ("seen", says("done")))
    found = submission.run_tool_loop([USER], model, {"look": Tool("seen")}, [tool("look")], 2)
    assert_equal((found["status"], found["answer"]), ("finished", "done"), name="the outcome")


@points(0.25)
@hint("How many rounds are there when nobody says?")
def test_eight_rounds_are_the_limit(submission):
    look = Tool("seen")
    model = Model(("", asks(call("1", "look", {}))))
    found = submission.run_tool_loop([USER], model, {"look": look}, [tool("look")])
    assert_equal((found["status"], len(look.calls)), ("max_rounds", 8), name="status and calls")


@points(0.25)
@hint("Who should hear that the model cannot be reached?")
def test_what_the_model_raises_is_not_caught(submission):
    def model(messages):
        raise Offline("no connection")

    assert_raises(Offline, submission.run_tool_loop, [USER], model, {}, [])


@points(0.25)
@hint("What is the model told about a tool without a schema, or about a schema without a tool?")
@pytest.mark.parametrize(
    "names",
    [
        (),
        ("one",),
        ("one", "two", "three"),
        ("one", "three"),
        ("one", "two", "two"),
        ("two", "two"),
    ],
    ids=repr,
)
def test_schemas_that_are_not_those_of_the_tools_are_refused(submission, names):
    tools, schemas = {"one": Tool("1"), "two": Tool("2")}, [tool(name) for name in names]
    assert_raises(
        ValueError, submission.run_tool_loop, [USER], Model(("", says("x"))), tools, schemas
    )


@points(0.25)
@hint("What would a loop of no rounds return?")
@pytest.mark.parametrize("rounds", [0, -1])
def test_a_limit_of_no_rounds_is_refused(submission, rounds):
    assert_raises(
        ValueError, submission.run_tool_loop, [USER], Model(("", says("x"))), {}, [], rounds
    )
