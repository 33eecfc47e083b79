#pragma once

#include <millrace/cep/run_store.hpp>

#include <cstdint>

namespace millrace {

/// Bounds on the state of one shard of a topology. Memory for all of it is reserved by `build`, and becomes resident
/// with use. Where a bound is met, the partial match that would exceed it is not begun or not continued, and
/// counted as refused; what is refused depends on the number of shards.
struct topology_limits {
  std::uint32_t keys = 1U << 20;    ///< keys with state; those without partial matches give way
  std::uint32_t runs = 1U << 20;    ///< partial matches, of each pattern
  std::uint32_t steps = 1U << 21;   ///< events in partial matches, shared beginnings counted once, of each pattern
  std::uint32_t events = 1U << 20;  ///< copies of events that partial matches hold, over all patterns
  std::uint32_t match_events = 1U << 16;  ///< events in one match
};

/// The limits themselves. Throws `error` that says which one is zero.
const topology_limits& checked(const topology_limits& limits);

namespace detail {

[[nodiscard]] inline cep::matcher_limits matcher_limits_of(const topology_limits& limits, bool keyed) noexcept {
  return {.runs = limits.runs,
          .steps = limits.steps,
          .partitions = keyed ? limits.keys : 1,
          .match_events = limits.match_events};
}

}  // namespace detail
}  // namespace millrace
