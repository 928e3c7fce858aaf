"""The hidden suite of sft_data."""

import pytest
import torch

from autograder.checks import assert_close, assert_dtype, assert_equal, assert_raises, assert_shape
from autograder.suite import hint, points, tensor
from solutions.sft_data.sft_data import jaccard, pack, render_chat, shingles

SPECIAL = {"bos": 1, "system": 2, "user": 3, "assistant": 4, "end": 5}


class Encode:
    """Gives each character its code, and notes what it is asked for."""

    __name__ = "encode"

    def __init__(self):
        self.texts = []

    def __call__(self, text):
        """Note the text, and encode it."""
        self.texts.append(text)
        return [ord(character) for character in text]


def chat(*turns):
    """Make messages of "role: content" texts."""
    split = (turn.split(": ", 1) for turn in turns)
    return [{"role": role, "content": content} for role, content in split]


def example(first, learned):
    """Make an example of rising ids from `first`; `learned` holds an x for each True place."""
    return list(range(first, first + len(learned))), [mark == "x" for mark in learned]


# ── render_chat ───────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("In which order do a message's role, content and end stand, and what comes first of all?")
def test_each_message_is_its_role_its_content_and_an_end(submission):
    messages = chat("system: ab", "user: c", "assistant: de")
    ids, _ = submission.render_chat(messages, Encode(), SPECIAL)
    assert_equal(ids, [1, 2, 97, 98, 5, 3, 99, 5, 4, 100, 101, 5])


@points(0.5)
@hint("Which of these tokens does the model write when it is used? The answer is not all of it.")
def test_an_answer_and_its_end_carry_loss_and_nothing_else_does(submission):
    messages = chat("user: ab", "assistant: cd")
    _, mask = submission.render_chat(messages, Encode(), SPECIAL)
    assert_equal(mask, [False] * 6 + [True, True, True])


@points(0.5)
@hint("How many answers does this conversation hold, and which of them can be learned from?")
def test_every_answer_carries_loss(submission):
    messages = chat("user: a", "assistant: bc", "user: d", "assistant: e")
    _, mask = submission.render_chat(messages, Encode(), SPECIAL)
    assert_equal(mask, [False] * 5 + [True] * 3 + [False] * 4 + [True] * 2)


@points(0.25)
@hint("What does the system message say, and who has to write it?")
def test_a_conversation_without_an_answer_carries_no_loss(submission):
    messages = chat("system: ab", "user: c")
    _, mask = submission.render_chat(messages, Encode(), SPECIAL)
    assert_equal(mask, [False] * 8)


@points(0.25)
@hint("Nothing says that the roles take turns. What do two answers in a row look like?")
def test_roles_need_not_take_turns(submission):
    messages = chat("assistant: a", "assistant: b", "user: c", "user: d", "assistant: e")
    result = submission.render_chat(messages, Encode(), SPECIAL)
    assert_equal(result, render_chat(messages, Encode(), SPECIAL))


@points(0.25)
@hint("How often does `encode` see each message, and what exactly does it see?")
def test_encode_sees_every_content_once_and_unchanged(submission):
    encode = Encode()
    contents = [" a\n", "", "b ", "", "B", "b "]
    messages = [
        {"role": role, "content": content}
        for role, content in zip(["system", *["user", "assistant"] * 3], contents, strict=False)
    ]
    result = submission.render_chat(messages, encode, SPECIAL)
    assert_equal(encode.texts, contents, name="the texts that encode was given")
    assert_equal(result, render_chat(messages, Encode(), SPECIAL))


@points(0.25)
@hint("An answer without a word is still an answer. Which token of it is left to learn?")
def test_an_empty_answer_has_an_end_to_learn(submission):
    result = submission.render_chat(chat("user: ", "assistant: "), Encode(), SPECIAL)
    assert_equal(result, ([1, 3, 5, 4, 5], [False, False, False, False, True]))


@points(0.25)
@hint("Where do your special ids come from? Those of another model are not 1 to 5.")
def test_the_special_ids_are_those_that_are_given(submission):
    special = {"end": 0, "assistant": 7, "user": 7, "system": 900, "bos": 100_257}
    messages = chat("system: a", "user: b", "assistant: c")
    result = submission.render_chat(messages, Encode(), special)
    assert_equal(result, render_chat(messages, Encode(), special))


