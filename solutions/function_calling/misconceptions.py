"""The wrong turns of function calling."""

import ast
import json

from autograder.suite import misconception
from solutions.function_calling.function_calling import (
    answer,
    tool_schema,
    validate_arguments,
)

# ── tool_schema ───────────────────────────────────────────────────────────────────────────────


def with_parameters(source, change):
    """Return the right schema with its properties and required changed."""
    schema = tool_schema(source)
    parameters = schema["function"]["parameters"]
    parameters["required"] = change(parameters["properties"], parameters["required"])
    return schema


FALSY = {
    "id": "falsy_default_is_required",
    "replaces": "tool_schema",
    "says": 'a default of None, 0, False or "" is taken for no default, '
    "so the parameter is required",
    "hint": "In `def f(a: int = 0)`, what does `if default` decide?",
}


@misconception(**FALSY)
def falsy_default_is_required(source):
    def change(properties, required):
        for schema in properties.values():
            if not schema.get("default", True):
                del schema["default"]
        return [name for name, schema in properties.items() if "default" not in schema]

    return with_parameters(source, change)


@misconception(**FALSY)
def falsy_default_is_required_and_written(source):
    def change(properties, required):
        return [name for name, schema in properties.items() if not schema.get("default")]

    return with_parameters(source, change)


@misconception(**FALSY)
def none_default_is_required(source):
    def change(properties, required):
        for schema in properties.values():
            if schema.get("default", 0) is None:
                del schema["default"]
        return [name for name, schema in properties.items() if "default" not in schema]

    return with_parameters(source, change)


@misconception(
    replaces="tool_schema",
    says="a parameter that may be None is left out of required although it has no default",
    hint="Call `def f(a: int | None)` without any argument. What does Python say?",
)
def nullable_is_optional(source):
    def change(properties, required):
        return [name for name in required if "anyOf" not in properties[name]]

    return with_parameters(source, change)


@misconception(
    replaces="tool_schema",
    says="defaults are given to the first parameters, where they belong to the last",
    hint="In `def f(a: int, b: int = 2)` the tree has one default. Whose is it?",
)
def defaults_from_the_left(source):
    right = tool_schema(source)
    signature = ast.parse(source).body[0].args
    defaults = [ast.literal_eval(default) for default in signature.defaults]
    parameters = right["function"]["parameters"]
    plain = [argument.arg for argument in signature.args]
    for name in plain:
        parameters["properties"][name].pop("default", None)
    for name, default in zip(plain, defaults, strict=False):
        parameters["properties"][name]["default"] = default
    named = parameters["properties"].items()
    parameters["required"] = [name for name, schema in named if "default" not in schema]
    return right


@misconception(
    replaces="tool_schema",
    says="keyword-only parameters are left out",
    hint="Which attributes of `ast.arguments` hold parameters?",
)
def keyword_only_left_out(source):
    def change(properties, required):
        for argument in ast.parse(source).body[0].args.kwonlyargs:
            del properties[argument.arg]
        return [name for name in required if name in properties]

    return with_parameters(source, change)


@misconception(
    replaces="tool_schema",
    says="the description is the whole docstring, not its first paragraph",
    hint="Every token of a description is paid for in every call. Which of them help to choose?",
)
def whole_docstring(source):
    schema = tool_schema(source)
    schema["function"]["description"] = ast.get_docstring(ast.parse(source).body[0]) or ""
    return schema


# ── validate_arguments ────────────────────────────────────────────────────────────────────────


def fits(kind, value, *, bool_is_number=False, floats=True):
    """Return whether a value is of a type, in one wrong way or the other."""
    number = isinstance(value, int | float) and (bool_is_number or not isinstance(value, bool))
    return {
        "string": isinstance(value, str),
        "integer": number and (isinstance(value, int) or (floats and value % 1 == 0)),
        "number": number,
        "boolean": isinstance(value, bool),
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "null": value is None,
    }[kind]


def check(value, schema, path="$", *, is_of=fits, go_on=False, closed=True):
    """Return the violations of a schema, right but for what is given."""
    found = []
    if "type" in schema and not is_of(schema["type"], value):
        found.append((path, "type"))
        if not go_on:
            return found
    ways = {"is_of": is_of, "go_on": go_on, "closed": closed}
    if "enum" in schema and value not in schema["enum"]:
        found.append((path, "enum"))
    if "anyOf" in schema and all(check(value, one, path, **ways) for one in schema["anyOf"]):
        found.append((path, "anyOf"))
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        found += [(f"{path}.{name}", "required") for name in required if name not in value]
        for name, held in value.items():
            if name in properties:
                found += check(held, properties[name], f"{path}.{name}", **ways)
            elif closed and schema.get("additionalProperties") is False:
                found.append((f"{path}.{name}", "additionalProperties"))
    if isinstance(value, list) and "items" in schema:
        for place, element in enumerate(value):
            found += check(element, schema["items"], f"{path}[{place}]", **ways)
    return sorted(found)


@misconception(
    replaces="validate_arguments",
    says="true passes as a number, since bool is a subclass of int in Python",
    hint="What does isinstance(True, int) give?",
)
def bool_is_integer(arguments, schema):
    def is_of(kind, value):
        return fits(kind, value, bool_is_number=True)

    return check(arguments, schema, is_of=is_of)


@misconception(
    replaces="validate_arguments",
    says="arguments that the schema does not name are accepted",
    hint="Walk through the properties and you meet only what the schema names. What of the rest?",
)
def extra_arguments_pass(arguments, schema):
    return check(arguments, schema, closed=False)


