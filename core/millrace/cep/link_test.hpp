#pragma once

#include <millrace/cep/automaton.hpp>
#include <millrace/cep/condition_memo.hpp>
#include <millrace/expr/program.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace millrace::cep {

/// A guard on the event alone. Where all its clauses are single literals, it is met when of the conditions that it asks
/// for those hold that it wants.
struct link_test {
  std::uint64_t asks = 0;
  std::uint64_t wants = 0;
  bool is_plain = true;
  guard of;
};

/// Requires: the conditions are no more than `condition_bits_max`.
[[nodiscard]] inline link_test link_test_of(guard g, const automaton& of) {
  link_test made;
  made.of = g;
  bool begins_clause = true;
  for (std::uint32_t i = g.begin; i < g.end; ++i) {
    const literal& l = of.literals[i];
    const std::uint64_t bit = std::uint64_t{1} << l.condition;
    const bool wanted_otherwise = (made.asks & bit) != 0 && ((made.wants & bit) != 0) == l.negated;
    made.is_plain = made.is_plain && begins_clause && l.ends_clause && !wanted_otherwise;
    begins_clause = l.ends_clause;
    made.asks |= bit;
    if (!l.negated) made.wants |= bit;
  }
  return made;
}

/// Tells of the event in hand which tests it meets, each condition evaluated at most once.
/// Threads: one owner. Allocation: none.
template <condition_set Conditions>
class link_tester {
 public:
  link_tester(Conditions conditions, const automaton& of) : conditions_(std::move(conditions)), automaton_(of) {}

  [[gnu::always_inline]] void begin_event() noexcept { bits_ = known_bits_of(conditions_); }
  /// The same where somebody else has found out so much of it.
  [[gnu::always_inline]] void begin_event(const condition_bits& known) noexcept { bits_ = copy_by_word(known); }
  /// What is known of the event in hand.
  [[nodiscard]] const condition_bits& bits() const noexcept { return bits_; }

  [[nodiscard, gnu::always_inline]] bool holds(const link_test& t, const event_header& event) noexcept {
    if ((t.asks & ~bits_.known) == 0 && t.is_plain) [[likely]]
      return (bits_.holds & t.asks) == t.wants;
    return holds_by_clauses(t, event);
  }

  /// Whether a condition on the event alone holds.
  [[nodiscard, gnu::always_inline]] bool holds_one(condition_id id, const event_header& event) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << id;
    if ((bits_.known & bit) == 0) {
      bits_.known |= bit;
      if (conditions_.test_event(id, event) == verdict::yes) bits_.holds |= bit;
    }
    return (bits_.holds & bit) != 0;
  }

  /// Whether a conjunction of different conditions is met, which may read what a partial match has taken: `taken()`
  /// gives that, and is asked at most once.
  template <class F>
  [[nodiscard]] bool holds_behind(const link_test& t, const event_header& event, const F& taken) noexcept {
    std::optional<expr::history> known;
    for (std::uint32_t i = t.of.begin; i < t.of.end; ++i) {
      const literal& l = automaton_.literals[i];
      bool is_met = holds(l.condition, event);
      if ((bits_.depends >> l.condition & 1) != 0) {
        if (!known) known = taken();
        is_met = conditions_.test_history(l.condition, event, *known);
      }
      if (is_met == l.negated) return false;
    }
    return true;
  }

  [[nodiscard]] std::uint64_t faulted() noexcept { return conditions_.faulted(); }

 private:
  [[gnu::noinline]] bool holds_by_clauses(const link_test& t, const event_header& event) noexcept {
    bool clause = false;
    for (std::uint32_t i = t.of.begin; i < t.of.end; ++i) {
      const literal& l = automaton_.literals[i];
      clause = clause || holds(l.condition, event) != l.negated;
      if (!l.ends_clause) continue;
      if (!clause) return false;
      clause = false;
    }
    return true;
  }

  bool holds(condition_id id, const event_header& event) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << id;
    if ((bits_.known & bit) == 0) {
      const verdict first = conditions_.test_event(id, event);
      bits_.known |= bit;
      if (first == verdict::yes) bits_.holds |= bit;
      if (first == verdict::depends) bits_.depends |= bit;
    }
    return (bits_.holds & bit) != 0;
  }

  Conditions conditions_;
  const automaton& automaton_;
  condition_bits bits_;
};

}  // namespace millrace::cep
