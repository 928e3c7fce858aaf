"""Random projection: the reference."""

import math

from jaxtyping import Float
from torch import Tensor


def jl_dimension(n: int, eps: float) -> int:
    """Return how many dimensions are enough (Dasgupta and Gupta, 2003, theorem 2.1).

    >>> jl_dimension(1000, 0.2)
    1595
    """
    if n < 2:
        raise ValueError(f"n is {n}, but a distance takes two points")
    if not 0 < eps < 1:
        raise ValueError(f"eps is {eps}, but must lie in (0, 1)")
    return math.ceil(4 * math.log(n) / (eps**2 / 2 - eps**3 / 3))


def sparse_signs(u: Float[Tensor, "dim k"], s: int = 3) -> Float[Tensor, "dim k"]:
    """Make a sparse matrix with mean 0 and variance 1 (Achlioptas, 2003, theorem 1.1).

    >>> import torch
    >>> sparse_signs(torch.tensor([[0.1, 0.5, 0.9]]))
    tensor([[ 1.7321,  0.0000, -1.7321]])
    """
    if s < 1:
        raise ValueError(f"s is {s}, but must be at least 1")
    share = 1 / (2 * s)
    # Each sign has the chance 1/(2s) and the square s: their variance is 1.
    signs = (u < share).float() - (u >= 1 - share).float()
    return math.sqrt(s) * signs


def project(x: Float[Tensor, "n dim"], r: Float[Tensor, "dim k"]) -> Float[Tensor, "n k"]:
    """Project x such that l2 is kept on average, r having entries of mean 0 and variance 1.

    >>> import torch
    >>> project(torch.tensor([[3.0, 5.0]]), torch.tensor([[1.0, 1.0, 1.0, 1.0], [1, -1, 1, -1]]))
    tensor([[ 4., -1.,  4., -1.]])
    """
    dim, k = r.shape
    if x.shape[1] != dim:
        raise ValueError(f"x has dim {x.shape[1]}, but r has {dim}")
    if k == 0:
        raise ValueError("r has k = 0 columns, so that nothing is left of x")
    # Each component has the variance ‖x‖², their k squares add up to k ‖x‖² on average.
    return x @ r / math.sqrt(k)


def distortion(x: Float[Tensor, "n dim"], y: Float[Tensor, "n k"]) -> tuple[float, float]:
    """Return the smallest and the largest l2(y_i, y_j) / l2(x_i, x_j).

    >>> import torch
    >>> distortion(torch.tensor([[0.0], [4.0], [2.0]]), torch.tensor([[0.0], [2.0], [2.0]]))
    (0.0, 1.0)
    """
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} rows, but y has {len(y)}")
    smallest, largest = math.inf, -math.inf
    # Row by row, which takes n × dim numbers at a time, and is exactly 0 for equal vectors.
    for i in range(len(x)):
        before = (x[i + 1 :] - x[i]).square().sum(dim=1)
        after = (y[i + 1 :] - y[i]).square().sum(dim=1)
        ratios = (after / before)[before > 0]
        if len(ratios):
            smallest = min(smallest, float(ratios.min()))
            largest = max(largest, float(ratios.max()))
    if largest < smallest:
        raise ValueError("x holds no two different vectors")
    return smallest, largest
