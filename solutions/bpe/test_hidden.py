"""The hidden suite of byte-pair encoding."""

import pytest

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.bpe.bpe import decode, encode, train_bpe

SENTENCES = [
    "the lower the newer, the wider the slower;",
    "the newest widest slowest one is not the lowest.",
    "a naïve café — a café for the naïve",
    "newer and newer, lower and lower",
    "über dem Fluß, über den Flüssen",
]


def shuffled_text(rng):
    """Return words of all sentences in an order drawn from rng, some with more space before."""
    words = " ".join(SENTENCES).split()
    spaces = [" ", " ", " ", "\n", "  "]
    return "".join(
        spaces[space] + words[word]
        for space, word in zip(
            rng.integers(len(spaces), size=len(words)), rng.permutation(len(words)), strict=True
        )
    )


def ids_of(text, first=None):
    """Return UTF-8 bytes as ids."""
    return list(text.encode())[:first]


# ── train_bpe ─────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Count the pairs by hand. Which is most frequent, and which is once it is merged?")
@pytest.mark.parametrize("merges", [1, 2, 4])
def test_the_most_frequent_pair_is_merged_each_time(submission, merges):
    # (l, o) and (o, w) occur five times each, then (lo, w) does.
    text = "low lower lowest slow slower newest"
    assert_equal(submission.train_bpe(text, merges), train_bpe(text, merges))


@points(0.5)
@hint("May a token hold the end of one word and the beginning of the next?")
def test_no_pair_is_counted_across_two_words(submission):
    text = "in a day in a day in a week in a year"
    assert_equal(submission.train_bpe(text, 8), train_bpe(text, 8))


@points(0.5)
@hint("The word 'the' stands in every sentence. Should it count as much as a word met once?")
def test_a_word_counts_as_often_as_it_occurs(submission):
    text = "gh gh gh gh axy bxy cxy"
    assert_equal(submission.train_bpe(text, 6), train_bpe(text, 6))


@points(0.25)
@hint("Several pairs occur equally often. Sort them as tuples: which comes first?")
def test_the_smallest_of_equally_frequent_pairs_is_merged(submission):
    # All but (b, h) occur twice; (h, i) is met first, (y, a) is the largest.
    assert_equal(submission.train_bpe("hixyabhixyab", 1), [(ord("a"), ord("b"))])


@points(0.25)
@hint("A merged token begins with some byte and has some id. Which of the two do ties look at?")
def test_ties_compare_ids_and_not_the_text_of_the_tokens(submission):
    # After a, b became 256, (256, c) and (x, y) occur twice each.
    text = "abcab abcab xyz xyw"
    assert_equal(submission.train_bpe(text, 5), train_bpe(text, 5))


@points(0.25)
@hint("Slide a window of two over aaaaa. How many pairs do you see?")
def test_overlapping_pairs_count_each(submission):
    # (a, a) occurs four times, (space, c) and (c, d) three times.
    assert_equal(submission.train_bpe("aaaaa cd cd cd", 1), [(ord("a"), ord("a"))])


@points(0.25)
@hint("Merge (a, a) in aaab from the left. Which letter is left alone?")
def test_runs_are_merged_from_the_left(submission):
    text = "aaabxaaabyaaab"
    assert_equal(submission.train_bpe(text, 6), train_bpe(text, 6))


@points(0.25)
@hint("Print the pre-tokens. To which word does a line break belong, and what about two spaces?")
def test_white_space_belongs_to_the_word_after_it(submission):
    text = "a  b\n\tc  b\n\tc  d  b \n \n \n"
    assert_equal(submission.train_bpe(text, 6), train_bpe(text, 6))


@points(0.25)
@hint("How many ids does é have before any merge?")
def test_the_units_are_the_bytes_of_utf8(submission):
    text = "日本 日本 é"
    assert_equal(submission.train_bpe(text, 3), train_bpe(text, 3))


@points(0.25)
@hint("What does a merge save that is made in one place only?")
@pytest.mark.parametrize("text", ["bab-cab-dad", "ababxyz"])
def test_training_stops_when_no_pair_occurs_twice(submission, text):
    assert_equal(submission.train_bpe(text, 50), train_bpe(text, 50))


@points(0.25)
@hint("Which pairs are there in a text without letters, or with one?")
@pytest.mark.parametrize(("text", "merges"), [("", 5), ("", 0), ("low low", 0), ("a", 3)])
def test_nothing_to_merge_gives_no_merges(submission, text, merges):
    assert_equal(submission.train_bpe(text, merges), [])


