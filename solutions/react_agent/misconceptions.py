"""The wrong turns of a ReAct agent."""

import re

from autograder.suite import misconception
from solutions.react_agent.react_agent import (
    above_observation,
    act,
    after_label,
    ended,
    fields,
    label,
    parse_step,
    run_tool,
    written,
    written_malformed,
)


def thought_above(lines):
    """Return the thoughts of the lines above a decision."""
    return "\n".join(field for name, field in fields(lines) if name == "thought" and field)


def places(lines, name):
    """Return the numbers of the lines with a label."""
    return [place for place, line in enumerate(lines) if label(line) == name]


@misconception(
    replaces="parse_step",
    says="a final answer written after an action is believed, although the action has not been run",
    hint="The model wrote an action and, in the same breath, the answer. What did it base it on?",
)
def final_answer_first(completion):
    lines = above_observation(completion).split("\n")
    answers = places(lines, "final answer")
    if not answers:
        return parse_step(completion)
    answer = after_label("\n".join(lines[answers[0] :]))
    return {"kind": "final", "thought": thought_above(lines[: answers[0]]), "answer": answer}


@misconception(
    replaces="parse_step",
    says="when the model runs ahead with several actions the last one is taken, not the first",
    hint="Which of the actions was chosen before there was anything to invent?",
)
def last_action_wins(completion):
    right = parse_step(completion)
    lines = above_observation(completion).split("\n")
    actions = places(lines, "action")
    if right["kind"] == "final" or not actions:
        return right
    last = parse_step("\n".join(lines[actions[-1] :]))
    return {**last, "thought": thought_above(lines[: actions[-1]])}


@misconception(
    id="last_action_wins",
    replaces="parse_step",
    says="when the model runs ahead with several actions the last one is taken, not the first",
    hint="Which of the actions was chosen before there was anything to invent?",
)
def last_label_wins(completion):
    lines = above_observation(completion).split("\n")
    decisive = places(lines, "action") + places(lines, "final answer")
    if not decisive:
        return parse_step(completion)
    last = parse_step("\n".join(lines[max(decisive) :]))
    return {**last, "thought": thought_above(lines[: max(decisive)])}


@misconception(
    replaces="parse_step",
    says="an Observation line that the model wrote itself is read as text, so it ends up in the "
    "input or the answer",
    hint="Print the input of a completion that goes on after it with an Observation line.",
)
def keeps_invented_observation(completion):
    # What stands in for the colon is put back: such a line is no label any more.
    lines = completion.split("\n")
    marked = [
        line.replace(":", "\0", 1) if label(line) == "observation" else line for line in lines
    ]
    step = parse_step("\n".join(marked))
    return {key: value.replace("\0", ":") for key, value in step.items()}


@misconception(
    replaces="parse_step",
    says="only the rest of the label's own line is kept, so inputs and answers of several lines "
    "are cut",
    hint="What does your pattern's dot not match?",
)
def first_line_only(completion):
    right = parse_step(completion)
    lines = above_observation(completion).split("\n")
    decisive = min(places(lines, "action") + places(lines, "final answer"), default=None)
    if decisive is None:
        return right
    own = [after_label(line) if label(line) else "" for line in lines]
    if right["kind"] == "final":
        return {**right, "answer": own[decisive]}
    if not own[decisive]:
        return {"kind": "malformed", "thought": right["thought"], "reason": "no_tool"}
    if right["kind"] == "malformed":
        return right
    given = min(place for place in places(lines, "action input") if place > decisive)
    return {**right, "tool": own[decisive], "input": own[given]}


@misconception(
    replaces="parse_step",
    says="a label in the middle of a line is taken for a label",
    hint="Which part of your pattern says that a label begins its line?",
)
def label_anywhere(completion):
    anywhere = re.compile(
        r"\b(thought|action input|action|final answer|observation)\s*[0-9]*\s*:", re.IGNORECASE
    )
    # Each label gets a line of its own; an answer gets back what it was written as.
    step = parse_step(anywhere.sub(lambda match: f"\n\x1f{match[0]}", completion))
    return {key: value.replace("\n\x1f", "") for key, value in step.items()}


