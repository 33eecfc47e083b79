#include <millrace/cep/shift_state.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace millrace::cep {
namespace {

/// Places for the events of partial matches: a power of two.
std::uint32_t ring_size(const shift_chain& links) {
  return static_cast<std::uint32_t>(std::bit_ceil(links.takes.size() - 1));
}

}  // namespace

shift_state::shift_state(std::shared_ptr<const automaton> compiled, shift_chain links, std::uint16_t rule,
                         const matcher_limits& limits, held_events& events)
    : automaton_(std::move(compiled)),
      links_(std::move(links)),
      events_(events),
      ring_mask_(ring_size(links_) - 1),
      whole_(std::uint32_t{1} << (links_.takes.size() - 1)),
      keys_(limits.partitions, sizeof(key) + ring_size(links_) * sizeof(std::uint32_t), automaton_->within_ns != 0),
      rule_(rule),
      // One key alone gives nothing back by expiring.
      has_timers_(automaton_->within_ns != 0 && limits.partitions > 1),
      runs_max_(limits.runs),
      steps_max_(limits.steps) {
  taken_.resize(links_.takes.size());
  asked_.resize(links_.takes.size());
  made_.reserve(64 * links_.takes.size());
}

// --- events ---------------------------------------------------------------------------------------------

void shift_state::take(partition_id id, std::uint32_t fits, const event_header& event, releases& out) {
  key& of = key_of(id);
  if (automaton_->within_ns != 0) expire_due(of, event.time_ns);
  if (runs_ >= runs_max_ || steps_ >= steps_max_ || !events_.has_room()) [[unlikely]]
    make_room(event.time_ns);
  const size before = size_of(of.alive);
  const std::uint32_t moved = (of.alive << 1 | 1) & fits;
  std::uint32_t after = moved & ~whole_;
  if ((moved & whole_) != 0) {
    make_match(of, event, out);
    after &= links_.kept_behind;
  }
  if (!has_room(before, size_of(after))) [[unlikely]]
    after = within_bounds(of.alive, after);
  release_old(of, before.steps, length(after >> 1));
  of.alive = after;
  if (after != 0) hold_in_hand(of);
  const size behind = size_of(of.alive);
  runs_ += behind.runs - before.runs;
  steps_ += behind.steps - before.steps;
  if (of.alive == 0)
    list_if_idle(id);
  else if (has_timers_ && !keys_.has_timer(id))
    arm(id);
}

/// The event in hand is the newest of a key, which has partial matches with it.
void shift_state::hold_in_hand(key& of) noexcept {
  const std::uint32_t taken = events_.try_share();
  if (taken != null_handle) [[likely]] {
    ++of.newest;
    held(of, 0) = taken;
    return;
  }
  refuse(bound::events, count(of.alive));
  release_old(of, length(of.alive >> 1), 0);
  of.alive = 0;
}

/// Of the partial matches that there would be, those for which there is room; the oldest first.
std::uint32_t shift_state::within_bounds(std::uint32_t alive, std::uint32_t after) noexcept {
  const size before = size_of(alive);
  std::uint32_t kept = 0;
  for (std::uint32_t left = after; left != 0;) {
    const std::uint32_t longest = std::bit_floor(left);
    left &= ~longest;
    if (has_room(before, size_of(kept | longest)))
      kept |= longest;
    else
      refuse(runs_ - before.runs + count(kept | longest) > runs_max_ ? bound::runs : bound::steps, 1);
  }
  return kept;
}

void shift_state::drop_oldest(key& of) noexcept {
  const std::uint32_t held = length(of.alive);
  of.alive &= ~std::bit_floor(of.alive);
  --runs_;
  steps_ -= held - length(of.alive);
  release_old(of, held, length(of.alive));
}

void shift_state::make_match(key& of, const event_header& event, releases& out) {
  last_ = &event;
  const auto links = static_cast<std::uint32_t>(links_.takes.size());
  out.add({events_[held(of, links - 2)].id.low, event.time_ns, static_cast<std::uint32_t>(made_.size()), rule_, false,
           false});
  for (std::uint32_t back = links - 1; back-- > 0;) {
    events_.share(held(of, back));
    made_.push_back(held(of, back));
  }
  if (links_.misses_skip_stage) ++counters_.skip_misses;
}