@points(0.25)
@hint("How would you learn minus one merge?")
@pytest.mark.parametrize("text", ["low low", ""])
def test_a_negative_number_of_merges_is_refused(submission, text):
    assert_raises(ValueError, submission.train_bpe, text, -1)


@points(0.25)
@hint("Recount all pairs from scratch after every merge. Where do the two lists part?")
def test_a_whole_text_gives_all_its_merges(submission, rng):
    text = shuffled_text(rng)
    assert_equal(submission.train_bpe(text, 60), train_bpe(text, 60))


# ── encode ────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Two merges are possible in one word. Which of them did training know about first?")
def test_the_merge_that_was_learned_first_is_applied_first(submission):
    # cd was learned before bc, so that bcd is b, cd and then one token.
    b, c, d = (ord(letter) for letter in "bcd")
    merges = [(c, d), (b, c), (b, 256), (d, b)]
    assert_equal(submission.encode("bcdxbcxcdb", merges), [258, ord("x"), 257, ord("x"), 256, b])


@points(0.25)
@hint("Replay the merges on paper. Does the longest token of the vocabulary come out?")
def test_the_merges_are_replayed_and_not_the_longest_token_taken(submission):
    # db and cbc are tokens, but bc was learned before both of them.
    b, c, d = (ord(letter) for letter in "bcd")
    merges = [(b, c), (c, b), (d, b), (c, 256)]
    expected = [d, 256, 256, c, ord("x"), 256, b]
    assert_equal(submission.encode("dbcbccxbcb", merges), expected)


@points(0.25)
@hint("Merge everywhere in aaaaa before you look at the pairs again. What is left over, and where?")
def test_a_pair_is_merged_everywhere_from_the_left(submission):
    merges = [(ord("a"), ord("a")), (256, 256), (ord("a"), ord("b"))]
    assert_equal(submission.encode("aaaaab aaab", merges), [257, 258, 32, 256, 258])


@points(0.25)
@hint("Training never saw a pair across two words. May encoding merge one?")
def test_no_merge_crosses_from_one_word_into_the_next(submission):
    # "a " would be one token if words were not encoded by themselves.
    merges = [(ord("a"), 32), (32, ord("b"))]
    assert_equal(submission.encode("a b a  ba", merges), [97, 257, 32, 97, 32, 257, 97])


@points(0.25)
@hint("Which ids can write any text at all, without a single merge?")
@pytest.mark.parametrize("text", ["é日🙂\n", "\x00 ~\u00a0a", ""])
def test_without_merges_the_ids_are_the_bytes(submission, text):
    assert_equal(submission.encode(text, []), ids_of(text))


@points(0.25)
@hint("What is left of a prompt that holds a special token and nothing else?")
@pytest.mark.parametrize("token", ["<s>", "<|end of turn|>"])
def test_a_special_token_may_be_the_whole_text(submission, token):
    special = {"<s>": 257, "<|end of turn|>": 300}
    assert_equal(submission.encode(token, [(97, 98)], special), [special[token]])


@points(0.25)
@hint("The end of a text has an id of its own. Where does your code look for its name?")
def test_special_tokens_become_their_ids(submission):
    merges = [(ord("h"), ord("i")), (32, 256)]
    special = {"<|end|>": 258, "<|user|>": 300}
    text = "<|user|>hi hi<|end|><|user|> hi<|end|>"
    expected = [300, 256, 257, 258, 300, 257, 258]
    assert_equal(submission.encode(text, merges, special), expected)


@points(0.25)
@hint("Two special tokens match at one place. Should it matter which was listed first?")
@pytest.mark.parametrize("first", ["<end", "<end>"])
def test_the_longest_special_token_at_a_position_wins(submission, first):
    names = sorted(["<end", "<end>"], key=lambda name: name != first)
    special = {name: {"<end": 256, "<end>": 400}[name] for name in names}
    assert_equal(submission.encode("a<end>b<end", [], special), [97, 400, 98, 256])


@points(0.25)
@hint("Scan from the left. Which special token do you meet first, and where do you go on?")
def test_the_leftmost_special_token_wins_over_a_longer_one_that_begins_inside_it(submission):
    special = {"[bcd]": 257, "a[b": 256}
    assert_equal(submission.encode("a[bcd][bcd]", [], special), [256, 99, 100, 93, 257])


