#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>
#if defined(__x86_64__)
#  include <x86intrin.h>
#endif

namespace millrace {

/// Reads time in a third of what the system clock costs: the processor's time stamp counter, measured once
/// against CLOCK_MONOTONIC. Where the counter is missing or does not run at one rate, the ticks are
/// CLOCK_MONOTONIC's nanoseconds.
/// A reading may move a few nanoseconds against neighbouring instructions. Ticks are for differences of
/// seconds, not for dates: the rate is known to some parts in a million.
/// Threads: any. Allocation: none. Errors: none.
class cycle_clock {
 public:
  /// Measures the rate for `calibration` (Errors: none; Progress: blocks for that long). A longer one is more
  /// exact: the error is about 50 ns in `calibration`.
  explicit cycle_clock(std::chrono::nanoseconds calibration = std::chrono::milliseconds(20)) noexcept;

  /// Ticks since some moment.
  [[nodiscard]] std::uint64_t now() const noexcept {
#if defined(__x86_64__)
    if (counts_cycles_) return __rdtsc();
#endif
    return monotonic_ns();
  }

  /// Ticks as nanoseconds, rounded down; a negative difference (two cores' counters disagree) stays one.
  [[nodiscard]] std::int64_t to_ns(std::int64_t ticks) const noexcept {
    return static_cast<std::int64_t>((static_cast<wide>(ticks) * ns_per_tick_) >> fraction_bits);
  }

  /// Nanoseconds from `start` to `end`, two readings of `now()`.
  [[nodiscard]] std::int64_t ns_between(std::uint64_t start, std::uint64_t end) const noexcept {
    return to_ns(static_cast<std::int64_t>(end - start));
  }

  [[nodiscard]] double ticks_per_ns() const noexcept;

  /// False when the system clock stands in.
  [[nodiscard]] bool counts_cycles() const noexcept { return counts_cycles_; }

 private:
  __extension__ using wide = __int128;
  static constexpr int fraction_bits = 40;

  static std::uint64_t monotonic_ns() noexcept {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
  }
  struct reading;
  static reading read_both() noexcept;

  bool counts_cycles_;
  std::int64_t ns_per_tick_;  // fixed point
};

}  // namespace millrace
