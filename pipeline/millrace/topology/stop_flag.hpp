#pragma once

#include <atomic>

namespace millrace {

/// A wish to stop that any thread, or a signal handler, may state.
/// Threads: all. Progress: wait-free, async-signal-safe.
class stop_flag {
 public:
  void raise() noexcept { raised_.store(true, std::memory_order_relaxed); }
  /// Relaxed on both sides: the flag carries no data, and is read again in every cycle.
  [[nodiscard]] bool raised() const noexcept { return raised_.load(std::memory_order_relaxed); }

 private:
  static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");
  std::atomic<bool> raised_{false};
};

}  // namespace millrace
