"""The wrong turns of cuda_matmul.

Each tiled kernel is replayed with the learner's own block. Tiles are TILE×DEPTH of a and DEPTH×TILE
of b; the threads of a block, whatever its shape, share the work by their number.
"""

from math import isqrt, prod

from autograder.gpu import RawKernel, learners_block, xp
from autograder.suite import misconception
from solutions.cuda_matmul.cuda_matmul import NAIVE


def ceil(n, size):
    return -(-n // size)


def check(a, b):
    if a.shape[1] != b.shape[0]:
        raise ValueError("the inner sizes have to be equal")


def run_naive(a, b, *, source=NAIVE, along_m=False):
    """Right but for the source, or the axis along which x goes."""
    check(a, b)
    m, n, k = a.shape[0], b.shape[1], a.shape[1]
    x, y = learners_block((16, 16))
    out = xp.empty((m, n), dtype=xp.float32)
    grid = (ceil(m, x), ceil(n, y)) if along_m else (ceil(n, x), ceil(m, y))
    arguments = (a, b, out, xp.int32(m), xp.int32(n), xp.int32(k))
    RawKernel(source, "naive")(grid, (x, y), arguments)
    return out


@misconception(
    replaces="naive_matmul",
    says="neighbouring threads go along m, so their loads and stores are a row apart",
    hint="threadIdx.x changes fastest in a warp. Which index of the result should follow it?",
)
def strided_access(a, b):
    source = NAIVE.replace("blockIdx.y * blockDim.y + threadIdx.y", "blockIdx.x * blockDim.x + $")
    source = source.replace("blockIdx.x * blockDim.x + threadIdx.x", "blockIdx.y * blockDim.y + !")
    source = source.replace("$", "threadIdx.x").replace("!", "threadIdx.y")
    return run_naive(a, b, source=source, along_m=True)


@misconception(
    id="strided_access",
    replaces="naive_matmul",
    says="neighbouring threads go along m, so their loads and stores are a row apart",
    hint="Thread t and t + 1 of a warp: do they share a row, or a column?",
)
def strided_from_one_index(a, b):
    check(a, b)
    m, n, k = a.shape[0], b.shape[1], a.shape[1]
    (threads,) = learners_block((256,))
    out = xp.empty((m, n), dtype=xp.float32)
    source = NAIVE.replace(
        "int row = blockIdx.y * blockDim.y + threadIdx.y;",
        "int i_ = blockIdx.x * blockDim.x + threadIdx.x; int row = i_ % m;",
    ).replace("int column = blockIdx.x * blockDim.x + threadIdx.x;", "int column = i_ / m;")
    arguments = (a, b, out, xp.int32(m), xp.int32(n), xp.int32(k))
    RawKernel(source, "naive")((ceil(m * n, threads),), (threads,), arguments)
    return out


@misconception(
    id="no_bounds_check",
    replaces="naive_matmul",
    says="threads beyond the edge of the result read and write outside the matrices",
    hint="A block at the edge has as many threads as any other. What do they read and write?",
)
def naive_without_check(a, b):
    return run_naive(a, b, source=NAIVE.replace("if (row >= m || column >= n) return;", ""))


@misconception(
    replaces="naive_matmul",
    says="b is read as if it had rows of k elements, which is right for square matrices only",
    hint="How far apart are two rows of b in memory?",
)
def rows_of_b_as_long_as_those_of_a(a, b):
    return run_naive(a, b, source=NAIVE.replace("b[i * n + column]", "b[i * k + column]"))


TILED = r"""
#define THREADS (blockDim.x * blockDim.y)
extern "C" __global__ void tiled(const float* a, const float* b, float* out, int m, int n, int k) {
    __shared__ float a_tile[TILE][DEPTH], b_tile[DEPTH][TILE];
    int thread = threadIdx.x + threadIdx.y * blockDim.x;
    int top = blockIdx.y * TILE, left = blockIdx.x * TILE;
    /*EDGE*/
    float sums[TILE];
    for (int s = 0; s < TILE; s++) sums[s] = 0.0f;
    for (int start = 0; start < k; start += DEPTH) {
        for (int e = thread; e < TILE * DEPTH; e += THREADS) {
            int row = top + e / DEPTH, column = start + e % DEPTH;
            if (row < m && column < k) a_tile[e / DEPTH][e % DEPTH] = a[row * k + column];
            else a_tile[e / DEPTH][e % DEPTH] = 0.0f;
            row = start + e / TILE, column = left + e % TILE;
            if (row < k && column < n) b_tile[e / TILE][e % TILE] = b[row * n + column];
            else b_tile[e / TILE][e % TILE] = 0.0f;
        }
        __syncthreads(); /*loaded*/
        for (int e = thread, s = 0; e < TILE * TILE; e += THREADS, s++) {
            for (int i = 0; i < DEPTH; i++)
                sums[s] += a_tile[e / TILE][i] * b_tile[i][e % TILE];
        }
        __syncthreads(); /*read*/
    }
    for (int e = thread, s = 0; e < TILE * TILE; e += THREADS, s++) {
        int row = top + e / TILE, column = left + e % TILE;
        if (row < m && column < n) out[row * n + column] = sums[s];
    }
}
"""
IN_A, IN_B = "if (row < m && column < k) ", "if (row < k && column < n) "
IN_RESULT = "if (row < m && column < n) "
ZERO_A = "else a_tile[e / DEPTH][e % DEPTH] = 0.0f;"
ZERO_B = "else b_tile[e / TILE][e % TILE] = 0.0f;"
LOADED, READ = "__syncthreads(); /*loaded*/", "__syncthreads(); /*read*/"


def own_block():
    """Return the learner's block, and the tile that most likely goes with it."""
    block = learners_block((16, 16))
    wide = block[0] if block[1] > 1 and block[0] >= 16 else isqrt(prod(block))
    return block, max(16, min(wide, 32))


def run_tiled(a, b, *changes, tile=None, depth=None, source=TILED):
    """Right but for what is replaced in the source, and for the sizes of the tiles."""
    check(a, b)
    m, n, k = a.shape[0], b.shape[1], a.shape[1]
    block, usual = own_block()
    tile = tile or usual
    for old, new in changes:
        source = source.replace(old, new)
    out = xp.empty((m, n), dtype=xp.float32)
    options = (f"-DTILE={tile}", f"-DDEPTH={depth or tile}")
    arguments = (a, b, out, xp.int32(m), xp.int32(n), xp.int32(k))
    RawKernel(source, "tiled", options)((ceil(n, tile), ceil(m, tile)), block, arguments)
    return out


UNCHECKED = {
    "id": "no_bounds_check",
    "replaces": "tiled_matmul",
    "says": "tiles at the edge are loaded without a check, from outside the matrices",
    "hint": "The last tile stands over the edge. Which addresses do its threads load from?",
}


@misconception(**UNCHECKED)
def no_bounds_check(a, b):
    return run_tiled(a, b, (IN_A, ""), (IN_B, ""), (ZERO_A, ""), (ZERO_B, ""))


@misconception(**UNCHECKED)
def nothing_checked(a, b):
    return run_tiled(a, b, (IN_A, ""), (IN_B, ""), (ZERO_A, ""), (ZERO_B, ""), (IN_RESULT, ""))


@misconception(
    replaces="tiled_matmul",
    says="the tile is multiplied before all of it has been loaded",
    hint="Each thread reads what others have loaded. How does it know that they have?",
)
def missing_barrier(a, b):
    return run_tiled(a, b, (LOADED, ""))


@misconception(
    replaces="tiled_matmul",
    says="the next tile is loaded while others still multiply with the last one",
    hint="A fast thread is in the next round already. Which tile do the slow ones still read?",
)
def missing_second_barrier(a, b):
    return run_tiled(a, b, (READ, ""))


BRANCHED = {
    "id": "barrier_in_branch",
    "replaces": "tiled_matmul",
    "says": "threads outside the result return, or skip, before the barrier, and do not load "
    "their share of the tile",
    "hint": "A thread without a result of its own: who loads the element that it should load?",
}
OUTSIDE = "top + thread / TILE >= m || left + thread % TILE >= n"


@misconception(**BRANCHED)
def returns_before_the_barrier(a, b):
    return run_tiled(a, b, ("/*EDGE*/", f"if ({OUTSIDE}) return;"))


@misconception(**BRANCHED)
def barriers_differ_by_branch(a, b):
    both = f"if (!({OUTSIDE})) {{ __syncthreads(); }}"
    return run_tiled(a, b, (LOADED, both), (READ, both))


@misconception(**BRANCHED)
def threads_outside_only_skip(a, b):
    """Whole warps that have returned miss nothing at the barrier, but their share is missing."""
    return run_tiled(a, b, ("/*EDGE*/", "if (top + thread / TILE >= m) return;"))


NOT_ZEROED = {
    "id": "tile_not_zeroed",
    "replaces": "tiled_matmul",
    "says": "places of the tile outside the matrices are not set to zero, so what the last tile "
    "left there is multiplied in",
    "hint": "k is 20 and the tile 16. What is in column 10 of the second tile?",
}


@misconception(**NOT_ZEROED)
def tile_not_zeroed(a, b):
    return run_tiled(a, b, (ZERO_A, ""), (ZERO_B, ""))


@misconception(**NOT_ZEROED)
def tiles_of_16_not_zeroed(a, b):
    return run_tiled(a, b, (ZERO_A, ""), (ZERO_B, ""), tile=16)


@misconception(**NOT_ZEROED)
def tiles_of_32_not_zeroed(a, b):
    return run_tiled(a, b, (ZERO_A, ""), (ZERO_B, ""), tile=32)


@misconception(**NOT_ZEROED)
def tiles_of_depth_8_not_zeroed(a, b):
    return run_tiled(a, b, (ZERO_A, ""), (ZERO_B, ""), tile=32, depth=8)


@misconception(**NOT_ZEROED)
def tiles_of_depth_16_not_zeroed(a, b):
    return run_tiled(a, b, (ZERO_A, ""), (ZERO_B, ""), tile=32, depth=16)


@misconception(**NOT_ZEROED)
def tiles_of_depth_64_not_zeroed(a, b):
    return run_tiled(a, b, (ZERO_A, ""), (ZERO_B, ""), tile=32, depth=64)


@misconception(**NOT_ZEROED)
def tile_of_a_not_zeroed(a, b):
    return run_tiled(a, b, (ZERO_A, ""))


@misconception(**NOT_ZEROED)
def tile_of_b_not_zeroed(a, b):
    return run_tiled(a, b, (ZERO_B, ""))


UNTILED = {
    "id": "not_tiled",
    "replaces": "tiled_matmul",
    "says": "each thread reads its row and column from global memory, so every element is loaded "
    "m or n times",
    "hint": "Count the loads of one element of a. Which threads of a block could share it?",
}


@misconception(**UNTILED)
def not_tiled(a, b):
    return run_naive(a, b)


@misconception(**UNTILED)
def only_a_is_tiled(a, b):
    unshared = "(start + i < k && left + e % TILE < n ? b[(start + i) * n + left + e % TILE] : 0)"
    return run_tiled(a, b, ("b_tile[i][e % TILE]", unshared))


@misconception(
    id="bank_conflicts",
    replaces="tiled_matmul",
    says="a tile is laid out so that threads of a warp read words of one bank",
    hint="Neighbouring threads read neighbouring columns of b. How far apart are these words?",
)
def tile_of_b_transposed(a, b):
    changes = [
        ("b_tile[DEPTH][TILE]", "b_tile[TILE][DEPTH]"),
        ("b_tile[e / TILE][e % TILE]", "b_tile[e % TILE][e / TILE]"),
        ("b_tile[i][e % TILE]", "b_tile[e % TILE][i]"),
    ]
    return run_tiled(a, b, *changes)


@misconception(
    replaces="tiled_matmul",
    says="the loop runs over the whole tiles along k only, so the rest of k is left out",
    hint="How many tiles of 16 does k = 20 have? And k = 5?",
)
def drops_last_tile(a, b):
    return run_tiled(a, b, ("start < k;", "start + DEPTH <= k;"))


@misconception(
    replaces="tiled_matmul",
    says="the sum starts again with each tile, so that only the last one counts",
    hint="What is in the sum when the second tile begins?",
)
def last_tile_only(a, b):
    again = "for (int i = 0; i < DEPTH; i++)"
    return run_tiled(a, b, (again, "sums[s] = 0.0f;\n            " + again))


@misconception(
    replaces="tiled_matmul",
    says="the tile of a is loaded down its columns, so neighbouring threads load a row apart",
    hint="Which of the two indices of a tile follows the number of the thread when loading?",
)
def tile_loaded_by_column(a, b):
    changes = [
        (
            "top + e / DEPTH, column = start + e % DEPTH",
            "top + e % TILE, column = start + e / TILE",
        ),
        ("a_tile[e / DEPTH][e % DEPTH]", "a_tile[e / TILE][e % TILE]"),
        ("a_tile[TILE][DEPTH]", "a_tile[DEPTH][TILE]"),
        ("a_tile[e / TILE][i]", "a_tile[i][e / TILE]"),
    ]
    return run_tiled(a, b, *changes)
