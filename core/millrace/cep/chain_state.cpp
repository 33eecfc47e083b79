#include <millrace/cep/chain_state.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace millrace::cep {
chain_state::chain_state(std::shared_ptr<const cep::automaton> compiled, chain links, std::uint16_t rule,
                         const matcher_limits& limits, held_events& events)
    : automaton_(std::move(compiled)),
      chain_(std::move(links)),
      level_count_(chain_.links.size() - (chain_.pending ? 0 : 1)),
      events_(events),
      store_(limits.steps),
      keys_(limits.partitions, level_count_ * sizeof(chain_level), automaton_->within_ns != 0),
      rule_(rule),
      matches_at_once_(limits.listed_matches_at_once()),
      stored_at_once_(limits.stored_matches_at_once()),
      bounds_matches_(limits.matches_at_once != 0),
      starts_max_(limits.runs),
      elements_max_(limits.steps),
      // One key alone gives nothing back by expiring, and needs no timer where time completes nothing.
      has_timers_(automaton_->within_ns != 0 && level_count_ != 0 && (limits.partitions > 1 || chain_.pending)) {
  completion_.bounds.resize(level_count_);
  completion_.counts.resize(level_count_);
  walk_.resize(level_count_);
  pending_bounds_.resize(level_count_);
  taken_.resize(chain_.links.size());
  handles_.resize(level_count_);
  made_.reserve(256 * chain_.links.size());
}

std::array<state_part, 2> chain_state::state_parts() const noexcept {
  return {{{"events taken, a stage", 2 * sizeof(chain_start), elements_max_, store_.reserved_bytes()},
           {"keys", keys_.reserved_bytes() / keys_.count(), keys_.count(), keys_.reserved_bytes()}}};
}

// --- partitions -----------------------------------------------------------------------------------------

void chain_state::open(partition_id id) noexcept {
  keys_.open(id);
  chain_level* const levels = levels_of(id);
  for (std::size_t i = 0; i < level_count_; ++i) ::new (static_cast<void*>(levels + i)) chain_level{};
}

bool chain_state::is_empty(partition_id id) noexcept {
  const chain_level* const levels = levels_of(id);
  return std::all_of(levels, levels + level_count_, [](const chain_level& l) { return l.empty(); });
}

// Asked while a new key wants a number: matches that time has completed may still wait to be handed out, and stay.
bool chain_state::idle(partition_id id) noexcept {
  if (completion_.active) settle_completion();
  return is_empty(id);
}

bool chain_state::has_only_expired(partition_id id, std::int64_t now_ns) noexcept {
  chain_level* const levels = levels_of(id);
  if (chain_.pending || automaton_->within_ns == 0 || level_count_ == 0 || levels[0].empty()) return false;
  const std::int64_t newest_ns = start_at(levels[0], levels[0].tail - 1).time_ns;
  if (newest_ns > now_ns || passed(newest_ns, now_ns) < static_cast<std::uint64_t>(automaton_->within_ns)) return false;
  drop_starts(levels, levels[0].tail);
  return true;
}

void chain_state::list_if_idle(partition_id id) noexcept {
  if (!keys_.is_listed(id) && is_empty(id)) keys_.list(id);
}

partition_id chain_state::next_idle() noexcept {
  if (completion_.active) settle_completion();
  return keys_.take_listed();
}

void chain_state::drop_key(partition_id id, std::int64_t, releases&) noexcept {
  counters_.bounds_met |= 1U << static_cast<unsigned>(bound::keys);
  settle();
  if (level_count_ == 0) return;
  counters_.dropped += levels_of(id)[0].size();
  static_cast<void>(discard(id, std::numeric_limits<std::uint32_t>::max()));
}

void chain_state::refuse(bound met) noexcept {
  ++counters_.refused;
  counters_.bounds_met |= 1U << static_cast<unsigned>(met);
}

void chain_state::refuse_key(releases&) noexcept { refuse(bound::keys); }

/// The count is of events: how many matches there would have been is not worth the time to know.
void chain_state::note_cut() noexcept {
  completion_.cut = true;
  ++counters_.cut;
  counters_.bounds_met |= 1U << static_cast<unsigned>(bound::matches_at_once);
}

std::uint32_t chain_state::discard(partition_id id, std::uint32_t count_max) noexcept {
  settle();
  chain_level* const levels = levels_of(id);
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < level_count_; ++i)
    for (; count != count_max && !levels[i].empty(); ++count) drop_head(levels[i], i);
  return count;
}

// --- elements -------------------------------------------------------------------------------------------

void chain_state::push(chain_level* levels, std::size_t level) noexcept {
  const std::uint32_t begin = level + 1 < level_count_ ? levels[level + 1].tail : 0;
  if (element_count_ == elements_max_ || !store_.reserve(levels[level], sizeof(chain_element)))
    return refuse(bound::steps);
  const std::uint32_t event = events_.try_share();
  if (event == null_handle) return refuse(bound::events);
  store_.at<chain_element>(levels[level], levels[level].tail++) = {event, begin, 0, 0};
  ++element_count_;
}

