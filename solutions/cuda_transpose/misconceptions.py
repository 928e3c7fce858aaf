"""The wrong turns of cuda_transpose.

The block is the learner's. Tiles are square: as wide as the block is, or 32 with a flat block.
"""

from autograder.gpu import RawKernel, learners_block, xp
from autograder.suite import misconception

TILED = r"""
// Without bank conflicts: the WARP rows of TILE words that a warp writes fill the banks, and every
// further WARP rows are turned by as many words. 33 words a row do the same for a tile of 32 only.
#define WARP (32 / TILE)
#define AT(row, col) ((row) * TILE + ((col) + (row) / WARP * WARP) % TILE)

extern "C" __global__ void transpose(const float* x, float* out, int rows, int cols) {
    __shared__ float tile[TILE * (TILE + 1)];
    int col = blockIdx.x * TILE + threadIdx.x;
    for (int j = threadIdx.y; j < TILE; j += blockDim.y) {
        int row = blockIdx.y * TILE + j;
        if (row < rows && col < cols) tile[AT(j, threadIdx.x)] = x[row * cols + col];
    }
    __syncthreads();
    col = blockIdx.y * TILE + threadIdx.x;
    for (int j = threadIdx.y; j < TILE; j += blockDim.y) {
        int row = blockIdx.x * TILE + j;
        if (row < cols && col < rows) out[row * rows + col] = tile[AT(threadIdx.x, j)];
    }
}
"""
LAYOUT = "((row) * TILE + ((col) + (row) / WARP * WARP) % TILE)"


