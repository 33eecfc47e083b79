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

}  // namespace millrace
