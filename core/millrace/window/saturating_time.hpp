#pragma once

#include <cstdint>
#include <limits>

namespace millrace::window {

/// Sums and differences of times that stop at the ends of time instead of wrapping.
[[nodiscard]] constexpr std::int64_t later_by(std::int64_t time_ns, std::int64_t by_ns) noexcept {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(time_ns, by_ns, &sum)) return sum;
  return by_ns > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

[[nodiscard]] constexpr std::int64_t earlier_by(std::int64_t time_ns, std::int64_t by_ns) noexcept {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(time_ns, by_ns, &difference)) return difference;
  return by_ns > 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

}  // namespace millrace::window
