"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_equal


def test_a_stop_sequence_is_found_across_pieces(submission):
    detector = submission.StopSequenceDetector(["END"])
    shown = [detector.feed("one E"), detector.feed("N"), detector.feed("D two")]
    assert_equal(shown, ["one ", "", ""])
    assert_equal(detector.stopped, "END")


def test_what_begins_no_stop_sequence_after_all_is_shown(submission):
    detector = submission.StopSequenceDetector(["END"])
    assert_equal(
        [detector.feed("an E"), detector.feed("gg"), detector.feed(" EN")], ["an ", "Egg", " "]
    )
    assert_equal(detector.flush(), "EN")


def test_generation_ends_at_a_stop_sequence(submission):
    pieces = ["Hi", " the", "re\nUser", ": x"]
    result = submission.generate(
        lambda ids: len(ids) - 2,
        pieces.__getitem__,
        [7, 7],
        eos=[9],
        stops=["\nUser:"],
        max_new_tokens=8,
    )
    assert_equal(result, {"text": "Hi there", "tokens": [0, 1, 2, 3], "reason": "stop"})


def test_a_block_of_two_tokens_is_there_three_times(submission):
    assert_equal(submission.repeated_period([5, 1, 2, 1, 2, 1, 2], repeats=3, max_period=4), 2)
