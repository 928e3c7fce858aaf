"""Paged KV cache: blocks, forks and copy-on-write: the reference."""

import heapq
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


class BlockManager:
    """Gives blocks of a KV cache to sequences (Kwon et al., 2023, sections 4.2 to 4.4).

    >>> manager = BlockManager(blocks=6, block_size=4)
    >>> manager.allocate(7, tokens=5)
    [0, 1]
    >>> manager.fork(7, 8)
    >>> manager.append(8), manager.append(7)
    ((9, (1, 2)), (5, None))
    """

    def __init__(self, blocks: int, block_size: int) -> None:
        """Begin with all blocks free."""
        if blocks < 1 or block_size < 1:
            raise ValueError(f"blocks = {blocks}, block_size = {block_size}: at least 1 each")
        self.block_size = block_size
        self._users = [0] * blocks  # how many tables each block is in
        self._free = list(range(blocks))  # a heap: the lowest number comes first
        self._tables: dict[int, list[int]] = {}
        self._lengths: dict[int, int] = {}

    @property
    def free_blocks(self) -> int:
        """Return how many blocks no sequence uses."""
        return len(self._free)

    def allocate(self, sequence: int, tokens: int) -> list[int]:
        """Give a new sequence as many blocks as its tokens need, and return its table."""
        self._require_new(sequence)
        if tokens < 1:
            raise ValueError(f"tokens = {tokens} is below 1")
        needed = blocks_for(tokens, self.block_size)
        self._require_free(needed)
        table = [self._take() for _ in range(needed)]
        self._tables[sequence] = table
        self._lengths[sequence] = tokens
        return [*table]

    def append(self, sequence: int) -> tuple[int, tuple[int, int] | None]:
        """Make room for one more token; return its slot, and what has to be copied first."""
        table = self._table(sequence)
        last, offset = table[-1], self._lengths[sequence] % self.block_size
        copy = None
        if offset == 0:  # the last block is full, and a full block is never written again
            self._require_free(1)
            table.append(self._take())
        elif self._users[last] > 1:
            self._require_free(1)
            table[-1] = self._take()
            self._release(last)
            copy = last, table[-1]
        self._lengths[sequence] += 1
        return table[-1] * self.block_size + offset, copy

    def fork(self, parent: int, child: int) -> None:
        """Let a new sequence share all blocks of another one."""
        table = self._table(parent)
        self._require_new(child)
        for block in table:
            self._users[block] += 1
        self._tables[child] = [*table]
        self._lengths[child] = self._lengths[parent]

    def free(self, sequence: int) -> None:
        """Forget a sequence; blocks that no other one uses are free again."""
        for block in self._table(sequence):
            self._release(block)
        del self._tables[sequence], self._lengths[sequence]

    def slots(self, sequence: int) -> list[int]:
        """Return the slot of every token, in order."""
        table, size = self._table(sequence), self.block_size
        return [table[i // size] * size + i % size for i in range(self._lengths[sequence])]

    def utilisation(self) -> float:
        """Return the share of slots in used blocks that hold a token."""
        held = {slot for sequence in self._tables for slot in self.slots(sequence)}
        used = len(self._users) - self.free_blocks
        return len(held) / (used * self.block_size) if used else 0.0

    def _table(self, sequence: int) -> list[int]:
        if sequence not in self._tables:
            raise ValueError(f"there is no sequence {sequence}")
        return self._tables[sequence]

    def _require_new(self, sequence: int) -> None:
        if sequence in self._tables:
            raise ValueError(f"there is a sequence {sequence} already")

    def _require_free(self, blocks: int) -> None:
        if blocks > self.free_blocks:
            raise ValueError(f"{blocks} blocks are needed, {self.free_blocks} are free")

    def _take(self) -> int:
        block = heapq.heappop(self._free)
        self._users[block] = 1
        return block

    def _release(self, block: int) -> None:
        self._users[block] -= 1
        if self._users[block] == 0:
            heapq.heappush(self._free, block)


def paged_attention(
    query: Float[Tensor, "heads d"],
    keys: Float[Tensor, "blocks block_size kv_heads d"],
    values: Float[Tensor, "blocks block_size kv_heads d"],
    table: list[int],
    length: int,
) -> Float[Tensor, "heads d"]:
    """Attend from one query to the first `length` tokens of a sequence with this table.

    >>> keys, values = torch.zeros(3, 2, 1, 1), torch.arange(6.0).reshape(3, 2, 1, 1)
    >>> paged_attention(torch.zeros(1, 1), keys, values, table=[2, 0], length=3)
    tensor([[3.]])
    """
    _, block_size, kv_heads, _ = keys.shape
    heads = query.shape[0]
    if not 1 <= length <= len(table) * block_size:
        raise ValueError(f"length = {length}, with {len(table)} blocks of {block_size}")
    if heads % kv_heads:
        raise ValueError(f"{kv_heads} KV heads do not divide {heads} heads")
    token = torch.arange(length)
    block, offset = torch.tensor(table)[token // block_size], token % block_size
    # Gathered, not masked: NaN · 0 is NaN, so garbage must not even enter the product.
    found = [
        part[block, offset].transpose(0, 1).repeat_interleave(heads // kv_heads, dim=0)
        for part in (keys, values)
    ]
    return functional.scaled_dot_product_attention(query[:, None], *found)[:, 0]


def sequences_that_fit(
    lengths: list[int], slots: int, max_length: int, block_size: int
) -> tuple[int, int]:
    """Return how many sequences are held at once: (contiguous reservation, paging).

    >>> sequences_that_fit([5, 9, 3], slots=24, max_length=12, block_size=4)
    (2, 3)
    """
    if max_length < 1 or block_size < 1:
        raise ValueError(f"max_length = {max_length}, block_size = {block_size}: at least 1 each")
    if any(not 1 <= length <= max_length for length in lengths):
        raise ValueError(f"lengths are between 1 and {max_length}, got {lengths}")
    contiguous = served((max_length for _ in lengths), slots)
    paged = served((blocks_for(length, block_size) for length in lengths), slots // block_size)
    return contiguous, paged


def served(needs: Iterable[int], supply: int) -> int:
    """Return how many needs can be met in order, before the first that can't."""
    count = 0
    for need in needs:
        supply -= need
        if supply < 0:
            break
        count += 1
    return count


def blocks_for(tokens: int, block_size: int) -> int:
    """Return the blocks that so many tokens take, the last of which may not be full."""
    return -(-tokens // block_size)
