#pragma once

#include <millrace/cep/answer_table.hpp>
#include <millrace/cep/chain_state.hpp>
#include <millrace/cep/matcher.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace millrace::cep {

/// Runs a chain over the events of many keys, with the answers of `matcher`, release by release.
///
/// Threads: one owner. Complexity: an event costs the conditions of the links that something waits for, and O(1)
/// amortised a link that it is taken at, whatever the number of partial matches; a match costs its length at most.
/// Allocation: none an event once the buffers have grown. Errors: a bound that is met refuses the event's part in
/// later matches and counts it.
template <condition_set Conditions>
class chain_matcher : public chain_state {
 public:
  chain_matcher(std::shared_ptr<const cep::automaton> compiled, chain links, Conditions conditions, std::uint16_t rule,
                const matcher_limits& limits, held_events& events)
      : chain_state(std::move(compiled), std::move(links), rule, limits, events),
        conditions_(std::move(conditions)),
        known_(automaton_->condition_count) {}

  void begin_event() noexcept { known_.forget(); }

  /// Whether the event can be the first of a match.
  [[nodiscard]] bool may_start(const event_header& event) noexcept {
    const bool starts = holds(chain_.links.front().takes, event);
    counters_.faults += conditions_.faulted();
    return starts;
  }

  /// The contract of `matcher::process`.
  void process(partition_id id, const event_header& event, releases& out) {
    settle();
    chain_level* const levels = levels_of(id);
    expire_due(levels, event.time_ns, out);
    // From the last link to the first: an event serves a partial match once.
    if (chain_.pending && waits(levels, level_count_ - 1) && holds_any(chain_.pending_stops, event))
      stop_waiting(levels, level_count_ - 1);
    for (std::size_t i = chain_.links.size() - 1; i > 0; --i)
      if (waits(levels, i - 1)) step(id, levels, i, event, out);
    if (holds(chain_.links.front().takes, event)) {
      if (level_count_ == 0)
        complete(id, levels, event, out);
      else
        push_start(levels, event);
    }
    finish_event(id, levels);
    counters_.faults += conditions_.faulted();
  }

 private:
  enum knowledge : std::uint32_t { unknown, is_false, is_true };

  static bool waits(const chain_level* levels, std::size_t level) noexcept {
    return levels[level].wait != levels[level].tail;
  }

  /// Offers the event to what waits for link `i`.
  void step(partition_id id, chain_level* levels, std::size_t i, const event_header& event, releases& out) {
    const chain::link& link = chain_.links[i];
    const bool stopped = !link.stops.empty() && holds_any(link.stops, event);
    const bool taken = holds(link.takes, event);
    if (taken && i == level_count_)
      complete(id, levels, event, out);
    else if (taken && !stopped)
      push(levels, i);
    if (stopped || link.waiting == waiting::strict || (taken && link.waiting == waiting::relaxed))
      stop_waiting(levels, i - 1);
  }

  bool holds_any(const std::vector<guard>& guards, const event_header& event) noexcept {
    return std::ranges::any_of(guards, [&](guard g) { return holds(g, event); });
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

  bool holds(condition_id id, const event_header& event) noexcept {
    std::uint32_t known = known_[id];
    if (known == unknown) {
      known = conditions_.test_event(id, event) == verdict::yes ? is_true : is_false;
      known_.set(id, known);
    }
    return known == is_true;
  }

  Conditions conditions_;
  answer_table known_;  // of the event in hand
};

}  // namespace millrace::cep
