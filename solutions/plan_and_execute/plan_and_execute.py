"""Plan first, then execute: the reference."""

import re
from collections.abc import Callable, Sequence

REFERENCE = re.compile(r"#E[0-9]+")
PLAN = re.compile(r"\s*Plan:(.*)")
BEGINS_A_STEP = re.compile(r"\s*#E[0-9]+\s*=")
STEP = re.compile(r"\s*(#E[0-9]+)\s*=\s*([A-Za-z_][A-Za-z0-9_]*)\[(.*)\]\s*")


def parse_plan(text: str, known: Sequence[str] = ()) -> list[dict]:
    """Read the steps of a plan in the form of ReWOO (Xu et al., 2023).

    >>> [step] = parse_plan("#E2 = Search[capital of #E1]", known=["#E1"])
    >>> step["tool"], step["input"], step["depends"]
    ('Search', 'capital of #E1', ['#E1'])
    """
    steps: list[dict] = []
    plan = ""
    for line in text.split("\n"):
        if heading := PLAN.match(line):
            plan = heading[1].strip()
        elif BEGINS_A_STEP.match(line):
            match = STEP.fullmatch(line)
            if match is None:
                raise ValueError(f"not a step: {line!r}")
            name, tool, tool_input = match.groups()
            depends = list(dict.fromkeys(REFERENCE.findall(tool_input)))
            steps.append(
                {
                    "id": name,
                    "plan": plan,
                    "tool": tool,
                    "input": tool_input.strip(),
                    "depends": depends,
                }
            )
            plan = ""

    ids = [step["id"] for step in steps]
    if len(set(ids)) < len(ids):
        raise ValueError(f"an id is defined twice: {', '.join(ids)}")
    for step in steps:
        for reference in step["depends"]:
            if reference not in {*ids, *known}:
                raise ValueError(f"{step['id']} refers to {reference}, which is not defined")
    return steps


def schedule(steps: list[dict], done: Sequence[str] = ()) -> list[list[str]]:
    r"""Return the levels of steps that can run together.

    >>> steps = parse_plan("#E1 = A[x]\n#E2 = B[#E1 #E3]\n#E3 = C[y]")
    >>> schedule(steps)
    [['#E1', '#E3'], ['#E2']]
    """
    finished = set(done)
    waiting = [step for step in steps if step["id"] not in finished]
    levels = []
    while waiting:
        level = [step["id"] for step in waiting if finished.issuperset(step["depends"])]
        if not level:
            names = [step["id"] for step in waiting]
            raise ValueError(f"{names} wait for each other, or for a step that does not exist")
        levels.append(level)
        finished.update(level)
        waiting = [step for step in waiting if step["id"] not in finished]
    return levels


def substitute(text: str, results: dict[str, str]) -> str:
    """Replace every reference by its result, in one pass.

    >>> substitute("#E12 or #E1?", {"#E1": "tea", "#E12": "#E1"})
    '#E1 or tea?'
    """
    missing = [name for name in REFERENCE.findall(text) if name not in results]
    if missing:
        raise ValueError(f"there is no result of {', '.join(missing)}")
    # A function, not a template: in a template, backslashes of the result would be escapes.
    return REFERENCE.sub(lambda match: results[match[0]], text)


def plan_and_execute(
    task: str,
    planner: Callable[[str], str],
    solver: Callable[[str], str],
    tools: dict[str, Callable[[str], str]],
    max_replans: int = 1,
) -> dict:
    """Let a planner write steps, run them, plan anew where that fails, and have it all solved."""
    if max_replans < 0:
        raise ValueError(f"max_replans must not be negative, got {max_replans}")
    results: dict[str, str] = {}
    trouble: list[str] = []
    for plans in range(1, max_replans + 2):
        text = planner("\n".join([f"Task: {task}", *known(results), *trouble, "Plan:"]))
        try:
            steps = parse_plan(text, known=list(results))
            levels = schedule(steps, done=list(results))
        except ValueError:
            steps = []
        if not steps:
            trouble = ["the plan is invalid"]
            continue
        trouble = execute(steps, levels, tools, results)
        if not trouble:
            answer = solver("\n".join([f"Task: {task}", *known(results), "Answer:"]))
            return {"status": "finished", "answer": answer, "results": results, "plans": plans}
    return {"status": "failed", "answer": None, "results": results, "plans": plans}


def known(results: dict[str, str]) -> list[str]:
    """Return a line for each result so far."""
    return [f"{name} = {result}" for name, result in results.items()]


def execute(
    steps: list[dict],
    levels: list[list[str]],
    tools: dict[str, Callable[[str], str]],
    results: dict[str, str],
) -> list[str]:
    """Run levels until one has failures; add to `results`, and return a line for each failure."""
    by_id = {step["id"]: step for step in steps}
    failures: list[str] = []
    for level in levels:
        for name in level:
            tool = by_id[name]["tool"]
            if tool not in tools:
                failures.append(f"{name} failed: unknown tool '{tool}'")
                continue
            try:
                results[name] = tools[tool](substitute(by_id[name]["input"], results))
            except Exception as error:
                failures.append(f"{name} failed: {error}")
        if failures:
            break
    return failures
