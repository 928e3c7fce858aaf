"""The wrong turns of the KV cache."""

import math

import torch

from autograder.suite import misconception
from solutions.kv_cache.kv_cache import (
    KVCache,
    causal_attention,
    count_kv_heads,
    join_heads,
    kv_cache_bytes,
    split_heads,
)

# ── kv_cache_bytes and max_batch ──────────────────────────────────────────────────────────────


@misconception(
    replaces="kv_cache_bytes",
    says="the cache counts keys but not values",
    hint="What does attention read of a token besides its key?",
)
def keys_without_values(windows, kv_heads, head_dim, tokens, batch=1, bits=16):
    return kv_cache_bytes(windows, kv_heads, head_dim, tokens, batch, bits) // 2


@misconception(
    replaces="kv_cache_bytes",
    says="a layer with a sliding window is counted with all tokens",
    hint="A layer attends to the newest w tokens. Which keys will it never read again?",
)
def windows_ignored(windows, kv_heads, head_dim, tokens, batch=1, bits=16):
    kv_cache_bytes(windows, kv_heads, head_dim, tokens, batch, bits)
    return kv_cache_bytes([None] * len(windows), kv_heads, head_dim, tokens, batch, bits)


@misconception(
    replaces="kv_cache_bytes",
    says="a layer with a sliding window is counted with the whole window, "
    "also when there are fewer tokens",
    hint="What does a layer with a window of 4096 hold after 10 tokens?",
)
def window_always_full(windows, kv_heads, head_dim, tokens, batch=1, bits=16):
    kv_cache_bytes(windows, kv_heads, head_dim, tokens, batch, bits)
    held = sum(tokens if window is None else window for window in windows)
    return 2 * batch * kv_heads * head_dim * held * bits // 8


@misconception(
    replaces="kv_cache_bytes",
    says="the size is in bits, not in bytes",
    hint="How many bytes does a value of 16 bits take?",
)
def counted_in_bits(windows, kv_heads, head_dim, tokens, batch=1, bits=16):
    return 8 * kv_cache_bytes(windows, kv_heads, head_dim, tokens, batch, bits)


@misconception(
    replaces="kv_cache_bytes",
    says="the batch is left out: every sequence has a cache of its own",
    hint="Can two requests with different prompts share their keys?",
)
def one_sequence_only(windows, kv_heads, head_dim, tokens, batch=1, bits=16):
    kv_cache_bytes(windows, kv_heads, head_dim, tokens, batch, bits)
    return kv_cache_bytes(windows, kv_heads, head_dim, tokens, 1, bits)


@misconception(
    replaces="max_batch",
    says="the memory that the weights take is not subtracted",
    hint="What else lies in the same memory as the cache?",
)
def weights_not_subtracted(
    memory_bytes, weight_bytes, windows, kv_heads, head_dim, tokens, bits=16
):
    return memory_bytes // kv_cache_bytes(windows, kv_heads, head_dim, tokens, bits=bits)


@misconception(
    replaces="max_batch",
    says="the quotient is rounded up, so the last sequence does not fit",
    hint="Multiply your batch by the size of one sequence. Is that within the memory?",
)
def rounded_up(memory_bytes, weight_bytes, windows, kv_heads, head_dim, tokens, bits=16):
    sequence = kv_cache_bytes(windows, kv_heads, head_dim, tokens, bits=bits)
    return max(0, -((weight_bytes - memory_bytes) // sequence))


@misconception(
    replaces="max_batch",
    says="the batch is negative when the weights alone are too large",
    hint="How many sequences can be served when not even the weights fit?",
)
def negative_batch(memory_bytes, weight_bytes, windows, kv_heads, head_dim, tokens, bits=16):
    sequence = kv_cache_bytes(windows, kv_heads, head_dim, tokens, bits=bits)
    return (memory_bytes - weight_bytes) // sequence


# ── KVCache ───────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="KVCache",
    says="a rolling cache returns its buffer in storage order, not oldest first",
    hint="The fourth token went into slot 0 of a buffer of three. Where does reading begin?",
)
class storage_order(KVCache):
    def view(self):
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]