def block_of_tile(default=(32, 8)):
    """Return the learner's block if a tile can be as wide; a flat one is folded into warps."""
    width, height = learners_block(default)
    if width in (8, 16, 32):
        return width, height
    return 32, max(1, min(width * height // 32, 32))


def tiled(x, *, source=TILED, out=None, block=(32, 8)):
    """Right but for the source, or the new array; the block is that of no learner."""
    rows, cols = x.shape
    width, height = block_of_tile(block)
    text = source.replace("TILE", str(width))
    out = xp.empty((cols, rows), dtype=x.dtype) if out is None else out
    grid = (-(-cols // width), -(-rows // width))
    RawKernel(text, "transpose")(grid, (width, height), (x, out, xp.int32(rows), xp.int32(cols)))
    return out


def replaced(*changes):
    """Return the tiled kernel with some of its text replaced."""
    source = TILED
    for before, after in changes:
        source = source.replace(before, after)
    return source


SAYS_STRIDED = (
    "loads or stores walk down a column, so neighbouring threads touch addresses a row apart"
)
HINT_STRIDED = "Write down the addresses that threads 0, 1 and 2 load from, then store to."

NAIVE = r"""
extern "C" __global__ void transpose(const float* x, float* out, int rows, int cols) {
    int a = blockIdx.x * blockDim.x + threadIdx.x;
    int b = blockIdx.y * blockDim.y + threadIdx.y;
    if (a < FAST && b < SLOW) MOVE;
}
"""


def naive(x, source, over_columns):
    """Launch a thread an element, with threadIdx.x along the columns, or along the rows."""
    rows, cols = x.shape
    width, height = learners_block((32, 8))
    out = xp.empty((cols, rows), dtype=x.dtype)
    fast, slow = (cols, rows) if over_columns else (rows, cols)
    grid = (-(-fast // width), -(-slow // height))
    RawKernel(source, "transpose")(grid, (width, height), (x, out, xp.int32(rows), xp.int32(cols)))
    return out


@misconception(replaces="transpose", says=SAYS_STRIDED, hint=HINT_STRIDED)
def strided_access(x):
    source = NAIVE.replace("FAST", "cols").replace("SLOW", "rows")
    return naive(x, source.replace("MOVE", "out[a * rows + b] = x[b * cols + a]"), True)


@misconception(id="strided_access", replaces="transpose", says=SAYS_STRIDED, hint=HINT_STRIDED)
def strided_loads(x):
    source = NAIVE.replace("FAST", "rows").replace("SLOW", "cols")
    return naive(x, source.replace("MOVE", "out[b * rows + a] = x[a * cols + b]"), False)


@misconception(id="strided_access", replaces="transpose", says=SAYS_STRIDED, hint=HINT_STRIDED)
def strided_in_a_flat_block(x):
    source = r"""
extern "C" __global__ void transpose(const float* x, float* out, int rows, int cols) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < rows * cols) out[i % cols * rows + i / cols] = x[i];
}
"""
    return flat(x, source)


@misconception(id="strided_access", replaces="transpose", says=SAYS_STRIDED, hint=HINT_STRIDED)
def strided_loads_in_a_flat_block(x):
    source = r"""
extern "C" __global__ void transpose(const float* x, float* out, int rows, int cols) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < rows * cols) out[i] = x[i % rows * cols + i / rows];
}
"""
    return flat(x, source)


def flat(x, source):
    """Launch a thread an element in flat blocks."""
    rows, cols = x.shape
    (threads,) = learners_block((256,))
    out = xp.empty((cols, rows), dtype=x.dtype)
    grid = (-(-x.size // threads),)
    RawKernel(source, "transpose")(grid, (threads,), (x, out, xp.int32(rows), xp.int32(cols)))
    return out


@misconception(id="strided_access", replaces="transpose", says=SAYS_STRIDED, hint=HINT_STRIDED)
def strided_stores_from_a_tile(x):
    return tiled(
        x,
        source=replaced(
            ("col = blockIdx.y * TILE + threadIdx.x;\n    for", "for"),
            (
                "int row = blockIdx.x * TILE + j;\n        if (row < cols && col < rows) "
                "out[row * rows + col] = tile[AT(threadIdx.x, j)];",
                "int row = blockIdx.y * TILE + j;\n        if (row < rows && col < cols) "
                "out[col * rows + row] = tile[AT(j, threadIdx.x)];",
            ),
        ),
    )


SAYS_CONFLICTS = (
    "the layout of the tile lets several threads of a warp hit one bank of shared memory "
    "(a column of an unpadded 32×32 tile: 32 times)"
)
HINT_CONFLICTS = "Word w is in bank w mod 32. In which banks are words 0, 32, 64 and 96?"


@misconception(replaces="transpose", says=SAYS_CONFLICTS, hint=HINT_CONFLICTS)
def bank_conflicts(x):
    return tiled(x, source=replaced((LAYOUT, "((row) * TILE + (col))")))


@misconception(id="bank_conflicts", replaces="transpose", says=SAYS_CONFLICTS, hint=HINT_CONFLICTS)
def conflicts_in_the_writes(x):
    return tiled(x, source=replaced((LAYOUT, "((col) * TILE + (row))")))


@misconception(id="bank_conflicts", replaces="transpose", says=SAYS_CONFLICTS, hint=HINT_CONFLICTS)
def conflicts_in_a_padded_narrow_tile(x):
    return tiled(x, source=replaced((LAYOUT, "((row) * (TILE + 1) + (col))")), block=(16, 16))


@misconception(
    replaces="transpose",
    says="the tile is read before other threads have written it: no barrier between",
    hint="Which thread wrote the element of the tile that thread (1, 0) reads?",
)
def missing_barrier(x):
    return tiled(x, source=replaced(("__syncthreads();", "")))


SAYS_BOUNDS = "threads beyond the edge read and write outside the matrices"
HINT_BOUNDS = "In a 37×65 matrix, what do the threads of the last tile of a row do?"


@misconception(replaces="transpose", says=SAYS_BOUNDS, hint=HINT_BOUNDS)
def no_bounds_check(x):
    source = replaced(
        ("if (row < rows && col < cols) ", ""), ("if (row < cols && col < rows) ", "")
    )
    return tiled(x, source=source)


SAYS_BLOCKS = (
    "rows and columns are swapped inside the tile but the block indices are not, so only square "
    "inputs come out right"
)
HINT_BLOCKS = "Number the tiles of a 64×96 matrix. Where does tile (0, 2) go?"
SAME_BLOCKS = replaced(
    ("col = blockIdx.y * TILE + threadIdx.x;\n    for", "for"),
    ("row = blockIdx.x * TILE + j;", "row = blockIdx.y * TILE + j;"),
)


@misconception(replaces="transpose", says=SAYS_BLOCKS, hint=HINT_BLOCKS)
def swaps_block_indices(x):
    return tiled(x, source=SAME_BLOCKS)


@misconception(id="swaps_block_indices", replaces="transpose", says=SAYS_BLOCKS, hint=HINT_BLOCKS)
def swaps_block_indices_over_zeros(x):
    return tiled(x, source=SAME_BLOCKS, out=xp.zeros(x.shape[::-1], dtype=x.dtype))


@misconception(id="swaps_block_indices", replaces="transpose", says=SAYS_BLOCKS, hint=HINT_BLOCKS)
def swaps_block_indices_within_the_input(x):
    return tiled(x, source=SAME_BLOCKS.replace("row < cols && col < rows", IN_INPUT))


IN_INPUT = "row < rows && col < cols"
SAYS_SQUARE = "rows are taken as long in the output as in the input"
HINT_SQUARE = "How many elements has a row of the result?"


@misconception(replaces="transpose", says=SAYS_SQUARE, hint=HINT_SQUARE)
def assumes_square(x):
    return tiled(x, source=replaced(("out[row * rows + col]", "out[row * cols + col]")))


@misconception(id="assumes_square", replaces="transpose", says=SAYS_SQUARE, hint=HINT_SQUARE)
def assumes_square_without_a_tile(x):
    source = NAIVE.replace("FAST", "cols").replace("SLOW", "rows")
    return naive(x, source.replace("MOVE", "out[a * cols + b] = x[b * cols + a]"), True)


@misconception(
    replaces="transpose",
    says="the tiles go to their new places, but the elements inside a tile are not swapped",
    hint="Transpose a 3×3 matrix by hand: it lies in one tile. What has changed?",
)
def tiles_not_turned(x):
    return tiled(x, source=replaced(("tile[AT(threadIdx.x, j)]", "tile[j][threadIdx.x]")))


@misconception(
    replaces="transpose",
    says="the result has the shape of the input, though its elements lie in the new order",
    hint="Which shape has the transpose of a 3×5 matrix?",
)
def shape_not_swapped(x):
    return tiled(x).reshape(x.shape)


@misconception(
    replaces="transpose",
    says="threads without an element return before the barrier that others of their warp wait at",
    hint="Which threads of the last tile come to the barrier, and whose elements do they store?",
)
def barrier_in_branch(x):
    source = replaced(
        (
            "    for (int j = threadIdx.y; j < TILE; j += blockDim.y) {\n"
            "        int row = blockIdx.y",
            "    if (col >= cols || blockIdx.y * TILE + threadIdx.y >= rows) return;\n"
            "    for (int j = threadIdx.y; j < TILE; j += blockDim.y) {\n"
            "        int row = blockIdx.y",
        ),
    )
    return tiled(x, source=source)
