#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <millrace/base/cache_line.hpp>
#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/base/prefetch.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/ring/std_atomics.hpp>

namespace millrace {

/// Hands fixed-size byte slots, written and read in place, from one thread to one other: Lamport's ring
/// (1983) with free-running counters, a private copy of each side's own counter, and a cached copy of the
/// other side's that is read again only when the ring looks full or empty (Lee et al., MCRingBuffer, 2009).
/// What a side writes for itself stands on a line that the other never reads: sharing it with the published
/// counter cost 251 against 157 ns a round trip.
///
///     producer                                 consumer
///     try_claim(_n)  P1 acquire head  <------  C2 release head   release(_n)
///     publish(_n)    P2 release tail  ------>  C1 acquire tail   try_peek, available
///
/// Threads: one producer calls `try_claim*`, `claim`, `publish*`; one consumer `try_peek`, `available`,
/// `peek`, `release*`; anyone `size`, `slot_count`, `slot_bytes`. Progress: wait-free. Allocation: in the
/// constructor only. Complexity: O(1).
/// Errors: the constructor throws `millrace::error` for sizes it cannot take.
template <class Atomics = std_atomics>
class spsc_ring {
 public:
  /// `slot_count`: a power of two, at least 2. `slot_bytes`: 8, 16, 32 or a multiple of 64. `first_sequence` is where
  /// the counters start; tests use it to cross their wraps.
  spsc_ring(std::size_t slot_count, std::size_t slot_bytes, std::uint64_t first_sequence = 0)
      : slot_bytes_(checked_slot_bytes(slot_bytes)),
        mask_(checked_slot_count(slot_count) - 1),
        write_ahead_(std::max<std::uint64_t>(4 * cache_line_bytes / slot_bytes, 1)),
        read_ahead_(slot_bytes < cache_line_bytes ? never_ahead
                                                  : std::max<std::uint64_t>(32 * cache_line_bytes / slot_bytes, 1)),
        memory_(reservation::for_items(slot_count, slot_bytes, cache_line_bytes, memory_content::undefined)),
        producer_{first_sequence, first_sequence},
        tail_{first_sequence},
        consumer_{first_sequence, first_sequence},
        head_{first_sequence} {}

  spsc_ring(const spsc_ring&) = delete;
  spsc_ring& operator=(const spsc_ring&) = delete;

  /// The next slot to write, the same one until it is published; null when the ring is full.
  [[nodiscard]] std::byte* try_claim() noexcept { return try_claim_n(1) == 0 ? nullptr : claim(0); }

  /// How many slots, `count_max` at most, may be written now through `claim(0)` … and published together.
  [[nodiscard]] std::size_t try_claim_n(std::size_t count_max) noexcept {
    std::uint64_t free = slot_count() - (producer_.next - producer_.head_seen);
    if (free < count_max) {
      producer_.head_seen = head_.value.load(Atomics::template acquire<"P1">);  // pairs with C2
      free = slot_count() - (producer_.next - producer_.head_seen);
    }
    return static_cast<std::size_t>(std::min<std::uint64_t>(free, count_max));
  }

  /// Requires: `index` is below the last result of `try_claim_n`.
  [[nodiscard]] std::byte* claim(std::size_t index) noexcept {
    MILLRACE_ASSERT(producer_.next + index - producer_.head_seen < slot_count());
    const std::uint64_t later = producer_.next + index + write_ahead_;
    if (later - producer_.head_seen < slot_count()) {
      for_each_line(later, [](std::byte* line) { prefetch_line_for_write(line); });
    }
    return slot(producer_.next + index);
  }

  /// Requires: a slot is claimed.
  void publish() noexcept { publish_n(1); }

  /// Hands the first `count` claimed slots over. Requires: that many are claimed.
  void publish_n(std::size_t count) noexcept {
    MILLRACE_ASSERT(producer_.next + count - producer_.head_seen <= slot_count());
    producer_.next += count;
    tail_.value.store(producer_.next, Atomics::template release<"P2">);  // pairs with C1
  }

  /// The oldest published slot, the same one until it is released; null when the ring is empty.
  [[nodiscard]] const std::byte* try_peek() noexcept { return available(1) == 0 ? nullptr : peek(0); }

