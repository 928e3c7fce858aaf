"""Paged KV cache: blocks, forks and copy-on-write. The question is in README.md."""

from jaxtyping import Float
from torch import Tensor


class BlockManager:
    """Gives blocks of a KV cache to sequences. A call that raises changes nothing.

    Attributes:
        free_blocks: how many blocks no sequence uses.
    """

    free_blocks: int

    def __init__(self, blocks: int, block_size: int) -> None:
        """Begin with all blocks free.

        Raises:
            ValueError: if either number is below 1.
        """
        raise NotImplementedError

    def allocate(self, sequence: int, tokens: int) -> list[int]:
        """Give a new sequence as many blocks as its tokens need, and return its table.

        Raises:
            ValueError: if the sequence exists, `tokens` is below 1, or too few blocks are free.
        """
        raise NotImplementedError

    def append(self, sequence: int) -> tuple[int, tuple[int, int] | None]:
        """Make room for one more token.

        Returns its slot, and (old block, new block) where a shared block has to be copied first.

        Raises:
            ValueError: if the sequence is unknown, or a block is needed and none is free.
        """
        raise NotImplementedError

    def fork(self, parent: int, child: int) -> None:
        """Let a new sequence share all blocks of another one.

        Raises:
            ValueError: if the parent is unknown or the child exists.
        """
        raise NotImplementedError

    def free(self, sequence: int) -> None:
        """Forget a sequence; blocks that no other one uses are free again.

        Raises:
            ValueError: if the sequence is unknown.
        """
        raise NotImplementedError

    def slots(self, sequence: int) -> list[int]:
        """Return the slot of every token, in order.

        Raises:
            ValueError: if the sequence is unknown.
        """
        raise NotImplementedError

    def utilisation(self) -> float:
        """Return the share of slots in used blocks that hold a token; 0.0 without used blocks."""
        raise NotImplementedError


def paged_attention(
    query: Float[Tensor, "heads d"],
    keys: Float[Tensor, "blocks block_size kv_heads d"],
    values: Float[Tensor, "blocks block_size kv_heads d"],
    table: list[int],
    length: int,
) -> Float[Tensor, "heads d"]:
    """Attend from one query to the first `length` tokens of a sequence with this table.

    Slots that hold none of these tokens may hold anything, NaN included.

    Raises:
        ValueError: if `length` is below 1 or more than the table holds, or kv_heads does not divide
            heads.
    """
    raise NotImplementedError


def sequences_that_fit(
    lengths: list[int], slots: int, max_length: int, block_size: int
) -> tuple[int, int]:
    """Return how many sequences are held at once: (contiguous reservation, paging).

    Raises:
        ValueError: if a length is below 1 or above `max_length`, or `max_length` or `block_size` is
            below 1.
    """
    raise NotImplementedError
