"""Prefix cache: a radix tree and hashed blocks: the reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(eq=False)
class Node:
    """A run of tokens that follows its parent's."""

    run: list[int]
    parent: Node | None
    time: int
    locks: int = 0
    children: dict[int, Node] = field(default_factory=dict)  # by their first token


class RadixCache:
    """The prefixes whose keys and values are cached (Zheng et al., 2024, section 3).

    >>> cache = RadixCache(capacity=8)
    >>> cache.insert([1, 2, 3, 4]), cache.match([1, 2, 9]), cache.runs()
    (4, 2, [[1, 2], [3, 4]])
    """

    def __init__(self, capacity: int) -> None:
        """Make an empty cache of at most `capacity` tokens."""
        if capacity < 1:
            raise ValueError(f"capacity = {capacity} is below 1")
        self.capacity = capacity
        self.size = 0
        self._root = Node([], None, 0)
        self._clock = 0
        self._locked: Counter[tuple[int, ...]] = Counter()

    def match(self, tokens: list[int]) -> int:
        """Return how many leading tokens are cached, and mark them as used now."""
        return tokens_of(self._used(tokens))

    def insert(self, tokens: list[int]) -> int:
        """Cache these tokens, as far as room can be made, and return how many are new."""
        path = self._used(tokens)
        rest = tokens[tokens_of(path) :]
        self._evict(self.size + len(rest) - self.capacity, spared=path)
        # A prefix of what was asked for is still worth having.
        stored = rest[: self.capacity - self.size]
        if stored:
            parent = path[-1] if path else self._root
            self._attach(Node(stored, parent, self._clock))
            self.size += len(stored)
        return len(stored)

    def lock(self, tokens: list[int]) -> None:
        """Keep these tokens from being evicted."""
        if self._cached(tokens) < len(tokens):
            raise ValueError("lock: not all of the tokens are cached")
        for node in self._used(tokens):
            node.locks += 1
        self._locked[tuple(tokens)] += 1

    def unlock(self, tokens: list[int]) -> None:
        """Take one lock of exactly these tokens back."""
        if not self._locked[tuple(tokens)]:
            raise ValueError("unlock: there is no lock of just these tokens")
        self._locked[tuple(tokens)] -= 1
        # They are still there, and end with a node: the lock has split it, and nothing is merged.
        for node in self._walk(tokens):
            node.locks -= 1

    def evict(self, tokens: int) -> int:
        """Remove whole leaves until at least so many tokens are gone, and return how many are."""
        return self._evict(tokens, spared=[])

    def runs(self) -> list[list[int]]:
        """Return the runs of all nodes, depth first, siblings by ascending first token."""
        return [[*node.run] for node in self._nodes(self._root)]

    def _used(self, tokens: list[int]) -> list[Node]:
        """Walk along the tokens, and give the path the present time."""
        self._clock += 1
        path = self._walk(tokens)
        for node in path:
            node.time = self._clock
        return path

    def _walk(self, tokens: list[int]) -> list[Node]:
        """Return the nodes that the tokens lead through, the last one split where they leave it."""
        path, node, matched = [], self._root, 0
        while child := self._child(node, tokens[matched:]):
            common = agreeing(child.run, tokens[matched:])
            if common < len(child.run):
                self._split(child, common)
            path.append(child)
            node, matched = child, matched + common
        return path

    def _cached(self, tokens: list[int]) -> int:
        """Return how many tokens a walk would match, without a change."""
        node, matched = self._root, 0
        while child := self._child(node, tokens[matched:]):
            common = agreeing(child.run, tokens[matched:])
            matched += common
            if common < len(child.run):
                break
            node = child
        return matched

    def _child(self, node: Node, tokens: list[int]) -> Node | None:
        return node.children.get(tokens[0]) if tokens else None

    def _split(self, node: Node, length: int) -> None:
        """Leave so many tokens to a node, and give the others to a new one below it."""
        lower = Node(node.run[length:], node, node.time, node.locks, node.children)
        for child in lower.children.values():
            child.parent = lower
        node.run, node.children = node.run[:length], {}
        self._attach(lower)

    def _attach(self, node: Node) -> None:
        node.parent.children[node.run[0]] = node

    def _evict(self, tokens: int, spared: list[Node]) -> int:
        gone = 0
        while gone < tokens:
            leaves = [node for node in self._nodes(self._root) if self._may_go(node, spared)]
            if not leaves:
                break
            oldest = min(leaves, key=lambda node: node.time)
            del oldest.parent.children[oldest.run[0]]
            gone += len(oldest.run)
            self.size -= len(oldest.run)
        return gone

    def _may_go(self, node: Node, spared: list[Node]) -> bool:
        return not node.children and not node.locks and node not in spared

    def _nodes(self, node: Node) -> Iterator[Node]:
        """Yield what lies below a node, parents before their children."""
        for _, child in sorted(node.children.items()):
            yield child
            yield from self._nodes(child)


def block_ids(sequences: list[list[int]], block_size: int) -> list[list[int]]:
    """Return an id for each full block of each sequence.

    >>> block_ids([[1, 2, 3, 4], [5, 6, 3, 4], [1, 2, 3]], block_size=2)
    [[0, 1], [2, 3], [0]]
    """
    if block_size < 1:
        raise ValueError(f"block_size = {block_size} is below 1")
    known: dict[tuple[int | None, tuple[int, ...]], int] = {}
    result = []
    for tokens in sequences:
        ids: list[int] = []
        for start in range(0, len(tokens) - block_size + 1, block_size):
            # The id of the block before stands for everything before, as in a chain of hashes.
            before = ids[-1] if ids else None
            key = before, tuple(tokens[start : start + block_size])
            ids.append(known.setdefault(key, len(known)))
        result.append(ids)
    return result


def prefill_tokens(sequences: list[list[int]], block_size: int) -> list[int]:
    """Return how many tokens of each sequence are computed when all earlier ones are cached.

    >>> prefill_tokens([[1, 2, 3, 4], [1, 2, 3], [1, 2, 3, 4]], block_size=2)
    [4, 1, 2]
    """
    cached: set[int] = set()
    result = []
    for tokens, ids in zip(sequences, block_ids(sequences, block_size), strict=True):
        hits = sum(block in cached for block in ids)  # leading ones, as ids stand for prefixes
        computed = len(tokens) - hits * block_size
        if tokens and computed == 0:
            computed = block_size  # the last token's logits are needed
        result.append(computed)
        cached.update(ids)
    return result


def tokens_of(path: list[Node]) -> int:
    """Return how many tokens the nodes of a path hold."""
    return sum(len(node.run) for node in path)


def agreeing(first: list[int], second: list[int]) -> int:
    """Return how many leading tokens two lists have in common."""
    pairs = zip(first, second, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))
