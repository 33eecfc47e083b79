#include <millrace/sink/run_trace.hpp>

#include <millrace/cep/step_text.hpp>
#include <millrace/time/timestamp.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <utility>

namespace millrace::sink {
namespace {

std::size_t width_of_names(const rules::revision& rules) {
  std::size_t width = std::string_view("pattern").size();
  for (const std::string& name : rules.names) width = std::max(width, name.size());
  return width;
}

std::string columns(std::string_view record, std::string_view time, std::string_view pattern, std::size_t name_width,
                    std::string_view run, std::string_view rest) {
  return fmt::format("{:>8}  {:>16}  {:<{}}  {:>4}  {}\n", record, time, pattern, name_width, run, rest);
}

/// "; had failed 3 4 5": what it took before, records by stage, in the order of taking.
std::string taken_before(const cep::automaton& of, expr::history taken) {
  std::string made;
  std::uint16_t stage = cep::no_stage;
  for (const expr::taken_event& each : taken) {
    if (each.stage != stage) made += (made.empty() ? "; had " : ", ") + of.stages[each.stage];
    stage = each.stage;
    made += fmt::format(" {}", each.event->id.low);
  }
  return made;
}

}  // namespace

run_trace::run_trace(std::shared_ptr<const rules::revision> rules, std::function<void(std::string_view)> write)
    : rules_(std::move(rules)), write_(std::move(write)), name_width_(width_of_names(*rules_)) {}

std::string run_trace::heading(const rules::revision& rules) {
  return columns("record", "time", "pattern", width_of_names(rules), "run", "what happened");
}

void run_trace::see(const cep::automaton& of, const cep::run_step& step) {
  const rules::pattern_rule& rule = *std::ranges::find(rules_->rules, step.rule, &rules::rule_in_force::number)->rule;
  const auto text = [&](cep::condition_id id) { return (*rule.conditions)[id].text; };
  write_(columns(step.event == nullptr ? "-" : std::to_string(step.event->id.low),
                 std::to_string(from_nanoseconds(step.time_ns, rule.unit)), rule.name, name_width_,
                 step.number == 0 ? "-" : std::to_string(step.number),
                 cep::step_text(of, step, text) + taken_before(of, step.taken)));
}

}  // namespace millrace::sink
