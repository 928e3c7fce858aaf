"""The wrong turns of the paged KV cache."""

import heapq
import math

import torch

from autograder.suite import misconception
from solutions.paged_kv_cache.paged_kv_cache import (
    BlockManager,
    blocks_for,
    paged_attention,
    sequences_that_fit,
    served,
)

# ── BlockManager ──────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="BlockManager",
    says="a fork takes blocks of its own at once instead of sharing its parent's",
    hint="How many blocks are free before and after a fork?",
)
class fork_copies_blocks(BlockManager):
    def fork(self, parent, child):
        table = self._table(parent)
        self._require_new(child)
        self._require_free(len(table))
        self._tables[child] = [self._take() for _ in table]
        self._lengths[child] = self._lengths[parent]


@misconception(
    replaces="BlockManager",
    says="a token is written into a shared block, so the other sequence sees it",
    hint="Parent and child append different tokens. Into which slots?",
)
class no_copy_on_write(BlockManager):
    def append(self, sequence):
        table = self._table(sequence)
        offset = self._lengths[sequence] % self.block_size
        if offset == 0:
            self._require_free(1)
            table.append(self._take())
        self._lengths[sequence] += 1
        return table[-1] * self.block_size + offset, None


@misconception(
    replaces="BlockManager",
    says="after copy-on-write the old block keeps a user too many and is never freed",
    hint="Fork, append, free both. How many blocks are free?",
)
class old_block_leaks(BlockManager):
    def append(self, sequence):
        old = self._table(sequence)[-1]
        result = super().append(sequence)
        if result[1] is not None:
            self._users[old] += 1
        return result


@misconception(
    replaces="BlockManager",
    says="freeing one sequence frees blocks that another still uses",
    hint="A block has two users, and one of them is freed. May it be given to a third?",
)
class frees_shared_blocks(BlockManager):
    def _release(self, block):
        self._users[block] -= 1

    def free(self, sequence):
        for block in self._table(sequence):
            self._users[block] = 0
            if block not in self._free:
                heapq.heappush(self._free, block)
        del self._tables[sequence], self._lengths[sequence]


