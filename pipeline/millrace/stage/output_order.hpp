#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace millrace {

/// Sequence under which a shard emits what only the end of the input releases. Events number below it.
inline constexpr std::uint64_t end_of_input_sequence = std::numeric_limits<std::uint64_t>::max() - 1;

/// Where a shard's output record stands among those of all shards.
///
/// Records compare by sequence, release time, phase, first event and rule, in that order; equal ones of one
/// shard stay as the shard emitted them, equal ones of two shards go by shard number. All records of one
/// shard come in ascending order, and those emitted while it processes an event carry that event's sequence.
struct output_order {
  std::uint64_t sequence = 0;   ///< of the event whose processing released the record
  std::int64_t release_ns = 0;  ///< event time that released it
  std::uint32_t phase = 0;      ///< what comes first among things released at one time
  std::uint32_t rule = 0;       ///< which rule it is of; compared last
  std::uint64_t first = 0;      ///< sequence of the first event that it is about

  friend constexpr bool operator==(const output_order&, const output_order&) noexcept = default;

  friend constexpr std::strong_ordering operator<=>(const output_order& a, const output_order& b) noexcept {
    if (const auto order = a.sequence <=> b.sequence; order != 0) return order;
    if (const auto order = a.release_ns <=> b.release_ns; order != 0) return order;
    if (const auto order = a.phase <=> b.phase; order != 0) return order;
    if (const auto order = a.first <=> b.first; order != 0) return order;
    return a.rule <=> b.rule;
  }
};

}  // namespace millrace
