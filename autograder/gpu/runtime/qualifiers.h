// The qualifiers, last: from here on the source is the learner's.
#pragma once

#define __global__ __attribute__((flatten, noinline, used, visibility("default")))
#define __device__ __attribute__((flatten))
#define __host__
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
// Without `inline`: a shared array in an inline function would be in another kind of section.
#define inline
#define __inline__
#define __forceinline__ __attribute__((always_inline))
#define __noinline__
#define __shared__ static __attribute__((section("kata_shared")))
#define __constant__ static __attribute__((used))
#define __CUDACC__ 1
#define __CUDA_ARCH__ 800
