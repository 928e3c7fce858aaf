"""Data for supervised fine-tuning: the reference."""

import re
from collections.abc import Callable

import torch
from jaxtyping import Bool, Int
from torch import Tensor

ROLES = ("system", "user", "assistant")
NO_LOSS = -100


def render_chat(
    messages: list[dict[str, str]],
    encode: Callable[[str], list[int]],
    special: dict[str, int],
) -> tuple[list[int], list[bool]]:
    """Turn a conversation into token ids and say which of them carry loss.

    >>> special = {"bos": 1, "system": 2, "user": 3, "assistant": 4, "end": 5}
    >>> chat = [{"role": "user", "content": "2+2"}, {"role": "assistant", "content": "4"}]
    >>> ids, mask = render_chat(chat, lambda text: [ord(c) for c in text], special)
    >>> ids
    [1, 3, 50, 43, 50, 5, 4, 52, 5]
    >>> [token for token, learned in zip(ids, mask) if learned]
    [52, 5]
    """
    if not messages:
        raise ValueError("messages is empty")
    for place, message in enumerate(messages):
        if message["role"] not in ROLES:
            raise ValueError(f"a role is one of {', '.join(ROLES)}, got {message['role']!r}")
        if message["role"] == "system" and place > 0:
            raise ValueError(f"a system message comes first, not at place {place} of messages")

    ids, mask = [special["bos"]], [False]
    for message in messages:
        learned = message["role"] == "assistant"
        content = encode(message["content"])
        # The role id is the prompt for what follows. The end has to be learned, or the model
        # never stops.
        ids += [special[message["role"]], *content, special["end"]]
        mask += [False, *[learned] * len(content), learned]
    return ids, mask


def pack(
    examples: list[tuple[list[int], list[bool]]], length: int, pad_id: int
) -> dict[str, Int[Tensor, "rows length"]]:
    """Cut, shift and pack examples into rows, first-fit decreasing.

    >>> rows = pack([([1, 2], [False, True]), ([3, 4, 5], [False, True, True])], 6, pad_id=0)
    >>> rows["input_ids"].tolist(), rows["labels"].tolist()
    ([[3, 4, 5, 1, 2, 0]], [[4, 5, -100, 2, -100, -100]])
    >>> rows["position_ids"].tolist(), rows["segment_ids"].tolist()
    ([[0, 1, 2, 0, 1, 0]], [[1, 1, 1, 2, 2, 0]])
    """
    if length < 1:
        raise ValueError(f"length is at least 1, got {length}")
    kept = []
    for ids, mask in examples:
        if len(ids) != len(mask):
            raise ValueError(f"an example has {len(ids)} ids, but a mask of {len(mask)}")
        ids, mask = ids[:length], mask[:length]
        # The first id is nobody's label: an example that learns nothing else teaches nothing.
        if any(mask[1:]):
            kept.append((ids, shifted_labels(ids, mask)))
    return filled(first_fit_decreasing(kept, length), length, pad_id)


def packed_attention_mask(
    segment_ids: Int[Tensor, "rows length"],
) -> Bool[Tensor, "rows length length"]:
    """Say at [r, i, j] whether place i of row r may attend to place j. 0 is padding.

    >>> packed_attention_mask(torch.tensor([[1, 1, 2, 0]]))[0].int()
    tensor([[1, 0, 0, 0],
            [1, 1, 0, 0],
            [0, 0, 1, 0],
            [0, 0, 0, 0]], dtype=torch.int32)
    """
    query, key = segment_ids[:, :, None], segment_ids[:, None, :]
    # Padding shares segment 0, which the first condition alone would take for an example.
    return ((query == key) & (query != 0)).tril()


def deduplicate(texts: list[str], n: int = 3, threshold: float = 0.8) -> list[int]:
    """Return the indices of the texts that are no near-duplicate of an earlier kept text, rising.

    >>> deduplicate(["How do I reset it?", "how do I reset it", "How do I return it?"])
    [0, 2]
    """
    if n < 1:
        raise ValueError(f"n is at least 1, got {n}")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is above 0 and at most 1, got {threshold}")

    kept: dict[int, set[tuple[str, ...]]] = {}
    for i, text in enumerate(texts):
        candidate = shingles(text, n)
        # Only kept texts count: a text that is like a dropped one only would lose its last copy.
        if all(jaccard(candidate, other) < threshold for other in kept.values()):
            kept[i] = candidate
    return list(kept)


def shifted_labels(ids: list[int], mask: list[bool]) -> list[int]:
    """Return for each id the next one, or no loss where that is not to be learned."""
    following = range(1, len(ids))
    return [ids[t] if mask[t] else NO_LOSS for t in following] + [NO_LOSS]


def first_fit_decreasing(
    examples: list[tuple[list[int], list[int]]], length: int
) -> list[list[tuple[list[int], list[int]]]]:
    """Put each example, longest first, into the first row that has room for it."""
    rows: list[list[tuple[list[int], list[int]]]] = []
    free: list[int] = []
    # Sorting is stable: equal lengths keep their order.
    for example in sorted(examples, key=lambda example: -len(example[0])):
        size = len(example[0])
        r = next((r for r, places in enumerate(free) if places >= size), len(rows))
        if r == len(rows):
            rows.append([])
            free.append(length)
        rows[r].append(example)
        free[r] -= size
    return rows


def filled(
    rows: list[list[tuple[list[int], list[int]]]], length: int, pad_id: int
) -> dict[str, Int[Tensor, "rows length"]]:
    """Write the ids and labels of each row's examples one after the other, and number them."""
    result = {
        "input_ids": torch.full((len(rows), length), pad_id),
        "labels": torch.full((len(rows), length), NO_LOSS),
        "position_ids": torch.zeros(len(rows), length, dtype=torch.int64),
        "segment_ids": torch.zeros(len(rows), length, dtype=torch.int64),
    }
    for r, row in enumerate(rows):
        start = 0
        for segment, (ids, labels) in enumerate(row, start=1):
            here = slice(start, start + len(ids))
            result["input_ids"][r, here] = torch.tensor(ids)
            result["labels"][r, here] = torch.tensor(labels)
            result["position_ids"][r, here] = torch.arange(len(ids))
            result["segment_ids"][r, here] = segment
            start += len(ids)
    return result


def shingles(text: str, n: int) -> set[tuple[str, ...]]:
    """Return the word n-grams of a text; all its words as one where these are fewer than n."""
    words = re.findall(r"\w+", text.lower())
    if not words:
        return set()
    return {tuple(words[i : i + n]) for i in range(max(len(words) - n, 0) + 1)}


def jaccard(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    """Return the share of two sets' elements that both have; two empty sets are the same."""
    return len(a & b) / len(a | b) if a | b else 1.0
