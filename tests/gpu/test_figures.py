"""Figures of small kernels, each derived by hand in a comment."""

from __future__ import annotations

from autograder.gpu import xp
from tests.gpu.kernels import f32, i32, kinds, profile


def test_a_coalesced_copy_moves_four_sectors_a_request() -> None:
    # 4096 floats in warps of 32: 128 loads and 128 stores, each 128 aligned bytes = 4 sectors.
    launch = profile(
        "k(const float* x, float* y) { int i = blockIdx.x * 256 + threadIdx.x; y[i] = x[i]; }",
        16,
        256,
        (f32(4096), f32(4096, value=0)),
    )
    assert (launch.load_requests, launch.load_sectors) == (128, 512)
    assert (launch.store_requests, launch.store_sectors) == (128, 512)
    assert launch.global_load_bytes == launch.global_store_bytes == 16384
    assert launch.sectors_per_request == 4.0
    assert kinds(launch) == []


def test_a_copy_strided_by_32_moves_32_sectors_a_request() -> None:
    # Lanes are 32 floats = 128 bytes apart, so each lies in a sector of its own.
    launch = profile(
        "k(const float* x, float* y) { int i = threadIdx.x * 32; y[i] = x[i]; }",
        1,
        32,
        (f32(1024), f32(1024, value=0)),
    )
    assert (launch.requests, launch.sectors) == (2, 64)


def test_a_shift_by_one_float_moves_five_sectors() -> None:
    # Bytes 4 … 131 touch sectors 0 … 4.
    launch = profile(
        "k(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x + 1]; }",
        1,
        32,
        (f32(33), f32(32, value=0)),
    )
    assert (launch.load_requests, launch.load_sectors) == (1, 5)
    assert (launch.store_requests, launch.store_sectors) == (1, 4)


def test_bytes_move_one_sector() -> None:
    # 32 lanes of one byte are 32 bytes.
    launch = profile(
        "k(const unsigned char* x, unsigned char* y) { y[threadIdx.x] = x[threadIdx.x]; }",
        1,
        64,
        (xp.zeros(64, dtype=xp.uint8), xp.zeros(64, dtype=xp.uint8)),
    )
    assert (launch.load_requests, launch.load_sectors) == (2, 2)
    assert (launch.store_requests, launch.store_sectors) == (2, 2)


def test_a_broadcast_moves_one_sector_and_counts_every_lane() -> None:
    # 32 lanes that read one float ask for 128 bytes, all in one sector.
    launch = profile(
        "k(const float* x, float* y) { y[threadIdx.x] = x[0]; }", 1, 32, (f32(8), f32(32, value=0))
    )
    assert (launch.load_requests, launch.load_sectors, launch.global_load_bytes) == (1, 1, 128)


def test_float4_is_requested_by_quarter_warps() -> None:
    # 32 lanes of 16 bytes: 4 requests of 8 lanes, 128 bytes = 4 sectors each.
    launch = profile(
        "k(const float4* x, float4* y) { float4 v = x[threadIdx.x]; v.x += v.w; "
        "y[threadIdx.x] = v; }",
        1,
        32,
        (f32(128), f32(128, value=0)),
    )
    assert (launch.load_requests, launch.load_sectors) == (4, 16)
    assert (launch.store_requests, launch.store_sectors) == (4, 16)
    assert launch.global_load_bytes == 512


def test_double_is_requested_by_half_warps() -> None:
    # 32 lanes of 8 bytes: 2 requests of 16 lanes, 128 bytes = 4 sectors each.
    launch = profile(
        "k(const double* x, double* y) { y[threadIdx.x] = x[threadIdx.x]; }",
        1,
        32,
        (xp.zeros(32), xp.zeros(32)),
    )
    assert (launch.load_requests, launch.load_sectors) == (2, 8)
    assert (launch.store_requests, launch.store_sectors) == (2, 8)


