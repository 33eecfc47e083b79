#pragma once

#include <millrace/base/check.hpp>
#include <millrace/base/prefetch.hpp>
#include <millrace/pool/slab_pool.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace millrace {

/// Timers that are not cancelled, for many at a time: the hierarchical wheel of `timer_wheel`, whose slots hold their
/// timers side by side in chunks, and not linked one by one. So a timer that moves to a lower level is read and written
/// in a row with others, where a linked one costs a cache miss for itself and one for each neighbour. Of timers that
/// are due together no order is promised, and so none is kept.
///
/// Invariants, beyond those of `timer_wheel`: of the chunks of a slot only the first is not full; hence so many timers
/// need no more chunks than `chunks_for` says.
///
/// Threads: one owner. Allocation: in the constructor only. Units: nanoseconds on any one clock.
/// Errors: the constructor throws `millrace::error` when the memory is refused.
class timer_buckets {
 public:
  explicit timer_buckets(std::uint32_t capacity) : capacity_(capacity), chunks_(chunks_for(capacity)) {
    lists_.fill(null_handle);
  }

  /// A deadline at or before now is due at the next `advance`. Requires: fewer timers are pending than `capacity`.
  /// Complexity: O(1).
  void schedule(std::int64_t deadline_ns, std::uint32_t payload) noexcept {
    MILLRACE_ASSERT(size_ < capacity_);
    ++size_;
    place(deadline_ns, payload);
    next_move_ns_ = std::min(next_move_ns_, deadline_ns);
    if (earliest_known_) earliest_ns_ = std::min(earliest_ns_, deadline_ns);
  }

  /// Moves time to `now_ns` and hands every timer with a deadline at or before it to `on_due(payload, deadline_ns)`.
  /// `on_due` may schedule, not advance; what it schedules at or before `now_ns` fires in the same call. An earlier
  /// time than the last one does nothing. Complexity: O(1) when nothing is due, else O(1) amortised a timer.
  template <class OnDue>
  void advance(std::int64_t now_ns, OnDue&& on_due) {
    const std::uint64_t target = ordered(now_ns);
    if (target < now_) return;
    for (;;) {
      if (lists_[due_list] != null_handle) {
        drain(due_list, target, on_due);
        continue;
      }
      const std::uint32_t slot = first_slot();
      if (slot == none || start_of(slot) > target) break;
      // All of a slot that time has left is due. Of the one that time is in, the others move relative to where time
      // goes: every other slot in use begins behind it.
      now_ = std::min(target, end_of(slot));
      drain(slot, target, on_due);
    }
    now_ = target;
    next_move_ns_ = find_next_move();
  }

  /// The exact deadline of the timer that fires next. Complexity: O(1) when nothing fired since the last call;
  /// otherwise linear in the timers of one slot.
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept {
    if (size_ == 0) return std::nullopt;
    if (!earliest_known_) {
      earliest_ns_ = earliest_in(lists_[due_list] != null_handle ? due_list : first_slot());
      earliest_known_ = true;
    }
    return earliest_ns_;
  }

  /// Before this time `advance` has nothing to do: at or before the next deadline; the end of time where no timer is
  /// pending. Complexity: O(1), a load.
  [[nodiscard]] std::int64_t next_move_ns() const noexcept { return next_move_ns_; }

  /// Writes the payloads of timers that will be due by `until_ns` to `into`, as far as there is room and they are found
  /// in a few steps; returns how many. For those who want to load ahead what belongs to them.
  [[nodiscard]] std::size_t due_by(std::int64_t until_ns, std::span<std::uint32_t> into) const noexcept {
    if (until_ns < next_move_ns_) return 0;
    std::size_t found = 0;
    std::uint32_t chunks_left = look_chunks_max;
    std::uint32_t used_levels = used_levels_;
    for (; used_levels != 0; used_levels &= used_levels - 1) {
      const auto level = static_cast<std::uint32_t>(std::countr_zero(used_levels));
      for (std::uint64_t used = used_slots_[level]; used != 0; used &= used - 1) {
        const std::uint32_t slot = level * slots_each + static_cast<std::uint32_t>(std::countr_zero(used));
        if (start_of(slot) > ordered(until_ns)) return found;
        for (std::uint32_t handle = lists_[slot]; handle != null_handle; handle = chunks_[handle].next) {
          if (chunks_left-- == 0) return found;
          const chunk& of = chunks_[handle];
          for (std::uint32_t i = 0; i < of.count; ++i) {
            if (of.deadlines[i] > until_ns) continue;
            if (found == into.size()) return found;
            into[found++] = of.payloads[i];
          }
        }
      }
    }
    return found;
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return chunks_.reserved_bytes(); }

 private:
  static constexpr std::uint32_t levels = 11;
  static constexpr std::uint32_t slots_each = 64;
  static constexpr std::uint32_t due_list = levels * slots_each;
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  static constexpr std::uint32_t look_chunks_max = 64;
  static_assert(levels * 6 >= 64, "the levels' digits cover every bit of a deadline");