@misconception(
    replaces="KVCache",
    says="positions count from zero after an eviction instead of going on",
    hint="The first token has been evicted. Which place in the text does the oldest held one have?",
)
class slot_positions(KVCache):
    def positions(self):
        return torch.arange(self.length)


@misconception(
    replaces="KVCache",
    says="a full rolling cache keeps the oldest tokens and drops the new ones",
    hint="Which tokens does the next query need most, the first ones or the latest?",
)
class keeps_oldest(KVCache):
    def append(self, key, value):
        before = self.position
        room = self.keys.shape[2] - self.length
        if not self.rolling or key.shape[-2] <= room or value.shape != key.shape:
            super().append(key, value)
            return
        super().append(key[:, :, :room], value[:, :, :room])
        self.position = before + key.shape[-2]

    def positions(self):
        return torch.arange(self.length)


@misconception(
    replaces="KVCache",
    says="length counts the evicted tokens too",
    hint="How many tokens does view() return, and how many does length say?",
)
class length_never_falls_behind(KVCache):
    @property
    def length(self):
        return self.position

    def _held(self):
        capacity = self.keys.shape[2]
        return torch.arange(max(0, self.position - capacity), self.position)


@misconception(
    replaces="KVCache",
    says="position stops at the capacity instead of counting every token",
    hint="The cache has evicted a hundred tokens. Which position does the next token have?",
)
class position_is_length(KVCache):
    def __init__(self, *args, **kwargs):
        self.inner = KVCache(*args, **kwargs)

    @property
    def position(self):
        return self.inner.length

    @property
    def length(self):
        return self.inner.length

    def append(self, key, value):
        self.inner.append(key, value)

    def view(self):
        return self.inner.view()

    def positions(self):
        return self.inner.positions()


@misconception(
    replaces="KVCache",
    says="a cache that does not roll takes more tokens than its capacity",
    hint="What should happen to the token for which there is no slot?",
)
class overflow_accepted(KVCache):
    def append(self, key, value):
        rolling, self.rolling = self.rolling, True
        try:
            super().append(key, value)
        finally:
            self.rolling = rolling


@misconception(
    replaces="KVCache",
    says="an append that is refused has stored the tokens that did fit",
    hint="When do you know that an append will not fit, before or after the first write?",
)
class stored_before_refused(KVCache):
    def append(self, key, value):
        room = self.keys.shape[2] - self.position
        if not self.rolling and value.shape == key.shape and key.shape[-2] > room:
            super().append(key[:, :, :room], value[:, :, :room])
            raise ValueError("the cache is full")
        super().append(key, value)


# ── cached_attention ──────────────────────────────────────────────────────────────────────────


def step(
    x,
    weights,
    heads,
    past,
    *,
    causal="bottom-right",
    attend_past=True,
    alternating=False,
    sharpen=1.0,
    project=True,
):
    """Right but for what the keywords say."""
    w_q, w_k, w_v, w_o = weights
    kv_heads = count_kv_heads(x.shape[-1], w_k.shape[0], heads)
    query = split_heads(x @ w_q.T, heads)
    keys, values = split_heads(x @ w_k.T, kv_heads), split_heads(x @ w_v.T, kv_heads)
    new = keys, values
    if past is not None:
        keys, values = torch.cat([past[0], keys], dim=2), torch.cat([past[1], values], dim=2)
    read = (keys, values) if attend_past else new
    group = heads // kv_heads
    if alternating:
        read = tuple(part.repeat(1, group, 1, 1) for part in read)
    else:
        read = tuple(part.repeat_interleave(group, dim=1) for part in read)
    scores = sharpen * query @ read[0].transpose(-2, -1) / math.sqrt(query.shape[-1])
    allowed = torch.ones(scores.shape[-2:], dtype=torch.bool)
    if causal == "bottom-right":
        allowed = allowed.tril(diagonal=scores.shape[-1] - scores.shape[-2])
    elif causal == "top-left":
        allowed = allowed.tril()
    output = torch.softmax(scores.masked_fill(~allowed, -math.inf), dim=-1) @ read[1]
    output = join_heads(output)
    return (output @ w_o.T if project else output), (keys, values)


