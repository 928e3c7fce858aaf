"""Positional encodings: sinusoids, RoPE and ALiBi. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def sinusoidal_encoding(
    positions: Int[Tensor, "tokens"], d_model: int, base: float = 10000.0
) -> Float[Tensor, "tokens d_model"]:
    """Return the sines and cosines that are added to the embeddings (Vaswani et al., 2017, 3.5).

    No positions give shape [0, d_model].

    Raises:
        ValueError: if d_model is odd or below 2.
    """
    raise NotImplementedError


def apply_rope(
    x: Float[Tensor, "... tokens head_dim"],
    positions: Int[Tensor, "tokens"],
    base: float = 10000.0,
    scale: float = 1.0,
) -> Float[Tensor, "... tokens head_dim"]:
    """Rotate neighbouring dimensions by an angle that grows with position (Su et al., 2021).

    Positions need not start at 0 or be sorted. `scale` > 1 is position interpolation: it squeezes
    positions into the range that the model was trained on.

    Raises:
        ValueError: if head_dim is odd, there is not one position a token, or scale ≤ 0.
    """
    raise NotImplementedError


def alibi_slopes(heads: int) -> Float[Tensor, "heads"]:
    """Return how fast the penalty of each head grows with distance (Press et al., 2021).

    Raises:
        ValueError: if heads < 1.
    """
    raise NotImplementedError


def alibi_bias(heads: int, queries: int, keys: int) -> Float[Tensor, "heads queries keys"]:
    """Return what is added to scaled scores: a penalty by distance, −inf where a key is later.

    The queries are the last ones of the keys.

    Raises:
        ValueError: if heads < 1, queries < 0 or queries > keys.
    """
    raise NotImplementedError
