"""Plan first, then execute. The question is in README.md."""

from collections.abc import Callable, Sequence


def parse_plan(text: str, known: Sequence[str] = ()) -> list[dict]:
    r"""Read the steps of a plan in the form of ReWOO (Xu et al., 2023).

    A step is a line `^\s*(#E[0-9]+)\s*=\s*([A-Za-z_][A-Za-z0-9_]*)\[(.*)\]\s*$`, a heading a line
    `^\s*Plan:(.*)`. Lines end at `\n` only; others are ignored. `known` are ids that have results.

    Returns:
        a list of {"id", "plan", "tool", "input", "depends": list of ids}, in the text's order.

    Raises:
        ValueError: if a line begins as a step (`^\s*#E[0-9]+\s*=`) and is none; if an id is defined
            twice in the text; if a reference is neither defined in the text nor in `known`.
    """
    raise NotImplementedError


def schedule(steps: list[dict], done: Sequence[str] = ()) -> list[list[str]]:
    """Return the ids of the steps that are not in `done`, level by level.

    Raises:
        ValueError: if steps depend on each other in a cycle, or one on an id that is neither in
            `steps` nor in `done`.
    """
    raise NotImplementedError


def substitute(text: str, results: dict[str, str]) -> str:
    """Replace every reference (`#E[0-9]+`) by its result, in one pass.

    Raises:
        ValueError: if a reference has no result.
    """
    raise NotImplementedError


def plan_and_execute(
    task: str,
    planner: Callable[[str], str],
    solver: Callable[[str], str],
    tools: dict[str, Callable[[str], str]],
    max_replans: int = 1,
) -> dict:
    """Let a planner write steps, run them, plan anew where that fails, and have it all solved.

    What planner and solver raise is not caught.

    Returns:
        {"status": "finished" | "failed", "answer": the solver's text, or None unless finished,
        "results": every result by its id, "plans": planner calls made}

    Raises:
        ValueError: if `max_replans` is negative.
    """
    raise NotImplementedError
