#pragma once

#include <millrace/cep/matcher_state.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace millrace::cep {

/// What a condition says of an event before the run's history is looked at.
enum class verdict : std::uint8_t {
  no,
  yes,
  depends,  ///< on what the run has taken: ask `test_history`
};

/// The conditions of one automaton, by number. A typed pattern's are lambdas, a text pattern's are compiled
/// programs; either way calls are direct and inlined where they can be.
///
/// `faulted()` tells, and forgets, how many evaluations ended in overflow or division by zero.
template <class C>
concept condition_set = requires(C& conditions, condition_id id, const event_header& event, expr::history taken) {
  { conditions.test_event(id, event) }
  noexcept->std::same_as<verdict>;
  { conditions.test_history(id, event, taken) }
  noexcept->std::same_as<bool>;
  { conditions.faulted() }
  noexcept->std::same_as<std::uint64_t>;
};

/// Runs one automaton over the events of many keys: the one matcher behind both front ends.
///
/// Every event is offered to every run of its key. The part of a condition that is about the event alone is
/// evaluated once an event, whatever the number of runs; the rest at most once a run.
///
/// Threads: one owner. Complexity: an event costs the sum of the edges of its key's runs.
/// Allocation: none an event once the buffers have grown to the longest match and the largest release.
/// Errors: a bound that is met refuses the new partial match and counts it.
template <condition_set Conditions>
class matcher : public matcher_state {
 public:
  matcher(std::shared_ptr<const cep::automaton> compiled, Conditions conditions, std::uint16_t rule,
          const matcher_limits& limits, held_events& events)
      : matcher_state(std::move(compiled), rule, limits, events), conditions_(std::move(conditions)) {
    known_.resize(automaton_->condition_count);
    known_of_run_.resize(automaton_->condition_count);
    hits_.reserve(automaton_->edges.size());
    history_.reserve(256);
    completed_.reserve(256);
    steps_.reserve(256);
  }

  /// Makes `event` the one that the following calls are about, for all keys.
  void begin_event() noexcept { std::fill(known_.begin(), known_.end(), unknown); }

  /// Whether the event can be the first of a match.
  [[nodiscard]] bool may_start(const event_header& event) noexcept {
    begin_run(null_handle);
    const node& start = automaton_->nodes[0];
    bool starts = false;
    for (std::uint32_t i = start.edges_begin; i < start.edges_end && !starts; ++i) {
      const edge& e = automaton_->edges[i];
      starts = e.action == action::take && holds(e.guard, event);
    }
    counters_.faults += conditions_.faulted();
    return starts;
  }

  /// Offers the event to the partition's runs and begins new ones. Requires: `begin_event` since the last
  /// event, the partition is open, its time stands at the event's, and the event is picked up in the store.
  void process(partition_id id, const event_header& event, releases& out) {
    partition& p = partitions()[id];
    run_list before = std::exchange(p.runs, {});
    while (!before.empty()) step_run(store_.pop(before), event, p.runs);
    start_run(event, p.runs);
    for (const std::uint32_t handle : completed_) complete(p, handle, event.time_ns, out);
    completed_.clear();
    completed_from_ = 0;
    same_start_ = null_handle;
    start_ = no_start;
    if (!p.completed.empty()) release_completed(p, event.time_ns, out);
    arm(id, p);
    forget_steps();
    counters_.faults += conditions_.faulted();
  }

 private:
  static constexpr std::uint64_t no_start = ~std::uint64_t{0};

  enum knowledge : std::uint8_t { unknown, is_false, is_true, asks_history };

  struct made_step {
    std::uint32_t parent;
    stage_id stage;
    std::uint32_t handle;
  };

  // --- conditions ---------------------------------------------------------------------------------------

  void begin_run(std::uint32_t path) noexcept {
    path_ = path;
    unfolded_ = false;
    if (asked_history_) std::fill(known_of_run_.begin(), known_of_run_.end(), unknown);
    asked_history_ = false;
  }

