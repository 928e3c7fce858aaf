"""Multi-hop retrieval: interleaved, planned, and along links. The question is in README.md."""

from collections.abc import Callable


def iterative_search(
    question: str,
    model: Callable[[str], str],
    retrieve: Callable[[str], list[tuple[str, str]]],
    max_hops: int = 4,
) -> dict:
    """Let the model search until it answers.

    Each prompt holds, verbatim, the question, every query sent so far and the text of every passage
    gathered so far, each passage once; its wording is yours. What `retrieve` gives is `(id, text)`
    pairs, of which those with a new id are added.

    Returns:
        At least `answer`, a text or None; `queries`, as sent to `retrieve`; `passages`, their ids
        in order of arrival; `stopped`: "answer", "malformed", "repeated" or "hop_limit".

    Raises:
        ValueError: if `max_hops` is negative.
    """
    raise NotImplementedError


def answer_plan(plan: list[str], ask: Callable[[str], str]) -> list[str]:
    """Answer sub-questions in order, each with the answers that it refers to as #1, #2, … put in.

    Answers are stripped. They are put in as they are: what looks like a reference inside an answer
    is none.

    Raises:
        ValueError: before any call, if a sub-question refers to itself, to a later one or to #0.
    """
    raise NotImplementedError


def shortest_chain(
    links: dict[str, list[str]], start: str, goal: str, max_hops: int
) -> list[str] | None:
    """Return the nodes from start to goal along the fewest links, at most `max_hops` of them.

    Of equally short chains the one whose links come first in the lists, compared from the start. A
    node without an entry has no links. From a node to itself it is that node, known or not. None if
    there is no chain.

    Raises:
        ValueError: if `max_hops` is negative.
    """
    raise NotImplementedError
