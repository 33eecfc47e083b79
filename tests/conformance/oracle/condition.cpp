#include "condition.hpp"

#include <algorithm>
#include <stdexcept>

namespace millrace::oracle {
namespace {

using expr::syntax;
using kind = expr::syntax_kind;

bool present(const value& v) { return !std::holds_alternative<std::monostate>(v); }
bool is_number(const value& v) { return std::holds_alternative<std::int64_t>(v) || std::holds_alternative<double>(v); }
bool is_integer(const value& v) { return std::holds_alternative<std::int64_t>(v); }
double number(const value& v) {
  return is_integer(v) ? static_cast<double>(std::get<std::int64_t>(v)) : std::get<double>(v);
}

template <class Compare>
bool compared(const value& a, const value& b, Compare compare) {
  if (!present(a) || !present(b)) return false;
  if (is_number(a) && is_number(b) && a.index() != b.index()) return compare(number(a), number(b));
  if (a.index() != b.index()) throw std::runtime_error("the oracle compares different types");
  return compare(a, b);
}

bool equal(const value& a, const value& b) {
  return compared(a, b, [](const auto& x, const auto& y) { return x == y; });
}

/// The values that a stage's events have in a field, in the order of taking.
std::vector<value> values_of(const std::string& stage, const std::string& field, const view& from) {
  std::vector<value> made;
  for (const taken_record& taken : from.taken)
    if (taken.stage == stage) made.push_back(from.records[taken.index].fields.at(field));
  return made;
}

std::int64_t count_of(const std::string& stage, const view& from) {
  std::int64_t made = 0;
  for (const taken_record& taken : from.taken) made += taken.stage == stage ? 1 : 0;
  return made;
}

double sum_of(const std::vector<value>& values) {
  double made = 0;
  for (const value& v : values) made += number(v);
  return made;
}

value sum(const std::vector<value>& values) {
  for (const value& v : values)
    if (!is_integer(v)) return sum_of(values);
  return static_cast<std::int64_t>(sum_of(values));  // of nothing too: 0
}

value extreme(const std::vector<value>& values, bool least) {
  value best;
  for (const value& v : values)
    if (!present(best) || (least ? number(v) < number(best) : number(v) > number(best))) best = v;
  return best;
}

std::int64_t distinct(const std::vector<value>& values) {
  std::int64_t made = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    bool seen = false;
    for (std::size_t k = 0; k < i; ++k) seen = seen || equal(values[i], values[k]);
    made += seen ? 0 : 1;
  }
  return made;
}

value call(const syntax& e, const view& from) {
  const syntax& of = e.operands.at(0);
  if (e.name == "count") return count_of(of.name, from);
  if (e.name == "abs") {
    const value v = evaluate(of, from);
    if (!present(v)) return v;
    return is_integer(v) ? value(std::abs(std::get<std::int64_t>(v))) : value(std::abs(number(v)));
  }
  if (of.kind != kind::member || e.operands.size() != 1) throw std::runtime_error("the oracle does not know " + e.name);
  const std::vector<value> values = values_of(of.name, of.member, from);
  if (e.name == "sum") return sum(values);
  if (e.name == "distinct") return distinct(values);
  if (values.empty()) return {};
  if (e.name == "first") return values.front();
  if (e.name == "last") return values.back();
  if (e.name == "avg") return sum_of(values) / static_cast<double>(values.size());
  if (e.name == "min") return extreme(values, true);
  if (e.name == "max") return extreme(values, false);
  throw std::runtime_error("the oracle does not know " + e.name);
}

value arithmetic(kind what, const value& a, const value& b) {
  if (!present(a) || !present(b)) return {};
  if (what == kind::divide) return number(b) == 0 ? value() : value(number(a) / number(b));
  if (is_integer(a) && is_integer(b)) {
    const auto x = std::get<std::int64_t>(a);
    const auto y = std::get<std::int64_t>(b);
    if (what == kind::add) return x + y;
    if (what == kind::subtract) return x - y;
    if (what == kind::multiply) return x * y;
    return y == 0 ? value() : value(x % y);
  }
  if (what == kind::add) return number(a) + number(b);
  if (what == kind::subtract) return number(a) - number(b);
  if (what == kind::multiply) return number(a) * number(b);
  throw std::runtime_error("the oracle takes % of integers only");
}

value chained(const syntax& e, const view& from) {
  value made = evaluate(e.operands.at(0), from);
  for (std::size_t i = 1; i < e.operands.size(); ++i) made = arithmetic(e.kind, made, evaluate(e.operands[i], from));
  return made;
}

bool in_list(const syntax& e, const view& from) {
  const value wanted = evaluate(e.operands.at(0), from);
  for (std::size_t i = 1; i < e.operands.size(); ++i)
    if (equal(wanted, evaluate(e.operands[i], from))) return true;
  return false;
}

bool in_stage(const syntax& e, const view& from) {
  const value wanted = evaluate(e.operands.at(0), from);
  const syntax& stage = e.operands.at(1);
  for (const value& v : values_of(stage.name, stage.member, from))
    if (equal(wanted, v)) return true;
  return false;
}

value comparison(const syntax& e, const view& from) {
  const value a = evaluate(e.operands.at(0), from);
  const value b = evaluate(e.operands.at(1), from);
  switch (e.kind) {
    case kind::equal: return equal(a, b);
    case kind::not_equal: return compared(a, b, [](const auto& x, const auto& y) { return x != y; });
    case kind::less: return compared(a, b, [](const auto& x, const auto& y) { return x < y; });
    case kind::less_equal: return compared(a, b, [](const auto& x, const auto& y) { return x <= y; });
    case kind::greater: return compared(a, b, [](const auto& x, const auto& y) { return x > y; });
    default: return compared(a, b, [](const auto& x, const auto& y) { return x >= y; });
  }
}

value negated(const value& v) {
  if (!present(v)) return v;
  return is_integer(v) ? value(-std::get<std::int64_t>(v)) : value(-number(v));
}

}  // namespace

value evaluate(const syntax& e, const view& from) {
  switch (e.kind) {
    case kind::integer:
    case kind::duration: return static_cast<std::int64_t>(e.integer);
    case kind::floating: return e.floating;
    case kind::text: return e.name;
    case kind::boolean: return e.integer != 0;
    case kind::name: return from.records[from.current].fields.at(e.name);
    case kind::member: {
      const std::vector<value> values = values_of(e.name, e.member, from);
      return values.empty() ? value() : values.back();
    }
    case kind::call: return call(e, from);
    case kind::negate: return negated(evaluate(e.operands.at(0), from));
    case kind::logical_not: return !holds(e.operands.at(0), from);
    case kind::logical_and:
      return std::ranges::all_of(e.operands, [&](const syntax& each) { return holds(each, from); });
    case kind::logical_or:
      return std::ranges::any_of(e.operands, [&](const syntax& each) { return holds(each, from); });
    case kind::in_list: return in_list(e, from);
    case kind::not_in_list: return !in_list(e, from);
    case kind::in_stage: return in_stage(e, from);
    case kind::not_in_stage: return !in_stage(e, from);
    case kind::add:
    case kind::subtract:
    case kind::multiply:
    case kind::divide:
    case kind::modulo: return chained(e, from);
    default: return comparison(e, from);
  }
}

bool holds(const syntax& condition, const view& from) {
  const value v = evaluate(condition, from);
  return std::holds_alternative<bool>(v) && std::get<bool>(v);
}

}  // namespace millrace::oracle