  bool holds(condition_id id, const event_header& event) noexcept {
    knowledge& known = known_[id];
    if (known == unknown) {
      const verdict first = conditions_.test_event(id, event);
      known = first == verdict::no ? is_false : first == verdict::yes ? is_true : asks_history;
    }
    if (known != asks_history) return known == is_true;
    knowledge& of_run = known_of_run_[id];
    if (of_run == unknown) {
      if (!unfolded_) taken_ = store_.unfold(path_, history_);
      unfolded_ = true;
      asked_history_ = true;
      of_run = conditions_.test_history(id, event, taken_) ? is_true : is_false;
    }
    return of_run == is_true;
  }

  bool holds(guard g, const event_header& event) noexcept {
    bool clause = false;
    for (std::uint32_t i = g.begin; i < g.end; ++i) {
      const literal& l = automaton_->literals[i];
      clause = clause || holds(l.condition, event) != l.negated;
      if (!l.ends_clause) continue;
      if (!clause) return false;
      clause = false;
    }
    return true;
  }

  bool completes(const edge& e, const event_header& event) noexcept {
    if (e.target == final_node) return true;
    for (std::uint32_t i = e.finals_begin; i < e.finals_end; ++i)
      if (holds(automaton_->finals[i], event)) return true;
    return false;
  }

  /// Time since, which may be more than a signed difference holds. Requires: `to` is not before `from`.
  static std::uint64_t passed(std::int64_t from, std::int64_t to) noexcept {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  }

  static bool waits(const edge& e) noexcept { return e.action == action::ignore && e.target != final_node; }

  // --- runs ---------------------------------------------------------------------------------------------

  /// Collects the edges that the event opens; true when a negation kills the run.
  bool try_edges(node_id at, std::int64_t last_ns, bool is_start, const event_header& event) noexcept {
    hits_.clear();
    bool stopped = false;
    const node& n = automaton_->nodes[at];
    for (std::uint32_t i = n.edges_begin; i < n.edges_end; ++i) {
      const edge& e = automaton_->edges[i];
      if (e.gap_ns != 0 && !is_start && passed(last_ns, event.time_ns) >= static_cast<std::uint64_t>(e.gap_ns))
        continue;
      if (!holds(e.guard, event)) continue;
      if (e.action == action::stop)
        stopped = true;
      else
        hits_.push_back(&e);
    }
    return stopped;
  }

  void step_run(std::uint32_t handle, const event_header& event, run_list& kept) {
    run& waiting = store_[handle];
    begin_run(waiting.path);
    const bool stopped = try_edges(waiting.node, waiting.last_ns, false, event);
    if (!stopped && hits_.size() == 1 && waits(*hits_.front()) && !automaton_->may_duplicate) {
      waiting.node = hits_.front()->target;
      return store_.append(kept, handle);
    }
    compare_from_here(waiting.start);
    // Its place goes to what it becomes: a full pool must not keep a run from going on.
    const run r = waiting;
    store_.release_shell(handle);
    for (const edge* e : hits_) {
      if (e->action == action::take)
        take(*e, r, stopped, event, kept);
      else if (e->target == final_node)
        finish(r, r.path, r.last_ns, r.length);
      else if (!stopped)
        branch(r, e->target, r.path, r.last_ns, r.length, kept);
    }
    store_.release_path(r.path);
  }

  void start_run(const event_header& event, run_list& kept) {
    begin_run(null_handle);
    const bool stopped = try_edges(0, 0, true, event);
    if (hits_.empty()) return;
    compare_from_here(event.sequence);
    const run fresh{null_handle, null_handle, event.sequence, event.id.low, event.time_ns, event.time_ns, 0, 0, 0};
    for (const edge* e : hits_) take(*e, fresh, stopped, event, kept);
  }