@misconception(
    replaces="cached_attention",
    says="new queries are masked as if they came first, so they see only the first keys",
    hint="Five tokens are in the cache and one comes. Which row of the causal mask is its own?",
)
def top_left_causal(x, w_q, w_k, w_v, w_o, heads, past=None):
    return step(x, (w_q, w_k, w_v, w_o), heads, past, causal="top-left")


@misconception(
    replaces="cached_attention",
    says="new tokens of one chunk see later ones of the same chunk",
    hint="Feed a prompt as one chunk, then token by token. Which of the outputs differ?",
)
def chunk_not_causal(x, w_q, w_k, w_v, w_o, heads, past=None):
    return step(x, (w_q, w_k, w_v, w_o), heads, past, causal="none")


@misconception(
    replaces="cached_attention",
    says="the new tokens attend to themselves only, although the past is returned",
    hint="Does your output change when the past does?",
)
def past_ignored(x, w_q, w_k, w_v, w_o, heads, past=None):
    return step(x, (w_q, w_k, w_v, w_o), heads, past, attend_past=False)


@misconception(
    replaces="cached_attention",
    says="only the new keys and values are returned, so the next step has lost the past",
    hint="How many tokens does the cache hold after the second step?",
)
def past_not_returned(x, w_q, w_k, w_v, w_o, heads, past=None):
    output, (keys, values) = step(x, (w_q, w_k, w_v, w_o), heads, past)
    return output, (keys[:, :, -x.shape[1] :], values[:, :, -x.shape[1] :])


@misconception(
    replaces="cached_attention",
    says="the new keys and values are put before the past, not after it",
    hint="Which token of the returned keys is the oldest?",
)
def new_before_past(x, w_q, w_k, w_v, w_o, heads, past=None):
    kv_heads = count_kv_heads(x.shape[-1], w_k.shape[0], heads)
    query = split_heads(x @ w_q.T, heads)
    keys, values = split_heads(x @ w_k.T, kv_heads), split_heads(x @ w_v.T, kv_heads)
    if past is not None:
        keys = torch.cat([keys, past[0]], dim=2)
        values = torch.cat([values, past[1]], dim=2)
    return join_heads(causal_attention(query, keys, values)) @ w_o.T, (keys, values)


@misconception(
    replaces="cached_attention",
    says="the keys and values are cached for all query heads, not for the kv heads",
    hint="Which shape do the returned keys have? What was gained by sharing them?",
)
def query_heads_cached(x, w_q, w_k, w_v, w_o, heads, past=None):
    output, cache = step(x, (w_q, w_k, w_v, w_o), heads, past)
    return output, tuple(part.repeat_interleave(heads // part.shape[1], dim=1) for part in cache)


@misconception(
    replaces="cached_attention",
    says="query head h reads kv head h mod kv_heads, so neighbours do not share",
    hint="Of 4 query heads and 2 kv heads: which kv head does query head 1 read?",
)
def alternating_groups(x, w_q, w_k, w_v, w_o, heads, past=None):
    return step(x, (w_q, w_k, w_v, w_o), heads, past, alternating=True)


@misconception(
    replaces="cached_attention",
    says="the scores are not divided by √d",
    hint="Print the standard deviation of the scores as heads become wider.",
)
def unscaled(x, w_q, w_k, w_v, w_o, heads, past=None):
    sharpen = math.sqrt(x.shape[-1] / heads)
    return step(x, (w_q, w_k, w_v, w_o), heads, past, sharpen=sharpen)


@misconception(
    replaces="cached_attention",
    says="the scores are divided by √d_model, not by the root of a head's size",
    hint="How many products does one score of one head add up?",
)
def scaled_by_d_model(x, w_q, w_k, w_v, w_o, heads, past=None):
    return step(x, (w_q, w_k, w_v, w_o), heads, past, sharpen=1 / math.sqrt(heads))


@misconception(
    replaces="cached_attention",
    says="the heads are joined but not projected with w_o",
    hint="Which of the arguments does your result not depend on?",
)
def no_output_projection(x, w_q, w_k, w_v, w_o, heads, past=None):
    return step(x, (w_q, w_k, w_v, w_o), heads, past, project=False)
