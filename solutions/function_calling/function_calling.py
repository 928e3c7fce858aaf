"""Tool calling by hand: the reference."""

import ast
import json
from collections.abc import Callable
from itertools import takewhile

SIMPLE = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "dict": "object"}

# bool is a subclass of int in Python, but true is no number in JSON.
IS_OF_TYPE: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: is_number(value) and value % 1 == 0,
    "number": lambda value: is_number(value),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}


def tool_schema(source: str) -> dict:
    """Describe a function, given as text, as a tool; the text is parsed and never run.

    >>> schema = tool_schema("def add(a: int, b: int = 0): ...")
    >>> schema["function"]["parameters"]["properties"]
    {'a': {'type': 'integer'}, 'b': {'type': 'integer', 'default': 0}}
    """
    function = only_function(source)
    properties, required = {}, []
    for parameter, default in parameters_with_defaults(function.args):
        if parameter.annotation is None:
            raise ValueError(f"the parameter {parameter.arg} has no annotation")
        properties[parameter.arg] = type_schema(parameter.annotation)
        # `default` is a piece of syntax: None where there is none, `ast.Constant` for "= None".
        if default is None:
            required.append(parameter.arg)
        else:
            properties[parameter.arg]["default"] = json_literal(default)
    return {
        "type": "function",
        "function": {
            "name": function.name,
            "description": first_paragraph(ast.get_docstring(function) or ""),
            "parameters": {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": False,
            },
        },
    }


def only_function(source: str) -> ast.FunctionDef:
    """Return the one plain function that a text consists of."""
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise ValueError(f"source cannot be parsed: {error}") from None
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
        raise ValueError("source must be exactly one plain def")
    return body[0]


def parameters_with_defaults(signature: ast.arguments) -> list[tuple[ast.arg, ast.expr | None]]:
    """Return the parameters in order, each with its default or None."""
    if signature.posonlyargs or signature.vararg or signature.kwarg:
        raise ValueError("a tool has no positional-only parameters, no *args and no **kwargs")
    # The list of defaults belongs to the last of the parameters.
    without: list[ast.expr | None] = [None] * (len(signature.args) - len(signature.defaults))
    plain = zip(signature.args, without + signature.defaults, strict=True)
    return [*plain, *zip(signature.kwonlyargs, signature.kw_defaults, strict=True)]


def first_paragraph(docstring: str) -> str:
    """Return the text up to the first blank line, on one line."""
    lines = takewhile(str.strip, docstring.split("\n"))
    return " ".join(" ".join(lines).split())


def type_schema(annotation: ast.expr) -> dict:
    """Translate an annotation into JSON Schema."""
    match annotation:
        case ast.Name(id=name) if name in SIMPLE:
            return {"type": SIMPLE[name]}
        case ast.Subscript(value=ast.Name(id="list"), slice=element):
            return {"type": "array", "items": type_schema(element)}
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choice):
            choices = choice.elts if isinstance(choice, ast.Tuple) else [choice]
            values = [getattr(part, "value", None) for part in choices]
            if values and all(isinstance(value, str) for value in values):
                return {"type": "string", "enum": values}
        case ast.BinOp(left=inner, op=ast.BitOr(), right=ast.Constant(value=None)):
            return {"anyOf": [type_schema(inner), {"type": "null"}]}
    raise ValueError(f"{ast.unparse(annotation)} is no type that a tool's parameter may have")


def json_literal(node: ast.expr) -> object:
    """Return the value of a default that JSON can write down."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        raise ValueError(f"the default {ast.unparse(node)} is no literal") from None
    if not is_json(value):
        raise ValueError(f"the default {ast.unparse(node)} is no value of JSON")
    return value


def is_json(value: object) -> bool:
    """Return whether JSON can write a value down without changing its type."""
    if isinstance(value, list):
        return all(is_json(element) for element in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_json(held) for key, held in value.items())
    return value is None or isinstance(value, bool | int | float | str)


def validate_arguments(arguments: object, schema: dict) -> list[tuple[str, str]]:
    """Return every violation of a schema as (path, keyword), sorted.

    >>> validate_arguments({"b": "x"}, tool_schema("def f(a: int): ...")["function"]["parameters"])
    [('$.a', 'required'), ('$.b', 'additionalProperties')]
    """
    return sorted(violations(arguments, schema, "$"))


def violations(value: object, schema: dict, path: str) -> list[tuple[str, str]]:
    """Return the violations of a schema by the value at a path."""
    if "type" in schema and not IS_OF_TYPE[schema["type"]](value):
        return [(path, "type")]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append((path, "enum"))
    if "anyOf" in schema and all(violations(value, branch, path) for branch in schema["anyOf"]):
        found.append((path, "anyOf"))
    if isinstance(value, dict):
        found += violations_of_object(value, schema, path)
    if isinstance(value, list) and "items" in schema:
        for place, element in enumerate(value):
            found += violations(element, schema["items"], f"{path}[{place}]")
    return found


def violations_of_object(value: dict, schema: dict, path: str) -> list[tuple[str, str]]:
    """Return what is missing from an object, what is too much, and what is wrong inside."""
    properties = schema.get("properties", {})
    missing = [name for name in schema.get("required", []) if name not in value]
    found = [(f"{path}.{name}", "required") for name in missing]
    for name, held in value.items():
        if name in properties:
            found += violations(held, properties[name], f"{path}.{name}")
        elif schema.get("additionalProperties") is False:
            found.append((f"{path}.{name}", "additionalProperties"))
    return found


def is_number(value: object) -> bool:
    """Return whether a value is a number of JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def run_tool_loop(
    messages: list[dict],
    model: Callable[[list[dict]], dict],
    tools: dict[str, Callable[..., str]],
    schemas: list[dict],
    max_rounds: int = 8,
) -> dict:
    """Ask a model, answer all its tool calls, and ask again, until it answers without any."""
    described = {schema["function"]["name"]: schema["function"] for schema in schemas}
    if described.keys() != tools.keys() or len(schemas) != len(tools):
        raise ValueError("schemas must describe exactly the tools, each once")
    if max_rounds < 1:
        raise ValueError(f"max_rounds must be at least 1, got {max_rounds}")
    messages = list(messages)
    for _ in range(max_rounds):
        reply = model(messages)
        # With its calls: a result without the call that it answers is refused by providers.
        messages.append(reply)
        calls = reply.get("tool_calls")
        if not calls:
            return {"status": "finished", "answer": reply.get("content"), "messages": messages}
        for call in calls:
            name, text = call["function"]["name"], call["function"]["arguments"]
            schema = described[name]["parameters"] if name in tools else {}
            content = answer(name, text, tools, schema)
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})
    return {"status": "max_rounds", "answer": None, "messages": messages}


def answer(name: str, text: str, tools: dict[str, Callable[..., str]], schema: dict) -> str:
    """Run one call and return its result, or an error that the model can act on."""
    if name not in tools:
        return f"Error: unknown tool '{name}'"
    try:
        arguments = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError:
        arguments = None
    if not isinstance(arguments, dict):
        return "Error: arguments are not a JSON object"
    found = validate_arguments(arguments, schema)
    if found:
        # All of them at once, so that one more round can repair them all.
        listed = "; ".join(f"{path}: {keyword}" for path, keyword in found)
        return f"Error: invalid arguments: {listed}"
    try:
        return tools[name](**arguments)
    except Exception as error:
        return f"Error: {error}"
