"""The wrong turns of preparing data for fine-tuning."""

import re
from collections import Counter

import torch

from autograder.suite import misconception
from solutions.sft_data.sft_data import (
    NO_LOSS,
    deduplicate,
    filled,
    first_fit_decreasing,
    jaccard,
    pack,
    packed_attention_mask,
    render_chat,
    shifted_labels,
    shingles,
)

# ── render_chat ───────────────────────────────────────────────────────────────────────────────


def rendered(messages, encode, special, learned):
    """Right but for the mask, whose piece `learned` gives for a message and its content's ids."""
    # A dry run, for the errors: encode is called once a message below.
    render_chat(messages, lambda text: [], special)
    ids, mask = [special["bos"]], [False]
    for place, message in enumerate(messages):
        content = encode(message["content"])
        ids += [special[message["role"]], *content, special["end"]]
        mask += learned(place, message["role"], len(content))
    return ids, mask


@misconception(
    replaces="render_chat",
    says="the mask is True everywhere, so the model is trained to write the prompt too",
    hint="Which of these tokens will the model have to write when it is used?",
)
def loss_on_prompt(messages, encode, special):
    ids, mask = render_chat(messages, encode, special)
    return ids, [True] * len(mask)


@misconception(
    replaces="render_chat",
    says="the end token after an assistant message carries no loss, so the model never learns to "
    "stop",
    hint="What makes the model stop after its answer? When did it learn to write that?",
)
def end_not_learned(messages, encode, special):
    def learned(place, role, size):
        return [False, *[role == "assistant"] * size, False]

    return rendered(messages, encode, special, learned)


@misconception(
    replaces="render_chat",
    says="only the last assistant message carries loss, not every one",
    hint="A conversation of ten turns holds how many answers to learn from?",
)
def last_turn_only(messages, encode, special):
    answers = [i for i, message in enumerate(messages) if message["role"] == "assistant"]

    def learned(place, role, size):
        return [False, *[place in answers[-1:]] * (size + 1)]

    return rendered(messages, encode, special, learned)


@misconception(
    replaces="render_chat",
    says="the assistant's role id carries loss too",
    hint="Who writes the role id in front of an answer: the model, or your chat template?",
)
def role_learned(messages, encode, special):
    return rendered(
        messages, encode, special, lambda place, role, size: [role == "assistant"] * (size + 2)
    )


@misconception(
    replaces="render_chat",
    says="the end token of every message carries loss, that of the user's too",
    hint="Who ends the user's message: the user, or the model?",
)
def every_end_learned(messages, encode, special):
    return rendered(
        messages,
        encode,
        special,
        lambda place, role, size: [False, *[role == "assistant"] * size, True],
    )


@misconception(
    replaces="render_chat",
    says="the content is stripped before it is encoded",
    hint="Is the white space at the ends of a message yours to remove?",
)
def content_stripped(messages, encode, special):
    return render_chat(messages, lambda text: encode(text.strip()), special)


# ── pack ──────────────────────────────────────────────────────────────────────────────────────


def first_ids(sequence, length):
    """Cut a sequence as it should be."""
    return sequence[:length]


def packed(
    examples,
    length,
    pad_id,
    label=shifted_labels,
    cut=first_ids,
    left_out=True,
    place=first_fit_decreasing,
):
    """Right but for the way of labelling, cutting, leaving out or placing that is given."""
    pack(examples, length, pad_id)
    kept = []
    for ids, mask in examples:
        ids, mask = cut(ids, length), cut(mask, length)
        labels = label(ids, mask)[: len(ids)]
        if not left_out or any(value != NO_LOSS for value in labels):
            kept.append((ids, labels))
    return filled(place(kept, length), length, pad_id)


@misconception(
    replaces="pack",
    says="the label at a place is the token at that place, not the one after it",
    hint="What does the output at place 0 predict, once the token at place 0 has been read?",
)
def labels_not_shifted(examples, length, pad_id):
    def label(ids, mask):
        return [i if m else NO_LOSS for i, m in zip(ids, mask, strict=True)]

    return packed(examples, length, pad_id, label)


@misconception(
    replaces="pack",
    says="the ids are shifted but the loss mask is not, so the label at t is kept or dropped by "
    "the mask at t",
    hint="Does the mask speak of the token that is read, or of the one that is predicted?",
)
def mask_not_shifted(examples, length, pad_id):
    def label(ids, mask):
        following = zip(ids[1:], mask[:-1], strict=True)
        return [i if m else NO_LOSS for i, m in following] + [NO_LOSS]

    return packed(examples, length, pad_id, label)


