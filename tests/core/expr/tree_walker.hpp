#pragma once

#include "trade.hpp"

#include <cmath>
#include <set>

namespace millrace::expr {

/// The slow and obvious way to evaluate an expression: walks the tree over records of plain values.
class tree_walker {
 public:
  struct fault {};
  using answer = std::optional<cell>;  ///< none: no value

  tree_walker(const record& now, const std::vector<std::pair<std::uint16_t, record>>& before)
      : now_(now), before_(before) {}

  answer walk(const syntax& node) const {
    switch (node.kind) {
      case syntax_kind::integer:
      case syntax_kind::duration: return cell(static_cast<wide>(node.integer));
      case syntax_kind::floating: return cell(node.floating);
      case syntax_kind::text: return cell(node.name);
      case syntax_kind::boolean: return cell(node.integer != 0);
      case syntax_kind::name: return now_.at(node.name);
      case syntax_kind::member: return last(cells(node));
      case syntax_kind::call: return call(node);
      case syntax_kind::negate: return negated(walk(node.operands[0]));
      case syntax_kind::logical_not: {
        const answer a = walk(node.operands[0]);
        return a ? answer(cell(!std::get<bool>(*a))) : a;
      }
      case syntax_kind::logical_and: return joined(node, false);
      case syntax_kind::logical_or: return joined(node, true);
      case syntax_kind::in_list: return cell(in_list(node));
      case syntax_kind::not_in_list: return cell(!in_list(node));
      case syntax_kind::in_stage: return cell(in_stage(node));
      case syntax_kind::not_in_stage: return cell(!in_stage(node));
      default: break;
    }
    const answer a = walk(node.operands[0]);
    const answer b = walk(node.operands[1]);
    if (node.kind >= syntax_kind::equal && node.kind <= syntax_kind::greater_equal)
      return cell(a && b && compare(node.kind, *a, *b));
    if (!a || !b) return std::nullopt;
    return arithmetic(node.kind, *a, *b);
  }

 private:
  static double number(const cell& c) {
    return std::holds_alternative<double>(c) ? std::get<double>(c) : static_cast<double>(std::get<wide>(c));
  }
  static cell bounded(wide v) {
    if (v < integer_min || v > integer_max) throw fault{};
    return v;
  }

  static answer negated(const answer& a) {
    if (!a) return a;
    if (std::holds_alternative<double>(*a)) return cell(-std::get<double>(*a));
    return bounded(-std::get<wide>(*a));
  }

  answer joined(const syntax& node, bool leaves_when) const {
    answer a;
    for (const syntax& operand : node.operands) {
      a = walk(operand);
      if ((a && std::get<bool>(*a)) == leaves_when) return a;
    }
    return a;
  }

  static bool compare(syntax_kind how, const cell& a, const cell& b) {
    const auto by = [how](const auto& x, const auto& y) {
      switch (how) {
        case syntax_kind::equal: return x == y;
        case syntax_kind::not_equal: return x != y;
        case syntax_kind::less: return x < y;
        case syntax_kind::less_equal: return x <= y;
        case syntax_kind::greater: return x > y;
        default: return x >= y;
      }
    };
    if (a.index() != b.index()) return by(number(a), number(b));
    return std::visit([&]<class T>(const T& x) { return by(x, std::get<T>(b)); }, a);
  }

  static answer arithmetic(syntax_kind sign, const cell& a, const cell& b) {
    const bool whole = std::holds_alternative<wide>(a) && std::holds_alternative<wide>(b);
    if (sign == syntax_kind::divide) {
      if (number(b) == 0) throw fault{};
      return cell(number(a) / number(b));
    }
    if (sign == syntax_kind::modulo && std::get<wide>(b) == 0) throw fault{};
    if (!whole) {
      const double x = number(a);
      const double y = number(b);
      return cell(sign == syntax_kind::add ? x + y : sign == syntax_kind::subtract ? x - y : x * y);
    }
    const wide x = std::get<wide>(a);
    const wide y = std::get<wide>(b);
    if (sign == syntax_kind::modulo) return bounded(x % y);
    if (sign == syntax_kind::multiply) {
      wide product;
      if (__builtin_mul_overflow(x, y, &product)) throw fault{};
      return bounded(product);
    }
    return bounded(sign == syntax_kind::add ? x + y : x - y);
  }

  bool in_list(const syntax& node) const {
    const answer a = walk(node.operands[0]);
    for (std::size_t i = 1; i < node.operands.size(); ++i) {
      const answer b = walk(node.operands[i]);
      if (a && b && compare(syntax_kind::equal, *a, *b)) return true;
    }
    return false;
  }

