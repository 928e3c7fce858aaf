"""The hidden suite of stopping."""

from itertools import combinations, pairwise

import pytest

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.stopping.stopping import StopSequenceDetector

PIECES = ["", "one", " two", " E", "ND", " END now", "END", "x", " EN", "<eos>", "é", "</", "s>"]
"""The text of each id; 9 is the end. Id 99, of a model that lost its prompt, is "lost"."""


def stream(detector, pieces):
    """Return what is shown after each piece, and at last by flush."""
    return [*(detector.feed(piece) for piece in pieces), detector.flush()]


def piece(token):
    return PIECES[token] if token < len(PIECES) else "lost"


def script(prompt, tokens, clock=None):
    """Return a model that goes on with `tokens` after `prompt`, and the inputs it was given."""
    calls = []

    def next_token(ids):
        calls.append(list(ids))
        if clock is not None:
            clock.now += 1.0
        new = list(ids[len(prompt) :])
        known = list(ids[: len(prompt)]) == prompt and new == tokens[: len(new)]
        return tokens[len(new)] if known and len(new) < len(tokens) else 99

    return next_token, calls


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        """Return the time."""
        return self.now


# ── StopSequenceDetector ──────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("One piece ends with E, the next begins with ND. Where do you look for END?")
def test_a_stop_sequence_may_be_cut_into_pieces(submission):
    detector = submission.StopSequenceDetector(["END"])
    assert_equal(stream(detector, ["oneE", "ND", "two"]), ["one", "", "", ""])
    assert_equal(detector.stopped, "END", name="stopped")


@points(0.25)
@hint("Once shown, a character cannot be taken back. When is a < certain to be no </s>?")
def test_what_could_begin_a_stop_sequence_is_not_shown_yet(submission):
    detector = submission.StopSequenceDetector(["</s>"])
    shown = stream(detector, ["a</", "b<", "<", "/", "s", "c", "</s", ">d"])
    assert_equal(shown, ["a", "</b", "<", "", "", "</sc", "", "", ""])


@points(0.25)
@hint("Is the stop sequence part of the answer?")
def test_neither_the_stop_sequence_nor_what_follows_is_shown(submission):
    detector = submission.StopSequenceDetector(["END"])
    assert_equal(stream(detector, ["one END two END"]), ["one ", ""])
    assert_equal(detector.stopped, "END", name="stopped")


@points(0.5)
@hint("Nothing in abcd begins END. What is there to wait for?")
def test_no_more_is_held_back_than_could_begin_a_stop_sequence(submission):
    detector = submission.StopSequenceDetector(["END"])
    assert_equal(stream(detector, ["abcd", "ef", "gE", "h"]), ["abcd", "ef", "g", "Eh", ""])


@points(0.5)
@hint("Two stop sequences lie in one piece. Which of them would have ended a slower stream?")
def test_the_first_stop_sequence_to_be_completed_wins(submission):
    detector = submission.StopSequenceDetector(["B!", "A!", "C!"])
    assert_equal(stream(detector, ["xA!yB!z"]), ["x", ""])
    assert_equal(detector.stopped, "A!", name="stopped")


@points(0.25)
@hint("One stop sequence begins first, another ends first. At which character is it decided?")
def test_the_earliest_end_wins_and_not_the_earliest_beginning(submission):
    detector = submission.StopSequenceDetector(["abcd", "bc"])
    assert_equal(stream(detector, ["xabcdy"]), ["xa", ""])
    assert_equal(detector.stopped, "bc", name="stopped")


@points(0.25)
@hint("One character completes two stop sequences. Which of them leaves less behind?")
@pytest.mark.parametrize("stops", [["c", "abc", "bc"], ["abc", "bc", "c"]], ids="-".join)
def test_of_stop_sequences_with_the_same_end_the_longest_wins(submission, stops):
    detector = submission.StopSequenceDetector(stops)
    assert_equal(stream(detector, ["xya", "bcd"]), ["xy", "", ""])
    assert_equal(detector.stopped, "abc", name="stopped")


