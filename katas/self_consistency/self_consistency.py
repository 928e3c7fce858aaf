"""Self-consistency: extract, normalise, vote, stop. The question is in README.md."""

from collections.abc import Callable


def extract_answer(text: str) -> str | None:
    r"""Find the final answer in a chain of thought; None where there is none.

    The first of these that there is:
    1. the stripped content of the last `\boxed{…}` whose braces balance and whose content is not
       blank; every brace counts, escaped or not;
    2. the rest of the line after the last marker that has something other than white space and
       full stops after it, without white space at its ends and without full stops at its right
       one; a line ends at `\n`; a marker is, in any case, what
       `answer[ \t]+is[ \t]*:?|answer[ \t]*:|####` matches (`re.finditer`);
    3. the last match of `(?<!\w)-?\d+(?:,\d{3})*(?:\.\d+)?`.
    """
    raise NotImplementedError


def normalise_answer(answer: str) -> str:
    r"""Write equal answers alike.

    Lower case (`str.lower`), runs of white space as one space. From the left are stripped spaces
    and any of ``"'([$*` ``, from the right spaces and any of ``.,;:!?"')]*` ``.

    What is then, as a whole, one of these becomes that number in lowest terms, `p` or `p/q`, with
    a sign only if it is negative (ASCII digits only):
        [+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?
        [+-]?\.\d+
        [+-]?\d+/\d+        unless its denominator is zero
    """
    raise NotImplementedError


def vote(answers: list[str | None], weights: list[float] | None = None) -> tuple[str | None, float]:
    """Return the answer with the largest sum of weights, normalised, and its share of all votes.

    Answers are grouped by `normalise_answer`; None and what becomes "" have no vote. Each vote
    weighs 1 without `weights`. Ties: the group that came first. (None, 0.0) without votes.

    Raises:
        ValueError: if a weight is negative, or there is not one for each answer.
    """
    raise NotImplementedError


def sample_until_decided(
    model: Callable[[str], str], prompt: str, max_samples: int
) -> tuple[str | None, int]:
    """Call `model(prompt)` until the vote is decided, and return the winner and the calls made.

    Raises:
        ValueError: if `max_samples` is less than 1.
    """
    raise NotImplementedError
