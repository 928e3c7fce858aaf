"""The wrong turns of cuda_attention.

What several of them give depends on the size of the tiles of keys, so they come with tiles of 1, 8,
16, 32 and 64.
"""

from math import prod, sqrt

from autograder.gpu import RawKernel, learners_block, xp
from autograder.suite import misconception
from solutions.cuda_attention.cuda_attention import check, flash_attention

FLASH = r"""
#define LARGEST_D 64
#define MOST_KEYS 64
extern "C" __global__ void flash(
    const float* q, const float* k, const float* v, float* out,
    int n, int m, int d, int causal, float scale, int KEYS
) {
    __shared__ float keys[MOST_KEYS * LARGEST_D], values[MOST_KEYS * LARGEST_D];
    int thread = threadIdx.x + blockDim.x * threadIdx.y, threads = blockDim.x * blockDim.y;
    int head = blockIdx.y, query = blockIdx.x * threads + thread;
    q += head * n * d, k += head * m * d, v += head * m * d, out += head * n * d;
    int last = causal ? query + m - n : m - 1;
    float own[LARGEST_D], output[LARGEST_D];
    for (int c = 0; c < d; c++) {
        own[c] = query < n ? q[query * d + c] * scale : 0.0f;
        output[c] = 0.0f;
    }
    float maximum = -INFINITY, sum = 0.0f;
    for (int start = 0; start < m; start += KEYS) {
        for (int i = thread; i < KEYS * d; i += threads) {
            bool inside = start * d + i < m * d;
            keys[i] = inside ? k[start * d + i] : 0.0f;
            values[i] = inside ? v[start * d + i] : 0.0f;
        }
        __syncthreads(); /*loaded*/
        int seen = min(min(KEYS, m - start), last + 1 - start);
        float scores[MOST_KEYS], highest = maximum;
        for (int j = 0; j < seen; j++) {
            scores[j] = 0.0f;
            for (int c = 0; c < d; c++) scores[j] += own[c] * keys[j * d + c];
            highest = fmaxf(highest, scores[j]);
        }
        if (seen > 0) {
            float factor = expf(maximum - highest);
            sum *= factor;
            for (int c = 0; c < d; c++) output[c] *= factor;
            for (int j = 0; j < seen; j++) {
                float weight = expf(scores[j] - highest);
                sum += weight;
                for (int c = 0; c < d; c++) output[c] += weight * values[j * d + c];
            }
            maximum = highest;
            /*tile*/
        }
        __syncthreads(); /*read*/
    }
    if (query >= n) return;
    for (int c = 0; c < d; c++) out[query * d + c] = sum > 0.0f ? output[c] / sum : 0.0f;
}
"""
SUM, OUTPUT = "sum *= factor;", "for (int c = 0; c < d; c++) output[c] *= factor;"
LOADED, READ = "__syncthreads(); /*loaded*/", "__syncthreads(); /*read*/"
DIVISION = "sum > 0.0f ? output[c] / sum : 0.0f"


