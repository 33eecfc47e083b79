#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>

namespace millrace::window {

/// The value before which no other comes by `Before`; none without events. What is no number is not taken; infinities
/// are.
template <class T, class Before>
class extreme {
 public:
  [[nodiscard]] static bool takes(const T& x) noexcept {
    if constexpr (std::is_floating_point_v<T>)
      return !std::isnan(x);
    else
      return true;
  }

  void add(const T& x, std::int64_t, std::uint64_t) noexcept {
    if (has_value_ && !Before{}(x, value_)) return;
    value_ = x;
    has_value_ = true;
  }
  void merge(const extreme& other) noexcept {
    if (other.has_value_) add(other.value_, 0, 0);
  }
  [[nodiscard]] std::optional<T> value() const noexcept { return has_value_ ? std::optional(value_) : std::nullopt; }

 private:
  T value_{};
  bool has_value_ = false;
};

template <class T>
using least = extreme<T, std::less<>>;
template <class T>
using greatest = extreme<T, std::greater<>>;

/// The value of the event whose (time, sequence) comes before all others' by `Before`, in whatever order they came;
/// none without events.
template <class T, class Before>
class value_in_time {
 public:
  void add(const T& x, std::int64_t time, std::uint64_t sequence) noexcept {
    const bool is_before = time != time_ ? Before{}(time, time_) : Before{}(sequence, sequence_);
    if (has_value_ && !is_before) return;
    value_ = x;
    time_ = time;
    sequence_ = sequence;
    has_value_ = true;
  }
  void merge(const value_in_time& other) noexcept {
    if (other.has_value_) add(other.value_, other.time_, other.sequence_);
  }
  [[nodiscard]] std::optional<T> value() const noexcept { return has_value_ ? std::optional(value_) : std::nullopt; }

 private:
  std::int64_t time_ = 0;
  std::uint64_t sequence_ = 0;
  T value_{};
  bool has_value_ = false;
};

template <class T>
using first_of = value_in_time<T, std::less<>>;
template <class T>
using last_of = value_in_time<T, std::greater<>>;

}  // namespace millrace::window
