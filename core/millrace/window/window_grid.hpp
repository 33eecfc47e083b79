#pragma once

#include <millrace/window/saturating_time.hpp>

#include <cstdint>

namespace millrace::window {

/// Tumbling windows (advance = size) and hopping ones. Units: any one; the same as that of the events' times.
struct window_times {
  std::int64_t size = 0;
  std::int64_t advance = 0;
  std::int64_t grace = 0;
  std::int64_t offset = 0;   // windows begin at offset + n * advance
  bool before_epoch = true;  // false: no window begins before 0 (Kafka Streams)
};

/// Which windows [start, start + size) there are, and which of them hold a time. They are cut into panes of
/// gcd(size, advance), so that every window is a whole number of panes and every event is in one of them
/// (Krishnamurthy, Wu, Franklin, "On-the-fly sharing for streamed aggregation", SIGMOD 2006).
///
/// Threads: any. Errors: the constructor throws `millrace::error` for a size or an advance below 1, an advance above
/// the size (times between windows), a grace below 0, a size and grace that together pass the end of time, and for more
/// than `panes_max` panes a window.
class window_grid {
 public:
  static constexpr std::int64_t panes_max = std::int64_t{1} << 20;

  explicit window_grid(const window_times& times);

  [[nodiscard]] std::int64_t size() const noexcept { return times_.size; }
  [[nodiscard]] std::int64_t advance() const noexcept { return times_.advance; }
  [[nodiscard]] std::int64_t grace() const noexcept { return times_.grace; }
  [[nodiscard]] std::int64_t pane_size() const noexcept { return pane_size_; }

  /// False for times so near to the ends of time that their windows would pass them, and for those before the first
  /// window. The other functions require it.
  [[nodiscard]] bool holds(std::int64_t time) const noexcept { return time >= time_min_ && time <= time_max_; }

  [[nodiscard]] std::int64_t pane_of(std::int64_t time) const noexcept { return floor_to(time, pane_size_); }
  /// Start of the last window that holds a time.
  [[nodiscard]] std::int64_t last_start(std::int64_t time) const noexcept { return floor_to(time, times_.advance); }
  /// Start of the first one.
  [[nodiscard]] std::int64_t first_start(std::int64_t time) const noexcept {
    const std::int64_t first = floor_to(time - times_.size, times_.advance) + times_.advance;
    return first < first_window_ ? first_window_ : first;
  }

  [[nodiscard]] std::int64_t end_of(std::int64_t start) const noexcept { return later_by(start, times_.size); }
  /// The time from which on all of a window's time is past, and that from which on it takes no more events; at most the
  /// last but one of all times, so that the last one stands for never.
  [[nodiscard]] std::int64_t fires_at(std::int64_t start) const noexcept {
    return later_by(later_by(end_of(start), 1), -1);
  }
  [[nodiscard]] std::int64_t closes_at(std::int64_t start) const noexcept {
    return later_by(later_by(end_of(start), later_by(times_.grace, 1)), -1);
  }

 private:
  [[nodiscard]] std::int64_t floor_to(std::int64_t time, std::int64_t step) const noexcept {
    const std::int64_t from_offset = time - offset_;
    const std::int64_t rest = from_offset % step;
    return time - rest - (rest < 0 ? step : 0);
  }

  window_times times_;
  std::int64_t offset_;  // within one advance
  std::int64_t pane_size_;
  std::int64_t first_window_;
  std::int64_t time_min_;
  std::int64_t time_max_;
};

}  // namespace millrace::window