@points(0.25)
@hint("The text ends with the beginning of a stop sequence. Was it one?")
def test_flush_gives_back_what_was_held(submission):
    detector = submission.StopSequenceDetector(["END"])
    assert_equal([detector.feed("the EN"), detector.flush()], ["the ", "EN"])
    assert_equal(detector.flush(), "", name="second flush")
    assert_equal(detector.stopped, None, name="stopped")


@points(0.5)
@hint("In aaab, after aa and another a: which part of what you hold could still begin aab?")
@pytest.mark.parametrize(
    ("stop", "text"), [("aab", "aaab"), ("abac", "xababac"), ("\n\nQ", "one\n\n\nQ")]
)
def test_a_stop_sequence_may_begin_inside_a_failed_one(submission, stop, text):
    detector, reference = submission.StopSequenceDetector([stop]), StopSequenceDetector([stop])
    assert_equal(stream(detector, [*text, "z"]), stream(reference, [*text, "z"]))
    assert_equal(detector.stopped, stop, name="stopped")


@points(0.25)
@hint("The stream goes on although the answer has ended. What is there to show?")
def test_after_a_stop_sequence_there_is_nothing_more(submission):
    detector = submission.StopSequenceDetector(["ab", "c"])
    shown = [detector.feed("1ab2"), detector.feed("c"), detector.feed(""), detector.flush()]
    # Having stopped, it may still be fed after flush.
    shown += [detector.feed("a"), detector.flush()]
    assert_equal(shown, ["1", "", "", "", "", ""])
    assert_equal(detector.stopped, "ab", name="stopped")


@points(0.25)
@hint("When does stopped stop being None?")
def test_stopped_is_set_with_the_last_character(submission):
    detector = submission.StopSequenceDetector(["\nQ:", "END"])
    seen = [detector.stopped]
    for text in ("one\n", "Q", ":", " two END"):
        detector.feed(text)
        seen.append(detector.stopped)
    assert_equal(seen, [None, None, None, "\nQ:", "\nQ:"], name="stopped after each piece")


@points(0.25)
@hint("What can be held back when there is nothing to wait for?")
def test_without_stop_sequences_every_piece_passes(submission):
    detector = submission.StopSequenceDetector([])
    assert_equal(stream(detector, ["one", "", " END", "\n"]), ["one", "", " END", "\n", ""])
    assert_equal(detector.stopped, None, name="stopped")


@points(0.5)
@hint("Cut the text elsewhere. Why should what is shown in all be another?")
@pytest.mark.parametrize(
    ("stops", "text"), [(["aab", "bb"], "abaab"), (["abc", "c"], "ababc"), (["bab"], "abbaab")]
)
def test_it_does_not_matter_how_the_text_is_cut(submission, stops, text):
    places = range(1, len(text))
    for number in range(len(text)):
        for cuts in combinations(places, number):
            ends = [0, *cuts, len(text)]
            pieces = [text[start:end] for start, end in pairwise(ends)]
            detector = submission.StopSequenceDetector(stops)
            expected = stream(StopSequenceDetector(stops), pieces)
            assert_equal(stream(detector, pieces), expected, name=f"what is shown of {pieces}")


@points(0.25)
@hint("Several stop sequences could have begun. Which of them makes you hold back most?")
def test_the_longest_beginning_of_any_stop_sequence_is_held_back(submission):
    stops, pieces = ["ab#", "bb", "cabc"], ["xa", "a", "y", "xca", "ca", "x", "cca"]
    detector, reference = submission.StopSequenceDetector(stops), StopSequenceDetector(stops)
    assert_equal(stream(detector, pieces), stream(reference, pieces))


@points(0.25)
@hint("A piece may be empty. What changes?")
def test_empty_pieces_change_nothing(submission):
    detector = submission.StopSequenceDetector(["END"])
    shown = stream(detector, ["", "oE", "", "N", "", "k", "", "EN", "D", ""])
    assert_equal(shown, ["", "o", "", "", "", "ENk", "", "", "", "", ""])


