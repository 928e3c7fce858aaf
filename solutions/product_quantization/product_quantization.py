"""Product quantisation: the reference."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor


def train_codebooks(
    x: Float[Tensor, "n dim"], initial: Float[Tensor, "m k sub"], iterations: int
) -> Float[Tensor, "m k sub"]:
    """Run `iterations` rounds of Lloyd in each subspace, starting from `initial`.

    >>> x = torch.tensor([[1.0], [3.0], [11.0]])
    >>> train_codebooks(x, torch.tensor([[[0.0], [10.0]]]), 1)
    tensor([[[ 2.],
             [11.]]])
    """
    if iterations < 0:
        raise ValueError(f"iterations is {iterations}, but cannot be negative")
    if len(x) == 0:
        raise ValueError("x holds no vector to train on")
    subvectors = split(x, initial)
    codebooks = initial.clone()
    for _ in range(iterations):
        codes = encode(x, codebooks).long()
        for j, codebook in enumerate(codebooks):
            sizes = torch.bincount(codes[:, j], minlength=len(codebook))
            sums = torch.zeros_like(codebook).index_add(0, codes[:, j], subvectors[:, j])
            # A centroid without vectors has no mean: it keeps its place.
            used = sizes > 0
            codebook[used] = sums[used] / sizes[used, None]
    return codebooks


def encode(x: Float[Tensor, "n dim"], codebooks: Float[Tensor, "m k sub"]) -> UInt8[Tensor, "n m"]:
    """Return the index of the nearest centroid by l2 in each subspace, in a tie the lower one.

    >>> encode(torch.tensor([[1.0, 9.0]]), torch.tensor([[[0.0], [10.0]], [[0.0], [10.0]]]))
    tensor([[0, 1]], dtype=torch.uint8)
    """
    # argmin gives the first of equal entries.
    return distance_tables(x, codebooks).argmin(dim=-1).to(torch.uint8)


def decode(
    codes: UInt8[Tensor, "n m"], codebooks: Float[Tensor, "m k sub"]
) -> Float[Tensor, "n dim"]:
    """Put the centroids that the codes name side by side.

    >>> codes = torch.tensor([[0, 1]], dtype=torch.uint8)
    >>> decode(codes, torch.tensor([[[0.0], [10.0]], [[0.0], [10.0]]]))
    tensor([[ 0., 10.]])
    """
    check_codes(codes, codebooks)
    subspaces = torch.arange(len(codebooks))
    # long(), since uint8 as an index is taken for a mask.
    return codebooks[subspaces, codes.long()].flatten(start_dim=1)


def asymmetric_distances(
    queries: Float[Tensor, "q dim"],
    codes: UInt8[Tensor, "n m"],
    codebooks: Float[Tensor, "m k sub"],
) -> Float[Tensor, "q n"]:
    """Return l2 between each query, which is not quantised, and each decoded vector.

    The sum over subspaces of table entries (Jégou, Douze and Schmid, 2011, eq. 13): l2 is a sum
    over components, and so over blocks of components.

    >>> codes = torch.tensor([[0, 1]], dtype=torch.uint8)
    >>> codebooks = torch.tensor([[[0.0], [10.0]], [[0.0], [10.0]]])
    >>> asymmetric_distances(torch.tensor([[1.0, 8.0]]), codes, codebooks)
    tensor([[5.]])
    """
    check_codes(codes, codebooks)
    tables = distance_tables(queries, codebooks)
    distances = torch.zeros(len(queries), len(codes))
    for j, column in enumerate(codes.long().T):
        distances += tables[:, j, column]
    return distances


def distance_tables(
    x: Float[Tensor, "n dim"], codebooks: Float[Tensor, "m k sub"]
) -> Float[Tensor, "n m k"]:
    """Return l2 between each subvector and each centroid of its subspace."""
    subvectors = split(x, codebooks)
    products = torch.einsum("nms,mks->nmk", subvectors, codebooks)
    norms = subvectors.square().sum(dim=-1, keepdim=True)
    # ‖x‖² − 2 x·c + ‖c‖²: no array of n × m × k × sub.
    return norms - 2 * products + codebooks.square().sum(dim=-1)


def split(
    x: Float[Tensor, "n dim"], codebooks: Float[Tensor, "m k sub"]
) -> Float[Tensor, "n m sub"]:
    """Cut vectors into m contiguous blocks of components, one a subspace."""
    m, k, sub = codebooks.shape
    check_size(k)
    if x.shape[1] != m * sub:
        raise ValueError(f"vectors have {x.shape[1]} components, the codebooks {m} · {sub}")
    return x.reshape(len(x), m, sub)


def check_codes(codes: UInt8[Tensor, "n m"], codebooks: Float[Tensor, "m k sub"]) -> None:
    """Raise if there is not one code for each subspace, or the codes do not fit a byte."""
    m, k, _ = codebooks.shape
    check_size(k)
    if codes.shape[1] != m:
        raise ValueError(f"codes have {codes.shape[1]} columns, but there are {m} codebooks")


def check_size(k: int) -> None:
    """Raise if an index into a codebook needs more than a byte."""
    if k > 256:
        raise ValueError(f"a codebook has {k} centroids, but a byte tells only 256 apart")
