#pragma once

#include <atomic>
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
/// for the waiter. The fences W1 and K1 forbid that both miss each other (the store-buffer litmus).
///
/// Threads: one waiter calls `prepare`, `cancel`, `wait`, `wait_for`; anyone calls `wake`. Progress: `wake` is
/// lock-free, one fence and one load when nobody is parked, else one system call; `wait` blocks.
/// Allocation: none.
class parker {
 public:
  /// What `prepare` saw.
  enum class epoch : std::uint32_t {};

  /// Announces that this thread is about to park. Must be followed by a look at the condition, then by
  /// `cancel`, `wait` or `wait_for`.
  [[nodiscard]] epoch prepare() noexcept {
    // W0, pairs with K2: who takes over after a wake-up sees what the waker wrote.
    const std::uint32_t announced = word_.fetch_or(parked_bit, std::memory_order_acquire) | parked_bit;
    std_atomics::fence();  // W1, pairs with K1
    return epoch{announced};
  }

  /// Takes the announcement back.
  void cancel() noexcept { word_.fetch_and(~parked_bit, std::memory_order_relaxed); }

  /// Returns after a `wake` that came after `prepare`; it may return early, so that callers look again.
  void wait(epoch prepared) noexcept;

  /// `wait` for at most `time`; false when that passed first. A negative time is none.
  [[nodiscard]] bool wait_for(epoch prepared, std::chrono::nanoseconds time) noexcept;

  /// Wakes the waiter when it is parked or about to park.
  void wake() noexcept {
    std_atomics::fence();  // K1, pairs with W1
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    while ((seen & parked_bit) != 0) {
      // The exchange ends exactly the epoch that it saw: a late waker cannot swallow the announcement of the
      // next one.
      const std::uint32_t next = (seen & ~parked_bit) + epoch_step;
      if (word_.compare_exchange_weak(seen, next, std::memory_order_release,  // K2, pairs with W0 and W2
                                      std::memory_order_relaxed)) {
        wake_sleeper();
        return;
      }
    }
  }

 private:
  static constexpr std::uint32_t parked_bit = 1;
  static constexpr std::uint32_t epoch_step = 2;

  [[nodiscard]] bool is_over(epoch prepared) const noexcept {
    return word_.load(std::memory_order_acquire) != static_cast<std::uint32_t>(prepared);  // W2, pairs with K2
  }
  void wake_sleeper() noexcept;

  // The epoch in the high 31 bits, "a waiter is parked or about to" in the lowest.
  alignas(false_sharing_bytes) std::atomic<std::uint32_t> word_{0};
};

}  // namespace millrace
