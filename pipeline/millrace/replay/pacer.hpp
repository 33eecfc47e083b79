#pragma once

#include <cstdint>
#include <optional>

namespace millrace::replay {

/// When each event of a replay is due by the wall clock: the first at once, each later one as far behind it as
/// in event time, divided by the speed. Anchored at the first event, so a late event costs no debt.
///
/// Threads: one owner.
class pacer {
 public:
  /// No speed: as fast as possible.
  explicit pacer(std::optional<double> speed) : speed_(speed) {}

  /// Sleeps towards the moment when an event of this time is due, at most 20 ms a call so that a stop is
  /// heard; true once it is due.
  [[nodiscard]] bool due(std::int64_t event_ns);

  [[nodiscard]] bool paces() const noexcept { return speed_.has_value(); }

 private:
  std::optional<double> speed_;
  bool anchored_ = false;
  std::int64_t first_event_ns_ = 0;
  std::int64_t first_wall_ns_ = 0;
};

}  // namespace millrace::replay
