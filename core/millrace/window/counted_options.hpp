#pragma once

#include <millrace/window/window_options.hpp>
#include <millrace/window/window_result.hpp>

#include <cstdint>

namespace millrace::window {

/// For `counted_windows`.
struct counted_options {
  std::uint32_t events = 0;         // of a window
  std::uint32_t every = 0;          // a window ends with each so many-th event of its key; at most `events`
  emission emit = emission::final;  // not on_time
  window_limits limits = {};        // panes: slices of gcd(events, every) events, of all keys
};

/// Errors: `millrace::error` for what cannot be.
void check(const counted_options& options);

}  // namespace millrace::window