def test_a_half_warp_without_lanes_makes_no_request() -> None:
    # Only lanes 0–9 read: one request of the lower half, 80 bytes = 3 sectors (0–79).
    launch = profile(
        "k(const double* x, double* y) { if (threadIdx.x < 10) y[threadIdx.x] = x[threadIdx.x]; }",
        1,
        32,
        (xp.zeros(32), xp.zeros(32)),
    )
    assert (launch.load_requests, launch.load_sectors) == (1, 3)


def test_a_last_warp_may_be_shorter() -> None:
    # 40 threads: a warp of 32 (4 sectors) and one of 8 (32 bytes = 1 sector).
    launch = profile(
        "k(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }",
        1,
        40,
        (f32(40), f32(40, value=0)),
    )
    assert (launch.load_requests, launch.load_sectors) == (2, 5)


def test_warps_are_of_consecutive_thread_numbers_in_two_dimensions() -> None:
    # 16×4 threads: a warp is two rows of 16; rows of 20 floats, so row r begins at byte 80·r.
    # Warp 0: bytes 0–63 (sectors 0–1) and 80–143 (2–4): 5. Warp 1: 160–223 (5–6), 240–303 (7–9): 5.
    launch = profile(
        "k(const float* x, float* y) { int i = threadIdx.y * 20 + threadIdx.x; y[i] = x[i]; }",
        1,
        (16, 4),
        (f32(80), f32(80, value=0)),
    )
    assert (launch.load_requests, launch.load_sectors) == (2, 10)


def test_each_occurrence_of_an_instruction_is_a_request() -> None:
    # Three turns of a loop: three loads of 4 sectors; the store comes once.
    launch = profile(
        "k(const float* x, float* y) { float s = 0; for (int r = 0; r < 3; r++) "
        "s += x[r * 32 + threadIdx.x]; y[threadIdx.x] = s; }",
        1,
        32,
        (f32(96), f32(32, value=0)),
    )
    assert (launch.load_requests, launch.load_sectors) == (3, 12)
    assert launch.store_requests == 1


def test_lanes_with_fewer_turns_take_part_in_the_first_ones() -> None:
    # Lane t makes t + 1 turns: turn r has lanes r … 31, so 32 requests of one sector.
    launch = profile(
        "k(const float* x, float* y) { float s = 0; for (int r = 0; r <= threadIdx.x; r++) "
        "s += x[r]; y[threadIdx.x] = s; }",
        1,
        32,
        (f32(32), f32(32, value=0)),
    )
    assert (launch.load_requests, launch.load_sectors) == (32, 32)
    assert launch.global_load_bytes == 4 * 32 * 33 // 2


def test_two_branches_are_two_instructions() -> None:
    # Even lanes load at one place, odd ones at another: 2 requests of 4 sectors each.
    launch = profile(
        "k(const float* x, float* y) { int t = threadIdx.x; float v;\n"
        "if (t % 2) v = x[t] * 3; else v = sqrtf(x[t]);\n y[t] = v; }",
        1,
        32,
        (f32(32), f32(32, value=0)),
    )
    assert (launch.load_requests, launch.load_sectors) == (2, 8)
    assert (launch.store_requests, launch.store_sectors) == (1, 4)


def test_a_warp_operation_parts_requests() -> None:
    # Lanes below 16 shuffle once more before the same load: two counts of operations, 2 requests.
    launch = profile(
        "k(const float* x, float* y) { int t = threadIdx.x; if (t < 16) __syncwarp(0xffff);\n"
        "y[t] = x[t]; }",
        1,
        32,
        (f32(32), f32(32, value=0)),
    )
    assert (launch.load_requests, launch.load_sectors) == (2, 4)
    assert kinds(launch) == []


def test_a_value_used_twice_is_loaded_once() -> None:
    launch = profile(
        "k(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x] * x[threadIdx.x]; }",
        1,
        32,
        (f32(32), f32(32, value=0)),
    )
    assert launch.load_requests == 1


