#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/pool/reservation.hpp>
#include <new>
#include <type_traits>
#include <utility>

namespace millrace::window {

/// The aggregate of a queue of values under any associative `Combine`, in a constant number of combinations an
/// operation, worst case and not only on average: DABA Lite (Tangwongsan, Hirzel, Schneider, "In-order sliding-window
/// aggregation in worst-case constant time", VLDB Journal 30, 2021). At most three combinations to push, three to pop,
/// one to ask.
///
///     front_ <= left_ <= right_ <= accumulated_ <= back_ <= end_        positions in a ring
///
///   [front_, left_)             the aggregate of itself up to back_
///   [left_, right_)             that of itself up to right_
///   [right_, accumulated_)      values as they came, whose aggregate up to back_ is `middle_`
///   [accumulated_, back_)       that of itself up to back_
///   [back_, end_)               values as they came, whose aggregate is `rest_`
///
/// After each operation left_ comes one step nearer to back_, and |left_, back_| = |front_, back_| - |back_, end_| - 1:
/// when they meet, front and back have equal length, the back becomes the front, and it begins anew.
///
/// Threads: one owner. Allocation: in the constructor only. Complexity: O(1) worst case. Errors: the constructor throws
/// `millrace::error` when memory is refused.
template <class T, class Combine>
class daba_lite {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 64);

 public:
  explicit daba_lite(std::size_t capacity, T identity = {}, Combine combine = {})
      : mask_(std::bit_ceil(std::max<std::size_t>(capacity, 1)) - 1),
        capacity_(capacity),
        middle_(identity),
        rest_(identity),
        identity_(identity),
        combine_(std::move(combine)),
        values_(reservation::for_items(mask_ + 1, sizeof(T), 64, memory_content::undefined)) {}

  [[nodiscard]] std::size_t size() const noexcept { return end_ - front_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// False when it is full.
  [[nodiscard]] bool try_push(const T& value) noexcept {
    if (size() == capacity_) return false;
    ::new (static_cast<void*>(&at(end_++))) T(value);
    rest_ = combine_(rest_, value);
    step();
    return true;
  }

  /// Removes the oldest value. Requires: not empty.
  void pop() noexcept {
    MILLRACE_ASSERT(size() != 0);
    ++front_;
    step();
  }

  /// The aggregate of all values, oldest first; the identity where there is none.
  [[nodiscard]] T aggregate() const noexcept { return front_ == back_ ? rest_ : combine_(at(front_), rest_); }

 private:
  [[nodiscard]] T& at(std::size_t position) noexcept { return reinterpret_cast<T*>(values_.data())[position & mask_]; }
  [[nodiscard]] const T& at(std::size_t position) const noexcept {
    return reinterpret_cast<const T*>(values_.data())[position & mask_];
  }

  void step() noexcept {
    if (front_ == back_) return begin_anew();
    if (left_ == back_) flip();
    if (left_ == right_) {
      ++left_;
      ++right_;
      ++accumulated_;
      return;
    }
    at(left_) = combine_(at(left_), middle_);
    ++left_;
    --accumulated_;
    if (accumulated_ + 1 != back_) at(accumulated_) = combine_(at(accumulated_), at(accumulated_ + 1));
  }

  /// One value at most, which is its own aggregate.
  void begin_anew() noexcept {
    left_ = right_ = accumulated_ = back_ = end_;
    rest_ = identity_;
  }

  void flip() noexcept {
    left_ = front_;
    right_ = back_;
    accumulated_ = back_ = end_;
    middle_ = std::exchange(rest_, identity_);
  }

  std::size_t mask_;
  std::size_t capacity_;
  std::size_t front_ = 0;
  std::size_t left_ = 0;
  std::size_t right_ = 0;
  std::size_t accumulated_ = 0;
  std::size_t back_ = 0;
  std::size_t end_ = 0;
  T middle_;
  T rest_;
  T identity_;
  [[no_unique_address]] Combine combine_;
  reservation values_;
};

}  // namespace millrace::window
