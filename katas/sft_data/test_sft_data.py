"""Examples that can be worked out by hand; the hidden suite asks for more."""

import torch

from autograder.checks import assert_equal

SPECIAL = {"bos": 1, "system": 2, "user": 3, "assistant": 4, "end": 5}


def encode(text):
    """Give each character an id of its own: "a" is 11, "b" is 12."""
    return [ord(character) - 86 for character in text]


def test_only_the_answer_and_its_end_carry_loss(submission):
    chat = [{"role": "user", "content": "ab"}, {"role": "assistant", "content": "c"}]
    ids, mask = submission.render_chat(chat, encode, SPECIAL)
    assert_equal(ids, [1, 3, 11, 12, 5, 4, 13, 5])
    assert_equal(mask, [False, False, False, False, False, False, True, True])


def test_two_examples_share_a_row(submission):
    examples = [([1, 2], [False, True]), ([3, 4, 5], [False, True, True])]
    rows = submission.pack(examples, length=6, pad_id=0)
    # The longer one goes first; its last id has no next one, so it predicts nothing.
    assert_equal(rows["input_ids"], torch.tensor([[3, 4, 5, 1, 2, 0]]))
    assert_equal(rows["labels"], torch.tensor([[4, 5, -100, 2, -100, -100]]))
    assert_equal(rows["position_ids"], torch.tensor([[0, 1, 2, 0, 1, 0]]))
    assert_equal(rows["segment_ids"], torch.tensor([[1, 1, 1, 2, 2, 0]]))


def test_a_token_attends_within_its_example(submission):
    mask = submission.packed_attention_mask(torch.tensor([[1, 1, 2, 0]]))
    expected = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert_equal(mask, torch.tensor([expected]).bool())


def test_the_second_of_two_texts_that_are_nearly_the_same_is_dropped(submission):
    texts = ["How do I reset it?", "how do I reset it", "How do I return it?"]
    # The third shares one of five trigrams with the first: "how do i".
    assert_equal(submission.deduplicate(texts), [0, 2])
