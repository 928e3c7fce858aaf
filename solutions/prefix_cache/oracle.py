"""A trie of single tokens with a set of node boundaries; blocks known by their whole prefix."""


class RadixCache:
    def __init__(self, capacity):
        if capacity < 1:
            raise ValueError("capacity is below 1")
        self.capacity, self.clock = capacity, 0
        self.times, self.locks, self.ends = {}, {}, set()
        self.held = []

    @property
    def size(self):
        return len(self.times)

    def cached(self, tokens):
        count = 0
        while count < len(tokens) and tuple(tokens[: count + 1]) in self.times:
            count += 1
        return count

    def match(self, tokens):
        self.clock += 1
        count = self.cached(tokens)
        if count:
            self.ends.add(tuple(tokens[:count]))
        for i in range(1, count + 1):
            self.times[tuple(tokens[:i])] = self.clock
        return count

    def insert(self, tokens):
        count = self.match(tokens)
        self.remove(self.size + len(tokens) - count - self.capacity, tuple(tokens[:count]))
        stop = min(len(tokens), count + self.capacity - self.size)
        for i in range(count + 1, stop + 1):
            self.times[tuple(tokens[:i])] = self.clock
            self.locks[tuple(tokens[:i])] = 0
        if stop > count:
            self.ends.add(tuple(tokens[:stop]))
        return stop - count

    def lock(self, tokens):
        if self.cached(tokens) < len(tokens):
            raise ValueError("not cached")
        self.match(tokens)
        self.held.append(list(tokens))
        for i in range(1, len(tokens) + 1):
            self.locks[tuple(tokens[:i])] += 1

    def unlock(self, tokens):
        self.held.remove(list(tokens))  # a ValueError where there is none
        for i in range(1, len(tokens) + 1):
            self.locks[tuple(tokens[:i])] -= 1

    def evict(self, tokens):
        return self.remove(tokens, None)

    def remove(self, tokens, spared):
        before = self.size
        while before - self.size < tokens:
            leaves = [
                end
                for end in self.ends
                if end != spared
                and self.locks[end] == 0
                and not any(other[: len(end)] == end for other in self.times if other != end)
            ]
            if not leaves:
                break
            end = min(leaves, key=self.times.get)
            self.ends.remove(end)
            while end and end not in self.ends:
                del self.times[end], self.locks[end]
                end = end[:-1]
        return before - self.size

    def runs(self):
        result = []
        for end in sorted(self.ends):
            start = len(end) - 1
            while start and end[:start] not in self.ends:
                start -= 1
            result.append(list(end[start:]))
        return result


def blocks_of(tokens, block_size):
    return [tuple(tokens[:stop]) for stop in range(block_size, len(tokens) + 1, block_size)]


def block_ids(sequences, block_size):
    if block_size < 1:
        raise ValueError("block_size is below 1")
    order = list(dict.fromkeys(b for tokens in sequences for b in blocks_of(tokens, block_size)))
    return [[order.index(block) for block in blocks_of(tokens, block_size)] for tokens in sequences]


def prefill_tokens(sequences, block_size):
    if block_size < 1:
        raise ValueError("block_size is below 1")
    result = []
    for place, tokens in enumerate(sequences):
        cached = {b for earlier in sequences[:place] for b in blocks_of(earlier, block_size)}
        left = list(tokens)
        while len(left) < len(tokens) + 1:
            done = len(tokens) - len(left)
            if len(left) < block_size or tuple(tokens[: done + block_size]) not in cached:
                break
            left = left[block_size:]
        result.append(len(left) or min(block_size, len(tokens)))
    return result
