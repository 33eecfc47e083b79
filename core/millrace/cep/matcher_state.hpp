#pragma once

#include <millrace/base/prefetch.hpp>
#include <millrace/cep/automaton.hpp>
#include <millrace/cep/release.hpp>
#include <millrace/cep/run_store.hpp>
#include <millrace/cep/run_watcher.hpp>
#include <millrace/cep/seen_set.hpp>
#include <millrace/cep/state_part.hpp>
#include <millrace/cep/waiting_runs.hpp>
#include <millrace/time/timer_wheel.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::cep {

class shift_state;

/// Dense number of a key among the keys that have state; see `key_directory`. 0 for a pattern without a key.
using partition_id = std::uint32_t;

/// What a matcher counts. All only grow.
struct matcher_counters {
  std::uint64_t matches = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t refused = 0;      ///< partial matches that were not begun or continued because a bound was met
  std::uint64_t dropped = 0;      ///< partial matches that gave way because a bound was met
  std::uint64_t dead = 0;         ///< events that changed nothing because a bound was met
  std::uint64_t cut = 0;          ///< matches beyond the number that one event may complete
  std::uint64_t skip_misses = 0;  ///< matches without the stage that `skip to` names: they prune nothing
  std::uint64_t faults = 0;       ///< integer overflows and divisions by zero in conditions
  std::uint32_t bounds_met = 0;   ///< bit set of `bound`

  matcher_counters& operator+=(const matcher_counters& other) noexcept;
  [[nodiscard]] bool met(bound which) const noexcept { return (bounds_met >> static_cast<unsigned>(which) & 1) != 0; }
};

/// The part of a matcher that knows no conditions: runs a key, their expiry, matches held back, the skip strategy,
/// and what happens when a bound is met.
///
/// Invariants: a partition's runs ascend by start, and so do its completed matches; a partition with a run
/// that can expire has a timer at or before its earliest deadline, or `within` later where that changes no answer;
/// one that became idle is listed as such. Threads: one owner. Allocation: in the constructor (and see `releases`).
class matcher_state {
 public:
  matcher_state(std::shared_ptr<const automaton> compiled, std::uint16_t rule, const matcher_limits& limits,
                held_events& events);
  matcher_state(const matcher_state&) = delete;
  matcher_state& operator=(const matcher_state&) = delete;

  /// Prepares the state of a key that has none. Requires: `id` < limits.partitions.
  void open(partition_id id) noexcept;

  /// No partial match and no match held back: the partition may be given to another key.
  [[nodiscard]] bool idle(partition_id id) const noexcept {
    const partition& p = partitions()[id];
    return p.empty() && id != watched_ && (!counts_keys_ || usage()[id].steps == 0);
  }
  /// A key that became idle since it was last named here, the latest first; `null_handle` when there is none. It
  /// may have become busy again: ask `idle`. Complexity: O(1).
  [[nodiscard]] partition_id next_idle() noexcept;
  /// Gives back the timer of an idle partition.
  void close(partition_id id) noexcept;
  /// See `chain_state`.
  [[nodiscard]] bool has_only_expired(partition_id id, std::int64_t now_ns) noexcept;

  /// Gives back partial matches of a key, and matches held back, without handing them out: at most `count_max`.
  /// Returns how many; where it is fewer, the key has none left. What is left of its timer says nothing any more.
  std::uint32_t discard(partition_id id, std::uint32_t count_max) noexcept;

  /// Ends the partial matches of a key, counted as dropped, and hands out the matches that they held back: its number
  /// can then be given to another one. Complexity: linear in its runs.
  void drop_key(partition_id id, std::int64_t now_ns, releases& out);

  /// Counts what a key that got no number for want of room would have begun.
  void refuse_key(releases& out);

  /// From now on `watcher` hears of the runs of one open key. The key is never idle.
  void watch(partition_id id, run_watcher& watcher) noexcept;

  /// Where partial matches begin elsewhere, a skip strategy ends those, too.
  void set_prefix(shift_state& prefix) noexcept { prefix_ = &prefix; }

  /// Moves the time of every key to `now_ns`: expires what is due.
  void advance(std::int64_t now_ns, releases& out);

  /// Moves the time of one key to that of an event of it. Where events come with watermarks, time moves once
  /// for all events of one time, as in Flink: a run that such an event moves does not expire between them.
  void advance_partition(partition_id id, std::int64_t now_ns, releases& out) {
    partition& p = partitions()[id];
    if (p.time_ns == now_ns) return;
    p.time_ns = now_ns;
    if (may_be_late_)
      expire_late(id, now_ns, out);
    else
      expire_due(id, p, now_ns, out);
  }

  /// A time at or before the next deadline of any key.
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept { return wheel_.next_deadline(); }
  /// Before this time `advance` has nothing to do. Complexity: O(1).
  [[nodiscard]] std::int64_t next_move_ns() const noexcept { return wheel_.next_move_ns(); }

  /// Starts to load the state of a key.
  void prefetch(partition_id id) const noexcept { prefetch_line(partitions() + id); }

