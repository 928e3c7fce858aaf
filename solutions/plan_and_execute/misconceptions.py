"""The wrong turns of plan-and-execute."""

import re

from autograder.suite import misconception
from solutions.plan_and_execute.plan_and_execute import (
    PLAN,
    REFERENCE,
    STEP,
    known,
    parse_plan,
    schedule,
    substitute,
)

# ── parse_plan ────────────────────────────────────────────────────────────────────────────────

CUT = {
    "id": "input_ends_at_first_bracket",
    "replaces": "parse_plan",
    "says": "a step's input ends at its first closing bracket, so inputs with brackets are lost "
    "or cut",
    "hint": "Which bracket does your pattern stop at in `Python[a[0] + 1]`?",
}


@misconception(**CUT)
def input_ends_at_first_bracket(text, known=()):
    # The input is cut, and what stands behind its first bracket is ignored.
    lines = []
    for line in text.split("\n"):
        match = STEP.fullmatch(line)
        if match and "]" in match[3]:
            line = f"{match[1]} = {match[2]}[{match[3].partition(']')[0]}]"
        lines.append(line)
    return parse_plan("\n".join(lines), known)


@misconception(**CUT)
def input_without_brackets_only(text, known=()):
    # The line is no step then, and such a line is refused.
    for line in text.split("\n"):
        match = STEP.fullmatch(line)
        if match and "]" in match[3]:
            raise ValueError(f"not a step: {line}")
    return parse_plan(text, known)


@misconception(**CUT)
def input_with_brackets_lost(text, known=()):
    # The line is no step then, and it is passed over.
    lines = [
        line
        for line in text.split("\n")
        if not ((match := STEP.fullmatch(line)) and "]" in match[3])
    ]
    return parse_plan("\n".join(lines), known)


@misconception(
    replaces="parse_plan",
    says="a reference to a step that stands further down is refused",
    hint="Who decides in which order steps run: the text, or what they depend on?",
)
def later_steps_unknown(text, known=()):
    steps = parse_plan(text, known)
    defined = set(known)
    for step in steps:
        if not defined.issuperset(step["depends"]):
            raise ValueError("a reference to a step that is not defined yet")
        defined.add(step["id"])
    return steps


@misconception(
    replaces="parse_plan",
    says="a step depends on another once for each time that it refers to it",
    hint="How long is the list that findall returns for '#E1 and #E1'?",
)
def repeated_dependencies(text, known=()):
    steps = parse_plan(text, known)
    return [{**step, "depends": REFERENCE.findall(step["input"])} for step in steps]


@misconception(
    replaces="parse_plan",
    says="a step without a Plan line of its own gets that of the step before",
    hint="What does the variable with the last Plan line hold after a step?",
)
def plan_line_kept(text, known=()):
    steps = parse_plan(text, known)
    plan, plans = "", {}
    for line in text.split("\n"):
        if heading := PLAN.match(line):
            plan = heading[1].strip()
        elif match := STEP.fullmatch(line):
            plans[match[1]] = plan
    return [{**step, "plan": plans[step["id"]]} for step in steps]


# ── schedule ──────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="schedule",
    says="independent steps are not put in the same level: one step a level, in plan order",
    hint="Which of the steps in a level of its own does the next one really need?",
)
def one_step_a_level(steps, done=()):
    schedule(steps, done)
    return [[step["id"]] for step in steps if step["id"] not in done]


@misconception(
    replaces="schedule",
    says="the steps of a cycle are silently left out",
    hint="Your loop ends when nothing is ready. Is there anything left then?",
)
def cycle_ignored(steps, done=()):
    defined = {step["id"] for step in steps} | set(done)
    if any(not defined.issuperset(step["depends"]) for step in steps if step["id"] not in done):
        raise ValueError("a dependency that does not exist")
    finished, levels = set(done), []
    while level := [
        step["id"]
        for step in steps
        if step["id"] not in finished and finished.issuperset(step["depends"])
    ]:
        levels.append(level)
        finished.update(level)
    return levels


@misconception(
    replaces="schedule",
    says="a level is one more than the lowest level among what a step depends on, not the highest",
    hint="A step needs two others. Is it ready when the first of them is?",
)
def level_of_the_first(steps, done=()):
    levels = {}
    for number, level in enumerate(schedule(steps, done)):
        for name in level:
            depends = next(step["depends"] for step in steps if step["id"] == name)
            waits = [levels[other] for other in depends if other not in done]
            levels[name] = min(waits, default=-1) + 1
            assert levels[name] <= number
    ids = [step["id"] for step in steps if step["id"] not in done]
    found = [[name for name in ids if levels[name] == number] for number in range(len(ids))]
    return [level for level in found if level]


# ── substitute ────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="substitute",
    says="#E1 is also replaced inside #E12",
    hint="What does '#E12 and #E1'.replace('#E1', …) give?",
)
def prefix_replaced(text, results):
    substitute(text, results)
    for name, result in results.items():
        text = text.replace(name, result)
    return text


@misconception(
    replaces="substitute",
    says="references that occur in a result are substituted too",
    hint="A web page contains '#E2'. Follow it through your code.",
)
def results_substituted_again(text, results):
    substitute(text, results)
    for name, result in results.items():
        text = re.sub(f"{name}(?![0-9])", lambda match, result=result: result, text)
    return text


ESCAPES = {
    "id": "backslashes_interpreted",
    "replaces": "substitute",
    "says": "backslashes in a result are read as a regular expression's escapes",
    "hint": "The second argument of re.sub is a template. What stands for a line break in it?",
}


@misconception(**ESCAPES)
def backslashes_interpreted(text, results):
    substitute(text, results)
    return REFERENCE.sub(lambda match: match.expand(results[match[0]]), text)


