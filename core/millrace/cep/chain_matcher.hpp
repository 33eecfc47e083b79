#pragma once

#include <millrace/cep/chain_state.hpp>
#include <millrace/cep/link_row.hpp>
#include <millrace/cep/link_test.hpp>
#include <millrace/cep/matcher.hpp>

#include <algorithm>
#include <bit>
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
        tests_(std::move(conditions), *automaton_) {
    for (const chain::link& link : chain_.links)
      links_.push_back({link_test_of(link.takes, *automaton_), tests_of(link.stops), link.waiting});
    pending_stops_ = tests_of(chain_.pending_stops);
    // Elsewhere what was taken waits on, or is kept for those that wait behind it.
    note_end(links_.back().takes);
    for (const tested_link& link : links_) {
      for (const link_test& stop : link.stops) note_end(stop);
      if (&link != &links_.front() && link.waiting == waiting::strict) ends_any_ = true;
    }
    for (const link_test& stop : pending_stops_) note_end(stop);
    // Only what takes the event moves: nothing else becomes of what waits.
    const bool only_takes = !chain_.pending && std::ranges::all_of(links_, [&](const tested_link& link) {
      return link.stops.empty() && (&link == &links_.front() || link.waiting != waiting::strict);
    });
    if (only_takes) row_ = link_row(links_.size(), [&](std::size_t i) { return links_[i].takes; });
  }

  /// Whether an event may end what a key holds, as far as is known when only conditions in `possible` can hold: such an
  /// event needs the events that are held, others do not.
  [[nodiscard]] bool may_end(std::uint64_t possible) const noexcept {
    return ends_any_ || std::ranges::any_of(ends_, [&](std::uint64_t wanted) { return (wanted & ~possible) == 0; });
  }

  void begin_event() noexcept { tests_.begin_event(); }
  [[gnu::always_inline]] void begin_event(const condition_bits& known) noexcept { tests_.begin_event(known); }

  /// Whether the event can be the first of a match.
  [[nodiscard]] bool may_start(const event_header& event) noexcept {
    const bool starts = holds(links_.front().takes, event);
    counters_.faults += tests_.faulted();
    return starts;
  }

  /// The contract of `matcher::process`.
  void process(partition_id id, const event_header& event, releases& out) {
    settle();
    chain_level* const levels = levels_of(id);
    const bool is_due = may_be_due(levels, event.time_ns);
    if (is_due) expire_due(levels, event.time_ns, out);
    if (is_tight()) [[unlikely]]
      make_room(event.time_ns, out);
    if (row_.is_told_by(tests_.bits())) {
      const std::uint32_t moves = row_.fits(tests_.bits()) & (waits_of(levels) << 1 | 1);
      if (moves != 0) move(id, levels, moves, event, out);
      if (moves != 0 || is_due) finish_event(id, levels);
      return;
    }
    // From the last link to the first: an event serves a partial match once.
    if (chain_.pending && waits(levels, level_count_ - 1) && holds_any(pending_stops_, event))
      stop_waiting(levels, level_count_ - 1);
    for (std::size_t i = links_.size() - 1; i > 0; --i)
      if (waits(levels, i - 1)) step(id, levels, i, event, out);
    if (holds(links_.front().takes, event)) {
      if (level_count_ == 0)
        complete(id, levels, event, out);
      else
        push_start(levels, event);
    }
    finish_event(id, levels);
    counters_.faults += tests_.faulted();
  }

 private:
  struct tested_link {
    link_test takes;
    std::vector<link_test> stops;
    cep::waiting waiting;
  };

  void note_end(const link_test& t) {
    if (t.is_plain)
      ends_.push_back(t.wants);
    else
      ends_any_ = true;
  }
  [[nodiscard]] std::vector<link_test> tests_of(const std::vector<guard>& guards) const {
    std::vector<link_test> made;
    for (const guard g : guards) made.push_back(link_test_of(g, *automaton_));
    return made;
  }

  static bool waits(const chain_level* levels, std::size_t level) noexcept {
    return levels[level].wait != levels[level].tail;
  }

  /// Bit by level: something waits there.
  [[nodiscard]] std::uint32_t waits_of(const chain_level* levels) const noexcept {
    std::uint32_t made = 0;
    for (std::size_t i = 0; i < level_count_; ++i) made |= std::uint32_t{waits(levels, i)} << i;
    return made;
  }

  /// Takes the event at these links, from the last to the first: it serves a partial match once.
  void move(partition_id id, chain_level* levels, std::uint32_t links, const event_header& event, releases& out) {
    while (links > 1) {
      const auto i = static_cast<std::uint32_t>(std::bit_width(links)) - 1;
      links &= ~(std::uint32_t{1} << i);
      if (i == level_count_)
        complete(id, levels, event, out);
      else
        push(levels, i);
      if (links_[i].waiting == waiting::relaxed) stop_waiting(levels, i - 1);
    }
    if (links == 0) return;
    if (level_count_ == 0)
      complete(id, levels, event, out);
    else
      push_start(levels, event);
  }

  /// Offers the event to what waits for link `i`.
  void step(partition_id id, chain_level* levels, std::size_t i, const event_header& event, releases& out) {
    const tested_link& link = links_[i];
    const bool stopped = !link.stops.empty() && holds_any(link.stops, event);
    const bool taken = holds(link.takes, event);
    if (taken && i == level_count_)
      complete(id, levels, event, out);
    else if (taken && !stopped)
      push(levels, i);
    if (stopped || link.waiting == waiting::strict || (taken && link.waiting == waiting::relaxed))
      stop_waiting(levels, i - 1);
  }

  bool holds_any(const std::vector<link_test>& tests, const event_header& event) noexcept {
    return std::ranges::any_of(tests, [&](const link_test& t) { return holds(t, event); });
  }

  bool holds(const link_test& t, const event_header& event) noexcept { return tests_.holds(t, event); }

  link_tester<Conditions> tests_;
  std::vector<tested_link> links_;
  std::vector<link_test> pending_stops_;
  link_row row_;                     // where nothing becomes of what waits but by an event that is taken
  std::vector<std::uint64_t> ends_;  // conditions that events have to meet to end what a key holds, by link or negation
  bool ends_any_ = false;            // any event may
};

}  // namespace millrace::cep
