"""RAG with citations that are checked: the reference."""

import re
from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor

INSTRUCTION = (
    "Answer from the numbered sources only. Write one statement per line and end each line with "
    "its sources, like [1] or [1, 3]. If the sources do not answer the question, reply: "
    "I don't know."
)
MARKER = re.compile(r"\[\s*\d+\s*(?:,\s*\d+\s*)*\]")
QUOTATION = re.compile(r'"([^"]*)"')


def build_prompt(
    question: str, sources: list[str], budget: int, count: Callable[[str], int]
) -> tuple[str, list[int]]:
    """Return the prompt, and the 0-based positions in `sources` of the ones that are in it.

    >>> build_prompt("Who?", ["Ada.", " ", "a b c d"], 225, len)[1]
    [0]
    """
    prompt = prompt_with(question, [])
    if count(prompt) > budget:
        raise ValueError(f"the prompt without sources is over the budget of {budget}")
    texts: list[str] = []
    included: list[int] = []
    for place, source in enumerate(sources):
        text = one_line(source)
        longer = prompt_with(question, [*texts, text])
        if text and count(longer) <= budget:
            prompt = longer
            texts.append(text)
            included.append(place)
    return prompt, included


def check_citations(answer: str, sources: list[str]) -> dict:
    """Return the numbers `cited` and `invalid`, and the `unsupported` statements, as lists.

    >>> check_citations("Ada wrote it [1].", ["Ada wrote it."])
    {'cited': [1], 'invalid': [], 'unsupported': []}
    """
    statements = [line.strip() for line in answer.splitlines() if line.strip()]
    numbers = list(dict.fromkeys(n for line in statements for n in numbers_of(line)))
    return {
        "cited": [n for n in numbers if 1 <= n <= len(sources)],
        "invalid": [n for n in numbers if not 1 <= n <= len(sources)],
        "unsupported": [line for line in statements if not is_supported(line, sources)],
    }


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
    """Return {"status", "answer", "sources"}; an answer only when its citations hold."""
    if k < 1 or attempts < 1:
        raise ValueError(f"k and attempts must be at least 1, got {k} and {attempts}")
    cosines = unit_length(vectors) @ unit_length(embed(question)[None])[0]
    best = cosines.argsort(descending=True, stable=True)[:k].tolist()
    found = [place for place in best if cosines[place] >= min_score]
    if not found:
        return no_answer("no_sources")
    prompt, included = build_prompt(question, [documents[i] for i in found], budget, count)
    if not included:
        return no_answer("no_sources")
    # The number n of the prompt is places[n − 1] of the documents.
    places = [found[i] for i in included]
    for _ in range(attempts):
        reply = model(prompt).strip()
        if declines(reply):
            return no_answer("declined")
        checked = check_citations(reply, [documents[place] for place in places])
        if reply and not checked["unsupported"]:
            cited = [places[number - 1] for number in checked["cited"]]
            return {"status": "answered", "answer": reply, "sources": cited}
    return no_answer("unverified")


def prompt_with(question: str, texts: list[str]) -> str:
    """Return the prompt that holds some sources, each on one line."""
    numbered = [f"[{number}] {text}" for number, text in enumerate(texts, start=1)]
    return "\n".join([INSTRUCTION, "", "Sources:", *numbered, "", f"Question: {question}"])


def one_line(text: str) -> str:
    """Return a text with each run of white space as one space, and none at its ends."""
    return " ".join(text.split())


def numbers_of(statement: str) -> list[int]:
    """Return the numbers that a statement cites, in order."""
    return [int(n) for marker in MARKER.findall(statement) for n in re.findall(r"\d+", marker)]


def is_supported(statement: str, sources: list[str]) -> bool:
    """Say whether a statement cites, nothing but sources, and quotes only what these hold."""
    numbers = numbers_of(statement)
    valid = [number for number in numbers if 1 <= number <= len(sources)]
    own = [one_line(sources[number - 1].lower()) for number in valid]
    quotations = [one_line(quoted.lower()) for quoted in QUOTATION.findall(statement)]
    held = all(any(quoted in source for source in own) for quoted in quotations)
    return held and 0 < len(valid) == len(numbers)


def declines(reply: str) -> bool:
    """Say whether a stripped reply says that the model does not know, and nothing else."""
    return reply.lower().replace("’", "'").removesuffix(".") == "i don't know"


def no_answer(status: str) -> dict:
    """Return the result for a question that is not answered."""
    return {"status": status, "answer": None, "sources": []}


def unit_length(x: Float[Tensor, "n dim"]) -> Float[Tensor, "n dim"]:
    """Scale each row to length 1; zeros stay zeros."""
    norms = x.square().sum(dim=1, keepdim=True).sqrt()
    return x / norms.masked_fill(norms == 0, 1.0)
