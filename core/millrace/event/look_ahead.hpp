#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace {

/// How far ahead of its turn an event is shown to whoever will process it, step by step. Each step starts to load what
/// the one before has found the way to, so that memory is slow for many events at the same time instead of for each.
/// (Software prefetching by stages of a group: Chen, Ailamaki, Gibbons, Mowry, "Improving Hash Join Performance through
/// Prefetching", ICDE 2004.)
inline constexpr std::array<std::uint32_t, 4> look_ahead_distances{24, 18, 12, 6};
inline constexpr unsigned look_ahead_steps = look_ahead_distances.size();

/// Calls look-ahead steps for events that are known to come, each once and in order.
/// Threads: one owner. Allocation: none. Complexity: O(1) amortised an event and step.
class look_ahead_cursor {
 public:
  /// Before the event at `position` has its turn: `look(position of an event, step)` for all that come within the
  /// distances and before `end`. Positions and ends never go back.
  template <class Look>
  void advance(std::uint64_t position, std::uint64_t end, Look&& look) {
    for (unsigned step = 0; step < look_ahead_steps; ++step) {
      std::uint64_t& next = next_[step];
      next = std::max(next, position + 1);
      for (const std::uint64_t until = std::min(end, position + look_ahead_distances[step] + 1); next < until; ++next)
        look(next, step);
    }
  }

 private:
  std::array<std::uint64_t, look_ahead_steps> next_{};
};

}  // namespace millrace
