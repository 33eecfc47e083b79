#pragma once

#include <millrace/ring/parker.hpp>
#include <millrace/stage/wait_strategy.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>

namespace millrace {

/// Tells the core that this is a polling loop. One a poll: measured, it shortens a hand-off, because the
/// poller's copy of the line is then not taken back and forth while the other side writes it.
inline void pause_core() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

/// Polls again after one pause.
class busy_spin_idle {
 public:
  void after(std::size_t work_count) noexcept {
    if (work_count == 0) pause_core();
  }
};

/// Spins a little, then offers the core to whoever else can run.
class yield_idle {
 public:
  void after(std::size_t work_count) noexcept {
    if (work_count != 0) {
      spins_ = 0;
    } else if (spins_ < spins_max) {
      ++spins_;
      pause_core();
    } else {
      std::this_thread::yield();
    }
  }

 private:
  static constexpr unsigned spins_max = 100;
  unsigned spins_ = 0;
};

/// Spins, then yields, then sleeps twice as long each time, 1 us to 1 ms.
class backoff_idle {
 public:
  void after(std::size_t work_count) {
    if (work_count != 0) {
      polls_ = 0;
      sleep_ = sleep_min;
    } else if (polls_ < spins_max + yields_max) {
      ++polls_ <= spins_max ? pause_core() : std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(sleep_);
      sleep_ = std::min(2 * sleep_, sleep_max);
    }
  }

 private:
  static constexpr unsigned spins_max = 100;
  static constexpr unsigned yields_max = 10;
  static constexpr std::chrono::microseconds sleep_min{1};
  static constexpr std::chrono::microseconds sleep_max{1000};

  unsigned polls_ = 0;
  std::chrono::microseconds sleep_ = sleep_min;
};

/// Parks on `parker` until somebody rings. The first fruitless poll only announces the thread; it then polls
/// once more, so that what arrived meanwhile is seen, and parks after a second one.
class blocking_idle {
 public:
  explicit blocking_idle(parker& where) noexcept : parker_(where) {}

  void after(std::size_t work_count) noexcept {
    if (!announced_) {
      if (work_count == 0) announce();
    } else if (work_count != 0) {
      parker_.cancel();
      announced_ = false;
    } else {
      parker_.wait(epoch_);
      announced_ = false;
    }
  }

 private:
  void announce() noexcept {
    epoch_ = parker_.prepare();
    announced_ = true;
  }

  parker& parker_;
  parker::epoch epoch_{};
  bool announced_ = false;
};

/// What one thread does while it has no work, by the strategy that was chosen at run time. Whoever makes work
/// for the thread rings its `doorbell`.
///
///     duty cycle:        const auto work = poll_everything();  idle.after(work);
///     one condition:     idle.until([&] { return ring.try_claim() != nullptr; });
///
/// Threads: one. Progress: blocks. Allocation: none.
class idle {
 public:
  idle(wait_strategy strategy, parker& where) noexcept : strategy_(strategy), blocking_(where) {}

  /// To be called after every poll with what it did; waits a moment when that is nothing.
  void after(std::size_t work_count) {
    with_strategy([&](auto& each) { each.after(work_count); });
  }

  /// Polls `ready` until it is true. The strategy is chosen once, not once a poll.
  template <class Ready>
  void until(Ready&& ready) {
    with_strategy([&](auto& each) {
      while (!ready()) each.after(0);
      each.after(1);
    });
  }

 private:
  template <class Use>
  void with_strategy(Use&& use) {
    switch (strategy_) {
      case wait_strategy::busy_spin: return use(busy_spin_);
      case wait_strategy::yield: return use(yield_);
      case wait_strategy::backoff: return use(backoff_);
      case wait_strategy::blocking: return use(blocking_);
    }
  }

  wait_strategy strategy_;
  busy_spin_idle busy_spin_;
  yield_idle yield_;
  backoff_idle backoff_;
  blocking_idle blocking_;
};

/// Rings for the thread that idles on a parker. Costs a look at a constant where no thread parks.
/// Threads: any. Progress: lock-free; may enter the kernel when the other thread is parked.
class doorbell {
 public:
  doorbell(wait_strategy strategy, parker& where) noexcept
      : parker_(strategy == wait_strategy::blocking ? &where : nullptr) {}

  /// Call it after the work has become visible.
  void ring() const noexcept {
    if (parker_ != nullptr) parker_->wake();
  }

 private:
  parker* parker_;
};

/// What a source's thread does between polls that gave nothing. Nobody rings when input from outside the
/// process arrives, so there is nothing to park on: `blocking` backs off here, and is 1 ms late at most.
class source_idle {
 public:
  explicit source_idle(wait_strategy strategy) noexcept : strategy_(strategy) {}

  void after(std::size_t work_count) {
    switch (strategy_) {
      case wait_strategy::busy_spin: return busy_spin_.after(work_count);
      case wait_strategy::yield: return yield_.after(work_count);
      case wait_strategy::backoff:
      case wait_strategy::blocking: return backoff_.after(work_count);
    }
  }

 private:
  wait_strategy strategy_;
  busy_spin_idle busy_spin_;
  yield_idle yield_;
  backoff_idle backoff_;
};

}  // namespace millrace
