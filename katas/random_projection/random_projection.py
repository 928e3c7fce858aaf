"""Random projection. The question is in README.md."""

from jaxtyping import Float
from torch import Tensor


def jl_dimension(n: int, eps: float) -> int:
    """Return the smallest integer ≥ 4 ln n / (eps²/2 − eps³/3).

    In so many dimensions all pairs of n points can keep their l2 within 1 ± eps.

    Raises:
        ValueError: if n is less than 2, or eps is not in (0, 1).
    """
    raise NotImplementedError


def sparse_signs(u: Float[Tensor, "dim k"], s: int = 3) -> Float[Tensor, "dim k"]:
    """Make a matrix of entries with mean 0 and variance 1 out of uniform draws in [0, 1).

    +√s where u < 1/(2s), −√s where u ≥ 1 − 1/(2s), else 0 (Achlioptas, 2003).

    Raises:
        ValueError: if s is less than 1.
    """
    raise NotImplementedError


def project(x: Float[Tensor, "n dim"], r: Float[Tensor, "dim k"]) -> Float[Tensor, "n k"]:
    """Project x such that l2 is kept on average, r having entries of mean 0 and variance 1.

    Raises:
        ValueError: if x and r differ in dim, or k is 0.
    """
    raise NotImplementedError


def distortion(x: Float[Tensor, "n dim"], y: Float[Tensor, "n k"]) -> tuple[float, float]:
    """Return the smallest and the largest l2(y_i, y_j) / l2(x_i, x_j).

    Over all pairs i < j with x_i ≠ x_j, and without an n × n × dim array.

    Raises:
        ValueError: if there is no such pair, or x and y differ in their number of rows.
    """
    raise NotImplementedError