def test_a_value_that_a_store_may_have_changed_is_loaded_again() -> None:
    # y may be x: after the first store x[t] is read again.
    launch = profile(
        "k(const float* x, float* y) { int t = threadIdx.x; y[t] = 2 * x[t]; y[t + 32] = x[t]; }",
        1,
        32,
        (f32(32), f32(64, value=0)),
    )
    assert launch.load_requests == 2


def test_a_device_function_called_twice_is_two_instructions() -> None:
    source = """__device__ float get(const float* x, int i) { return x[i]; }
extern "C" __global__ void k(const float* x, float* y) {
    int t = threadIdx.x;
    if (t < 16) y[t] = get(x, t);
    else y[t] = get(x, t) + 1;
}"""
    # Each branch loads 16 floats = 2 sectors and stores them.
    launch = profile(source, 1, 32, (f32(32), f32(32, value=0)))
    assert (launch.load_requests, launch.load_sectors) == (2, 4)
    assert (launch.store_requests, launch.store_sectors) == (2, 4)


def test_a_struct_of_twelve_bytes_is_three_accesses() -> None:
    # Bytes 12·t … 12·t + 11: each of three requests has lanes 12 bytes apart, over 384 bytes:
    # 12 sectors each.
    source = """struct P { float a, b, c; };
extern "C" __global__ void k(const P* x, P* y) { P p = x[threadIdx.x]; y[threadIdx.x] = p; }"""
    launch = profile(source, 1, 32, (f32(96), f32(96, value=0)))
    assert (launch.load_requests, launch.load_sectors) == (3, 36)
    assert (launch.store_requests, launch.store_sectors) == (3, 36)
    assert launch.global_load_bytes == launch.global_store_bytes == 384


def test_a_struct_of_eight_bytes_is_one_access_where_it_is_aligned() -> None:
    # At multiples of 8: 2 requests (half-warps) of 128 bytes. From byte 4 on: 2 accesses of 4
    # bytes, each request with lanes 8 bytes apart, bytes 4 … 255 and 8 … 259: sectors 0–7, 0–8.
    source = """struct P { float a, b; };
extern "C" __global__ void k(const float* x, P* y, int skip) {
    P p = *(const P*)(x + skip + 2 * threadIdx.x);
    y[threadIdx.x] = p;
}"""
    launch = profile(source, 1, 32, (f32(66), f32(64, value=0), xp.int32(0)))
    assert (launch.load_requests, launch.load_sectors) == (2, 8)
    launch = profile(source, 1, 32, (f32(66), f32(64, value=0), xp.int32(1)))
    assert (launch.load_requests, launch.load_sectors) == (2, 8 + 9)


def test_a_struct_at_odd_bytes_is_copied_byte_by_byte() -> None:
    # 5 bytes: 5 accesses of 1 byte each, 32 lanes 5 bytes apart over bytes j … 155 + j: sector
    # 0–4 (j = 0 … 4: last byte 155 … 159), so 5 each.
    source = """struct P { char a[5]; };
extern "C" __global__ void k(const P* x, P* y) { P p = x[threadIdx.x]; y[threadIdx.x] = p; }"""
    launch = profile(source, 1, 32, (xp.zeros(160, xp.uint8), xp.zeros(160, xp.uint8)))
    assert (launch.load_requests, launch.load_sectors) == (5, 25)


def test_figures_are_kept_for_each_buffer() -> None:
    launch = profile(
        "k(const float* x, const float* b, float* y) { int t = threadIdx.x; y[t] = x[t] + b[0]; }",
        1,
        64,
        (f32(64), f32(8), f32(64, value=0)),
    )
    x, b, y = launch.buffers
    assert (x.nbytes, x.dtype, x.load_bytes, x.load_requests, x.load_sectors) == (
        256,
        "float32",
        256,
        2,
        8,
    )
    assert (b.nbytes, b.load_bytes, b.load_requests, b.load_sectors) == (32, 256, 2, 2)
    assert (y.store_bytes, y.store_requests, y.store_sectors, y.load_bytes) == (256, 2, 8, 0)