@misconception(
    replaces="BlockManager",
    says="a length that is a multiple of the block size gets a block too many",
    hint="How many blocks of 4 do 8 tokens fill?",
)
class one_block_too_many(BlockManager):
    def allocate(self, sequence, tokens):
        spare = tokens % self.block_size == 0 and tokens > 0
        if spare and sequence not in self._tables:
            self._require_free(tokens // self.block_size + 1)
        table = super().allocate(sequence, tokens)
        if spare:
            self._tables[sequence].append(self._take())
            table = list(self._tables[sequence])
        return table

    def append(self, sequence):
        table, length = self._table(sequence), self._lengths[sequence]
        if length // self.block_size < len(table) and length % self.block_size == 0:
            self._lengths[sequence] += 1  # into the block that was too many
            return table[-1] * self.block_size, None
        return super().append(sequence)


@misconception(
    replaces="BlockManager",
    says="the utilisation counts the tokens of a shared block once for each of its users, so that "
    "it can exceed 1",
    hint="Fork a sequence three times. Can more than all slots be in use?",
)
class shared_counted_twice(BlockManager):
    def utilisation(self):
        used = len(self._users) - self.free_blocks
        return sum(self._lengths.values()) / (used * self.block_size) if used else 0.0


@misconception(
    replaces="BlockManager",
    says="the utilisation is over all blocks, not over those in use",
    hint="Which blocks does the spec divide by?",
)
class utilisation_of_all_blocks(BlockManager):
    def utilisation(self):
        held = {slot for sequence in self._tables for slot in self.slots(sequence)}
        return len(held) / (len(self._users) * self.block_size)


@misconception(
    replaces="BlockManager",
    says="the block that was freed last is given out first, not the one with the lowest number",
    hint="Blocks 2, 0 and 3 have come back. Which one is next?",
)
class last_freed_first(BlockManager):
    def __init__(self, blocks, block_size):
        super().__init__(blocks, block_size)
        self._free.reverse()

    def _take(self):
        block = self._free.pop()
        self._users[block] = 1
        return block

    def _release(self, block):
        self._users[block] -= 1
        if self._users[block] == 0:
            self._free.append(block)


@misconception(
    replaces="BlockManager",
    says="an allocation that fails keeps the blocks that it had taken by then",
    hint="How many blocks are free after an allocation that raised?",
)
class failed_allocation_leaks(BlockManager):
    def allocate(self, sequence, tokens):
        if sequence not in self._tables and tokens > 0:
            needed = blocks_for(tokens, self.block_size)
            if needed > self.free_blocks:
                while self.free_blocks:
                    self._take()
        return super().allocate(sequence, tokens)


@misconception(
    replaces="BlockManager",
    says="a shared block is copied even when it is full, though nobody will write into it",
    hint="The last block is full and shared. Where does the next token go?",
)
class full_blocks_copied(BlockManager):
    def append(self, sequence):
        table = self._table(sequence)
        last = table[-1]
        full = self._lengths[sequence] % self.block_size == 0
        if full and self._users[last] > 1:
            self._require_free(2)
            table[-1] = self._take()
            self._release(last)
            return super().append(sequence)[0], (last, table[-2])
        return super().append(sequence)


@misconception(
    replaces="BlockManager",
    says="a block that is not full is copied before every write, though nobody else uses it",
    hint="Whom would a write into the last block of a sequence without forks disturb?",
)
class always_copies(BlockManager):
    def append(self, sequence):
        table, length = self._table(sequence), self._lengths[sequence]
        last, offset = table[-1], length % self.block_size
        if offset == 0 or self._users[last] > 1:
            return super().append(sequence)
        self._require_free(1)
        table[-1] = self._take()
        self._release(last)
        self._lengths[sequence] += 1
        return table[-1] * self.block_size + offset, (last, table[-1])


# ── paged_attention ───────────────────────────────────────────────────────────────────────────


def attend(query, keys, values, table, length, *, alternating=False, scaled=True):
    """Attend as the reference does, but for what can be left out or done otherwise."""
    paged_attention(query, keys, values, table, length)
    block_size, kv_heads = keys.shape[1:3]
    slots = [table[i // block_size] * block_size + i % block_size for i in range(length)]
    reads = torch.arange(len(query))
    reads = reads % kv_heads if alternating else reads // (len(query) // kv_heads)
    k, v = (part.flatten(0, 1)[slots][:, reads] for part in (keys, values))
    scores = (k * query).sum(dim=-1)  # [length, heads]
    if scaled:
        scores = scores / math.sqrt(query.shape[-1])
    return (torch.softmax(scores, dim=0)[:, :, None] * v).sum(dim=0)


@misconception(
    replaces="paged_attention",
    says="the whole last block is attended to, with its unwritten slots",
    hint="How many tokens does your softmax run over?",
)
def attends_past_length(query, keys, values, table, length):
    paged_attention(query, keys, values, table, length)
    block_size = keys.shape[1]
    return attend(query, keys, values, table, blocks_for(length, block_size) * block_size)


@misconception(
    replaces="paged_attention",
    says="blocks are read in ascending order of their numbers, not in the table's order",
    hint="Where is token 0 of a sequence with the table [4, 0]?",
)
def blocks_in_sorted_order(query, keys, values, table, length):
    paged_attention(query, keys, values, table, length)
    return attend(query, keys, values, sorted(table), length)


@misconception(
    replaces="paged_attention",
    says="the first blocks of the cache are read, whatever the table says",
    hint="Which of your arguments does the result not depend on?",
)
def table_ignored(query, keys, values, table, length):
    paged_attention(query, keys, values, table, length)
    return attend(query, keys, values, list(range(len(table))), length)


@misconception(
    replaces="paged_attention",
    says="query head h reads KV head h mod kv_heads, so neighbours do not share",
    hint="Of 6 query heads and 2 KV heads: which KV head does query head 1 read?",
)
def alternating_groups(query, keys, values, table, length):
    return attend(query, keys, values, table, length, alternating=True)


@misconception(
    replaces="paged_attention",
    says="the scores are not divided by √d",
    hint="Print the standard deviation of the scores as heads become wider.",
)
def unscaled(query, keys, values, table, length):
    return attend(query, keys, values, table, length, scaled=False)


# ── sequences_that_fit ────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="sequences_that_fit",
    says="paged sequences are packed token by token, as if a block could be shared between "
    "sequences",
    hint="Who can use the slots that a sequence leaves in its last block?",
)
def paged_by_tokens(lengths, slots, max_length, block_size):
    contiguous, _ = sequences_that_fit(lengths, slots, max_length, block_size)
    return contiguous, served(lengths, slots)


@misconception(
    replaces="sequences_that_fit",
    says="contiguous reservation takes what a sequence needs in the end, as if that were known",
    hint="Does the server know how long an answer will be?",
)
def contiguous_knows_the_length(lengths, slots, max_length, block_size):
    _, paged = sequences_that_fit(lengths, slots, max_length, block_size)
    return served(lengths, slots), paged


@misconception(
    replaces="sequences_that_fit",
    says="sequences that do not fit are passed over, and later ones served",
    hint="In which order are they served?",
)
def passes_over(lengths, slots, max_length, block_size):
    contiguous, _ = sequences_that_fit(lengths, slots, max_length, block_size)
    left, count = slots // block_size, 0
    for length in lengths:
        need = blocks_for(length, block_size)
        if need <= left:
            left -= need
            count += 1
    return contiguous, count
