// The language that kernels are written in, for a C++ compiler. What touches memory or other
// threads is declared here and defined in the runtime, so that its call carries the learner's line.
#pragma once

typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef unsigned int uint;
typedef unsigned char uchar;
typedef unsigned short ushort;

#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define FLT_MAX __FLT_MAX__
#define FLT_MIN __FLT_MIN__
#define FLT_EPSILON __FLT_EPSILON__
#define DBL_MAX __DBL_MAX__
#define INT_MAX 2147483647
#define INT_MIN (-INT_MAX - 1)
#define UINT_MAX 4294967295u

#define KATA_INLINE static inline __attribute__((always_inline, unused))

// Vector types ------------------------------------------------------------------------------

#ifdef __clang__
// clang takes a struct apart into its members: a copy that goes through one vector stays whole.
#define KATA_COPY(name, type, lanes)                                                              \
    typedef type Whole __attribute__((vector_size(sizeof(type) * lanes), may_alias));          \
    name() = default;                                                                          \
    KATA_MEMBER name(const name& other) { *(Whole*)this = *(const Whole*)&other; }             \
    KATA_MEMBER name& operator=(const name& other) {                                           \
        *(Whole*)this = *(const Whole*)&other;                                                 \
        return *this;                                                                          \
    }
#define KATA_MEMBER __attribute__((always_inline, nodebug))
#define KATA_PAIR_CONSTRUCTOR(name, type) KATA_COPY(name, type, 2)                             \
    KATA_MEMBER constexpr name(type a, type b) : x(a), y(b) {}
#define KATA_QUAD_CONSTRUCTOR(name, type) KATA_COPY(name, type, 4)                             \
    KATA_MEMBER constexpr name(type a, type b, type c, type d) : x(a), y(b), z(c), w(d) {}
#else
#define KATA_PAIR_CONSTRUCTOR(name, type)
#define KATA_QUAD_CONSTRUCTOR(name, type)
#endif

#define KATA_PAIR(name, type, bytes)                                                           \
    struct __attribute__((aligned(bytes))) name {                                              \
        type x, y;                                                                             \
        KATA_PAIR_CONSTRUCTOR(name, type)                                                      \
    };                                                                                         \
    KATA_INLINE name make_##name(type x, type y) { return name{x, y}; }
#define KATA_TRIPLE(name, type)                                                                \
    struct name { type x, y, z; };                                                             \
    KATA_INLINE name make_##name(type x, type y, type z) { return name{x, y, z}; }
#define KATA_QUAD(name, type, bytes)                                                           \
    struct __attribute__((aligned(bytes))) name {                                              \
        type x, y, z, w;                                                                       \
        KATA_QUAD_CONSTRUCTOR(name, type)                                                      \
    };                                                                                         \
    KATA_INLINE name make_##name(type x, type y, type z, type w) { return name{x, y, z, w}; }

KATA_PAIR(float2, float, 8)
KATA_PAIR(int2, int, 8)
KATA_PAIR(uint2, unsigned, 8)
KATA_PAIR(double2, double, 16)
KATA_TRIPLE(float3, float)
KATA_TRIPLE(int3, int)
KATA_TRIPLE(uint3, unsigned)
KATA_QUAD(float4, float, 16)
KATA_QUAD(int4, int, 16)
KATA_QUAD(uint4, unsigned, 16)
KATA_QUAD(char4, signed char, 4)
KATA_QUAD(uchar4, unsigned char, 4)

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};

// Who a thread is: constants to the compiler, changed by the runtime between threads.
#define KATA_PLACE(variable, symbol)                                                           \
    struct Kata_##variable {                                                                   \
        static const unsigned x __asm__(symbol "_x");                                          \
        static const unsigned y __asm__(symbol "_y");                                          \
        static const unsigned z __asm__(symbol "_z");                                          \
        __attribute__((always_inline)) operator uint3() const { return uint3{x, y, z}; }       \
        __attribute__((always_inline)) operator dim3() const { return dim3(x, y, z); }         \
    };                                                                                         \
    static const Kata_##variable variable __attribute__((unused)) = {};
KATA_PLACE(threadIdx, "kata_thread")
KATA_PLACE(blockIdx, "kata_block")
KATA_PLACE(blockDim, "kata_block_size")
KATA_PLACE(gridDim, "kata_grid_size")
static const int warpSize = 32;

// Barriers, warps ---------------------------------------------------------------------------

void __syncthreads();
int __syncthreads_or(int predicate);
int __syncthreads_and(int predicate);
int __syncthreads_count(int predicate);
void __syncwarp(unsigned mask = 0xffffffffu);
unsigned __ballot_sync(unsigned mask, int predicate);
int __any_sync(unsigned mask, int predicate);
int __all_sync(unsigned mask, int predicate);
unsigned __activemask();

#define KATA_SHUFFLES(type)                                                                    \
    type __shfl_sync(unsigned mask, type value, int lane, int width = 32);                     \
    type __shfl_up_sync(unsigned mask, type value, unsigned delta, int width = 32);            \
    type __shfl_down_sync(unsigned mask, type value, unsigned delta, int width = 32);          \
    type __shfl_xor_sync(unsigned mask, type value, int lanes, int width = 32);
KATA_SHUFFLES(int)
KATA_SHUFFLES(unsigned)
KATA_SHUFFLES(long)
KATA_SHUFFLES(unsigned long)
KATA_SHUFFLES(long long)
KATA_SHUFFLES(unsigned long long)
KATA_SHUFFLES(float)
KATA_SHUFFLES(double)

// Atomics: the types that CUDA has each for -------------------------------------------------

#define KATA_ATOMIC(name, type) type name(type* address, type value);
#define KATA_ATOMIC_BITS(type)                                                                 \
    KATA_ATOMIC(atomicMin, type)                                                               \
    KATA_ATOMIC(atomicMax, type)                                                               \
    KATA_ATOMIC(atomicAnd, type)                                                               \
    KATA_ATOMIC(atomicOr, type)                                                                \
    KATA_ATOMIC(atomicXor, type)
KATA_ATOMIC_BITS(int)
KATA_ATOMIC_BITS(unsigned)
KATA_ATOMIC_BITS(long long)
KATA_ATOMIC_BITS(unsigned long long)
KATA_ATOMIC(atomicAdd, int)
KATA_ATOMIC(atomicAdd, unsigned)
KATA_ATOMIC(atomicAdd, unsigned long long)
KATA_ATOMIC(atomicAdd, float)
KATA_ATOMIC(atomicAdd, double)
KATA_ATOMIC(atomicSub, int)
KATA_ATOMIC(atomicSub, unsigned)
KATA_ATOMIC(atomicExch, int)
KATA_ATOMIC(atomicExch, unsigned)
KATA_ATOMIC(atomicExch, unsigned long long)
KATA_ATOMIC(atomicExch, float)
int atomicCAS(int* address, int compare, int value);
unsigned atomicCAS(unsigned* address, unsigned compare, unsigned value);
unsigned long long atomicCAS(
    unsigned long long* address, unsigned long long compare, unsigned long long value);

// A load through the read-only cache is a load: a macro, so that it is on the learner's line.
#define __ldg(address) (*(address))

extern "C" int printf(const char* format, ...) __asm__("kata_printf")
    __attribute__((format(printf, 1, 2)));
