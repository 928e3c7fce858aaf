"""Each item of the language, by what it computes."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from autograder.gpu import xp
from tests.gpu.kernels import f32, i32, kinds, profile, run

FULL = "0xffffffffu"


def values(
    expression: str,
    dtype: Any = np.float32,
    before: str = "",
    threads: int = 32,
    top: str = "",
    ctype: str = "",
) -> Any:
    """What an expression of thread t gives in each thread of a block."""
    names = {
        "float32": "float",
        "int32": "int",
        "uint32": "unsigned",
        "float64": "double",
        "int64": "long long",
        "uint64": "unsigned long long",
    }
    y = xp.zeros(threads, dtype=dtype)
    ctype = ctype or names[np.dtype(dtype).name]
    profile(
        f'{top}\nextern "C" __global__ void k({ctype}* y) {{ int t = threadIdx.x; {before}\n'
        f"y[t] = {expression}; }}",
        1,
        threads,
        (y,),
    )
    return y


LANE = np.arange(32)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"__shfl_sync({FULL}, t, 5)", np.full(32, 5)),
        (f"__shfl_sync({FULL}, t, 5, 8)", LANE // 8 * 8 + 5),
        (f"__shfl_sync({FULL}, t, 13, 8)", LANE // 8 * 8 + 5),
        (f"__shfl_up_sync({FULL}, t, 3)", np.where(LANE < 3, LANE, LANE - 3)),
        (f"__shfl_up_sync({FULL}, t, 1, 4)", np.where(LANE % 4 < 1, LANE, LANE - 1)),
        (f"__shfl_down_sync({FULL}, t, 3)", np.where(LANE + 3 > 31, LANE, LANE + 3)),
        (f"__shfl_down_sync({FULL}, t, 1, 4)", np.where(LANE % 4 == 3, LANE, LANE + 1)),
        (f"__shfl_xor_sync({FULL}, t, 16)", LANE ^ 16),
        (f"__shfl_xor_sync({FULL}, t, 1, 2)", LANE ^ 1),
        (f"__shfl_xor_sync({FULL}, t, 4, 4)", np.where(LANE & 4, LANE ^ 4, LANE)),
        (f"__popc(__ballot_sync({FULL}, t < 5))", np.full(32, 5)),
        (f"__any_sync({FULL}, t == 31) + 2 * __all_sync({FULL}, t < 31)", np.full(32, 1)),
        ("warpSize + blockDim.x + gridDim.x + blockIdx.x", np.full(32, 65)),
        ("__popc(0xf0f0u) + __clz(1) + __ffs(8) + __clz(0)", np.full(32, 8 + 31 + 4 + 32)),
        ("__dp4a(0x01020304, 0x01010101, 5)", np.full(32, 15)),
        ("__dp4a((int)0xff000000, 0x7f000000, 0)", np.full(32, -127)),
        ("(int)__dp4a(0xff000000u, 0x02000000u, 1u)", np.full(32, 511)),
        ("min(t, 5) + max(t, 20)", np.minimum(LANE, 5) + np.maximum(LANE, 20)),
        ("__float_as_int(1.0f)", np.full(32, 0x3F800000)),
        ("(int)__float_as_uint(-0.0f)", np.full(32, -(2**31))),
        ("INT_MAX - INT_MIN * 0 - t", 2**31 - 1 - LANE),
        (
            "(int)sizeof(int8_t) + sizeof(uint16_t) + sizeof(int32_t) + sizeof(uint64_t)",
            np.full(32, 15),
        ),
        ("abs(t - 16)", np.abs(LANE - 16)),
    ],
)
def test_integers(expression: str, expected: Any) -> None:
    assert (_all("test_integers", "int32")[expression] == expected).all()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("__expf(1.0f)", math.e),
        ("__logf(10.0f)", math.log(10)),
        ("__fdividef(1.0f, 3.0f)", 1 / 3),
        ("rsqrtf(4.0f)", 0.5),
        ("fmaf(2.0f, 3.0f, 4.0f)", 10),
        ("__int_as_float(0x40490fdb)", math.pi),
        ("__uint_as_float(0x3f000000u)", 0.5),
        ("fminf(1, 2) + fmaxf(3, 4) + fabsf(-5)", 10),
        ("min(1.5f, 2.0f) + max(0.5f, 0.25f)", 2.0),
        ("tanhf(0.5f) + tanh(0.5f)", 2 * math.tanh(0.5)),
        ("erff(0.3f)", math.erf(0.3)),
        ("expf(0.5f) + exp(0.5f) + logf(2) + log(2.0f)", 2 * math.exp(0.5) + 2 * math.log(2)),
        ("powf(2, 10) + pow(2.0f, 3.0f) + sqrtf(16) + sqrt(4.0f)", 1024 + 8 + 4 + 2),
        ("floorf(1.5f) + ceilf(1.5f) + roundf(2.5f) + rintf(2.5f) + truncf(-1.5f)", 7),
        ("fmodf(7, 4) + copysignf(1, -2) + exp2f(3) + log2f(8) + cbrtf(27)", 3 - 1 + 8 + 3 + 3),
        ("isnan(NAN) + 2 * isinf(INFINITY) + 4 * isfinite(1.0f) + 8 * isfinite(INFINITY)", 7),
        ("sinf(1) * sinf(1) + cosf(1) * cosf(1)", 1),
        ("lroundf(2.6f) + abs(-3.5f)", 6.5),
        ("FLT_MAX > 1e38f && FLT_MIN < 1e-37f", 1),
    ],
)
def test_floats(expression: str, expected: float) -> None:
    assert np.allclose(_all("test_floats", "float32")[expression], expected, rtol=1e-6)


@functools.cache
def _all(test: str, dtype: str) -> dict[str, Any]:
    """What the expressions of a test give: one kernel for all, which compiles in less time."""
    marks = globals()[test].pytestmark
    expressions = [case[0] for mark in marks for case in mark.args[1]]
    y = xp.zeros((len(expressions), 32), dtype=dtype)
    body = "\n".join(
        f"y[{32 * number} + t] = {expression};" for number, expression in enumerate(expressions)
    )
    ctype = {"int32": "int", "float32": "float"}[dtype]
    profile(f"k({ctype}* y) {{ int t = threadIdx.x;\n{body}\n}}", 1, 32, (y,))
    return dict(zip(expressions, y, strict=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint32, np.int64, np.uint64])
def test_shuffles_of_every_type(dtype: Any) -> None:
    names = {
        "float32": "float",
        "float64": "double",
        "uint32": "unsigned",
        "int64": "long long",
        "uint64": "unsigned long long",
    }
    value = f"({names[np.dtype(dtype).name]})t * 3"
    assert (values(f"__shfl_xor_sync({FULL}, {value}, 1)", dtype) == 3 * (LANE ^ 1)).all()


@pytest.mark.parametrize(
    ("call", "dtype", "start", "expected"),
    [
        ("atomicAdd(y, 2)", np.int32, 5, 69),
        ("atomicAdd(y, 2u)", np.uint32, 5, 69),
        ("atomicAdd(y, 2ull)", np.uint64, 5, 69),
        ("atomicAdd(y, 0.5f)", np.float32, 0, 16),
        ("atomicAdd(y, 0.5)", np.float64, 0, 16),
        ("atomicSub(y, 1)", np.int32, 32, 0),
        ("atomicSub(y, 1u)", np.uint32, 40, 8),
        ("atomicMin(y, (int)threadIdx.x - 7)", np.int32, 0, -7),
        ("atomicMax(y, threadIdx.x)", np.uint32, 0, 31),
        ("atomicMin(y, (long long)threadIdx.x - 7)", np.int64, 0, -7),
        ("atomicMax(y, (unsigned long long)threadIdx.x)", np.uint64, 0, 31),
        ("atomicAnd(y, ~(1 << (int)threadIdx.x))", np.int32, -1, 0),
        ("atomicOr(y, 1u << threadIdx.x)", np.uint32, 0, 2**32 - 1),
        ("atomicXor(y, 1ull << threadIdx.x)", np.uint64, 0, 2**32 - 1),
        ("atomicExch(y, 4.0f)", np.float32, 0, 4),
        ("atomicExch(y, 4)", np.int32, 0, 4),
        ("atomicCAS(y, (int)threadIdx.x, (int)threadIdx.x + 1)", np.int32, 0, 32),
        ("atomicCAS(y, 0ull, 9ull)", np.uint64, 0, 9),
    ],
)
def test_atomics_on_buffers_and_on_shared_memory(
    call: str, dtype: Any, start: int, expected: int
) -> None:
    names = {
        "float32": "float",
        "float64": "double",
        "int32": "int",
        "uint32": "unsigned",
        "int64": "long long",
        "uint64": "unsigned long long",
    }
    ctype = names[np.dtype(dtype).name]
    source = f"""extern "C" __global__ void k({ctype}* out, {ctype}* z) {{
    {ctype}* y = out;
    {call};
    __shared__ {ctype} s;
    if (threadIdx.x == 0) s = *z;
    __syncthreads();
    y = &s;
    {call};
    __syncthreads();
    if (threadIdx.x == 0) *z = s;
}}"""
    y, z = xp.zeros(1, dtype=dtype), xp.zeros(1, dtype=dtype)
    y[0] = z[0] = start
    launch = profile(source, 1, 32, (y, z))
    assert y[0] == expected == z[0]
    assert (launch.atomics, launch.shared_atomics) == (32, 32)


def test_vector_types() -> None:
    source = """extern "C" __global__ void k(const float4* x, int* y) {
    float4 v = x[0];
    float2 a = make_float2(v.x, v.y);
    int2 b = make_int2(1, 2); int3 c = make_int3(1, 2, 3); int4 d = make_int4(1, 2, 3, 4);
    uint2 e = make_uint2(1, 2); uint4 f = make_uint4(1, 2, 3, 4); float3 g = make_float3(1, 2, 3);
    uint3 u = make_uint3(1, 2, 3); double2 h = make_double2(1, 2);
    char4 i = make_char4(-1, 2, 3, 4); uchar4 j = make_uchar4(255, 2, 3, 4);
    y[0] = a.x + a.y + v.z + v.w;
    y[1] = b.x + b.y + c.z + d.w + e.y + f.w + g.z + u.z + h.y;
    y[2] = i.x + j.x;
    y[3] = sizeof(float4) + sizeof(double2) + sizeof(char4) + sizeof(float3) + sizeof(int2);
    y[4] = __dp4a(i, i, 0) + (int)__dp4a(j, make_uchar4(1, 0, 0, 0), 0u);
}"""
    y = i32(5, value=0)
    profile(source, 1, 1, (f32(4), y))
    assert y.tolist() == [
        6,
        1 + 2 + 3 + 4 + 2 + 4 + 3 + 3 + 2,
        254,
        16 + 16 + 4 + 12 + 8,
        1 + 4 + 9 + 16 + 255,
    ]


def test_indices_of_three_dimensions() -> None:
    source = """extern "C" __global__ void k(int* y) {
    int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    y[block * blockDim.x * blockDim.y * blockDim.z + thread]++;
}"""
    y = i32(2 * 3 * 2 * 4 * 2 * 3, value=0)
    profile(source, (2, 3, 2), (4, 2, 3), (y,))
    assert (y == 1).all()


def test_constants_structs_templates_and_qualifiers() -> None:
    source = """#define SCALE 2.0f
