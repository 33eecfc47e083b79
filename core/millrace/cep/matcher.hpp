#pragma once

#include <millrace/cep/condition_memo.hpp>
#include <millrace/cep/matcher_state.hpp>
#include <millrace/cep/wake_table.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace millrace::cep {

/// Runs one automaton over the events of many keys: the one matcher behind both front ends.
///
/// Every event is offered to every run of its key. The part of a condition that is about the event alone is
/// evaluated once an event, whatever the number of runs; the rest at most once a run. Runs that the event can be seen
/// to leave as they are (`wake_table`) are passed over: each costs the comparison of two numbers that lie beside those
/// of the others. Where a key is watched, and with `dead_letter`, each is looked at.
///
/// Threads: one owner. Complexity: an event costs the sum of the edges of those of its key's runs that it may change,
/// and a comparison for each of the others; with `dead_letter`, the edges of all, twice. Allocation: none an event once
/// the buffers have grown to the longest match and the largest release. Errors: what a bound that is met means is
/// `full_policy`'s, and counted.
template <condition_set Conditions>
class matcher : public matcher_state {
 public:
  matcher(std::shared_ptr<const cep::automaton> compiled, Conditions conditions, std::uint16_t rule,
          const matcher_limits& limits, held_events& events)
      : matcher_state(std::move(compiled), rule, limits, events),
        memo_(std::move(conditions), *automaton_, store_),
        wakes_(*automaton_, memo_.facts()) {
    hits_.reserve(automaton_->edges.size());
    completed_.reserve(256);
    steps_.reserve(256);
    awake_.reserve(256);
    if (wake_table::may_index(*automaton_, limits)) waiting_.allow_indexes(limits.indexed_runs, wakes_.wait_kinds());
  }

  /// Makes `event` the one that the following calls are about, for all keys.
  void begin_event() noexcept { memo_.begin_event(); }
  /// The same where so much is known of it.
  [[gnu::always_inline]] void begin_event(const condition_bits& known) noexcept { memo_.begin_event(known); }

  /// Whether the event can be the first of a match.
  [[nodiscard]] bool may_start(const event_header& event) noexcept {
    memo_.begin_run(null_handle);
    const node& start = automaton_->nodes[0];
    bool starts = false;
    for (std::uint32_t i = start.edges_begin; i < start.edges_end && !starts; ++i) {
      const edge& e = automaton_->edges[i];
      starts = e.action == action::take && memo_.holds(e.guard, event);
    }
    counters_.faults += memo_.faulted();
    return starts;
  }

  /// A partial match that somebody else has followed to a node, up to the event in hand.
  struct begun {
    std::span<const std::uint32_t> events;  ///< held ones, of all but the event in hand; a share of each
    std::span<const stage_id> stages;       ///< of all
    node_id node;
  };

  /// As `begin_event` and `process`, where somebody else begins partial matches, of which this is one; or null. Takes
  /// over its shares. `known`: what that one has found out of the event, so that nothing is evaluated, and its faults
  /// counted, twice. Requires: `wake_table::may_index` but for the number of nodes, at most `condition_bits_max`
  /// conditions, and nobody watches.
  void process_behind(partition_id id, const event_header& event, const condition_bits& known, const begun* begins,
                      releases& out) {
    memo_.begin_event(known);
    begins_ = false;
    begun_ = begins;
    process_awake(id, event, out);
  }

  /// Offers the event to the partition's runs and begins new ones. Requires: `begin_event` since the last
  /// event, the partition is open, its time stands at the event's, and the event is picked up in the store.
  void process(partition_id id, const event_header& event, releases& out) {
    if (watched(id)) [[unlikely]]
      return process_watched(id, event, out);
    if (limits_.when_full == full_policy::dead_letter) return process_all<false>(id, event, out);
    process_awake(id, event, out);
  }

