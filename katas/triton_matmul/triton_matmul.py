"""A matrix product in Triton. The question is in README.md."""

import torch  # noqa: F401 — yours to use
import triton  # noqa: F401
import triton.language as tl  # noqa: F401
from jaxtyping import Float
from torch import Tensor


def matmul(a: Float[Tensor, "m k"], b: Float[Tensor, "k n"]) -> Float[Tensor, "m n"]:
    """Return a b, computed by a kernel of yours.

    a and b are both float16 or both float32, and so is the result, which is contiguous. Products
    are accumulated in float32 and rounded once. Any sizes from 1 on, any strides.

    Raises:
        ValueError: if the inner sizes or the dtypes differ.
    """
    raise NotImplementedError
