#pragma once

// The way of most events in `matcher`: only partial matches that the event may change are looked at.
//
// `inline` as functions in a class are: without it g++ calls what it otherwise inlines, and an event takes a quarter
// more.

#include <millrace/cep/matcher.hpp>

#include <algorithm>
#include <cstdint>

namespace millrace::cep {

/// Offers the event to the runs that it may change.
template <condition_set Conditions>
inline void matcher<Conditions>::process_awake(partition_id id, const event_header& event, releases& out) {
  partition& p = partitions()[id];
  expire_late(id, event.time_ns, out);
  const wake_table::outlook& now = look_out(event);
  if (p.runs.is_indexed() && find_awake(p, now)) [[unlikely]]
    return process_found(id, now, event, out);
  place awake = first_awake(p.runs, now);
  if (awake.leaf == null_handle && !may_begin(now)) {
    if (waiting_.wants_index(awake.walked)) [[unlikely]]
      try_index(p);
    counters_.faults += memo_.faulted();
    return leave_untouched(id);
  }
  // Whether what loops make twice is there already depends on the runs that wait, too.
  if (automaton_->may_duplicate && awake.leaf != null_handle) return process_all<false>(id, event, out);
  enter(id, event.time_ns, out);
  while (awake.leaf != null_handle) {
    if (!try_change_in_place(awake, now, event)) {
      before_ = waiting_.split(p.runs, awake.before, awake.leaf, awake.index);
      change_run<false>(waiting_.pop(before_), stopped_, event, p.runs);
      awake.walked += step_awake(now, event, p.runs);
      break;
    }
    if (awake.walked != 0) --awake.walked;
    awake = next_awake(awake, now);
  }
  if (waiting_.wants_index(awake.walked)) [[unlikely]]
    try_index(p);
  finish_event(id, now, event, out);
}

/// What begins by the event, and what it has completed.
template <condition_set Conditions>
inline void matcher<Conditions>::finish_event(partition_id id, const wake_table::outlook& now,
                                              const event_header& event, releases& out) {
  partition& p = partitions()[id];
  if (begun_ != nullptr)
    begin_behind(*begun_, event, p.runs);
  else if (may_begin(now) && (now.start == nullptr || !try_start(*now.start, event, p.runs)))
    start_run<false>(event, p.runs);
  if (!completed_.empty() || !p.completed.empty() || automaton_->may_duplicate) settle_matches(p, event, out);
  leave(id);
  counters_.faults += memo_.faulted();
}

/// Gives the key's runs an index, unless the last one did not pay.
template <condition_set Conditions>
void matcher<Conditions>::try_index(partition& p) noexcept {
  if (p.index_rests != 0) {
    --p.index_rests;
    return;
  }
  p.index_served = 0;
  waiting_.try_index(p.runs);
}

/// Asks the index for the runs that the event may change; gives it up where those are so many that it does not pay.
template <condition_set Conditions>
bool matcher<Conditions>::find_awake(partition& p, const wake_table::outlook& now) {
  awake_.clear();
  if (waiting_.try_find(p.runs, now.nodes, awake_)) {
    if (p.index_served != index_pays_at) ++p.index_served;
    return true;
  }
  waiting_.drop_index(p.runs);
  p.index_rests = p.index_served != index_pays_at ? index_rests_for : 0;
  return false;
}

/// The same where the key's runs have an index, which has found those that the event may change.
template <condition_set Conditions>
void matcher<Conditions>::process_found(partition_id id, const wake_table::outlook& now, const event_header& event,
                                        releases& out) {
  partition& p = partitions()[id];
  if (awake_.empty() && !may_begin(now)) {
    counters_.faults += memo_.faulted();
    return leave_untouched(id);
  }
  enter(id, event.time_ns, out);
  for (const std::uint32_t handle : awake_) {
    const waiting_runs::place at = waiting_.place_of(handle);
    waiting_entry entry = waiting_.entry(at);
    const outcome became = try_change(entry, now, event);
    if (became == outcome::same) continue;
    if (became == outcome::one) {
      waiting_.change(p.runs, at, entry);
      continue;
    }
    // What it becomes may take over its handle.
    waiting_.forget(at);
    waiting_list others;
    change_run<false>(entry, stopped_, event, others);
    waiting_.replace(p.runs, at, others);
  }
  if (p.runs.is_indexed() && waiting_.is_small(p.runs)) waiting_.drop_index(p.runs);
  finish_event(id, now, event, out);
}

template <condition_set Conditions>
inline const wake_table::outlook& matcher<Conditions>::look_out(const event_header& event) noexcept {
  memo_.settle(wakes_.to_settle(), event);
  wake_table::outlook& now = wakes_.of(memo_.bits());
  condition_id asked = wake_table::none_compares;
  expr::wait_probe probe{};
  for (const wake_table::comparing& each : now.comparisons) {
    if (each.probes_like != asked) probe = memo_.probe(each.by, event);
    asked = each.probes_like;
    now.nodes[each.node].number = probe.number;
    now.sure[each.node] = probe.is_exact ? each.then : nullptr;
  }
  return now;
}

template <condition_set Conditions>
inline auto matcher<Conditions>::first_awake(const waiting_list& list, const wake_table::outlook& now) const noexcept
    -> place {
  return awake_from({null_handle, list.head, 0, 0}, now);
}

template <condition_set Conditions>
inline auto matcher<Conditions>::next_awake(place at, const wake_table::outlook& now) const noexcept -> place {
  ++at.index;
  return awake_from(at, now);
}

template <condition_set Conditions>
inline auto matcher<Conditions>::awake_from(place at, const wake_table::outlook& now) const noexcept -> place {
  return now.has_equality ? awake_from<true>(at, now.nodes.data()) : awake_from<false>(at, now.nodes.data());
}

template <condition_set Conditions>
template <bool HasEquality>
inline auto matcher<Conditions>::awake_from(place at, const node_probe* nodes) const noexcept -> place {
  for (; at.leaf != null_handle; at = {at.leaf, waiting_.leaf(at.leaf).next, 0, at.walked + 1}) {
    const waiting_leaf& leaf = waiting_.leaf(at.leaf);
    for (at.index = std::max<std::uint32_t>(at.index, leaf.begin); at.index < leaf.end; ++at.index) {
      const node_probe& probe = nodes[leaf.nodes[at.index]];
      const wait_bound bound = leaf.bounds[at.index];
      if (HasEquality ? probe.passes(bound) : probe.number > bound) return at;
    }
  }
  return at;
}

/// Looks at a run that may change, and changes it where it becomes one other run that has not matched.
template <condition_set Conditions>
inline bool matcher<Conditions>::try_change_in_place(const place& at, const wake_table::outlook& now,
                                                     const event_header& event) {
  waiting_leaf& leaf = waiting_.leaf(at.leaf);
  waiting_entry entry = waiting_runs::entry_of(leaf, at.index);
  const outcome became = try_change(entry, now, event);
  if (became == outcome::one) waiting_runs::put(leaf, at.index, entry);
  return became != outcome::other;
}

/// The same of a run by itself; `entry` is then that of what it became. Of `other` only the edges in hand have changed.
template <condition_set Conditions>
inline auto matcher<Conditions>::try_change(waiting_entry& entry, const wake_table::outlook& now,
                                            const event_header& event) -> outcome {
  run& r = store_[entry.run];
  const edge* const sure = now.sure[entry.node];
  if (sure != nullptr && try_follow(*sure, r, event)) {
    entry = entry_behind(*sure, entry.run, event);
    return outcome::one;
  }
  memo_.begin_run(r.path);
  stopped_ = try_edges<false>(r.node, r.last_ns, false, event);
  if (stopped_ || hits_.size() != 1) return outcome::other;
  const edge& e = *hits_.front();
  if (e.target == final_node || (e.action == action::take && completes(e, event))) return outcome::other;
  if (e.action == action::ignore && e.target == r.node) return outcome::same;
  if (!try_follow(e, r, event)) return outcome::other;
  entry = entry_behind(e, entry.run, event);
  return outcome::one;
}

/// Moves a run along an edge by which it becomes one other; false, and nothing has changed, where a bound is met.
template <condition_set Conditions>
inline bool matcher<Conditions>::try_follow(const edge& e, run& r, const event_header& event) noexcept {
  if (e.action == action::take) {
    if (!store_.try_step_onto(r.path, e.stage, r.length)) return false;
    r.last_ns = event.time_ns;
    ++r.length;
  }
  r.node = e.target;
  return true;
}

/// Begins a match by the one edge that is open; false, and nothing has changed, where a bound is met.
template <condition_set Conditions>
inline bool matcher<Conditions>::try_start(const edge& e, const event_header& event, waiting_list& kept) noexcept {
  const std::uint32_t path = store_.try_step(null_handle, e.stage, 0);
  if (path == null_handle) return false;
  const std::uint32_t handle = store_.try_run();
  if (handle == null_handle) {
    store_.release_path(path);
    return false;
  }
  store_[handle] = {null_handle, path, event.sequence, event.id.low, event.time_ns, event.time_ns, e.target, 0, 1};
  waiting_.append(kept, entry_behind(e, handle, event));
  return true;
}

/// Makes a run of a partial match that has been followed up to the event in hand.
template <condition_set Conditions>
void matcher<Conditions>::begin_behind(const begun& by, const event_header& event, waiting_list& kept) noexcept {
  const event_header& first = store_.events()[by.events.front()];
  run made{null_handle, null_handle, first.sequence, first.id.low, first.time_ns, event.time_ns, by.node, 0, 0};
  while (made.length < by.events.size() &&
         store_.try_held_step_onto(made.path, by.stages[made.length], made.length, by.events[made.length]))
    ++made.length;
  bool has_room = made.length == by.events.size();
  for (std::size_t i = made.length; i < by.events.size(); ++i) store_.events().release(by.events[i]);
  has_room = has_room && store_.try_step_onto(made.path, by.stages[made.length], made.length);
  if (!has_room) {
    note(store_.bound_of_step(made.length));
    ++counters_.refused;
    return store_.release_path(made.path);
  }
  ++made.length;
  std::uint32_t handle = store_.try_run();
  if (handle == null_handle) handle = run_at_bound();
  if (handle == null_handle) return store_.release_path(made.path);
  store_[handle] = made;
  waiting_.append(kept, entry_of(handle));
}

/// Those behind a run that became none or several; how many leaves those fill of them that wait on.
template <condition_set Conditions>
inline std::uint32_t matcher<Conditions>::step_awake(const wake_table::outlook& now, const event_header& event,
                                                     waiting_list& kept) {
  std::uint32_t count = 0;
  while (!before_.empty()) {
    const waiting_entry entry = waiting_.pop(before_);
    if (!now.nodes[entry.node].passes(entry.bound)) {
      ++count;
      waiting_.append(kept, entry);
      continue;
    }
    const run& r = store_[entry.run];
    memo_.begin_run(r.path);
    stopped_ = try_edges<false>(r.node, r.last_ns, false, event);
    change_run<false>(entry, stopped_, event, kept);
  }
  return count / waiting_leaf::capacity;
}

/// Of a run that has gone by this edge.
template <condition_set Conditions>
inline waiting_entry matcher<Conditions>::entry_behind(const edge& e, std::uint32_t handle,
                                                       const event_header& event) noexcept {
  const condition_id by = wakes_.compares_by(e.target);
  if (by == wake_table::none_compares) return {no_bound, handle, e.target};
  if (e.action == action::take)
    if (const auto bound = memo_.bound_by_last(by, e.stage, event)) return {*bound, handle, e.target};
  return {memo_.bound(by, store_[handle].path), handle, e.target};
}

template <condition_set Conditions>
inline waiting_entry matcher<Conditions>::entry_of(std::uint32_t handle) noexcept {
  const run& r = store_[handle];
  const condition_id by = wakes_.compares_by(r.node);
  return {by == wake_table::none_compares ? no_bound : memo_.bound(by, r.path), handle, r.node};
}

}  // namespace millrace::cep