void chain_state::push_start(chain_level* levels, const event_header& event) noexcept {
  const std::uint32_t begin = level_count_ > 1 ? levels[1].tail : 0;
  if (start_count_ == starts_max_) return refuse(bound::runs);
  if (element_count_ == elements_max_ || !store_.reserve(levels[0], sizeof(chain_start))) return refuse(bound::steps);
  const std::uint32_t held = events_.try_share();
  if (held == null_handle) return refuse(bound::events);
  start_at(levels[0], levels[0].tail++) = {{held, begin, 0, 0}, event.time_ns, event.id.low};
  ++element_count_;
  ++start_count_;
}

void chain_state::drop_head(chain_level& level, std::size_t number) noexcept {
  events_.release(element_at(level, number, level.head).event);
  --element_count_;
  if (number == 0) --start_count_;
  if (level.wait == level.head) ++level.wait;
  if (++level.head == level.tail) store_.release(level);
}

/// Drops what nothing can become of: it waits no more, and all its continuations are dropped.
void chain_state::trim(chain_level* levels) noexcept {
  trim_ = false;
  for (std::size_t i = level_count_; i-- > 0;) {
    chain_level& level = levels[i];
    while (level.head != level.wait) {
      if (i + 1 < level_count_ && is_before(levels[i + 1].head, element_at(level, i, level.head).end)) break;
      drop_head(level, i);
    }
  }
}

/// Drops the starts before `up_to`, and whatever follows none of the others.
void chain_state::drop_starts(chain_level* levels, std::uint32_t up_to) noexcept {
  while (!levels[0].empty() && levels[0].head != up_to) drop_head(levels[0], 0);
  for (std::size_t i = 1; i < level_count_; ++i) {
    chain_level& level = levels[i];
    if (level.empty()) continue;
    const std::uint32_t begin =
        levels[i - 1].empty() ? level.tail : element_at(levels[i - 1], i - 1, levels[i - 1].head).begin;
    while (!level.empty() && is_before(level.head, begin)) drop_head(level, i);
  }
}

// --- matches --------------------------------------------------------------------------------------------

/// What of each ring leads to what waits at the last level.
void chain_state::bounds_of(const chain_level* levels, stretch* into) noexcept {
  const std::size_t last = level_count_ - 1;
  into[last] = {levels[last].wait, levels[last].tail};
  for (std::size_t i = last; i-- > 0;) {
    const chain_level& level = levels[i];
    const stretch next = into[i + 1];
    // `begin` and `end` of elements ascend: two searches by halves.
    std::uint32_t low = level.head;
    std::uint32_t high = level.wait;
    while (is_before(low, high)) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (is_before(next.begin, element_at(level, i, middle).end))
        high = middle;
      else
        low = middle + 1;
    }
    into[i].begin = low;
    high = level.tail;
    while (is_before(low, high)) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (is_before(element_at(level, i, middle).begin, next.end))
        low = middle + 1;
      else
        high = middle;
    }
    into[i].end = low;
  }
}

std::uint64_t chain_state::count_of(const chain_level* levels, std::size_t level, std::uint32_t i) noexcept {
  if (level + 1 == level_count_) return 1;
  const stretch next = completion_.bounds[level + 1];
  std::uint32_t begin = element_at(levels[level], level, i).begin;
  std::uint32_t end = end_of(levels, level, i);
  if (is_before(begin, next.begin)) begin = next.begin;
  if (is_before(next.end, end)) end = next.end;
  if (!is_before(begin, end)) return 0;
  if (level + 2 == level_count_) return end - begin;
  const std::vector<std::uint64_t>& before = completion_.counts[level + 1];
  return before[end - next.begin] - before[begin - next.begin];
}

/// From the last level back, each element's continuations are a stretch of the next ring: a difference of two sums.
/// Sums wrap beyond 2^64, where their differences stay right.
void chain_state::count_paths() {
  const chain_level* const levels = levels_of(completion_.partition);
  for (std::size_t level = level_count_ - 1; level-- > 1;) {
    std::vector<std::uint64_t>& before = completion_.counts[level];
    before.assign(1, 0);
    for (std::uint32_t i = completion_.bounds[level].begin; i != completion_.bounds[level].end; ++i)
      before.push_back(before.back() + count_of(levels, level, i));
  }
  completion_.counted = true;
}

void chain_state::complete(partition_id id, chain_level* levels, const event_header& event, releases& out) {
  completion_.last = &event;
  completion_.active = true;
  completion_.partition = id;
  completion_.left = matches_at_once_;
  completion_.counted = false;
  completion_.cut = false;
  if (level_count_ == 0) {
    return make_match(event.id.low, event.time_ns, out);
  }
  bounds_of(levels, completion_.bounds.data());
  if (automaton_->skip != skip_strategy::none) return choose(levels, event, out);
  for (std::uint32_t i = completion_.bounds[0].begin; i != completion_.bounds[0].end; ++i)
    out.add({start_at(levels[0], i).first, event.time_ns, i, rule_, false, true});
}