  /// Starts to load what a key's oldest partial matches wait for, then (`events`) these themselves, one of which an
  /// event may well change. Each is best called when what the one before asked for has come.
  void prefetch_matches(partition_id id, bool events) const noexcept {
    const waiting_list& runs = partitions()[id].runs;
    if (runs.empty()) return;
    if (!events) return prefetch_line(&waiting_.leaf(runs.head));
    const waiting_leaf& first = waiting_.leaf(runs.head);
    if (first.next != null_handle) prefetch_line(&waiting_.leaf(first.next));
    for (std::uint32_t i = first.begin; i < first.end; ++i) store_.prefetch(first.runs[i]);
  }

  /// Sequence of the first event of a release.
  [[nodiscard]] std::uint64_t start_sequence(const release& r) noexcept {
    return store_.unfold(r.path, taken_).front().event->sequence;
  }
  /// Calls `f(expr::history)` for the match of a release, and gives back what it held.
  template <class F>
  void hand_out(const release& r, F&& f) {
    f(store_.unfold(r.path, taken_));
    give_back(r);
  }

  /// The same with a count of 1; see `chain_state`.
  template <class F>
  void hand_out_counted(const release& r, F&& f) {
    hand_out(r, [&](expr::history taken) { f(taken, std::uint64_t{1}); });
  }

  /// What it has reserved, part by part.
  [[nodiscard]] std::array<state_part, 3> state_parts() const noexcept;

