#pragma once

#include <millrace/cep/automaton.hpp>
#include <millrace/cep/matcher_limits.hpp>
#include <millrace/event/event_header.hpp>
#include <millrace/expr/program.hpp>

#include <cstdint>
#include <span>

namespace millrace::cep {

/// What became of a partial match.
enum class run_fate : std::uint8_t {
  not_begun,    ///< the event can not be the first of a match
  taken,        ///< the event joined it
  waits,        ///< the event left it as it was
  ended,        ///< the event fits nowhere, and may not be passed over
  killed,       ///< the event met a negation
  expired,      ///< time ran out
  completed,    ///< time ran out without what must not come: a match
  held_back,    ///< a match, which waits for one that began earlier
  handed_out,   ///< a match that was held back goes out
  pruned,       ///< the skip strategy ended it
  refused,      ///< a bound was met
  dropped,      ///< it gave way at a bound
  dead_letter,  ///< a bound was met: the event changed nothing
};

/// A way on that was closed to an event: an edge, and the clause of its guard that did not hold.
struct closed_way {
  const edge* way;
  guard clause;   ///< of the literal table, one clause; empty: `too_late`
  bool too_late;  ///< the edge's bound on the time since the last event
};

/// One step of one partial match of a watched key. Everything in it is valid during the call.
struct run_step {
  run_fate what;
  std::uint16_t rule = 0;
  std::uint16_t number = 0;             ///< of the partial match, from 1; 0: none; wraps
  std::uint16_t other = 0;              ///< the one that it branched from, waits behind, or was ended by; 0: none
  const event_header* event = nullptr;  ///< null: time passed
  std::int64_t time_ns = 0;
  const edge* way = nullptr;  ///< that was gone, or that killed
  bool complete = false;      ///< of `taken`: a match
  bool goes_on = false;       ///< of `taken`: waits for more
  bool by_gap = false;        ///< of `expired`, `completed`: the bound between events, not that of the whole
  node_id waited_at = 0;      ///< of `expired`, `completed`
  cep::bound bound = bound::none;
  std::span<const closed_way> closed{};
  expr::history taken{};  ///< before the event
};

/// Hears what becomes of the partial matches of one key: for people who ask why there was no match.
/// Called by the matcher's owner; it may allocate and write.
class run_watcher {
 public:
  virtual void see(const automaton& of, const run_step& step) = 0;

 protected:
  ~run_watcher() = default;
};

}  // namespace millrace::cep
