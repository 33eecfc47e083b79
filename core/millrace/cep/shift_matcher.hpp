#pragma once

#include <millrace/cep/link_row.hpp>
#include <millrace/cep/link_test.hpp>
#include <millrace/cep/shift_state.hpp>

#include <bit>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace millrace::cep {

/// Runs a chain whose partial matches are the bits of a word over the events of many keys, with the answers of
/// `matcher`.
///
/// Threads: one owner. Complexity: an event costs the conditions of the links that something waits for, and O(1)
/// amortised besides; a match its length. Allocation: none an event once the buffers have grown. Errors: a bound that
/// is met refuses partial matches and counts them.
template <condition_set Conditions>
class shift_matcher : public shift_state {
 public:
  shift_matcher(std::shared_ptr<const cep::automaton> compiled, shift_chain links, Conditions conditions,
                std::uint16_t rule, const matcher_limits& limits, held_events& events)
      : shift_state(std::move(compiled), std::move(links), rule, limits, events),
        tester_(std::move(conditions), *automaton_) {
    for (const guard g : links_.takes) tests_.push_back(link_test_of(g, *automaton_));
    if (!links_.reads_history) row_ = link_row(tests_.size(), [&](std::size_t i) { return tests_[i]; });
    find_singles();
  }

  void begin_event() noexcept { tester_.begin_event(); }
  [[gnu::always_inline]] void begin_event(const condition_bits& known) noexcept { tester_.begin_event(known); }
  /// What is known of the event in hand.
  [[nodiscard]] const condition_bits& known() const noexcept { return tester_.bits(); }

  /// Whether the event can be the first of a match.
  [[nodiscard]] bool may_start(const event_header& event) noexcept {
    const bool starts = takes(tests_.front(), event, [] { return expr::history(); });
    counters_.faults += tester_.faulted();
    return starts;
  }

  /// The contract of `matcher::process`.
  void process(partition_id id, const event_header& event, releases& out) {
    settle();
    // Where conditions have to be evaluated, what is over must not ask: evaluations can count as faults.
    if (!links_.counts && !knows_all() && automaton_->within_ns != 0) expire(id, event.time_ns);
    const std::uint32_t alive = key_of(id).alive;
    const std::uint32_t fits = fits_of(id, alive << 1 | 1, event);
    counters_.faults += tester_.faulted();
    // What fits no link of a count changes nothing, and elsewhere ends what there is.
    if ((links_.counts ? fits : alive | (fits & 1)) == 0) return;
    take(id, fits, event, out);
  }

 private:
  [[nodiscard]] bool knows_all() const noexcept { return row_.is_told_by(tester_.bits()); }

  template <class F>
  [[nodiscard]] bool takes(const link_test& t, const event_header& event, const F& taken) noexcept {
    return links_.reads_history ? tester_.holds_behind(t, event, taken) : tester_.holds(t, event);
  }

  /// Of the links in `asked`, those that take the event; of the others anything.
  [[nodiscard]] std::uint32_t fits_of(partition_id id, std::uint32_t asked, const event_header& event) noexcept {
    if (links_.counts) return tester_.holds(tests_.front(), event) ? ~std::uint32_t{0} : 0;
    std::uint32_t fits = 0;
    if (knows_all()) return row_.fits(tester_.bits());
    asked &= ~std::uint32_t{0} >> (32 - tests_.size());
    if (!singles_.empty()) {
      for (; asked != 0; asked &= asked - 1) {
        const auto link = static_cast<std::uint32_t>(std::countr_zero(asked));
        fits |= std::uint32_t{tester_.holds_one(singles_[link], event)} << link;
      }
      return fits;
    }
    for (; asked != 0; asked &= asked - 1) {
      const auto link = static_cast<std::uint32_t>(std::countr_zero(asked));
      if (takes(tests_[link], event, [&] { return history_of(key_of(id), link); })) fits |= std::uint32_t{1} << link;
    }
    return fits;
  }

  /// Where each link takes what one condition holds for, and no other asks for the same.
  void find_singles() {
    if (links_.counts || links_.reads_history) return;
    std::uint64_t asked = 0;
    for (const link_test& t : tests_) {
      if (t.of.end - t.of.begin != 1) return singles_.clear();
      const literal& only = automaton_->literals[t.of.begin];
      if (only.negated || (asked & t.asks) != 0) return singles_.clear();
      asked |= t.asks;
      singles_.push_back(only.condition);
    }
  }

  link_tester<Conditions> tester_;
  std::vector<link_test> tests_;
  std::vector<condition_id> singles_;  // by link, or none
  link_row row_;
};

}  // namespace millrace::cep
