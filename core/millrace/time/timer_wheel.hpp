#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <millrace/base/check.hpp>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/time/overdue_heap.hpp>
#include <optional>

namespace millrace {

/// Timers with exact nanosecond deadlines: a hierarchical timing wheel (Varghese and Lauck, SOSP 1987) of
/// 11 levels of 64 slots, which cover all of `int64` with no overflow list.
///
/// A deadline is read as eleven base-64 digits. A timer waits at the level of the highest digit in which its
/// deadline differs from now, in the slot of that digit. Hence, invariants:
///   1. the earliest waiting timer is in the lowest slot in use of the lowest level in use;
///   2. when time reaches a slot's start, its timers move to lower levels, each at most ten times in its life;
///   3. moving time up to, but not into, the next slot in use moves no timer.
/// What is scheduled in the past waits in a heap and what is due exactly now in a list of its own.
///
/// Threads: one owner. Allocation: in the constructor only. Units: nanoseconds on any one clock.
/// Errors: the constructor throws `millrace::error` when the memory is refused.
class timer_wheel {
 public:
  explicit timer_wheel(std::uint32_t capacity) : nodes_(capacity) { lists_.fill(null_handle); }

  /// The new timer's handle, valid until the timer fires or is cancelled; `null_handle` when the wheel is
  /// full. A deadline at or before now is due at the next `advance`. Complexity: O(1).
  [[nodiscard]] std::uint32_t schedule(std::int64_t deadline_ns, std::uint32_t payload) noexcept {
    const std::uint32_t handle = nodes_.try_allocate();
    if (handle == null_handle) return handle;
    nodes_[handle].deadline_ns = deadline_ns;
    nodes_[handle].payload = payload;
    place(handle);
    if (earliest_known_ && deadline_ns < earliest_ns_) earliest_ns_ = deadline_ns;
    next_move_ns_ = std::min(next_move_ns_, deadline_ns);
    return handle;
  }

  /// Requires: the timer is pending. Complexity: O(1); O(log n) amortised for one scheduled in the past.
  void cancel(std::uint32_t handle) noexcept { remove(handle); }

  /// Moves time to `now_ns` and hands every timer with a deadline at or before it to
  /// `on_due(payload, deadline_ns)`, in ascending order of deadlines; the order of equal deadlines is
  /// unspecified but reproducible. A timer's handle is released before its call. `on_due` may schedule and
  /// cancel, not advance; what it schedules at or before `now_ns` fires in the same call, in order.
  /// An earlier time than the last one does nothing. Complexity: O(1) when nothing is due, else O(1) amortised
  /// a timer.
  template <class OnDue>
  void advance(std::int64_t now_ns, OnDue&& on_due) {
    const std::uint64_t target = ordered(now_ns);
    if (target < now_) return;
    for (;;) {
      fire_due(on_due);
      const std::uint32_t slot = first_slot();
      next_move_ns_ = std::numeric_limits<std::int64_t>::max();
      if (slot == none) break;
      const std::uint64_t start = start_of(slot);
      next_move_ns_ = plain(start);
      if (start > target) break;
      now_ = std::min(target, jump_to(slot, start));
      redistribute(slot);
    }
    now_ = target;
  }

  /// The exact deadline of the timer that fires next. Complexity: O(1) when nothing fired and the earliest
  /// timer was not cancelled since the last call; otherwise linear in the timers of one slot.
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept {
    if (size() == 0) return std::nullopt;
    if (!earliest_known_) {
      earliest_ns_ = find_earliest();
      earliest_known_ = true;
    }
    return earliest_ns_;
  }

  /// Before this time `advance` has nothing to do: at or before the next deadline; the end of time where no timer is
  /// pending. Complexity: O(1), a load.
  [[nodiscard]] std::int64_t next_move_ns() const noexcept { return next_move_ns_; }

  /// The time of the last `advance`; while one runs, that of the timer being fired, or later.
  [[nodiscard]] std::int64_t now_ns() const noexcept { return plain(now_); }

  [[nodiscard]] std::uint32_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return nodes_.capacity(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return nodes_.reserved_bytes(); }

 private:
  static constexpr std::uint32_t levels = 11;
  static constexpr std::uint32_t slots_each = 64;
  static constexpr std::uint32_t due_list = levels * slots_each;
  static constexpr std::uint32_t in_heap = due_list + 1;
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  static_assert(levels * 6 >= 64, "the levels' digits cover every bit of a deadline");

  /// Flipping the sign bit orders signed times as unsigned digits.
  static constexpr std::uint64_t ordered(std::int64_t ns) noexcept {
    return static_cast<std::uint64_t>(ns) ^ (std::uint64_t{1} << 63);
  }
  static constexpr std::int64_t plain(std::uint64_t ordered) noexcept {
    return static_cast<std::int64_t>(ordered ^ (std::uint64_t{1} << 63));
  }