@misconception(
    replaces="validate_arguments",
    says="only the first violation is reported, so the model repairs one mistake a round",
    hint="How many rounds does it take to repair three mistakes?",
)
def first_error_only(arguments, schema):
    return validate_arguments(arguments, schema)[:1]


@misconception(
    replaces="validate_arguments",
    says="2.0 is refused as an integer, although JSON does not tell 2.0 from 2",
    hint="JSON has one type of number. What does JSON Schema call an integer?",
)
def no_float_is_an_integer(arguments, schema):
    def is_of(kind, value):
        return fits(kind, value, floats=False)

    return check(arguments, schema, is_of=is_of)


@misconception(
    replaces="validate_arguments",
    says="a value of wrong type is checked further, so one mistake is reported several times",
    hint="Is there anything more to say about a number that should have been one of two words?",
)
def wrong_type_goes_on(arguments, schema):
    return check(arguments, schema, go_on=True)


# ── run_tool_loop ─────────────────────────────────────────────────────────────────────────────


def loop(
    messages,
    model,
    tools,
    schemas,
    max_rounds,
    *,
    respond=answer,
    calls_of=lambda calls: calls,
    keep_calls=True,
    keep_answer=True,
    stop=lambda content: False,
    last_answered=True,
):
    """Run the loop, right but for what is given."""
    described = {schema["function"]["name"]: schema["function"] for schema in schemas}
    if described.keys() != tools.keys() or len(schemas) != len(tools) or max_rounds < 1:
        raise ValueError("schemas or max_rounds")
    messages = list(messages)
    for number in range(1, max_rounds + 1):
        reply = model(messages)
        calls = reply.get("tool_calls")
        if keep_calls if calls else keep_answer:
            messages.append(reply)
        if not calls:
            return {"status": "finished", "answer": reply.get("content"), "messages": messages}
        if number == max_rounds and not last_answered:
            break
        for call in calls_of(calls):
            name, text = call["function"]["name"], call["function"]["arguments"]
            schema = described[name]["parameters"] if name in tools else {}
            content = respond(name, text, tools, schema)
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})
            if stop(content):
                break
    return {"status": "max_rounds", "answer": None, "messages": messages}


@misconception(
    replaces="run_tool_loop",
    says="only the first of several parallel tool calls is answered",
    hint="How long is `tool_calls`, and which of its elements does your code look at?",
)
def only_first_call(messages, model, tools, schemas, max_rounds=8):
    return loop(messages, model, tools, schemas, max_rounds, calls_of=lambda calls: calls[:1])


@misconception(
    replaces="run_tool_loop",
    says="a tool's exception is not caught, so it ends the loop instead of telling the model",
    hint="Who can try another way when a tool fails?",
)
def error_ends_the_loop(messages, model, tools, schemas, max_rounds=8):
    def respond(name, text, tools, schema):
        outcome = []

        def noted(**arguments):
            outcome.append(arguments)
            return ""

        content = answer(name, text, {name: noted} if name in tools else {}, schema)
        return tools[name](**outcome[0]) if outcome else content

    return loop(messages, model, tools, schemas, max_rounds, respond=respond)


@misconception(
    replaces="run_tool_loop",
    says="the tool runs with arguments that violate its schema",
    hint="Which line of your loop looks at the schema before the tool runs?",
)
def unchecked_arguments(messages, model, tools, schemas, max_rounds=8):
    def respond(name, text, tools, schema):
        return answer(name, text, tools, {})

    return loop(messages, model, tools, schemas, max_rounds, respond=respond)


DROPPED = {
    "id": "assistant_message_dropped",
    "replaces": "run_tool_loop",
    "says": "the results are appended without the assistant message that asked for them",
    "hint": "A result answers a call by its id. Where in the messages is that call?",
}


@misconception(**DROPPED)
def assistant_message_dropped(messages, model, tools, schemas, max_rounds=8):
    return loop(messages, model, tools, schemas, max_rounds, keep_calls=False)


@misconception(**DROPPED)
def assistant_messages_dropped(messages, model, tools, schemas, max_rounds=8):
    return loop(messages, model, tools, schemas, max_rounds, keep_calls=False, keep_answer=False)


@misconception(
    replaces="run_tool_loop",
    says="the reply that ends the loop is not among the messages",
    hint="Where would the next question of the user be appended, and to what does it refer?",
)
def last_reply_dropped(messages, model, tools, schemas, max_rounds=8):
    return loop(messages, model, tools, schemas, max_rounds, keep_answer=False)


@misconception(
    replaces="run_tool_loop",
    says="arguments that are no JSON end the loop with an exception instead of telling the model",
    hint="Arguments are text that a model wrote. What does json.loads do with a broken one?",
)
def broken_json_ends_the_loop(messages, model, tools, schemas, max_rounds=8):
    def respond(name, text, tools, schema):
        if name in tools and text.strip():
            json.loads(text)
        return answer(name, text, tools, schema)

    return loop(messages, model, tools, schemas, max_rounds, respond=respond)


@misconception(
    replaces="run_tool_loop",
    says="the calls after one that failed are left unanswered",
    hint="The first of three calls failed. What does the provider expect for the other two?",
)
def failure_ends_the_round(messages, model, tools, schemas, max_rounds=8):
    def stop(content):
        return content.startswith("Error:")

    return loop(messages, model, tools, schemas, max_rounds, stop=stop)


@misconception(
    replaces="run_tool_loop",
    says="the calls of the last round are left unanswered",
    hint="The loop gave up. Can these messages be sent to a provider once more?",
)
def last_round_unanswered(messages, model, tools, schemas, max_rounds=8):
    return loop(messages, model, tools, schemas, max_rounds, last_answered=False)
