#include <millrace/expr/code_writer.hpp>

#include <millrace/base/fixed_string.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace millrace::expr {
namespace {

/// Nodes on one path from the root: the parser bounds brackets, this bounds chains of operators.
constexpr std::size_t chain_max = 1'000;
constexpr std::uint8_t register_max = 96;

constexpr value_kind kind_of(field_type type) noexcept {
  switch (type) {
    case field_type::boolean: return value_kind::boolean;
    case field_type::string: return value_kind::text;
    case field_type::timestamp: return value_kind::timestamp;
    case field_type::duration: return value_kind::duration;
    case field_type::f32:
    case field_type::f64: return value_kind::floating;
    default: return value_kind::integer;
  }
}

constexpr bool is_number(value_kind kind) noexcept { return kind == value_kind::integer || kind == value_kind::floating; }

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

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

[[noreturn]] void refuse(const syntax& node, const std::string& found, const std::string& expected) {
  throw type_error(node.where, "found " + found + ", expected " + expected);
}

}  // namespace

instruction& code_writer::put(opcode op, std::uint8_t d, std::uint8_t a, std::uint8_t b) {
  instruction made{};
  made.op = op;
  made.d = d;
  made.a = a;
  made.b = b;
  return made_.code_.emplace_back(made);
}

std::uint32_t code_writer::constant(value v) {
  made_.constants_.push_back(v);
  return static_cast<std::uint32_t>(made_.constants_.size() - 1);
}

std::uint32_t code_writer::text_constant(const std::string& text) {
  made_.texts_.push_back(std::make_unique<std::string>(text));
  return constant(value::of_text(*made_.texts_.back()));
}

std::uint32_t code_writer::literal_words(const std::string& text) {
  const std::size_t at = made_.words_.size();
  const std::size_t words = fixed_string_bytes(text.size()) / 8;
  made_.words_.resize(at + words);
  static_cast<void>(write_fixed_string(reinterpret_cast<std::byte*>(made_.words_.data() + at), text.size(), text));
  return static_cast<std::uint32_t>(at);
}

std::uint8_t code_writer::next(std::uint8_t d, const syntax& node) const {
  if (d + 1 >= register_max) throw type_error(node.where, "the expression nests too deep: expected at most 64 levels");
  return static_cast<std::uint8_t>(d + 1);
}

program code_writer::finish(value_kind kind) {
  made_.kind_ = kind;
  return std::move(made_);
}

program code_writer::write(const syntax& source) { return finish(emit(source, 0)); }

program code_writer::write_conjunction(std::span<const syntax* const> terms) {
  std::vector<std::size_t> exits;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    emit_condition(*terms[i], 0);
    if (i + 1 == terms.size()) break;
    exits.push_back(made_.code_.size());
    put(opcode::jump_if_false, 0, 0);
  }
  for (const std::size_t at : exits) made_.code_[at].x = static_cast<std::uint32_t>(made_.code_.size());
  return finish(value_kind::boolean);
}

value_kind code_writer::emit(const syntax& node, std::uint8_t d) {
  struct depth_guard {
    std::size_t& depth;
    explicit depth_guard(std::size_t& counted) : depth(counted) { ++depth; }
    ~depth_guard() { --depth; }
  } guard(depth_);
  if (depth_ > chain_max)
    throw type_error(node.where, "the expression is too long: expected at most 1000 operators in a chain");
  switch (node.kind) {
    case syntax_kind::integer:
    case syntax_kind::floating:
    case syntax_kind::text:
    case syntax_kind::boolean:
    case syntax_kind::duration: return emit_constant(node, d);
    case syntax_kind::name: return emit_name(node, d);
    case syntax_kind::member: return emit_member(node, d, opcode::load_last);
    case syntax_kind::call: return emit_call(node, d);
    case syntax_kind::negate: return emit_negate(node, d);
    case syntax_kind::logical_not:
      emit_condition(node.operands[0], d);
      put(opcode::logical_not, d, d);
      return value_kind::boolean;
    case syntax_kind::logical_and:
    case syntax_kind::logical_or: return emit_logical(node, d);
    case syntax_kind::in_list:
    case syntax_kind::not_in_list: return emit_in_list(node, d);
    case syntax_kind::in_stage:
    case syntax_kind::not_in_stage: return emit_in_stage(node, d);
    case syntax_kind::add:
    case syntax_kind::subtract:
    case syntax_kind::multiply:
    case syntax_kind::divide:
    case syntax_kind::modulo: return emit_arithmetic(node, d);
    default: return emit_comparison(node, d);
  }
}

