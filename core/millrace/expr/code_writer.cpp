#include <millrace/expr/code_writer.hpp>

#include <millrace/base/fixed_string.hpp>

#include <algorithm>
#include <utility>

namespace millrace::expr {
namespace {

constexpr std::uint8_t register_max = 96;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace

void refuse(const syntax& node, const std::string& found, const std::string& expected) {
  throw type_error(node.where, "found " + found + ", expected " + expected);
}

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
  if (depth_ > chain_max + 1)  // the operand at the end of the path is none
    throw type_error(node.where, "the expression is too long: expected at most 1000 operators in a chain");
  switch (node.kind) {
    case syntax_kind::integer:
    case syntax_kind::floating:
    case syntax_kind::text:
    case syntax_kind::boolean:
    case syntax_kind::duration: return emit_constant(node, d);
    case syntax_kind::name:
      if (try_emit_truth(node, true, d)) return value_kind::boolean;
      return emit_name(node, d);
    case syntax_kind::member: return emit_member(node, d, opcode::load_last);
    case syntax_kind::call: return emit_call(node, d);
    case syntax_kind::negate: return emit_negate(node, d);
    case syntax_kind::logical_not:
      if (try_emit_truth(node.operands[0], false, d)) return value_kind::boolean;
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
  refuse(node, "unknown stage " + quoted(name),
         known.empty() ? "no stage: nothing is matched before this" : "one of the stages " + known);
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
      refuse(node, "field " + quoted(field_name) + " with different types in the events of this stage",
             "one type (add 'is TYPE' to the stage)");
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

value_kind code_writer::emit_given(std::size_t index, std::uint8_t d) {
  const given_value& given = names_.given[index];
  made_.text_bytes_ = std::max(made_.text_bytes_, given.text_bytes_max);
  put(opcode::load_given, d).x = static_cast<std::uint32_t>(index);
  return given.kind;
}

value_kind code_writer::emit_name(const syntax& node, std::uint8_t d) {
  const auto given = std::ranges::find(names_.given, node.name, &given_value::name);
  if (given != names_.given.end()) return emit_given(static_cast<std::size_t>(given - names_.given.begin()), d);
  if (!names_.current.empty()) {
    const auto field = reference(node, node.name, names_.current, "");
    put(opcode::load_current, d).x = field.access;
    return field.kind;
  }
  if (std::ranges::find(names_.key_fields, node.name) == names_.key_fields.end()) {
    std::string known;
    for (const auto& name : names_.key_fields) known += (known.empty() ? "" : ", ") + name;
    refuse(node, quoted(node.name),
           known.empty() ? "STAGE.FIELD (the pattern has no 'by' fields)"
                         : "STAGE.FIELD, or one of the 'by' fields " + known);
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
  for (const syntax* term : terms)
    (compile_condition(*term, names).reads_history() ? history_terms : event_terms).push_back(term);
  split_condition made;
  if (!event_terms.empty()) made.event_part = code_writer(names).write_conjunction(event_terms);
  if (!history_terms.empty()) {
    made.history_part = code_writer(names).write_conjunction(history_terms);
    made.waits_for = wait::of(history_terms, names);
  }
  made.can_fault = made.event_part.can_fault() || made.history_part.can_fault();
  return made;
}

}  // namespace millrace::expr
