"""Tool calling by hand. The question is in README.md."""

from collections.abc import Callable


def tool_schema(source: str) -> dict:
    """Describe a function, given as text, as a tool; the text is parsed and never run.

    Returns:
        {"type": "function", "function": {"name", "description", "parameters": {"type": "object",
        "properties", "required", "additionalProperties": False}}}

    Raises:
        ValueError: if the text is not exactly one plain `def`; if a parameter has no annotation or
            one that the README does not name, is positional-only, `*args` or `**kwargs`; if a
            default is not a literal that JSON can write down.
    """
    raise NotImplementedError


def validate_arguments(arguments: object, schema: dict) -> list[tuple[str, str]]:
    """Return every violation of a schema as (path, keyword), sorted; [] where there is none.

    Any keyword may be absent. Those that the README does not name are ignored.
    """
    raise NotImplementedError


def run_tool_loop(
    messages: list[dict],
    model: Callable[[list[dict]], dict],
    tools: dict[str, Callable[..., str]],
    schemas: list[dict],
    max_rounds: int = 8,
) -> dict:
    """Ask a model, answer all its tool calls, and ask again, until it answers without any.

    `model` gets all messages so far and returns an assistant message; what it raises is not caught.
    `schemas` are as `tool_schema` makes them.

    Returns:
        {"status": "finished" | "max_rounds", "answer": content of the last reply, or None unless
        finished, "messages": a new list}

    Raises:
        ValueError: if the names of the schemas are not exactly those of the tools, each once, or
            `max_rounds` is less than 1.
    """
    raise NotImplementedError
