#pragma once

#include <millrace/cep/pattern.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace millrace::cep {

/// Number of a stage that can take events, in the order of the pattern's text.
using stage_id = std::uint16_t;
inline constexpr stage_id no_stage = 0xFFFF;

/// Number of a node of the automaton. The start node is 0.
using node_id = std::uint16_t;
/// Where a complete match goes: it has no edges.
inline constexpr node_id final_node = 0xFFFF;

/// What an edge does with the event that it sees.
enum class action : std::uint8_t {
  take,    ///< the event joins the match under the edge's stage
  ignore,  ///< the partial match waits on
  stop,    ///< a negation fits: the partial match dies
};

/// A condition, or its opposite. Literals of one clause stand side by side; the last says so.
struct literal {
  condition_id condition;
  bool negated;
  bool ends_clause;

  friend bool operator==(const literal&, const literal&) = default;
};

/// A stretch of the literal table that must hold: all of its clauses, each by one of its literals.
struct guard {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  friend bool operator==(const guard&, const guard&) = default;
};

struct edge {
  cep::action action;
  node_id target;
  stage_id stage;  ///< of a take; of a stop, for people: place in `negations`
  cep::guard guard;
  std::int64_t gap_ns;         ///< of a take: bound on the time since the last event taken; 0: none
  std::uint32_t finals_begin;  ///< of a take: guards, any of which makes the match complete at once
  std::uint32_t finals_end;

  friend bool operator==(const edge&, const edge&) = default;
};

/// A node with its edges in the order in which they are tried.
struct node {
  std::uint32_t edges_begin = 0;
  std::uint32_t edges_end = 0;
  std::int64_t gap_ns = 0;        ///< a run here that waits longer than this since its last event is over; 0: unbounded
  bool pending = false;           ///< a run that expires here is a match: absence at the end
  stage_id waits_for = no_stage;  ///< for people: the stage that the node belongs to

  friend bool operator==(const node&, const node&) = default;
};

/// A pattern compiled: a nondeterministic automaton without empty moves, as flat tables.
///
/// Semantics: Apache Flink CEP's, as stated in its NFA compiler's behaviour. Every path of empty moves is
/// folded into the edge behind it, with the conjunction of the conditions on the way, when the pattern is
/// compiled; so at run time an event is offered to a run by trying the edges of one node.
///
/// Threads: immutable; any thread may read.
struct automaton {
  std::string name;
  std::vector<std::string> stages;  ///< names, by stage_id
  std::vector<node> nodes;          ///< [0] is the start
  std::vector<edge> edges;
  std::vector<literal> literals;
  std::vector<guard> finals;
  std::size_t condition_count = 0;
  std::int64_t within_ns = 0;
  skip_strategy skip = skip_strategy::none;
  stage_id skip_to = no_stage;
  bool reports_timeouts = false;
  bool may_duplicate = false;  ///< a looping group can reach one match by several runs
  bool has_gaps = false;       ///< some node or edge has a bound of its own
  bool has_pending = false;
  std::vector<stage_id> order;         ///< stages as the pattern lists them, for printing
  std::vector<std::string> negations;  ///< names of stages that must not come, for people

  /// Partial matches can be over because time has passed.
  [[nodiscard]] bool has_deadlines() const noexcept { return within_ns != 0 || has_gaps || has_pending; }
  /// Time alone can make this automaton hand something out (absence, timeouts, matches held back).
  [[nodiscard]] bool released_by_time() const noexcept {
    const bool expires = within_ns != 0 || has_gaps;
    return has_pending || (expires && (reports_timeouts || skip != skip_strategy::none));
  }

  friend bool operator==(const automaton&, const automaton&) = default;
};

/// Compiles a pattern. Throws `pattern_error` for what the semantics refuse.
automaton compile(const pattern& source);

}  // namespace millrace::cep
