"""Stop sequences in a stream, reasons to stop, and loops. The question is in README.md."""

from collections.abc import Callable


class StopSequenceDetector:
    """Show a stream of text up to the first stop sequence.

    `stopped` is None until a stop sequence is complete, and that stop sequence from then on.
    """

    stopped: str | None

    def __init__(self, stops: list[str]) -> None:
        """Look for the texts in `stops`, case and all.

        Raises:
            ValueError: if a stop sequence is "".
        """
        raise NotImplementedError

    def feed(self, piece: str) -> str:
        """Take the next piece of text; return what may be shown now.

        Held back is exactly the longest suffix of the text that begins a stop sequence. The first
        one to be completed wins, the longest of those that one character completes. Once
        `stopped` is set the result is "".

        Raises:
            ValueError: after `flush`, unless `stopped` is set.
        """
        raise NotImplementedError

    def flush(self) -> str:
        """Return what is held back, at the end of the text; a second time, and if stopped, ""."""
        raise NotImplementedError


def generate(
    next_token: Callable[[list[int]], int],
    piece: Callable[[int], str],
    prompt: list[int],
    eos: list[int],
    stops: list[str],
    max_new_tokens: int,
    max_seconds: float | None = None,
    clock: Callable[[], float] | None = None,
) -> dict:
    """Generate until a reason to stop; return {"text": …, "tokens": …, "reason": …}.

    `next_token` is given the prompt and the tokens so far. Before each call come `"length"` and
    then `"time"`; after it `"eos"`, whose id is in neither tokens nor text, or `"stop"`: the text
    ends before the stop sequence, the tokens hold its tokens too.

    Raises:
        ValueError: if `max_new_tokens` is negative, a stop sequence is "", or `max_seconds` is
            given without a clock.
    """
    raise NotImplementedError


def repeated_period(tokens: list[int], repeats: int, max_period: int) -> int | None:
    """Return the smallest length, up to `max_period`, of a block that `tokens` end with.

    The block is there `repeats` times, one after the other. None where there is no such block.

    Raises:
        ValueError: if `repeats` is below 2, or `max_period` below 1.
    """
    raise NotImplementedError
