// millrace explain.

#include "command.hpp"
#include "replay_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <millrace/cep/explain.hpp>
#include <millrace/cep/held_events.hpp>
#include <millrace/cep/pattern_matcher.hpp>
#include <millrace/rules/rule_board.hpp>
#include <millrace/rules/running_window.hpp>
#include <millrace/time/timestamp.hpp>
#include <numeric>

namespace millrace::tools {
namespace {

struct explain_arguments {
  std::string rules;
  bool dot = false;
  std::uint64_t keys = 0;
  state_arguments state;
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

std::string bytes_text(std::size_t bytes) {
  if (bytes < 10'000) return fmt::format("{} B", bytes);
  if (bytes < std::size_t{10} << 20) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

/// How the pattern is matched under these bounds, and why so.
auto class_of(const rules::pattern_rule& pattern, const rules::engine_limits& limits) {
  const rules::condition_programs conditions(pattern.conditions);
  return cep::choose_class(
      *pattern.automaton, [&](cep::condition_id id) { return conditions.reads_history(id); }, limits.matcher,
      limits.classes);
}

std::string class_text(const rules::pattern_rule& pattern, const rules::engine_limits& limits) {
  const auto of = class_of(pattern, limits);
  const auto how = [&]() -> std::string {
    switch (of.chosen) {
      case cep::matcher_class::shift:
        return "the partial matches of a key are the bits of one word and its last events";
      case cep::matcher_class::chain: return "an event is kept once a stage, however many partial matches it is in";
      case cep::matcher_class::runs: break;
    }
    if (!of.prefix) return "partial matches are kept one by one";
    return fmt::format(
        "partial matches are the bits of one word for their first {} events, and kept one by one behind those",
        of.prefix->links.takes.size());
  }();
  return fmt::format("class {}: {}, because {}", name_of(of.chosen), how, of.why);
}

/// By what the event finds partial matches that wait, where many of one key do; empty where it walks along all.
std::string index_text(const rules::pattern_rule& pattern, const rules::engine_limits& limits) {
  const cep::automaton& of = *pattern.automaton;
  if (class_of(pattern, limits).chosen != cep::matcher_class::runs) return "";
  if (!cep::wake_table::may_index(of, limits.matcher)) return "";
  const rules::condition_programs conditions(pattern.conditions);
  std::vector<cep::condition_facts> facts;
  for (cep::condition_id id = 0; id < of.condition_count; ++id) facts.push_back(conditions.facts(id));
  const std::vector<cep::wait_kind> kinds = cep::wake_table(of, facts).wait_kinds();
  std::vector<std::string> nodes;
  for (std::size_t at = 0; at < kinds.size(); ++at)
    if (kinds[at] != cep::wait_kind::none)
      nodes.push_back(fmt::format("n{} by {}", at, kinds[at] == cep::wait_kind::equality ? "hash" : "order"));
  if (nodes.empty()) return "";
  return fmt::format("  index: with {} or more partial matches of a key, an event finds those that it changes, {}\n",
                     limits.matcher.indexed_runs, fmt::join(nodes, ", "));
}

std::string extent_text(const rules::window_rule& window) {
  const std::string size = format_duration(window.size_ns);
  switch (window.kind) {
    case rules::window_kind::tumbling:
      return fmt::format("tumbling {}: an event is in one window, to which it is added", size);
    case rules::window_kind::hopping: {
      const std::string slice = format_duration(std::gcd(window.size_ns, window.every_ns));
      if (window.updates)
        return fmt::format("hopping {} every {}: an event is added to each of its windows", size,
                           format_duration(window.every_ns));
      return fmt::format(
          "hopping {} every {}: an event is added to one slice of {}, windows are put together from slices", size,
          format_duration(window.every_ns), slice);
    }
    case rules::window_kind::sliding:
      return fmt::format(
          "sliding {}: one window for each set of events so near to each other, an event is added to each", size);
    case rules::window_kind::session:
      return fmt::format("session gap {}: an event joins the sessions that are at most so far away", size);
    case rules::window_kind::count:
      return fmt::format("count {} every {}: the last events of a key, in slices of {}", window.count,
                         window.every_count, std::gcd(window.count, window.every_count));
  }
  return "";
}

void print_window(const rules::program& rules, const rules::window_rule& window) {
  const auto& by = rules.groups[window.group].fields;
  fmt::print("window {} on {}{}{}\n", window.name, rules.layouts[window.on]->name(),
             by.empty() ? "" : fmt::format(" by {}", fmt::join(by, ", ")),
             window.where.empty() ? "" : fmt::format(" where {}", window.where_text));
  fmt::print("  class {}\n", extent_text(window));
  if (window.kind != rules::window_kind::count)
    fmt::print("  closes when time has passed its end by {}; results go out {}\n", format_duration(window.grace_ns),
               window.updates ? "with each event that changes one" : "once, when it closes");
  std::vector<std::string> aggregates;
  for (const rules::aggregate& each : window.aggregates)
    aggregates.push_back(fmt::format("{} -> {}", name_of(each.kind), expr::name_of(each.result())));
  if (!aggregates.empty()) fmt::print("  aggregates: {}\n", fmt::join(aggregates, ", "));
  fmt::print("\n");
}

/// What state costs, from what a shard would reserve.
class memory_table {
 public:
  memory_table(const std::shared_ptr<const rules::program>& rules, const rules::engine_limits& limits,
               const rules::window_rule_limits& window_limits)
      : rules_(rules),
        events_(limits.events, rules->data_bytes_max),
        board_(rules::first_revision(rules), limits, events_) {
    for (const rules::window_rule& each : rules->windows)
      windows_.push_back(std::make_unique<rules::running_window>(each, rules->groups[each.group], window_limits));
  }

  void print(std::uint64_t keys) {
    fmt::print("memory of one shard: reserved for the bounds, resident with use\n");
    fmt::print("  {:<44} {:>10} {:>10} {:>12} {:>12}\n", "", "bytes each", "bound", "in use, max", "reserved");
    for (const auto& rule : board_.rules())
      for (const cep::state_part& part : rule->matcher.state_parts())
        row(fmt::format("{}: {}", rule->what.rule->name, part.what), part);
    const auto& groups = board_.of().groups;
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (const auto* const directory = board_.groups()[i].directory.get())
        row(fmt::format("keys by {}", fmt::join(groups[i].key.fields, ", ")),
            {"", (directory->reserved_bytes() + directory->capacity() - 1) / directory->capacity(),
             directory->capacity(), directory->reserved_bytes()});
    for (const auto& window : windows_)
      for (const rules::window_state_part& part : window->state_parts())
        row(fmt::format("{}: {}", window->rule().name, part.what), {"", part.bytes_each, part.bound, part.bytes});
    row("copies of events, shared by all patterns",
        {"", events_.bytes_each(), events_.capacity(), events_.reserved_bytes()});
    fmt::print("  {:<44} {:>10} {:>10} {:>12} {:>12}\n", "all", "", "", bytes_text(in_use_), bytes_text(reserved_));
    if (keys == 0) return;
    print_keys(keys);
    for (const auto& window : windows_) {
      const rules::window_rule& rule = window->rule();
      if (rules_->groups[rule.group].fields.empty()) continue;
      fmt::print("  {} keys of window {}, which are scattered over a table of {}, take {} beside it\n", keys, rule.name,
                 bytes_text(window->key_table_bytes()), bytes_text(window->bytes_of_key() * keys));
      fmt::print(
          "  with one open window each, and {} more for each further one; results that go out at once are held as "
          "text\n",
          bytes_text(window->bytes_of_window()));
    }
  }

 private:
  void row(const std::string& what, const cep::state_part& part) {
    // Rings of every size have room of their own, of which some is in use at a time.
    const std::size_t in_use = std::min<std::size_t>(part.bytes_each * part.bound, part.bytes);
    fmt::print("  {:<44} {:>10} {:>10} {:>12} {:>12}\n", what, part.bytes_each, part.bound, bytes_text(in_use),
               bytes_text(part.bytes));
    in_use_ += in_use;
    reserved_ += part.bytes;
  }

  /// Of every group of patterns by one key: keys that are known, and then with a partial match of each pattern.
  void print_keys(std::uint64_t keys) {
    const auto& groups = board_.of().groups;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto* const directory = board_.groups()[i].directory.get();
      if (directory == nullptr) continue;
      const std::size_t table = directory->scattered_bytes();
      double bytes = static_cast<double>(directory->reserved_bytes() - table) / directory->capacity();
      double match = 0;
      double event = 0;
      for (const auto& rule : board_.rules()) {
        if (rule->what.group != i) continue;
        const auto parts = rule->matcher.state_parts();
        bytes += static_cast<double>(parts.back().bytes) / static_cast<double>(parts.back().bound);
        if (parts.size() == 3) match += static_cast<double>(parts[0].bytes_each);
        event += static_cast<double>(events_.bytes_each() + parts[parts.size() - 2].bytes_each);
      }
      const auto all = [&](double each) {
        return bytes_text(static_cast<std::size_t>(each * static_cast<double>(keys)));
      };
      const std::string by = fmt::format("{}", fmt::join(groups[i].key.fields, ", "));
      fmt::print("  {} keys by {}, which are scattered over a table of {}, take {} beside it;\n", keys, by,
                 bytes_text(table), all(bytes));
      fmt::print("  with a partial match of each pattern {}, and {} more for every event in them\n", all(bytes + match),
                 all(event));
    }
  }

  std::shared_ptr<const rules::program> rules_;
  cep::held_events events_;
  rules::rule_board board_;
  std::vector<std::unique_ptr<rules::running_window>> windows_;
  std::size_t in_use_ = 0;
  std::size_t reserved_ = 0;
};

int run_explain(const void* opaque) {
  const auto& arguments = *static_cast<const explain_arguments*>(opaque);
  const auto rules = load_rules(arguments.rules);
  if (!arguments.dot) {
    fmt::print("{}\n", time_text(*rules));
    print_events(*rules);
    fmt::print("\n");
  }
  const rules::engine_limits limits = to_limits(arguments.state);
  for (const rules::pattern_rule& pattern : rules->patterns) {
    const auto text = [&](cep::condition_id id) { return (*pattern.conditions)[id].text; };
    const std::string how = class_text(pattern, limits);
    if (arguments.dot)
      fmt::print("{}", cep::explain_dot(*pattern.automaton, text, pattern.name + ": " + how));
    else
      fmt::print("{}  {}\n{}\n", cep::explain_table(*pattern.automaton, text), how, index_text(pattern, limits));
  }
  if (!arguments.dot) {
    for (const rules::window_rule& window : rules->windows) print_window(*rules, window);
    memory_table(rules, limits, to_window_limits(arguments.state)).print(arguments.keys);
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
  command->add_option("--keys", arguments->keys, "Tell what so many keys take")->type_name("N");
  add_state_options(*command, arguments->state);
  command->callback([arguments, &status] { status = guarded(run_explain, arguments.get()); });
}

}  // namespace millrace::tools