 private:
  static constexpr std::uint64_t no_start = ~std::uint64_t{0};
  // To make an index costs a few walks. One that is given up before it has served so many events is made again only
  // after so many more walks, so that it costs little where it never pays.
  static constexpr std::uint16_t index_pays_at = 8;
  static constexpr std::uint16_t index_rests_for = 32;

  /// What an event would add.
  struct demand {
    std::int64_t runs = 0;  // less those that end
    std::int64_t runs_max = 0;
    std::uint64_t steps = 0;
    std::uint64_t matches = 0;
    std::uint32_t length = 0;
  };

  [[gnu::noinline, gnu::cold]] void process_watched(partition_id id, const event_header& event, releases& out) {
    process_all<true>(id, event, out);
  }

  /// Offers the event to every run. `Watched`: the watcher hears of each step.
  template <bool Watched>
  void process_all(partition_id id, const event_header& event, releases& out) {
    enter(id, event.time_ns, out);
    partition& p = partitions()[id];
    before_ = std::exchange(p.runs, {});
    if (limits_.when_full != full_policy::dead_letter || fits<Watched>(event)) {
      while (!before_.empty()) step_run<Watched>(waiting_.pop(before_), event, p.runs);
      start_run<Watched>(event, p.runs);
      settle_matches(p, event, out);
    } else {
      p.runs = std::exchange(before_, {});
    }
    leave(id);
    counters_.faults += memo_.faulted();
  }

  /// Offers it to those that it may change.
  void process_awake(partition_id id, const event_header& event, releases& out);

  void settle_matches(partition& p, const event_header& event, releases& out) {
    for (const run& match : completed_) complete(p, match);
    completed_.clear();
    start_ = no_start;
    if (!p.completed.empty()) release_completed(p, event.time_ns, out);
    forget_steps();
  }

  // --- which runs an event may change ---------------------------------------------------------------------

  /// A run in a list.
  struct place {
    std::uint32_t before;  // the leaf in front
    std::uint32_t leaf;    // none: behind the last run
    std::uint32_t index;
    std::uint32_t walked;  // leaves, so far, but for one a run that was awake
  };
  /// What an event makes of a run.
  enum class outcome : std::uint8_t { same, one, other };

  // Defined in matcher_awake.hpp.
  const wake_table::outlook& look_out(const event_header& event) noexcept;
  [[nodiscard]] place first_awake(const waiting_list& list, const wake_table::outlook& now) const noexcept;
  [[nodiscard]] place next_awake(place at, const wake_table::outlook& now) const noexcept;
  [[nodiscard]] place awake_from(place at, const wake_table::outlook& now) const noexcept;
  template <bool HasEquality>
  [[nodiscard]] place awake_from(place at, const node_probe* nodes) const noexcept;
  [[nodiscard]] bool may_begin(const wake_table::outlook& now) const noexcept {
    return begins_ ? now.may_start : begun_ != nullptr;
  }
  void begin_behind(const begun& by, const event_header& event, waiting_list& kept) noexcept;
  void try_index(partition& p) noexcept;
  bool find_awake(partition& p, const wake_table::outlook& now);
  void process_found(partition_id id, const wake_table::outlook& now, const event_header& event, releases& out);
  void finish_event(partition_id id, const wake_table::outlook& now, const event_header& event, releases& out);
  bool try_change_in_place(const place& at, const wake_table::outlook& now, const event_header& event);
  [[nodiscard]] outcome try_change(waiting_entry& entry, const wake_table::outlook& now, const event_header& event);
  bool try_follow(const edge& e, run& r, const event_header& event) noexcept;
  bool try_start(const edge& e, const event_header& event, waiting_list& kept) noexcept;
  std::uint32_t step_awake(const wake_table::outlook& now, const event_header& event, waiting_list& kept);
  [[nodiscard]] waiting_entry entry_behind(const edge& e, std::uint32_t handle, const event_header& event) noexcept;
  [[nodiscard]] waiting_entry entry_of(std::uint32_t handle) noexcept;