@points(0.25)
@hint("Where do the pre-tokens of the text between two special tokens begin and end?")
def test_each_stretch_between_special_tokens_is_pre_tokenised_by_itself(submission):
    special = {"<s>": 260}
    # "a " before <s> is two pre-tokens; "b" after it has no space of its own.
    merges = [(32, ord("b")), (ord("a"), ord("b")), (ord("a"), 32), (32, 32)]
    text = "ab a  <s>b b<s>ab"
    expected = encode(text, merges, special)
    assert_equal(submission.encode(text, merges, special), expected)


@points(0.25)
@hint("A user types <|end|>. What may it never become?")
@pytest.mark.parametrize("special", [None, {}], ids=str)
def test_without_special_tokens_their_text_is_ordinary(submission, special):
    text, merges = "a<|end|> <|end|>", [(ord("<"), ord("|")), (256, ord("e"))]
    assert_equal(submission.encode(text, merges, special), encode(text, merges))


@points(0.25)
@hint("Special tokens are plain text. Which of their characters mean something else to a pattern?")
@pytest.mark.parametrize("token", [".", "[ab]+", "end of turn", " ", "|", "é"])
def test_any_text_can_be_a_special_token(submission, token):
    text = f"xa{token}b .. {token}{token}"
    special = {token: 256}
    assert_equal(submission.encode(text, [], special), encode(text, [], special))


@points(0.25)
@hint("Which ids are taken by bytes and merges? And what would an empty special token match?")
@pytest.mark.parametrize(
    "special",
    [
        pytest.param({"": 300}, id="empty"),
        pytest.param({"<s>": 255}, id="a byte's id"),
        pytest.param({"<e>": 300, "<s>": 257}, id="a merge's id"),
        pytest.param({"<s>": -1}, id="negative id"),
        pytest.param({"<s>": 258, "<e>": 258}, id="an id twice"),
    ],
)
def test_special_tokens_without_an_id_of_their_own_are_not_encoded(submission, special):
    merges = [(ord("a"), ord("b")), (256, ord("c"))]
    assert_raises(ValueError, submission.encode, "abc", merges, special)


@points(0.5)
@hint("Encode one word after another. Which is the first that comes out otherwise?")
def test_a_text_is_encoded_with_the_merges_learned_from_another(submission, rng):
    merges, text = train_bpe(shuffled_text(rng), 50), shuffled_text(rng)
    special = {"the": 320, "\n": 306}
    assert_equal(submission.encode(text, merges, special), encode(text, merges, special))


# ── decode ────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("é is two bytes. What happens when one token ends between them?")
def test_a_character_may_be_split_over_several_tokens(submission):
    # 256 is the first byte of é with the letter before it; 日 is three ids.
    merges = [(ord("f"), 0xC3)]
    ids = [ord("a"), 256, 0xA9, *ids_of("日b")]
    assert_equal(submission.decode(ids, merges), "afé日b")


@points(0.25)
@hint("A merge may be made of merges. What are the bytes of its two sides?")
def test_merges_of_merges_give_back_their_text(submission, rng):
    text = shuffled_text(rng)
    merges = train_bpe(text, 60)
    assert_equal(submission.decode(encode(text, merges), merges), text)


@points(0.25)
@hint("What is the text of a special token?")
def test_special_tokens_are_decoded_to_their_text(submission):
    merges = [(ord("h"), ord("i"))]
    special = {"<|end|>": 257, "→": 999}
    ids = [999, 256, 257, ord("a"), 999, 257]
    assert_equal(submission.decode(ids, merges, special), "→hi<|end|>a→<|end|>")


@points(0.25)
@hint("A model may produce any bytes. What does errors='replace' make of those that are no text?")
@pytest.mark.parametrize(
    "ids", [[97, 255, 98], [0x80, 97, 0xC3, 98], [97, 0xE6, 0x97]], ids=["255", "stray", "cut off"]
)
def test_invalid_bytes_are_replaced(submission, ids):
    assert_equal(submission.decode(ids, []), bytes(ids).decode(errors="replace"))


@points(0.25)
@hint("What is the text of no ids?")
@pytest.mark.parametrize("special", [None, {"<s>": 257}], ids=["no special", "special"])
def test_no_ids_are_no_text(submission, special):
    assert_equal(submission.decode([], [(97, 98)], special), "")


