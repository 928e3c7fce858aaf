"""The KV cache: its size, its storage, and attention over it: the reference."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor


def kv_cache_bytes(
    windows: Sequence[int | None],
    kv_heads: int,
    head_dim: int,
    tokens: int,
    batch: int = 1,
    bits: int = 16,
) -> int:
    """Return the bytes that the keys and values of `batch` sequences of `tokens` tokens take.

    GPT-3 175B, batch 8, 2048 tokens:

    >>> kv_cache_bytes([None] * 96, kv_heads=96, head_dim=128, tokens=2048, batch=8) / 2**30
    72.0
    """
    if not windows:
        raise ValueError("windows is empty: it has one entry a layer")
    sizes = [kv_heads, head_dim, tokens, batch, *(w for w in windows if w is not None)]
    if min(sizes) < 1:
        raise ValueError(
            f"sizes and windows are at least 1, got kv_heads={kv_heads}, head_dim={head_dim}, "
            f"tokens={tokens}, batch={batch}, windows={windows}"
        )
    if bits not in (4, 8, 16, 32):
        raise ValueError(f"bits is 4, 8, 16 or 32, got {bits}")

    held = sum(tokens if window is None else min(tokens, window) for window in windows)
    # The 2 is for keys and values. It also makes the division exact: 2 · 4 bits are a byte.
    return 2 * batch * kv_heads * head_dim * held * bits // 8


def max_batch(
    memory_bytes: int,
    weight_bytes: int,
    windows: Sequence[int | None],
    kv_heads: int,
    head_dim: int,
    tokens: int,
    bits: int = 16,
) -> int:
    """Return the largest batch whose cache fits beside the weights; 0 when none does.

    >>> max_batch(1000, 200, [None, None], kv_heads=2, head_dim=4, tokens=8)
    1
    """
    sequence = kv_cache_bytes(windows, kv_heads, head_dim, tokens, bits=bits)
    return max(0, (memory_bytes - weight_bytes) // sequence)


class KVCache:
    """The keys and values of one layer, in a ring: position p lies in slot p mod capacity.

    >>> cache = KVCache(batch=1, kv_heads=1, head_dim=1, capacity=3, rolling=True)
    >>> tokens = torch.arange(4.0).view(1, 1, 4, 1)
    >>> cache.append(tokens, tokens)
    >>> cache.view()[0].flatten(), cache.positions(), cache.position
    (tensor([1., 2., 3.]), tensor([1, 2, 3]), 4)
    """

    def __init__(
        self, batch: int, kv_heads: int, head_dim: int, capacity: int, rolling: bool = False
    ) -> None:
        """Reserve all memory at once: growing by concatenation would copy the cache each step."""
        if min(batch, kv_heads, head_dim, capacity) < 1:
            raise ValueError(
                f"sizes are at least 1, got batch={batch}, kv_heads={kv_heads}, "
                f"head_dim={head_dim}, capacity={capacity}"
            )
        self.rolling = rolling
        self.keys = torch.empty(batch, kv_heads, capacity, head_dim)
        self.values = torch.empty(batch, kv_heads, capacity, head_dim)
        self.position = 0

    @property
    def length(self) -> int:
        """Return the number of tokens held now."""
        return min(self.position, self.keys.shape[2])

    @torch.no_grad()
    def append(
        self,
        key: Float[Tensor, "batch kv_heads new head_dim"],
        value: Float[Tensor, "batch kv_heads new head_dim"],
    ) -> None:
        """Write the new tokens, in a rolling cache over the oldest ones."""
        batch, kv_heads, capacity, head_dim = self.keys.shape
        new = key.shape[-2]
        # An assignment would broadcast a batch of one, so the shapes are compared first.
        if key.shape != (batch, kv_heads, new, head_dim) or value.shape != key.shape:
            raise ValueError(
                f"key and value have to be [{batch}, {kv_heads}, new, {head_dim}], "
                f"got {list(key.shape)} and {list(value.shape)}"
            )
        if not self.rolling and self.position + new > capacity:
            raise ValueError(f"{self.position} + {new} tokens are more than {capacity}")

        self.position += new
        # Of more than `capacity` new tokens the first ones are evicted before they are written.
        slots = torch.arange(self.position - new, self.position)[-capacity:] % capacity
        self.keys[:, :, slots] = key[:, :, -capacity:]
        self.values[:, :, slots] = value[:, :, -capacity:]

    def view(
        self,
    ) -> tuple[
        Float[Tensor, "batch kv_heads length head_dim"],
        Float[Tensor, "batch kv_heads length head_dim"],
    ]:
        """Return the held keys and values, oldest first."""
        slots = self._held() % self.keys.shape[2]
        return self.keys[:, :, slots], self.values[:, :, slots]

    def positions(self) -> Int[Tensor, "length"]:
        """Return the position in the whole sequence of each held token, ascending."""
        return self._held()

    def _held(self) -> Int[Tensor, "length"]:
        return torch.arange(self.position - self.length, self.position)


def cached_attention(
    x: Float[Tensor, "batch new d_model"],
    w_q: Float[Tensor, "d_model d_model"],
    w_k: Float[Tensor, "kv_heads*d d_model"],
    w_v: Float[Tensor, "kv_heads*d d_model"],
    w_o: Float[Tensor, "d_model d_model"],
    heads: int,
    past: tuple[Float[Tensor, "batch kv_heads past d"], Float[Tensor, "batch kv_heads past d"]]
    | None = None,
) -> tuple[
    Float[Tensor, "batch new d_model"],
    tuple[Float[Tensor, "batch kv_heads past+new d"], Float[Tensor, "batch kv_heads past+new d"]],
]:
    """Attend causally from the new tokens to `past` and to themselves.

    >>> x, one = torch.tensor([[[1.0], [3.0]]]), torch.ones(1, 1)
    >>> first, past = cached_attention(x[:, :1], 0 * one, one, one, one, heads=1)
    >>> second, past = cached_attention(x[:, 1:], 0 * one, one, one, one, heads=1, past=past)
    >>> first.item(), second.item(), past[0].flatten()
    (1.0, 2.0, tensor([1., 3.]))
    """
    kv_heads = count_kv_heads(x.shape[-1], w_k.shape[0], heads)
    query = split_heads(x @ w_q.T, heads)
    keys, values = split_heads(x @ w_k.T, kv_heads), split_heads(x @ w_v.T, kv_heads)
    if past is not None:
        keys = torch.cat([past[0], keys], dim=2)
        values = torch.cat([past[1], values], dim=2)
    return join_heads(causal_attention(query, keys, values)) @ w_o.T, (keys, values)


def count_kv_heads(d_model: int, key_rows: int, heads: int) -> int:
    """Return the number of kv heads, after a check that all sizes divide each other."""
    if d_model % heads:
        raise ValueError(f"heads = {heads} does not divide d_model = {d_model}")
    head_dim = d_model // heads
    if key_rows % head_dim:
        raise ValueError(f"w_k has {key_rows} rows, which heads of {head_dim} do not divide")
    kv_heads = key_rows // head_dim
    if heads % kv_heads:
        raise ValueError(f"{kv_heads} kv heads do not divide {heads} heads")
    return kv_heads


def causal_attention(
    query: Float[Tensor, "batch heads queries d"],
    keys: Float[Tensor, "batch kv_heads keys d"],
    values: Float[Tensor, "batch kv_heads keys d"],
) -> Float[Tensor, "batch heads queries d"]:
    """Attend with shared kv heads, the last query seeing every key."""
    # Only the copies of this step are repeated; what is returned and kept has kv_heads heads.
    group = query.shape[1] // keys.shape[1]
    keys, values = (x.repeat_interleave(group, dim=1) for x in (keys, values))
    scores = query @ keys.transpose(-2, -1) / math.sqrt(query.shape[-1])
    queries, held = scores.shape[-2:]
    allowed = torch.ones(queries, held, dtype=torch.bool).tril(diagonal=held - queries)
    return torch.softmax(scores.masked_fill(~allowed, -math.inf), dim=-1) @ values


def split_heads(
    x: Float[Tensor, "batch tokens columns"], heads: int
) -> Float[Tensor, "batch heads tokens d"]:
    """Cut the columns into heads, and put the heads before the tokens."""
    batch, tokens, columns = x.shape
    return x.reshape(batch, tokens, heads, columns // heads).transpose(1, 2)


def join_heads(x: Float[Tensor, "batch heads tokens d"]) -> Float[Tensor, "batch tokens d_model"]:
    """Put the heads side by side again, as columns."""
    return x.transpose(1, 2).flatten(start_dim=2)
