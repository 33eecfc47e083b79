#include <fmt/format.h>

#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/window/window_grid.hpp>
#include <numeric>

namespace millrace::window {
namespace {

constexpr std::int64_t time_end = std::numeric_limits<std::int64_t>::max();

const window_times& checked(const window_times& times) {
  if (times.size < 1) throw error(fmt::format("found a window of length {}, expected 1 or more", times.size));
  if (times.advance < 1) throw error(fmt::format("found windows {} apart, expected 1 or more", times.advance));
  if (times.advance > times.size)
    throw error(fmt::format("found windows of length {} every {}: times between them would be in none", times.size,
                            times.advance));
  if (times.grace < 0) throw error(fmt::format("found a grace of {}, expected 0 or more", times.grace));
  if (times.grace > time_end - times.size)
    throw error(fmt::format("found windows of length {} with a grace of {}: together they pass the end of time",
                            times.size, times.grace));
  if (times.size > time_end / 4)
    throw error(fmt::format("found a window of length {}, expected at most {}", times.size, time_end / 4));
  return times;
}

}  // namespace

window_grid::window_grid(const window_times& times)
    : times_(checked(times)),
      offset_(times.offset % times.advance),
      pane_size_(std::gcd(times.size, times.advance)),
      first_window_(std::numeric_limits<std::int64_t>::min()),
      time_min_(std::numeric_limits<std::int64_t>::min() + 2 * times.size),
      time_max_(time_end - times.size) {
  if (times.size / pane_size_ > panes_max)
    throw error(fmt::format("found windows of length {} every {}, {} slices each, expected at most {}", times.size,
                            times.advance, times.size / pane_size_, panes_max));
  if (times.before_epoch) return;
  first_window_ = offset_ < 0 ? offset_ + times.advance : offset_;
  time_min_ = first_window_;
}

}  // namespace millrace::window
