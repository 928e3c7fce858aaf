"""A ReAct agent over text. The question is in README.md."""

from collections.abc import Callable


def parse_step(completion: str) -> dict[str, str]:
    r"""Read the first step out of what a model wrote (Yao et al., 2023).

    Returns one of these, where `thought` may be an empty text:
        {"kind": "action", "thought", "tool", "input"}
        {"kind": "final", "thought", "answer"}
        {"kind": "malformed", "thought", "reason"}, the reason `no_action`, `no_tool` or `no_input`

    Lines end at `\n` only. A label stands at the start of its line, whatever its case, and may have
    a number: `^\s*(thought|action input|action|final answer|observation)\s*[0-9]*\s*:`.
    """
    raise NotImplementedError


def run_tool(
    tool: str, tool_input: str, tools: dict[str, Callable[[str], str]], limit: int = 1000
) -> str:
    """Run one tool and return what the model gets to see of it, errors included.

    Raises:
        ValueError: if `limit` is less than 1. What a tool raises is never raised.
    """
    raise NotImplementedError


def run_react(
    question: str,
    model: Callable[[str], str],
    tools: dict[str, Callable[[str], str]],
    max_steps: int = 8,
    patience: int = 3,
) -> dict:
    """Let a model think, act and observe until it answers, runs out of steps or gets stuck.

    `model` gets the transcript so far and returns a completion; what it raises is not caught.

    Returns:
        {"status": "finished" | "max_steps" | "stuck", "answer": text, or None unless finished,
        "steps": model calls made, "transcript": text}

    Raises:
        ValueError: if `max_steps` or `patience` is less than 1.
    """
    raise NotImplementedError
