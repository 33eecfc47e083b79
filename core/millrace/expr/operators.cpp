// Operators: logic, comparison, arithmetic, membership. Part of code_writer.

#include <millrace/expr/code_writer.hpp>

#include <millrace/base/fixed_string.hpp>

#include <utility>

namespace millrace::expr {
namespace {

relation relation_of(syntax_kind kind) noexcept {
  return static_cast<relation>(static_cast<int>(kind) - static_cast<int>(syntax_kind::equal));
}

relation mirrored(relation how) noexcept {
  switch (how) {
    case relation::less: return relation::greater;
    case relation::less_equal: return relation::greater_equal;
    case relation::greater: return relation::less;
    case relation::greater_equal: return relation::less_equal;
    default: return how;
  }
}

}  // namespace

void code_writer::make_floating(value_kind kind, std::uint8_t d) {
  if (kind == value_kind::integer) put(opcode::to_floating, d, d);
}

value_kind code_writer::emit_negate(const syntax& node, std::uint8_t d) {
  const value_kind kind = emit(node.operands[0], d);
  if (kind == value_kind::floating) {
    put(opcode::negate_floating, d, d);
  } else if (kind == value_kind::integer || kind == value_kind::duration) {
    put(opcode::negate_integer, d, d);
  } else {
    refuse(node.operands[0], std::string(name_of(kind)), "a number behind '-'");
  }
  return kind;
}

value_kind code_writer::emit_logical(const syntax& node, std::uint8_t d) {
  const opcode leave = node.kind == syntax_kind::logical_and ? opcode::jump_if_false : opcode::jump_if_true;
  std::vector<std::size_t> exits;
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    emit_condition(node.operands[i], d);
    if (i + 1 == node.operands.size()) break;
    exits.push_back(made_.code_.size());
    put(leave, d, d);
  }
  for (const std::size_t at : exits) made_.code_[at].x = static_cast<std::uint32_t>(made_.code_.size());
  return value_kind::boolean;
}

void code_writer::compare(const syntax& node, value_kind left, value_kind right, relation how, std::uint8_t d,
                          std::uint8_t a, std::uint8_t b) {
  opcode op = opcode::compare_integer;
  if (is_number(left) && is_number(right)) {
    if (left != right) {
      make_floating(left, a);
      make_floating(right, b);
    }
    if (left == value_kind::floating || right == value_kind::floating) op = opcode::compare_floating;
  } else if (left != right) {
    refuse(node, std::string(name_of(left)) + " " + std::string(sign_of(node.kind)) + " " + std::string(name_of(right)),
           "two values of one type");
  } else if (left == value_kind::text) {
    op = opcode::compare_text;
  } else if (left == value_kind::boolean) {
    if (how != relation::equal && how != relation::not_equal)
      refuse(node, "bool " + std::string(sign_of(node.kind)) + " bool", "== or != between truth values");
    op = opcode::compare_boolean;
  }
  put(op, d, a, b).compare = how;
}

/// The field of the one event type that there is, where it always has a value.
const field* code_writer::field_at_hand(const syntax& name) const {
  if (name.kind != syntax_kind::name || names_.current.size() != 1) return nullptr;
  const auto& of = *names_.layouts[names_.current[0]];
  const auto index = of.find(name.name);
  if (!index || of.fields()[*index].nullable) return nullptr;
  return &of.fields()[*index];
}

void code_writer::put_field_comparison(opcode op, const field& of, relation how, std::uint32_t y, std::uint8_t d) {
  auto& code = put(op, d, static_cast<std::uint8_t>(of.type));
  code.compare = how;
  code.x = of.offset;
  code.y = y;
}

bool code_writer::try_emit_truth(const syntax& node, bool wanted, std::uint8_t d) {
  const field* const f = field_at_hand(node);
  if (f == nullptr || f->type != field_type::boolean) return false;
  put_field_comparison(opcode::field_compare_integer, *f, relation::equal, constant(value::of_integer(wanted ? 1 : 0)),
                       d);
  return true;
}

bool code_writer::try_emit_field_comparison(const syntax& node, std::uint8_t d) {
  const syntax* name = &node.operands[0];
  const syntax* literal = &node.operands[1];
  relation how = relation_of(node.kind);
  if (name->kind != syntax_kind::name) {
    std::swap(name, literal);
    how = mirrored(how);
  }
  const field* const f = field_at_hand(*name);
  if (f == nullptr) return false;
  const value_kind kind = kind_of(f->type);
  const bool equality = how == relation::equal || how == relation::not_equal;
  opcode op;
  std::uint32_t y;
  if (kind == value_kind::text && literal->kind == syntax_kind::text && literal->name.size() <= string_capacity_max &&
      equality) {
    op = opcode::field_compare_text;
    y = literal_words(literal->name);
  } else if (kind == value_kind::integer && literal->kind == syntax_kind::integer && literal->integer <= INT64_MAX) {
    op = opcode::field_compare_integer;
    y = constant(value::of_integer(static_cast<wide>(literal->integer)));
  } else if (kind == value_kind::floating &&
             (literal->kind == syntax_kind::floating || literal->kind == syntax_kind::integer)) {
    op = opcode::field_compare_floating;
    y = constant(value::of_floating(literal->kind == syntax_kind::floating ? literal->floating
                                                                           : static_cast<double>(literal->integer)));
  } else if (kind == value_kind::boolean && literal->kind == syntax_kind::boolean && equality) {
    return try_emit_truth(*name, (literal->integer != 0) == (how == relation::equal), d);
  } else {
    return false;
  }
  put_field_comparison(op, *f, how, y, d);
  return true;
}

