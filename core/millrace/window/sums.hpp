#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

namespace millrace::window {

/// How many events there were.
class count_of {
 public:
  template <class X>
  void add(const X&, std::int64_t, std::uint64_t) noexcept {
    ++count_;
  }
  template <class X>
  void subtract(const X&) noexcept {
    --count_;
  }
  void merge(const count_of& other) noexcept { count_ += other.count_; }
  [[nodiscard]] std::uint64_t value() const noexcept { return count_; }

 private:
  std::uint64_t count_ = 0;
};

/// The sum of integers of up to 64 bits, in 128 bits: no number of events overflows it. `value()` is the nearest
/// 64-bit integer, `fits()` whether that is the sum itself.
class integer_sum {
 public:
  __extension__ using wide = __int128;

  template <class X>
  void add(const X& x, std::int64_t, std::uint64_t) noexcept {
    set(wide_value() + static_cast<wide>(x));
  }
  template <class X>
  void subtract(const X& x) noexcept {
    set(wide_value() - static_cast<wide>(x));
  }
  void merge(const integer_sum& other) noexcept { set(wide_value() + other.wide_value()); }

  [[nodiscard]] wide wide_value() const noexcept {
    wide sum;
    std::memcpy(&sum, words_, sizeof sum);
    return sum;
  }
  [[nodiscard]] bool fits() const noexcept { return wide_value() == static_cast<wide>(value()); }
  [[nodiscard]] std::int64_t value() const noexcept {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    const wide sum = wide_value();
    return sum < least ? least : sum > most ? most : static_cast<std::int64_t>(sum);
  }

 private:
  void set(wide sum) noexcept { std::memcpy(words_, &sum, sizeof sum); }

  std::uint64_t words_[2] = {0, 0};  // a wide integer would want an alignment of 16
};

/// The sum of floating-point numbers with a second number for what rounding loses (Neumaier 1974): as exact as if it
/// were added in twice the precision, and so the same to the last bits in any order of adding and merging. Infinities
/// and what is no number are not taken.
class real_sum {
 public:
  [[nodiscard]] static bool takes(double x) noexcept { return std::isfinite(x); }

  void add(double x, std::int64_t, std::uint64_t) noexcept { add(x); }
  void subtract(double x) noexcept { add(-x); }
  void merge(const real_sum& other) noexcept {
    add(other.sum_);
    lost_ += other.lost_;
  }
  [[nodiscard]] double value() const noexcept { return std::isfinite(sum_) ? sum_ + lost_ : sum_; }

 private:
  void add(double x) noexcept {
    const double sum = sum_ + x;
    lost_ += std::fabs(sum_) >= std::fabs(x) ? (sum_ - sum) + x : (x - sum) + sum_;
    sum_ = sum;
  }

  double sum_ = 0;
  double lost_ = 0;
};

/// The mean; none without events.
class average {
 public:
  [[nodiscard]] static bool takes(double x) noexcept { return std::isfinite(x); }

  void add(double x, std::int64_t time, std::uint64_t sequence) noexcept {
    sum_.add(x, time, sequence);
    ++count_;
  }
  void subtract(double x) noexcept {
    sum_.subtract(x);
    --count_;
  }
  void merge(const average& other) noexcept {
    sum_.merge(other.sum_);
    count_ += other.count_;
  }
  [[nodiscard]] std::optional<double> value() const noexcept {
    return count_ == 0 ? std::nullopt : std::optional(sum_.value() / static_cast<double>(count_));
  }

 private:
  real_sum sum_;
  std::uint64_t count_ = 0;
};

}  // namespace millrace::window