  // --- edges --------------------------------------------------------------------------------------------

  bool completes(const edge& e, const event_header& event) noexcept {
    if (e.target == final_node) return true;
    for (std::uint32_t i = e.finals_begin; i < e.finals_end; ++i)
      if (memo_.holds(automaton_->finals[i], event)) return true;
    return false;
  }

  /// Time since, which may be more than a signed difference holds. Requires: `to` is not before `from`.
  static std::uint64_t passed(std::int64_t from, std::int64_t to) noexcept {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  }

  static bool waits(const edge& e) noexcept { return e.action == action::ignore && e.target != final_node; }

  /// Collects the edges that the event opens; true when a negation kills the run.
  template <bool Watched>
  bool try_edges(node_id at, std::int64_t last_ns, bool is_start, const event_header& event) {
    hits_.clear();
    if constexpr (Watched) closed_.clear();
    bool stopped = false;
    const node& n = automaton_->nodes[at];
    for (std::uint32_t i = n.edges_begin; i < n.edges_end; ++i) {
      const edge& e = automaton_->edges[i];
      if (e.gap_ns != 0 && !is_start && passed(last_ns, event.time_ns) >= static_cast<std::uint64_t>(e.gap_ns)) {
        if constexpr (Watched) closed_.push_back({&e, {}, true});
        continue;
      }
      if (!memo_.holds(e.guard, event)) {
        if constexpr (Watched) closed_.push_back({&e, memo_.failed_clause(e.guard, event), false});
        continue;
      }
      if (e.action == action::stop) {
        stopped = true;
        if constexpr (Watched) killer_ = &e;
      } else {
        hits_.push_back(&e);
      }
    }
    return stopped;
  }

  // --- runs ---------------------------------------------------------------------------------------------

  template <bool Watched>
  void step_run(const waiting_entry& entry, const event_header& event, waiting_list& kept) {
    const run& waiting = store_[entry.run];
    memo_.begin_run(waiting.path);
    change_run<Watched>(entry, try_edges<Watched>(waiting.node, waiting.last_ns, false, event), event, kept);
  }

  /// Makes of a run what the edges in hand say.
  template <bool Watched>
  void change_run(const waiting_entry& entry, bool stopped, const event_header& event, waiting_list& kept) {
    run& waiting = store_[entry.run];
    if (!stopped && hits_.size() == 1 && waits(*hits_.front()) && !automaton_->may_duplicate) {
      if constexpr (Watched) tell_of(run_fate::waits, waiting, event, waiting.number, hits_.front());
      if (waiting.node == hits_.front()->target) return waiting_.append(kept, entry);
      waiting.node = hits_.front()->target;
      return waiting_.append(kept, entry_of(entry.run));
    }
    compare_from_here(waiting.start);
    // Its place goes to what it becomes: a full pool must not keep a run from going on.
    const run r = waiting;
    store_.release_shell(entry.run);
    if constexpr (Watched) {
      goes_on_as_ = r.number;
      if (stopped) tell_of(run_fate::killed, r, event, r.number, killer_);
      if (!stopped && hits_.empty()) tell_of(run_fate::ended, r, event, r.number);
    }
    for (const edge* e : hits_) {
      if (e->action == action::take) {
        take<Watched>(*e, r, stopped, event, kept);
      } else if (e->target == final_node) {
        if constexpr (Watched) tell_of(run_fate::completed, r, event, r.number, e);
        finish<Watched>(r, r.path, r.last_ns, r.length, event);
      } else if (!stopped) {
        const std::uint32_t made = branch<Watched>(r, e->target, r.path, r.last_ns, r.length, event, kept);
        if constexpr (Watched)
          if (made != null_handle) tell_of(run_fate::waits, r, event, store_[made].number, e);
      }
    }
    store_.release_path(r.path);
  }

