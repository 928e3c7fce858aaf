"""Row kernels in Triton. The question is in README.md."""

import torch  # noqa: F401 — yours to use
import triton  # noqa: F401
import triton.language as tl  # noqa: F401
from jaxtyping import Float
from torch import Tensor


def softmax(x: Float[Tensor, "rows cols"]) -> Float[Tensor, "rows cols"]:
    """Return the softmax of each row, computed by a kernel of yours.

    x may have any strides and up to 8192 columns, and hold −inf, but not in all of a row. The
    result is contiguous; of an empty x it is empty.
    """
    raise NotImplementedError


def add_layer_norm(
    x: Float[Tensor, "rows d"],
    residual: Float[Tensor, "rows d"],
    weight: Float[Tensor, "d"],
    bias: Float[Tensor, "d"],
    eps: float,
) -> Float[Tensor, "rows d"]:
    """Return the layer norm of x + residual over d, with a biased variance, by one kernel of yours.

    x and residual may have any strides and d up to 8192; weight and bias are contiguous. The
    result is contiguous; of an empty x it is empty.
    """
    raise NotImplementedError
