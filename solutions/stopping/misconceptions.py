"""The wrong turns of stopping."""

from autograder.suite import misconception
from solutions.stopping.stopping import StopSequenceDetector, generate, repeated_period


def first_completed(text, stops):
    """Return (start, stop) of the first stop sequence to be completed in a text, or None."""
    found = [(text.find(stop) + len(stop), -len(stop), stop) for stop in stops if stop in text]
    if not found:
        return None
    end, _, stop = min(found)
    return end - len(stop), stop


def undecided(text, stops):
    """Return the length of the longest suffix that is a proper prefix of some stop sequence."""
    sizes = range(1, len(text) + 1)
    return max((n for n in sizes if any(s.startswith(text[-n:]) for s in stops)), default=0)


class Searching(StopSequenceDetector):
    """Right: keep all text, look for stops in it, and show what is settled and not shown yet."""

    def __init__(self, stops):
        super().__init__(stops)
        self.text, self.shown, self.ended = "", 0, False

    def find(self, text, stops):
        return first_completed(text, stops)

    def hold(self, text, stops):
        return undecided(text, stops)

    def feed(self, piece):
        if self.stopped is not None:
            return ""
        if self.ended:
            raise ValueError("the text has ended")
        self.text += piece
        found = self.find(self.text, self._stops)
        if found is not None:
            start, self.stopped = found
            return self.show(start)
        return self.show(len(self.text) - self.hold(self.text, self._stops))

    def flush(self):
        self.ended = True
        return "" if self.stopped is not None else self.show(len(self.text))

    def show(self, end):
        """Return what was not shown yet, up to `end`."""
        shown = self.text[self.shown : end]
        self.shown = max(self.shown, end)
        return shown


# ── StopSequenceDetector ──────────────────────────────────────────────────────────────────────


@misconception(
    replaces="StopSequenceDetector",
    says="each piece is searched by itself, so a stop sequence cut in two is missed",
    hint="Feed 'oneE' and then 'ND'. In which of the two is END?",
)
class checks_each_piece(Searching):
    def feed(self, piece):
        if self.stopped is not None:
            return ""
        if self.ended:
            raise ValueError("the text has ended")
        found = first_completed(piece, self._stops)
        if found is None:
            return piece
        start, self.stopped = found
        return piece[:start]


@misconception(
    replaces="StopSequenceDetector",
    says="the beginning of a stop sequence is shown before the rest of it arrives",
    hint="What do you show after 'oneE', and can you take it back when 'ND' comes?",
)
class emits_partial_stop(Searching):
    def hold(self, text, stops):
        return 0


@misconception(
    replaces="StopSequenceDetector",
    says="the stop sequence itself is emitted",
    hint="Where does the text end that you show: before the stop sequence or after it?",
)
class keeps_the_stop(Searching):
    def feed(self, piece):
        before = self.stopped
        shown = super().feed(piece)
        return shown + self.stopped if before is None and self.stopped is not None else shown


@misconception(
    replaces="StopSequenceDetector",
    says="as many characters as the longest stop sequence less one are always held back, even "
    "where they cannot begin one",
    hint="Feed 'abcd' where END is the stop. Which of its characters could begin END?",
)
class holds_back_fixed_length(Searching):
    def hold(self, text, stops):
        return max((len(stop) - 1 for stop in stops), default=0)

    def show(self, end):
        return super().show(max(end, self.shown))


@misconception(
    replaces="StopSequenceDetector",
    says="the first stop sequence of the list that occurs wins, not the first to be completed",
    hint="In which order do you look for the stop sequences, and in which do they come?",
)
class first_listed_wins(Searching):
    def find(self, text, stops):
        return next(((text.find(stop), stop) for stop in stops if stop in text), None)


@misconception(
    replaces="StopSequenceDetector",
    says="the stop sequence that begins first wins, not the first to be completed",
    hint="Feed 'abcd' character by character where abcd and bc are stops. Which is found?",
)
class earliest_beginning_wins(Searching):
    def find(self, text, stops):
        found = [(text.find(stop), -len(stop), stop) for stop in stops if stop in text]
        return (min(found)[0], min(found)[2]) if found else None


