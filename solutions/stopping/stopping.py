"""Stop sequences in a stream, reasons to stop, and loops: the reference."""

from collections.abc import Callable


class StopSequenceDetector:
    """Show a stream of text up to the first stop sequence.

    >>> detector = StopSequenceDetector(["END"])
    >>> [detector.feed(piece) for piece in ("one E", "N", "D two")], detector.stopped
    (['one ', '', ''], 'END')
    """

    stopped: str | None

    def __init__(self, stops: list[str]) -> None:
        """Look for the texts in `stops`."""
        if "" in stops:
            raise ValueError("stops holds the empty string, which is everywhere")
        self.stopped = None
        self._stops = list(stops)
        self._held = ""
        self._flushed = False

    def feed(self, piece: str) -> str:
        """Take the next piece of text; return what may be shown now."""
        if self.stopped is not None:
            return ""
        if self._flushed:
            raise ValueError("feed after flush: the text has ended")
        shown = ""
        for character in piece:
            self._held += character
            completed = [stop for stop in self._stops if self._held.endswith(stop)]
            if completed:
                self.stopped = max(completed, key=len)
                shown += self._held.removesuffix(self.stopped)
                self._held = ""
                break
            settled = len(self._held) - self._undecided()
            shown += self._held[:settled]
            self._held = self._held[settled:]
        return shown

    def flush(self) -> str:
        """Return what is held back; the text has ended, so no stop sequence will be completed."""
        held, self._held = self._held, ""
        self._flushed = True
        return held

    def _undecided(self) -> int:
        """Return the length of the longest suffix that could be the beginning of a stop."""
        # What was shown before can't belong to it: its suffix would have been held back then.
        for start in range(len(self._held)):
            if any(stop.startswith(self._held[start:]) for stop in self._stops):
                return len(self._held) - start
        return 0


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
    """Generate until one of the reasons to stop; say which.

    >>> generate(lambda ids: len(ids), "abcdef".__getitem__, [0], eos=[9], stops=["d"],
    ...          max_new_tokens=5)
    {'text': 'bc', 'tokens': [1, 2, 3], 'reason': 'stop'}
    """
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens = {max_new_tokens} is negative")
    if max_seconds is not None and clock is None:
        raise ValueError("max_seconds is given without a clock")
    detector = StopSequenceDetector(stops)
    start = clock() if clock is not None else None
    tokens: list[int] = []
    text = ""
    reason = None
    while reason is None:
        if len(tokens) == max_new_tokens:
            reason = "length"
        elif max_seconds is not None and clock() - start >= max_seconds:
            reason = "time"
        else:
            token = next_token(prompt + tokens)
            if token in eos:
                reason = "eos"
            else:
                tokens.append(token)
                text += detector.feed(piece(token))
                if detector.stopped is not None:
                    reason = "stop"
    return {"text": text + detector.flush(), "tokens": tokens, "reason": reason}


def repeated_period(tokens: list[int], repeats: int, max_period: int) -> int | None:
    """Return the length of the block that the tokens end with `repeats` times over.

    >>> repeated_period([5, 1, 2, 1, 2, 1, 2], repeats=3, max_period=4)
    2
    """
    if repeats < 2:
        raise ValueError(f"repeats = {repeats}: a block that repeats is there twice at least")
    if max_period < 1:
        raise ValueError(f"max_period = {max_period}: a block has one token at least")
    for period in range(1, max_period + 1):
        end = tokens[-repeats * period :]
        if len(end) == repeats * period and end == end[:period] * repeats:
            return period
    return None
