#pragma once

#include <millrace/base/check.hpp>
#include <millrace/pool/reservation.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>

namespace millrace::window::detail {

/// What is due next, first: a heap of four children a node in reserved memory.
///
/// A timer wheel is cheaper on average, but moves all timers of a slot at once; here no call does more than climb the
/// height of the heap, so that a hundred thousand windows of one end close in steps of any size.
///
/// `before(handle, handle)` puts those of one deadline in order. Threads: one owner. Allocation: in the constructor.
/// Complexity: O(log n) worst case; O(1) to push what is due after all others.
class deadline_heap {
 public:
  struct item {
    std::int64_t deadline_ns;
    std::uint32_t handle;
  };

  explicit deadline_heap(std::uint32_t capacity)
      : capacity_(capacity),
        items_(reservation::for_items(capacity, sizeof(item), 64, memory_content::undefined, memory_pages::small)) {}

  [[nodiscard]] bool is_empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  /// Requires: not empty.
  [[nodiscard]] const item& top() const noexcept { return data()[0]; }
  [[nodiscard]] std::int64_t next_deadline_ns() const noexcept {
    return is_empty() ? std::numeric_limits<std::int64_t>::max() : top().deadline_ns;
  }

  /// Requires: it holds fewer than `capacity`.
  template <class Before>
  void push(item added, Before&& before) noexcept {
    MILLRACE_ASSERT(size_ < capacity_);
    std::uint32_t hole = size_++;
    while (hole != 0) {
      const std::uint32_t parent = (hole - 1) / 4;
      if (!is_before(added, data()[parent], before)) break;
      data()[hole] = data()[parent];
      hole = parent;
    }
    data()[hole] = added;
  }

  /// Requires: not empty.
  template <class Before>
  void pop(Before&& before) noexcept {
    const item last = data()[--size_];
    if (size_ != 0) sink(last, before);
  }

  /// The first one becomes due later. Requires: not empty.
  template <class Before>
  void postpone_top(std::int64_t deadline_ns, Before&& before) noexcept {
    sink({deadline_ns, top().handle}, before);
  }

 private:
  [[nodiscard]] item* data() const noexcept { return reinterpret_cast<item*>(items_.data()); }

  template <class Before>
  static bool is_before(const item& a, const item& b, Before& before) noexcept {
    return a.deadline_ns != b.deadline_ns ? a.deadline_ns < b.deadline_ns : before(a.handle, b.handle);
  }

  /// Puts an item where the first one was.
  template <class Before>
  void sink(item moved, Before& before) noexcept {
    std::uint32_t hole = 0;
    for (;;) {
      const std::uint32_t first = 4 * hole + 1;
      if (first >= size_) break;
      std::uint32_t least = first;
      const std::uint32_t end = size_ - first < 4 ? size_ : first + 4;
      for (std::uint32_t child = first + 1; child < end; ++child) {
        if (is_before(data()[child], data()[least], before)) least = child;
      }
      if (!is_before(data()[least], moved, before)) break;
      data()[hole] = data()[least];
      hole = least;
    }
    data()[hole] = moved;
  }

  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  reservation items_;
};

}  // namespace millrace::window::detail
