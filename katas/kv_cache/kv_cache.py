"""The KV cache: its size, its storage, and attention over it. The question is in README.md."""

from collections.abc import Sequence

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

    `windows` has one entry a layer: None for a layer that keeps every token, w for one that keeps
    the newest w. The result is exact.

    Raises:
        ValueError: if `windows` is empty, `bits` is not 4, 8, 16 or 32, or a size, a window
            included, is below 1.
    """
    raise NotImplementedError


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

    Raises:
        ValueError: as `kv_cache_bytes`; `memory_bytes` and `weight_bytes` are at least 0.
    """
    raise NotImplementedError


class KVCache:
    """The keys and values of one layer: float32, without gradients.

    Attributes:
        length: the number of tokens held now.
        position: the number of tokens ever appended, which is the position of the next one.
    """

    length: int
    position: int

    def __init__(
        self, batch: int, kv_heads: int, head_dim: int, capacity: int, rolling: bool = False
    ) -> None:
        """Make an empty cache of at most `capacity` tokens.

        Raises:
            ValueError: if a size is below 1.
        """
        raise NotImplementedError

    def append(
        self,
        key: Float[Tensor, "batch kv_heads new head_dim"],
        value: Float[Tensor, "batch kv_heads new head_dim"],
    ) -> None:
        """Store copies of `new` tokens, which may be none.

        A rolling cache evicts the oldest tokens so that the newest `capacity` remain, also when
        one call brings more than that.

        Raises:
            ValueError: if key and value differ in shape or do not fit the cache, or if a cache
                that does not roll would hold more than `capacity` tokens; it stays as it was.
        """
        raise NotImplementedError

    def view(
        self,
    ) -> tuple[
        Float[Tensor, "batch kv_heads length head_dim"],
        Float[Tensor, "batch kv_heads length head_dim"],
    ]:
        """Return the held keys and values, oldest first; valid until the next append."""
        raise NotImplementedError

    def positions(self) -> Int[Tensor, "length"]:
        """Return the position in the whole sequence of each held token, ascending, int64."""
        raise NotImplementedError


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

    Returns the output of the new tokens, and the keys and values to pass as `past` next time.
    d is d_model / heads, and the rows of `w_k` say how many kv heads there are. Without a past the
    new tokens are the first ones.

    Raises:
        ValueError: if `heads` does not divide d_model, d does not divide the rows of `w_k`, or
            kv_heads does not divide `heads`.
    """
    raise NotImplementedError