@points(0.25)
@hint("Is a dot a dot, and END the same as end?")
@pytest.mark.parametrize(
    ("stop", "text"),
    [("a.", "abA.a.b"), ("END", "end End END"), ("[x]+", "xx[x]+"), ("é", "e\u0301é")],
)
def test_stops_are_plain_text(submission, stop, text):
    detector, reference = submission.StopSequenceDetector([stop]), StopSequenceDetector([stop])
    assert_equal(stream(detector, [*text]), stream(reference, [*text]))
    assert_equal(detector.stopped, stop, name="stopped")


@points(0.25)
@hint("Where does your detector keep what it holds: in the object, or in its class?")
def test_two_detectors_know_nothing_of_each_other(submission):
    first = submission.StopSequenceDetector(["END"])
    first.feed("EN")
    second = submission.StopSequenceDetector(["D2"])
    assert_equal([second.feed("D"), first.feed("D1"), second.feed("2")], ["", "", ""])
    assert_equal([first.stopped, second.stopped], ["END", "D2"], name="stopped of both")


@points(0.25)
@hint("Where in a text is the empty one?")
@pytest.mark.parametrize("stops", [[""], ["END", ""]], ids=str)
def test_an_empty_stop_sequence_is_refused(submission, stops):
    assert_raises(ValueError, submission.StopSequenceDetector, stops)


@points(0.25)
@hint("flush says that the text has ended. What if more of it comes?")
@pytest.mark.parametrize("more", ["more", ""])
def test_text_after_the_end_is_refused(submission, more):
    detector = submission.StopSequenceDetector(["END"])
    detector.feed("one E")
    detector.flush()
    assert_raises(ValueError, detector.feed, more)


# ── generate ──────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The end of the text has an id and perhaps a text. Does a reader want to see it?")
@pytest.mark.parametrize("eos", [[9], [50, 9, 51]], ids=str)
def test_the_end_ends_and_is_in_neither_tokens_nor_text(submission, eos):
    next_token, _ = script([7], [1, 2, 10, 9, 1])
    result = submission.generate(next_token, piece, [7], eos, ["END"], 20)
    assert_equal(result, {"text": "one twoé", "tokens": [1, 2, 10], "reason": "eos"})


@points(0.5)
@hint("How many tokens may be generated after a prompt of three?")
def test_the_limit_is_on_new_tokens_only(submission):
    next_token, _ = script([7, 1, 2], [1, 2, 1, 1, 9])
    result = submission.generate(next_token, piece, [7, 1, 2], [9], [], 3)
    assert_equal(result, {"text": "one twoone", "tokens": [1, 2, 1], "reason": "length"})


@points(0.25)
@hint("How often does the model have to be asked when nothing may be generated?")
def test_a_limit_of_zero_needs_no_model(submission):
    next_token, calls = script([7], [1, 2, 9])
    result = submission.generate(next_token, piece, [7], [9], ["END"], 0)
    assert_equal(result, {"text": "", "tokens": [], "reason": "length"})
    assert_equal(calls, [], name="what the model was given")


@points(0.5)
@hint("E comes with one token, ND with the next. Which text is left, and which tokens?")
def test_a_stop_sequence_may_lie_across_tokens(submission):
    next_token, _ = script([7], [1, 3, 4, 2, 9])
    result = submission.generate(next_token, piece, [7], [9], ["END"], 20)
    assert_equal(result, {"text": "one ", "tokens": [1, 3, 4], "reason": "stop"})


@points(0.5)
@hint("A token holds the stop sequence and more. Does your text still end with it?")
@pytest.mark.parametrize("limit", [1, 20])
def test_a_token_may_run_on_past_the_stop_sequence(submission, limit):
    next_token, _ = script([7], [5, 2, 9])
    result = submission.generate(next_token, piece, [7], [9], ["END"], limit)
    assert_equal(result, {"text": " ", "tokens": [5], "reason": "stop"})


@points(0.25)
@hint("The prompt holds a stop sequence, or half of one. Whose text should be searched?")
@pytest.mark.parametrize(("prompt", "tokens"), [([1, 6], [1, 2, 9]), ([1, 3], [4, 1, 9])])
def test_stop_sequences_in_the_prompt_do_not_count(submission, prompt, tokens):
    next_token, _ = script(prompt, tokens)
    result = submission.generate(next_token, piece, prompt, [9], ["END"], 20)
    text = "".join(map(piece, tokens[:-1]))
    assert_equal(result, {"text": text, "tokens": tokens[:-1], "reason": "eos"})


