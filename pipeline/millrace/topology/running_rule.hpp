#pragma once

#include <millrace/cep/held_events.hpp>
#include <millrace/cep/pattern_matcher.hpp>
#include <millrace/cep/running_matcher.hpp>
#include <millrace/topology/typed_match.hpp>

#include <cstdint>
#include <string>

namespace millrace::detail {

/// A pattern ready to run, and what is made of its matches.
template <class Compiled, class Handler>
struct match_rule {
  using conditions_type = typename Compiled::conditions_type;

  Compiled pattern;
  Handler handler;
  std::string name;  ///< empty: it stays for the whole run
};

/// A rule in a shard: a matcher and a copy of the handler.
template <class Rule>
struct running_rule {
  struct setup {
    const Rule& rule;
    std::uint16_t index;
    bool joins;  ///< keys have state already
    const cep::matcher_limits& limits;
    cep::class_choice classes;
    cep::held_events& events;
  };

  explicit running_rule(const setup& from)
      : matcher(from.joins, from.limits.partitions, from.rule.pattern.automaton, from.rule.pattern.conditions,
                from.index, from.limits, from.events, from.classes),
        handler(from.rule.handler),
        index(from.index) {}

  /// Calls the handler for each match of what is released, and lets go of it.
  template <class T, class Record, class Out>
  void hand_on(const cep::release& r, const output_order& order, Out& out) {
    emitter<Record, Out> to(out, order);
    matcher.hand_out(r, [&](expr::history taken) {
      const typed_match<T> match(taken, matcher.compiled().stages, r.at_ns, r.timeout);
      handler(match, to);
    });
  }

  cep::running_matcher<cep::pattern_matcher<typename Rule::conditions_type>> matcher;
  decltype(Rule::handler) handler;
  std::uint16_t index;
  bool in_force = true;
};

}  // namespace millrace::detail
