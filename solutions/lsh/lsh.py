"""Locality-sensitive hashing: the reference."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor


def signatures(
    x: Float[Tensor, "n dim"], planes: Float[Tensor, "tables bits dim"]
) -> Int[Tensor, "n tables"]:
    """Return each vector's signature in each table (Charikar, 2002, section 3).

    >>> signatures(torch.tensor([[1.0, -2.0]]), torch.eye(2)[None])
    tensor([[1]])
    """
    _, bits, dim = planes.shape
    if not 1 <= bits <= 62:
        raise ValueError(f"planes have {bits} bits a table, but 1 to 62 fit into an int64")
    if x.shape[1] != dim:
        raise ValueError(f"x has dim {x.shape[1]}, but planes have {dim}")
    sides = torch.einsum("nd,tbd->ntb", x, planes) >= 0
    # As integers: a float64 has only 53 bits.
    return (sides.long() << torch.arange(bits)).sum(dim=-1)


def lsh_search(
    queries: Float[Tensor, "q dim"],
    x: Float[Tensor, "n dim"],
    planes: Float[Tensor, "tables bits dim"],
    k: int,
    radius: int = 0,
) -> list[list[int]]:
    """Return the ids of the first k candidates of each query by cosine, best first.

    >>> x = torch.tensor([[1.0, 3.0], [-1.0, 2.0], [2.0, 1.0]])
    >>> lsh_search(torch.tensor([[1.0, 1.0]]), x, torch.eye(2)[None], k=2)
    [[2, 0]]
    """
    if k < 1 or radius < 0:
        raise ValueError(f"k must be at least 1 and radius 0, got k={k}, radius={radius}")
    bits = torch.arange(planes.shape[1])
    buckets = signatures(x, planes)
    results = []
    for query, signature in zip(queries, signatures(queries, planes), strict=True):
        differing = (((buckets ^ signature)[..., None] >> bits) & 1).sum(dim=-1)
        candidates = (differing <= radius).any(dim=1).nonzero()[:, 0]
        # The bucket only says who may be near. Stable, so that ties stay in the order of ids.
        best = cosines(query, x[candidates]).argsort(descending=True, stable=True)
        results.append(candidates[best[:k]].tolist())
    return results


def match_probability(cosine: Float[Tensor, "..."], bits: int, tables: int) -> Float[Tensor, "..."]:
    """Return the chance to share the signature in at least one table of random hyperplanes.

    >>> match_probability(torch.tensor([0.0, 1.0]), bits=2, tables=2)
    tensor([0.4375, 1.0000])
    """
    return chance(cosine, bits, tables).float()


def choose_shape(
    near: float, far: float, min_recall: float, max_bits: int, max_tables: int
) -> tuple[int, int] | None:
    """Return the (bits, tables) that find `near` often enough and `far` least often.

    >>> choose_shape(0.9, 0.1, 0.8, max_bits=16, max_tables=8)
    (10, 7)
    """
    if not -1 <= far < near <= 1:
        raise ValueError(f"-1 <= far < near <= 1 is needed, got far={far}, near={near}")
    if not 0 < min_recall <= 1:
        raise ValueError(f"min_recall is {min_recall}, but must lie in (0, 1]")
    both = torch.tensor([near, far], dtype=torch.float64)
    good = []
    for bits in range(1, max_bits + 1):
        for tables in range(1, max_tables + 1):
            recall, noise = chance(both, bits, tables).tolist()
            if recall >= min_recall - 1e-9:
                good.append((round(noise, 9), tables, bits))
    if not good:
        return None
    _, tables, bits = min(good)
    return bits, tables


def chance(cosine: Float[Tensor, "..."], bits: int, tables: int) -> Float[Tensor, "..."]:
    """Return the match probability in float64."""
    # A random plane passes between two vectors with chance angle / π.
    angle = cosine.double().clamp(-1.0, 1.0).arccos()
    same_bucket = (1 - angle / math.pi) ** bits
    return 1 - (1 - same_bucket) ** tables


def cosines(query: Float[Tensor, "dim"], x: Float[Tensor, "n dim"]) -> Float[Tensor, "n"]:
    """Return the cosine of the query with each row; 0 where either is zero."""
    norms = x.norm(dim=1) * query.norm()
    return x @ query / norms.masked_fill(norms == 0, 1.0)
