// Calls: aggregates over a stage, functions of numbers and of text. Part of code_writer.

#include <millrace/expr/code_writer.hpp>

#include <algorithm>
#include <array>

namespace millrace::expr {
namespace {

struct number_function {
  std::string_view name;
  opcode on_integer;
  opcode on_floating;
  bool gives_floating;
};
constexpr std::array<number_function, 6> number_functions{
    {{"abs", opcode::absolute_integer, opcode::absolute_floating, false},
     {"floor", opcode::floor, opcode::floor, false},
     {"ceil", opcode::ceiling, opcode::ceiling, false},
     {"sqrt", opcode::square_root, opcode::square_root, true},
     {"exp", opcode::exponential, opcode::exponential, true},
     {"log", opcode::logarithm, opcode::logarithm, true}}};

constexpr std::string_view known_functions =
    "abs, avg, ceil, contains, count, distinct, ends_with, exp, first, floor, last, log, lower, max, min, sqrt, "
    "starts_with, sum or upper";

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

void code_writer::expect_arguments(const syntax& node, std::size_t least, std::size_t most) const {
  const std::size_t count = node.operands.size();
  if (count >= least && count <= most) return;
  const std::string wanted = least == most ? std::to_string(least) : "at least " + std::to_string(least);
  refuse(node, std::to_string(count) + " arguments of '" + node.name + "'", wanted);
}

value_kind code_writer::emit_call(const syntax& node, std::uint8_t d) {
  const std::string& name = node.name;
  if (name == "count") return emit_count(node, d);
  if (is_one_of(name, {"sum", "avg", "distinct", "first", "last"})) return emit_aggregate(node, d);
  if (is_one_of(name, {"min", "max"}))
    return node.operands.size() == 1 ? emit_aggregate(node, d) : emit_extremum(node, d);
  if (is_one_of(name, {"lower", "upper", "starts_with", "ends_with", "contains"})) return emit_text_function(node, d);
  if (std::ranges::find(number_functions, name, &number_function::name) != number_functions.end())
    return emit_number_function(node, d);
  refuse(node, "unknown function '" + name + "'", std::string(known_functions));
}

value_kind code_writer::emit_count(const syntax& node, std::uint8_t d) {
  expect_arguments(node, 1, 1);
  if (node.operands[0].kind != syntax_kind::name)
    refuse(node.operands[0], "an expression", "the name of a stage in count(…)");
  const stage_scope& stage = stage_named(node.operands[0], node.operands[0].name);
  made_.reads_history_ = true;
  put(opcode::count_stage, d).stage = stage.id;
  return value_kind::integer;
}

value_kind code_writer::emit_aggregate(const syntax& node, std::uint8_t d) {
  expect_arguments(node, 1, 1);
  const syntax& over = node.operands[0];
  if (over.kind != syntax_kind::member) refuse(over, "an expression", "STAGE.FIELD in " + node.name + "(…)");
  if (node.name == "first") return emit_member(over, d, opcode::load_first);
  if (node.name == "last") return emit_member(over, d, opcode::load_last);
  const stage_scope& stage = stage_named(over, over.name);
  const auto field = reference(over, over.member, stage.types, " of stage '" + stage.name + "'");
  const bool orders = field.kind != value_kind::text && field.kind != value_kind::boolean;
  const bool adds = orders && field.kind != value_kind::timestamp;
  opcode op = opcode::count_distinct;
  value_kind kind = value_kind::integer;
  if (node.name == "sum") {
    op = field.kind == value_kind::floating ? opcode::sum_floating : opcode::sum_integer;
    kind = field.kind;
  } else if (node.name == "avg") {
    op = opcode::average;
    kind = field.kind == value_kind::duration ? value_kind::duration : value_kind::floating;
  } else if (node.name != "distinct") {
    op = node.name == "min" ? opcode::minimum : opcode::maximum;
    kind = field.kind;
  }
  const bool fits = op == opcode::count_distinct || (op == opcode::minimum || op == opcode::maximum ? orders : adds);
  if (!fits) refuse(over, node.name + " of a " + std::string(name_of(field.kind)), "a number");
  made_.reads_history_ = true;
  auto& code = put(op, d);
  code.stage = stage.id;
  code.x = field.access;
  code.y = static_cast<std::uint32_t>(field.kind);
  return kind;
}

value_kind code_writer::emit_number_function(const syntax& node, std::uint8_t d) {
  expect_arguments(node, 1, 1);
  const auto& function = *std::ranges::find(number_functions, node.name, &number_function::name);
  const value_kind kind = emit(node.operands[0], d);
  const bool whole = kind == value_kind::integer || (kind == value_kind::duration && node.name == "abs");
  if (!whole && kind != value_kind::floating)
    refuse(node.operands[0], std::string(name_of(kind)), "a number in " + node.name + "(…)");
  if (function.gives_floating) {
    make_floating(kind, d);
    put(function.on_floating, d, d);
    return value_kind::floating;
  }
  if (!whole) {
    put(function.on_floating, d, d);
  } else if (function.on_integer != function.on_floating) {
    put(function.on_integer, d, d);
  }  // floor and ceil of an integer are the integer
  return kind;
}

value_kind code_writer::emit_extremum(const syntax& node, std::uint8_t d) {
  expect_arguments(node, 2, 1'000);
  value_kind kind = emit(node.operands[0], d);
  for (std::size_t i = 1; i < node.operands.size(); ++i) {
    const std::uint8_t b = next(d, node);
    const value_kind right = emit(node.operands[i], b);
    const bool numbers = (kind == value_kind::integer || kind == value_kind::floating) &&
                         (right == value_kind::integer || right == value_kind::floating);
    if (!numbers && !(kind == right && (kind == value_kind::duration || kind == value_kind::timestamp)))
      refuse(node, std::string(name_of(kind)) + " and " + std::string(name_of(right)) + " in " + node.name + "(…)",
             "numbers");
    const bool floating = kind == value_kind::floating || right == value_kind::floating;
    if (floating) {
      make_floating(kind, d);
      make_floating(right, b);
      kind = value_kind::floating;
    }
    const bool least = node.name == "min";
    put(floating ? (least ? opcode::minimum_floating : opcode::maximum_floating)
                 : (least ? opcode::minimum_integer : opcode::maximum_integer),
        d, d, b);
  }
  return kind;
}

value_kind code_writer::emit_text_function(const syntax& node, std::uint8_t d) {
  const bool changes_case = node.name == "lower" || node.name == "upper";
  expect_arguments(node, changes_case ? 1 : 2, changes_case ? 1 : 2);
  const auto emit_text = [&](const syntax& argument, std::uint8_t into) {
    const value_kind kind = emit(argument, into);
    if (kind != value_kind::text) refuse(argument, std::string(name_of(kind)), "a string in " + node.name + "(…)");
  };
  emit_text(node.operands[0], d);
  if (changes_case) {
    put(node.name == "lower" ? opcode::lower : opcode::upper, d, d).x = static_cast<std::uint32_t>(made_.text_slots_++);
    for (const auto& access : made_.accesses_)
      made_.text_bytes_ = std::max<std::size_t>(made_.text_bytes_, access.capacity);
    for (const auto& text : made_.texts_) made_.text_bytes_ = std::max(made_.text_bytes_, text->size());
    return value_kind::text;
  }
  const std::uint8_t b = next(d, node);
  emit_text(node.operands[1], b);
  put(node.name == "starts_with" ? opcode::starts_with
      : node.name == "ends_with" ? opcode::ends_with
                                 : opcode::contains,
      d, d, b);
  return value_kind::boolean;
}

}  // namespace millrace::expr