  template <bool Watched>
  void start_run(const event_header& event, waiting_list& kept) {
    memo_.begin_run(null_handle);
    const bool stopped = try_edges<Watched>(0, 0, true, event);
    run fresh{null_handle, null_handle, event.sequence, event.id.low, event.time_ns, event.time_ns, 0, 0, 0};
    if (hits_.empty()) {
      if constexpr (Watched) tell_of(run_fate::not_begun, fresh, event, 0);
      return;
    }
    if constexpr (Watched) goes_on_as_ = fresh.number = next_number();
    compare_from_here(event.sequence);
    for (const edge* e : hits_) take<Watched>(*e, fresh, stopped, event, kept);
  }

  template <bool Watched>
  void take(const edge& e, const run& from, bool stopped, const event_header& event, waiting_list& kept) {
    const bool complete = completes(e, event);
    const bool goes_on = !stopped && e.target != final_node;
    if (!complete && !goes_on) return;
    const std::uint32_t taken = step_behind(from, e.stage);
    if (taken == null_handle) {
      if constexpr (Watched) tell_of(run_fate::refused, from, event, from.number, &e);
      return;
    }
    std::uint16_t number = from.number;
    if (goes_on) {
      const std::uint32_t made = branch<Watched>(from, e.target, taken, event.time_ns, from.length + 1, event, kept);
      if constexpr (Watched)
        if (made != null_handle) number = store_[made].number;
    }
    if constexpr (Watched) tell_of(run_fate::taken, from, event, number, &e, complete, goes_on);
    if (complete) finish<Watched>(from, taken, event.time_ns, from.length + 1, event);
    store_.release_path(taken);
  }

  /// A step with one share for the caller. Where loops of groups can reach one match twice, equal steps are
  /// one step, so that equal paths are equal handles.
  std::uint32_t step_behind(const run& from, stage_id stage) {
    if (automaton_->may_duplicate) {
      const std::uint32_t known = seen_.find(number_of_step(from.path, stage));
      if (known != null_handle) {
        store_.share_path(known);
        return known;
      }
    }
    std::uint32_t made = store_.try_step(from.path, stage, from.length);
    if (made == null_handle) [[unlikely]]
      made = step_at_bound(from.path, stage, from.length);
    if (!automaton_->may_duplicate || made == null_handle) return made;
    store_.share_path(made);  // while it is remembered
    steps_.push_back(made);
    seen_.put(number_of_step(from.path, stage), made);
    return made;
  }

  void forget_steps() noexcept {
    for (const std::uint32_t known : steps_) store_.release_path(known);
    steps_.clear();
  }

  /// Only runs of one start can become equal, and they stand side by side: what is compared begins with them.
  void compare_from_here(std::uint64_t start) noexcept {
    if (start == start_) return;
    start_ = start;
    if (automaton_->may_duplicate) seen_.forget();
  }

  template <bool Watched>
  void finish(const run& from, std::uint32_t path, std::int64_t last_ns, std::uint32_t length,
              const event_header& event) {
    if (automaton_->may_duplicate && seen_.find(number_of_match(path)) != null_handle) return;
    if (completed_.size() == limits_.stored_matches_at_once()) [[unlikely]] {
      ++counters_.cut;
      note(bound::matches_at_once);
      if constexpr (Watched) tell_of(run_fate::refused, from, event, from.number);
      return;
    }
    store_.share_path(path);
    if (automaton_->may_duplicate) seen_.put(number_of_match(path), path);
    completed_.push_back(
        {null_handle, path, from.start, from.first, from.start_ns, last_ns, final_node, from.number, length});
  }

