#pragma once

#include <millrace/cep/automaton.hpp>
#include <millrace/cep/pattern.hpp>

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace millrace::cep {

/// A condition or its opposite, while the automaton is being built.
struct term {
  condition_id condition;
  bool negated;

  friend auto operator<=>(const term&, const term&) = default;
};

/// A condition in conjunctive form: every clause must hold, a clause holds by any of its terms.
/// No clause: always. Kept sorted and without repeats, so that equal formulas compare equal.
class formula {
 public:
  formula() = default;

  static formula of(condition_id condition);
  /// The opposite. Requires: every clause is a single term, as in all conditions that stages have.
  [[nodiscard]] formula negated() const;
  friend formula operator&&(const formula& a, const formula& b);

  /// No event can meet it: two clauses contradict each other.
  [[nodiscard]] bool impossible() const;
  [[nodiscard]] const std::vector<std::vector<term>>& clauses() const noexcept { return clauses_; }

  friend auto operator<=>(const formula&, const formula&) = default;

 private:
  void normalise();

  std::vector<std::vector<term>> clauses_;
};

enum class state_kind : std::uint8_t { normal, pending, stop, final };
enum class move : std::uint8_t { take, ignore, empty };

struct state;

struct transition {
  cep::move move;
  state* target;
  formula condition;
  std::int64_t gap_ns = 0;
  stage_id stage = no_stage;  ///< of a take: whose event it is, where that is not the state's stage
};

/// A state of the automaton while it is built, empty moves included.
struct state {
  state_kind kind = state_kind::normal;
  stage_id stage = no_stage;
  std::int64_t gap_ns = 0;  ///< of a negation: bound on the stay in this state
  std::string stop_name;    ///< of a stop state: the negated stage
  std::vector<transition> transitions;
};

/// Builds the states of a pattern from its last stage to its first, after the published behaviour of Flink's
/// NFA compiler (design notes: what patterns mean, section 3).
class graph {
 public:
  explicit graph(const pattern& source);

  [[nodiscard]] const state& start() const noexcept { return *start_; }
  [[nodiscard]] const std::vector<std::string>& stage_names() const noexcept { return names_; }

 private:
  /// Where the builder stands: a stage, its sequence, and the groups around it.
  struct place {
    const std::vector<stage>* sequence;
    std::size_t index;
    const stage* group;      ///< the innermost group around the sequence
    const stage* following;  ///< the stage after this one, across the end of a group too

    [[nodiscard]] const stage& current() const { return (*sequence)[index]; }
    [[nodiscard]] bool heads_group() const { return group != nullptr && index == 0; }
  };

  state* make(state_kind kind, stage_id stage = no_stage);
  state* stop_state(const stage& negated);
  state* copy_of(const state& original);

  state* build_sequence(const std::vector<stage>& sequence, const stage* group, const stage* following, state* sink);
  state* build_negation(const place& at, state* sink);
  state* build_stage(const place& at, state* sink);
  state* build_times(const place& at, state* sink, state* beyond);
  state* build_single(const place& at, state* sink, state* beyond, const formula& take,
                      const std::optional<formula>& skip, bool optional);
  state* build_group(const place& at, state* sink, state* beyond, bool optional);
  state* build_any_order(const place& at, state* sink);
  void gather(const place& at, state* from, std::size_t index, const std::vector<state*>& by_index);
  void wait_for_first(const place& at, state* entry, const std::optional<formula>& none_fits);
  state* build_loop(const place& at, state* sink);
  state* build_group_loop(const place& at, state* sink);

  void block_exit(const place& at, state* sink, const formula& take);
  void leave_when_allowed(const place& at, state* from, state* beyond);
  state* without_earlier_negations(const place& at, state* sink);
  void add_stops(const place& at, state* to);
  void add_stop_between_repetitions(const place& at, state* to);
  [[nodiscard]] std::vector<const stage*> earlier_negations(const place& at) const;

  [[nodiscard]] formula take_condition(const place& at) const;
  [[nodiscard]] formula always(const place& at) const;
  [[nodiscard]] contiguity outer_contiguity(const place& at) const;
  [[nodiscard]] std::optional<formula> skip_condition(const place& at, contiguity how) const;
  [[nodiscard]] std::optional<formula> outer_skip(const place& at) const;
  [[nodiscard]] std::optional<formula> inner_skip(const place& at) const;
  [[nodiscard]] bool heads_optional_group(const place& at) const;
  [[nodiscard]] bool in_first_iteration(const stage& group) const;
  static formula with_until(const formula& condition, condition_id until);

  std::int64_t between_ns_;
  std::deque<state> states_;
  state* start_ = nullptr;
  std::vector<std::string> names_;
  std::map<const stage*, stage_id> ids_;
  std::map<std::string, state*> stops_;
  std::map<const stage*, bool> first_iteration_;
  std::map<const state*, state*> unblocked_;  ///< the sink as it was before a greedy loop blocked it
};

/// Refuses patterns without a meaning, with a `pattern_error` that says what to write instead.
void check(const pattern& source);

}  // namespace millrace::cep