@misconception(
    replaces="pack",
    says="position ids run on through the row (padding stays 0) and do not restart with each "
    "example",
    hint="At which position did the second example's first token stand before it was packed?",
)
def positions_run_on(examples, length, pad_id):
    rows = pack(examples, length, pad_id)
    return {**rows, "position_ids": torch.arange(length) * (rows["segment_ids"] > 0)}


@misconception(
    replaces="pack",
    says="labels are shifted along the row after packing, so the last token of an example is "
    "trained to predict the first of the next",
    hint="What comes after the last token of an example?",
)
def labels_cross_examples(examples, length, pad_id):
    pack(examples, length, pad_id)
    kept = [(i[:length], m[:length]) for i, m in examples if any(m[1:length])]
    rows = filled(first_fit_decreasing(kept, length), length, pad_id)
    mask = rows["labels"].where(rows["segment_ids"] > 0, torch.tensor(0)).roll(-1, dims=1)
    labels = rows["input_ids"].roll(-1, dims=1).where(mask == 1, torch.tensor(NO_LOSS))
    labels[:, -1] = NO_LOSS
    return {**rows, "labels": labels}


@misconception(
    replaces="pack",
    says="the end of a long example is kept, and its start is cut off",
    hint="Which ids of a long example does the question keep?",
)
def start_cut_off(examples, length, pad_id):
    return packed(examples, length, pad_id, cut=lambda sequence, length: sequence[-length:])


@misconception(
    replaces="pack",
    says="examples that carry no loss are packed too",
    hint="What does a row learn from an example whose labels are all -100?",
)
def lossless_kept(examples, length, pad_id):
    return packed(examples, length, pad_id, left_out=False)


@misconception(
    replaces="pack",
    says="examples are placed in input order, not the longest first",
    hint="The D of FFD: in which order are the examples placed?",
)
def not_decreasing(examples, length, pad_id):
    def place(kept, length):
        rows, free = [], []
        for example in kept:
            size = len(example[0])
            r = next((r for r, places in enumerate(free) if places >= size), len(rows))
            if r == len(rows):
                rows.append([])
                free.append(length)
            rows[r].append(example)
            free[r] -= size
        return rows

    return packed(examples, length, pad_id, place=place)


@misconception(
    replaces="pack",
    says="only the newest row is tried, so the room in earlier rows is lost (next fit)",
    hint="Does a short example still fit into a row that you had closed?",
)
def next_fit(examples, length, pad_id):
    def place(kept, length):
        rows, free = [], 0
        for example in sorted(kept, key=lambda example: -len(example[0])):
            if not rows or free < len(example[0]):
                rows.append([])
                free = length
            rows[-1].append(example)
            free -= len(example[0])
        return rows

    return packed(examples, length, pad_id, place=place)


@misconception(
    replaces="pack",
    says="an example goes into the row that it leaves the least room in (best fit)",
    hint="Several rows have room. Which of them does first fit take?",
)
def best_fit(examples, length, pad_id):
    def place(kept, length):
        rows, free = [], []
        for example in sorted(kept, key=lambda example: -len(example[0])):
            size = len(example[0])
            fitting = [r for r, places in enumerate(free) if places >= size]
            if not fitting:
                fitting = [len(rows)]
                rows.append([])
                free.append(length)
            r = min(fitting, key=free.__getitem__)
            rows[r].append(example)
            free[r] -= size
        return rows

    return packed(examples, length, pad_id, place=place)


@misconception(
    replaces="pack",
    says="segments are numbered through all rows, not from 1 in each",
    hint="Which number has the first segment of the second row?",
)
def segments_count_on(examples, length, pad_id):
    rows = pack(examples, length, pad_id)
    segments = rows["segment_ids"]
    before = segments.max(dim=1).values.cumsum(0) - segments.max(dim=1).values
    return {**rows, "segment_ids": segments + before[:, None] * (segments > 0)}


# ── packed_attention_mask ─────────────────────────────────────────────────────────────────────


@misconception(
    replaces="packed_attention_mask",
    says="the mask is causal over all real tokens of a row, so a token sees the examples packed "
    "before its own",
    hint="Would this token have seen that one if its example had been alone in the row?",
)
def attends_across_examples(segment_ids):
    real = segment_ids != 0
    return (real[:, :, None] & real[:, None, :]).tril()


