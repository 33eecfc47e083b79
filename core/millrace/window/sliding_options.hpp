#pragma once

#include <millrace/window/window_options.hpp>
#include <millrace/window/window_result.hpp>

#include <cstdint>

namespace millrace::window {

/// For `sliding_windows`. Units: any, the same for all times.
struct sliding_options {
  std::int64_t length = 0;  // events at most so far apart share a window
  std::int64_t grace = 0;
  std::int64_t keep = 0;  // windows that begin so far before the newest of all do not serve as models for new ones
                          // (Kafka Streams' retention); 0: they do as long as an event may need them
  std::int64_t tick = 1;  // from one time that events may have to the next: right behind an event, a window begins
  emission emit = emission::final;  // not on_time
  time_source time = time_source::events;
  window_limits limits = {};  // panes: windows
};

/// Errors: `millrace::error` for what cannot be.
void check(const sliding_options& options);

}  // namespace millrace::window
