#pragma once

#include <millrace/base/prefetch.hpp>
#include <millrace/cep/matcher_state.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/time/timer_buckets.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

namespace millrace::cep {

/// The state of every key in a fixed number of bytes, and what all such states have: a timer, and a place in the list
/// of keys that became idle.
///
/// Threads: one owner. Allocation: in the constructor; memory becomes resident with use. Complexity: O(1).
class key_slots {
 public:
  /// `timers`: keys may have one each.
  key_slots(std::uint32_t count, std::size_t state_bytes, bool timers)
      : count_(count),
        bytes_each_(bytes_with_head(state_bytes)),
        slots_(reservation::for_items(count, bytes_each_, cache_line_bytes, memory_content::zero)),
        timers_(timers ? count + count / much_room + 1 : 0) {}

  /// Where a key's state stands, aligned to 8 bytes: zeroes, until it is written to.
  [[nodiscard]] std::byte* state(partition_id id) noexcept { return slots_.data() + id * bytes_each_ + sizeof(head); }

  /// Starts to load it.
  void prefetch(partition_id id) const noexcept { prefetch_line(slots_.data() + id * bytes_each_); }

  /// A place in the list of idle keys that the key before had, which had this number, stays. So does its timer, unless
  /// that is late: it comes early for the new one, which is looked at in vain then. Requires: time has not gone back.
  void open(partition_id id) noexcept {
    opened_ = std::max(opened_, id + 1);
    if (head_of(id).idle_link == never_opened) head_of(id).idle_link = not_listed;
  }
  /// A late timer is not the new key's: it will find that it is nobody's.
  void close(partition_id id) noexcept {
    if (head_of(id).timer == timer_kind::late) head_of(id).timer = timer_kind::none;
  }

  // --- idle keys ----------------------------------------------------------------------------------------

  [[nodiscard]] bool is_listed(partition_id id) noexcept { return head_of(id).idle_link != not_listed; }
  /// Lists a key as idle. Requires: it is not listed.
  void list(partition_id id) noexcept { head_of(id).idle_link = std::exchange(idle_head_, first_idle + id); }
  /// The key that was listed last, which is not any more; `null_handle` when there is none.
  [[nodiscard]] partition_id take_listed() noexcept {
    if (idle_head_ == end_of_idle) return null_handle;
    const partition_id id = idle_head_ - first_idle;
    idle_head_ = std::exchange(head_of(id).idle_link, not_listed);
    return id;
  }

  // --- timers -------------------------------------------------------------------------------------------

  [[nodiscard]] bool has_timer(partition_id id) noexcept { return head_of(id).timer != timer_kind::none; }
  /// Gives a key that has none a timer, where partial matches that began from `oldest_ns` to `newest_ns` end
  /// `within_ns` after they began. `may_be_late`: time completes nothing, only memory waits for the timer, events of
  /// the key look for themselves, and there is much room. Then it fires late: it finds more to give back at once, and
  /// comes seldom to keys that events come to anyway. Where a bound is met all the same, `walk_late` finds what is
  /// over.
  void arm(partition_id id, std::int64_t oldest_ns, std::int64_t newest_ns, std::int64_t within_ns,
           bool may_be_late) noexcept {
    const bool late = may_be_late && timers_.size() < count_ / much_room;
    std::int64_t deadline_ns = late ? newest_ns : oldest_ns;
    for (int i = 0; i < (late ? late_withins : 1); ++i)
      if (__builtin_add_overflow(deadline_ns, within_ns, &deadline_ns)) return;
    // At the end of all time nothing is to be done.
    if (deadline_ns == std::numeric_limits<std::int64_t>::max()) return;
    head_of(id).timer = late ? timer_kind::late : timer_kind::exact;
    timers_.schedule(deadline_ns, late ? id | late_bit : id);
    if (late) late_until_ns_ = std::max(late_until_ns_, deadline_ns);
  }
  /// Of a bound, the part up to which there is much room.
  static constexpr std::uint32_t much_room = 8;

  /// Calls `f(id)` for some of the keys with timers, others each time, as long as some timer is late.
  template <class F>
  void walk_late(std::int64_t now_ns, F&& f) {
    if (now_ns > late_until_ns_) return;
    for (std::uint32_t steps = std::min(opened_, walk_steps); steps > 0; --steps) {
      hand_ = hand_ + 1 < opened_ ? hand_ + 1 : 0;
      if (has_timer(hand_)) f(hand_);
    }
  }

  /// Calls `due(id)` for each key whose timer's time has come; it has none then.
  template <class F>
  void advance(std::int64_t now_ns, F&& due) {
    timers_.advance(now_ns, [&](std::uint32_t payload, std::int64_t) {
      const partition_id id = payload & ~late_bit;
      head& of = head_of(id);
      if (of.timer != (payload == id ? timer_kind::exact : timer_kind::late)) return;
      of.timer = timer_kind::none;
      due(id);
    });
  }
  [[nodiscard]] const timer_buckets& timers() const noexcept { return timers_; }
  /// Some of the keys whose timers will be due by `until_ns`; see `timer_buckets::due_by`.
  [[nodiscard]] std::size_t due_by(std::int64_t until_ns, std::span<partition_id> into) const noexcept {
    const std::size_t found = timers_.due_by(until_ns, into);
    for (partition_id& id : into.first(found)) id &= ~late_bit;
    return found;
  }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return slots_.bytes() + timers_.reserved_bytes(); }

 private:
  static constexpr int late_withins = 8;
  static constexpr std::uint32_t walk_steps = 64;

  /// Which timer a key has. At most one is exact; where a late one is nobody's, it still counts among the few that
  /// there may be at a time.
  enum class timer_kind : std::uint32_t { none, exact, late };
  static constexpr std::uint32_t late_bit = std::uint32_t{1} << 31;  // of a timer's payload; a table has no such number

  struct head {
    timer_kind timer;
    std::uint32_t idle_link;  // the next idle key, or one of the following
  };
  // What `idle_link` says. Fresh memory is zero: that of a key that was never opened.
  static constexpr std::uint32_t never_opened = 0;
  static constexpr std::uint32_t not_listed = 1;
  static constexpr std::uint32_t end_of_idle = 2;
  static constexpr std::uint32_t first_idle = 3;  // and so on: the next one, counted from here

  /// Whole lines where a key's state spans some; else a power of two, so that it never straddles two.
  static std::size_t bytes_with_head(std::size_t state_bytes) noexcept {
    const std::size_t bytes = sizeof(head) + state_bytes;
    return bytes <= cache_line_bytes ? std::bit_ceil(bytes)
                                     : (bytes + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
  }
  [[nodiscard]] head& head_of(partition_id id) noexcept {
    return *reinterpret_cast<head*>(slots_.data() + id * bytes_each_);
  }

  std::uint32_t count_;
  std::size_t bytes_each_;
  reservation slots_;
  timer_buckets timers_;
  std::uint32_t idle_head_ = end_of_idle;
  partition_id opened_ = 0;  // beyond every key that was ever open
  partition_id hand_ = 0;    // walks round the keys
  std::int64_t late_until_ns_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace millrace::cep
