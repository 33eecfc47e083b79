#pragma once

#include <millrace/window/window_grid.hpp>
#include <millrace/window/window_result.hpp>

#include <cstdint>

namespace millrace::window {

/// Bounds on what an operator keeps. Memory is reserved for them and becomes resident with use. What they do not let in
/// is left out, and counted.
struct window_limits {
  std::uint32_t keys = 1U << 20;   // that have an open window
  std::uint32_t panes = 1U << 20;  // open windows, or their slices, besides the newest of each key
  std::uint32_t steps_each = 0;  // windows that go out in one call at most, so that no event waits for many; 0: all due
};

/// Results before a window closes.
struct early_firing {
  std::uint32_t events = 0;  // each time so many events came since the last result; 0: not
  std::int64_t every = 0;    // at start + n * every where events came since the last result; 0: not

  [[nodiscard]] bool is_on() const noexcept { return events != 0 || every != 0; }
};

/// For `aligned_windows`.
struct aligned_options {
  window_times times;
  emission emit = emission::final;
  time_source time = time_source::events;
  bool each_window = false;  // adds each event to each of its windows, also where slices would do
  bool purge = false;        // with emission::on_time: a result holds only the events since the last one
  early_firing early = {};   // with emission::final
  window_limits limits = {};
};

/// Errors: `millrace::error` for what does not go together.
void check(const aligned_options& options);

}  // namespace millrace::window
