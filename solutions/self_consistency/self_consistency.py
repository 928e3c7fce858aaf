"""Self-consistency (Wang et al., 2023): extract, normalise, vote, stop: the reference."""

import re
from collections.abc import Callable
from fractions import Fraction

BOX = re.compile(r"\\boxed\{")
MARKER = re.compile(r"answer[ \t]+is[ \t]*:?|answer[ \t]*:|####", re.IGNORECASE)
NUMBER = re.compile(r"(?<!\w)-?\d+(?:,\d{3})*(?:\.\d+)?")

QUANTITY = re.compile(
    r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[+-]?\.\d+|[+-]?\d+/0*[1-9]\d*", re.ASCII
)
BEFORE, AFTER = " \"'([$*`", " .,;:!?\"')]*`"


def extract_answer(text: str) -> str | None:
    r"""Find the final answer in a chain of thought; None where there is none.

    >>> extract_answer("Is it 12? No, so the answer is 15.")
    '15'
    >>> extract_answer(r"Hence \boxed{\frac{1}{2}}, in 3 steps.")
    '\\frac{1}{2}'
    """
    # A chain of thought corrects itself, so what comes last counts.
    for candidates in (boxed(text), marked(text), NUMBER.findall(text)):
        if candidates:
            return candidates[-1]
    return None


def normalise_answer(answer: str) -> str:
    """Write equal answers alike.

    >>> [normalise_answer(answer) for answer in ("$1,000.00", "0.50", "(B).", "50%")]
    ['1000', '1/2', 'b', '50%']
    """
    text = re.sub(r"\s+", " ", answer.lower()).lstrip(BEFORE).rstrip(AFTER)
    if QUANTITY.fullmatch(text):
        # Exact: as floats 0.1 and 1/10 would still be equal, but long decimals would not.
        return str(Fraction(text.replace(",", "")))
    return text


def vote(answers: list[str | None], weights: list[float] | None = None) -> tuple[str | None, float]:
    """Return the answer with the largest sum of weights, normalised, and its share of all votes.

    >>> vote(["4", "four", None, "4.0", "5"])
    ('4', 0.5)
    """
    votes = tally(answers, weights)
    if not votes:
        return None, 0.0
    winner = max(votes, key=lambda answer: votes[answer])  # the first of equals
    total = sum(votes.values())
    return winner, votes[winner] / total if total > 0 else 0.0


def sample_until_decided(
    model: Callable[[str], str], prompt: str, max_samples: int
) -> tuple[str | None, int]:
    """Call `model(prompt)` until the vote is decided, and return the winner and the calls made.

    >>> sample_until_decided(lambda prompt: "The answer is 4.", "What is 2 + 2?", max_samples=9)
    ('4', 5)
    """
    if max_samples < 1:
        raise ValueError(f"max_samples = {max_samples} is less than 1")
    answers: list[str | None] = []
    for left in reversed(range(max_samples)):
        answers.append(extract_answer(model(prompt)))
        counts = sorted([0, 0, *tally(answers).values()])
        # Even if all that is left went to the runner-up, it would not draw level.
        if counts[-1] - counts[-2] > left:
            break
    winner, _ = vote(answers)
    return winner, len(answers)


def boxed(text: str) -> list[str]:
    r"""Return the contents of all `\boxed{…}` that are closed and not blank."""
    contents = []
    for box in BOX.finditer(text):
        depth = 1
        for place in range(box.end(), len(text)):
            depth += {"{": 1, "}": -1}.get(text[place], 0)
            if depth == 0:
                contents.append(text[box.end() : place].strip())
                break
    return [content for content in contents if content]


def marked(text: str) -> list[str]:
    """Return what stands after each marker in its line, if that is more than full stops."""
    rests = [text[marker.end() :].partition("\n")[0] for marker in MARKER.finditer(text)]
    answers = [re.sub(r"[\s.]+$", "", rest).lstrip() for rest in rests]
    return [answer for answer in answers if answer]


def tally(answers: list[str | None], weights: list[float] | None = None) -> dict[str, float]:
    """Sum the weights of each normalised answer, in order of first appearance."""
    if weights is None:
        weights = [1] * len(answers)
    if len(weights) != len(answers):
        raise ValueError(f"{len(weights)} weights for {len(answers)} answers")
    if any(weight < 0 for weight in weights):
        raise ValueError("weights holds a negative one")
    votes: dict[str, float] = {}
    for answer, weight in zip(answers, weights, strict=True):
        group = normalise_answer(answer or "")
        if group:
            votes[group] = votes.get(group, 0) + weight
    return votes