def run(q, k, v, causal, *changes, keys=16, scale=None):
    """Right but for what is replaced in the source, the size of a tile, and the scale."""
    check(q, k, v)
    (heads, n, d), m = q.shape, k.shape[1]
    block = learners_block((32, 1))
    source = FLASH
    for old, new in changes:
        source = source.replace(old, new)
    out = xp.empty_like(q)
    factor = xp.float32(1 / sqrt(d) if scale is None else scale)
    sizes = (xp.int32(n), xp.int32(m), xp.int32(d), xp.int32(causal), factor)
    arguments = (q, k, v, out, *sizes, xp.int32(keys))
    RawKernel(source, "flash")((-(-n // prod(block)), heads), block, arguments)
    return out


@misconception(
    replaces="flash_attention",
    says="the scores are not divided by √d",
    hint="What is the standard deviation of a dot product of 64 numbers, and what is exp of it?",
)
def unscaled(q, k, v, causal):
    return run(q, k, v, causal, scale=1.0)


@misconception(
    replaces="flash_attention",
    says="the scores are divided by d, not by its root",
    hint="By how much does the standard deviation of a sum grow with its length?",
)
def divided_by_d(q, k, v, causal):
    return run(q, k, v, causal, scale=1 / q.shape[2])


FORGOTTEN_OUTPUT = {
    "id": "output_not_rescaled",
    "replaces": "flash_attention",
    "says": "the accumulated output is not multiplied by exp(old maximum − new maximum)",
    "hint": "The second tile has the larger maximum. Against what was the first measured?",
}


def output_not_rescaled_by(keys):
    @misconception(**FORGOTTEN_OUTPUT)
    def wrong(q, k, v, causal):
        return run(q, k, v, causal, (OUTPUT, ""), keys=keys)

    return wrong


FORGOTTEN_SUM = {
    "id": "sum_not_rescaled",
    "replaces": "flash_attention",
    "says": "the running sum is not multiplied by exp(old maximum − new maximum), though the "
    "output is",
    "hint": "Two tiles, the second with the larger maximum. Do the weights still add up to 1?",
}


def sum_not_rescaled_by(keys):
    @misconception(**FORGOTTEN_SUM)
    def wrong(q, k, v, causal):
        return run(q, k, v, causal, (SUM, ""), keys=keys)

    return wrong


FORGOTTEN_BOTH = {
    "id": "nothing_rescaled",
    "replaces": "flash_attention",
    "says": "neither sum nor output are multiplied by exp(old maximum − new maximum)",
    "hint": "Two tiles, the second with the larger maximum. How much does the first one weigh?",
}


def nothing_rescaled_by(keys):
    @misconception(**FORGOTTEN_BOTH)
    def wrong(q, k, v, causal):
        return run(q, k, v, causal, (SUM, ""), (OUTPUT, ""), keys=keys)

    return wrong


EARLY = {
    "id": "normalised_each_tile",
    "replaces": "flash_attention",
    "says": "the output is divided by the running sum after every tile, not once at the end",
    "hint": "By what is the first tile's part divided in the end? How often?",
}


def normalised_each_tile_of(keys):
    @misconception(**EARLY)
    def wrong(q, k, v, causal):
        divide = "for (int c = 0; c < d; c++) output[c] /= sum;"
        changes = [("/*tile*/", divide), (DIVISION, "sum > 0.0f ? output[c] : 0.0f")]
        return run(q, k, v, causal, *changes, keys=keys)

    return wrong


def normalised_even_by_unseen_tiles_of(keys):
    @misconception(**EARLY)
    def wrong(q, k, v, causal):
        divide = "for (int c = 0; c < d && sum > 0.0f; c++) output[c] /= sum;"
        changes = [(READ, divide + READ), (DIVISION, "sum > 0.0f ? output[c] : 0.0f")]
        return run(q, k, v, causal, *changes, keys=keys)

    return wrong


def normalised_each_tile_and_at_the_end_of(keys):
    @misconception(**EARLY)
    def wrong(q, k, v, causal):
        divide = "for (int c = 0; c < d; c++) output[c] /= sum;"
        return run(q, k, v, causal, ("/*tile*/", divide), keys=keys)

    return wrong


PADDED = {
    "id": "no_bounds_check",
    "replaces": "flash_attention",
    "says": "places past the last key take part in the softmax as keys of zeros",
    "hint": "m is 5, a tile has 16 places. What is the score of place 10, and exp of it?",
}


def no_bounds_check_of(keys):
    @misconception(**PADDED)
    def wrong(q, k, v, causal):
        counted = ("min(min(KEYS, m - start), last + 1 - start)", "min(KEYS, last + 1 - start)")
        return run(q, k, v, causal, counted, ("query + m - n : m - 1", LAST), keys=keys)

    return wrong


LAST = "query + m - n : (m + KEYS - 1) / KEYS * KEYS - 1"


@misconception(**PADDED)
def nothing_checked(q, k, v, causal):
    return run(q, k, v, causal, ("start * d + i < m * d", "true"))


USUAL = (16, 32)
for make, sizes in (
    (output_not_rescaled_by, (1, 8, 16, 32, 64)),
    (sum_not_rescaled_by, (1, 8, 16, 32, 64)),
    (nothing_rescaled_by, USUAL),
    (normalised_each_tile_of, (1, 8, 16, 32, 64)),
    (normalised_even_by_unseen_tiles_of, (8, 16, 32, 64)),
    (normalised_each_tile_and_at_the_end_of, USUAL),
    (no_bounds_check_of, (8, 16, 32, 64)),
):
    for size in sizes:
        function = make(size)
        function.__name__ = f"{make.__name__}_{size}"
        globals()[function.__name__] = function


THROUGH_MEMORY = {
    "id": "stores_scores",
    "replaces": "flash_attention",
    "says": "the n×m scores go through global memory",
    "hint": "Which array of yours has n·m numbers? Who needs them after their tile is done?",
}
SCORES = r"""
extern "C" __global__ void scores(
    const float* q, const float* k, float* s, int n, int m, int d, int causal, float scale
) {
    __shared__ float keys[16 * 64];
    int thread = threadIdx.x + blockDim.x * threadIdx.y, threads = blockDim.x * blockDim.y;
    int head = blockIdx.y, query = blockIdx.x * threads + thread;
    q += head * n * d, k += head * m * d, s += head * n * m;
    float own[64];
    for (int c = 0; c < d; c++) own[c] = query < n ? q[query * d + c] * scale : 0.0f;
    for (int start = 0; start < m; start += 16) {
        int count = min(16, m - start);
        for (int i = thread; i < count * d; i += threads) keys[i] = k[start * d + i];
        __syncthreads();
        for (int j = 0; j < count; j++) {
            float score = 0.0f;
            for (int c = 0; c < d; c++) score += own[c] * keys[j * d + c];
            bool seen = !causal || start + j <= query + m - n;
            if (query < n) s[query * m + start + j] = seen ? score : -INFINITY;
        }
        __syncthreads();
    }
}
"""
WEIGHTED = r"""
extern "C" __global__ void weighted(
    const float* s, const float* v, float* out, int n, int m, int d
) {
    __shared__ float values[16 * 64];
    int thread = threadIdx.x + blockDim.x * threadIdx.y, threads = blockDim.x * blockDim.y;
    int head = blockIdx.y, query = blockIdx.x * threads + thread;
    v += head * m * d, out += head * n * d, s += head * n * m + query * m;
    float output[64], highest = -INFINITY, sum = 0.0f;
    for (int c = 0; c < d; c++) output[c] = 0.0f;
    for (int j = 0; j < m && query < n; j++) highest = fmaxf(highest, s[j]);
    for (int start = 0; start < m; start += 16) {
        int count = min(16, m - start);
        for (int i = thread; i < count * d; i += threads) values[i] = v[start * d + i];
        __syncthreads();
        for (int j = 0; j < count && highest > -INFINITY; j++) {
            float weight = expf(s[start + j] - highest);
            sum += weight;
            for (int c = 0; c < d; c++) output[c] += weight * values[j * d + c];
        }
        __syncthreads();
    }
    if (query >= n) return;
    for (int c = 0; c < d; c++) out[query * d + c] = sum > 0.0f ? output[c] / sum : 0.0f;
}
"""


@misconception(**THROUGH_MEMORY)
def stores_scores(q, k, v, causal):
    check(q, k, v)
    (heads, n, d), m = q.shape, k.shape[1]
    block = learners_block((32, 1))
    scores, out = xp.empty((heads, n, m), dtype=xp.float32), xp.empty_like(q)
    sizes = (xp.int32(n), xp.int32(m), xp.int32(d))
    further = (xp.int32(causal), xp.float32(1 / sqrt(d)))
    grid = (-(-n // prod(block)), heads)
    RawKernel(SCORES, "scores")(grid, block, (q, k, scores, *sizes, *further))
    RawKernel(WEIGHTED, "weighted")(grid, block, (scores, v, out, *sizes))
    return out


KEPT = "highest = fmaxf(highest, score); scores[start + j] = score;"


@misconception(**THROUGH_MEMORY)
def stores_scores_in_one_launch(q, k, v, causal):
    check(q, k, v)
    (heads, n, d), m = q.shape, k.shape[1]
    block = learners_block((32, 1))
    source = FLASH.replace("const float* v, float* out,", "const float* v, float* out, float* s,")
    source = source.replace(
        "float scores[MOST_KEYS], ", "float* scores = s + (head * n + query) * m, "
    )
    source = source.replace("scores[j] = 0.0f;", "float score = 0.0f;")
    source = source.replace("scores[j] += own", "score += own")
    source = source.replace("highest = fmaxf(highest, scores[j]);", KEPT)
    source = source.replace("scores[j]", "scores[start + j]")
    source = source.replace("int seen = min(", "int seen = query >= n ? 0 : min(")
    scores, out = xp.empty((heads, n, m), dtype=xp.float32), xp.empty_like(q)
    sizes = (xp.int32(n), xp.int32(m), xp.int32(d), xp.int32(causal), xp.float32(1 / sqrt(d)))
    arguments = (q, k, v, out, scores, *sizes, xp.int32(16))
    RawKernel(source, "flash")((-(-n // prod(block)), heads), block, arguments)
    return out


@misconception(
    replaces="flash_attention",
    says="the causal mask is aligned to the first key, not to the last",
    hint="One query after a cache of five keys: how many of the six does it see?",
)
def top_left_causal(q, k, v, causal):
    return run(q, k, v, causal, ("query + m - n", "min(query, m - 1)"))


@misconception(
    replaces="flash_attention",
    says="a query does not see the key at its own place",
    hint="n = m: does the first query see the first key?",
)
def strictly_causal(q, k, v, causal):
    return run(q, k, v, causal, ("query + m - n", "query + m - n - 1"))


@misconception(
    replaces="flash_attention",
    says="the causal mask is left out",
    hint="Change the last key. Does the first result change?",
)
def causal_ignored(q, k, v, causal):
    return run(q, k, v, False)


@misconception(
    replaces="flash_attention",
    says="a query that sees no key gives NaN, not zeros",
    hint="Five queries and two keys: what are sum and maximum of the first query?",
)
def nan_when_fully_masked(q, k, v, causal):
    return run(q, k, v, causal, (DIVISION, "output[c] / sum"))


@misconception(
    replaces="flash_attention",
    says="the next tile of keys and values is loaded while others still use the last one",
    hint="A fast thread is in the next round already. Which tile do the slow ones still read?",
)
def missing_second_barrier(q, k, v, causal):
    return run(q, k, v, causal, (READ, ""))


@misconception(
    replaces="flash_attention",
    says="keys and values are used before all of the tile has been loaded",
    hint="Each thread reads what others have loaded. How does it know that they have?",
)
def missing_barrier(q, k, v, causal):
    return run(q, k, v, causal, (LOADED, ""))


@misconception(
    replaces="flash_attention",
    says="the maximum is not subtracted, so large scores overflow",
    hint="What is exp(100) in float32?",
)
def no_max_subtraction(q, k, v, causal):
    changes = [
        ("expf(scores[j] - highest)", "expf(scores[j])"),
        ("expf(maximum - highest)", "1.0f"),
    ]
    return run(q, k, v, causal, *changes)


@misconception(
    replaces="flash_attention",
    says="all heads use the keys and values of the first one",
    hint="Where in memory do the keys of head 1 begin?",
)
def first_head_only(q, k, v, causal):
    return run(q, k, v, causal, ("k += head * m * d, v += head * m * d,", ""))


@misconception(
    id="shapes_not_checked",
    replaces="flash_attention",
    says="k and v of different shapes, or of other heads than q, are not refused",
    hint="What do you read when v has fewer rows than k?",
)
def heads_not_checked(q, k, v, causal):
    if k.shape[1:] != v.shape[1:] or q.shape[2] != k.shape[2] or q.shape[2] > 64:
        raise ValueError("shapes")
    heads = min(q.shape[0], k.shape[0], v.shape[0])
    return flash_attention(*(x[:heads] for x in (q, k, v)), causal)