#pragma unroll
__constant__ float weights[3] = {1, 2, 3};
__constant__ const int shift = 4;
struct __align__(8) Pair { float a, b; __device__ float sum() const { return a + b; } };
template <int N> __device__ __forceinline__ float total(const float (&v)[N]) {
    float s = 0;
    #pragma unroll
    for (int i = 0; i < N; i++) s += v[i];
    return s;
}
static __device__ inline float twice(float x) { return SCALE * x; }
__host__ __device__ constexpr int cube(int n) { return n * n * n; }
template <int N> __device__ float through(float v) {
    __shared__ float s[N];
    s[threadIdx.x] = v;
    __syncthreads();
    return s[N - 1 - threadIdx.x];
}
extern "C" __global__ void __launch_bounds__(32, 2) k(Pair* __restrict__ p, float* y) {
    static __shared__ float own[32];
    extern __shared__ __align__(16) unsigned char raw[];
    float* dynamic = reinterpret_cast<float*>(raw);
    int t = threadIdx.x;
    float v[4] = {1, 2, 3, (float)t};
    auto plus = [&](float x) { return x + shift; };
    own[t] = t;
    dynamic[t] = p[t].sum();
    __syncthreads();
    y[t] = plus(weights[t % 3]) + twice(own[31 - t]) + total(v) + dynamic[t] + cube(2)
        + through<32>(t);
}"""
    pairs, y = f32(32, 2), f32(32, value=0)
    launch = profile(source, 1, 32, (pairs, y), shared_mem=128)
    t = np.arange(32)
    expected = (np.array([1, 2, 3])[t % 3] + 4) + 2 * (31 - t) + 6 + t + pairs.sum(1) + 8 + 31 - t
    assert (y == expected).all()
    assert 384 <= launch.shared_bytes <= 400  # a linker may add a little
    assert kinds(launch) == []
    assert launch.global_load_bytes == 32 * 8  # constants are no accesses


def test_constant_data_and_arrays_of_a_thread_are_no_accesses() -> None:
    source = """__constant__ float w[64] = {1, 2, 3};