  /// The run that it made; `null_handle` where a bound was met, or it is there already.
  template <bool Watched>
  std::uint32_t branch(const run& from, node_id target, std::uint32_t path, std::int64_t last_ns, std::uint32_t length,
                       const event_header& event, waiting_list& kept) {
    if (automaton_->may_duplicate && seen_.find(number_of_run(target, path)) != null_handle) return null_handle;
    std::uint32_t handle = store_.try_run();
    if (handle == null_handle) [[unlikely]]
      handle = run_at_bound();
    if (handle == null_handle) {
      if constexpr (Watched) tell_of(run_fate::refused, from, event, from.number);
      return handle;
    }
    store_.share_path(path);
    std::uint16_t number = 0;
    if constexpr (Watched) number = goes_on_as_ != 0 ? std::exchange(goes_on_as_, std::uint16_t{0}) : next_number();
    store_[handle] = {null_handle, path, from.start, from.first, from.start_ns, last_ns, target, number, length};
    waiting_.append(kept, entry_of(handle));
    if (automaton_->may_duplicate) seen_.put(number_of_run(target, path), handle);
    return handle;
  }

  // --- dead letters -------------------------------------------------------------------------------------

  /// Whether all that the event adds to the runs in hand has room; else it is a dead letter.
  template <bool Watched>
  bool fits(const event_header& event) {
    demand all;
    waiting_.each(before_, [&](std::uint32_t handle) { add_demand(store_[handle], false, event, all); });
    add_demand({null_handle, null_handle, 0, 0, 0, 0, 0, 0, 0}, true, event, all);
    if (automaton_->skip != skip_strategy::none)
      all.runs_max = std::max(all.runs_max, all.runs + static_cast<std::int64_t>(all.matches));
    const bound met = all.matches > limits_.stored_matches_at_once()
                          ? bound::matches_at_once
                          : store_.bound_of(static_cast<std::uint64_t>(all.runs_max), all.steps, all.length);
    if (met == bound::none) return true;
    refuse_event(met);
    if constexpr (Watched) tell_of(run_fate::dead_letter, {null_handle, null_handle, 0, 0, 0, 0, 0, 0, 0}, event, 0);
    return false;
  }

  void add_demand(const run& r, bool is_start, const event_header& event, demand& all) {
    memo_.begin_run(r.path);
    const bool stopped = try_edges<false>(r.node, r.last_ns, is_start, event);
    if (!is_start) --all.runs;
    for (const edge* e : hits_) {
      const bool takes = e->action == action::take;
      const bool complete = takes ? completes(*e, event) : e->target == final_node;
      const bool goes_on = !stopped && e->target != final_node;
      all.matches += complete ? 1 : 0;
      all.runs += goes_on ? 1 : 0;
      if (!takes || (!complete && !goes_on)) continue;
      ++all.steps;
      all.length = std::max(all.length, r.length + 1);
    }
    all.runs_max = std::max(all.runs_max, all.runs);
  }

  // --- for the watcher ----------------------------------------------------------------------------------

  void tell_of(run_fate what, const run& from, const event_header& event, std::uint16_t number,
               const edge* way = nullptr, bool complete = false, bool goes_on = false) {
    run_step step{.what = what, .number = number, .event = &event, .time_ns = event.time_ns, .way = way};
    if (number != from.number) step.other = from.number;
    step.complete = complete;
    step.goes_on = goes_on;
    step.bound = last_bound();
    step.closed = closed_;
    tell(step, from.path);
  }

  condition_memo<Conditions> memo_;
  wake_table wakes_;
  std::vector<const edge*> hits_;
  std::vector<std::uint32_t> awake_;  // runs that the event may change, where an index tells
  std::vector<run> completed_;
  std::vector<std::uint32_t> steps_;  // that the event has made, each with a share: their handles stay theirs
  std::uint64_t start_ = no_start;
  bool begins_ = true;            // partial matches itself
  const begun* begun_ = nullptr;  // else: the one that begins by the event in hand
  bool stopped_ = false;          // a negation kills the run whose edges are in hand

  // Of a watched key.
  std::vector<closed_way> closed_;
  const edge* killer_ = nullptr;
  std::uint16_t goes_on_as_ = 0;  // number of the first run that goes on from the one in hand
};

}  // namespace millrace::cep

#include <millrace/cep/matcher_awake.hpp>