value_kind code_writer::emit_constant(const syntax& node, std::uint8_t d) {
  std::uint32_t at = 0;
  value_kind kind = value_kind::integer;
  switch (node.kind) {
    case syntax_kind::floating:
      at = constant(value::of_floating(node.floating));
      kind = value_kind::floating;
      break;
    case syntax_kind::text:
      at = text_constant(node.name);
      kind = value_kind::text;
      break;
    case syntax_kind::boolean:
      at = constant(value::of_boolean(node.integer != 0));
      kind = value_kind::boolean;
      break;
    case syntax_kind::duration:
      at = constant(value::of_integer(static_cast<wide>(node.integer)));
      kind = value_kind::duration;
      break;
    default: at = constant(value::of_integer(static_cast<wide>(node.integer))); break;
  }
  put(opcode::load_constant, d).x = at;
  return kind;
}

const stage_scope& code_writer::stage_named(const syntax& node, const std::string& name) const {
  const auto at = std::ranges::find(names_.stages, name, &stage_scope::name);
  if (at != names_.stages.end()) return *at;
  std::string known;
  for (const auto& stage : names_.stages) known += (known.empty() ? "" : ", ") + stage.name;
  refuse(node, "unknown stage " + quoted(name), known.empty() ? "no stage: nothing is matched before this" : "one of the stages " + known);
}

code_writer::field_reference code_writer::reference(const syntax& node, const std::string& field_name,
                                                    std::span<const event_type> types, std::string_view owner) {
  field_access access{};
  access.offset_of.assign(names_.layouts.size(), field_access::absent);
  access.presence_of = access.offset_of;
  bool first = true;
  for (const event_type type : types) {
    const event_layout& layout = *names_.layouts[type];
    const auto index = layout.find(field_name);
    if (!index) {
      std::string known;
      for (const auto& f : layout.fields()) known += (known.empty() ? "" : ", ") + f.name;
      refuse(node, "unknown field " + quoted(field_name) + std::string(owner),
             "a field of event " + layout.name() + ": " + known);
    }
    const field& f = layout.fields()[*index];
    if (!first && f.type != access.type)
      refuse(node, "field " + quoted(field_name) + " with different types in the events of this stage", "one type (add 'is TYPE' to the stage)");
    access.type = f.type;
    access.capacity = std::max(access.capacity, f.capacity);
    access.offset_of[type] = f.offset;
    if (f.nullable) access.presence_of[type] = f.presence;
    first = false;
  }
  made_.accesses_.push_back(std::move(access));
  const auto at = static_cast<std::uint32_t>(made_.accesses_.size() - 1);
  return {at, kind_of(made_.accesses_.back().type)};
}

value_kind code_writer::emit_name(const syntax& node, std::uint8_t d) {
  if (!names_.current.empty()) {
    const auto field = reference(node, node.name, names_.current, "");
    put(opcode::load_current, d).x = field.access;
    return field.kind;
  }
  if (std::ranges::find(names_.key_fields, node.name) == names_.key_fields.end()) {
    std::string known;
    for (const auto& name : names_.key_fields) known += (known.empty() ? "" : ", ") + name;
    refuse(node, quoted(node.name), known.empty() ? "STAGE.FIELD (the pattern has no 'by' fields)" : "STAGE.FIELD, or one of the 'by' fields " + known);
  }
  std::vector<event_type> types;
  for (const auto& stage : names_.stages)
    for (const auto type : stage.types)
      if (std::ranges::find(types, type) == types.end()) types.push_back(type);
  const auto field = reference(node, node.name, types, "");
  made_.reads_history_ = true;
  put(opcode::load_key, d).x = field.access;
  return field.kind;
}

value_kind code_writer::emit_member(const syntax& node, std::uint8_t d, opcode load) {
  const stage_scope& stage = stage_named(node, node.name);
  const auto field = reference(node, node.member, stage.types, " of stage " + quoted(stage.name));
  made_.reads_history_ = true;
  auto& code = put(load, d);
  code.x = field.access;
  code.stage = stage.id;
  return field.kind;
}

void code_writer::emit_condition(const syntax& node, std::uint8_t d) {
  const value_kind kind = emit(node, d);
  if (kind != value_kind::boolean) refuse(node, std::string(name_of(kind)), "a condition (bool)");
}

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

