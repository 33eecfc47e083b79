#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::window {

/// Why an operator hands out a result.
enum class result_kind : std::uint8_t {
  final,      // time has passed the window and its grace: the last one of this window
  update,     // an event changed it
  early,      // so many events came, or so much time went by, since the last one
  on_time,    // time has passed the window's end; events may still come within the grace
  retracted,  // a session that became part of a longer one
};

/// A window's aggregate as an operator hands it out. The state belongs to the operator, and holds for the call.
template <class Key>
struct window_result {
  const Key& key;
  std::int64_t start_ns;
  std::int64_t end_ns;           // behind the window; where both ends belong to it (sliding, sessions), its last moment
  std::int64_t time_ns;          // the highest time of its events
  std::uint64_t first_sequence;  // the lowest sequence of its events: an order that is the same for any sharding
  const std::byte* state;        // null: retracted
  result_kind kind;
};

/// Why an event, or its part in some windows, was left out.
enum class left_out : std::uint8_t {
  late,          // time has passed all, or some, of its windows and their grace
  no_room,       // a bound on keys or windows is met
  out_of_range,  // no window of the grid can hold its time
};

/// An event that some or all of its windows did not take.
template <class Key, class Input>
struct left_out_event {
  const Key& key;
  const Input& input;
  std::int64_t time_ns;
  std::uint64_t sequence;
  left_out reason;
  std::uint64_t windows_missed;
  bool is_taken;  // by other windows
};

/// What an operator did, in numbers. An event is in exactly one of `taken`, `late`, `no_room` and `out_of_range`.
struct window_counters {
  std::uint64_t taken = 0;            // events that at least one window took
  std::uint64_t late = 0;             // events that came too late for all of their windows
  std::uint64_t late_windows = 0;     // pairs of event and window that did not come together because it was late
  std::uint64_t no_room = 0;          // events that no window took, and at least one had no room for
  std::uint64_t no_room_windows = 0;  // pairs of event and window for which there was no room
  std::uint64_t out_of_range = 0;
  std::uint64_t results = 0;

  friend bool operator==(const window_counters&, const window_counters&) = default;
};

/// When results go out.
enum class emission : std::uint8_t {
  final,    // once a window, when time has passed its end and its grace
  updates,  // after each event, for each of its windows
  on_time,  // when time has passed its end, and once more for each event that comes within the grace (Flink)
};

/// What moves an operator's time.
enum class time_source : std::uint8_t {
  events,    // the highest time of its events (Kafka Streams' stream time), and `advance_to`
  advances,  // `advance_to` only: a watermark, or a clock
};

/// Keys of equal windows go out in the order in which they came. Instead, a function object `before(key, key)` may put
/// them in order; then all that is due goes out at once.
struct arrival_order {};

}  // namespace millrace::window
