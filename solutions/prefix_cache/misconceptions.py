"""The wrong turns of the prefix cache."""

from autograder.suite import misconception
from solutions.prefix_cache.prefix_cache import (
    Node,
    RadixCache,
    agreeing,
    block_ids,
    prefill_tokens,
    tokens_of,
)

# ── RadixCache ────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="RadixCache",
    says="a prompt that leaves a run in its middle matches nothing of that run",
    hint="The cache holds [1, 2, 3, 4]. How much of [1, 2, 9] need not be computed?",
)
class no_split(RadixCache):
    def _child(self, node, tokens):
        for child in node.children.values():
            if tokens[: len(child.run)] == child.run:
                return child
        return None

    def _attach(self, node):
        # Siblings may begin alike here, so that the whole run is the key.
        node.parent.children[tuple(node.run)] = node

    def _evict(self, tokens, spared):
        gone = 0
        while gone < tokens:
            leaves = [node for node in self._nodes(self._root) if self._may_go(node, spared)]
            if not leaves:
                break
            oldest = min(leaves, key=lambda node: node.time)
            del oldest.parent.children[tuple(oldest.run)]
            gone += len(oldest.run)
            self.size -= len(oldest.run)
        return gone


@misconception(
    replaces="RadixCache",
    says="a match does not count as use (an insert or a lock does), so a prefix that is hit often "
    "is evicted first",
    hint="Which time has a node after a match?",
)
class match_does_not_touch(RadixCache):
    def match(self, tokens):
        self._clock += 1
        return tokens_of(self._walk(tokens))


@misconception(
    replaces="RadixCache",
    says="leaves that a running request has locked are evicted",
    hint="What are locks for?",
)
class evicts_locked(RadixCache):
    def _may_go(self, node, spared):
        return not node.children and node not in spared


@misconception(
    replaces="RadixCache",
    says="a parent that becomes a leaf during eviction is not evicted in the same call",
    hint="Does your loop look for leaves once, or after each one that has gone?",
)
class parent_not_reconsidered(RadixCache):
    def _evict(self, tokens, spared):
        leaves = [node for node in self._nodes(self._root) if self._may_go(node, spared)]
        gone = 0
        for node in sorted(leaves, key=lambda node: node.time):
            if gone >= tokens:
                break
            del node.parent.children[node.run[0]]
            gone += len(node.run)
            self.size -= len(node.run)
        return gone


@misconception(
    replaces="RadixCache",
    says="a split leaves the lower half without the locks of the whole, so the end of a locked "
    "prompt can be evicted",
    hint="Lock a prompt, let another one split it, and print the locks of both halves.",
)
class split_loses_locks(RadixCache):
    def _split(self, node, length):
        super()._split(node, length)
        for lower in node.children.values():
            lower.locks = 0

    def unlock(self, tokens):
        super().unlock(tokens)
        for node in self._nodes(self._root):
            node.locks = max(node.locks, 0)


@misconception(
    replaces="RadixCache",
    says="making room does not spare the path, so it removes the very prefix that the new tokens "
    "extend",
    hint="The only leaf is the prefix of what is inserted. What does your insert evict?",
)
class insert_evicts_its_own_prefix(RadixCache):
    def insert(self, tokens):
        path = self._used(tokens)
        self._evict(self.size + len(tokens) - tokens_of(path) - self.capacity, spared=[])
        path = self._walk(tokens)
        stored = tokens[tokens_of(path) :][: self.capacity - self.size]
        if stored:
            self._attach(Node(stored, path[-1] if path else self._root, self._clock))
            self.size += len(stored)
        return len(stored)


@misconception(
    replaces="RadixCache",
    says="a leaf is cut to what is asked for, not removed as a whole",
    hint="One token is to be evicted, and the oldest leaf has four. How many are gone?",
)
class cuts_leaves(RadixCache):
    def _evict(self, tokens, spared):
        gone = 0
        while gone < tokens:
            leaves = [node for node in self._nodes(self._root) if self._may_go(node, spared)]
            if not leaves:
                break
            oldest = min(leaves, key=lambda node: node.time)
            cut = min(len(oldest.run), tokens - gone)
            if cut == len(oldest.run):
                del oldest.parent.children[oldest.run[0]]
            else:
                oldest.run = oldest.run[:-cut]
            gone += cut
            self.size -= cut
        return gone


@misconception(
    replaces="RadixCache",
    says="when not all of the new tokens fit, none is stored",
    hint="Two of five new tokens fit. Would a later prompt be glad of them?",
)
class all_or_nothing(RadixCache):
    def insert(self, tokens):
        path = self._used(tokens)
        rest = tokens[tokens_of(path) :]
        self._evict(self.size + len(rest) - self.capacity, spared=path)
        if not rest or self.size + len(rest) > self.capacity:
            return 0
        self._attach(Node(rest, path[-1] if path else self._root, self._clock))
        self.size += len(rest)
        return len(rest)


