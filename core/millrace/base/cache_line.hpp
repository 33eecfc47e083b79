#pragma once

#include <cstddef>

namespace millrace {

/// Bytes between two fields that different threads write, so that they never share a line.
/// Two 64-byte lines: the adjacent-line prefetcher of x86 pulls lines in pairs.
inline constexpr std::size_t false_sharing_bytes = 128;

/// Bytes of one cache line on every machine that Millrace is built for.
inline constexpr std::size_t cache_line_bytes = 64;

}  // namespace millrace
