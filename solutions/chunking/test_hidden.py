"""The hidden suite of chunking."""

import pytest

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.chunking.chunking import chunk_tokens, split_recursive


def tokens(*widths, gap=1):
    """Return the spans of tokens of some widths, with a gap before each but the first."""
    spans, end = [], -gap
    for width in widths:
        spans.append((end + gap, end + gap + width))
        end += gap + width
    return spans


def drawn_text(rng, alphabet, length):
    """Draw a text over some characters and strings."""
    return "".join(alphabet[i] for i in rng.integers(0, len(alphabet), length))


# ── chunk_tokens ──────────────────────────────────────────────────────────────────────────────

NINE = tokens(3, 1, 4, 1, 5, 9, 2, 6, 5)


def windows(function, *arguments):
    """Return the chunks, after those of a text that its windows fill exactly.

    So that whoever cuts at other places is not taken for somebody who fails at the end only.
    """
    function(tokens(1, 2, 3, 4, 5), 3, 1)
    return function(*arguments)


@points(0.5, task="chunk_tokens")
@hint("Which tokens are in the first window, in the second, and where do their texts end?")
def test_a_chunk_runs_from_its_first_token_to_its_last(submission):
    given = windows(submission.chunk_tokens, NINE, 3)
    assert_equal(given, [(0, 10), (11, 28), (29, 44)])


@points(0.5, task="chunk_tokens")
@hint("How many tokens do neighbouring windows share, and how far apart do they begin?")
def test_windows_overlap_by_the_tokens_asked_for(submission):
    given = windows(submission.chunk_tokens, NINE, 5, 1)
    assert_equal(given, [(0, 18), (13, 44)])
    given = submission.chunk_tokens(tokens(*range(1, 9)), 5, 2)
    assert_equal(given, [(0, 19), (9, 43)])


@points(0.5, task="chunk_tokens")
@hint("Is there anything in your last chunk that is not in the one before it?")
def test_the_first_window_with_the_last_token_is_the_last(submission):
    given = submission.chunk_tokens(tokens(2, 2, 2, 2, 2, 2), 4, 2)
    assert_equal(given, [(0, 11), (6, 17)])


@points(0.5)
@hint("What becomes of tokens that do not fill a window?")
def test_the_last_window_may_be_short(submission):
    assert_equal(submission.chunk_tokens(tokens(2, 1, 3, 1, 1), 2), [(0, 4), (5, 10), (11, 12)])
    assert_equal(submission.chunk_tokens(tokens(2, 1, 3), 8, 4), [(0, 8)])


@points(0.25, task="chunk_tokens")
@hint("How many characters of the text does a special token cover?")
def test_tokens_without_width_are_dropped_first(submission):
    offsets = [(0, 0), (0, 3), (3, 3), (3, 5), (6, 7), (9, 9), (9, 11), (0, 0)]
    given = windows(submission.chunk_tokens, offsets, 2, 1)
    assert_equal(given, [(0, 5), (3, 7), (6, 11)])
    assert_equal(submission.chunk_tokens([(0, 0), (0, 0)], 2), [])


@points(0.25, task="chunk_tokens")
@hint("Windows of every size, every overlap: which token is lost, which window is too many?")
def test_windows_of_every_size_and_overlap(submission, rng):
    offsets = tokens(*rng.integers(1, 6, 7).tolist(), gap=0)
    for size in range(1, 9):
        for overlap in range(size):
            given = submission.chunk_tokens(offsets, size, overlap)
            expected = chunk_tokens(offsets, size, overlap)
            assert_equal(given, expected, name=f"the result for size {size}, overlap {overlap}")


@points(0.25)
@hint("How many windows hold no token?")
def test_no_tokens_make_no_chunks(submission):
    assert_equal(submission.chunk_tokens([], 4, 1), [])
    assert_equal(submission.chunk_tokens([(5, 6)], 1), [(5, 6)])