bool code_writer::try_emit_field_comparison(const syntax& node, std::uint8_t d) {
  if (names_.current.size() != 1) return false;
  const syntax* field = &node.operands[0];
  const syntax* literal = &node.operands[1];
  relation how = relation_of(node.kind);
  if (field->kind != syntax_kind::name) {
    std::swap(field, literal);
    how = mirrored(how);
  }
  if (field->kind != syntax_kind::name) return false;
  const auto index = names_.layouts[names_.current[0]]->find(field->name);
  if (!index) return false;
  if (names_.layouts[names_.current[0]]->fields()[*index].nullable) return false;
  const value_kind kind = kind_of(names_.layouts[names_.current[0]]->fields()[*index].type);
  const bool equality = how == relation::equal || how == relation::not_equal;
  opcode op;
  std::uint32_t y;
  if (kind == value_kind::text && literal->kind == syntax_kind::text && equality) {
    op = opcode::field_compare_text;
    y = literal_words(literal->name);
  } else if (kind == value_kind::integer && literal->kind == syntax_kind::integer && literal->integer <= INT64_MAX) {
    op = opcode::field_compare_integer;
    y = constant(value::of_integer(static_cast<wide>(literal->integer)));
  } else if (kind == value_kind::floating && (literal->kind == syntax_kind::floating || literal->kind == syntax_kind::integer)) {
    op = opcode::field_compare_floating;
    y = constant(value::of_floating(literal->kind == syntax_kind::floating ? literal->floating : static_cast<double>(literal->integer)));
  } else {
    return false;
  }
  const millrace::field& f = names_.layouts[names_.current[0]]->fields()[*index];
  auto& code = put(op, d, static_cast<std::uint8_t>(f.type));
  code.compare = how;
  code.x = f.offset;
  code.y = y;
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
    if (left == integer && right == integer && sign != syntax_kind::divide) return emit_integer_arithmetic(node, integer, d);
    make_floating(left, d);
    make_floating(right, b);
    const opcode op = sign == syntax_kind::add        ? opcode::add_floating
                      : sign == syntax_kind::subtract ? opcode::subtract_floating
                      : sign == syntax_kind::multiply ? opcode::multiply_floating
                                                      : opcode::divide_floating;
    put(op, d, d, b);
    return floating;
  }
  if (left == timestamp && right == timestamp && sign == syntax_kind::subtract) return emit_integer_arithmetic(node, duration, d);
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
  if (sign == syntax_kind::multiply && ((left == duration && right == integer) || (left == integer && right == duration)))
    return emit_integer_arithmetic(node, duration, d);
  refuse(node, std::string(name_of(left)) + " " + std::string(sign_of(sign)) + " " + std::string(name_of(right)),
         "numbers, or times and durations that can be combined so");
}

value_kind code_writer::emit_in_list(const syntax& node, std::uint8_t d) {
  const std::uint8_t a = next(d, node);
  const std::uint8_t b = next(a, node);
  const value_kind left = emit(node.operands[0], a);
  std::vector<std::size_t> exits;
  bool floating = left == value_kind::floating;
  for (std::size_t i = 1; i < node.operands.size(); ++i) {
    const value_kind right = emit(node.operands[i], b);
    // `a` may turn floating at the first floating item; later integer items then follow it.
    compare(node, floating ? value_kind::floating : left, right, relation::equal, d, a, b);
    floating = floating || (left == value_kind::integer && right == value_kind::floating);
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
  const auto field = reference(member, member.member, stage.types, " of stage " + quoted(stage.name));
  const bool mixed = is_number(left) && is_number(field.kind) && left != field.kind;
  if (left != field.kind && !mixed)
    refuse(node, std::string(name_of(left)) + " " + std::string(sign_of(node.kind)) + " " + std::string(name_of(field.kind)), "two values of one type");
  if (left == value_kind::integer && field.kind == value_kind::floating) put(opcode::to_floating, d, d);
  made_.reads_history_ = true;
  auto& code = put(opcode::stage_contains, d, d);
  code.stage = stage.id;
  code.x = field.access;
  code.y = static_cast<std::uint32_t>(mixed ? value_kind::floating : field.kind);
  if (node.kind == syntax_kind::not_in_stage) put(opcode::logical_not, d, d);
  return value_kind::boolean;
}

// --- the entry points -----------------------------------------------------------------------------------

namespace {

void collect_terms(const syntax& node, std::vector<const syntax*>& into) {
  if (node.kind != syntax_kind::logical_and) return into.push_back(&node);
  for (const syntax& term : node.operands) collect_terms(term, into);
}

}  // namespace

program compile(const syntax& source, const scope& names) { return code_writer(names).write(source); }

program compile_condition(const syntax& source, const scope& names) {
  const syntax* only[]{&source};
  return code_writer(names).write_conjunction(only);
}

split_condition compile_split(const syntax& source, const scope& names) {
  std::vector<const syntax*> terms;
  collect_terms(source, terms);
  std::vector<const syntax*> event_terms;
  std::vector<const syntax*> history_terms;
  for (const syntax* term : terms) (compile_condition(*term, names).reads_history() ? history_terms : event_terms).push_back(term);
  split_condition made;
  if (!event_terms.empty()) made.event_part = code_writer(names).write_conjunction(event_terms);
  if (!history_terms.empty()) made.history_part = code_writer(names).write_conjunction(history_terms);
  return made;
}

}  // namespace millrace::expr