extern "C" __global__ void k(float* y, int n) {
    float own[16];
    for (int i = 0; i < 16; i++) own[i] = w[(i + n) % 64];
    float s = 0;
    for (int i = 0; i < 16; i++) s += own[(i * n) % 16];
    y[threadIdx.x] = s;
}"""
    launch = profile(source, 1, 32, (f32(32, value=0), xp.int32(3)))
    assert (launch.requests, launch.load_requests, launch.shared_requests) == (1, 0, 0)


def test_printf_is_handed_back() -> None:
    result = run(
        'k(float* y) { printf("%d:%.1f ", threadIdx.x, y[threadIdx.x]); }', 1, 3, (f32(3),)
    )
    assert result["printed"] == "0:0.0 1:1.0 2:2.0 "


def test_definitions_and_versions_of_the_language() -> None:
    y = i32(1, value=0)
    profile(
        "k(int* y) { y[0] = A + B; }",
        1,
        1,
        (y,),
        options=("-DA=3", "-D", "B", "-std=c++14", "--use_fast_math"),
    )
    assert y[0] == 4


def test_shared_memory_is_filled_with_ones_and_told() -> None:
    y = i32(32, value=0)
    launch = profile(
        "k(int* y) { __shared__ int s[32]; y[threadIdx.x] = s[threadIdx.x]; }", 1, 32, (y,)
    )
    assert (y == -1).all()
    assert kinds(launch) == ["uninitialized_shared:1"]


def test_the_active_mask_has_the_lanes_that_have_not_returned() -> None:
    before = "if (t >= 20) return; __syncwarp(0xfffff); unsigned m = __activemask(); __syncwarp(m);"
    assert (values("m", np.uint32, before)[:20] == 0xFFFFF).all()


def test_macros_of_any_name_do_no_harm() -> None:
    source = "\n".join(f"#define {name} 3" for name in ("T", "P", "I", "N", "kind", "x0", "type"))
    y = i32(1, value=0)
    profile(
        source + '\nextern "C" __global__ void k(int* y) { y[0] = T + P + N + kind; }', 1, 1, (y,)
    )
    assert y[0] == 12
