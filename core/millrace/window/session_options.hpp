#pragma once

#include <millrace/window/window_options.hpp>
#include <millrace/window/window_result.hpp>

#include <cstdint>

namespace millrace::window {

/// For `session_windows`. Units: any, the same for all times.
struct session_options {
  std::int64_t gap = 0;    // events at most so far apart are of one session
  std::int64_t grace = 0;  // events may come so late
  bool gap_is_part =
      true;  // a session ends with its last event, and lives until the gap behind it is past, the gap's end
             // included (Kafka Streams); false: it ends a gap behind its last event, excluded (Flink)
  std::int64_t keep =
      0;  // how long after its last event a session can still become part of another; 0: until it closes
  bool merges_from_empty = false;  // a session that goes on is merged into an empty one, for aggregates to which that
                                   // makes a difference
  emission emit = emission::final;
  time_source time = time_source::events;
  bool purge = false;         // with emission::on_time: a result holds only the events since the last one
  window_limits limits = {};  // panes: sessions
};

/// Errors: `millrace::error` for what cannot be.
void check(const session_options& options);

}  // namespace millrace::window
