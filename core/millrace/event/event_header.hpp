#pragma once

#include <millrace/base/cache_line.hpp>

#include <compare>
#include <cstdint>
#include <type_traits>

namespace millrace {

/// Names an event for good: 128 bits, unique over all that a process sees. Events of a captured feed have no
/// id of their own; theirs is the record's 0-based position in the feed.
struct event_id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend constexpr auto operator<=>(const event_id&, const event_id&) = default;
};

/// Type number of an event within one engine. Zero is the first declared type.
using event_type = std::uint16_t;

/// Type of a slot that holds no event: it tells that time has come to the header's `time_ns`.
inline constexpr event_type time_mark = 0xFFF0;
/// Type of a slot that holds no event: from here on other patterns run. The header's `key` is the address of what the
/// shard shall put in their place.
inline constexpr event_type change_mark = 0xFFF1;

/// What every event carries in front of its data: one cache line, written once where the event enters.
///
/// Units: `time_ns` is nanoseconds since the Unix epoch, in event time.
struct alignas(cache_line_bytes) event_header {
  std::uint64_t sequence = 0;        ///< position in the order in which the engine processes events
  event_id id;                       ///< names the event; see `event_id`
  std::int64_t time_ns = 0;          ///< event time
  std::uint64_t key = 0;             ///< aggregate id, or the hash of the key that routes the event
  std::uint64_t correlation = 0;     ///< the business transaction that the event belongs to; 0: none
  std::uint64_t causation = 0;       ///< low word of the id of the event or command that caused it; 0: none
  event_type type = 0;               ///< which layout the data has
  std::uint16_t schema_version = 1;  ///< version of that layout
  std::uint16_t aggregate_type = 0;  ///< what kind of thing `key` names
  std::uint16_t route = 0;           ///< bit set: which of the engine's key groups shall see the event
};

static_assert(sizeof(event_header) == 64, "the header is one cache line");
static_assert(std::is_trivially_copyable_v<event_header>);

}  // namespace millrace
