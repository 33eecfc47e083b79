#pragma once

#include <millrace/cep/chain_matcher.hpp>
#include <millrace/cep/matcher.hpp>
#include <millrace/cep/prefixed_matcher.hpp>
#include <millrace/cep/shift_matcher.hpp>
#include <millrace/cep/state_outline.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::cep {

/// How a pattern is matched. The answers are the same.
enum class matcher_class : std::uint8_t {
  shift,  ///< partial matches as the bits of a word, which an event shifts (`shift_matcher`)
  chain,  ///< partial matches as stretches of rings, one element an event and link (`chain_matcher`)
  runs,  ///< partial matches one by one (`matcher`), behind a beginning as bits where there is one (`prefixed_matcher`)
};

/// Which class a pattern may have.
enum class class_choice : std::uint8_t {
  fastest,    ///< the fastest that accepts it
  runs_only,  ///< to compare, and to watch single partial matches
};

[[nodiscard]] constexpr std::string_view name_of(matcher_class which) noexcept {
  switch (which) {
    case matcher_class::shift: return "shift";
    case matcher_class::chain: return "chain";
    case matcher_class::runs: break;
  }
  return "runs";
}

/// The class of a pattern, and why.
struct class_of_pattern {
  matcher_class chosen = matcher_class::runs;
  std::string why;
  std::optional<chain> links;          ///< of the class `chain`
  std::optional<shift_chain> shifts;   ///< of the class `shift`
  std::optional<shift_prefix> prefix;  ///< of the class `runs`, where it may be used
};

inline class_of_pattern choose_class(const automaton& of, const reads_history& reads, const matcher_limits& limits,
                                     class_choice choice = class_choice::fastest) {
  class_of_pattern made;
  if (choice == class_choice::runs_only) {
    made.why = std::string("it was asked for");
    return made;
  }
  if (limits.counts_keys() || limits.when_full == full_policy::drop_oldest) {
    made.why = std::string("the bounds count the partial matches of a key, or drop the oldest");
    return made;
  }
  auto read = chain_of(of, reads);
  auto* const links = std::get_if<chain>(&read);
  if (links == nullptr) {
    made.why = std::move(std::get<std::string>(read));
  } else if (links->links.size() > limits.match_events) {
    made.why = std::string("a match has more events than the bounds allow");
  } else if (auto shifts = shift_chain_of(of, *links)) {
    made.chosen = matcher_class::shift;
    made.why = std::string(shifts->counts ? "it counts events of one condition, which is about the event alone"
                                          : "each event must be the next, so that there is one partial match of each "
                                            "length at most");
    made.shifts = std::move(shifts);
  } else if (links->reads_history) {
    made.why = std::string("a condition reads what the partial match has taken");
  } else {
    made.chosen = matcher_class::chain;
    made.why = std::string("conditions are about the event alone, and the stages are a straight line");
    made.links = std::move(*links);
  }
  if (made.chosen == matcher_class::runs && limits.when_full == full_policy::refuse)
    made.prefix = shift_prefix_of(of, reads);
  if (made.prefix && made.prefix->links.takes.size() > limits.match_events) made.prefix.reset();
  return made;
}

/// Matches one pattern over many keys, by the class that suits it. The contract of each member is that of the
/// matcher behind it.
/// Threads: one owner. Allocation: in the constructor, and as the matcher.
template <condition_set Conditions>
class pattern_matcher {
 public:
  pattern_matcher(std::shared_ptr<const automaton> compiled, Conditions conditions, std::uint16_t rule,
                  const matcher_limits& limits, held_events& events, class_choice choice = class_choice::fastest) {
    auto chosen = choose_class(
        *compiled, [&](condition_id id) { return conditions.reads_history(id); }, limits, choice);
    chosen_ = member_of(chosen);
    if (chosen_ == member::shift)
      ::new (static_cast<void*>(&shift_)) shift_matcher<Conditions>(std::move(compiled), std::move(*chosen.shifts),
                                                                    std::move(conditions), rule, limits, events);
    else if (chosen_ == member::chain)
      ::new (static_cast<void*>(&chain_)) chain_matcher<Conditions>(std::move(compiled), std::move(*chosen.links),
                                                                    std::move(conditions), rule, limits, events);
    else if (chosen_ == member::prefixed)
      ::new (static_cast<void*>(&prefixed_)) prefixed_matcher<Conditions>(
          std::move(compiled), std::move(*chosen.prefix), std::move(conditions), rule, limits, events);
    else
      ::new (static_cast<void*>(&runs_))
          matcher<Conditions>(std::move(compiled), std::move(conditions), rule, limits, events);
  }
  pattern_matcher(const pattern_matcher&) = delete;
  pattern_matcher& operator=(const pattern_matcher&) = delete;
  ~pattern_matcher() {
    ask([](auto& m) { std::destroy_at(&m); });
  }

