"""RAG with citations that are checked. The question is in README.md."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

INSTRUCTION = (
    "Answer from the numbered sources only. Write one statement per line and end each line with "
    "its sources, like [1] or [1, 3]. If the sources do not answer the question, reply: "
    "I don't know."
)


def build_prompt(
    question: str, sources: list[str], budget: int, count: Callable[[str], int]
) -> tuple[str, list[int]]:
    """Return the prompt, and the 0-based positions in `sources` of the ones that are in it.

    In the given order, a source goes in when the whole prompt with it counts at most `budget`;
    others are skipped, and blank ones too. `count` is not additive: ask it about whole prompts.

    Raises:
        ValueError: if the prompt without sources is over budget.
    """
    raise NotImplementedError


def check_citations(answer: str, sources: list[str]) -> dict:
    """Return the numbers `cited` and `invalid`, and the `unsupported` statements, as lists.

    The non-blank lines are the statements; `sources[0]` is number 1. A statement is unsupported
    that cites no number, or an invalid one, or quotes what none of its own cited sources holds.
    """
    raise NotImplementedError


def answer_question(
    question: str,
    documents: list[str],
    vectors: Float[Tensor, "n dim"],
    embed: Callable[[str], Float[Tensor, "dim"]],
    model: Callable[[str], str],
    count: Callable[[str], int],
    k: int = 4,
    min_score: float = 0.3,
    budget: int = 1000,
    attempts: int = 2,
) -> dict:
    """Return {"status", "answer", "sources"}; an answer only with status "answered".

    The status is "no_sources" when no source got into a prompt, "declined" when the model does not
    know, "answered" when a reply has no unsupported statement, "unverified" when none of
    `attempts` had. `sources` are the positions in `documents` of the cited ones.

    Raises:
        ValueError: if `k` or `attempts` is less than 1, or from `build_prompt`.
    """
    raise NotImplementedError