@points(0.25)
@hint("Which conversations has no template a place for? Some keys of `special` are no roles.")
def test_conversations_that_have_no_form_are_refused(submission):
    for messages in (
        [],
        chat("tool: a"),
        chat("user: a", "assistant: b", "User: c"),
        chat("bos: a"),
        chat("user: a", "end: b"),
        chat("user: a", "system: b"),
        chat("system: a", "system: b", "user: c"),
    ):
        assert_raises(ValueError, submission.render_chat, messages, Encode(), SPECIAL)


# ── pack ──────────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("The model has read the tokens up to a place. Which token is it asked for there?")
def test_the_label_of_a_place_is_the_next_token(submission):
    rows = submission.pack([example(11, "..xx.")], 5, 0)
    assert_equal(rows["input_ids"], torch.tensor([[11, 12, 13, 14, 15]]))
    assert_equal(rows["labels"], torch.tensor([[-100, 13, 14, -100, -100]]))


@points(0.5)
@hint("The mask is True on the tokens to be learned. At which place are they labels?")
def test_a_label_is_kept_by_the_mask_of_its_own_token(submission):
    rows = submission.pack([example(11, ".x.x..xx.")], 9, 0)
    assert_equal(rows["labels"], torch.tensor([[12, -100, 14, -100, -100, 17, 18, -100, -100]]))


@points(0.5)
@hint("At which position did the second example's first token stand before it was packed?")
def test_positions_restart_with_each_example(submission):
    rows = submission.pack([example(11, ".xxx"), example(21, ".xx"), example(31, ".x")], 9, 0)
    assert_equal(rows["position_ids"], torch.tensor([[0, 1, 2, 3, 0, 1, 2, 0, 1]]))


@points(0.25)
@hint("Which number has the first example of a row, and which that of the next row?")
def test_segments_count_from_one_in_each_row(submission):
    examples = [example(10 * i, ".xx") for i in range(1, 6)]
    rows = submission.pack(examples, 6, 0)
    expected = [[1, 1, 1, 2, 2, 2], [1, 1, 1, 2, 2, 2], [1, 1, 1, 0, 0, 0]]
    assert_equal(rows["segment_ids"], torch.tensor(expected))


@points(0.25)
@hint("What does each of the four tensors hold where no example stands?")
@pytest.mark.parametrize("pad_id", [99, 0, 12, -1])
def test_padding_has_its_own_value_in_each_tensor(submission, pad_id):
    rows = submission.pack([example(11, ".xx")], 5, pad_id)
    expected = {
        "input_ids": torch.tensor([[11, 12, 13, pad_id, pad_id]]),
        "labels": torch.tensor([[12, 13, -100, -100, -100]]),
        "position_ids": torch.tensor([[0, 1, 2, 0, 0]]),
        "segment_ids": torch.tensor([[1, 1, 1, 0, 0]]),
    }
    assert_equal(rows, expected)


@points(0.25)
@hint("The pad id may be the id of a real token. How do you tell the two apart?")
def test_a_token_with_the_pad_id_is_a_token(submission):
    examples = [([5, 0, 0], [False, True, True]), ([0, 6], [False, True])]
    assert_equal(submission.pack(examples, 6, 0), pack(examples, 6, 0))


@points(0.5)
@hint("A long example is cut. Which part stays, and what is then the label at its end?")
def test_a_long_example_keeps_its_first_ids(submission):
    rows = submission.pack([example(11, ".xxxxx"), example(21, ".x")], 4, 0)
    assert_equal(rows["input_ids"], torch.tensor([[11, 12, 13, 14], [21, 22, 0, 0]]))
    expected = torch.tensor([[12, 13, 14, -100], [22, -100, -100, -100]])
    assert_equal(rows["labels"], expected)


@points(0.5)
@hint("What is there to learn from an example whose labels are all -100?")
@pytest.mark.parametrize(
    "lossless",
    [
        pytest.param(example(31, "..."), id="no loss"),
        pytest.param(example(31, "x.."), id="loss on the first id only"),
        pytest.param(example(31, "....xx"), id="loss behind the cut only"),
        pytest.param(example(31, "x"), id="one id"),
        pytest.param(([], []), id="empty"),
    ],
)
def test_an_example_without_labels_is_left_out(submission, lossless):
    rows = submission.pack([example(11, ".x"), lossless, example(21, "...x")], 4, 0)
    assert_equal(rows["input_ids"], torch.tensor([[21, 22, 23, 24], [11, 12, 0, 0]]))
    expected = torch.tensor([[-100, -100, 24, -100], [12, -100, -100, -100]])
    assert_equal(rows["labels"], expected)


