"""Product quantisation. The question is in README.md."""

from jaxtyping import Float, UInt8
from torch import Tensor


def train_codebooks(
    x: Float[Tensor, "n dim"], initial: Float[Tensor, "m k sub"], iterations: int
) -> Float[Tensor, "m k sub"]:
    """Run `iterations` rounds of Lloyd in each subspace, starting from `initial`.

    A vector goes to its nearest centroid by l2, in a tie to the lower index. A centroid without
    vectors stays where it is.

    Raises:
        ValueError: if dim is not m · sub, k is over 256, `iterations` is negative, or x is empty.
    """
    raise NotImplementedError


def encode(x: Float[Tensor, "n dim"], codebooks: Float[Tensor, "m k sub"]) -> UInt8[Tensor, "n m"]:
    """Return the index of the nearest centroid by l2 in each subspace, in a tie the lower one.

    n may be 0.

    Raises:
        ValueError: if dim is not m · sub, or k is over 256.
    """
    raise NotImplementedError


def decode(
    codes: UInt8[Tensor, "n m"], codebooks: Float[Tensor, "m k sub"]
) -> Float[Tensor, "n dim"]:
    """Put the centroids that the codes name side by side.

    Raises:
        ValueError: if the codes do not have m columns, or k is over 256.
    """
    raise NotImplementedError


def asymmetric_distances(
    queries: Float[Tensor, "q dim"],
    codes: UInt8[Tensor, "n m"],
    codebooks: Float[Tensor, "m k sub"],
) -> Float[Tensor, "q n"]:
    """Return l2 between each query, which is not quantised, and each decoded vector.

    The codes are never decoded: the distances are sums of entries of a table that is computed
    once a query.

    Raises:
        ValueError: if dim is not m · sub, the codes do not have m columns, or k is over 256.
    """
    raise NotImplementedError