@misconception(
    replaces="StopSequenceDetector",
    says="of several stop sequences that end together the shortest is taken",
    hint="With the stops abc and c, what is left of 'xabc'?",
)
class shortest_of_one_end(Searching):
    def find(self, text, stops):
        found = [(text.find(stop) + len(stop), len(stop), stop) for stop in stops if stop in text]
        return (min(found)[0] - min(found)[1], min(found)[2]) if found else None


@misconception(
    replaces="StopSequenceDetector",
    says="what was held back is lost when the text ends",
    hint="Feed 'the EN' and flush. Where is EN?",
)
class flush_loses_text(Searching):
    def flush(self):
        super().flush()
        return ""


@misconception(
    replaces="StopSequenceDetector",
    says="when a partial match fails all of it is let go and matching starts again at the current "
    "character, so a stop sequence that begins inside it is missed (aaab with the stop aab)",
    hint="You hold aa and an a comes. Do the last two letters begin aab?",
)
class restarts_after_mismatch(StopSequenceDetector):
    def feed(self, piece):
        if self.stopped is not None:
            return ""
        if self._flushed:
            raise ValueError("the text has ended")
        shown = ""
        for character in piece:
            if not any(stop.startswith(self._held + character) for stop in self._stops):
                shown += self._held
                self._held = ""
            self._held += character
            completed = [stop for stop in self._stops if self._held.endswith(stop)]
            if completed:
                self.stopped = max(completed, key=len)
                shown += self._held.removesuffix(self.stopped)
                self._held = ""
                break
            if not any(stop.startswith(self._held) for stop in self._stops):
                shown += self._held
                self._held = ""
        return shown


# ── generate ──────────────────────────────────────────────────────────────────────────────────


def run(
    next_token,
    piece,
    prompt,
    eos,
    stops,
    max_new_tokens,
    max_seconds,
    clock,
    *,
    found=first_completed,
    already=0,
    seen="",
):
    """Generate as the reference does, with another search, count or text to begin with."""
    if max_new_tokens < 0 or "" in stops or (max_seconds is not None and clock is None):
        raise ValueError("max_new_tokens, stops or max_seconds is wrong")
    start = clock() if max_seconds is not None else 0.0
    tokens, text = [], ""
    while True:
        if len(tokens) + already >= max_new_tokens:
            return {"text": text, "tokens": tokens, "reason": "length"}
        if max_seconds is not None and clock() - start >= max_seconds:
            return {"text": text, "tokens": tokens, "reason": "time"}
        token = next_token(prompt + tokens)
        if token in eos:
            return {"text": text, "tokens": tokens, "reason": "eos"}
        tokens.append(token)
        text += piece(token)
        match = found(seen + text, stops)
        if match is not None:
            end = max(match[0] - len(seen), 0)
            return {"text": text[:end], "tokens": tokens, "reason": "stop"}


@misconception(
    replaces="generate",
    says="a stop sequence is seen only when the text ends with it, so a token that runs on past it "
    "hides it",
    hint="The token ' END now' comes. With what does your text end?",
)
def stop_only_at_end(
    next_token, piece, prompt, eos, stops, max_new_tokens, max_seconds=None, clock=None
):
    def found(text, stops):
        ending = [stop for stop in stops if text.endswith(stop)]
        longest = max(ending, key=len, default=None)
        return None if longest is None else (len(text) - len(longest), longest)

    given = next_token, piece, prompt, eos, stops, max_new_tokens, max_seconds, clock
    return run(*given, found=found)


