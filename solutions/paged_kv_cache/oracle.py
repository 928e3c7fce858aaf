"""A dict of token → slot as a second bookkeeping, and attention written out for each head."""

import torch
from torch.nn import functional


class BlockManager:
    def __init__(self, blocks, block_size):
        if min(blocks, block_size) < 1:
            raise ValueError("at least 1 each")
        self.blocks, self.size = blocks, block_size
        self.slot_of = {}

    def sequences(self):
        return {sequence for sequence, _ in self.slot_of}

    def owners(self, block):
        """Return the sequences that have a token in a block."""
        return {
            sequence for (sequence, _), slot in self.slot_of.items() if slot // self.size == block
        }

    def unused(self):
        used = {slot // self.size for slot in self.slot_of.values()}
        return [block for block in range(self.blocks) if block not in used]

    @property
    def free_blocks(self):
        return len(self.unused())

    def check(self, condition):
        if not condition:
            raise ValueError("this cannot be done")

    def allocate(self, sequence, tokens):
        self.check(sequence not in self.sequences() and tokens >= 1)
        needed = len(range(0, tokens, self.size))
        table = self.unused()[:needed]
        self.check(len(table) == needed)
        for token in range(tokens):
            slot = table[token // self.size] * self.size + token % self.size
            self.slot_of[sequence, token] = slot
        return table

    def append(self, sequence):
        slots = self.slots(sequence)
        offset, block, copy = len(slots) % self.size, slots[-1] // self.size, None
        if offset == 0 or len(self.owners(block)) > 1:
            free = self.unused()
            self.check(free)
            if offset:
                copy = block, free[0]
                for token in range(len(slots) - offset, len(slots)):
                    self.slot_of[sequence, token] = free[0] * self.size + token % self.size
            block = free[0]
        self.slot_of[sequence, len(slots)] = block * self.size + offset
        return block * self.size + offset, copy

    def fork(self, parent, child):
        slots = self.slots(parent)
        self.check(child not in self.sequences())
        self.slot_of.update({(child, token): slot for token, slot in enumerate(slots)})

    def free(self, sequence):
        for token in range(len(self.slots(sequence))):
            del self.slot_of[sequence, token]

    def slots(self, sequence):
        self.check(sequence in self.sequences())
        return [self.slot_of[key] for key in sorted(self.slot_of) if key[0] == sequence]

    def utilisation(self):
        used = self.blocks - self.free_blocks
        return len(set(self.slot_of.values())) / (used * self.size) if used else 0.0


def paged_attention(query, keys, values, table, length):
    size, kv_heads = keys.shape[1:3]
    if length < 1 or length > len(table) * size or len(query) % kv_heads:
        raise ValueError("length or heads do not fit")
    group = len(query) // kv_heads
    outputs = []
    for head, q in enumerate(query):
        read = [
            torch.stack([part[table[i // size], i % size, head // group] for i in range(length)])
            for part in (keys, values)
        ]
        outputs.append(functional.scaled_dot_product_attention(q[None], *read)[0])
    return torch.stack(outputs)


def sequences_that_fit(lengths, slots, max_length, block_size):
    if min(max_length, block_size) < 1 or any(x < 1 or x > max_length for x in lengths):
        raise ValueError("a length or size has no meaning")
    contiguous = min(len(lengths), slots // max_length)
    manager = BlockManager(max(1, slots // block_size), block_size)
    paged = 0
    for length in lengths if slots >= block_size else []:
        try:
            manager.allocate(paged, length)
        except ValueError:
            break
        paged += 1
    return contiguous, paged
