"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_equal

# Of "one two three four five", as a tokenizer gives them; (0, 0) is a special token.
OFFSETS = [(0, 0), (0, 3), (4, 7), (8, 13), (14, 18), (19, 23)]


def test_windows_of_three_tokens_share_one(submission):
    assert_equal(submission.chunk_tokens(OFFSETS, 3, 1), [(0, 13), (8, 23)])


def test_the_last_window_may_be_shorter(submission):
    assert_equal(submission.chunk_tokens(OFFSETS, 2), [(0, 7), (8, 18), (19, 23)])


def test_the_text_of_the_worked_example(submission):
    text = "Cats sleep. Dogs run fast.\n\nBirds sing."
    assert_equal(submission.split_recursive(text, 16), [(0, 12), (12, 28), (28, 39)])


def test_sections_know_their_headings(submission):
    text = "# Pets\nWe like them.\n## Cats\nThey sleep.\n"
    assert_equal(
        submission.split_markdown(text, 100),
        [
            {"start": 0, "end": 21, "headings": ["Pets"]},
            {"start": 21, "end": 41, "headings": ["Pets", "Cats"]},
        ],
    )


def test_a_comment_in_a_code_block_is_no_heading(submission):
    text = "# Run\n```\n# a comment\n```\n"
    assert_equal(
        submission.split_markdown(text, 100),
        [{"start": 0, "end": len(text), "headings": ["Run"]}],
    )
