"""faiss's product quantiser, as an independent implementation."""

import faiss
import numpy as np
import torch

from solutions.product_quantization.product_quantization import check_codes, split


def encode(x, codebooks):
    split(x, codebooks)
    pq, codebooks = quantiser(codebooks)
    packed = pq.compute_codes(np.ascontiguousarray(x.numpy())) if len(x) else None
    return unpacked(packed, len(x), pq.M, pq.nbits)


def decode(codes, codebooks):
    check_codes(codes, codebooks)
    pq, codebooks = quantiser(codebooks)
    return torch.from_numpy(pq.decode(packed(codes, pq.nbits)))


def asymmetric_distances(queries, codes, codebooks):
    split(queries, codebooks)
    decoded = decode(codes, codebooks)
    return torch.stack([(decoded - query).square().sum(dim=1) for query in queries])


def quantiser(codebooks):
    """Make a quantiser with the codebooks filled up to a power of two by far centroids."""
    m, k, sub = codebooks.shape
    bits = max(1, (k - 1).bit_length())
    filler = torch.full((m, 2**bits - k, sub), 1e6)
    codebooks = torch.cat([codebooks, filler], dim=1)
    pq = faiss.ProductQuantizer(m * sub, m, bits)
    faiss.copy_array_to_vector(np.ascontiguousarray(codebooks.numpy()).ravel(), pq.centroids)
    return pq, codebooks


def packed(codes, bits):
    """Pack codes of `bits` bits into bytes, the lowest bit first."""
    table = np.unpackbits(codes.contiguous().numpy()[:, :, None], axis=2, bitorder="little")
    rows = table[:, :, :bits].reshape(len(codes), -1)
    return np.packbits(rows, axis=1, bitorder="little")


def unpacked(table, n, m, bits):
    """Undo `packed`."""
    if table is None:
        return torch.zeros(0, m, dtype=torch.uint8)
    rows = np.unpackbits(table, axis=1, count=m * bits, bitorder="little").reshape(n, m, bits)
    return torch.from_numpy(np.packbits(rows, axis=2, bitorder="little")[:, :, 0])
