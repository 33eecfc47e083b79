#pragma once

#include <millrace/cep/automaton.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace millrace::cep {

/// How a partial match waits for the next stage of a chain.
enum class waiting : std::uint8_t {
  strict,   ///< an event that does not fit ends it
  relaxed,  ///< it moves with the first event that fits
  any,      ///< it moves, and waits on as well
};

/// An automaton that is a straight line: stages met one after another, nothing optional. Where all conditions are about
/// the event alone, all partial matches that wait at one place share their future, whatever they have taken, and can be
/// kept as one set (see `chain_matcher`).
struct chain {
  /// Taking one event: the condition, and the wait for it.
  struct link {
    guard takes;
    stage_id stage = no_stage;
    cep::waiting waiting = cep::waiting::strict;  ///< of those that wait for this event; of no meaning for the first
    std::vector<guard> stops;                     ///< negations that end those that wait
  };
  std::vector<link> links;
  bool pending = false;  ///< behind the last link an absence is awaited: time completes the match
  std::vector<guard> pending_stops;
  bool deterministic = false;  ///< no link waits as `any`: one partial match a start
  bool reads_history = false;  ///< a condition reads what the partial match has taken
};

/// Tells whether a condition reads what the partial match has taken.
using reads_history = std::function<bool(condition_id)>;

/// The automaton as a chain, or why it is none, for people.
std::variant<chain, std::string> chain_of(const automaton& of, const reads_history& reads);

/// What of an automaton is a straight line, from the start on.
struct chain_beginning {
  std::vector<chain::link> links;
  std::vector<node_id> behind;  ///< by link, where it leads
};
chain_beginning chain_beginning_of(const automaton& of);

}  // namespace millrace::cep
