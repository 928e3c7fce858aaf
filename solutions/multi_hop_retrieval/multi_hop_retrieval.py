"""Multi-hop retrieval: the reference."""

import re
from collections import deque
from collections.abc import Callable, Iterable

REFERENCE = re.compile(r"#([0-9]+)")


def iterative_search(
    question: str,
    model: Callable[[str], str],
    retrieve: Callable[[str], list[tuple[str, str]]],
    max_hops: int = 4,
) -> dict:
    """Let the model search until it answers, interleaving retrieval and reasoning (IRCoT).

    >>> iterative_search("Capital?", lambda prompt: "ANSWER: Lima", lambda query: [])["stopped"]
    'answer'
    """
    if max_hops < 0:
        raise ValueError(f"max_hops must not be negative, got {max_hops}")
    queries: list[str] = []
    passages: dict[str, str] = {}

    def stop(why: str, answer: str | None = None) -> dict:
        return {"answer": answer, "queries": queries, "passages": [*passages], "stopped": why}

    while True:
        action, content = first_action(model(write_prompt(question, queries, passages.values())))
        if not content:
            return stop("malformed")
        if action == "ANSWER:":
            return stop("answer", content)
        if normalised(content) in map(normalised, queries):
            return stop("repeated")
        # Only here: the model is asked once more after the last retrieval, so that it can answer.
        if len(queries) == max_hops:
            return stop("hop_limit")
        queries.append(content)
        for passage, text in retrieve(content):
            passages.setdefault(passage, text)


def answer_plan(plan: list[str], ask: Callable[[str], str]) -> list[str]:
    """Answer sub-questions in order, each with the answers that it refers to put in.

    >>> answer_plan(["Who?", "Where is #1?"], lambda question: question.upper())
    ['WHO?', 'WHERE IS WHO??']
    """
    for number, question in enumerate(plan, start=1):
        for reference in REFERENCE.findall(question):
            if not 1 <= int(reference) < number:
                raise ValueError(
                    f"sub-question {number} refers to #{reference}, which is not above"
                )
    answers: list[str] = []
    for question in plan:
        # One pass, with a function: nothing inside an answer is looked at again.
        resolved = REFERENCE.sub(lambda match: answers[int(match[1]) - 1], question)
        answers.append(ask(resolved).strip())
    return answers


def shortest_chain(
    links: dict[str, list[str]], start: str, goal: str, max_hops: int
) -> list[str] | None:
    """Return the nodes from start to goal along the fewest links, breadth first.

    >>> shortest_chain({"a": ["b", "c"], "b": ["c"], "c": ["d"]}, "a", "d", max_hops=2)
    ['a', 'c', 'd']
    """
    if max_hops < 0:
        raise ValueError(f"max_hops must not be negative, got {max_hops}")
    chains = deque([[start]])
    reached = {start}
    # Chains leave the queue by length, equally long ones in the order of their links, so the first
    # to reach a node is the one that is asked for.
    while chains:
        chain = chains.popleft()
        if chain[-1] == goal:
            return chain
        if len(chain) - 1 < max_hops:
            for node in links.get(chain[-1], []):
                if node not in reached:
                    reached.add(node)
                    chains.append([*chain, node])
    return None


def write_prompt(question: str, queries: list[str], texts: Iterable[str]) -> str:
    """Return the prompt: what is asked, what was looked for and what was found."""
    return "\n".join(
        [
            "Answer the question from the passages, or say what to look for next. Reply with one "
            "line that starts with SEARCH: or ANSWER:, after any thoughts.",
            f"Question: {question}",
            *(f"Searched: {query}" for query in queries),
            *(f"Passage: {text}" for text in texts),
        ]
    )


def first_action(reply: str) -> tuple[str, str]:
    """Return SEARCH: or ANSWER: and what follows on the first line with one of them."""
    for line in map(str.strip, reply.splitlines()):
        for action in ("SEARCH:", "ANSWER:"):
            if line.startswith(action):
                return action, line.removeprefix(action).strip()
    return "", ""


def normalised(query: str) -> str:
    """Return the query in lower case, with single spaces."""
    return " ".join(query.lower().split())