  static constexpr std::uint32_t chunk_timers = 20;
  struct alignas(64) chunk {
    std::uint32_t next;
    std::uint32_t count;
    std::int64_t deadlines[chunk_timers];
    std::uint32_t payloads[chunk_timers];
  };
  static_assert(sizeof(chunk) == 256);

  /// Full chunks, and for every slot and the list of what is due one that is not; a chunk that is being emptied is
  /// released first.
  static std::uint32_t chunks_for(std::uint32_t timers) noexcept {
    return std::min(timers, timers / chunk_timers + due_list + 2);
  }

  static constexpr std::uint64_t ordered(std::int64_t ns) noexcept {
    return static_cast<std::uint64_t>(ns) ^ (std::uint64_t{1} << 63);
  }
  static constexpr std::int64_t plain(std::uint64_t ordered) noexcept {
    return static_cast<std::int64_t>(ordered ^ (std::uint64_t{1} << 63));
  }

  void place(std::int64_t deadline_ns, std::uint32_t payload) noexcept {
    const std::uint64_t deadline = ordered(deadline_ns);
    if (deadline <= now_) return append(due_list, deadline_ns, payload);
    const auto level = static_cast<std::uint32_t>(std::bit_width(deadline ^ now_) - 1) / 6;
    const auto digit = static_cast<std::uint32_t>(deadline >> (6 * level)) % slots_each;
    used_slots_[level] |= std::uint64_t{1} << digit;
    used_levels_ |= 1U << level;
    append(level * slots_each + digit, deadline_ns, payload);
  }

  void append(std::uint32_t list, std::int64_t deadline_ns, std::uint32_t payload) noexcept {
    std::uint32_t head = lists_[list];
    if (head == null_handle || chunks_[head].count == chunk_timers) {
      const std::uint32_t made = chunks_.try_allocate();
      chunks_[made].next = head;
      chunks_[made].count = 0;
      lists_[list] = head = made;
    }
    chunk& into = chunks_[head];
    into.deadlines[into.count] = deadline_ns;
    into.payloads[into.count++] = payload;
  }

  /// Takes all timers from a list: hands those that are due by `target` out, and places the others anew.
  template <class OnDue>
  void drain(std::uint32_t list, std::uint64_t target, OnDue& on_due) {
    std::uint32_t handle = lists_[list];
    clear_list(list);
    while (handle != null_handle) {
      // A copy: what is placed anew, or scheduled by `on_due`, may need the chunk.
      const chunk taken = chunks_[handle];
      chunks_.release(handle);
      handle = taken.next;
      if (handle != null_handle)
        for (std::size_t at = 0; at < sizeof(chunk); at += 64)
          prefetch_line(reinterpret_cast<const std::byte*>(&chunks_[handle]) + at);
      for (std::uint32_t i = 0; i < taken.count; ++i) {
        if (ordered(taken.deadlines[i]) > target) {
          place(taken.deadlines[i], taken.payloads[i]);
          continue;
        }
        --size_;
        earliest_known_ = false;
        on_due(taken.payloads[i], taken.deadlines[i]);
      }
    }
  }

  void clear_list(std::uint32_t list) noexcept {
    lists_[list] = null_handle;
    if (list == due_list) return;
    const std::uint32_t level = list / slots_each;
    used_slots_[level] &= ~(std::uint64_t{1} << (list % slots_each));
    if (used_slots_[level] == 0) used_levels_ &= ~(1U << level);
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
  /// The last instant of a slot in use.
  [[nodiscard]] std::uint64_t end_of(std::uint32_t slot) const noexcept {
    return start_of(slot) | ((std::uint64_t{1} << (6 * (slot / slots_each))) - 1);
  }

  [[nodiscard]] std::int64_t earliest_in(std::uint32_t list) const noexcept {
    std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
    for (std::uint32_t handle = lists_[list]; handle != null_handle; handle = chunks_[handle].next) {
      const chunk& of = chunks_[handle];
      for (std::uint32_t i = 0; i < of.count; ++i) earliest = std::min(earliest, of.deadlines[i]);
    }
    return earliest;
  }

  /// Where few timers are in the next slot in use, the first of them; else the beginning of the slot, before which
  /// nothing is due.
  [[nodiscard]] std::int64_t find_next_move() const noexcept {
    const std::uint32_t slot = first_slot();
    if (slot == none) return std::numeric_limits<std::int64_t>::max();
    return chunks_[lists_[slot]].next == null_handle ? earliest_in(slot) : plain(start_of(slot));
  }

  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::uint64_t now_ = 0;
  std::int64_t next_move_ns_ = std::numeric_limits<std::int64_t>::max();
  std::uint32_t used_levels_ = 0;
  std::array<std::uint64_t, levels> used_slots_{};
  // A cache that `next_deadline` fills; `schedule` keeps it true, a timer that fires drops it.
  mutable bool earliest_known_ = false;
  mutable std::int64_t earliest_ns_ = 0;
  std::array<std::uint32_t, levels * slots_each + 1> lists_;
  slab_pool<chunk> chunks_;
};

}  // namespace millrace
