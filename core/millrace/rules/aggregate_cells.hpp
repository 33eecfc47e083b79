#pragma once

#include <millrace/window/sums.hpp>

#include <cstdint>

namespace millrace::rules::cells {

// What aggregates keep in a window's state beside the values of `millrace/window`.

/// A sum of integers, exact, and how many.
struct whole_mean {
  window::integer_sum sum;
  std::uint64_t count = 0;
};

/// The same of floating-point numbers.
struct real_mean {
  window::real_sum sum;
  std::uint64_t count = 0;
};

/// Where `first` and `last`, `min` and `max` have their value from. The value stands behind it.
struct place {
  std::int64_t time_ns = 0;
  std::uint64_t sequence = 0;
  std::uint64_t present = 0;

  [[nodiscard]] bool before(const place& other) const noexcept {
    return time_ns != other.time_ns ? time_ns < other.time_ns : sequence < other.sequence;
  }
};

}  // namespace millrace::rules::cells