@points(0.25)
@hint("Where does the next window begin when it shares all tokens with this one?")
def test_impossible_sizes_and_overlaps_are_refused(submission):
    for offsets in (NINE, []):
        for size, overlap in ((0, 0), (-1, 0), (3, -1), (3, 3), (3, 4), (0, -1), (1, 1)):
            assert_raises(ValueError, submission.chunk_tokens, offsets, size, overlap)


# ── split_recursive ───────────────────────────────────────────────────────────────────────────


def spans(function, *arguments):
    """Return the spans, after those of a text that every separator cuts.

    So that whoever cuts at other places in all texts is not taken for somebody who does it in one.
    """
    function("a b. c\nd\n\ne", 1)
    return function(*arguments)


@points(0.5)
@hint("To which chunk does the separator belong that stands between two?")
def test_a_separator_stays_at_the_end_of_the_piece_before_it(submission):
    given = submission.split_recursive("abcd|efgh|ijkl", 6, ("|",))
    assert_equal(given, [(0, 5), (5, 10), (10, 14)])


@points(0.5, task="split_recursive")
@hint("Count the lengths of the pieces. Do you need to search for anything?")
def test_repeated_text_has_its_own_place_each_time(submission):
    given = spans(submission.split_recursive, "tick tock tick tock ", 5)
    assert_equal(given, [(0, 5), (5, 10), (10, 15), (15, 20)])


@points(0.5, task="split_recursive")
@hint("How many vectors does a text of short lines need?")
def test_small_pieces_are_joined_as_far_as_they_fit(submission):
    given = spans(submission.split_recursive, "a bb c dd e f gg", 7)
    assert_equal(given, [(0, 7), (7, 14), (14, 16)])


@points(0.5, task="split_recursive")
@hint("A paragraph is too long. Where would a reader rather cut it than in a word?")
def test_a_piece_that_is_too_long_is_cut_at_the_next_separator(submission):
    given = spans(submission.split_recursive, "aa\n\nbbb ccc ddd", 6)
    assert_equal(given, [(0, 4), (4, 8), (8, 12), (12, 15)])


@points(0.5)
@hint("Which of your separators occurs in the text? In which order are they tried?")
def test_the_separators_are_tried_in_the_order_given(submission):
    text = "ab cd. ef\ngh"
    assert_equal(submission.split_recursive(text, 7), [(0, 7), (7, 12)])
    assert_equal(submission.split_recursive(text, 9), [(0, 7), (7, 12)])
    assert_equal(submission.split_recursive(text, 10), [(0, 10), (10, 12)])
    assert_equal(submission.split_recursive(text, 9, (" ", "\n")), [(0, 7), (7, 12)])
    assert_equal(submission.split_recursive(text, 6, (" ", "\n")), [(0, 3), (3, 7), (7, 12)])


@points(0.5)
@hint("A piece that fits: is there a reason to cut it any finer?")
def test_a_piece_that_fits_is_not_cut_any_finer(submission):
    assert_equal(submission.split_recursive("x\n\nab cde", 6), [(0, 3), (3, 9)])
    assert_equal(submission.split_recursive("x\n\ny bb\n\ncc", 6), [(0, 3), (3, 9), (9, 11)])


@points(0.5)
@hint("The last piece of one paragraph and the first of the next: may they share a chunk?")
def test_pieces_of_different_origin_are_joined_too(submission):
    # The first paragraph is cut into words, and its last word fits beside the second.
    given = submission.split_recursive("aaaa bbbb cc\n\ndd\n\n", 10)
    assert_equal(given, [(0, 10), (10, 18)])


@points(0.25)
@hint("No separator occurs in a long word. What is left to do, and from where do you count?")
def test_without_a_separator_the_limit_cuts(submission):
    assert_equal(submission.split_recursive("abcdefgh", 3), [(0, 3), (3, 6), (6, 8)])
    assert_equal(submission.split_recursive("ab cdefghij", 4), [(0, 3), (3, 7), (7, 11)])
    assert_equal(submission.split_recursive("ab cdefg", 3, ()), [(0, 3), (3, 6), (6, 8)])
    assert_equal(submission.split_recursive("a b c", 3, (". ",)), [(0, 3), (3, 5)])


