#include "comparable.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace millrace::fuzz {
namespace {

using expr::syntax;
using kind = expr::syntax_kind;

constexpr std::size_t record_count_max = 16;
constexpr std::size_t node_count_max = 60;
constexpr std::size_t syntax_count_max = 64;
constexpr std::uint64_t literal_max = 10'000;
constexpr std::int64_t time_ns_max = 10'000'000'000'000;
constexpr double price_max = 1e9;

bool is_small(const oracle::record& r) {
  return std::ranges::all_of(r.fields, [](const auto& field) {
    if (const auto* integer = std::get_if<std::int64_t>(&field.second))
      return *integer <= time_ns_max && *integer >= -time_ns_max;
    if (const auto* floating = std::get_if<double>(&field.second)) return std::abs(*floating) <= price_max;
    return true;
  });
}

/// Counts what could overflow; the oracle's integers do not say when they do.
struct measured {
  std::size_t nodes = 0;
  std::size_t products = 0;
  bool known = true;
};

void measure(const syntax& e, measured& into) {
  static const std::set<std::string> functions{"count", "abs", "sum", "distinct", "first", "last", "avg", "min", "max"};
  ++into.nodes;
  switch (e.kind) {
    case kind::integer: into.known = into.known && e.integer <= literal_max; break;
    case kind::duration: into.known = into.known && e.integer <= static_cast<std::uint64_t>(time_ns_max); break;
    case kind::floating: into.known = into.known && std::abs(e.floating) <= price_max; break;
    case kind::call: into.known = into.known && functions.contains(e.name) && e.operands.size() == 1; break;
    case kind::multiply: into.products += e.operands.size() - 1; break;
    case kind::divide:
    case kind::modulo: into.known = false; break;  // by zero they make the whole condition false
    default: break;
  }
  for (const syntax& operand : e.operands) measure(operand, into);
}

bool is_plain(const syntax& condition) {
  measured made;
  measure(condition, made);
  return made.known && made.nodes <= syntax_count_max && made.products <= 1;
}

std::size_t node_count(const std::vector<cep::stage>& stages) {
  std::size_t made = 0;
  for (const cep::stage& s : stages) {
    const std::size_t inside = s.members.empty() ? 1 : node_count(s.members);
    made += inside * std::max<std::size_t>(s.quantifier.least, s.quantifier.unbounded ? 1 : s.quantifier.most);
    if (made > node_count_max) break;
  }
  return made;
}

template <class Test>
bool any_stage(const std::vector<cep::stage>& stages, Test test) {
  return std::ranges::any_of(stages, [&](const cep::stage& s) { return test(s) || any_stage(s.members, test); });
}

bool is_plain(const cep::pattern& pattern) {
  const auto& stages = pattern.stages;
  if (node_count(stages) > node_count_max || pattern.within_ns > time_ns_max) return false;
  // The oracle draws greedy loops of single stages only.
  if (any_stage(stages, [](const cep::stage& s) { return s.is_group() && s.quantifier.greedy; })) return false;
  if (any_stage(stages, [](const cep::stage& s) { return s.gap_ns.value_or(0) > time_ns_max; })) return false;
  // When a run is over that could go on only by events that nothing can be is left open, and of no use.
  const bool gaps = any_stage(stages, [](const cep::stage& s) { return s.gap_ns.has_value(); });
  const bool open =
      any_stage(stages, [](const cep::stage& s) { return s.members.empty() && s.condition == cep::no_condition; });
  return !gaps || !open;
}

}  // namespace

bool is_known(const event_layout& layout) {
  return std::ranges::all_of(layout.fields(), [](const field& f) {
    return f.type == field_type::timestamp || f.type == field_type::i64 || f.type == field_type::f64 ||
           f.type == field_type::string;
  });
}

bool is_comparable(const rules::program& rules, const oracle::described& what,
                   const std::vector<oracle::record>& records) {
  if (rules.patterns.size() != 1 || rules.time != rules::time_mode::arrival || !rules.groups[0].fields.empty())
    return false;
  if (!is_plain(what.pattern)) return false;
  if (!std::ranges::all_of(what.conditions, [](const syntax& c) { return is_plain(c); })) return false;
  return records.size() <= record_count_max && std::ranges::all_of(records, is_small);
}

}  // namespace millrace::fuzz