@points(0.25)
@hint("The text ends with what could have begun a stop sequence. Where has it gone?")
@pytest.mark.parametrize(("limit", "reason"), [(2, "length"), (9, "eos")])
def test_without_a_stop_sequence_the_text_is_complete(submission, limit, reason):
    next_token, _ = script([7], [1, 8, 9])
    result = submission.generate(next_token, piece, [7], [9], ["END"], limit)
    assert_equal(result, {"text": "one EN", "tokens": [1, 8], "reason": reason})


@points(0.25)
@hint("The last token allowed completes a stop sequence. What is the better reason?")
def test_a_stop_sequence_at_the_limit_is_a_stop(submission):
    next_token, _ = script([7], [1, 3, 4, 2])
    result = submission.generate(next_token, piece, [7], [9], ["END"], 3)
    assert_equal(result, {"text": "one ", "tokens": [1, 3, 4], "reason": "stop"})


@points(0.25)
@hint("The end would come next, but the limit is reached. Would you know?")
def test_at_the_limit_the_model_is_not_asked_again(submission):
    next_token, calls = script([7], [1, 2, 9])
    result = submission.generate(next_token, piece, [7], [9], ["END"], 2)
    assert_equal(result, {"text": "one two", "tokens": [1, 2], "reason": "length"})
    assert_equal(calls, [[7], [7, 1]], name="what the model was given")


@points(0.25)
@hint("What does the model need to see to choose the third token?")
def test_the_model_is_given_the_prompt_and_all_tokens(submission):
    next_token, calls = script([4, 9, 4], [1, 0, 2, 9])
    submission.generate(next_token, piece, [4, 9, 4], [9], ["END"], 20)
    expected = [[4, 9, 4], [4, 9, 4, 1], [4, 9, 4, 1, 0], [4, 9, 4, 1, 0, 2]]
    assert_equal(calls, expected, name="what the model was given")


@points(0.25)
@hint("Two and a half seconds are allowed, and each token takes one. When is the time up?")
@pytest.mark.parametrize(
    ("seconds", "tokens", "text"),
    [
        (2.0, [1, 8], "one EN"),
        (2.5, [1, 8, 2], "one EN two"),
        (0.0, [], ""),
        (3, [1, 8, 2], "one EN two"),
    ],
)
def test_time_ends_generation_before_the_next_token(submission, seconds, tokens, text):
    clock = Clock(1000.0)
    next_token, _ = script([7], [1, 8, 2, 1, 9], clock)
    result = submission.generate(next_token, piece, [7], [9], ["END"], 20, seconds, clock)
    assert_equal(result, {"text": text, "tokens": tokens, "reason": "time"})


@points(0.25)
@hint("Time and length are both used up. Which of them is looked at first?")
@pytest.mark.parametrize(("limit", "seconds"), [(2, 2.0), (0, 0.0)])
def test_length_comes_before_time(submission, limit, seconds):
    clock = Clock(5.0)
    next_token, _ = script([7], [1, 2, 1, 9], clock)
    result = submission.generate(next_token, piece, [7], [9], [], limit, seconds, clock)
    assert_equal(result["reason"], "length", name="the reason")


@points(0.25)
@hint("The time is over when the end, or a stop sequence, arrives. What was the reason?")
@pytest.mark.parametrize(
    ("tokens", "reason", "kept"), [([1, 9, 1], "eos", [1]), ([1, 6, 1], "stop", [1, 6])]
)
def test_what_ended_the_text_counts_although_the_time_is_over(submission, tokens, reason, kept):
    clock = Clock(0.0)
    next_token, _ = script([7], tokens, clock)
    result = submission.generate(next_token, piece, [7], [9], ["END"], 20, 2.0, clock)
    assert_equal(result, {"text": "one", "tokens": kept, "reason": reason})


