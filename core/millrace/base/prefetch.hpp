#pragma once

namespace millrace {

/// Starts to load the cache line at `at`, which need not be readable.
///
/// The empty statement is there for g++: it takes a function that does nothing but prefetch for one without effect, and
/// drops the calls of it that it did not inline early enough.
[[gnu::always_inline]] inline void prefetch_line(const void* at) noexcept {
  __builtin_prefetch(at);
  asm volatile("");
}

/// Starts to fetch the cache line at `at`, which need not be readable, for writing: other cores give it up.
///
/// By name on x86: without -mprfchw, which no distribution's build sets, compilers take a load of a shared copy for it.
/// Every x86-64 processor executes it or passes it by.
[[gnu::always_inline]] inline void prefetch_line_for_write(void* at) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*static_cast<char*>(at)));
#else
  __builtin_prefetch(at, 1);
  asm volatile("");
#endif
}

}  // namespace millrace