  void take(const edge& e, const run& from, bool stopped, const event_header& event, run_list& kept) {
    const bool complete = completes(e, event);
    const bool goes_on = !stopped && e.target != final_node;
    if (!complete && !goes_on) return;
    const std::uint32_t taken = step_behind(from, e.stage);
    if (taken == null_handle) {
      ++counters_.refused;
      return;
    }
    if (complete) finish(from, taken, event.time_ns, from.length + 1);
    if (goes_on) branch(from, e.target, taken, event.time_ns, from.length + 1, kept);
    store_.release_path(taken);
  }

  /// A step with one share for the caller. Where loops of groups can reach one match twice, equal steps are
  /// one step, so that equal paths are equal handles.
  std::uint32_t step_behind(const run& from, stage_id stage) {
    if (!automaton_->may_duplicate) return store_.try_step(from.path, stage, from.length);
    for (std::size_t i = steps_from_; i < steps_.size(); ++i) {
      if (steps_[i].parent != from.path || steps_[i].stage != stage) continue;
      store_.share_path(steps_[i].handle);
      return steps_[i].handle;
    }
    const std::uint32_t made = store_.try_step(from.path, stage, from.length);
    if (made == null_handle) return made;
    store_.share_path(made);  // while it is remembered
    steps_.push_back({from.path, stage, made});
    return made;
  }

  void forget_steps() noexcept {
    for (const made_step& known : steps_) store_.release_path(known.handle);
    steps_.clear();
    steps_from_ = 0;
  }

  /// Only runs of one start can become equal, and they stand side by side: what is compared begins with them.
  void compare_from_here(std::uint64_t start) noexcept {
    if (start == start_) return;
    start_ = start;
    same_start_ = null_handle;
    steps_from_ = steps_.size();
    completed_from_ = completed_.size();
  }

  bool already_completed(std::uint32_t path) const noexcept {
    if (!automaton_->may_duplicate) return false;
    for (std::size_t i = completed_from_; i < completed_.size(); ++i)
      if (store_[completed_[i]].path == path) return true;
    return false;
  }

  void finish(const run& from, std::uint32_t path, std::int64_t last_ns, std::uint32_t length) {
    if (already_completed(path)) return;
    const std::uint32_t handle = new_run(from, final_node, path, last_ns, length);
    if (handle != null_handle) completed_.push_back(handle);
  }

  void branch(const run& from, node_id target, std::uint32_t path, std::int64_t last_ns, std::uint32_t length,
              run_list& kept) {
    if (automaton_->may_duplicate && already_kept(target, path)) return;
    const std::uint32_t handle = new_run(from, target, path, last_ns, length);
    if (handle == null_handle) return;
    store_.append(kept, handle);
    if (same_start_ == null_handle) same_start_ = handle;
  }

  bool already_kept(node_id target, std::uint32_t path) const noexcept {
    for (std::uint32_t at = same_start_; at != null_handle; at = store_[at].next)
      if (store_[at].node == target && store_[at].path == path) return true;
    return false;
  }

  std::uint32_t new_run(const run& from, node_id target, std::uint32_t path, std::int64_t last_ns,
                        std::uint32_t length) {
    const std::uint32_t handle = store_.try_run();
    if (handle == null_handle) {
      ++counters_.refused;
      return handle;
    }
    store_.share_path(path);
    store_[handle] = {null_handle, path, from.start, from.first, from.start_ns, last_ns, target, 0, length};
    return handle;
  }

  Conditions conditions_;
  std::vector<knowledge> known_;         // of the event in hand
  std::vector<knowledge> known_of_run_;  // of the event and the run in hand
  std::vector<const edge*> hits_;
  std::vector<expr::taken_event> history_;
  std::vector<std::uint32_t> completed_;
  std::vector<made_step> steps_;
  std::size_t completed_from_ = 0;  // of the start in hand, and so the following
  std::size_t steps_from_ = 0;
  std::uint32_t same_start_ = null_handle;
  std::uint64_t start_ = no_start;
  expr::history taken_;
  std::uint32_t path_ = null_handle;
  bool unfolded_ = false;
  bool asked_history_ = true;
};

}  // namespace millrace::cep