@misconception(
    replaces="parse_step",
    says="labels are found in one spelling of upper and lower case only",
    hint="What comes out for 'action: search'?",
)
def case_sensitive_labels(completion):
    exact = re.compile(r"\s*(Thought|Action Input|Action|Final Answer|Observation)\s*[0-9]*\s*:")
    lines = [
        line.replace(":", "\0", 1) if label(line) and not exact.match(line) else line
        for line in completion.split("\n")
    ]
    step = parse_step("\n".join(lines))
    return {key: value.replace("\0", ":") for key, value in step.items()}


@misconception(
    replaces="run_tool",
    says="a tool runs because its name occurs somewhere in the action, "
    "not because it is the action",
    hint="What does your code do with the action 'finish the search'?",
)
def substring_dispatch(tool, tool_input, tools, limit=1000):
    mentioned = [name for name in tools if name in tool]
    return run_tool(mentioned[0] if mentioned else tool, tool_input, tools, limit)


@misconception(
    replaces="run_tool",
    says="tool names are compared without regard to upper and lower case",
    hint="Which entry of a dictionary does 'Search' name, when there is only 'search'?",
)
def case_ignored(tool, tool_input, tools, limit=1000):
    alike = [name for name in tools if name.lower() == tool.lower()]
    return run_tool(tool if tool in tools or not alike else alike[0], tool_input, tools, limit)


@misconception(
    replaces="run_tool",
    says="an exception of a tool ends the run instead of becoming an observation",
    hint="A page was not found. Who can do something about it: your caller, or the model?",
)
def exception_escapes(tool, tool_input, tools, limit=1000):
    if limit < 1 or tool not in tools:
        return run_tool(tool, tool_input, tools, limit)
    result = tools[tool](tool_input)
    return run_tool(tool, tool_input, {tool: lambda _: result}, limit)


@misconception(
    replaces="run_tool",
    says="a long observation is cut without a word about what is missing",
    hint="How can the model know that the page went on?",
)
def cut_in_silence(tool, tool_input, tools, limit=1000):
    if limit < 1:
        raise ValueError("limit must be at least 1")
    return run_tool(tool, tool_input, tools, 10**9)[:limit]


@misconception(
    replaces="run_tool",
    says="only results are cut at the limit, not the texts of errors",
    hint="How long may the text of an exception be?",
)
def long_errors_kept(tool, tool_input, tools, limit=1000):
    if limit < 1:
        raise ValueError("limit must be at least 1")
    whole = run_tool(tool, tool_input, tools, 10**9)
    return (
        whole if whole.startswith("Error:") else run_tool(tool, "", {tool: lambda _: whole}, limit)
    )


def loop(
    question,
    model,
    tools,
    max_steps,
    patience,
    *,
    take=act,
    write=lambda completion, step, *lines: written(step, *lines),
    count=lambda wasted, useful, observation: 0 if useful else wasted + 1,
    settle=None,
):
    """Run ReAct, right but for how actions are taken, written down and counted.

    `settle` gives what the transcript holds of a malformed step that is taken for the answer.
    """
    if max_steps < 1 or patience < 1:
        raise ValueError("max_steps and patience must be at least 1")
    transcript, done, wasted = f"Question: {question}\n", set(), 0
    for steps in range(1, max_steps + 1):
        completion = model(transcript)
        step = parse_step(completion)
        if step["kind"] == "final":
            transcript += write(completion, step, f"Final Answer: {step['answer']}")
            return ended("finished", step["answer"], steps, transcript)
        if step["kind"] == "malformed" and settle:
            return ended("finished", completion, steps, transcript + settle(completion))
        if step["kind"] == "malformed":
            wasted += 1
            transcript += written_malformed(completion, step["reason"])
        else:
            observation, useful = take(step, tools, done)
            wasted = count(wasted, useful, observation)
            lines = f"Action: {step['tool']}", f"Action Input: {step['input']}"
            transcript += write(completion, step, *lines, f"Observation: {observation}")
        if wasted >= patience:
            return ended("stuck", None, steps, transcript)
    return ended("max_steps", None, max_steps, transcript)


