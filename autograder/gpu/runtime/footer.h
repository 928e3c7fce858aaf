// How to call the kernel, and what its parameters are. Before the learner's source, whose macros
// may have any name; after it comes KATA_ENTRY alone.
#pragma once

typedef struct { unsigned short kind, bytes; unsigned int pointee; } KataParameter;
// Shared arrays lie in a section of their own, but for those of templates: g++ leaves them in the
// .bss section, which follows it and holds nothing else.
extern "C" __attribute__((weak, visibility("hidden"))) char __start_kata_shared[];
extern "C" __attribute__((visibility("hidden"))) char __bss_start[], _end[];

#define KATA_QUIET __attribute__((__no_sanitize__("thread")))

template <class T> struct KataIs { static constexpr unsigned short kind = 5; };  // a struct
template <class T> struct KataIs<T*> { static constexpr unsigned short kind = 1; };
template <class T> struct KataIs<const T> : KataIs<T> {};
template <class T> struct KataSize { static constexpr unsigned bytes = sizeof(T); };
template <> struct KataSize<void> { static constexpr unsigned bytes = 1; };
template <> struct KataSize<const void> { static constexpr unsigned bytes = 1; };
template <class T> struct KataPointee { static constexpr unsigned bytes = 0; };
template <class T> struct KataPointee<T*> { static constexpr unsigned bytes = KataSize<T>::bytes; };
#define KATA_KIND(type, number) \
    template <> struct KataIs<type> { static constexpr unsigned short kind = number; };
KATA_KIND(bool, 4) KATA_KIND(char, 2) KATA_KIND(signed char, 2) KATA_KIND(unsigned char, 2)
KATA_KIND(short, 2) KATA_KIND(unsigned short, 2) KATA_KIND(int, 2) KATA_KIND(unsigned, 2)
KATA_KIND(long, 2) KATA_KIND(unsigned long, 2) KATA_KIND(long long, 2)
KATA_KIND(unsigned long long, 2) KATA_KIND(float, 3) KATA_KIND(double, 3)

template <class... P> struct KataSignature {
    KataParameter parameters[sizeof...(P) + 1];
    constexpr KataSignature()
        : parameters{{KataIs<P>::kind, sizeof(P), KataPointee<P>::bytes}..., {0, 0, 0}} {}
};
template <class... P> constexpr KataSignature<P...> kata_signature_of(void (*)(P...)) {
    return KataSignature<P...>();
}
template <int... I> struct KataIndices {};
template <int N, int... I> struct KataCount : KataCount<N - 1, N - 1, I...> {};
template <int... I> struct KataCount<0, I...> { typedef KataIndices<I...> type; };
template <class... P, int... I>
KATA_QUIET static void kata_spread(void (*kernel)(P...), void** arguments, KataIndices<I...>) {
    kernel(*(P*)arguments[I]...);
}
template <class... P>
KATA_QUIET static void kata_call(void (*kernel)(P...), void** arguments) {
    kata_spread(kernel, arguments, typename KataCount<sizeof...(P)>::type());
}

#define KATA_ENTRY(kata_name)                                                                  \
    extern "C" __attribute__((__used__, __visibility__("default"),                             \
                              __section__("kata_parameters")))                                 \
    constexpr auto kata_signature = kata_signature_of(&kata_name);                             \
    extern "C" KATA_QUIET __attribute__((__used__, __visibility__("default")))                 \
    void kata_entry(void** kata_arguments) { kata_call(&kata_name, kata_arguments); }          \
    extern "C" KATA_QUIET __attribute__((__used__, __visibility__("default")))                 \
    void kata_shared_range(char** kata_start, char** kata_stop) {                              \
        *kata_start = __start_kata_shared ? __start_kata_shared : __bss_start;                 \
        *kata_stop = _end;                                                                     \
    }