@misconception(
    id="stop_only_at_end",
    replaces="generate",
    says="a stop sequence is seen only when the text ends with it, so a token that runs on past it "
    "hides it",
    hint="The token ' END now' comes. With what does your text end?",
)
def stop_only_at_the_end_of_all_pieces(
    next_token, piece, prompt, eos, stops, max_new_tokens, max_seconds=None, clock=None
):
    if max_new_tokens < 0 or "" in stops or (max_seconds is not None and clock is None):
        raise ValueError("max_new_tokens, stops or max_seconds is wrong")
    start = clock() if max_seconds is not None else 0.0
    tokens, reason = [], None

    def text():  # put together again each time it is looked at
        return "".join(piece(token) for token in tokens)

    while reason is None:
        if len(tokens) == max_new_tokens:
            reason = "length"
        elif max_seconds is not None and clock() - start >= max_seconds:
            reason = "time"
        elif (token := next_token(prompt + tokens)) in eos:
            reason = "eos"
        else:
            tokens.append(token)
            seen = text()
            ending = [stop for stop in stops if seen.endswith(stop)]
            if ending:
                cut = seen.removesuffix(max(ending, key=len))
                return {"text": cut, "tokens": tokens, "reason": "stop"}
    return {"text": text(), "tokens": tokens, "reason": reason}


@misconception(
    replaces="generate",
    says="the prompt's tokens count towards max_new_tokens",
    hint="Give a longer prompt and the same limit. How many tokens come?",
)
def prompt_counts_towards_limit(
    next_token, piece, prompt, eos, stops, max_new_tokens, max_seconds=None, clock=None
):
    given = next_token, piece, prompt, eos, stops, max_new_tokens, max_seconds, clock
    return run(*given, already=len(prompt))


@misconception(
    replaces="generate",
    says="the end-of-sequence id is among the tokens",
    hint="Which of your tokens did the reader not ask for?",
)
def eos_among_the_tokens(
    next_token, piece, prompt, eos, stops, max_new_tokens, max_seconds=None, clock=None
):
    last = []

    def remember(ids):
        last[:] = [next_token(ids)]
        return last[0]

    given = piece, prompt, eos, stops, max_new_tokens, max_seconds, clock
    result = generate(remember, *given)
    if result["reason"] == "eos":
        result["tokens"] = result["tokens"] + last
    return result


@misconception(
    replaces="generate",
    says="the text still holds the stop sequence and what follows it",
    hint="Where does the text have to end when a stop sequence is found?",
)
def text_not_cut(
    next_token, piece, prompt, eos, stops, max_new_tokens, max_seconds=None, clock=None
):
    pieces = []

    def remember(token):
        pieces.append(piece(token))
        return pieces[-1]

    given = prompt, eos, stops, max_new_tokens, max_seconds, clock
    return {**generate(next_token, remember, *given), "text": "".join(pieces)}


@misconception(
    replaces="generate",
    says="the token that completes the stop sequence is not among the tokens",
    hint="Which tokens did the model produce, and which will be paid for?",
)
def last_token_dropped(
    next_token, piece, prompt, eos, stops, max_new_tokens, max_seconds=None, clock=None
):
    given = prompt, eos, stops, max_new_tokens, max_seconds, clock
    result = generate(next_token, piece, *given)
    if result["reason"] == "stop":
        result["tokens"] = result["tokens"][:-1]
    return result


# ── repeated_period ───────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="repeated_period",
    says="two copies of the block are enough, whatever `repeats` asks for",
    hint="Ask for three copies of a block that is there twice.",
)
def two_copies_suffice(tokens, repeats, max_period):
    repeated_period(tokens, repeats, max_period)
    return repeated_period(tokens, 2, max_period)


@misconception(
    replaces="repeated_period",
    says="a loop anywhere in the tokens counts, not only one at their end",
    hint="The model looped and then went on. Should it be stopped now?",
)
def loop_anywhere(tokens, repeats, max_period):
    repeated_period(tokens, repeats, max_period)
    for period in range(1, max_period + 1):
        for end in range(repeats * period, len(tokens) + 1):
            block = tokens[end - repeats * period : end]
            if block == block[:period] * repeats:
                return period
    return None


@misconception(
    replaces="repeated_period",
    says="the largest period is returned, not the smallest",
    hint="From which end do you try the periods?",
)
def largest_period(tokens, repeats, max_period):
    repeated_period(tokens, repeats, max_period)
    for period in range(max_period, 0, -1):
        end = tokens[-repeats * period :]
        if len(end) == repeats * period and end == end[:period] * repeats:
            return period
    return None