@misconception(
    replaces="run_react",
    says="an action that already returned a result is run a second time",
    hint="The model asks for what it has been given already. What can a second run bring?",
)
def repeats_run_again(question, model, tools, max_steps=8, patience=3):
    def take(step, tools, done):
        return act(step, tools, set())

    return loop(question, model, tools, max_steps, patience, take=take)


@misconception(
    replaces="run_react",
    says="an action that failed counts as run, so it cannot be tried again",
    hint="When do you note an action: before it has run, or once it has returned a result?",
)
def failures_not_retried(question, model, tools, max_steps=8, patience=3):
    def take(step, tools, done):
        result = act(step, tools, done)
        done.add((step["tool"], step["input"]))
        return result

    return loop(question, model, tools, max_steps, patience, take=take)


@misconception(
    replaces="run_react",
    says="the completion goes into the transcript as written, with everything that the model "
    "invented after its action",
    hint="Print the second prompt. Which of its observations are real?",
)
def raw_completion_in_transcript(question, model, tools, max_steps=8, patience=3):
    def write(completion, step, *lines):
        observed = [line for line in lines if line.startswith("Observation: ")]
        return "".join(f"{line}\n" for line in (completion, *observed))

    return loop(question, model, tools, max_steps, patience, write=write)


@misconception(
    replaces="run_react",
    says="an action whose tool failed counts as a wasted step, so a few failures in a row end "
    "the run as stuck",
    hint="The model named a known tool and the server was busy. Was the step the model's mistake?",
)
def failures_are_wasted(question, model, tools, max_steps=8, patience=3):
    def count(wasted, useful, observation):
        return wasted + 1 if observation.startswith("Error:") else 0

    return loop(question, model, tools, max_steps, patience, count=count)


@misconception(
    replaces="run_react",
    says="wasted steps are counted over the whole run, not in a row",
    hint="Where does your count of wasted steps go back to zero?",
)
def wasted_steps_add_up(question, model, tools, max_steps=8, patience=3):
    def count(wasted, useful, observation):
        return wasted if useful else wasted + 1

    return loop(question, model, tools, max_steps, patience, count=count)


BELIEVED = {
    "id": "malformed_is_answer",
    "replaces": "run_react",
    "says": "a completion that cannot be parsed is returned as the answer",
    "hint": "The model forgot a label. Did it say that it was done?",
}
# The same mistake, by what the transcript keeps of it.


@misconception(**BELIEVED)
def malformed_is_answer(question, model, tools, max_steps=8, patience=3):
    return loop(question, model, tools, max_steps, patience, settle=lambda text: "")


@misconception(**BELIEVED)
def malformed_is_answer_as_written(question, model, tools, max_steps=8, patience=3):
    return loop(question, model, tools, max_steps, patience, settle=lambda text: f"{text}\n")


@misconception(**BELIEVED)
def malformed_is_answer_with_label(question, model, tools, max_steps=8, patience=3):
    def settle(text):
        return f"Final Answer: {text}\n"

    return loop(question, model, tools, max_steps, patience, settle=settle)


@misconception(**BELIEVED)
def malformed_is_answer_with_thought(question, model, tools, max_steps=8, patience=3):
    def settle(text):
        return written(parse_step(text), f"Final Answer: {text}")

    return loop(question, model, tools, max_steps, patience, settle=settle)


@misconception(**BELIEVED)
def malformed_is_answer_with_error(question, model, tools, max_steps=8, patience=3):
    def settle(text):
        return written_malformed(text, parse_step(text)["reason"])

    return loop(question, model, tools, max_steps, patience, settle=settle)
