// Arithmetic of the language: no memory, no other threads.
#pragma once

#define KATA_MATH1(name)                                                                       \
    extern "C" double name(double) noexcept;                                                   \
    extern "C" float name##f(float) noexcept;                                                  \
    KATA_INLINE float name(float x) { return name##f(x); }
#define KATA_MATH2(name)                                                                       \
    extern "C" double name(double, double) noexcept;                                           \
    extern "C" float name##f(float, float) noexcept;                                           \
    KATA_INLINE float name(float x, float y) { return name##f(x, y); }

KATA_MATH1(acos) KATA_MATH1(asin) KATA_MATH1(atan) KATA_MATH1(acosh) KATA_MATH1(asinh)
KATA_MATH1(atanh) KATA_MATH1(cos) KATA_MATH1(sin) KATA_MATH1(tan) KATA_MATH1(cosh)
KATA_MATH1(sinh) KATA_MATH1(tanh) KATA_MATH1(exp) KATA_MATH1(exp2) KATA_MATH1(expm1)
KATA_MATH1(log) KATA_MATH1(log10) KATA_MATH1(log1p) KATA_MATH1(log2) KATA_MATH1(logb)
KATA_MATH1(cbrt) KATA_MATH1(sqrt) KATA_MATH1(erf) KATA_MATH1(erfc) KATA_MATH1(lgamma)
KATA_MATH1(tgamma) KATA_MATH1(ceil) KATA_MATH1(floor) KATA_MATH1(trunc) KATA_MATH1(round)
KATA_MATH1(rint) KATA_MATH1(nearbyint) KATA_MATH1(fabs)
KATA_MATH2(atan2) KATA_MATH2(hypot) KATA_MATH2(pow) KATA_MATH2(fmod) KATA_MATH2(remainder)
KATA_MATH2(copysign) KATA_MATH2(fdim) KATA_MATH2(fmax) KATA_MATH2(fmin) KATA_MATH2(nextafter)

extern "C" {
double fma(double, double, double) noexcept;
float fmaf(float, float, float) noexcept;
long lround(double) noexcept;
long lroundf(float) noexcept;
long lrint(double) noexcept;
long lrintf(float) noexcept;
long long llround(double) noexcept;
long long llroundf(float) noexcept;
long long llrint(double) noexcept;
long long llrintf(float) noexcept;
double ldexp(double, int) noexcept;
float ldexpf(float, int) noexcept;
double scalbn(double, int) noexcept;
float scalbnf(float, int) noexcept;
double frexp(double, int*) noexcept;
float frexpf(float, int*) noexcept;
double modf(double, double*) noexcept;
float modff(float, float*) noexcept;
int ilogb(double) noexcept;
int ilogbf(float) noexcept;
}
KATA_INLINE float fma(float x, float y, float z) { return fmaf(x, y, z); }
KATA_INLINE float ldexp(float x, int n) { return ldexpf(x, n); }
KATA_INLINE float pow(float x, int n) { return powf(x, (float)n); }
KATA_INLINE double pow(double x, int n) { return pow(x, (double)n); }
KATA_INLINE bool isnan(float x) { return __builtin_isnan(x); }
KATA_INLINE bool isnan(double x) { return __builtin_isnan(x); }
KATA_INLINE bool isinf(float x) { return __builtin_isinf(x); }
KATA_INLINE bool isinf(double x) { return __builtin_isinf(x); }
KATA_INLINE bool isfinite(float x) { return __builtin_isfinite(x); }
KATA_INLINE bool isfinite(double x) { return __builtin_isfinite(x); }
KATA_INLINE bool signbit(float x) { return __builtin_signbit(x); }
KATA_INLINE bool signbit(double x) { return __builtin_signbit(x); }

KATA_INLINE int abs(int x) { return x < 0 ? -x : x; }
KATA_INLINE long abs(long x) { return x < 0 ? -x : x; }
KATA_INLINE long long abs(long long x) { return x < 0 ? -x : x; }
KATA_INLINE float abs(float x) { return __builtin_fabsf(x); }
KATA_INLINE double abs(double x) { return __builtin_fabs(x); }
KATA_INLINE long long llabs(long long x) { return x < 0 ? -x : x; }

#define KATA_ORDER(type)                                                                       \
    KATA_INLINE type min(type x, type y) { return y < x ? y : x; }                             \
    KATA_INLINE type max(type x, type y) { return x < y ? y : x; }
KATA_ORDER(int) KATA_ORDER(unsigned) KATA_ORDER(long) KATA_ORDER(unsigned long)
KATA_ORDER(long long) KATA_ORDER(unsigned long long)
KATA_INLINE unsigned min(int x, unsigned y) { return min((unsigned)x, y); }
KATA_INLINE unsigned min(unsigned x, int y) { return min(x, (unsigned)y); }
KATA_INLINE unsigned max(int x, unsigned y) { return max((unsigned)x, y); }
KATA_INLINE unsigned max(unsigned x, int y) { return max(x, (unsigned)y); }
KATA_INLINE float min(float x, float y) { return __builtin_fminf(x, y); }
KATA_INLINE float max(float x, float y) { return __builtin_fmaxf(x, y); }
KATA_INLINE double min(double x, double y) { return __builtin_fmin(x, y); }
KATA_INLINE double max(double x, double y) { return __builtin_fmax(x, y); }
KATA_INLINE double min(float x, double y) { return __builtin_fmin(x, y); }
KATA_INLINE double min(double x, float y) { return __builtin_fmin(x, y); }
KATA_INLINE double max(float x, double y) { return __builtin_fmax(x, y); }
KATA_INLINE double max(double x, float y) { return __builtin_fmax(x, y); }

KATA_INLINE float __expf(float x) { return expf(x); }
KATA_INLINE float __exp10f(float x) { return powf(10.0f, x); }
KATA_INLINE float __logf(float x) { return logf(x); }
KATA_INLINE float __log2f(float x) { return log2f(x); }
KATA_INLINE float __log10f(float x) { return log10f(x); }
KATA_INLINE float __powf(float x, float y) { return powf(x, y); }
KATA_INLINE float __sinf(float x) { return sinf(x); }
KATA_INLINE float __cosf(float x) { return cosf(x); }
KATA_INLINE float __tanf(float x) { return tanf(x); }
KATA_INLINE float __fdividef(float x, float y) { return x / y; }
KATA_INLINE float __frcp_rn(float x) { return 1.0f / x; }
KATA_INLINE float __fsqrt_rn(float x) { return sqrtf(x); }
KATA_INLINE float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }
KATA_INLINE float rsqrtf(float x) { return 1.0f / sqrtf(x); }
KATA_INLINE double rsqrt(double x) { return 1.0 / sqrt(x); }
KATA_INLINE float rsqrt(float x) { return rsqrtf(x); }
KATA_INLINE float exp10f(float x) { return powf(10.0f, x); }

template <class To, class From> KATA_INLINE To kata_bits(From value) {
    To result;
    __builtin_memcpy(&result, &value, sizeof(To));
    return result;
}
KATA_INLINE float __int_as_float(int x) { return kata_bits<float>(x); }
KATA_INLINE int __float_as_int(float x) { return kata_bits<int>(x); }
KATA_INLINE float __uint_as_float(unsigned x) { return kata_bits<float>(x); }
KATA_INLINE unsigned __float_as_uint(float x) { return kata_bits<unsigned>(x); }
KATA_INLINE double __longlong_as_double(long long x) { return kata_bits<double>(x); }
KATA_INLINE long long __double_as_longlong(double x) { return kata_bits<long long>(x); }

// By hand: the builtin may call a library that is not linked.
KATA_INLINE int __popc(unsigned x) {
    x -= (x >> 1) & 0x55555555u;
    x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
    return (int)((((x + (x >> 4)) & 0x0f0f0f0fu) * 0x01010101u) >> 24);
}
KATA_INLINE int __popcll(unsigned long long x) {
    return __popc((unsigned)x) + __popc((unsigned)(x >> 32));
}
KATA_INLINE unsigned __brev(unsigned x) {
    unsigned y = 0;
    for (int i = 0; i < 32; i++) y |= (x >> i & 1u) << (31 - i);
    return y;
}
KATA_INLINE int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
KATA_INLINE int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
KATA_INLINE int __ffs(int x) { return __builtin_ffs(x); }
KATA_INLINE int __ffsll(long long x) { return __builtin_ffsll(x); }
KATA_INLINE int __float2int_rn(float x) { return (int)lrintf(x); }
KATA_INLINE int __float2int_rd(float x) { return (int)floorf(x); }
KATA_INLINE int __float2int_ru(float x) { return (int)ceilf(x); }
KATA_INLINE int __float2int_rz(float x) { return (int)x; }
KATA_INLINE float __int2float_rn(int x) { return (float)x; }

KATA_INLINE int __dp4a(int a, int b, int c) {
    for (int shift = 0; shift < 32; shift += 8)
        c += (int)(signed char)(a >> shift) * (int)(signed char)(b >> shift);
    return c;
}
KATA_INLINE unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
    for (int shift = 0; shift < 32; shift += 8) c += ((a >> shift) & 255u) * ((b >> shift) & 255u);
    return c;
}
KATA_INLINE int __dp4a(char4 a, char4 b, int c) {
    return c + a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}
KATA_INLINE unsigned __dp4a(uchar4 a, uchar4 b, unsigned c) {
    return c + a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}