@points(0.25)
@hint("Which ids have bytes?")
@pytest.mark.parametrize("stranger", [-1, 257, 259, 5000])
def test_an_id_without_meaning_is_not_decoded(submission, stranger):
    merges, special = [(97, 98)], {"<s>": 258}
    assert_raises(ValueError, submission.decode, [97, 256, 258, stranger], merges, special)


@points(0.25)
@hint("Two special tokens, or a special token and a merge, with one id: which text is meant?")
@pytest.mark.parametrize("special", [{"": 300}, {"<s>": 256}, {"<s>": 300, "<e>": 300}], ids=str)
def test_special_tokens_without_an_id_of_their_own_are_not_decoded(submission, special):
    assert_raises(ValueError, submission.decode, [97, 300], [(97, 98)], special)


# ── decode_stream ─────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("The first byte of é has arrived. What can you show, and what after the second?")
def test_an_unfinished_character_is_held_back_until_it_is_whole(submission):
    expected = ["a", "", "é", "b", "", "", "日", "", "", "", "🙂", "c"]
    assert_equal(submission.decode_stream(ids_of("aéb日🙂c"), []), expected)


@points(0.25)
@hint("A token holds a whole letter and half a character. Which part of it is certain already?")
def test_what_is_whole_in_a_token_comes_at_once(submission):
    # 256 is "a" and the first byte of é; 258 is its last byte, "b", and the first byte of é again.
    merges = [(ord("a"), 0xC3), (0xA9, ord("b")), (257, 0xC3)]
    ids = [ord("x"), 256, 258, 258, 0xA9, ord("y")]
    assert_equal(submission.decode_stream(ids, merges), ["x", "a", "éb", "éb", "é", "y"])


@points(0.25)
@hint("The text ends inside a character. Where does what you hold go?")
@pytest.mark.parametrize(("text", "ids"), [("ab日", 4), ("é", 1), ("x🙂", 4), ("éa日", 4)])
def test_what_is_held_at_the_end_is_flushed_into_the_last_string(submission, text, ids):
    cut = ids_of(text, ids)
    whole = [character.encode() for character in text[:-1]]
    strings = [part for one in whole for part in [""] * (len(one) - 1) + [one.decode()]]
    strings += [""] * (len(cut) - len(strings) - 1) + ["\ufffd"]
    assert_equal(submission.decode_stream(cut, []), strings)


@points(0.25)
@hint("How many strings are there for no id?")
@pytest.mark.parametrize("special", [None, {"<s>": 257}], ids=["no special", "special"])
def test_no_ids_give_no_strings(submission, special):
    assert_equal(submission.decode_stream([], [(97, 98)], special), [])


@points(0.25)
@hint("A special token is text too, and all of it. What does its string hold?")
def test_a_special_token_is_one_string(submission):
    special, merges = {"<|end|>": 257, "→": 300}, [(0xC3, 0xA9)]
    ids = [300, 256, 257, 0xC3, 0xA9, 300]
    assert_equal(
        submission.decode_stream(ids, merges, special), ["→", "é", "<|end|>", "", "é", "→"]
    )


@points(0.25)
@hint("A text may hold U+FFFD itself. How do you tell it from a character that is not finished?")
def test_a_replacement_character_in_the_text_is_a_character_like_any_other(submission):
    expected = ["a", "", "", "\ufffd", "", "é", "", "", "\ufffd"]
    assert_equal(submission.decode_stream(ids_of("a\ufffdé\ufffd"), []), expected)


@points(0.25)
@hint("What can't be decoded all at once can't be decoded bit by bit. Which ids, and why?")
@pytest.mark.parametrize(
    ("ids", "special"),
    [
        pytest.param([97, 257], None, id="unknown id"),
        pytest.param([97, -1], None, id="negative id"),
        pytest.param([97], {"": 300}, id="empty special token"),
        pytest.param([97], {"<s>": 256}, id="a merge's id"),
        pytest.param([97], {"<s>": 300, "<e>": 300}, id="an id twice"),
    ],
)
def test_what_cannot_be_decoded_is_not_streamed(submission, ids, special):
    assert_raises(ValueError, submission.decode_stream, ids, [(97, 98)], special)


@points(0.25)
@hint("Join your strings. What is missing, or there twice?")
def test_the_strings_join_to_the_decoded_text(submission, rng):
    text = shuffled_text(rng)
    merges = train_bpe(text, 12)
    ids = encode(text, merges)
    strings = submission.decode_stream(ids, merges)
    assert_equal(len(strings), len(ids), name="number of strings")
    assert_equal("".join(strings), decode(ids, merges), name="the joined strings")
