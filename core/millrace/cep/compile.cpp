// From states with empty moves to the flat automaton.

#include <millrace/cep/graph.hpp>
#include <millrace/cep/pattern_error.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace millrace::cep {
namespace {

/// Paths of empty moves from one state; beyond this the pattern is refused rather than compiled for minutes.
constexpr std::size_t path_count_max = 20'000;

struct path {
  const state* at;
  formula condition;
};

class flattener {
 public:
  flattener(const pattern& source, const graph& states) : source_(source), states_(states) {}

  automaton run() {
    made_.name = source_.name;
    made_.stages = states_.stage_names();
    made_.within_ns = source_.within_ns;
    made_.skip = source_.skip;
    made_.reports_timeouts = source_.reports_timeouts;
    for (std::size_t i = 0; i < made_.stages.size(); ++i) {
      made_.order.push_back(static_cast<stage_id>(i));
      if (made_.stages[i] == source_.skip_to) made_.skip_to = static_cast<stage_id>(i);
    }
    number(states_.start());
    for (std::size_t i = 0; i < found_.size(); ++i) flatten(*found_[i], i);
    made_.may_duplicate = has_looping_group(source_.stages);
    made_.has_pending = std::ranges::any_of(made_.nodes, &node::pending);
    made_.has_gaps = std::ranges::any_of(made_.edges, [](const edge& e) { return e.gap_ns != 0; }) ||
                     std::ranges::any_of(made_.nodes, [](const node& n) { return n.gap_ns != 0; });
    for (const literal& l : made_.literals)
      made_.condition_count = std::max<std::size_t>(made_.condition_count, std::size_t{l.condition} + 1);
    if (made_.condition_count > condition_count_max)
      throw pattern_error("", "found " + std::to_string(made_.condition_count) + " conditions, expected at most " +
                                  std::to_string(condition_count_max));
    return std::move(made_);
  }

 private:
  static bool has_looping_group(const std::vector<stage>& sequence) {
    return std::ranges::any_of(sequence, [](const stage& s) {
      return s.is_group() && (s.quantifier.counted || has_looping_group(s.members));
    });
  }

  node_id number(const state& s) {
    if (s.kind == state_kind::final || s.kind == state_kind::stop) return final_node;
    const auto [known, is_new] = numbers_.try_emplace(&s, static_cast<node_id>(found_.size()));
    if (is_new) {
      if (found_.size() == state_count_max)
        throw pattern_error("", "found a pattern of more than " + std::to_string(state_count_max) +
                                    " states, expected fewer; lower its repetitions");
      found_.push_back(&s);
    }
    return known->second;
  }

  /// Calls `visit(transition, condition)` for every move that takes, ignores or stops, over all paths of empty
  /// moves from `from`: last path found, first followed, each state's moves in the order of building.
  template <class F>
  void each_move(const state& from, F&& visit) {
    std::vector<path> stack{{&from, {}}};
    std::size_t paths = 0;
    while (!stack.empty()) {
      const path current = std::move(stack.back());
      stack.pop_back();
      if (++paths > path_count_max)
        throw pattern_error("", "found a pattern with too many ways through its optional stages, expected fewer than " +
                                    std::to_string(path_count_max));
      for (const transition& t : current.at->transitions) {
        formula condition = current.condition && t.condition;
        if (condition.impossible()) continue;
        if (t.move == move::empty && t.target->kind != state_kind::stop) {
          stack.push_back({t.target, std::move(condition)});
        } else {
          visit(*current.at, t, condition);
        }
      }
    }
  }

  void flatten(const state& from, std::size_t index) {
    node made;
    made.edges_begin = static_cast<std::uint32_t>(made_.edges.size());
    made.pending = from.kind == state_kind::pending;
    made.waits_for = from.stage;
    std::set<std::tuple<action, const state*, formula>> seen;
    each_move(from, [&](const state& at, const transition& t, const formula& condition) {
      const action what = t.move == move::take ? action::take : t.move == move::ignore ? action::ignore : action::stop;
      // The start run is never consumed, so what it ignores changes nothing.
      if (what == action::ignore && index == 0) return;
      const state* const target = what == action::stop ? nullptr : t.target;
      if (!seen.emplace(what, target, condition).second) return;
      add_edge(what, at, t, condition);
    });
    made.edges_end = static_cast<std::uint32_t>(made_.edges.size());
    made.gap_ns = stay_in(from);
    made_.nodes.push_back(made);
  }