  [[nodiscard]] matcher_class chosen_class() const noexcept {
    if (chosen_ == member::shift) return matcher_class::shift;
    return chosen_ == member::chain ? matcher_class::chain : matcher_class::runs;
  }

  void open(partition_id id) noexcept {
    ask([&](auto& m) { m.open(id); });
  }
  void close(partition_id id) noexcept {
    ask([&](auto& m) { m.close(id); });
  }
  [[nodiscard]] bool idle(partition_id id) noexcept {
    return ask([&](auto& m) { return m.idle(id); });
  }
  [[nodiscard]] bool has_only_expired(partition_id id, std::int64_t now_ns) noexcept {
    return ask([&](auto& m) {
      if constexpr (requires { m.has_only_expired(id, now_ns); })
        return m.has_only_expired(id, now_ns);
      else
        return false;
    });
  }
  [[nodiscard]] std::uint32_t discard(partition_id id, std::uint32_t count_max) noexcept {
    return ask([&](auto& m) { return m.discard(id, count_max); });
  }
  [[nodiscard]] partition_id next_idle() noexcept {
    return ask([](auto& m) { return m.next_idle(); });
  }
  void drop_key(partition_id id, std::int64_t now_ns, releases& out) {
    ask([&](auto& m) { m.drop_key(id, now_ns, out); });
  }
  void refuse_key(releases& out) {
    ask([&](auto& m) { m.refuse_key(out); });
  }
  /// Requires: the class `runs` was asked for.
  void watch(partition_id id, run_watcher& watcher) noexcept { runs_.watch(id, watcher); }
  /// For look-ahead: some of the keys whose timers time will have reached by `until_ns`; returns how many.
  [[nodiscard]] std::size_t due_by(std::int64_t until_ns, std::span<partition_id> into) const noexcept {
    return ask([&](const auto& m) -> std::size_t {
      if constexpr (requires { m.due_by(until_ns, into); })
        return m.due_by(until_ns, into);
      else
        return 0;
    });
  }
  /// For look-ahead: false where an event of which only conditions in `possible` can hold needs nothing of the events
  /// that are held.
  [[nodiscard]] bool may_end(std::uint64_t possible) const noexcept {
    return ask([&](const auto& m) {
      if constexpr (requires { m.may_end(possible); })
        return m.may_end(possible);
      else
        return true;
    });
  }
  void prefetch(partition_id id) const noexcept {
    ask([&](const auto& m) { m.prefetch(id); });
  }
  void prefetch_matches(partition_id id, bool events) noexcept {
    ask([&](auto& m) { m.prefetch_matches(id, events); });
  }
  /// What a key needs whose timer fires, beside its partial matches.
  void prefetch_due(partition_id id) noexcept {
    ask([&](auto& m) {
      if constexpr (requires { m.prefetch_due(id); })
        m.prefetch_due(id);
      else
        m.prefetch_matches(id, true);
    });
  }

  /// What can be loaded ahead of time without touching the matcher; nothing where that is not known.
  [[nodiscard]] state_outline outline() noexcept {
    return ask([](auto& m) -> state_outline {
      if constexpr (requires { m.outline(); })
        return m.outline();
      else
        return {};
    });
  }

