// millrace explain.

#include "command.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <millrace/cep/explain.hpp>
#include <millrace/cep/run_store.hpp>
#include <millrace/time/timestamp.hpp>

namespace millrace::tools {
namespace {

struct explain_arguments {
  std::string rules;
  bool dot = false;
};

std::string time_text(const rules::program& rules) {
  switch (rules.time) {
    case rules::time_mode::arrival: return "time arrival: input order is final";
    case rules::time_mode::out_of_order: return "time out of order " + format_duration(rules.disorder_ns);
    case rules::time_mode::watermarks: return "time watermarks: the feed carries its own";
  }
  return "";
}

void print_events(const rules::program& rules) {
  for (const auto& layout : rules.layouts) {
    fmt::print("event {}: {} bytes behind the 64-byte header\n", layout->name(), layout->bytes());
    for (const field& f : layout->fields())
      fmt::print("  {:>5}  {:<16} {}{}\n", f.offset, f.name, name_of(f.type),
                 f.type == field_type::string ? fmt::format("({})", f.capacity) : "");
  }
}

/// What state costs: shown a unit, since how many there are depends on the feed.
void print_memory(const rules::program& rules, const rules::pattern_rule& pattern) {
  const auto& group = rules.groups[pattern.group];
  const std::size_t key_bytes = group.fields.empty() ? 0 : (16 + group.key_bytes_max + 63) / 64 * 64 + 10;
  const std::size_t event_bytes = (sizeof(event_header) + rules.data_bytes_max + 63) / 64 * 64 + 4;
  fmt::print("  matching   one run a partial match; event-only conditions are evaluated once an event\n");
  fmt::print(
      "  memory     {} bytes a key, {} bytes a partial match, {} bytes an event in it (prefixes shared),\n"
      "             {} bytes a copy of an event (shared by all patterns); bounds: --max-keys, --max-runs, "
      "--max-events\n\n",
      key_bytes + 24, sizeof(cep::run), sizeof(cep::step), event_bytes);
}

int run_explain(const void* opaque) {
  const auto& arguments = *static_cast<const explain_arguments*>(opaque);
  const auto rules = load_rules(arguments.rules);
  if (!arguments.dot) {
    fmt::print("{}\n", time_text(*rules));
    print_events(*rules);
    fmt::print("\n");
  }
  for (const rules::pattern_rule& pattern : rules->patterns) {
    const auto text = [&](cep::condition_id id) { return (*pattern.conditions)[id].text; };
    fmt::print("{}", arguments.dot ? cep::explain_dot(*pattern.automaton, text)
                                   : cep::explain_table(*pattern.automaton, text));
    if (!arguments.dot) print_memory(*rules, pattern);
  }
  return std::fflush(stdout) == 0 ? done : failed;
}

}  // namespace

void add_explain_command(CLI::App& app, int& status) {
  CLI::App* const command =
      app.add_subcommand("explain", "Show what a rules file compiles to: layouts, automata, what state costs");
  auto arguments = std::make_shared<explain_arguments>();
  command->add_option("--rules", arguments->rules, "Rules file (.mr)")->required()->type_name("FILE");
  command->add_flag("--dot", arguments->dot, "The automata as Graphviz graphs");
  command->callback([arguments, &status] { status = guarded(run_explain, arguments.get()); });
}

}  // namespace millrace::tools