  /// How long a run in this state can wait for an event, when every event that it can still take must come within
  /// some time of the last one: the longest of these times, or 0 where there is no bound.
  static std::int64_t stay_in(const state& from) {
    if (from.gap_ns != 0 || from.kind == state_kind::pending) return from.gap_ns;
    std::set<const state*> seen{&from};
    std::vector<const state*> stack{&from};
    std::int64_t longest = 0;
    while (!stack.empty()) {
      const state& at = *stack.back();
      stack.pop_back();
      for (const transition& t : at.transitions) {
        const bool ends = t.target->kind == state_kind::final;
        const bool waits = t.target->kind == state_kind::pending;
        if (t.move == move::take || waits || (ends && t.move == move::ignore)) {
          const std::int64_t gap_ns = t.move == move::take ? t.gap_ns : waits ? t.target->gap_ns : at.gap_ns;
          if (gap_ns == 0) return 0;
          longest = std::max(longest, gap_ns);
        } else if (!ends && t.target->kind != state_kind::stop && seen.insert(t.target).second) {
          stack.push_back(t.target);
        }
      }
    }
    return longest;
  }

  void add_edge(action what, const state& at, const transition& t, const formula& condition) {
    edge made{what, final_node, no_stage, guard_of(condition), 0, 0, 0};
    if (what != action::stop) made.target = number(*t.target);
    if (what == action::stop) made.stage = negation(t.target->stop_name);
    if (what == action::ignore && made.target == final_node) made.gap_ns = at.gap_ns;  // of a 'not next' at the end
    made.finals_begin = made.finals_end = static_cast<std::uint32_t>(made_.finals.size());
    if (what == action::take) {
      made.stage = t.stage == no_stage ? at.stage : t.stage;
      made.gap_ns = t.gap_ns;
      if (t.target->kind != state_kind::final) {
        add_finals(*t.target);
        made.finals_end = static_cast<std::uint32_t>(made_.finals.size());
      }
    }
    made_.edges.push_back(made);
  }

  stage_id negation(const std::string& name) {
    auto& known = made_.negations;
    const auto found = std::ranges::find(known, name);
    const auto place = static_cast<stage_id>(found - known.begin());
    if (found == known.end()) known.push_back(name);
    return place;
  }

  /// Guards of the ways from `from` to the end over empty moves alone: optional tails complete at once.
  void add_finals(const state& from) {
    std::vector<path> stack{{&from, {}}};
    std::set<formula> seen;
    std::size_t paths = 0;
    while (!stack.empty()) {
      const path current = std::move(stack.back());
      stack.pop_back();
      if (++paths > path_count_max)
        throw pattern_error("", "found a pattern with too many ways through its optional stages, expected fewer than " +
                                    std::to_string(path_count_max));
      if (current.at->kind == state_kind::final) {
        if (seen.insert(current.condition).second) made_.finals.push_back(guard_of(current.condition));
        continue;
      }
      for (const transition& t : current.at->transitions) {
        if (t.move != move::empty || t.target->kind == state_kind::stop) continue;
        formula condition = current.condition && t.condition;
        if (!condition.impossible()) stack.push_back({t.target, std::move(condition)});
      }
    }
  }

  guard guard_of(const formula& condition) {
    const auto known = guards_.find(condition);
    if (known != guards_.end()) return known->second;
    guard made;
    made.begin = static_cast<std::uint32_t>(made_.literals.size());
    for (const auto& clause : condition.clauses())
      for (std::size_t i = 0; i < clause.size(); ++i)
        made_.literals.push_back({clause[i].condition, clause[i].negated, i + 1 == clause.size()});
    made.end = static_cast<std::uint32_t>(made_.literals.size());
    guards_.emplace(condition, made);
    return made;
  }

  const pattern& source_;
  const graph& states_;
  automaton made_;
  std::map<const state*, node_id> numbers_;
  std::vector<const state*> found_;
  std::map<formula, guard> guards_;
};

}  // namespace

automaton compile(const pattern& source) {
  const graph states(source);
  return flattener(source, states).run();
}

}  // namespace millrace::cep