@misconception(
    replaces="RadixCache",
    says="both halves of a split get the present time, though only the upper one was used",
    hint="A match went through two of four tokens. When were the other two used?",
)
class split_touches_both(RadixCache):
    def _split(self, node, length):
        super()._split(node, length)
        for lower in node.children.values():
            lower.time = self._clock


@misconception(
    replaces="RadixCache",
    says="what was used most recently is evicted first",
    hint="Which of two prefixes will rather come again: yesterday's or the last minute's?",
)
class most_recent_first(RadixCache):
    def _evict(self, tokens, spared):
        gone = 0
        while gone < tokens:
            leaves = [node for node in self._nodes(self._root) if self._may_go(node, spared)]
            if not leaves:
                break
            newest = max(leaves, key=lambda node: node.time)
            del newest.parent.children[newest.run[0]]
            gone += len(newest.run)
            self.size -= len(newest.run)
        return gone


# ── block_ids ─────────────────────────────────────────────────────────────────────────────────


def numbered(keys_of_sequences):
    """Number keys in order of first appearance."""
    known = {}
    return [[known.setdefault(key, len(known)) for key in keys] for keys in keys_of_sequences]


def chunks(tokens, block_size):
    return [tuple(tokens[i : i + block_size]) for i in range(0, len(tokens), block_size)]


@misconception(
    replaces="block_ids",
    says="a block is known by its own tokens alone, though keys and values depend on all tokens "
    "before it",
    hint="What does the second layer's key of a token depend on?",
)
def id_ignores_prefix(sequences, block_size):
    full = [len(ids) for ids in block_ids(sequences, block_size)]
    return numbered(
        chunks(tokens, block_size)[:count] for tokens, count in zip(sequences, full, strict=True)
    )


@misconception(
    replaces="block_ids",
    says="the last block gets an id although it is not full",
    hint="What becomes of the id when the next token is written into that block?",
)
def partial_blocks_cached(sequences, block_size):
    block_ids(sequences, block_size)
    return numbered(
        [tuple(tokens[: i + block_size]) for i in range(0, len(tokens), block_size)]
        for tokens in sequences
    )


@misconception(
    replaces="block_ids",
    says="a block is known by itself and the one before it, not by all of its prefix",
    hint="Two prompts differ in their first block only. Are their third blocks the same?",
)
def one_block_before(sequences, block_size):
    full = [len(ids) for ids in block_ids(sequences, block_size)]
    cut = [
        chunks(tokens, block_size)[:count] for tokens, count in zip(sequences, full, strict=True)
    ]
    return numbered(list(zip([None, *blocks], blocks, strict=False)) for blocks in cut)


@misconception(
    replaces="block_ids",
    says="a block is known by its place and its own tokens, not by the tokens before it",
    hint="Two prompts differ in their first block only. Are their second blocks the same?",
)
def id_by_place(sequences, block_size):
    full = [len(ids) for ids in block_ids(sequences, block_size)]
    cut = [
        chunks(tokens, block_size)[:count] for tokens, count in zip(sequences, full, strict=True)
    ]
    return numbered(list(enumerate(blocks)) for blocks in cut)


# ── prefill_tokens ────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="prefill_tokens",
    says="a wholly cached prompt computes no token, so there are no logits to sample from",
    hint="Keys and values are cached. Is the output of the last token?",
)
def whole_prompt_cached(sequences, block_size):
    right = prefill_tokens(sequences, block_size)
    seen, result = set(), []
    for tokens, ids, computed in zip(
        sequences, block_ids(sequences, block_size), right, strict=True
    ):
        whole = len(ids) * block_size == len(tokens) and seen.issuperset(ids)
        result.append(0 if whole else computed)
        seen.update(ids)
    return result


@misconception(
    replaces="prefill_tokens",
    says="a wholly cached prompt recomputes its last token only, though blocks are taken whole",
    hint="In which units is the cache kept?",
)
def last_token_recomputed(sequences, block_size):
    right = prefill_tokens(sequences, block_size)
    whole = whole_prompt_cached(sequences, block_size)
    return [
        1 if zero == 0 and tokens else computed
        for tokens, computed, zero in zip(sequences, right, whole, strict=True)
    ]


@misconception(
    replaces="prefill_tokens",
    says="all tokens that agree with an earlier prompt count as cached, not only whole blocks",
    hint="Four tokens agree and blocks have three. Whose block is the fourth one in?",
)
def matched_token_by_token(sequences, block_size):
    right = prefill_tokens(sequences, block_size)
    result = []
    for place, (tokens, computed) in enumerate(zip(sequences, right, strict=True)):
        hits = max((agreeing(earlier, tokens) for earlier in sequences[:place]), default=0)
        wholly = hits == len(tokens)
        result.append(min(computed, block_size) if wholly else len(tokens) - hits)
    return result
