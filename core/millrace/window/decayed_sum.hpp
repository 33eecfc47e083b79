#pragma once

#include <cmath>
#include <cstdint>

namespace millrace::window {

/// A sum in which an event counts half as much after each half-life, as of its latest event; `value_at` looks further.
/// Events may come in any order. Infinities and what is no number are not taken.
class decayed_sum {
 public:
  [[nodiscard]] static bool takes(double x) noexcept { return std::isfinite(x); }

  decayed_sum() = default;
  /// Requires: the half-life is above 0, in the unit of the events' times.
  explicit decayed_sum(std::int64_t half_life) noexcept : half_lives_per_time_(1.0 / static_cast<double>(half_life)) {}

  void add(double x, std::int64_t time, std::uint64_t) noexcept { add(x, time); }
  void merge(const decayed_sum& other) noexcept {
    if (other.has_value_) add(other.sum_, other.time_);
  }
  [[nodiscard]] double value() const noexcept { return sum_; }
  /// Requires: no event came later than this time.
  [[nodiscard]] double value_at(std::int64_t time) const noexcept {
    return has_value_ ? sum_ * left_of(time_, time) : 0;
  }

 private:
  void add(double x, std::int64_t time) noexcept {
    if (!has_value_) {
      sum_ = x;
      time_ = time;
      has_value_ = true;
    } else if (time > time_) {
      sum_ = sum_ * left_of(time_, time) + x;
      time_ = time;
    } else {
      sum_ += x * left_of(time, time_);
    }
  }
  [[nodiscard]] double left_of(std::int64_t from, std::int64_t to) const noexcept {
    return from == to ? 1.0 : std::exp2((static_cast<double>(from) - static_cast<double>(to)) * half_lives_per_time_);
  }

  double sum_ = 0;
  std::int64_t time_ = 0;
  double half_lives_per_time_ = 1;
  bool has_value_ = false;
};

}  // namespace millrace::window
