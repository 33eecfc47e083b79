#pragma once

#include "workload.hpp"

#include <millrace/base/hash.hpp>
#include <millrace/measure/latency_recorder.hpp>
#include <millrace/stage/idle_strategy.hpp>
#include <millrace/time/cycle_clock.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace millrace::tools {

inline const cycle_clock& bench_clock() {
  static const cycle_clock made{std::chrono::milliseconds(100)};
  return made;
}

inline std::int64_t since_1970_ns() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Random bits that belong to a number.
inline std::uint64_t scrambled(std::uint64_t number) noexcept { return hash_word(number, 0); }

/// Tells when each event is due: at a fixed rate, or as soon as it is asked for. Threads: one owner.
class load {
 public:
  /// Begins now, or a moment later, so that a consumer in another thread is there.
  explicit load(const workload_options& options)
      : start_(bench_clock().now() + ticks_of(std::chrono::milliseconds(10))),
        end_(start_ + ticks_of(options.warm_up + options.length)) {
    if (!options.events_per_second) return;
    paced_.emplace(bench_clock(), start_, *options.events_per_second);
    const std::chrono::duration<double> whole = options.warm_up + options.length;
    count_ = static_cast<std::uint64_t>(std::ceil(whole.count() * *options.events_per_second));
  }

  [[nodiscard]] std::uint64_t start() const noexcept { return start_; }

  /// The event of this number, from 0 on, is not there yet, is due since `at`, or the load is over before it.
  enum class state : std::uint8_t { early, due, over };
  [[nodiscard]] state ask(std::uint64_t number, std::uint64_t& at) noexcept {
    const std::uint64_t now = bench_clock().now();
    if (!paced_) {
      at = now;
      return now >= end_ ? state::over : now >= start_ ? state::due : state::early;
    }
    if (number >= count_) return state::over;
    at = paced_->due(number);
    return now >= at ? state::due : state::early;
  }
  /// Waits, with a pause between looks; false: the load is over.
  [[nodiscard]] bool wait(std::uint64_t number, std::uint64_t& at) noexcept {
    while (true) {
      const state found = ask(number, at);
      if (found != state::early) return found == state::due;
      pause_core();
    }
  }

 private:
  static std::uint64_t ticks_of(std::chrono::nanoseconds time) {
    return static_cast<std::uint64_t>(static_cast<double>(time.count()) * bench_clock().ticks_per_ns());
  }

  std::uint64_t start_;
  std::uint64_t end_;
  std::optional<measure::open_loop> paced_;
  std::uint64_t count_ = std::numeric_limits<std::uint64_t>::max();
};

/// A recorder with a hundredth of the run an interval, but no less than 100 ms.
inline measure::latency_recorder recorder_for(const workload_options& options, const load& from) {
  const auto interval = std::max<std::chrono::nanoseconds>(options.length / 100, std::chrono::milliseconds(100));
  return {bench_clock(), from.start(), options.warm_up, options.length, interval};
}

/// The part of a result that follows from what was recorded.
inline workload_result result_of(const measure::latency_recorder& recorded, std::int64_t start_ns, std::uint64_t events,
                                 std::uint64_t start, std::uint64_t end) {
  workload_result made;
  made.start_ns = start_ns;
  made.events = events;
  made.seconds = static_cast<double>(bench_clock().ns_between(start, end)) / 1e9;
  made.intervals.assign(recorded.intervals().begin(), recorded.intervals().end());
  made.latencies = recorded.total();
  return made;
}

}  // namespace millrace::tools