  void place(std::uint32_t handle) noexcept {
    const std::uint64_t deadline = ordered(nodes_[handle].deadline_ns);
    if (deadline < now_) {
      nodes_[handle].list = in_heap;
      overdue_.insert(nodes_, handle);
    } else if (deadline == now_) {
      append(due_list, handle);
    } else {
      const auto level = static_cast<std::uint32_t>(std::bit_width(deadline ^ now_) - 1) / 6;
      const auto digit = static_cast<std::uint32_t>(deadline >> (6 * level)) % slots_each;
      used_slots_[level] |= std::uint64_t{1} << digit;
      used_levels_ |= 1u << level;
      append(level * slots_each + digit, handle);
    }
  }

  void append(std::uint32_t list, std::uint32_t handle) noexcept {
    timer_node& node = nodes_[handle];
    node.list = list;
    const std::uint32_t head = lists_[list];
    if (head == null_handle) {
      lists_[list] = node.next = node.previous = handle;
      return;
    }
    node.next = head;
    node.previous = nodes_[head].previous;
    nodes_[node.previous].next = handle;
    nodes_[head].previous = handle;
  }

  void remove(std::uint32_t handle) noexcept {
    if (nodes_[handle].deadline_ns == earliest_ns_) earliest_known_ = false;
    if (nodes_[handle].list == in_heap) {
      overdue_.erase(nodes_, handle);
    } else {
      unlink(handle);
    }
    nodes_.release(handle);
  }

  void unlink(std::uint32_t handle) noexcept {
    const timer_node& node = nodes_[handle];
    if (node.next == handle) {
      clear_list(node.list);
      return;
    }
    nodes_[node.next].previous = node.previous;
    nodes_[node.previous].next = node.next;
    if (lists_[node.list] == handle) lists_[node.list] = node.next;
  }

  void clear_list(std::uint32_t list) noexcept {
    lists_[list] = null_handle;
    if (list == due_list) return;
    const std::uint32_t level = list / slots_each;
    used_slots_[level] &= ~(std::uint64_t{1} << (list % slots_each));
    if (used_slots_[level] == 0) used_levels_ &= ~(1u << level);
  }

  template <class OnDue>
  void fire_due(OnDue& on_due) {
    for (;;) {
      const std::uint32_t handle = overdue_.empty() ? lists_[due_list] : overdue_.top();
      if (handle == null_handle) return;
      const timer_node fired = nodes_[handle];
      remove(handle);
      on_due(fired.payload, fired.deadline_ns);
    }
  }

  /// Moves the timers of a slot that time has just reached to lower levels or to the due list.
  void redistribute(std::uint32_t slot) noexcept {
    const std::uint32_t first = lists_[slot];
    const std::uint32_t last = nodes_[first].previous;
    clear_list(slot);
    for (std::uint32_t handle = first;;) {
      const std::uint32_t next = nodes_[handle].next;
      place(handle);
      if (handle == last) return;
      handle = next;
    }
  }

  [[nodiscard]] std::uint32_t first_slot() const noexcept {
    if (used_levels_ == 0) return none;
    const auto level = static_cast<std::uint32_t>(std::countr_zero(used_levels_));
    return level * slots_each + static_cast<std::uint32_t>(std::countr_zero(used_slots_[level]));
  }

  /// The time at which a slot in use begins: now's digits above its level, its own, zeroes below.
  [[nodiscard]] std::uint64_t start_of(std::uint32_t slot) const noexcept {
    const std::uint32_t shift = 6 * (slot / slots_each);
    const std::uint64_t above = shift + 6 >= 64 ? 0 : now_ >> (shift + 6) << (shift + 6);
    return above | (std::uint64_t{slot % slots_each} << shift);
  }

  /// How far time may go before the first slot in use has to be redistributed: to its start, or, when one timer
  /// is alone in it, to that timer, which spares the levels between.
  [[nodiscard]] std::uint64_t jump_to(std::uint32_t slot, std::uint64_t start) const noexcept {
    const std::uint32_t head = lists_[slot];
    const timer_node& node = nodes_[head];
    return node.next == head ? ordered(node.deadline_ns) : start;
  }

  /// Requires: a timer is pending.
  [[nodiscard]] std::int64_t find_earliest() const noexcept {
    if (!overdue_.empty()) return nodes_[overdue_.top()].deadline_ns;
    if (lists_[due_list] != null_handle) return now_ns();
    const std::uint32_t first = lists_[first_slot()];
    std::int64_t earliest = nodes_[first].deadline_ns;
    for (std::uint32_t handle = nodes_[first].next; handle != first; handle = nodes_[handle].next) {
      if (nodes_[handle].deadline_ns < earliest) earliest = nodes_[handle].deadline_ns;
    }
    return earliest;
  }

  using timer_node = detail::timer_node;

  std::uint64_t now_ = 0;
  std::int64_t next_move_ns_ = std::numeric_limits<std::int64_t>::max();
  std::uint32_t used_levels_ = 0;
  std::array<std::uint64_t, levels> used_slots_{};
  detail::overdue_heap overdue_;
  // A cache that `next_deadline` fills; `schedule` keeps it true, `remove` drops it when its timer goes.
  mutable bool earliest_known_ = false;
  mutable std::int64_t earliest_ns_ = 0;
  std::array<std::uint32_t, levels * slots_each + 1> lists_;
  slab_pool<detail::timer_node> nodes_;
};

}  // namespace millrace
