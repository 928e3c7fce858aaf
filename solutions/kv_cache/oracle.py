"""PyTorch's own attention over the whole sequence, and a Python list of tokens for the cache."""

import torch
from torch.nn import functional


class KVCache:
    def __init__(self, batch, kv_heads, head_dim, capacity, rolling=False):
        if min(batch, kv_heads, head_dim, capacity) < 1:
            raise ValueError("a size is below 1")
        self.empty = torch.empty(batch, kv_heads, 0, head_dim)
        self.capacity, self.rolling = capacity, rolling
        self.tokens = []
        self.position = 0

    @property
    def length(self):
        return len(self.tokens)

    def append(self, key, value):
        expected = (*self.empty.shape[:2], key.shape[-2], self.empty.shape[3])
        if key.shape != expected or value.shape != expected:
            raise ValueError("key and value do not fit the cache")
        new = list(zip(key.unbind(2), value.unbind(2), strict=True))
        if not self.rolling and len(self.tokens) + len(new) > self.capacity:
            raise ValueError("the cache is full")
        for pair in new:
            self.tokens.append((self.position, *(part.clone() for part in pair)))
            self.position += 1
            if len(self.tokens) > self.capacity:
                self.tokens.pop(0)

    def view(self):
        if not self.tokens:
            return self.empty, self.empty
        return tuple(torch.stack([token[i] for token in self.tokens], dim=2) for i in (1, 2))

    def positions(self):
        return torch.tensor([token[0] for token in self.tokens], dtype=torch.int64)


def cached_attention(x, w_q, w_k, w_v, w_o, heads, past=None):
    batch, new, d_model = x.shape
    if d_model % heads:
        raise ValueError("heads does not divide d_model")
    d = d_model // heads
    kv_heads, rest = divmod(len(w_k), d)
    if rest or heads % kv_heads:
        raise ValueError("the kv heads do not divide")
    query = (x @ w_q.T).view(batch, new, heads, d).transpose(1, 2)
    keys, values = (
        (x @ weight.T).view(batch, new, kv_heads, d).transpose(1, 2) for weight in (w_k, w_v)
    )
    if past is not None:
        keys, values = torch.cat([past[0], keys], 2), torch.cat([past[1], values], 2)
    # Its causal mask is aligned to the first key, so the queries of the past are put back: zeros,
    # whose results nobody reads.
    gone = keys.shape[2] - new
    whole = functional.pad(query, (0, 0, gone, 0))
    context = functional.scaled_dot_product_attention(
        whole, keys, values, is_causal=True, enable_gqa=True
    )[:, :, gone:]
    return context.transpose(1, 2).reshape(batch, new, d_model) @ w_o.T, (keys, values)