/// The matches that the skip strategy leaves of those that the event completes. Each start has one match at most,
/// and no partial match that began earlier is behind a later one, so none has to wait for another.
void chain_state::choose(chain_level* levels, const event_header& event, releases& out) {
  set_last();
  std::uint64_t bound = 0;  // what starts before it is pruned
  for (std::uint32_t i = completion_.bounds[0].begin; i != completion_.bounds[0].end; ++i) {
    const chain_start start = start_at(levels[0], i);
    if (events_[start.element.event].sequence < bound) continue;
    each_path(levels, completion_.bounds.data(), i, 1, [&] {
      make_match(start.first, event.time_ns, out);
      bound = std::max(bound, pruning_bound());
    });
  }
  prune_before_ = bound;
}

std::uint64_t chain_state::pruning_bound() noexcept {
  switch (automaton_->skip) {
    case skip_strategy::none: return 0;
    case skip_strategy::next: return taken_.front().event->sequence + 1;
    case skip_strategy::past_last: return taken_.back().event->sequence + 1;
    case skip_strategy::to_first:
    case skip_strategy::to_last: break;
  }
  const event_header* found = nullptr;
  for (const expr::taken_event& t : taken_) {
    if (t.stage != automaton_->skip_to) continue;
    found = t.event;
    if (automaton_->skip == skip_strategy::to_first) break;
  }
  if (found == nullptr) ++counters_.skip_misses;
  return found == nullptr ? 0 : found->sequence;
}

/// Keeps the path in hand as a match of its own.
void chain_state::make_match(std::uint64_t first, std::int64_t at_ns, releases& out) {
  out.add({first, at_ns, static_cast<std::uint32_t>(made_.size()), rule_, false, false});
  for (const std::uint32_t handle : handles_) {
    events_.share(handle);
    made_.push_back(handle);
  }
}

void chain_state::prune_and_trim(chain_level* levels) noexcept {
  if (prune_before_ != 0) {
    std::uint32_t keep = levels[0].head;
    while (keep != levels[0].tail && events_[start_at(levels[0], keep).element.event].sequence < prune_before_) ++keep;
    prune_before_ = 0;
    drop_starts(levels, keep);
  }
  if (trim_ && !completion_.active) trim(levels);
}

void chain_state::settle_completion() noexcept {
  made_.clear();
  if (!completion_.active) return;
  completion_.active = false;
  if (level_count_ == 0) return;
  trim(levels_of(completion_.partition));
  list_if_idle(completion_.partition);
}

// --- time -----------------------------------------------------------------------------------------------

void chain_state::arm(partition_id id, chain_level* levels) noexcept {
  if (!has_timers_ || levels[0].empty()) return;
  if (keys_.has_timer(id)) return;
  const chain_level& starts = levels[0];
  keys_.arm(id, start_at(starts, starts.head).time_ns, start_at(starts, starts.tail - 1).time_ns, automaton_->within_ns,
            !chain_.pending && has_much_room());
}

bool chain_state::has_much_room() const noexcept {
  return start_count_ < starts_max_ / key_slots::much_room && element_count_ < elements_max_ / key_slots::much_room &&
         events_.size() < events_.capacity() / key_slots::much_room;
}

void chain_state::make_room(std::int64_t now_ns, releases& out) {
  keys_.walk_late(now_ns, [&](partition_id id) {
    expire_due(levels_of(id), now_ns, out);
    list_if_idle(id);
  });
}

void chain_state::advance(std::int64_t now_ns, releases& out) {
  settle();
  keys_.advance(now_ns, [&](partition_id id) {
    chain_level* const levels = levels_of(id);
    expire_due(levels, now_ns, out);
    arm(id, levels);
    list_if_idle(id);
  });
}

void chain_state::expire_due(chain_level* levels, std::int64_t now_ns, releases& out) {
  if (automaton_->within_ns == 0 || level_count_ == 0) return;
  const chain_level& starts = levels[0];
  const auto within = static_cast<std::uint64_t>(automaton_->within_ns);
  // Where keys have a time of their own, an old timer may fire at a time before a start's.
  const auto is_due = [&](std::int64_t from_ns) { return from_ns <= now_ns && passed(from_ns, now_ns) >= within; };
  std::uint32_t kept = starts.head;
  while (kept != starts.tail && is_due(start_at(starts, kept).time_ns)) ++kept;
  if (kept == starts.head) return;
  if (chain_.pending) {
    bounds_of(levels, pending_bounds_.data());
    std::uint64_t left = stored_at_once_;
    bool cut = false;
    for (std::uint32_t i = starts.head; i != kept && !cut; ++i) {
      if (is_before(i, pending_bounds_[0].begin)) continue;
      const std::uint64_t first = start_at(starts, i).first;
      // One more than there may be tells whether there are more.
      static_cast<void>(each_path(levels, pending_bounds_.data(), i, left + 1, [&] {
        cut = left == 0;
        if (cut) return;
        make_match(first, now_ns, out);
        --left;
      }));
    }
    if (cut) note_cut();
  }
  drop_starts(levels, kept);
  trim(levels);
}

}  // namespace millrace::cep