@misconception(**ESCAPES)
def backslashes_interpreted_one_by_one(text, results):
    substitute(text, results)
    for name, result in results.items():
        text = re.sub(f"{name}(?![0-9])", result, text)
    return text


@misconception(
    replaces="substitute",
    says="a reference without a result is left in the text instead of being refused",
    hint="What will a tool search for when its input still says '#E3'?",
)
def missing_result_left(text, results):
    return REFERENCE.sub(lambda match: results.get(match[0], match[0]), text)


# ── plan_and_execute ──────────────────────────────────────────────────────────────────────────


def run(
    task,
    planner,
    solver,
    tools,
    max_replans,
    *,
    starts_over="",
    error_is_result=None,
    told=("results", "failures"),
    to_the_end=True,
    empty_is_invalid=True,
    refusals=ValueError,
):
    """Plan and execute, right but for what is given."""
    if max_replans < 0:
        raise ValueError("max_replans must not be negative")
    results, trouble = {}, []
    for plans in range(1, max_replans + 2):
        lines = known(results) if "results" in told else []
        lines += trouble if "failures" in told else []
        text = planner("\n".join([f"Task: {task}", *lines, "Plan:"]))
        if starts_over == "results forgotten":
            results = {}
        done = [] if starts_over else list(results)
        try:
            steps = parse_plan(text, known=list(results))
            levels = schedule(steps, done=done if starts_over != "ids known" else [])
            invalid = empty_is_invalid and not steps
        except refusals:
            invalid = True
        if invalid:
            trouble = ["the plan is invalid"]
            continue
        trouble = execute(steps, levels, tools, results, error_is_result, to_the_end)
        if not trouble:
            answer = solver("\n".join([f"Task: {task}", *known(results), "Answer:"]))
            return {"status": "finished", "answer": answer, "results": results, "plans": plans}
        if starts_over == "results not told":
            results = {}
    return {"status": "failed", "answer": None, "results": results, "plans": plans}


def execute(steps, levels, tools, results, error_is_result, to_the_end):
    """Run levels until one has failures, and return a line for each."""
    by_id = {step["id"]: step for step in steps}
    for level in levels:
        failures = []
        for name in level:
            tool, text = by_id[name]["tool"], substitute(by_id[name]["input"], results)
            try:
                if tool not in tools:
                    raise LookupError(f"unknown tool '{tool}'")
                results[name] = tools[tool](text)
            except Exception as error:
                if error_is_result:
                    results[name] = error_is_result(error)
                    continue
                failures.append(f"{name} failed: {error}")
                if not to_the_end:
                    break
        if failures:
            return failures
    return []


AGAIN = {
    "id": "replan_starts_over",
    "replaces": "plan_and_execute",
    "says": "after a failure the steps that already have results are run again",
    "hint": "Count the calls of each tool over both plans. Which of them were needed?",
}


@misconception(**AGAIN)
def replan_starts_over(task, planner, solver, tools, max_replans=1):
    return run(task, planner, solver, tools, max_replans, starts_over="ids known")


@misconception(**AGAIN)
def replan_forgets_results(task, planner, solver, tools, max_replans=1):
    return run(task, planner, solver, tools, max_replans, starts_over="results forgotten")


@misconception(**AGAIN)
def replan_without_results(task, planner, solver, tools, max_replans=1):
    return run(task, planner, solver, tools, max_replans, starts_over="results not told")


ERROR = {
    "id": "error_becomes_result",
    "replaces": "plan_and_execute",
    "says": "the error of a failed step is stored as its result, and its dependents run on it",
    "hint": "A search failed with 'no page'. What does the next step search for?",
}


@misconception(**ERROR)
def error_becomes_result(task, planner, solver, tools, max_replans=1):
    return run(task, planner, solver, tools, max_replans, error_is_result=str)


@misconception(**ERROR)
def labelled_error_becomes_result(task, planner, solver, tools, max_replans=1):
    def label(error):
        return f"Error: {error}"

    return run(task, planner, solver, tools, max_replans, error_is_result=label)


UNTOLD = {
    "id": "failure_not_told",
    "replaces": "plan_and_execute",
    "says": "the planner is asked again without being told what was done and what failed",
    "hint": "Print both prompts of the planner. Why should its second plan be a better one?",
}


@misconception(**UNTOLD)
def failure_not_told(task, planner, solver, tools, max_replans=1):
    return run(task, planner, solver, tools, max_replans, told=())


@misconception(**UNTOLD)
def only_results_told(task, planner, solver, tools, max_replans=1):
    return run(task, planner, solver, tools, max_replans, told=("results",))


@misconception(
    replaces="plan_and_execute",
    says="the steps of a level that stand behind a failed one are not run",
    hint="Two steps do not need each other, and the first fails. What of the second?",
)
def level_given_up(task, planner, solver, tools, max_replans=1):
    return run(task, planner, solver, tools, max_replans, to_the_end=False)


@misconception(
    replaces="plan_and_execute",
    says="a plan without any step counts as carried out, so the solver answers from nothing",
    hint="All of no steps have results. Is that a plan?",
)
def empty_plan_is_solved(task, planner, solver, tools, max_replans=1):
    return run(task, planner, solver, tools, max_replans, empty_is_invalid=False)


@misconception(
    replaces="plan_and_execute",
    says="an invalid plan ends the run with an exception instead of being planned again",
    hint="A model wrote this plan. Whose ValueError is it, and who can write a better one?",
)
def invalid_plan_raises(task, planner, solver, tools, max_replans=1):
    return run(task, planner, solver, tools, max_replans, refusals=())
