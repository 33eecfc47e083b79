#include <millrace/cep/step_text.hpp>

#include <millrace/time/timestamp.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <vector>

namespace millrace::cep {
namespace {

/// Why none of the stages that could come next took the event: "b needs (x == 2)", of each stage the first reason.
std::string missing(const automaton& of, const run_step& step, const condition_text& text) {
  std::vector<std::string> reasons;
  std::vector<stage_id> told;
  for (const closed_way& closed : step.closed) {
    if (closed.way->action != action::take || std::ranges::find(told, closed.way->stage) != told.end()) continue;
    told.push_back(closed.way->stage);
    const std::string& stage = of.stages[closed.way->stage];
    reasons.push_back(closed.too_late ? fmt::format("{} had to come within {} of the last event", stage,
                                                    format_duration(closed.way->gap_ns))
                                      : fmt::format("{} needs {}", stage, guard_text(of, closed.clause, text)));
  }
  return fmt::format("{}", fmt::join(reasons, ", "));
}

std::string with_reasons(const std::string& what, const std::string& reasons) {
  return reasons.empty() ? what : what + ": " + reasons;
}

std::string taken_text(const automaton& of, const run_step& step) {
  std::string made =
      fmt::format("{} as {}", step.taken.empty() ? "begins: taken" : "taken", of.stages[step.way->stage]);
  if (step.complete) made += step.goes_on ? ": a match, and goes on" : ": a match";
  return made;
}

std::string bound_text(const automaton& of, const run_step& step) {
  return step.by_gap ? format_duration(of.nodes[step.waited_at].gap_ns) + " after its last event"
                     : format_duration(of.within_ns) + " after its first event";
}

/// The stages that a partial match waited for, "b or c".
std::string awaited(const automaton& of, node_id at) {
  std::vector<std::string_view> names;
  for (std::uint32_t i = of.nodes[at].edges_begin; i < of.nodes[at].edges_end; ++i) {
    const edge& e = of.edges[i];
    if (e.action != action::take || std::ranges::find(names, of.stages[e.stage]) != names.end()) continue;
    names.push_back(of.stages[e.stage]);
  }
  return fmt::format("{}", fmt::join(names, " or "));
}

std::string expired_text(const automaton& of, const run_step& step) {
  const std::string names = awaited(of, step.waited_at);
  return "expires, " + bound_text(of, step) + (names.empty() ? "" : ": it waited for " + names);
}

std::string what_happened(const automaton& of, const run_step& step, const condition_text& text) {
  switch (step.what) {
    case run_fate::not_begun: return with_reasons("begins nothing", missing(of, step, text));
    case run_fate::taken: return taken_text(of, step);
    case run_fate::waits: return with_reasons("waits", missing(of, step, text));
    case run_fate::ended: return with_reasons("ends, this event had to fit", missing(of, step, text));
    case run_fate::killed:
      return fmt::format("killed by 'not {}': {}", of.negations[step.way->stage],
                         guard_text(of, step.way->guard, text));
    case run_fate::expired: return expired_text(of, step);
    case run_fate::completed:
      if (step.event != nullptr) return "what must not come next did not: a match";
      return "what must not come did not, " + bound_text(of, step) + ": a match";
    case run_fate::held_back: return fmt::format("held back: run {} began earlier and may still match", step.other);
    case run_fate::handed_out: return "its match is handed out";
    case run_fate::pruned: return fmt::format("pruned by the match of run {} ({})", step.other, skip_text(of));
    case run_fate::refused: return fmt::format("refused: the bound on {} is met", name_of(step.bound));
    case run_fate::dropped: return fmt::format("dropped as the oldest: the bound on {} is met", name_of(step.bound));
    case run_fate::dead_letter:
      return fmt::format("dead letter, nothing changes: the bound on {} is met", name_of(step.bound));
  }
  return "";
}

}  // namespace

std::string step_text(const automaton& of, const run_step& step, const condition_text& text) {
  const bool branched = step.other != 0 && (step.what == run_fate::taken || step.what == run_fate::waits);
  return (branched ? fmt::format("branches from run {}: ", step.other) : "") + what_happened(of, step, text);
}

}  // namespace millrace::cep
