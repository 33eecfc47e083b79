#include <millrace/cep/matcher_state.hpp>

#include <algorithm>
#include <utility>

namespace millrace::cep {

matcher_state::matcher_state(std::shared_ptr<const cep::automaton> compiled, std::uint16_t rule,
                             const matcher_limits& limits, held_events& events)
    : automaton_(std::move(compiled)),
      store_(limits, events),
      rule_(rule),
      partitions_(
          reservation::for_items(limits.partitions, sizeof(partition), alignof(partition), memory_content::undefined)),
      wheel_(limits.partitions) {}

void matcher_state::close(partition_id id) noexcept {
  partition& p = partitions()[id];
  if (p.timer != null_handle) wheel_.cancel(p.timer);
  p.timer = null_handle;
}

std::uint32_t matcher_state::discard(partition_id id, std::uint32_t count_max) noexcept {
  partition& p = partitions()[id];
  std::uint32_t count = 0;
  for (run_list* const list : {&p.runs, &p.completed})
    for (; count != count_max && !list->empty(); ++count) store_.release(store_.pop(*list));
  return count;
}

// --- time -----------------------------------------------------------------------------------------------

std::int64_t matcher_state::deadline_of(const run& r) const noexcept {
  std::int64_t deadline = never;
  if (automaton_->within_ns != 0) deadline = later(r.start_ns, automaton_->within_ns);
  const std::int64_t gap_ns = automaton_->nodes[r.node].gap_ns;
  if (gap_ns != 0) deadline = std::min(deadline, later(r.last_ns, gap_ns));
  return deadline;
}

std::int64_t matcher_state::first_deadline(const partition& p) const noexcept {
  if (p.runs.empty()) return never;
  // Runs ascend by start, so without bounds of their own the first one is due first.
  if (!automaton_->has_gaps) return deadline_of(store_[p.runs.head]);
  std::int64_t first = never;
  for (std::uint32_t at = p.runs.head; at != null_handle; at = store_[at].next)
    first = std::min(first, deadline_of(store_[at]));
  return first;
}

void matcher_state::arm(partition_id id, partition& p) noexcept {
  // A timer that stands is at or before the first deadline: when it fires too early it is set again.
  if (p.runs.empty()) return;
  if (p.timer != null_handle && !automaton_->has_gaps) return;
  const std::int64_t deadline = first_deadline(p);
  if (deadline == never) return;
  if (p.timer != null_handle) wheel_.cancel(p.timer);
  p.timer = wheel_.schedule(deadline, id);
}

void matcher_state::advance(std::int64_t now_ns, releases& out) {
  wheel_.advance(now_ns, [&](std::uint32_t id, std::int64_t) {
    partition& p = partitions()[id];
    p.timer = null_handle;
    expire_due(p, now_ns, out);
    arm(id, p);
  });
}

void matcher_state::expire_due(partition& p, std::int64_t now_ns, releases& out) {
  if (p.runs.empty()) return;
  bool expired = false;
  if (!automaton_->has_gaps) {
    if (automaton_->within_ns == 0) return;
    while (!p.runs.empty() && deadline_of(store_[p.runs.head]) <= now_ns) {
      expire(p, store_.pop(p.runs), now_ns, out);
      expired = true;
    }
  } else {
    run_list kept;
    while (!p.runs.empty()) {
      const std::uint32_t handle = store_.pop(p.runs);
      if (deadline_of(store_[handle]) > now_ns) {
        store_.append(kept, handle);
      } else {
        expire(p, handle, now_ns, out);
        expired = true;
      }
    }
    p.runs = kept;
  }
  if (expired) release_completed(p, now_ns, out);
}

void matcher_state::expire(partition& p, std::uint32_t handle, std::int64_t now_ns, releases& out) {
  const run& r = store_[handle];
  if (automaton_->nodes[r.node].pending) return complete(p, handle, now_ns, out);
  if (!automaton_->reports_timeouts) return store_.release(handle);
  const std::int64_t gap_ns = automaton_->nodes[r.node].gap_ns;
  const bool gap_expired = gap_ns != 0 && later(r.last_ns, gap_ns) <= now_ns;
  ++counters_.timeouts;
  hand_out(handle, gap_expired ? later(r.last_ns, gap_ns) : later(r.start_ns, automaton_->within_ns), true, out);
}

// --- matches --------------------------------------------------------------------------------------------

void matcher_state::hand_out(std::uint32_t handle, std::int64_t at_ns, bool timeout, releases& out) {
  const run& r = store_[handle];
  out.add({r.first, at_ns, r.path, rule_, timeout});
  store_.release_shell(handle);
}

void matcher_state::complete(partition& p, std::uint32_t run_handle, std::int64_t now_ns, releases& out) {
  if (automaton_->skip == skip_strategy::none) {
    ++counters_.matches;
    return hand_out(run_handle, now_ns, false, out);
  }
  const std::uint64_t start = store_[run_handle].start;
  if (p.completed.empty() || store_[p.completed.tail].start <= start) return store_.append(p.completed, run_handle);
  // Among matches held back, behind all that start no later.
  std::uint32_t* link = &p.completed.head;
  while (store_[*link].start <= start) link = &store_[*link].next;
  store_[run_handle].next = *link;
  *link = run_handle;
}

std::optional<std::uint64_t> matcher_state::pruning_bound(const run& match) noexcept {
  switch (automaton_->skip) {
    case skip_strategy::none: return std::nullopt;
    case skip_strategy::next: return match.start;
    case skip_strategy::past_last: return store_.events()[store_.last_event(match.path)].sequence;
    case skip_strategy::to_first:
    case skip_strategy::to_last: break;
  }
  const auto at = store_.sequence_of(match.path, automaton_->skip_to, automaton_->skip == skip_strategy::to_first);
  if (!at) {
    ++counters_.skip_misses;
    return std::nullopt;
  }
  if (*at == 0) return std::nullopt;
  return *at - 1;
}

void matcher_state::prune(run_list& list, std::uint64_t start_max) noexcept {
  while (!list.empty() && store_[list.head].start <= start_max) store_.release(store_.pop(list));
}

void matcher_state::release_completed(partition& p, std::int64_t now_ns, releases& out) {
  while (!p.completed.empty()) {
    // A match waits for every run that started before it.
    if (!p.runs.empty() && store_[p.runs.head].start < store_[p.completed.head].start) return;
    const std::uint32_t handle = store_.pop(p.completed);
    if (const auto bound = pruning_bound(store_[handle])) {
      prune(p.runs, *bound);
      prune(p.completed, *bound);
    }
    ++counters_.matches;
    hand_out(handle, now_ns, false, out);
  }
}

}  // namespace millrace::cep