def test_an_array_passed_twice_is_one_buffer() -> None:
    x = f32(32)
    launch = profile(
        "k(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x] + 1; }", 1, 32, (x, x)
    )
    assert len(launch.buffers) == 1
    assert launch.buffers[0].load_bytes == launch.buffers[0].store_bytes == 128
    assert x[31] == 32


def test_atomics_are_counted_by_thread_and_are_no_requests() -> None:
    launch = profile("k(int* y) { atomicAdd(y, 1); }", 2, 48, (i32(1, value=0),))
    assert (launch.atomics, launch.requests, launch.global_load_bytes) == (96, 0, 0)
    assert kinds(launch) == []


def test_a_column_of_an_unpadded_tile_has_31_conflicts() -> None:
    # Writing rows: one wavefront each. Reading a column: 32 words of one bank, 31 extra.
    source = """extern "C" __global__ void k(float* y) {
    __shared__ float tile[32][32];
    for (int r = 0; r < 32; r++) tile[r][threadIdx.x] = r;
    __syncthreads();
    float s = tile[threadIdx.x][0];
    y[threadIdx.x] = s;
}"""
    launch = profile(source, 1, 32, (f32(32, value=0),))
    assert (launch.shared_requests, launch.bank_conflicts, launch.barriers) == (33, 31, 1)
    assert 4096 <= launch.shared_bytes <= 4112  # a linker may add a little


def test_a_column_of_a_padded_tile_has_none() -> None:
    source = """extern "C" __global__ void k(float* y) {
    __shared__ float tile[32][33];
    for (int r = 0; r < 32; r++) tile[r][threadIdx.x] = r;
    __syncthreads();
    y[threadIdx.x] = tile[threadIdx.x][0];
}"""
    launch = profile(source, 1, 32, (f32(32, value=0),))
    assert (launch.shared_requests, launch.bank_conflicts) == (33, 0)


def test_sixteen_by_sixteen_padded_to_17_still_has_two_way_conflicts() -> None:
    # Reading tile[tx][ty], a warp has tx 0–15 and two rows ty = 2w, 2w + 1: words 17·tx + ty. At
    # w = 0: even tx hit banks 0, 2 … 14 (17·tx = tx mod 32), odd ones 17, 19 … 31; ty = 1 adds 1:
    # 1, 3 … 15, then 18, 20 … 30 and 256 = bank 0 again. Other warps shift all banks alike.
    # So only bank 0 has two words: one extra wavefront for each of the 8 warps.
    source = """extern "C" __global__ void k(float* y) {
    __shared__ float tile[16][17];
    tile[threadIdx.y][threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.y * 16 + threadIdx.x] = tile[threadIdx.x][threadIdx.y];
}"""
    launch = profile(source, 1, (16, 16), (f32(256, value=0),))
    # Writing: words 17·ty + tx, 0–15 and 17–32: bank 0 has words 0 and 32. One extra as well.
    assert launch.shared_requests == 16
    assert launch.bank_conflicts == 8 + 8


def test_lanes_on_one_word_share_it_whichever_bytes() -> None:
    # 32 lanes read the bytes of 8 words: 8 banks, one word each.
    source = """extern "C" __global__ void k(unsigned char* y) {
    __shared__ unsigned char s[32];
    s[threadIdx.x] = threadIdx.x;
    __syncthreads();
    y[threadIdx.x] = s[31 - threadIdx.x];
}"""
    launch = profile(source, 1, 32, (xp.zeros(32, xp.uint8),))
    assert (launch.shared_requests, launch.bank_conflicts) == (2, 0)


