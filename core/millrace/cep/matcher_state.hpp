#pragma once

#include <millrace/cep/automaton.hpp>
#include <millrace/cep/release.hpp>
#include <millrace/cep/run_store.hpp>
#include <millrace/time/timer_wheel.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

namespace millrace::cep {

/// Dense number of a key among the keys that have state; see `key_directory`. 0 for a pattern without a key.
using partition_id = std::uint32_t;

/// What a matcher counts. All only grow.
struct matcher_counters {
  std::uint64_t matches = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t refused = 0;      ///< partial matches that were not begun or continued because a bound was met
  std::uint64_t skip_misses = 0;  ///< matches without the stage that `skip to` names: they prune nothing
  std::uint64_t faults = 0;       ///< integer overflows and divisions by zero in conditions
};

/// The part of a matcher that knows no conditions: runs a key, their expiry, matches held back, and the skip
/// strategy.
///
/// Invariants: a partition's runs ascend by start, and so do its completed matches; a partition with a run
/// that can expire has a timer at or before its earliest deadline.
/// Threads: one owner. Allocation: in the constructor (and see `releases`).
class matcher_state {
 public:
  matcher_state(std::shared_ptr<const automaton> compiled, std::uint16_t rule, const matcher_limits& limits,
                held_events& events);

  /// Prepares the state of a key that has none. Requires: `id` < limits.partitions.
  void open(partition_id id) noexcept { partitions()[id] = {}; }

  /// No partial match and no match held back: the partition may be given to another key.
  [[nodiscard]] bool idle(partition_id id) const noexcept {
    const partition& p = partitions()[id];
    return p.runs.empty() && p.completed.empty();
  }
  /// Gives back the timer of an idle partition.
  void close(partition_id id) noexcept;

  /// Gives back partial matches of a key, and matches held back, without handing them out: at most `count_max`.
  /// Returns how many; where it is fewer, the key has none left. What is left of its timer says nothing any more.
  std::uint32_t discard(partition_id id, std::uint32_t count_max) noexcept;

  /// Moves the time of every key to `now_ns`: expires what is due.
  void advance(std::int64_t now_ns, releases& out);

  /// Moves the time of one key to that of an event of it. Where events come with watermarks, time moves once
  /// for all events of one time, as in Flink: a run that such an event moves does not expire between them.
  void advance_partition(partition_id id, std::int64_t now_ns, releases& out) {
    partition& p = partitions()[id];
    if (p.time_ns == now_ns) return;
    p.time_ns = now_ns;
    expire_due(p, now_ns, out);
  }

  /// A time at or before the next deadline of any key.
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept { return wheel_.next_deadline(); }

  [[nodiscard]] const cep::automaton& compiled() const noexcept { return *automaton_; }
  [[nodiscard]] const matcher_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] run_store& store() noexcept { return store_; }

 protected:
  struct partition {
    run_list runs;
    run_list completed;
    std::uint32_t timer = null_handle;
    std::int64_t time_ns = std::numeric_limits<std::int64_t>::min();  // of the last event that moved it
  };

  [[nodiscard]] partition* partitions() const noexcept { return reinterpret_cast<partition*>(partitions_.data()); }

  /// Hands out a complete match, or holds it back behind earlier runs as the skip strategy wants.
  void complete(partition& p, std::uint32_t run_handle, std::int64_t now_ns, releases& out);
  void release_completed(partition& p, std::int64_t now_ns, releases& out);
  void arm(partition_id id, partition& p) noexcept;

  std::shared_ptr<const cep::automaton> automaton_;
  run_store store_;
  matcher_counters counters_;

 private:
  static std::int64_t later(std::int64_t from, std::int64_t by) noexcept {
    std::int64_t sum;
    return __builtin_add_overflow(from, by, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
  }
  [[nodiscard]] std::int64_t deadline_of(const run& r) const noexcept;
  [[nodiscard]] std::int64_t first_deadline(const partition& p) const noexcept;
  void expire_due(partition& p, std::int64_t now_ns, releases& out);
  void expire(partition& p, std::uint32_t handle, std::int64_t now_ns, releases& out);
  void hand_out(std::uint32_t handle, std::int64_t at_ns, bool timeout, releases& out);
  [[nodiscard]] std::optional<std::uint64_t> pruning_bound(const run& match) noexcept;
  void prune(run_list& list, std::uint64_t start_max) noexcept;

  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  std::uint16_t rule_;
  reservation partitions_;
  timer_wheel wheel_;
};

}  // namespace millrace::cep
