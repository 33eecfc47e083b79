#pragma once

#include <millrace/window/window_options.hpp>
#include <millrace/window/window_result.hpp>

#include <cstdint>

namespace millrace::window {

/// For `count_windows`.
struct count_options {
  std::int64_t size = 0;            // events of a window
  std::int64_t every = 0;           // events from one window to the next
  emission emit = emission::final;  // not on_time; with updates each event sends its window as it stands
  window_limits limits = {};
};

/// Errors: `millrace::error` for fewer events than one, more from one window to the next than a window has, windows
/// of too many slices, and results on time.
const count_options& checked(const count_options& options);

}  // namespace millrace::window