  /// How many slots, `count_max` at most, may be read now through `peek(0)` … and released together.
  [[nodiscard]] std::size_t available(std::size_t count_max) noexcept {
    std::uint64_t ready = consumer_.tail_seen - consumer_.next;
    if (ready < count_max) {
      consumer_.tail_seen = tail_.value.load(Atomics::template acquire<"C1">);  // pairs with P2
      ready = consumer_.tail_seen - consumer_.next;
    }
    return static_cast<std::size_t>(std::min<std::uint64_t>(ready, count_max));
  }

  /// Requires: `index` is below the last result of `available`.
  [[nodiscard]] const std::byte* peek(std::size_t index) noexcept {
    MILLRACE_ASSERT(index < consumer_.tail_seen - consumer_.next);
    const std::uint64_t later = index + read_ahead_;
    if (later < consumer_.tail_seen - consumer_.next) {
      for_each_line(consumer_.next + later, [](const std::byte* line) { prefetch_line(line); });
    }
    return slot(consumer_.next + index);
  }

  /// Requires: a slot is available.
  void release() noexcept { release_n(1); }

  /// Gives the first `count` available slots back. Requires: that many are available.
  void release_n(std::size_t count) noexcept {
    MILLRACE_ASSERT(count <= consumer_.tail_seen - consumer_.next);
    consumer_.next += count;
    head_.value.store(consumer_.next, Atomics::template release<"C2">);  // pairs with P1
  }

  /// Slots published and not released, at some moment during the call. Reads both published lines: for
  /// monitors, not for the event path. Threads: any.
  [[nodiscard]] std::size_t size() const noexcept {
    const std::uint64_t head = head_.value.load(Atomics::template acquire<"S1">);  // pairs with C2: tail >= head
    const std::uint64_t tail = tail_.value.load(std::memory_order_relaxed);
    return static_cast<std::size_t>(std::min<std::uint64_t>(tail - head, slot_count()));
  }

  [[nodiscard]] std::size_t slot_count() const noexcept { return mask_ + 1; }
  [[nodiscard]] std::size_t slot_bytes() const noexcept { return slot_bytes_; }

 private:
  static constexpr std::uint64_t never_ahead = std::uint64_t{1} << 32;

  static std::size_t checked_slot_count(std::size_t count) {
    if (count < 2 || !std::has_single_bit(count)) throw error("a ring's slot count is a power of two, at least 2");
    return count;
  }
  static std::size_t checked_slot_bytes(std::size_t bytes) {
    const bool is_part_of_a_line = bytes == 8 || bytes == 16 || bytes == 32;
    if (!is_part_of_a_line && (bytes == 0 || bytes % cache_line_bytes != 0)) {
      throw error("a ring's slot is 8, 16 or 32 bytes or a multiple of 64");
    }
    return bytes;
  }

  [[nodiscard]] std::byte* slot(std::uint64_t sequence) const noexcept {
    return memory_.data() + (sequence & mask_) * slot_bytes_;
  }

  template <class Fetch>
  void for_each_line(std::uint64_t sequence, Fetch fetch) const noexcept {
    std::byte* const first = slot(sequence);
    if (reinterpret_cast<std::uintptr_t>(first) % cache_line_bytes != 0) return;
    for (std::size_t line = 0; line < slot_bytes_; line += cache_line_bytes) fetch(first + line);
  }

  // Written by nobody after construction.
  std::size_t slot_bytes_;
  std::size_t mask_;
  // In slots. Lines are asked for early, the producer's for writing: 155 against 62 million messages of 64 bytes a
  // second (bench/README.md). Parts of lines come in fast enough, and batches of them are read in vectors without it.
  std::uint64_t write_ahead_;
  std::uint64_t read_ahead_;
  reservation memory_;

  // Written and read by the producer alone.
  struct alignas(false_sharing_bytes) {
    std::uint64_t next;
    std::uint64_t head_seen;
  } producer_;

  // Written by the producer, polled by the consumer.
  struct alignas(false_sharing_bytes) {
    typename Atomics::template atomic<std::uint64_t> value;
  } tail_;

  // Written and read by the consumer alone.
  struct alignas(false_sharing_bytes) {
    std::uint64_t next;
    std::uint64_t tail_seen;
  } consumer_;

  // Written by the consumer, polled by the producer.
  struct alignas(false_sharing_bytes) {
    typename Atomics::template atomic<std::uint64_t> value;
  } head_;
};

}  // namespace millrace