  bool in_stage(const syntax& node) const {
    const answer a = walk(node.operands[0]);
    for (const cell& each : cells(node.operands[1]))
      if (a && compare(syntax_kind::equal, *a, each)) return true;
    return false;
  }

  static std::uint16_t stage(const std::string& name) { return name == "a" ? 0 : name == "b" ? 1 : 2; }

  std::vector<cell> cells(const syntax& member) const {
    std::vector<cell> made;
    for (const auto& [of, cells] : before_)
      if (of == stage(member.name)) made.push_back(cells.at(member.member));
    return made;
  }
  static answer last(const std::vector<cell>& of) { return of.empty() ? answer{} : answer(of.back()); }

  answer call(const syntax& node) const {
    const std::string& name = node.name;
    const syntax& first = node.operands[0];
    if (name == "count")
      return cell(
          static_cast<wide>(std::ranges::count(before_, stage(first.name), &std::pair<std::uint16_t, record>::first)));
    if (first.kind == syntax_kind::member && node.operands.size() == 1 &&
        (name == "sum" || name == "avg" || name == "min" || name == "max" || name == "distinct" || name == "first" ||
         name == "last"))
      return aggregate(name, first.member, cells(first));
    std::vector<cell> arguments;
    bool all = true;
    for (const syntax& operand : node.operands) {
      const answer a = walk(operand);
      all = all && a;
      if (a) arguments.push_back(*a);
    }
    if (!all) return name == "contains" || name.ends_with("_with") ? answer(cell(false)) : answer{};
    return name == "min" || name == "max" ? extremum(name, arguments) : function(name, arguments);
  }

  static answer extremum(const std::string& name, const std::vector<cell>& of) {
    cell best = of[0];
    for (std::size_t i = 1; i < of.size(); ++i) {
      if (best.index() != of[i].index()) best = number(best);
      const cell other = best.index() == of[i].index() ? of[i] : cell(number(of[i]));
      if (name == "min" ? other < best : best < other) best = other;
    }
    return best;
  }

  static answer aggregate(const std::string& name, const std::string& member, const std::vector<cell>& of) {
    if (name == "distinct") return cell(static_cast<wide>(std::set<cell>(of.begin(), of.end()).size()));
    const bool floating = member == "f32" || member == "f64";
    double sum = 0;
    wide whole = 0;
    for (const cell& c : of)
      if (name == "sum" || name == "avg") (floating ? sum += std::get<double>(c), 0 : (whole += std::get<wide>(c), 0));
    if (name == "sum") return floating ? cell(sum) : bounded(whole);
    if (of.empty()) return std::nullopt;
    if (name == "first") return of.front();
    if (name == "last") return of.back();
    if (name == "min") return *std::ranges::min_element(of);
    if (name == "max") return *std::ranges::max_element(of);
    if (member == "wait") return bounded(whole / static_cast<wide>(of.size()));
    return cell((floating ? sum : static_cast<double>(whole)) / static_cast<double>(of.size()));
  }

  static answer function(const std::string& name, const std::vector<cell>& of) {
    if (std::holds_alternative<std::string>(of[0])) return text_function(name, std::get<std::string>(of[0]), of);
    const bool whole = std::holds_alternative<wide>(of[0]);
    if (name == "abs")
      return whole ? bounded(std::get<wide>(of[0]) < 0 ? -std::get<wide>(of[0]) : std::get<wide>(of[0]))
                   : cell(std::fabs(std::get<double>(of[0])));
    const double x = number(of[0]);
    if (name == "sqrt") return cell(std::sqrt(x));
    if (name == "exp") return cell(std::exp(x));
    if (name == "log") return cell(std::log(x));
    return whole ? of[0] : cell(name == "floor" ? std::floor(x) : std::ceil(x));
  }

  static answer text_function(const std::string& name, std::string text, const std::vector<cell>& of) {
    if (name == "lower" || name == "upper") {
      for (char& c : text) c = static_cast<char>(name == "lower" ? std::tolower(c) : std::toupper(c));
      return cell(text);
    }
    const std::string& part = std::get<std::string>(of[1]);
    if (name == "contains") return cell(text.find(part) != std::string::npos);
    if (part.size() > text.size()) return cell(false);
    return cell(text.substr(name == "starts_with" ? 0 : text.size() - part.size(), part.size()) == part);
  }

  const record& now_;
  const std::vector<std::pair<std::uint16_t, record>>& before_;
};

}  // namespace millrace::expr
