"""Prefix cache: a radix tree and hashed blocks. The question is in README.md."""


class RadixCache:
    """The prefixes whose keys and values are cached, with locks and eviction.

    Attributes:
        size: the number of tokens held.
    """

    size: int

    def __init__(self, capacity: int) -> None:
        """Make an empty cache of at most `capacity` tokens.

        Raises:
            ValueError: if `capacity` is below 1.
        """
        raise NotImplementedError

    def match(self, tokens: list[int]) -> int:
        """Return how many leading tokens are cached, and mark them as used now."""
        raise NotImplementedError

    def insert(self, tokens: list[int]) -> int:
        """Cache these tokens, as far as room can be made, and return how many are new."""
        raise NotImplementedError

    def lock(self, tokens: list[int]) -> None:
        """Keep these tokens from being evicted.

        Raises:
            ValueError: if not all of them are cached; nothing changes.
        """
        raise NotImplementedError

    def unlock(self, tokens: list[int]) -> None:
        """Take one lock of exactly these tokens back.

        Raises:
            ValueError: if there is none left.
        """
        raise NotImplementedError

    def evict(self, tokens: int) -> int:
        """Remove whole leaves until at least so many tokens are gone, and return how many are.

        It ends early where no leaf without a lock is left.
        """
        raise NotImplementedError

    def runs(self) -> list[list[int]]:
        """Return the runs of all nodes, depth first, siblings by ascending first token."""
        raise NotImplementedError


def block_ids(sequences: list[list[int]], block_size: int) -> list[list[int]]:
    """Return an id for each full block of each sequence.

    Two blocks have the same id exactly when they and all before them hold the same tokens. Ids
    count from 0 in order of first appearance.

    Raises:
        ValueError: if `block_size` is below 1.
    """
    raise NotImplementedError


def prefill_tokens(sequences: list[list[int]], block_size: int) -> list[int]:
    """Return how many tokens of each sequence are computed when all earlier ones are cached.

    Raises:
        ValueError: if `block_size` is below 1.
    """
    raise NotImplementedError
