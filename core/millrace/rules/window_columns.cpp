#include <millrace/rules/window_columns.hpp>

#include <millrace/expr/compile.hpp>
#include <millrace/rules/compile_parts.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::rules {
namespace {

using expr::syntax;
using expr::syntax_kind;
using expr::value_kind;

constexpr std::string_view known_aggregates =
    "count, sum, avg, min, max, first, last, var, stddev, distinct, approx_distinct, quantile, topk or decayed_sum";

constexpr std::string_view functions[]{"abs",   "ceil", "contains", "ends_with", "exp",         "floor", "log",
                                       "lower", "max",  "min",      "sqrt",      "starts_with", "upper"};

/// `min` and `max` of several values are functions and not aggregates.
std::optional<aggregate_kind> aggregate_at(const syntax& node) {
  if (node.kind != syntax_kind::call) return std::nullopt;
  const auto kind = aggregate_named(node.name);
  const bool compares = kind == aggregate_kind::least || kind == aggregate_kind::greatest;
  return compares && node.operands.size() > 1 ? std::nullopt : kind;
}

class column_compiler {
 public:
  column_compiler(const window_syntax& written, const source_text& source, const program& made, window_rule& into)
      : written_(written), source_(source), into_(into) {
    for (const auto& layout : made.layouts) layouts_.push_back(layout.get());
    event_ = layouts_[into.on];
  }

  void run() {
    std::vector<syntax> values;
    for (const select_syntax& item : written_.select) values.push_back(read_item(item));
    expr::scope scope{layouts_, {}, {}, {}, given()};
    for (std::size_t i = 0; i < values.size(); ++i) {
      window_column& column = into_.select[i];
      if (!column.list_of) column.value = compiled([&] { return expr::compile(values[i], scope); });
    }
  }

 private:
  template <class F>
  expr::program compiled(F&& compile) const {
    try {
      return compile();
    } catch (const expr::type_error& e) {
      throw rules_error(source_, e.where(), e.what());
    }
  }

  [[noreturn]] void refuse(const syntax& node, const std::string& found, const std::string& expected) const {
    throw rules_error(source_, node.where, "found " + found + ", expected " + expected);
  }

  /// A column that has its name, and the expression over given values that it shall print.
  syntax read_item(const select_syntax& item) {
    if (std::ranges::find(into_.select, item.name.text, &window_column::name) != into_.select.end())
      throw rules_error(source_, item.name.where,
                        "found a second '" + item.name.text + "' in select, expected a name of its own");
    window_column& column = into_.select.emplace_back();
    column.name = item.name.text;
    syntax value;
    value.kind = syntax_kind::name;
    value.name = item.name.text;
    value.where = item.name.where;
    if (item.value) value = *item.value;
    if (aggregate_at(value) == aggregate_kind::top)
      column.list_of = add(value, aggregate_kind::top);
    else
      replace(value);
    return value;
  }

  /// Each aggregate becomes the name of a given value.
  void replace(syntax& node) {
    if (const auto kind = aggregate_at(node)) {
      if (kind == aggregate_kind::top)
        refuse(node, "topk inside an expression", "it alone: NAME = topk(x, k) is a list of values");
      const std::size_t index = add(node, *kind);
      node.kind = syntax_kind::name;
      node.name = given_name(index);
      node.operands.clear();
      return;
    }
    if (node.kind == syntax_kind::name) return check_name(node);
    if (node.kind == syntax_kind::member)
      refuse(node, "'" + node.name + "." + node.member + "'", "an aggregate: windows have no stages");
    if (node.kind == syntax_kind::call && std::ranges::find(functions, node.name) == std::end(functions))
      refuse(node, "unknown function '" + node.name + "'",
             "an aggregate (" + std::string(known_aggregates) + ") or a function of their values (" +
                 listed(functions, [](std::string_view name) { return name; }) + ")");
    for (syntax& operand : node.operands) replace(operand);
  }

  /// No name in a rules file can be like it.
  static std::string given_name(std::size_t index) { return "\n" + std::to_string(index); }

  void check_name(const syntax& node) const {
    if (std::ranges::find(written_.by, node.name, &name_syntax::text) != written_.by.end()) return;
    std::string expected = "an aggregate (" + std::string(known_aggregates) + ")";
    if (event_->find(node.name)) expected = "an aggregate over it, like max(" + node.name + ")";
    if (!written_.by.empty())
      expected += " or one of the 'by' fields " + listed(written_.by, [](const name_syntax& n) { return n.text; });
    refuse(node, "'" + node.name + "'", expected);
  }

  // --- aggregates ---------------------------------------------------------------------------------------

