"""Matrix products in CUDA. The question is in README.md."""

from jaxtyping import Float
from numpy import ndarray as Array

from autograder.gpu import RawKernel, xp  # noqa: F401 — yours to use


def naive_matmul(a: Float[Array, "m k"], b: Float[Array, "k n"]) -> Float[Array, "m n"]:
    """Multiply with one thread for each element of the result, coalesced.

    Raises:
        ValueError: if the inner sizes differ.
    """
    raise NotImplementedError


def tiled_matmul(a: Float[Array, "m k"], b: Float[Array, "k n"]) -> Float[Array, "m n"]:
    """Multiply in one launch, through tiles of a and b in shared memory, at least 16×16 large.

    Each element that is loaded is used 16 times or more, and no two threads of a warp hit
    different words of one bank.

    Raises:
        ValueError: if the inner sizes differ.
    """
    raise NotImplementedError