@points(0.5)
@hint("Short examples fill gaps well. In which order do you place them then?")
def test_the_longest_example_is_placed_first(submission):
    examples = [example(11, ".x"), example(21, ".xxx"), example(31, ".xx")]
    rows = submission.pack(examples, 5, 0)
    expected = [[21, 22, 23, 24, 0], [31, 32, 33, 11, 12]]
    assert_equal(rows["input_ids"], torch.tensor(expected))


@points(0.25)
@hint("Two examples have the same length. Which comes first? Cut ones count as they are cut.")
def test_equal_lengths_keep_their_order(submission):
    examples = [
        example(31, ".xx"),
        example(11, ".xxx"),
        example(21, ".xxxxx"),
        example(41, ".xxx"),
        example(51, ".xx"),
    ]
    rows = submission.pack(examples, 4, 0)
    assert_equal(rows["input_ids"][:, 0], torch.tensor([11, 21, 41, 31, 51]))


@points(0.25)
@hint("A short example does not fit into the newest row. Is there room in an earlier one?")
def test_an_example_may_go_into_an_earlier_row(submission):
    examples = [example(100 * i, "." + "x" * n) for i, n in enumerate([6, 5, 3, 1, 1], start=1)]
    # Lengths 7, 6, 4, 2, 2 in rows of ten: 7 and 2; 6 and 4; 2 alone.
    assert_equal(submission.pack(examples, 10, 0), pack(examples, 10, 0))


@points(0.25)
@hint("Several rows have room for it. Which is the first? It need not be the fullest.")
def test_an_example_goes_into_the_first_row_with_room(submission):
    examples = [example(100 * i, "." + "x" * n) for i, n in enumerate([15, 9, 9, 3, 1], start=1)]
    # Lengths 16, 10, 10, 4, 2 in rows of 24: 16, 4 and 2; 10 and 10.
    assert_equal(submission.pack(examples, 24, 0), pack(examples, 24, 0))


@points(0.25)
@hint("An example needs exactly the room that is left. Does it fit?")
def test_an_example_may_fill_a_row_to_its_last_place(submission):
    rows = submission.pack([example(11, ".xx"), example(21, ".x"), example(31, ".xxxx")], 5, 0)
    expected = [[31, 32, 33, 34, 35], [11, 12, 13, 21, 22]]
    assert_equal(rows["input_ids"], torch.tensor(expected))


@points(0.25)
@hint("What comes after the last token of an example? Not what stands beside it in the row.")
def test_the_last_token_of_an_example_predicts_nothing(submission):
    rows = submission.pack([example(11, "xxx"), example(21, "xx")], 6, 7)
    assert_equal(rows["labels"], torch.tensor([[12, 13, -100, 22, -100, -100]]))


@points(0.25)
@hint("How many rows do you need for nothing, and how long are they?")
@pytest.mark.parametrize("examples", [[], [example(11, "x.."), ([], [])]], ids=["none", "lossless"])
def test_nothing_kept_gives_no_rows(submission, examples):
    rows = submission.pack(examples, 7, 0)
    assert_equal(sorted(rows), ["input_ids", "labels", "position_ids", "segment_ids"])
    for name, values in rows.items():
        assert_shape(values, (0, 7), name=name)
        assert_dtype(values, torch.int64, name=name)


@points(0.25)
@hint("Which dtype has a tensor of token ids?")
def test_all_four_tensors_are_int64(submission):
    for name, values in submission.pack([example(11, ".xx")], 5, 0).items():
        assert_dtype(values, torch.int64, name=name)


@points(0.25)
@hint("How long may a row be at least? And of which ids does a mask of another length speak?")
def test_impossible_rows_and_masks_are_refused(submission):
    good = example(11, ".xx")
    for examples, length in (
        ([good], 0),
        ([], 0),
        ([good], -3),
        ([good, ([1, 2, 3], [False, True])], 8),
        ([([1, 2], [False, True, True])], 2),
        ([([1, 2, 3], [False, True])], 2),
        ([good, ([], [True])], 4),
        ([([1], [])], 4),
    ):
        assert_raises(ValueError, submission.pack, examples, length, 0)


