#include <millrace/cep/explain.hpp>

#include <millrace/time/timestamp.hpp>

#include <fmt/format.h>

namespace millrace::cep {
namespace {

class teller {
 public:
  teller(const automaton& of, const condition_text& text) : of_(of), text_(text) {}

  [[nodiscard]] std::string node_name(std::size_t id) const {
    if (id == final_node) return "match";
    if (id == 0) return "start";
    return fmt::format("{}{}", of_.nodes[id].pending ? "absent " : "n", id);
  }

  [[nodiscard]] std::string target(const edge& e) const {
    return e.action == action::stop ? "(dies)" : node_name(e.target);
  }

  [[nodiscard]] std::string condition(guard g) const {
    std::string all;
    std::string clause;
    for (std::uint32_t i = g.begin; i < g.end; ++i) {
      const literal& l = of_.literals[i];
      clause += (clause.empty() ? "" : " or ") + literal_text(l);
      if (!l.ends_clause) continue;
      all += (all.empty() ? "" : " and ") + (clause.find(" or ") == std::string::npos ? clause : "(" + clause + ")");
      clause.clear();
    }
    return all.empty() ? "always" : all;
  }

  [[nodiscard]] std::string action_name(const edge& e) const {
    if (e.action == action::take) return "take " + of_.stages[e.stage];
    return e.action == action::stop ? "stop by " + of_.negations[e.stage] : "wait";
  }

  /// What else an edge does: bounds, and when the match is complete at once.
  [[nodiscard]] std::string remarks(const edge& e, bool from_start) const {
    std::string made;
    if (e.gap_ns != 0 && !from_start) made += "; within " + format_duration(e.gap_ns) + " of the last event";
    for (std::uint32_t i = e.finals_begin; i < e.finals_end; ++i) {
      const std::string when = condition(of_.finals[i]);
      made += when == "always" ? "; also a match" : "; also a match if " + when;
    }
    return made;
  }

 private:
  [[nodiscard]] std::string literal_text(const literal& l) const {
    const std::string text = text_(l.condition);
    const bool plain = text.find(' ') == std::string::npos;
    const std::string term = plain ? text : "(" + text + ")";
    return l.negated ? "not " + term : term;
  }

  const automaton& of_;
  const condition_text& text_;
};

std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '"' || c == '\\') made += '\\';
    made += c;
  }
  return made;
}

std::string strategy(const automaton& of) {
  switch (of.skip) {
    case skip_strategy::none: return "none";
    case skip_strategy::next: return "next";
    case skip_strategy::past_last: return "past last";
    case skip_strategy::to_first: return "to first " + of.stages[of.skip_to];
    case skip_strategy::to_last: return "to last " + of.stages[of.skip_to];
  }
  return "";
}

}  // namespace

std::string guard_text(const automaton& of, guard g, const condition_text& text) {
  return teller(of, text).condition(g);
}

std::string skip_text(const automaton& of) { return "skip " + strategy(of); }

std::string explain_table(const automaton& of, const condition_text& text) {
  const teller tell(of, text);
  std::string made = fmt::format("pattern {}: {} nodes, {} edges, {} conditions; skip {}{}{}\n", of.name,
                                 of.nodes.size(), of.edges.size(), of.condition_count, strategy(of),
                                 of.within_ns == 0 ? "" : "; within " + format_duration(of.within_ns),
                                 of.reports_timeouts ? "; timeouts are reported" : "");
  made += fmt::format("  {:<10} {:<18} {:<10} {}\n", "node", "does", "goes to", "when");
  for (std::size_t id = 0; id < of.nodes.size(); ++id) {
    const node& n = of.nodes[id];
    for (std::uint32_t i = n.edges_begin; i < n.edges_end; ++i) {
      const edge& e = of.edges[i];
      made += fmt::format("  {:<10} {:<18} {:<10} {}{}\n", i == n.edges_begin ? tell.node_name(id) : "",
                          tell.action_name(e), tell.target(e), tell.condition(e.guard), tell.remarks(e, id == 0));
    }
    if (n.pending) made += fmt::format("  {:<10} {:<18} {:<10} time runs out\n", "", "expire", "match");
  }
  return made;
}

std::string explain_dot(const automaton& of, const condition_text& text, std::string_view caption) {
  const teller tell(of, text);
  std::string made = fmt::format(
      "digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=circle];\n  match [shape=doublecircle];\n", escaped(of.name));
  if (!caption.empty()) made += fmt::format("  label=\"{}\";\n  labelloc=t;\n", escaped(caption));
  for (std::size_t id = 0; id < of.nodes.size(); ++id) {
    const node& n = of.nodes[id];
    made += fmt::format("  \"{}\";\n", tell.node_name(id));
    for (std::uint32_t i = n.edges_begin; i < n.edges_end; ++i) {
      const edge& e = of.edges[i];
      const std::string style = e.action == action::take   ? ""
                                : e.action == action::stop ? ", color=red"
                                                           : ", style=dashed";
      made += fmt::format("  \"{}\" -> \"{}\" [label=\"{}\\n{}{}\"{}];\n", tell.node_name(id),
                          e.action == action::stop ? "dies" : tell.node_name(e.target), escaped(tell.action_name(e)),
                          escaped(tell.condition(e.guard)), escaped(tell.remarks(e, id == 0)), style);
    }
    if (n.pending)
      made += fmt::format("  \"{}\" -> \"match\" [label=\"time runs out\", style=bold];\n", tell.node_name(id));
  }
  return made + "}\n";
}

}  // namespace millrace::cep
