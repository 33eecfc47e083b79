#pragma once

#include <millrace/cep/matcher_limits.hpp>
#include <millrace/cep/pattern_matcher.hpp>

#include <algorithm>
#include <cstdint>

namespace millrace {

/// Bounds on the state of one shard of a topology. Memory for all of it is reserved by `build`, and becomes resident
/// with use. What happens where a bound is met is `when_full`'s, and counted. Where bounds of single keys are the ones
/// that are met, the output is the same for any number of shards.
struct topology_limits {
  std::uint32_t keys = 1U << 20;    ///< keys with state; those without partial matches give way
  std::uint32_t runs = 1U << 22;    ///< partial matches, of each pattern
  std::uint32_t steps = 1U << 23;   ///< events in partial matches, shared beginnings counted once, of each pattern
  std::uint32_t events = 1U << 20;  ///< copies of events that partial matches hold, over all patterns
  std::uint32_t match_events = 1U << 16;  ///< events in one match
  std::uint32_t runs_per_key = 0;         ///< partial matches of one key, of each pattern; 0: up to `runs`
  std::uint32_t steps_per_key = 0;        ///< the same of events in them; 0: up to `steps`
  std::uint32_t matches_at_once = 0;      ///< that one event completes, of each pattern; what is beyond is cut; 0:
                                          ///< 2^20, 2^28 of a chain
  cep::full_policy when_full = cep::full_policy::refuse;
  cep::class_choice classes = cep::class_choice::fastest;  ///< how patterns are matched; the answers are the same
};

/// The limits themselves. Throws `error` that says which one is zero.
const topology_limits& checked(const topology_limits& limits);

namespace detail {

[[nodiscard]] inline cep::matcher_limits matcher_limits_of(const topology_limits& limits, bool keyed) noexcept {
  return {.runs = limits.runs,
          .steps = limits.steps,
          // One that many keys have in turn is not alone: it must become idle in time.
          .partitions = keyed ? std::max(limits.keys, 2U) : 1,
          .match_events = limits.match_events,
          .runs_per_key = limits.runs_per_key,
          .steps_per_key = limits.steps_per_key,
          .matches_at_once = limits.matches_at_once,
          .when_full = limits.when_full};
}

}  // namespace detail
}  // namespace millrace
