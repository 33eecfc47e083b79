#pragma once

#include <millrace/stats/histogram.hpp>
#include <millrace/time/cycle_clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace millrace::measure {

/// When each event of a load of fixed rate is to come in, whatever becomes of those before it: latency from then counts
/// every event that a stall delays, and not only the one that met it ("coordinated omission", Gil Tene).
/// Threads: any, once made.
class open_loop {
 public:
  /// `start`: ticks of the clock. Requires: `events_per_second` > 0.
  open_loop(const cycle_clock& clock, std::uint64_t start, double events_per_second) noexcept
      : start_(start), ticks_each_(clock.ticks_per_ns() * 1e9 / events_per_second) {}

  /// Ticks at which the event of this number, from 0 on, is due.
  [[nodiscard]] std::uint64_t due(std::uint64_t number) const noexcept {
    return start_ + static_cast<std::uint64_t>(static_cast<double>(number) * ticks_each_);
  }
  [[nodiscard]] std::uint64_t start() const noexcept { return start_; }

 private:
  std::uint64_t start_;
  double ticks_each_;
};

/// What was recorded in one stretch of a run; times since its start, warm-up included.
struct latency_interval {
  std::int64_t begin_ns;
  std::int64_t end_ns;
  histogram latencies;
};

/// Latencies of a run, by the interval in which their events were due; those of the warm-up are left out.
///
/// Threads: one owner. Allocation: in the constructor and in `total`. Complexity of `record`: O(1) amortised.
class latency_recorder {
 public:
  /// `start`: ticks of the clock, which must outlive the recorder. Requires: `length` and `interval` > 0.
  latency_recorder(const cycle_clock& clock, std::uint64_t start, std::chrono::nanoseconds warm_up,
                   std::chrono::nanoseconds length, std::chrono::nanoseconds interval);

  /// An event that was due at `intended` is done at `done`, both in ticks. Of the warm-up, or due after the end: left
  /// out. Events that were due earlier than the one before count in that one's interval.
  void record(std::uint64_t intended, std::uint64_t done) noexcept {
    const std::int64_t due_ns = clock_.ns_between(start_, intended);
    if (due_ns < warm_up_ns_ || due_ns >= intervals_.back().end_ns) return;
    while (due_ns >= intervals_[current_].end_ns) ++current_;
    intervals_[current_].latencies.record(clock_.ns_between(intended, done));
  }

  [[nodiscard]] std::span<const latency_interval> intervals() const noexcept { return intervals_; }
  [[nodiscard]] histogram total() const;

 private:
  const cycle_clock& clock_;
  std::uint64_t start_;
  std::int64_t warm_up_ns_;
  std::vector<latency_interval> intervals_;
  std::size_t current_ = 0;
};

}  // namespace millrace::measure
