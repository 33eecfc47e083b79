#include <millrace/cep/matcher_state.hpp>

#include <millrace/cep/shift_state.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace millrace::cep {

matcher_counters& matcher_counters::operator+=(const matcher_counters& other) noexcept {
  matches += other.matches;
  timeouts += other.timeouts;
  refused += other.refused;
  dropped += other.dropped;
  dead += other.dead;
  cut += other.cut;
  skip_misses += other.skip_misses;
  faults += other.faults;
  bounds_met |= other.bounds_met;
  return *this;
}

matcher_state::matcher_state(std::shared_ptr<const cep::automaton> compiled, std::uint16_t rule,
                             const matcher_limits& limits, held_events& events)
    : automaton_(std::move(compiled)),
      store_(limits, events),
      waiting_(limits.runs),
      limits_(limits),
      rule_(rule),
      counts_keys_(limits.counts_keys()),
      may_be_late_(automaton_->within_ns != 0 && !automaton_->has_gaps && !automaton_->has_pending &&
                   !automaton_->reports_timeouts && limits.when_full == full_policy::refuse && !counts_keys_),
      partitions_(
          reservation::for_items(limits.partitions, sizeof(partition), alignof(partition), memory_content::zero)),
      usage_(reservation::for_items(counts_keys_ ? limits.partitions : 0, sizeof(key_usage), alignof(key_usage),
                                    memory_content::zero)),
      wheel_(limits.partitions) {
  taken_.reserve(1'024);
}

// --- partitions -----------------------------------------------------------------------------------------

void matcher_state::open(partition_id id) noexcept {
  partition& p = partitions()[id];
  // Where it is listed as idle from an earlier life, it stays in that list.
  const std::uint32_t link = p.idle_link == never_opened ? not_listed : p.idle_link;
  p = {};
  p.idle_link = link;
  opened_ = std::max(opened_, id + 1);
}

partition_id matcher_state::next_idle() noexcept {
  if (idle_head_ == end_of_idle) return null_handle;
  const partition_id id = idle_head_ - first_idle;
  idle_head_ = std::exchange(partitions()[id].idle_link, not_listed);
  return id;
}

void matcher_state::close(partition_id id) noexcept {
  partition& p = partitions()[id];
  if (p.timer != null_handle) wheel_.cancel(p.timer);
  p.timer = null_handle;
}

bool matcher_state::has_only_expired(partition_id id, std::int64_t now_ns) noexcept {
  partition& p = partitions()[id];
  if (!may_be_late_ || watched(id) || p.runs.empty() || !p.completed.empty()) return false;
  // Runs ascend by start: where the last one is due, all are.
  if (!is_due(store_[waiting_.back(p.runs)], now_ns)) return false;
  static_cast<void>(discard(id, std::numeric_limits<std::uint32_t>::max()));
  return true;
}

std::uint32_t matcher_state::discard(partition_id id, std::uint32_t count_max) noexcept {
  partition& p = partitions()[id];
  std::uint32_t count = 0;
  for (; count != count_max && !p.runs.empty(); ++count) store_.release(waiting_.pop(p.runs).run);
  for (; count != count_max && !p.completed.empty(); ++count) store_.release(store_.pop(p.completed));
  return count;
}

std::array<state_part, 3> matcher_state::state_parts() const noexcept {
  const std::size_t keys = partitions_.bytes() + usage_.bytes() + wheel_.reserved_bytes();
  return {{{"partial matches", slab_pool<run>::bytes_each + waiting_.bytes_each(), store_.run_capacity(),
            store_.reserved_bytes_of_runs() + waiting_.reserved_bytes()},
           {"events in them", slab_pool<step>::bytes_each, store_.step_capacity(), store_.reserved_bytes_of_steps()},
           {"keys", keys / limits_.partitions, limits_.partitions, keys}}};
}

void matcher_state::watch(partition_id id, run_watcher& watcher) noexcept {
  watched_ = id;
  watcher_ = &watcher;
}

void matcher_state::tell(run_step step, std::uint32_t path) {
  step.rule = rule_;
  step.taken = store_.unfold(path, taken_);
  watcher_->see(*automaton_, step);
}

// --- time -----------------------------------------------------------------------------------------------

namespace {

/// Time since, which may be more than a signed difference holds. Where `to` is before `from`: none.
std::uint64_t passed(std::int64_t from, std::int64_t to) noexcept {
  return to < from ? 0 : static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

/// Nothing where the sum is beyond all time.
std::optional<std::int64_t> later(std::int64_t from, std::int64_t by) noexcept {
  std::int64_t sum;
  if (__builtin_add_overflow(from, by, &sum)) return std::nullopt;
  return sum;
}

/// About a window later, at a round time: a timer goes through fewer levels of the wheel to it.
std::optional<std::int64_t> late_deadline(std::int64_t deadline_ns, std::int64_t within_ns) noexcept {
  const auto step = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(within_ns)) / 16);
  const auto late_ns = later(deadline_ns, within_ns);
  return late_ns && step > 1 ? later(*late_ns | (step - 1), 1) : late_ns;
}

std::optional<std::int64_t> earlier_of(std::optional<std::int64_t> a, std::optional<std::int64_t> b) noexcept {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

std::optional<std::int64_t> matcher_state::deadline_of(const run& r) const noexcept {
  std::optional<std::int64_t> deadline;
  if (automaton_->within_ns != 0) deadline = later(r.start_ns, automaton_->within_ns);
  const std::int64_t gap_ns = automaton_->nodes[r.node].gap_ns;
  return gap_ns == 0 ? deadline : earlier_of(deadline, later(r.last_ns, gap_ns));
}

bool matcher_state::is_due(const run& r, std::int64_t now_ns) const noexcept {
  const auto over = [now_ns](std::int64_t from, std::int64_t bound_ns) {
    return bound_ns != 0 && passed(from, now_ns) >= static_cast<std::uint64_t>(bound_ns);
  };
  return over(r.start_ns, automaton_->within_ns) || over(r.last_ns, automaton_->nodes[r.node].gap_ns);
}

std::optional<std::int64_t> matcher_state::first_deadline(const partition& p) const noexcept {
  if (p.runs.empty()) return std::nullopt;
  // Runs ascend by start, so without bounds of their own the first one is due first.
  if (!automaton_->has_gaps) return deadline_of(store_[waiting_.front(p.runs)]);
  std::optional<std::int64_t> first;
  waiting_.each(p.runs, [&](std::uint32_t handle) { first = earlier_of(first, deadline_of(store_[handle])); });
  return first;
}

void matcher_state::arm(partition_id id, partition& p) noexcept {
  if (may_be_late_) return arm_late(id, p);
  // A timer that stands is at or before the first deadline: when it fires too early it is set again.
  if (p.runs.empty()) return;
  if (p.timer != null_handle && !automaton_->has_gaps) return;
  const auto deadline = first_deadline(p);
  if (!deadline) return;
  if (p.timer != null_handle) wheel_.cancel(p.timer);
  p.timer = wheel_.schedule(*deadline, id);
}

void matcher_state::arm_late(partition_id id, partition& p) noexcept {
  if (p.runs.empty()) {
    p.due_ns = never;
    return;
  }
  if (p.due_ns == never) p.due_ns = first_deadline(p).value_or(never);
  // Matches that are held back go out when the runs before them are over.
  const bool in_time = !p.completed.empty() || watched(id);
  if (p.timer != null_handle && !in_time) return;
  auto deadline = first_deadline(p);
  // Where only memory waits for it, and events of the key look for themselves, a later timer has more to give back at
  // once, or nothing to do: while there is room for many more.
  if (deadline && !in_time && has_much_room()) deadline = late_deadline(*deadline, automaton_->within_ns);
  if (!deadline) return;
  if (p.timer != null_handle) wheel_.cancel(p.timer);
  p.timer = wheel_.schedule(*deadline, id);
}

bool matcher_state::has_much_room() const noexcept {
  constexpr std::uint32_t part = 8;
  return wheel_.size() < wheel_.capacity() / part && store_.run_count() < store_.run_capacity() / part &&
         store_.step_count() < store_.step_capacity() / part &&
         store_.events().size() < store_.events().capacity() / part;
}

void matcher_state::advance(std::int64_t now_ns, releases& out) {
  wheel_.advance(now_ns, [&](std::uint32_t id, std::int64_t) {
    partition& p = partitions()[id];
    p.timer = null_handle;
    expire_due(id, p, now_ns, out);
    p.due_ns = never;
    arm(id, p);
  });
}

void matcher_state::expire_due(partition_id id, partition& p, std::int64_t now_ns, releases& out) {
  if (p.runs.empty()) return;
  const auto oldest_is_due = [&] { return is_due(store_[waiting_.front(p.runs)], now_ns); };
  if (!automaton_->has_gaps && (automaton_->within_ns == 0 || !oldest_is_due())) return;
  const usage_mark before = mark();
  bool expired = false;
  waiting_list kept;
  while (!p.runs.empty()) {
    // Runs ascend by start, so without bounds of their own the first one is due first.
    if (!automaton_->has_gaps && !oldest_is_due()) break;
    const waiting_entry entry = waiting_.pop(p.runs);
    if (!is_due(store_[entry.run], now_ns)) {
      waiting_.append(kept, entry);
    } else {
      expire(p, entry.run, now_ns, out);
      expired = true;
    }
  }
  if (automaton_->has_gaps) p.runs = kept;
  if (expired) release_completed(p, now_ns, out);
  settle_usage(id, before);
  if (p.empty()) list_idle(id, p);
}

void matcher_state::expire(partition& p, std::uint32_t handle, std::int64_t now_ns, releases& out) {
  const run& r = store_[handle];
  const bool is_match = automaton_->nodes[r.node].pending;
  const std::int64_t gap_ns = automaton_->nodes[r.node].gap_ns;
  const bool by_gap = gap_ns != 0 && passed(r.last_ns, now_ns) >= static_cast<std::uint64_t>(gap_ns);
  if (watched(id_of(p))) [[unlikely]]
    tell({.what = is_match ? run_fate::completed : run_fate::expired,
          .number = r.number,
          .time_ns = now_ns,
          .by_gap = by_gap,
          .waited_at = r.node},
         r.path);
  if (is_match && automaton_->skip != skip_strategy::none) return hold_back(p, handle);
  if (is_match || automaton_->reports_timeouts) {
    ++(is_match ? counters_.matches : counters_.timeouts);
    const auto due = by_gap ? later(r.last_ns, gap_ns) : later(r.start_ns, automaton_->within_ns);
    send(p, r, is_match ? now_ns : due.value_or(now_ns), !is_match, out);
    store_.release_shell(handle);
  } else {
    store_.release(handle);
  }
}

// --- matches --------------------------------------------------------------------------------------------

void matcher_state::send(const partition& p, const run& match, std::int64_t at_ns, bool timeout, releases& out) {
  out.add({match.first, at_ns, match.path, rule_, timeout, false, id_of(p)});
}

void matcher_state::complete(partition& p, const run& match) {
  if (automaton_->skip == skip_strategy::none) {
    ++counters_.matches;
    return send(p, match, now_ns_, false, *out_);
  }
  std::uint32_t handle = store_.try_run();
  if (handle == null_handle) handle = run_at_bound();
  if (handle == null_handle) return store_.release_path(match.path);
  store_[handle] = match;
  hold_back(p, handle);
}

void matcher_state::hold_back(partition& p, std::uint32_t handle) {
  run& match = store_[handle];
  match.node = final_node;
  if (watched(id_of(p)) && !p.runs.empty() && waits_for_earlier(p, match)) [[unlikely]] {
    match.node = told_as_held;
    tell({.what = run_fate::held_back,
          .number = match.number,
          .other = store_[waiting_.front(p.runs)].number,
          .time_ns = now_ns_},
         match.path);
  }
  if (p.completed.empty() || store_[p.completed.tail].start <= match.start) return store_.append(p.completed, handle);
  // Among matches held back, behind all that start no later.
  std::uint32_t* link = &p.completed.head;
  while (store_[*link].start <= match.start) link = &store_[*link].next;
  match.next = *link;
  *link = handle;
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

void matcher_state::prune(partition& p, std::uint64_t start_max, const run& by) {
  while (!p.runs.empty() && store_[waiting_.front(p.runs)].start <= start_max)
    prune_one(p, waiting_.pop(p.runs).run, by);
  if (prefix_ != nullptr) prefix_->prune(id_of(p), start_max);
  while (!p.completed.empty() && store_[p.completed.head].start <= start_max) prune_one(p, store_.pop(p.completed), by);
}

void matcher_state::prune_one(partition& p, std::uint32_t handle, const run& by) {
  const run& r = store_[handle];
  if (watched(id_of(p))) [[unlikely]]
    tell({.what = run_fate::pruned, .number = r.number, .other = by.number, .time_ns = now_ns_}, r.path);
  store_.release(handle);
}

void matcher_state::release_completed(partition& p, std::int64_t now_ns, releases& out) {
  while (!p.completed.empty()) {
    // A match waits for every run that started before it.
    if (!p.runs.empty() && waits_for_earlier(p, store_[p.completed.head])) return;
    const std::uint32_t handle = store_.pop(p.completed);
    const run& match = store_[handle];
    if (match.node == told_as_held) [[unlikely]]
      tell({.what = run_fate::handed_out, .number = match.number, .time_ns = now_ns}, match.path);
    if (const auto bound = pruning_bound(match)) prune(p, *bound, match);
    ++counters_.matches;
    send(p, match, now_ns, false, out);
    store_.release_shell(handle);
  }
}

}  // namespace millrace::cep