def test_doubles_in_shared_memory_go_by_half_warps() -> None:
    # 16 lanes of 8 bytes are 32 words, one a bank: 2 requests a warp, no conflict. Two apart
    # (16 bytes): 16 lanes cover words 4t, 4t + 1 over 64 words: banks twice: one extra each.
    source = """extern "C" __global__ void k(double* y) {
    __shared__ double s[64];
    s[threadIdx.x] = 1;
    s[threadIdx.x + 32] = 1;
    __syncthreads();
    y[threadIdx.x] = s[2 * threadIdx.x];
}"""
    launch = profile(source, 1, 32, (xp.zeros(32),))
    assert (launch.shared_requests, launch.bank_conflicts) == (6, 2)


def test_float4_in_shared_memory_goes_by_quarter_warps() -> None:
    # 8 lanes of 16 bytes are 32 words, one a bank: 4 requests, none in conflict, for each access.
    source = """extern "C" __global__ void k(float4* y) {
    __shared__ float4 s[32];
    s[threadIdx.x] = make_float4(1, 2, 3, 4);
    __syncthreads();
    y[threadIdx.x] = s[31 - threadIdx.x];
}"""
    launch = profile(source, 1, 32, (f32(128, value=0),))
    assert (launch.shared_requests, launch.bank_conflicts) == (8, 0)


def test_shared_atomics_are_requests_with_conflicts() -> None:
    # All lanes add to words 0, 32, 64 … 96: lane t to word 32·(t % 4): 4 words of bank 0: 3 extra.
    source = """extern "C" __global__ void k(int* y) {
    __shared__ int s[128];
    for (int i = threadIdx.x; i < 128; i += 32) s[i] = 0;
    __syncthreads();
    atomicAdd(&s[32 * (threadIdx.x % 4)], 1);
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x];
}"""
    launch = profile(source, 1, 32, (i32(32, value=0),))
    assert (launch.shared_requests, launch.bank_conflicts) == (4 + 1 + 1, 3)
    assert (launch.shared_atomics, launch.atomics, launch.barriers) == (32, 0, 2)


def test_barriers_are_summed_over_blocks() -> None:
    launch = profile(
        "k(float* y) { __syncthreads(); __syncthreads(); y[blockIdx.x * 64 + threadIdx.x] = 1; }",
        3,
        64,
        (f32(192, value=0),),
    )
    assert launch.barriers == 6


def test_matmul_in_tiles_loads_each_element_once_a_tile() -> None:
    # 64×64×64, 16×16 tiles: 16 blocks × 4 tiles × 2 loads × 256 threads × 4 bytes.
    # A warp is two rows of 16 floats, 64 aligned bytes each: 4 sectors a request.
    source = """extern "C" __global__ void k(const float* a, const float* b, float* c, int n) {
    __shared__ float as[16][16], bs[16][16];
    int row = blockIdx.y * 16 + threadIdx.y, col = blockIdx.x * 16 + threadIdx.x;
    float sum = 0;
    for (int t = 0; t < n / 16; t++) {
        as[threadIdx.y][threadIdx.x] = a[row * n + t * 16 + threadIdx.x];
        bs[threadIdx.y][threadIdx.x] = b[(t * 16 + threadIdx.y) * n + col];
        __syncthreads();
        for (int k = 0; k < 16; k++) sum += as[threadIdx.y][k] * bs[k][threadIdx.x];
        __syncthreads();
    }
    c[row * n + col] = sum;
}"""
    a, b, c = f32(64, 64, value=1), f32(64, 64, value=2), f32(64, 64, value=0)
    launch = profile(source, (4, 4), (16, 16), (a, b, c, xp.int32(64)))
    assert launch.global_load_bytes == 16 * 4 * 2 * 256 * 4
    assert launch.load_sectors_per_request == launch.store_sectors_per_request == 4.0
    # as: two words a warp (rows 2w and 2w + 1, column k): banks k and 16 + k; bs: 16 words.
    assert launch.bank_conflicts == 0
    assert launch.barriers == 16 * 8
    assert kinds(launch) == []
    assert (c == 128).all()