  std::size_t add(const syntax& node, aggregate_kind kind) {
    if (into_.aggregates.size() == aggregate_count_max)
      refuse(node, "more than " + std::to_string(aggregate_count_max) + " aggregates in one window", "at most that");
    aggregate made;
    made.kind = kind;
    check_arguments(node, kind);
    if (!node.operands.empty()) made.over = argument(node, kind);
    if (kind == aggregate_kind::quantile) made.portion = portion(node.operands[1]);
    if (kind == aggregate_kind::top) made.most = most(node.operands[1]);
    if (kind == aggregate_kind::decayed_sum) made.half_life_ns = half_life(node.operands[1]);
    into_.aggregates.push_back(std::move(made));
    return into_.aggregates.size() - 1;
  }

  void check_arguments(const syntax& node, aggregate_kind kind) const {
    const std::size_t count = node.operands.size();
    const auto expect = [&](bool fits, const char* wanted) {
      if (!fits) refuse(node, std::to_string(count) + " arguments of '" + node.name + "'", wanted);
    };
    switch (kind) {
      case aggregate_kind::count: return expect(count <= 1, "count(), or count(x) for those that have a value");
      case aggregate_kind::quantile: return expect(count == 2, "quantile(x, q), q from 0 to 1");
      case aggregate_kind::top: return expect(count == 2, "topk(x, k)");
      case aggregate_kind::decayed_sum: return expect(count == 2, "decayed_sum(x, half_life)");
      default: return expect(count == 1, "1");
    }
  }

  void refuse_nested(const syntax& node) const {
    if (aggregate_at(node))
      refuse(node, node.name + "(…) inside an aggregate", "an expression over the fields of event " + event_->name());
    for (const syntax& operand : node.operands) refuse_nested(operand);
  }

  expr::program argument(const syntax& node, aggregate_kind kind) const {
    const syntax& over = node.operands[0];
    refuse_nested(over);
    expr::program made = compiled([&] { return expr::compile(over, {layouts_, {into_.on}, {}, {}}); });
    check_kind(over, node.name, kind, made.kind());
    return made;
  }

  void check_kind(const syntax& over, const std::string& name, aggregate_kind kind, value_kind of) const {
    const bool number = expr::is_number(of);
    const auto expect = [&](bool fits, const char* wanted) {
      if (!fits) refuse(over, name + " of a " + std::string(expr::name_of(of)), wanted);
    };
    switch (kind) {
      case aggregate_kind::sum:
      case aggregate_kind::average:
      case aggregate_kind::quantile: return expect(number || of == value_kind::duration, "a number or a duration");
      case aggregate_kind::variance:
      case aggregate_kind::deviation:
      case aggregate_kind::decayed_sum: return expect(number, "a number");
      case aggregate_kind::least:
      case aggregate_kind::greatest: return expect(of != value_kind::boolean, "a number, a time or a string");
      default: return;
    }
  }

  double portion(const syntax& node) const {
    const bool is_integer = node.kind == syntax_kind::integer;
    const double found = is_integer ? static_cast<double>(node.integer) : node.floating;
    if ((!is_integer && node.kind != syntax_kind::floating) || found > 1)
      refuse(node, "'" + text_of(node) + "'", "a number from 0 to 1, like 0.99");
    return found;
  }

  std::uint32_t most(const syntax& node) const {
    if (node.kind != syntax_kind::integer || node.integer < 1 || node.integer > top_count_max)
      refuse(node, "'" + text_of(node) + "'", "a number of values, 1 to " + std::to_string(top_count_max));
    return static_cast<std::uint32_t>(node.integer);
  }

  std::int64_t half_life(const syntax& node) const {
    if (node.kind != syntax_kind::duration || node.integer == 0)
      refuse(node, "'" + text_of(node) + "'", "a positive duration, like 10m");
    return static_cast<std::int64_t>(node.integer);
  }

  [[nodiscard]] std::string text_of(const syntax& node) const {
    return source_.text.substr(node.where.begin, node.where.end - node.where.begin);
  }

  // --- what columns read --------------------------------------------------------------------------------

  [[nodiscard]] std::vector<expr::given_value> given() const {
    std::vector<expr::given_value> made;
    for (std::size_t i = 0; i < into_.aggregates.size(); ++i) {
      const aggregate& each = into_.aggregates[i];
      made.push_back({given_name(i), each.result(), each.over ? each.over->result_bytes_max() : 0});
    }
    for (const name_syntax& name : written_.by) {
      const field& f = event_->fields()[*event_->find(name.text)];
      made.push_back({name.text, expr::kind_of(f.type), f.capacity});
    }
    return made;
  }

  const window_syntax& written_;
  const source_text& source_;
  window_rule& into_;
  std::vector<const event_layout*> layouts_;
  const event_layout* event_;
};

}  // namespace

void compile_columns(const window_syntax& window, const source_text& source, const program& made, window_rule& into) {
  column_compiler(window, source, made, into).run();
}

}  // namespace millrace::rules