value_kind code_writer::emit_comparison(const syntax& node, std::uint8_t d) {
  if (try_emit_field_comparison(node, d)) return value_kind::boolean;
  const value_kind left = emit(node.operands[0], d);
  const std::uint8_t b = next(d, node);
  const value_kind right = emit(node.operands[1], b);
  compare(node, left, right, relation_of(node.kind), d, d, b);
  return value_kind::boolean;
}

value_kind code_writer::emit_integer_arithmetic(const syntax& node, value_kind result, std::uint8_t d) {
  const opcode op = node.kind == syntax_kind::add        ? opcode::add_integer
                    : node.kind == syntax_kind::subtract ? opcode::subtract_integer
                    : node.kind == syntax_kind::multiply ? opcode::multiply_integer
                                                         : opcode::modulo_integer;
  put(op, d, d, static_cast<std::uint8_t>(d + 1));
  return result;
}

value_kind code_writer::emit_arithmetic(const syntax& node, std::uint8_t d) {
  using enum value_kind;
  const value_kind left = emit(node.operands[0], d);
  const std::uint8_t b = next(d, node);
  const value_kind right = emit(node.operands[1], b);
  const syntax_kind sign = node.kind;
  if (is_number(left) && is_number(right)) {
    if (sign == syntax_kind::modulo && (left != integer || right != integer))
      refuse(node, std::string(name_of(left)) + " % " + std::string(name_of(right)), "integers on both sides of '%'");
    if (left == integer && right == integer && sign != syntax_kind::divide)
      return emit_integer_arithmetic(node, integer, d);
    make_floating(left, d);
    make_floating(right, b);
    const opcode op = sign == syntax_kind::add        ? opcode::add_floating
                      : sign == syntax_kind::subtract ? opcode::subtract_floating
                      : sign == syntax_kind::multiply ? opcode::multiply_floating
                                                      : opcode::divide_floating;
    put(op, d, d, b);
    return floating;
  }
  if (left == timestamp && right == timestamp && sign == syntax_kind::subtract)
    return emit_integer_arithmetic(node, duration, d);
  if (left == timestamp && right == duration && (sign == syntax_kind::add || sign == syntax_kind::subtract))
    return emit_integer_arithmetic(node, timestamp, d);
  if (left == duration && right == duration) {
    if (sign == syntax_kind::add || sign == syntax_kind::subtract) return emit_integer_arithmetic(node, duration, d);
    if (sign == syntax_kind::divide) {
      make_floating(integer, d);
      make_floating(integer, b);
      put(opcode::divide_floating, d, d, b);
      return floating;
    }
  }
  if (sign == syntax_kind::multiply &&
      ((left == duration && right == integer) || (left == integer && right == duration)))
    return emit_integer_arithmetic(node, duration, d);
  refuse(node, std::string(name_of(left)) + " " + std::string(sign_of(sign)) + " " + std::string(name_of(right)),
         "numbers, or times and durations that can be combined so");
}

value_kind code_writer::emit_in_list(const syntax& node, std::uint8_t d) {
  const std::uint8_t a = next(d, node);
  const std::uint8_t b = next(a, node);
  const value_kind left = emit(node.operands[0], a);
  std::vector<std::size_t> exits;
  for (std::size_t i = 1; i < node.operands.size(); ++i) {
    const value_kind right = emit(node.operands[i], b);
    if (left == value_kind::integer && right == value_kind::floating) {
      // On a copy: integers behind this one are compared by value.
      const std::uint8_t copy = next(b, node);
      put(opcode::to_floating, copy, a);
      compare(node, right, right, relation::equal, d, copy, b);
    } else {
      compare(node, left, right, relation::equal, d, a, b);
    }
    if (i + 1 == node.operands.size()) break;
    exits.push_back(made_.code_.size());
    put(opcode::jump_if_true, d, d);
  }
  for (const std::size_t at : exits) made_.code_[at].x = static_cast<std::uint32_t>(made_.code_.size());
  if (node.kind == syntax_kind::not_in_list) put(opcode::logical_not, d, d);
  return value_kind::boolean;
}

value_kind code_writer::emit_in_stage(const syntax& node, std::uint8_t d) {
  const syntax& member = node.operands[1];
  const value_kind left = emit(node.operands[0], d);
  const stage_scope& stage = stage_named(member, member.name);
  const auto field = reference(member, member.member, stage.types, " of stage '" + stage.name + "'");
  const bool mixed = is_number(left) && is_number(field.kind) && left != field.kind;
  if (left != field.kind && !mixed)
    refuse(node,
           std::string(name_of(left)) + " " + std::string(sign_of(node.kind)) + " " + std::string(name_of(field.kind)),
           "two values of one type");
  if (left == value_kind::integer && field.kind == value_kind::floating) put(opcode::to_floating, d, d);
  made_.reads_history_ = true;
  auto& code = put(opcode::stage_contains, d, d);
  code.stage = stage.id;
  code.x = field.access;
  code.y = static_cast<std::uint32_t>(mixed ? value_kind::floating : field.kind);
  if (node.kind == syntax_kind::not_in_stage) put(opcode::logical_not, d, d);
  return value_kind::boolean;
}

}  // namespace millrace::expr