@points(0.25)
@hint("Where does a separator end that overlaps with itself? And one that runs in a row?")
def test_occurrences_are_found_from_left_to_right(submission):
    assert_equal(submission.split_recursive("baaab", 3, ("aa",)), [(0, 3), (3, 5)])
    assert_equal(submission.split_recursive("aaaaab", 3, ("aa",)), [(0, 2), (2, 4), (4, 6)])
    assert_equal(submission.split_recursive("    a", 2), [(0, 2), (2, 4), (4, 5)])
    assert_equal(submission.split_recursive("  ab", 2), [(0, 2), (2, 4)])


@points(0.5)
@hint("Lay your spans side by side. Do they tile the text, and could one take its neighbour?")
def test_texts_of_all_kinds_are_tiled(submission, rng):
    for length in (3, 17, 40):
        text = drawn_text(rng, ["a", "b", "c", "d", " ", ". ", ".", "\n", "\n\n"], length)
        for max_chars in (1, 2, 3, 5, 8, 13, 200):
            given = submission.split_recursive(text, max_chars)
            expected = split_recursive(text, max_chars)
            assert_equal(given, expected, name=f"the result for {text!r}, {max_chars}")


@points(0.25)
@hint("How many chunks has an empty text, and how many one that fits exactly?")
def test_an_empty_text_has_no_chunks_and_one_that_fits_has_one(submission):
    assert_equal(submission.split_recursive("", 5), [])
    assert_equal(submission.split_recursive("ab cd", 5), [(0, 5)])
    assert_equal(submission.split_recursive("ab\n\ncd", 99), [(0, 6)])
    assert_equal(submission.split_recursive(" ", 1), [(0, 1)])


@points(0.25)
@hint("How often does an empty separator occur, and what fits into a chunk of 0 characters?")
def test_an_empty_separator_or_no_room_is_refused(submission):
    for text in ("", "ab cd"):
        for max_chars, separators in ((0, (" ",)), (-3, (" ",)), (4, ("",)), (9, (" ", ""))):
            assert_raises(ValueError, submission.split_recursive, text, max_chars, separators)


# ── split_markdown ────────────────────────────────────────────────────────────────────────────


def cut_up(function, text, max_chars=1000):
    """Return the text and path of every chunk, after those of a plain text."""
    function("# One\na\n# Two\nb\n", 100)
    chunks = function(text, max_chars)
    return [(text[chunk["start"] : chunk["end"]], chunk["headings"]) for chunk in chunks]


@points(0.5, task="split_markdown")
@hint("Where does a section end? Which headings are still open in it?")
def test_a_section_runs_to_the_next_heading_of_any_level(submission):
    given = cut_up(submission.split_markdown, "# A\na\n## B\nb\n### C\nc\n")
    expected = [("# A\na\n", ["A"]), ("## B\nb\n", ["A", "B"]), ("### C\nc\n", ["A", "B", "C"])]
    assert_equal(given, expected)


@points(0.5, task="split_markdown")
@hint("Two chapters of one level: is the second a part of the first?")
def test_a_heading_closes_its_own_level(submission):
    given = cut_up(submission.split_markdown, "# A\n## B\n## C\n")
    assert_equal(given, [("# A\n", ["A"]), ("## B\n", ["A", "B"]), ("## C\n", ["A", "C"])])


@points(0.25, task="split_markdown")
@hint("A new chapter begins. Which sections of the last one are still open?")
def test_a_heading_closes_all_deeper_levels(submission):
    given = cut_up(submission.split_markdown, "# A\n## B\n### C\n# D\n## E\n")
    paths = [["A"], ["A", "B"], ["A", "B", "C"], ["D"], ["D", "E"]]
    assert_equal([path for _, path in given], paths)


