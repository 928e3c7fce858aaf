"""FlashAttention in CUDA: the reference."""

from math import sqrt

from jaxtyping import Float
from numpy import ndarray as Array

from autograder.gpu import RawKernel, xp

QUERIES = 32
"""Queries of a block, a thread each; they share what the block loads of keys and values."""

# Milakov and Gimelshein, 2018, for the online softmax; Dao et al., 2022, for the rest.
FLASH = r"""
#define KEYS 32
#define LARGEST_D 64
extern "C" __global__ void flash(
    const float* q, const float* k, const float* v, float* out,
    int n, int m, int d, int causal, float scale
) {
    __shared__ float keys[KEYS * LARGEST_D], values[KEYS * LARGEST_D];
    int head = blockIdx.y, query = blockIdx.x * blockDim.x + threadIdx.x;
    q += head * n * d, k += head * m * d, v += head * m * d, out += head * n * d;
    int last = causal ? query + m - n : m - 1;  // the last key that this query sees

    float own[LARGEST_D], output[LARGEST_D];
    for (int c = 0; c < d; c++) own[c] = query < n ? q[query * d + c] * scale : 0.0f;
    for (int c = 0; c < d; c++) output[c] = 0.0f;
    float maximum = -INFINITY, sum = 0.0f;

    for (int start = 0; start < m; start += KEYS) {
        int count = min(KEYS, m - start);
        // All threads load, also those without a query.
        for (int i = threadIdx.x; i < count * d; i += blockDim.x) {
            keys[i] = k[start * d + i];
            values[i] = v[start * d + i];
        }
        __syncthreads();  // all is loaded before anyone reads

        int seen = min(count, last + 1 - start);  // of this tile
        float scores[KEYS], highest = maximum;
        for (int j = 0; j < seen; j++) {
            scores[j] = 0.0f;
            for (int c = 0; c < d; c++) scores[j] += own[c] * keys[j * d + c];
            highest = fmaxf(highest, scores[j]);
        }
        if (seen > 0) {
            // What is there was measured against the old maximum; exp(-inf) is 0 the first time.
            float factor = expf(maximum - highest);
            sum *= factor;
            for (int c = 0; c < d; c++) output[c] *= factor;
            for (int j = 0; j < seen; j++) {
                float weight = expf(scores[j] - highest);
                sum += weight;
                for (int c = 0; c < d; c++) output[c] += weight * values[j * d + c];
            }
            maximum = highest;
        }
        __syncthreads();  // all is read before anyone loads the next tile
    }
    if (query >= n) return;
    // A query that sees no key has sum 0 and output 0.
    for (int c = 0; c < d; c++) out[query * d + c] = sum > 0.0f ? output[c] / sum : 0.0f;
}
"""


def flash_attention(
    q: Float[Array, "heads n d"],
    k: Float[Array, "heads m d"],
    v: Float[Array, "heads m d"],
    causal: bool,
) -> Float[Array, "heads n d"]:
    """Return softmax(q kᵀ / √d) v of each head, a block of threads for each tile of queries.

    >>> one = xp.ones((1, 2, 4), dtype=xp.float32)
    >>> flash_attention(one, one, one, causal=True).tolist()
    [[[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]]
    """
    check(q, k, v)
    (heads, n, d), m = q.shape, k.shape[1]
    out = xp.empty_like(q)
    grid = (-(-n // QUERIES), heads)
    sizes = (xp.int32(n), xp.int32(m), xp.int32(d), xp.int32(causal), xp.float32(1 / sqrt(d)))
    RawKernel(FLASH, "flash")(grid, (QUERIES,), (q, k, v, out, *sizes))
    return out


def check(
    q: Float[Array, "heads n d"], k: Float[Array, "heads m d"], v: Float[Array, "heads m d"]
) -> None:
    """Refuse shapes that do not go together."""
    if k.shape != v.shape:
        raise ValueError(f"k has shape {k.shape} and v {v.shape}: they have to be equal")
    if q.shape[0] != k.shape[0]:
        raise ValueError(f"q has {q.shape[0]} heads and k has {k.shape[0]}")
    if q.shape[2] != k.shape[2]:
        raise ValueError(f"q has vectors of {q.shape[2]} numbers and k of {k.shape[2]}")
    if q.shape[2] > 64:
        raise ValueError(f"d is {q.shape[2]}, and 64 at most fit")
