#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <millrace/base/cache_line.hpp>
#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/ring/event_reader.hpp>
#include <millrace/ring/event_slots.hpp>
#include <millrace/ring/std_atomics.hpp>
#include <vector>

namespace millrace {

/// Hands events, written and read in place, from one thread to one or several others. Each reader sees every event;
/// readers may come after others, in chains and diamonds, and the writer waits for the slowest:
///
///     writer ──> decode ──┬─> match ───┬──> egress          auto& decode = ring.add_reader();
///        ^                └─> journal ─┘      │             auto& match = ring.add_reader(decode);
///        └──────────── has room ──────────────┘             …  auto& egress = ring.add_reader(match, journal);
///
/// A slot's first 8-byte word is the ring's sequence, which is where `event_header` has its own: one that equals the
/// reader's next sequence says that the event is there. So an event of 64 bytes moves one cache line a hop, where a
/// ring with indices moves two. Readers write nothing into slots, and acknowledge seldom, on lines of their own.
///
///     writer                                     reader
///     try_claim(_n)  W1 acquire others'  <-----  R2 release own acknowledgement   release(_n), empty poll
///     publish(_n)    W2 release word     ----->  R1 acquire word                  try_peek, available
///                                                R3 acquire others' acknowledgement, of a reader that comes after
///
/// Threads: one writer; each reader has one of its own; `add_reader` before any of them starts. Progress: wait-free.
/// Allocation: in the constructor and in `add_reader`. Complexity: O(1), one look a last reader when it seems full.
/// Errors: `millrace::error` for sizes that it cannot take, and for a reader that comes too late or after a stranger.
template <class Atomics = std_atomics>
class event_ring {
 public:
  using reader = event_reader<Atomics>;

  static constexpr std::size_t readers_max = 64;

  /// `slot_count`: a power of two, at least 2. `slot_bytes`: 16, 32 or a multiple of 64, the first word included.
  /// `first_sequence` is where the count starts; tests use it to cross the wrap. `acknowledge_every`: how many events
  /// a reader releases between two acknowledgements while it is busy; 0: an eighth of the slots.
  event_ring(std::size_t slot_count, std::size_t slot_bytes, std::uint64_t first_sequence = 0,
             std::size_t acknowledge_every = 0)
      : memory_(event_slots<Atomics>::reserve(slot_count, slot_bytes)),
        slots_(memory_.data(), slot_count, slot_bytes),
        first_sequence_(first_sequence),
        lines_ahead_(slots_.slots_in(4)),
        acknowledge_every_(acknowledge_every != 0 ? acknowledge_every : std::max<std::size_t>(slot_count / 8, 1)),
        next_(first_sequence),
        released_seen_(first_sequence) {
    slots_.empty(first_sequence);
  }

  event_ring(const event_ring&) = delete;
  event_ring& operator=(const event_ring&) = delete;

  /// A reader of every event, each after all of `after` have acknowledged it. Lives as long as the ring.
  template <std::same_as<reader>... Readers>
  reader& add_reader(const Readers&... after) {
    if (next_ != first_sequence_) throw error("an event ring's readers are added before anything is published");
    if (readers_.size() == readers_max) throw error("an event ring has at most 64 readers");
    std::vector<const reader*> before{&after...};
    for (const reader* const one : before) {
      if (std::none_of(readers_.begin(), readers_.end(), [one](const auto& own) { return own.get() == one; })) {
        throw error("a reader comes after a reader of another event ring");
      }
    }
    readers_.push_back(std::make_unique<reader>(slots_, first_sequence_, acknowledge_every_, before));
    // Who is read after is never behind: the writer looks at the last ones alone.
    std::erase_if(
        last_, [&before](const reader* one) { return std::find(before.begin(), before.end(), one) != before.end(); });
    last_.push_back(readers_.back().get());
    return *readers_.back();
  }

  /// The next slot to write, the same one until it is published; null when the ring is full. Its first word is the
  /// ring's: the writer leaves it alone.
  [[nodiscard]] std::byte* try_claim() noexcept { return try_claim_n(1) == 0 ? nullptr : claim(0); }

  /// How many slots, `count_max` at most, may be written now through `claim(0)` … and published together.
  /// Requires: a reader.
  [[nodiscard]] std::size_t try_claim_n(std::size_t count_max) noexcept {
    MILLRACE_ASSERT(!last_.empty());
    std::uint64_t free = slots_.count() - (next_ - released_seen_);
    if (free < count_max) {
      look();
      free = slots_.count() - (next_ - released_seen_);
    }
    return static_cast<std::size_t>(std::min<std::uint64_t>(free, count_max));
  }

  /// Requires: `index` is below the last result of `try_claim_n`.
  [[nodiscard]] std::byte* claim(std::size_t index) noexcept {
    const std::uint64_t sequence = next_ + index;
    MILLRACE_ASSERT(sequence - released_seen_ < slots_.count());
    // Stores wait for their lines one after the other, so the lines are asked for early; measured: 165 against 48
    // million a second (bench/README.md). Not one that a reader may still need.
    const std::uint64_t later = sequence + lines_ahead_;
    if (later - released_seen_ < slots_.count()) slots_.fetch_to_write(later);
    return slots_.at(sequence);
  }

  /// Requires: a slot is claimed.
  void publish() noexcept { publish_n(1); }

  /// Hands the first `count` claimed slots over. Requires: that many are claimed.
  void publish_n(std::size_t count) noexcept {
    MILLRACE_ASSERT(next_ + count - released_seen_ <= slots_.count());
    if (count == 0) return;
    // Copies: what is stored in a slot might be these members, for all that the compiler knows.
    const event_slots<Atomics> slots = slots_;
    const std::uint64_t first = next_;
    next_ += count;
    slots.word(first).store(first, Atomics::template release<"W2">);  // pairs with R1
    // Relaxed: all of the batch was written before the first word, which its readers have read before the others.
    for (std::uint64_t i = first + 1; i != first + count; ++i) slots.word(i).store(i, std::memory_order_relaxed);
  }

  /// The sequence of the event that is published next. Threads: the writer.
  [[nodiscard]] std::uint64_t next_sequence() const noexcept { return next_; }

  [[nodiscard]] std::size_t slot_count() const noexcept { return slots_.count(); }
  [[nodiscard]] std::size_t slot_bytes() const noexcept { return slots_.bytes(); }

 private:
  void look() noexcept {
    std::uint64_t in_use = 0;
    for (const reader* const one : last_) {
      in_use =
          std::max(in_use, next_ - one->acknowledged_.value.load(Atomics::template acquire<"W1">));  // pairs with R2
    }
    released_seen_ = next_ - in_use;
  }

  // Written by nobody once the threads run.
  reservation memory_;
  event_slots<Atomics> slots_;
  std::uint64_t first_sequence_;
  std::uint64_t lines_ahead_;  // in slots
  std::uint64_t acknowledge_every_;
  std::vector<std::unique_ptr<reader>> readers_;
  std::vector<const reader*> last_;

  // Written and read by the writer alone.
  alignas(false_sharing_bytes) std::uint64_t next_;
  std::uint64_t released_seen_;
};

}  // namespace millrace
