"""Locality-sensitive hashing. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def signatures(
    x: Float[Tensor, "n dim"], planes: Float[Tensor, "tables bits dim"]
) -> Int[Tensor, "n tables"]:
    """Return each vector's signature in each table, as int64.

    Bit b of table t is 1 where planes[t, b] · x ≥ 0, and has the weight 2^b.

    Raises:
        ValueError: if there are no bits or more than 62, or x and planes differ in dim.
    """
    raise NotImplementedError


def lsh_search(
    queries: Float[Tensor, "q dim"],
    x: Float[Tensor, "n dim"],
    planes: Float[Tensor, "tables bits dim"],
    k: int,
    radius: int = 0,
) -> list[list[int]]:
    """Return the ids of the first k candidates of each query by cosine, best first.

    Candidates are the vectors whose signature differs from the query's in at most `radius` bits
    in at least one table. There may be fewer than k of them, or none.

    Raises:
        ValueError: if `radius` is negative, or k is less than 1.
    """
    raise NotImplementedError


def match_probability(cosine: Float[Tensor, "..."], bits: int, tables: int) -> Float[Tensor, "..."]:
    """Return the chance to share the signature in at least one table of random hyperplanes.

    Cosines that rounding has put outside [−1, 1] are clipped. Computed in float64, returned as
    float32.
    """
    raise NotImplementedError


def choose_shape(
    near: float, far: float, min_recall: float, max_bits: int, max_tables: int
) -> tuple[int, int] | None:
    """Return the (bits, tables) that find `near` often enough and `far` least often.

    Of the shapes up to max_bits and max_tables whose match probability at cosine `near` is at
    least `min_recall`, within 1e-9, that with the lowest one at `far`. Both are float64; the
    latter is compared after rounding to nine decimals. In a tie fewer tables, then fewer bits.
    None when no shape reaches min_recall.

    Raises:
        ValueError: unless −1 ≤ far < near ≤ 1 and 0 < min_recall ≤ 1.
    """
    raise NotImplementedError
