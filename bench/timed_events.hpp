#pragma once

#include <millrace/event/event.hpp>

#include <time.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace millrace::bench {

/// Sums the processor time that the calling thread takes between `start` and `stop`, less what reading the clock takes.
/// Processor time and not wall time: on a busy machine the others' time does not count.
class cpu_stopwatch {
 public:
  void start() noexcept { begun_ns_ = now_ns(); }
  void stop() noexcept { total_ns_ += std::max<std::int64_t>(0, now_ns() - begun_ns_ - reading_ns()); }

  [[nodiscard]] double ns() const noexcept { return static_cast<double>(total_ns_); }
  [[nodiscard]] double seconds() const noexcept { return ns() / 1e9; }

 private:
  static std::int64_t now_ns() noexcept {
    timespec now;
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }
  static std::int64_t reading_ns() noexcept {
    static const std::int64_t least = [] {
      std::int64_t best = std::numeric_limits<std::int64_t>::max();
      for (int i = 0; i < 1'000; ++i) {
        const std::int64_t first = now_ns();
        best = std::min(best, now_ns() - first);
      }
      return best;
    }();
    return least;
  }

  std::int64_t begun_ns_ = 0;
  std::int64_t total_ns_ = 0;
};

/// Events in memory as a ring hands them over: so many slots, filled outside of the measured time and processed within
/// it. A feed laid out as one array of events would measure how fast memory is read: 128 bytes an event.
template <event_data T>
class event_slots {
 public:
  /// Fills events number `first` to `first + count - 1` by `fill(number, event<T>&)` and hands each to
  /// `process(const event_header&)`, which `watch` times; `process.look_ahead(events)`, where there is one, is
  /// called beforehand, as a shard's thread does. Stops early, between two fillings, when the watch shows more
  /// than `seconds_max`. Returns how many were processed.
  template <class Fill, class Process>
  std::uint64_t run(std::uint64_t first, std::uint64_t count, Fill&& fill, Process&& process, cpu_stopwatch& watch,
                    double seconds_max = std::numeric_limits<double>::max()) {
    std::uint64_t done = 0;
    while (done < count && watch.seconds() < seconds_max) {
      const std::uint64_t filled = std::min<std::uint64_t>(slots_.size(), count - done);
      for (std::uint64_t i = 0; i < filled; ++i) fill(first + done + i, slots_[i]);
      watch.start();
      for (std::uint64_t i = 0; i < filled; ++i) {
        if constexpr (requires { process.look_ahead(std::span<const event_header* const>()); })
          if (i % ahead_max == 0) look_ahead(i, filled, process);
        process(slots_[i].header);
      }
      watch.stop();
      done += filled;
    }
    return done;
  }

 private:
  static constexpr std::size_t ahead_max = 64;

  template <class Process>
  void look_ahead(std::uint64_t from, std::uint64_t end, const Process& process) {
    std::array<const event_header*, ahead_max> next;
    const std::size_t count = std::min<std::uint64_t>(ahead_max, end - from);
    for (std::size_t i = 0; i < count; ++i) next[i] = &slots_[from + i].header;
    process.look_ahead({next.data(), count});
  }

  std::vector<event<T>> slots_{1'024};
};

}  // namespace millrace::bench