@points(0.25)
@hint("Follow one example that is longer, shorter or equal to the row through all four tensors.")
def test_many_examples_are_cut_shifted_and_placed(submission, rng):
    for length in (1, 2, 7, 16):
        sizes = rng.integers(0, 2 * length + 2, size=12).tolist()
        examples = [(rng.integers(0, 9, n).tolist(), (rng.random(n) < 0.5).tolist()) for n in sizes]
        assert_equal(submission.pack(examples, length, 3), pack(examples, length, 3))


# ── packed_attention_mask ─────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Would this token have seen that one if its example had been alone in the row?")
def test_a_token_does_not_see_other_examples(submission):
    mask = submission.packed_attention_mask(torch.tensor([[1, 1, 2, 2, 3]]))
    expected = [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 0, 0, 1],
    ]
    assert_equal(mask, torch.tensor([expected]).bool())


@points(0.5)
@hint("What must a place not see that is asked for the next token? And what may it see?")
def test_a_token_sees_itself_and_the_earlier_ones_of_its_example(submission):
    mask = submission.packed_attention_mask(torch.tensor([[1, 1, 1]]))
    assert_equal(mask, torch.tensor([[[1, 0, 0], [1, 1, 0], [1, 1, 1]]]).bool())


@points(0.5)
@hint("Which segment does padding belong to, and who should see it?")
def test_padding_sees_nothing_and_is_not_seen(submission):
    mask = submission.packed_attention_mask(torch.tensor([[1, 1, 0, 0]]))
    expected = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert_equal(mask, torch.tensor([expected]).bool())


@points(0.25)
@hint("Print the shape. Which axis is the row's, which the query's, which the key's?")
def test_each_row_has_its_own_mask(submission):
    segments = torch.tensor([[1, 2, 2, 0], [1, 1, 1, 1], [0, 0, 0, 0]])
    mask = submission.packed_attention_mask(segments)
    expected = torch.zeros(3, 4, 4, dtype=torch.bool)
    for r, row in enumerate(segments.tolist()):
        for i in range(4):
            for j in range(i + 1):
                expected[r, i, j] = row[i] == row[j] != 0
    assert_equal(mask, expected)
    none = submission.packed_attention_mask(torch.zeros(0, 5, dtype=torch.int64))
    assert_shape(none, (0, 5, 5))


@points(0.25)
@hint("Compute attention for an example alone and in its row. Should the two differ?")
def test_packed_attention_is_attention_of_each_example_alone(submission, rng):
    sizes = [3, 1, 4]
    segments = torch.tensor([[1] * 3 + [2] + [3] * 4 + [0] * 2])
    query, key, value = (tensor(rng, 10, 6) for _ in range(3))
    mask = submission.packed_attention_mask(segments)
    assert_shape(mask, (1, 10, 10))
    scores = (query @ key.T).masked_fill(~mask[0], -torch.inf)[:8]
    result = scores.softmax(-1) @ value
    alone, start = [], 0
    for size in sizes:
        q, k, v = (x[start : start + size] for x in (query, key, value))
        hidden = torch.ones(size, size).triu(1).bool()
        alone.append((q @ k.T).masked_fill(hidden, -torch.inf).softmax(-1) @ v)
        start += size
    assert_close(result, torch.cat(alone), rtol=1e-4, atol=1e-5, name="the attention in the row")


# ── deduplicate ───────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which of two texts that are the same stays?")
def test_the_first_of_texts_that_are_the_same_is_kept(submission):
    texts = ["how do I sell it", "what is it worth now", "how do I sell it", "how do I sell it"]
    assert_equal(submission.deduplicate(texts), [0, 1])


@points(0.5)
@hint("How similar must a text be to be dropped: more than the threshold, or at least that?")
def test_a_similarity_at_the_threshold_is_enough(submission):
    texts = ["a b c d", "a b c d e f g h", "a b c d x", "p q r s"]
    # 4 of 8 words, and 4 of 5; the third has 4 of 9 with the second.
    assert_equal(submission.deduplicate(texts, 1, 0.5), [0, 3])
    assert_equal(submission.deduplicate(texts, 1, 0.8), [0, 1, 3])
    assert_equal(submission.deduplicate(texts[::-1], 1, 1.0), [0, 1, 2, 3])


@points(0.5)
@hint("A text is like one that was dropped. Is anything like it left?")
def test_only_kept_texts_are_compared_with(submission):
    texts = ["a b c d", "b c d e", "c d e f", "d e f g", "p q r s"]
    # Neighbours share 3 of 5 words, the first and the third 2 of 6.
    assert_equal(submission.deduplicate(texts, 1, 0.6), [0, 2, 4])


