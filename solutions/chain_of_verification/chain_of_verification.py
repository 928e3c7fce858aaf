"""Chain of verification (Dhuliawala et al., 2024), factored and revised: the reference."""

import re
from collections.abc import Callable

Plan = list[tuple[str, list[str]]]  # claim, its verification questions

LINE = re.compile(r"^\s*(?:[-*]|\d+[.)])?\s*(claim|question)\s*:\s*(.*?)\s*$", re.IGNORECASE)
WORD = re.compile(r"[A-Za-z]+")


def parse_plan(text: str, draft: str) -> Plan:
    r"""Read claims and the questions that verify them.

    >>> parse_plan("Claim: It rains.\n- Question: Does it rain?", "It rains. It is cold.")
    [('It rains.', ['Does it rain?'])]
    """
    plan: dict[str, list[str]] = {}
    questions: list[str] | None = None  # of the open claim, None while there is none
    for line in text.splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        kind, content = found[1].lower(), found[2]
        if kind == "claim":
            if content not in plan and can_be_replaced(content, draft, list(plan)):
                plan[content] = []
            questions = plan.get(content)
        elif questions is not None and content and content not in questions:
            questions.append(content)
    return list(plan.items())


def verify_claims(plan: Plan, model: Callable[[str], str], templates: dict[str, str]) -> list[dict]:
    """Answer each question with nothing else in sight, and check its claim against the answer.

    >>> templates = {"answer": "{question}", "check": "{claim} {answer}?"}
    >>> plan = [("It rains.", ["Does it rain?"])]
    >>> verify_claims(plan, lambda prompt: "Supported.", templates)[0]["verdict"]
    'supported'
    """
    checked = []
    for claim, questions in plan:
        checks = []
        for question in questions:
            # Factored: with the claim in sight the model would repeat its own mistake.
            answer = ask(model, templates["answer"], question=question)
            reply = ask(model, templates["check"], claim=claim, question=question, answer=answer)
            checks.append({"question": question, "answer": answer, "verdict": verdict_of(reply)})
        verdicts = [check["verdict"] for check in checks]
        # One contradiction is enough: support for a part does not make the rest true.
        verdict = next((v for v in ("contradicted", "supported") if v in verdicts), "unknown")
        checked.append({"claim": claim, "verdict": verdict, "checks": checks})
    return checked


def revise(
    draft: str, checked: list[dict], model: Callable[[str], str], templates: dict[str, str]
) -> str:
    """Replace each contradicted claim, at its first occurrence in the draft, by its correction.

    >>> wrong = {"claim": "It rains.", "verdict": "contradicted", "checks": []}
    >>> revise("It rains. Cold!", [wrong], lambda prompt: "It snows.", {"revise": "{claim}"})
    'It snows. Cold!'
    """
    corrections = []
    for entry in checked:
        claim = entry["claim"]
        if entry["verdict"] != "contradicted" or claim not in draft:
            continue
        against = [check for check in entry["checks"] if check["verdict"] == "contradicted"]
        evidence = "\n".join(f"Q: {check['question']}\nA: {check['answer']}" for check in against)
        correction = ask(model, templates["revise"], claim=claim, evidence=evidence)
        corrections.append((draft.index(claim), len(claim), correction))
    # From the end, so that no correction moves what is still to be replaced.
    for start, length, correction in sorted(corrections, reverse=True):
        draft = draft[:start] + correction + draft[start + length :]
    return draft


def chain_of_verification(
    question: str, model: Callable[[str], str], templates: dict[str, str]
) -> dict:
    """Draft, plan, verify, revise.

    >>> templates = {"draft": "{question}", "plan": "Plan: {draft}"}
    >>> chain_of_verification("Rain?", lambda prompt: "Yes.", templates)
    {'draft': 'Yes.', 'checked': [], 'answer': 'Yes.'}
    """
    draft = ask(model, templates["draft"], question=question)
    plan = parse_plan(ask(model, templates["plan"], question=question, draft=draft), draft)
    checked = verify_claims(plan, model, templates)
    return {
        "draft": draft,
        "checked": checked,
        "answer": revise(draft, checked, model, templates),
    }


def can_be_replaced(claim: str, draft: str, kept: list[str]) -> bool:
    """Say whether a claim stands in the draft, apart from those that were kept."""
    start = draft.find(claim)
    return (
        bool(claim)
        and start >= 0
        and all(
            start + len(claim) <= draft.index(other) or draft.index(other) + len(other) <= start
            for other in kept
        )
    )


def ask(model: Callable[[str], str], template: str, **values: str) -> str:
    """Return the model's reply, stripped, to a template whose placeholders are filled at once."""
    return model(template.format(**values)).strip()


def verdict_of(reply: str) -> str:
    """Read the first word of a reply: what "not contradicted" means is not for us to guess."""
    word = WORD.search(reply)
    verdict = word[0].lower() if word else ""
    return verdict if verdict in ("supported", "contradicted") else "unknown"
