#pragma once

#include <chrono>
#include <cstdint>
#include <millrace/base/cache_line.hpp>
#include <millrace/ring/std_atomics.hpp>

namespace millrace {

/// A place where one thread sleeps until another has work for it: an event count (Vyukov), which needs no
/// lock round the condition and loses no wake-up.
///
///     waiter                                      waker
///     const auto ticket = parker.prepare();       make the condition true;
///     if (condition) parker.cancel();             parker.wake();
///     else parker.wait(ticket);
///
/// The waiter announces itself and then looks at the condition; the waker sets the condition and then looks
/// for the waiter. The fences W1 and K1 forbid that both miss each other (the store-buffer litmus). A fence orders
/// for all that its thread does next to it, so that the announcement and the wake-up need no order of their own.
///
/// Threads: one waiter calls `prepare`, `cancel`, `wait`, `wait_for`; anyone calls `wake`. Progress: `wake` is
/// lock-free, one fence and one load when nobody is parked, else one system call; `wait` blocks.
/// Allocation: none.
template <class Atomics = std_atomics>
class basic_parker {
 public:
  /// What `prepare` saw.
  enum class epoch : std::uint32_t {};

  /// Announces that this thread is about to park. Must be followed by a look at the condition, then by
  /// `cancel`, `wait` or `wait_for`.
  [[nodiscard]] epoch prepare() noexcept {
    const std::uint32_t announced = word_.fetch_or(parked_bit, std::memory_order_relaxed) | parked_bit;
    Atomics::template fence<"W1">();  // pairs with K1
    return epoch{announced};
  }

  /// Takes the announcement back.
  void cancel() noexcept { word_.fetch_and(~parked_bit, std::memory_order_relaxed); }

  /// Returns after a `wake` that came after `prepare`, with all that its thread wrote before. It may return early, so
  /// that callers look again.
  void wait(epoch prepared) noexcept {
    while (!is_over(prepared)) Atomics::wait(word_, static_cast<std::uint32_t>(prepared));
  }

  /// `wait` for at most `time`; false when that passed first. A negative time is none.
  [[nodiscard]] bool wait_for(epoch prepared, std::chrono::nanoseconds time) noexcept {
    const auto until = Atomics::deadline_after(time);
    while (!is_over(prepared)) {
      if (Atomics::wait_until(word_, static_cast<std::uint32_t>(prepared), until)) continue;
      cancel();
      // A wake-up may have come between the time-out and the cancelling; it then counts as one.
      const auto cancelled = static_cast<std::uint32_t>(prepared) & ~parked_bit;
      return word_.load(Atomics::template acquire<"W3">) != cancelled;  // pairs with K1
    }
    return true;
  }

  /// Wakes the waiter when it is parked or about to park.
  void wake() noexcept {
    Atomics::template fence<"K1">();  // pairs with W1, W2 and W3
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    while ((seen & parked_bit) != 0) {
      // The exchange ends exactly the epoch that it saw: a late waker cannot swallow the announcement of the
      // next one.
      const std::uint32_t next = (seen & ~parked_bit) + epoch_step;
      if (word_.compare_exchange_weak(seen, next, std::memory_order_relaxed, std::memory_order_relaxed)) {
        Atomics::wake_one(word_);
        return;
      }
    }
  }

 private:
  static constexpr std::uint32_t parked_bit = 1;
  static constexpr std::uint32_t epoch_step = 2;

  [[nodiscard]] bool is_over(epoch prepared) const noexcept {
    return word_.load(Atomics::template acquire<"W2">) != static_cast<std::uint32_t>(prepared);  // pairs with K1
  }

  // The epoch in the high 31 bits, "a waiter is parked or about to" in the lowest.
  alignas(false_sharing_bytes) typename Atomics::template atomic<std::uint32_t> word_{0};
};

using parker = basic_parker<>;

}  // namespace millrace