  void begin_event() noexcept {
    ask([](auto& m) { m.begin_event(); });
  }
  /// The same where so much is known of the event, and so below.
  void begin_event(const condition_bits& known) noexcept {
    ask([&](auto& m) { m.begin_event(known); });
  }
  [[nodiscard]] bool may_start(const event_header& event) noexcept {
    return ask([&](auto& m) { return m.may_start(event); });
  }
  void process(partition_id id, const event_header& event, releases& out) {
    ask([&](auto& m) { m.process(id, event, out); });
  }
  void begin_and_process(partition_id id, const event_header& event, releases& out) {
    ask([&](auto& m) {
      m.begin_event();
      m.process(id, event, out);
    });
  }
  void begin_and_process(partition_id id, const event_header& event, const condition_bits& known, releases& out) {
    ask([&](auto& m) {
      m.begin_event(known);
      m.process(id, event, out);
    });
  }
  void advance(std::int64_t now_ns, releases& out) {
    ask([&](auto& m) { m.advance(now_ns, out); });
  }
  void advance_partition(partition_id id, std::int64_t now_ns, releases& out) {
    ask([&](auto& m) { m.advance_partition(id, now_ns, out); });
  }
  [[nodiscard]] std::optional<std::int64_t> next_deadline() const noexcept {
    return ask([](const auto& m) { return m.next_deadline(); });
  }
  [[nodiscard]] std::int64_t next_move_ns() const noexcept {
    return ask([](const auto& m) { return m.next_move_ns(); });
  }

  /// Sequence of the first event of a release.
  [[nodiscard]] std::uint64_t start_sequence(const release& r) noexcept {
    return ask([&](auto& m) { return m.start_sequence(r); });
  }
  /// Calls `f(expr::history)` for every match of a release, in order, and gives back what they held.
  template <class F>
  void hand_out(const release& r, F&& f) {
    ask([&](auto& m) { m.hand_out(r, f); });
  }
  /// Calls `f(expr::history, count)`: a match, and for how many it stands.
  template <class F>
  void hand_out_counted(const release& r, F&& f) {
    ask([&](auto& m) { m.hand_out_counted(r, f); });
  }

  [[nodiscard]] std::vector<state_part> state_parts() const {
    return ask([](const auto& m) {
      const auto parts = m.state_parts();
      return std::vector<state_part>(parts.begin(), parts.end());
    });
  }

  [[nodiscard]] const automaton& compiled() const noexcept {
    return ask([](const auto& m) -> const automaton& { return m.compiled(); });
  }
  [[nodiscard]] const matcher_counters& counters() const noexcept {
    return ask([](const auto& m) -> const matcher_counters& { return m.counters(); });
  }

 private:
  /// Calls `f` with the matcher that there is.
  template <class F>
  decltype(auto) ask(F&& f) {
    if (chosen_ == member::chain) return f(chain_);
    if (chosen_ == member::shift) return f(shift_);
    if (chosen_ == member::prefixed) return f(prefixed_);
    return f(runs_);
  }
  template <class F>
  decltype(auto) ask(F&& f) const {
    if (chosen_ == member::chain) return f(chain_);
    if (chosen_ == member::shift) return f(shift_);
    if (chosen_ == member::prefixed) return f(prefixed_);
    return f(runs_);
  }

  enum class member : std::uint8_t { shift, chain, prefixed, runs };
  [[nodiscard]] static member member_of(const class_of_pattern& of) noexcept {
    if (of.prefix) return member::prefixed;
    if (of.chosen == matcher_class::runs) return member::runs;
    return of.chosen == matcher_class::chain ? member::chain : member::shift;
  }

  member chosen_;  // in front, beside what each event asks for first
  // NOLINTBEGIN(readability-identifier-naming): members of an unnamed union are taken for public ones
  union {
    shift_matcher<Conditions> shift_;
    chain_matcher<Conditions> chain_;
    prefixed_matcher<Conditions> prefixed_;
    matcher<Conditions> runs_;
  };
  // NOLINTEND(readability-identifier-naming)
};

}  // namespace millrace::cep