void shift_state::refuse(bound met, std::uint32_t count) noexcept {
  counters_.refused += count;
  counters_.bounds_met |= 1U << static_cast<unsigned>(met);
}

// --- keys -----------------------------------------------------------------------------------------------

bool shift_state::has_only_expired(partition_id id, std::int64_t now_ns) noexcept {
  key& of = key_of(id);
  if (automaton_->within_ns == 0 || of.alive == 0) return false;
  // The newest partial match is the shortest.
  const std::int64_t began_ns = events_[held(of, static_cast<std::uint32_t>(std::countr_zero(of.alive)))].time_ns;
  if (began_ns > now_ns || static_cast<std::uint64_t>(now_ns) - static_cast<std::uint64_t>(began_ns) <
                               static_cast<std::uint64_t>(automaton_->within_ns))
    return false;
  static_cast<void>(discard(id, std::numeric_limits<std::uint32_t>::max()));
  return true;
}

std::uint32_t shift_state::discard(partition_id id, std::uint32_t /*count_max*/) noexcept {
  settle();
  key& of = key_of(id);
  const std::uint32_t held = length(of.alive);
  runs_ -= count(of.alive);
  steps_ -= held;
  release_old(of, held, 0);
  of.alive = 0;
  return held;
}

void shift_state::drop_key(partition_id id, std::int64_t, releases&) noexcept {
  counters_.bounds_met |= 1U << static_cast<unsigned>(bound::keys);
  counters_.dropped += count(key_of(id).alive);
  static_cast<void>(discard(id, std::numeric_limits<std::uint32_t>::max()));
}

// --- time -----------------------------------------------------------------------------------------------

void shift_state::advance(std::int64_t now_ns, releases&) {
  settle();
  keys_.advance(now_ns, [&](partition_id id) {
    expire_due(key_of(id), now_ns);
    if (key_of(id).alive == 0)
      list_if_idle(id);
    else if (has_timers_)
      arm(id);
  });
}

void shift_state::expire_due(key& of, std::int64_t now_ns) noexcept {
  const auto within = static_cast<std::uint64_t>(automaton_->within_ns);
  if (within == 0) return;
  while (of.alive != 0) {
    const std::int64_t began_ns = events_[held(of, oldest(of))].time_ns;
    // Where keys have a time of their own, an old timer may fire at a time before a start's.
    if (began_ns > now_ns || static_cast<std::uint64_t>(now_ns) - static_cast<std::uint64_t>(began_ns) < within) return;
    drop_oldest(of);
  }
}

void shift_state::prune(partition_id id, std::uint64_t start_max) noexcept {
  key& of = key_of(id);
  const std::uint32_t before = of.alive;
  while (of.alive != 0 && events_[held(of, oldest(of))].sequence <= start_max) {
    drop_oldest(of);
  }
  if (before != of.alive) list_if_idle(id);
}

void shift_state::arm(partition_id id) noexcept {
  key& of = key_of(id);
  const auto newest = static_cast<std::uint32_t>(std::countr_zero(of.alive));
  const bool may_be_late = has_much_room();
  const std::int64_t oldest_ns = events_[held(of, oldest(of))].time_ns;
  // The newest event is seldom in the cache.
  keys_.arm(id, oldest_ns, may_be_late ? events_[held(of, newest)].time_ns : oldest_ns, automaton_->within_ns,
            may_be_late);
}

/// Also when each key that has a timer has grown to all that it may hold.
bool shift_state::has_much_room() const noexcept {
  const std::uint64_t at_most = std::uint64_t{keys_.timers().size() + 1} * (links_.takes.size() - 1);
  const std::uint32_t bound = std::min({runs_max_, steps_max_, events_.capacity()});
  return at_most < bound / key_slots::much_room && events_.size() < events_.capacity() / key_slots::much_room;
}

void shift_state::make_room(std::int64_t now_ns) noexcept {
  keys_.walk_late(now_ns, [&](partition_id id) { expire(id, now_ns); });
}

}  // namespace millrace::cep
