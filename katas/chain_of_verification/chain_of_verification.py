"""Chain of verification: plan, answer unseen, check, revise. The question is in README.md.

Prompts are the values of `templates`, with all placeholders filled at once:

    draft    {question}
    plan     {question} {draft}
    answer   {question}
    check    {claim} {question} {answer}
    revise   {claim} {evidence}

Every reply of the model is stripped before any use.
"""

from collections.abc import Callable

Plan = list[tuple[str, list[str]]]  # claim, its verification questions


def parse_plan(text: str, draft: str) -> Plan:
    r"""Read claims and the questions that verify them, line by line (`splitlines`).

    A line counts when `^\s*(?:[-*]|\d+[.)])?\s*(claim|question)\s*:\s*(.*?)\s*$` matches it,
    ignoring case. A claim is dropped, with the questions under it, when it is empty, when the
    draft does not contain it verbatim, or when its first occurrence in the draft overlaps that of
    a claim kept before; a kept one that is repeated is opened again. Empty questions, repeats
    within a claim, and questions before the first claim are skipped.
    """
    raise NotImplementedError


def verify_claims(plan: Plan, model: Callable[[str], str], templates: dict[str, str]) -> list[dict]:
    """Answer each question with nothing else in sight, and check its claim against the answer.

    Returns, in plan order, `{"claim": …, "verdict": …, "checks": [{"question": …, "answer": …,
    "verdict": …}, …]}`. The verdict of a check is the first maximal run of ASCII letters of the
    reply, in lower case, if that is "supported" or "contradicted", else "unknown". A claim is
    contradicted when any check is, else supported when any is, else unknown.
    """
    raise NotImplementedError


def revise(
    draft: str, checked: list[dict], model: Callable[[str], str], templates: dict[str, str]
) -> str:
    r"""Replace each contradicted claim, at its first occurrence in the draft, by its correction.

    The evidence is made of the contradicted checks, each as `Q: <question>\nA: <answer>`, joined
    with "\n". All positions are those in the original draft. A claim that the draft lacks is
    skipped without a call.
    """
    raise NotImplementedError


def chain_of_verification(
    question: str, model: Callable[[str], str], templates: dict[str, str]
) -> dict:
    """Draft, plan, verify, revise: return `{"draft": …, "checked": …, "answer": …}`.

    With q questions and x contradicted claims the model is called 2 + 2q + x times.
    """
    raise NotImplementedError
