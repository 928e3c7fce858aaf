"""A ReAct agent over text: the reference."""

import re
from collections.abc import Callable

LABEL = re.compile(
    r"\s*(thought|action input|action|final answer|observation)\s*[0-9]*\s*:", re.IGNORECASE
)


def parse_step(completion: str) -> dict[str, str]:
    r"""Read the first step out of what a model wrote (Yao et al., 2023).

    >>> parse_step("Thought: look it up\nAction: search\nAction Input: Oslo\nObservation: 4 °C")
    {'kind': 'action', 'thought': 'look it up', 'tool': 'search', 'input': 'Oslo'}
    """
    lines = above_observation(completion).split("\n")
    decisive = next(
        (place for place, line in enumerate(lines) if label(line) in ("action", "final answer")),
        len(lines),
    )
    above, below = lines[:decisive], lines[decisive:]
    thoughts = [field for name, field in fields(above) if name == "thought" and field]
    thought = "\n".join(thoughts)
    if not below:
        return {"kind": "malformed", "thought": thought, "reason": "no_action"}
    if label(below[0]) == "final answer":
        return {"kind": "final", "thought": thought, "answer": after_label("\n".join(below))}

    # Nothing after this action's input is believed: the model wrote it before the action was run.
    (_, tool), *rest = fields(below)[1:]
    if not tool:
        return {"kind": "malformed", "thought": thought, "reason": "no_tool"}
    if not rest or rest[0][0] != "action input":
        return {"kind": "malformed", "thought": thought, "reason": "no_input"}
    return {"kind": "action", "thought": thought, "tool": tool, "input": rest[0][1]}


def above_observation(completion: str) -> str:
    """Return what stands above the first Observation line: the model invented all the rest."""
    lines = completion.split("\n")
    invented = (place for place, line in enumerate(lines) if label(line) == "observation")
    return "\n".join(lines[: next(invented, len(lines))])


def label(line: str) -> str:
    """Return the label that a line begins with, in lower case, or an empty text."""
    match = LABEL.match(line)
    return match[1].lower() if match else ""


def after_label(text: str) -> str:
    """Return what follows the label and colon that a text begins with."""
    return LABEL.sub("", text, count=1).strip()


def fields(lines: list[str]) -> list[tuple[str, str]]:
    """Return each label with its field; what leads without a label counts as a thought."""
    found: list[tuple[str, list[str]]] = [("thought", [])]
    for line in lines:
        if label(line):
            found.append((label(line), [after_label(line)]))
        else:
            found[-1][1].append(line)
    return [(name, "\n".join(parts).strip()) for name, parts in found]


def run_tool(
    tool: str, tool_input: str, tools: dict[str, Callable[[str], str]], limit: int = 1000
) -> str:
    """Run one tool and return what the model gets to see of it.

    >>> run_tool("upper", "hello", {"upper": str.upper}, limit=3)
    'HEL… [2 more characters]'
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    if tool not in tools:
        # By its exact name only: a tool that runs because it was mentioned is an accident.
        names = ", ".join(sorted(tools)) or "none"
        observation = f"Error: unknown tool '{tool}'; known tools: {names}"
    else:
        try:
            observation = tools[tool](tool_input)
        except Exception as error:
            observation = f"Error: {error}"
    left = len(observation) - limit
    return observation if left <= 0 else f"{observation[:limit]}… [{left} more characters]"


def run_react(
    question: str,
    model: Callable[[str], str],
    tools: dict[str, Callable[[str], str]],
    max_steps: int = 8,
    patience: int = 3,
) -> dict:
    """Let a model think, act and observe until it answers, runs out of steps or gets stuck."""
    if max_steps < 1 or patience < 1:
        raise ValueError(
            f"max_steps and patience must be at least 1, got {max_steps} and {patience}"
        )
    transcript = f"Question: {question}\n"
    done: set[tuple[str, str]] = set()
    wasted = 0
    for steps in range(1, max_steps + 1):
        completion = model(transcript)
        step = parse_step(completion)
        if step["kind"] == "final":
            transcript += written(step, f"Final Answer: {step['answer']}")
            return ended("finished", step["answer"], steps, transcript)
        if step["kind"] == "malformed":
            wasted += 1
            transcript += written_malformed(completion, step["reason"])
        else:
            observation, useful = act(step, tools, done)
            wasted = 0 if useful else wasted + 1
            transcript += written(
                step,
                f"Action: {step['tool']}",
                f"Action Input: {step['input']}",
                f"Observation: {observation}",
            )
        if wasted == patience:
            return ended("stuck", None, steps, transcript)
    return ended("max_steps", None, max_steps, transcript)


def act(
    step: dict[str, str], tools: dict[str, Callable[[str], str]], done: set[tuple[str, str]]
) -> tuple[str, bool]:
    """Return the observation, and whether a tool ran; note in `done` what gave a result."""
    action = step["tool"], step["input"]
    if action in done:
        return "Error: this action was already run", False
    observation = run_tool(*action, tools)
    if not observation.startswith("Error:"):
        done.add(action)
    return observation, step["tool"] in tools


def written(step: dict[str, str], *lines: str) -> str:
    """Return the lines that a parsed step adds to the transcript."""
    thought = [f"Thought: {step['thought']}"] if step["thought"] else []
    return "".join(f"{line}\n" for line in [*thought, *lines])


def written_malformed(completion: str, reason: str) -> str:
    """Return what the transcript keeps of a step that could not be parsed."""
    own = above_observation(completion).strip()
    return (f"{own}\n" if own else "") + f"Observation: Error: malformed step ({reason})\n"


def ended(status: str, answer: str | None, steps: int, transcript: str) -> dict:
    """Return the outcome of a run."""
    return {"status": status, "answer": answer, "steps": steps, "transcript": transcript}