@points(0.5, task="split_markdown")
@hint("After # comes ###, then another ###. How many titles has the path of each?")
def test_levels_may_be_skipped(submission):
    given = cut_up(submission.split_markdown, "# A\n### B\n### C\n## D\n#### E\n### F\n")
    paths = [["A"], ["A", "B"], ["A", "C"], ["A", "D"], ["A", "D", "E"], ["A", "D", "F"]]
    assert_equal([path for _, path in given], paths)
    given = cut_up(submission.split_markdown, "### A\n## B\n# C\n")
    assert_equal([path for _, path in given], [["A"], ["B"], ["C"]])


@points(0.5, task="split_markdown")
@hint("What does a line that begins with # mean in a shell script?")
def test_within_a_code_fence_there_are_no_headings(submission):
    text = "# A\n```\n# b\n```\nc\n# D\n"
    given = cut_up(submission.split_markdown, text)
    assert_equal(given, [("# A\n```\n# b\n```\nc\n", ["A"]), ("# D\n", ["D"])])


@points(0.25, task="split_markdown")
@hint("What may stand before the backticks of a fence, and after them? What if it is never closed?")
def test_fences_may_be_indented_named_and_unclosed(submission):
    text = "# A\n \t```sh\n# b\n  ````\n# C\nsee ``` or\n``\n# D\n```\n# e"
    given = [path for _, path in cut_up(submission.split_markdown, text)]
    assert_equal(given, [["A"], ["C"], ["D"]])
    given = [path for _, path in cut_up(submission.split_markdown, "```\n# a\n\n# b\n")]
    assert_equal(given, [[]])


@points(0.25, task="split_markdown")
@hint("Which of these lines is a heading? How many #, where, and what after them?")
@pytest.mark.parametrize(
    "line",
    ["#tag", "####### seven", " # indented", "#", "##  \t", "a # b", "\u2028# x", "\t# x", "-# x"],
)
def test_other_lines_with_a_hash_are_no_headings(submission, line):
    given = cut_up(submission.split_markdown, f"# A\n{line}\n# B")
    assert_equal(given, [(f"# A\n{line}\n", ["A"]), ("# B", ["B"])])


@points(0.25, task="split_markdown")
@hint("What belongs to a title, and what is white space or a mark around it?")
def test_titles_are_stripped_and_keep_closing_hashes(submission):
    text = "#\t One  two \t\n## Two ##\n###### \t #\r\n#\u3000x"
    given = [path for _, path in cut_up(submission.split_markdown, text)]
    assert_equal(given, [["One  two"], ["One  two", "Two ##"], ["One  two", "Two ##", "#"]])


@points(0.25, task="split_markdown")
@hint("What stands before the first heading, and is it lost?")
def test_text_before_the_first_heading_has_no_path(submission):
    given = cut_up(submission.split_markdown, "\n# A\na")
    assert_equal(given, [("\n", []), ("# A\na", ["A"])])
    given = cut_up(submission.split_markdown, "no heading\nat all")
    assert_equal(given, [("no heading\nat all", [])])


@points(0.5)
@hint("A long section is cut. In which text are the positions counted, and whose are the parts?")
def test_a_section_that_is_too_long_is_cut_within_itself(submission):
    text = "# A\nab\n## B\naaa bbb. ccc ddd\n\neee\n# C\n"
    given = submission.split_markdown(text, 12)
    expected = [
        {"start": 0, "end": 7, "headings": ["A"]},
        {"start": 7, "end": 12, "headings": ["A", "B"]},
        {"start": 12, "end": 21, "headings": ["A", "B"]},
        {"start": 21, "end": 30, "headings": ["A", "B"]},
        {"start": 30, "end": 34, "headings": ["A", "B"]},
        {"start": 34, "end": 38, "headings": ["C"]},
    ]
    assert_equal(given, expected)


@points(0.25)
@hint("How many sections has nothing, and what fits into a chunk of 0 characters?")
def test_an_empty_text_has_no_sections_and_no_room_is_refused(submission):
    assert_equal(submission.split_markdown("", 3), [])
    for text in ("", "# A", "a"):
        for max_chars in (0, -1):
            assert_raises(ValueError, submission.split_markdown, text, max_chars)
