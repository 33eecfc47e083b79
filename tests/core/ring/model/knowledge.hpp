#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::model {

/// The thread that sets a scenario up is number 0.
inline constexpr std::size_t threads_max = 6;
inline constexpr std::size_t locations_max = 16;

/// What a thread knows, or what a store hands to whoever acquires it. A fence that is sequentially consistent passes
/// on what was seen and not what happened before, hence two parts.
struct knowledge {
  /// Of each atomic location: the oldest of its stores that may still be read.
  std::array<std::uint16_t, locations_max> seen{};
  /// Of each thread: its last step that happened before.
  std::array<std::uint32_t, threads_max> clock{};

  void join_seen(const knowledge& other) noexcept {
    for (std::size_t i = 0; i < seen.size(); ++i) seen[i] = std::max(seen[i], other.seen[i]);
  }
  void join(const knowledge& other) noexcept {
    join_seen(other);
    for (std::size_t i = 0; i < clock.size(); ++i) clock[i] = std::max(clock[i], other.clock[i]);
  }
};

}  // namespace millrace::model
