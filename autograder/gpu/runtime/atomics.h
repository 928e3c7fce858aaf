// Atomics: fibers do not interrupt each other, so they are plain once they are recorded.
#pragma once
#include "trace.h"

template <class T> struct Log2;
template <> struct Log2<int> { static const unsigned value = 2; };
template <> struct Log2<unsigned> { static const unsigned value = 2; };
template <> struct Log2<float> { static const unsigned value = 2; };
template <> struct Log2<double> { static const unsigned value = 3; };
template <> struct Log2<long long> { static const unsigned value = 3; };
template <> struct Log2<unsigned long long> { static const unsigned value = 3; };

template <class T> static inline void note(T* address, void* from) {
    if ((u64)address - (u64)stacks < stack_area)
        end_launch(OUT_OF_BOUNDS, code_at(from), "an atomic on a variable of the thread's own");
    access((u64)address, Log2<T>::value, ATOMIC, from);
}

#define ATOMIC_OF(name, type, expression)                                                       \
    type name(type* address, type value) {                                                      \
        note(address, HERE);                                                                    \
        type old = *address;                                                                    \
        *address = expression;                                                                  \
        return old;                                                                             \
    }
#define ATOMIC_BITS_OF(type)                                                                    \
    ATOMIC_OF(atomicMin, type, value < old ? value : old)                                       \
    ATOMIC_OF(atomicMax, type, old < value ? value : old)                                       \
    ATOMIC_OF(atomicAnd, type, old & value)                                                     \
    ATOMIC_OF(atomicOr, type, old | value)                                                      \
    ATOMIC_OF(atomicXor, type, old ^ value)
ATOMIC_BITS_OF(int)
ATOMIC_BITS_OF(unsigned)
ATOMIC_BITS_OF(long long)
ATOMIC_BITS_OF(unsigned long long)
ATOMIC_OF(atomicAdd, int, (int)((unsigned)old + (unsigned)value))
ATOMIC_OF(atomicAdd, unsigned, old + value)
ATOMIC_OF(atomicAdd, unsigned long long, old + value)
ATOMIC_OF(atomicAdd, float, old + value)
ATOMIC_OF(atomicAdd, double, old + value)
ATOMIC_OF(atomicSub, int, (int)((unsigned)old - (unsigned)value))
ATOMIC_OF(atomicSub, unsigned, old - value)
ATOMIC_OF(atomicExch, int, value)
ATOMIC_OF(atomicExch, unsigned, value)
ATOMIC_OF(atomicExch, unsigned long long, value)
ATOMIC_OF(atomicExch, float, value)

#define CAS_OF(type)                                                                            \
    type atomicCAS(type* address, type compare, type value) {                                   \
        note(address, HERE);                                                                    \
        type old = *address;                                                                    \
        if (old == compare) *address = value;                                                   \
        return old;                                                                             \
    }
CAS_OF(int)
CAS_OF(unsigned)
CAS_OF(unsigned long long)

// printf -------------------------------------------------------------------------------------

static char printed[65536];
static size_t printed_length;
extern "C" int kata_printf(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof printed - printed_length;
    int length = vsnprintf(printed + printed_length, room, format, arguments);
    va_end(arguments);
    if (length > 0) printed_length += (size_t)length < room ? (size_t)length : room - 1;
    return length;
}
