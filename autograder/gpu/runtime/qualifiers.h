// The qualifiers, last: from here on the source is the learner's.
#pragma once

#define __global__ __attribute__((__flatten__, __noinline__, __used__, __visibility__("default")))
#define __device__ __attribute__((__flatten__))
#define __host__
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((__aligned__(bytes)))
// Without `inline`: a shared array in an inline function would be in another kind of section.
#define inline
#define __inline__
#define __forceinline__ __attribute__((__always_inline__))
#define __shared__ static __attribute__((__section__("kata_shared"), __used__))
#define __constant__ static const __attribute__((__unused__))
#define __CUDACC__ 1
#define __CUDA_ARCH__ 800
