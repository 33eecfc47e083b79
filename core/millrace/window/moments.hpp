#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

namespace millrace::window {

/// Count, mean and squared deviations of what was added, without the cancellation of sums of squares: Welford (1962) an
/// event, merged as Chan, Golub and LeVeque (1979) do. Infinities and what is no number are not taken.
class moments {
 public:
  [[nodiscard]] static bool takes(double x) noexcept { return std::isfinite(x); }

  void add(double x, std::int64_t, std::uint64_t) noexcept {
    ++count_;
    const double delta = x - mean_;
    mean_ += delta / static_cast<double>(count_);
    squares_ += delta * (x - mean_);
  }
  /// Takes a value out that was added. What it rounds stays.
  void subtract(double x) noexcept {
    if (--count_ == 0) {
      *this = {};
      return;
    }
    const double delta = x - mean_;
    mean_ -= delta / static_cast<double>(count_);
    squares_ = std::fmax(0, squares_ - delta * (x - mean_));
  }
  void merge(const moments& other) noexcept {
    if (other.count_ == 0) return;
    if (count_ == 0) {
      *this = other;
      return;
    }
    const auto n = static_cast<double>(count_);
    const auto m = static_cast<double>(other.count_);
    const double delta = other.mean_ - mean_;
    mean_ += delta * m / (n + m);
    squares_ += other.squares_ + delta * delta * n * m / (n + m);
    count_ += other.count_;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// Of the sample; none below two events.
  [[nodiscard]] std::optional<double> variance() const noexcept {
    return count_ < 2 ? std::nullopt : std::optional(squares_ / static_cast<double>(count_ - 1));
  }

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

/// The sample's variance; none below two events.
class variance : public moments {
 public:
  [[nodiscard]] std::optional<double> value() const noexcept { return moments::variance(); }
};

/// The sample's standard deviation; none below two events.
class deviation : public moments {
 public:
  [[nodiscard]] std::optional<double> value() const noexcept {
    const auto squared = variance();
    return squared ? std::optional(std::sqrt(*squared)) : std::nullopt;
  }
};

}  // namespace millrace::window