@points(0.25)
@hint("What does the pattern make of capitals, hyphens and apostrophes?")
def test_case_and_punctuation_do_not_matter(submission):
    texts = ["Don't buy the WELL-known one!", "don t   buy, the well known (one)?", "Sell it"]
    assert_equal(submission.deduplicate(texts), [0, 2])
    assert_equal(submission.deduplicate(["Straße", "strasse", "STRAßE", "a"], 1), [0, 1, 3])


@points(0.25)
@hint("How often is an n-gram in a set that the text repeats?")
def test_repeated_n_grams_count_once(submission):
    texts = ["a b", "a b b b b b", "a b c", "c b b a"]
    assert_equal(submission.deduplicate(texts, 1, 0.75), [0, 2])


@points(0.25)
@hint("A short text is a part of a long one. What is the union of the two?")
def test_a_text_inside_a_longer_one_is_no_duplicate_of_it(submission):
    texts = ["a b c d e f g h", "a b", "f g h", "p q r"]
    assert_equal(submission.deduplicate(texts, 2, 0.5), [0, 1, 2, 3])


@points(0.25)
@hint("What are the n-grams of a text with fewer than n words, and what of one with exactly n?")
def test_a_short_text_is_one_shingle_of_all_its_words(submission):
    texts = ["yes", "no", "Yes!", "yes no", "no yes", "yes, no.", "yes no yes", "yes no yes"]
    assert_equal(submission.deduplicate(texts), [0, 1, 3, 4, 6])


@points(0.25)
@hint("What do two texts without a word have in common, and what with other texts?")
def test_texts_without_words_are_like_each_other_only(submission):
    texts = ["", "a b c", "?!", "...", "a"]
    assert_equal(submission.deduplicate(texts), [0, 1, 4])


@points(0.25)
@hint("An n-gram is made of whole words in their order. When are two n-grams the same?")
def test_n_grams_are_words_in_their_order(submission):
    texts = ["ab c d", "a bc d", "d c ab", "ab c d e"]
    assert_equal(submission.deduplicate(texts, 3, 0.5), [0, 1, 2])
    assert_equal(submission.deduplicate(["a b c", "c b a", "c b"], 1, 1.0), [0, 2])


@points(0.25)
@hint("Count the n-grams of both texts for this n, and those they share.")
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_similarity_depends_on_n(submission, n):
    # One word in five differs, the last: 4 of 6, 3 of 5, 2 of 4 and 1 of 3 n-grams are shared.
    texts, similarity = ["a b c d e", "a b c d f", "p q r s t"], (5 - n) / (7 - n)
    assert_equal(submission.deduplicate(texts, n, similarity - 0.05), [0, 2])
    assert_equal(submission.deduplicate(texts, n, similarity + 0.05), [0, 1, 2])


@points(0.25)
@hint("What is left where nothing was, and where nothing is alike? What are n and the threshold?")
def test_texts_that_are_not_alike_all_stay(submission):
    assert_equal(submission.deduplicate([]), [])
    texts = ["a b c d e f", "a b c d e f g", "h a b c d e f", "a b c d e x"]
    # With the first they share 4 of 5, 4 of 5 and 3 of 5 trigrams.
    assert_equal(submission.deduplicate(texts), [0, 3])
    assert_equal(submission.deduplicate(texts, threshold=0.81), [0, 1, 2, 3])


@points(0.25)
@hint("Work it out by comparing each text with each one that has been kept.")
def test_many_texts_are_compared_with_all_that_were_kept(submission, rng):
    texts = [" ".join("abc"[i] for i in rng.integers(0, 3, size=5)) for _ in range(30)]
    for n, threshold in ((1, 0.67), (2, 0.55), (3, 0.22)):
        kept = []
        for i, text in enumerate(texts):
            mine = shingles(text, n)
            if not any(jaccard(mine, shingles(texts[j], n)) >= threshold for j in kept):
                kept.append(i)
        assert_equal(submission.deduplicate(texts, n, threshold), kept)


@points(0.25)
@hint("Which n-grams have no words, and which similarity is above the greatest?")
def test_impossible_n_and_thresholds_are_refused(submission):
    for n, threshold in ((0, 0.5), (-1, 0.5), (3, 0.0), (3, -0.5), (3, 1.01)):
        assert_raises(ValueError, submission.deduplicate, ["a b c"], n, threshold)
        assert_raises(ValueError, submission.deduplicate, [], n, threshold)