@misconception(
    replaces="packed_attention_mask",
    says="padding places see each other because they share segment 0",
    hint="Which segment does padding belong to?",
)
def padding_attends(segment_ids):
    return (segment_ids[:, :, None] == segment_ids[:, None, :]).tril()


@misconception(
    replaces="packed_attention_mask",
    says="tokens see the later ones of their example",
    hint="The loss at a place is for the next token. What must that place not see?",
)
def not_causal(segment_ids):
    mask = packed_attention_mask(segment_ids)
    return mask | mask.transpose(1, 2)


@misconception(
    replaces="packed_attention_mask",
    says="tokens see the ones before them, but not themselves",
    hint="What does the first token of an example attend to?",
)
def blind_to_itself(segment_ids):
    return packed_attention_mask(segment_ids).tril(-1)


# ── deduplicate ───────────────────────────────────────────────────────────────────────────────


def compared(texts, n, threshold, shingled=shingles, similarity=jaccard):
    """Right but for the shingles or the similarity, which are given."""
    deduplicate([], n, threshold)
    kept = {}
    for i, text in enumerate(texts):
        candidate = shingled(text, n)
        if all(similarity(candidate, other) < threshold for other in kept.values()):
            kept[i] = candidate
    return list(kept)


@misconception(
    replaces="deduplicate",
    says="a text is compared with dropped texts too, so a chain of small edits is dropped although "
    "it is far from what was kept",
    hint="A text is like one that was dropped. Is anything like it left?",
)
def compares_with_dropped(texts, n=3, threshold=0.8):
    deduplicate([], n, threshold)
    sets = [shingles(text, n) for text in texts]
    return [i for i in range(len(texts)) if all(jaccard(sets[i], s) < threshold for s in sets[:i])]


@misconception(
    replaces="deduplicate",
    says="a text whose similarity is exactly the threshold is kept",
    hint="How similar does a text have to be: more than the threshold, or at least it?",
)
def above_only(texts, n=3, threshold=0.8):
    return compared(
        texts,
        n,
        threshold,
        similarity=lambda a, b: 0.0 if jaccard(a, b) == threshold else jaccard(a, b),
    )


@misconception(
    replaces="deduplicate",
    says="of texts that are alike the last is kept, not the first",
    hint="Two texts are the same. Which of them stays?",
)
def last_kept(texts, n=3, threshold=0.8):
    return sorted(len(texts) - 1 - i for i in deduplicate(texts[::-1], n, threshold))


@misconception(
    replaces="deduplicate",
    says="n-grams are counted as often as they occur, where the set of them was asked for",
    hint="How often is an n-gram in a set that the text repeats?",
)
def repeats_counted(texts, n=3, threshold=0.8):
    def shingled(text, n):
        words = re.findall(r"\w+", text.lower())
        grams = Counter(tuple(words[i : i + n]) for i in range(max(len(words) - n, 0) + 1))
        return (
            {(gram, i) for gram, count in grams.items() for i in range(count)} if words else set()
        )

    return compared(texts, n, threshold, shingled)


@misconception(
    replaces="deduplicate",
    says="the overlap is divided by the size of the smaller set (containment), not by the union",
    hint="A short text is part of a long one. Are they near-duplicates?",
)
def divided_by_the_smaller(texts, n=3, threshold=0.8):
    def containment(a, b):
        return len(a & b) / min(len(a), len(b)) if a and b else jaccard(a, b)

    return compared(texts, n, threshold, similarity=containment)


@misconception(
    replaces="deduplicate",
    says="a text with fewer than n words has no n-grams, so all short texts are taken for the same",
    hint="What are the n-grams of a text of one word, and how does it differ from another such?",
)
def short_texts_alike(texts, n=3, threshold=0.8):
    return compared(
        texts,
        n,
        threshold,
        lambda text, n: {gram for gram in shingles(text, n) if len(gram) == n},
    )


@misconception(
    replaces="deduplicate",
    says="upper and lower case are told apart",
    hint="Do two texts differ that only one of them shouts?",
)
def case_kept(texts, n=3, threshold=0.8):
    # Marks what lower() would change: the mark is a word character, so it stays in its word.
    marked = ["".join(c if c == c.lower() else f"{c}_" for c in text) for text in texts]
    return deduplicate(marked, n, threshold)
