#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <millrace/base/cache_line.hpp>
#include <millrace/base/check.hpp>
#include <millrace/ring/event_slots.hpp>
#include <millrace/ring/std_atomics.hpp>
#include <span>
#include <vector>

namespace millrace {

/// One reader of an `event_ring`. It reads every event in its slot, in order, and never writes to a slot. What it has
/// read it acknowledges on a line of its own, seldom: every so many events, and when it finds nothing to read.
///
/// A reader that comes after others reads what all of them have acknowledged, another one what is published.
///
/// Threads: one calls all. Progress: wait-free. Allocation: none. Complexity: O(1), one look a reader before it.
template <class Atomics = std_atomics>
class event_reader {
  using sequence_word = typename Atomics::template atomic<std::uint64_t>;

 public:
  /// Made by `event_ring::add_reader`.
  event_reader(const event_slots<Atomics>& slots, std::uint64_t first_sequence, std::uint64_t acknowledge_every,
               std::vector<const event_reader*> after)
      : slots_(slots),
        after_(std::move(after)),
        acknowledge_every_(acknowledge_every),
        next_(first_sequence),
        ready_(first_sequence),
        acknowledged_own_(first_sequence),
        acknowledged_{first_sequence} {}

  event_reader(const event_reader&) = delete;
  event_reader& operator=(const event_reader&) = delete;

  /// The oldest event not released, the same one until it is; null when there is none to read.
  [[nodiscard]] const std::byte* try_peek() noexcept { return available(1) == 0 ? nullptr : peek(0); }

  /// How many events, `count_max` at most, may be read now through `peek(0)` … and released together.
  [[nodiscard]] std::size_t available(std::size_t count_max) noexcept {
    if (ready_ - next_ < count_max) look(count_max);
    if (ready_ == next_) acknowledge();
    return static_cast<std::size_t>(std::min<std::uint64_t>(ready_ - next_, count_max));
  }

  /// Requires: `index` is below the last result of `available`.
  [[nodiscard]] const std::byte* peek(std::size_t index) const noexcept {
    MILLRACE_ASSERT(index < ready_ - next_);
    return slots_.at(next_ + index);
  }

  /// Requires: an event is available.
  void release() noexcept { release_n(1); }

  /// Steps over the first `count` available events. Requires: that many are available.
  void release_n(std::size_t count) noexcept {
    MILLRACE_ASSERT(count <= ready_ - next_);
    next_ += count;
    if (next_ - acknowledged_own_ >= acknowledge_every_) acknowledge();
  }

  /// Tells the writer and the readers that come after of all that is released. For who stops to poll; a poll that
  /// finds nothing does it by itself.
  void acknowledge() noexcept {
    if (acknowledged_own_ == next_) return;
    acknowledged_own_ = next_;
    acknowledged_.value.store(next_, Atomics::template release<"R2">);  // pairs with R3 and W1
  }

  /// The sequence of the event that is read next.
  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_; }

 private:
  template <class>
  friend class event_ring;

  void look(std::size_t count_max) noexcept {
    if (after_.empty()) {
      while (ready_ - next_ < count_max && is_published(ready_)) ++ready_;
      return;
    }
    std::uint64_t ready = slots_.count();
    for (const event_reader* const before : after_) {
      ready =
          std::min(ready, before->acknowledged_.value.load(Atomics::template acquire<"R3">) - next_);  // pairs with R2
    }
    ready_ = next_ + ready;
  }

  [[nodiscard]] bool is_published(std::uint64_t sequence) const noexcept {
    return slots_.word(sequence).load(Atomics::template acquire<"R1">) == sequence;  // pairs with W2
  }

  // Written by nobody after construction.
  event_slots<Atomics> slots_;
  std::vector<const event_reader*> after_;
  std::uint64_t acknowledge_every_;

  // Written and read by the reader alone.
  alignas(false_sharing_bytes) std::uint64_t next_;
  std::uint64_t ready_;
  std::uint64_t acknowledged_own_;

  // Written by the reader, seldom; read by the writer and by readers that come after.
  struct alignas(false_sharing_bytes) {
    sequence_word value;
  } acknowledged_;
};

}  // namespace millrace