  [[nodiscard]] const cep::automaton& compiled() const noexcept { return *automaton_; }
  [[nodiscard]] const matcher_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] run_store& store() noexcept { return store_; }
  [[nodiscard]] const run_store& store() const noexcept { return store_; }

 protected:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  struct alignas(cache_line_bytes) partition {
    waiting_list runs;
    run_list completed;
    std::uint32_t timer = null_handle;
    std::uint32_t idle_link = never_opened;
    std::uint16_t index_served = 0;  // events by the index of the runs; counted as far as it takes to pay
    std::uint16_t index_rests = 0;   // as many walks that are worth an index get none: the last one did not pay
    std::int64_t time_ns = std::numeric_limits<std::int64_t>::min();  // of the last event that moved it
    std::int64_t due_ns = never;  // where timers may be late: its first run is not due before

    [[nodiscard]] bool empty() const noexcept { return runs.empty() && completed.empty(); }
  };

  [[nodiscard]] partition* partitions() const noexcept { return reinterpret_cast<partition*>(partitions_.data()); }

  /// Gives back what a late timer has left of a key to which time comes.
  void expire_late(partition_id id, std::int64_t now_ns, releases& out) {
    partition& p = partitions()[id];
    if (now_ns < p.due_ns) [[likely]]
      return;
    expire_due(id, p, now_ns, out);
    p.due_ns = p.runs.empty() ? never : first_deadline(p).value_or(never);
  }

  /// Begins to offer a partition's runs an event; until `leave`, its bounds hold.
  void enter(partition_id id, std::int64_t now_ns, releases& out) noexcept {
    in_hand_ = id;
    now_ns_ = now_ns;
    out_ = &out;
    if (counts_keys_) set_ceilings(id);
  }
  void leave(partition_id id) noexcept {
    partition& p = partitions()[id];
    settle_usage(id, entered_);
    if (p.timer == null_handle || p.due_ns == never || !p.completed.empty()) arm(id, p);
    if (p.empty()) list_idle(id, p);
    in_hand_ = null_handle;
  }
  /// The event has changed none of its runs, and begun none.
  void leave_untouched(partition_id id) noexcept {
    partition& p = partitions()[id];
    if (p.empty()) list_idle(id, p);
  }

  /// Hands out a match that the event in hand completed, or holds it back behind earlier runs as the skip strategy
  /// wants. Takes over the share in its path.
  void complete(partition& p, const run& match);
  void release_completed(partition& p, std::int64_t now_ns, releases& out);

  /// What the policy says where `try_run` and `try_step` gave none: either a handle, or a refusal that is counted.
  [[nodiscard]] std::uint32_t run_at_bound();
  [[nodiscard]] std::uint32_t step_at_bound(std::uint32_t parent, stage_id stage, std::uint32_t length_before);
  void note(bound met) noexcept {
    counters_.bounds_met |= 1U << static_cast<unsigned>(met);
    last_met_ = met;
  }

  /// The event in hand is a dead letter.
  void refuse_event(bound met);
  [[nodiscard]] bound last_bound() const noexcept { return last_met_; }

  // What `seen_` knows things by.
  static std::uint64_t number_of_step(std::uint32_t parent, stage_id stage) noexcept {
    return std::uint64_t{1} << 62 | std::uint64_t{stage} << 32 | parent;
  }
  static std::uint64_t number_of_run(node_id node, std::uint32_t path) noexcept {
    return std::uint64_t{2} << 62 | std::uint64_t{node} << 32 | path;
  }
  static std::uint64_t number_of_match(std::uint32_t path) noexcept { return std::uint64_t{3} << 62 | path; }

  [[nodiscard]] bool watched(partition_id id) const noexcept { return id == watched_; }
  /// Tells the watcher of a step of a run of the watched key.
  void tell(run_step step, std::uint32_t path);
  [[nodiscard]] std::uint16_t next_number() noexcept { return ++last_number_ != 0 ? last_number_ : ++last_number_; }

  std::shared_ptr<const cep::automaton> automaton_;
  run_store store_;
  waiting_runs waiting_;
  matcher_counters counters_;
  matcher_limits limits_;

  // Of the partition in hand.
  waiting_list before_;  // runs that have not seen the event yet
  seen_set seen_;        // what was made of the start in hand, where loops can make one thing twice
  std::int64_t now_ns_ = 0;
  releases* out_ = nullptr;

 private:
  /// Runs and steps of one key.
  struct key_usage {
    std::uint32_t runs;
    std::uint32_t steps;
  };
  /// How full the pools were.
  struct usage_mark {
    std::uint32_t runs;
    std::uint32_t steps;
  };

  static constexpr node_id told_as_held = 0;  // of a match: its watcher knows that it waits

  // What `idle_link` says. Fresh memory is zero: that of a partition that was never opened.
  static constexpr std::uint32_t never_opened = 0;
  static constexpr std::uint32_t not_listed = 1;
  static constexpr std::uint32_t end_of_idle = 2;
  static constexpr std::uint32_t first_idle = 3;  // and so on: the next one, counted from here
  static constexpr std::uint32_t looks_max = 64;  // at keys, for one with an old run
  static constexpr std::uint32_t olds_max = 8;    // of which the oldest is dropped
  static constexpr std::uint32_t drops_max = 64;  // for one step: those that are shared free nothing

  [[nodiscard]] key_usage* usage() const noexcept { return reinterpret_cast<key_usage*>(usage_.data()); }
  void set_ceilings(partition_id id) noexcept;
  [[nodiscard]] usage_mark mark() const noexcept { return {store_.run_count(), store_.step_count()}; }
  /// Puts what the pools gave and got since the mark down to a key, where keys are counted.
  void settle_usage(partition_id id, const usage_mark& since) noexcept {
    if (!counts_keys_) return;
    usage()[id].runs += store_.run_count() - since.runs;
    usage()[id].steps += store_.step_count() - since.steps;
  }
  void list_idle(partition_id id, partition& p) noexcept {
    if (p.idle_link != not_listed) return;
    p.idle_link = idle_head_;
    idle_head_ = first_idle + id;
  }
  void arm(partition_id id, partition& p) noexcept;
  void arm_late(partition_id id, partition& p) noexcept;
  [[nodiscard]] bool has_much_room() const noexcept;
  void give_back(const release& r) noexcept;
  void hold_back(partition& p, std::uint32_t handle);
  [[nodiscard]] bool drop_for(bound met);
  [[nodiscard]] bool drop_from(partition_id id);
  [[nodiscard]] partition_id key_with_an_old_run() noexcept;
  [[nodiscard]] std::uint32_t oldest_run(partition_id id) const noexcept;
  /// None where it is beyond all time.
  [[nodiscard]] std::optional<std::int64_t> deadline_of(const run& r) const noexcept;
  [[nodiscard]] std::optional<std::int64_t> first_deadline(const partition& p) const noexcept;
  [[nodiscard]] bool is_due(const run& r, std::int64_t now_ns) const noexcept;
  void expire_due(partition_id id, partition& p, std::int64_t now_ns, releases& out);
  void expire(partition& p, std::uint32_t handle, std::int64_t now_ns, releases& out);
  void send(const partition& p, const run& match, std::int64_t at_ns, bool timeout, releases& out);
  [[nodiscard]] std::optional<std::uint64_t> pruning_bound(const run& match) noexcept;
  void prune(partition& p, std::uint64_t start_max, const run& by);
  void prune_one(partition& p, std::uint32_t handle, const run& by);
  /// The oldest of its runs began before a match did. Requires: there are some.
  [[nodiscard]] bool waits_for_earlier(const partition& p, const run& match) const noexcept {
    return store_[waiting_.front(p.runs)].start < match.start;
  }
  [[nodiscard]] partition_id id_of(const partition& p) const noexcept {
    return static_cast<partition_id>(&p - partitions());
  }

  std::uint16_t rule_;
  bool counts_keys_;
  bool may_be_late_;  // timers may: time alone hands nothing out
  reservation partitions_;
  reservation usage_;  // where keys are counted
  timer_wheel wheel_;
  std::vector<expr::taken_event> taken_;
  partition_id in_hand_ = null_handle;
  partition_id opened_ = 0;  // beyond every partition that was ever open
  partition_id hand_ = 0;    // walks round the keys for old runs
  std::uint32_t idle_head_ = end_of_idle;
  std::uint64_t run_ceiling_ = 0;  // of the partition in hand, and so the following
  std::uint64_t step_ceiling_ = 0;
  usage_mark entered_{};
  bound last_met_ = bound::none;
  partition_id watched_ = null_handle;
  run_watcher* watcher_ = nullptr;
  shift_state* prefix_ = nullptr;
  std::uint16_t last_number_ = 0;
};

}  // namespace millrace::cep