@points(0.25)
@hint("A clock is there, but no limit. And what if nothing can be the end?")
def test_without_a_time_limit_the_clock_does_not_matter(submission):
    clock = Clock(-3.0)
    next_token, _ = script([7], [1, 9, 2, 0, 2], clock)
    result = submission.generate(next_token, piece, [7], [], [], 4, None, clock)
    assert_equal(result, {"text": "one<eos> two", "tokens": [1, 9, 2, 0], "reason": "length"})


@points(0.5)
@hint("Which arguments can't be meant? Who measures the seconds?")
@pytest.mark.parametrize(
    ("stops", "limit", "seconds"),
    [(["END"], -1, None), (["END", ""], 5, None), ([""], 0, None), (["END"], 5, 1.0), ([], 0, 0.0)],
)
def test_senseless_limits_are_refused(submission, stops, limit, seconds):
    next_token, _ = script([7], [1, 2, 9])
    assert_raises(
        ValueError, submission.generate, next_token, piece, [7], [9], stops, limit, seconds
    )


# ── repeated_period ───────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("Cut the end of the tokens into blocks. When are they all the same?")
@pytest.mark.parametrize("period", [1, 2, 3, 5])
def test_the_length_of_the_repeated_block_is_found(submission, rng, period):
    block = [int(token) for token in rng.permutation(50)[:period]]
    tokens = [77, 78, *block * 3]
    assert_equal(submission.repeated_period(tokens, 3, 6), period)


@points(0.5)
@hint("The block is there twice, and three times are asked for. Is that a loop?")
def test_as_many_copies_are_needed_as_asked(submission):
    # 9 is there twice at the end, the block 4 9 9 three times.
    tokens = [1, 4, 9, 9, 4, 9, 9, 4, 9, 9]
    assert_equal(submission.repeated_period(tokens, 3, 5), 3)
    assert_equal(submission.repeated_period(tokens, 2, 5), 1)
    assert_equal(submission.repeated_period(tokens, 4, 5), None)


@points(0.25)
@hint("Four times 1 2 is also twice 1 2 1 2. Which of the two blocks is wanted?")
def test_the_smallest_period_is_returned(submission):
    assert_equal(submission.repeated_period([1, 2] * 4, 2, 8), 2)
    assert_equal(submission.repeated_period([6] * 12, 3, 8), 1)


@points(0.25)
@hint("The model has found its way out of the loop. Where do you look?")
def test_only_the_end_is_looked_at(submission):
    assert_equal(submission.repeated_period([9, 5, 5, 5, 5, 1, 2, 3, 1, 2, 3], 2, 4), 3)
    assert_equal(submission.repeated_period([9, 5, 5, 5, 1, 1, 2], 2, 4), None)


@points(0.25)
@hint("How long may a block be?")
def test_longer_blocks_than_allowed_are_not_looked_for(submission):
    tokens = [1, 2, 3, 4] * 2
    assert_equal(submission.repeated_period(tokens, 2, 4), 4)
    assert_equal(submission.repeated_period(tokens, 2, 3), None)
    assert_equal(submission.repeated_period([*tokens, 4], 2, 1), 1)


@points(0.25)
@hint("How many tokens are needed for three blocks of two?")
@pytest.mark.parametrize(
    ("tokens", "repeats", "expected"),
    [
        ([], 2, None),
        ([1], 2, None),
        ([1, 2, 1, 2], 3, None),
        ([2, 1, 2, 1, 2], 3, None),
        ([3, 3], 2, 1),
    ],
)
def test_fewer_tokens_than_the_blocks_need_are_no_loop(submission, tokens, repeats, expected):
    assert_equal(submission.repeated_period(tokens, repeats, 9), expected)


@points(0.25)
@hint("How often is something there that repeats, and how many tokens has a block?")
@pytest.mark.parametrize(("repeats", "max_period"), [(1, 3), (0, 3), (-1, 3), (2, 0), (3, -2)])
def test_senseless_blocks_are_refused(submission, repeats, max_period):
    assert_raises(ValueError, submission.repeated_period, [1, 1, 1, 1], repeats, max_period)
