// Declared events to layouts, and to the conditions that pick one for a record.

#include <millrace/base/fixed_string.hpp>
#include <millrace/expr/compile.hpp>
#include <millrace/rules/compile_parts.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace millrace::rules {
namespace {

using expr::syntax;
using expr::syntax_kind;

constexpr std::uint32_t probe_text_capacity = 1'024;

std::optional<field_type> type_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(field_type::duration); ++i)
    if (name_of(static_cast<field_type>(i)) == name) return static_cast<field_type>(i);
  return std::nullopt;
}

std::optional<time_unit> unit_named(std::string_view name) {
  for (const auto unit : {time_unit::ns, time_unit::us, time_unit::ms, time_unit::s})
    if (name_of(unit) == name) return unit;
  return std::nullopt;
}

// --- defaults -------------------------------------------------------------------------------------------

template <class T>
std::vector<std::byte> bytes_of(T value) {
  std::vector<std::byte> made(sizeof value);
  std::memcpy(made.data(), &value, sizeof value);
  return made;
}

template <class T>
std::optional<std::vector<std::byte>> integer_bytes(expr::wide value) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return std::nullopt;
  return bytes_of(static_cast<T>(value));
}

struct plain_literal {
  syntax_kind kind;
  expr::wide integer;
  double floating;
  std::string text;
};

plain_literal plain(const syntax& literal) {
  const bool negative = literal.kind == syntax_kind::negate;
  const syntax& inner = negative ? literal.operands[0] : literal;
  const auto integer = static_cast<expr::wide>(inner.integer);
  return {inner.kind, negative ? -integer : integer, negative ? -inner.floating : inner.floating, inner.name};
}

std::optional<std::vector<std::byte>> integer_default(field_type type, expr::wide value) {
  switch (type) {
    case field_type::i8: return integer_bytes<std::int8_t>(value);
    case field_type::i16: return integer_bytes<std::int16_t>(value);
    case field_type::i32: return integer_bytes<std::int32_t>(value);
    case field_type::i64: return integer_bytes<std::int64_t>(value);
    case field_type::u8: return integer_bytes<std::uint8_t>(value);
    case field_type::u16: return integer_bytes<std::uint16_t>(value);
    case field_type::u32: return integer_bytes<std::uint32_t>(value);
    case field_type::u64: return integer_bytes<std::uint64_t>(value);
    default: return std::nullopt;
  }
}

/// A minus stands before numbers and durations only.
bool has_sense(const syntax& literal) {
  if (literal.kind != syntax_kind::negate) return true;
  return literal.operands[0].kind != syntax_kind::text && literal.operands[0].kind != syntax_kind::boolean;
}

std::optional<std::vector<std::byte>> default_bytes(const field& f, const syntax& written) {
  if (!has_sense(written)) return std::nullopt;
  const plain_literal literal = plain(written);
  const bool integer = literal.kind == syntax_kind::integer;
  const double number = integer ? static_cast<double>(literal.integer) : literal.floating;
  const bool is_number = integer || literal.kind == syntax_kind::floating;
  switch (f.type) {
    case field_type::boolean:
      return literal.kind == syntax_kind::boolean
                 ? std::optional(bytes_of(static_cast<std::uint8_t>(literal.integer != 0)))
                 : std::nullopt;
    case field_type::f32: {
      const bool fits = is_number && std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max());
      return fits ? std::optional(bytes_of(static_cast<float>(number))) : std::nullopt;
    }
    case field_type::f64: return is_number ? std::optional(bytes_of(number)) : std::nullopt;
    case field_type::string: {
      std::vector<std::byte> made(fixed_string_bytes(f.capacity));
      if (literal.kind != syntax_kind::text || !write_fixed_string(made.data(), f.capacity, literal.text))
        return std::nullopt;
      return made;
    }
    case field_type::duration:
      return literal.kind == syntax_kind::duration ? integer_bytes<std::int64_t>(literal.integer) : std::nullopt;
    case field_type::timestamp: {
      if (integer && literal.integer >= INT64_MIN && literal.integer <= INT64_MAX) {
        const auto ns = to_nanoseconds(static_cast<std::int64_t>(literal.integer), f.unit);
        return ns ? std::optional(bytes_of(*ns)) : std::nullopt;
      }
      const auto ns = literal.kind == syntax_kind::text ? parse_rfc3339(literal.text) : std::nullopt;
      return ns ? std::optional(bytes_of(*ns)) : std::nullopt;
    }
    default: return integer ? integer_default(f.type, literal.integer) : std::nullopt;
  }
}

// --- layouts --------------------------------------------------------------------------------------------

field compile_field(const field_syntax& declared, const source_text& source) {
  const auto type = type_named(declared.type.text);
  if (!type)
    throw rules_error(
        source, declared.type.where,
        "found type '" + declared.type.text +
            "', expected bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, string(N), timestamp or duration");
  field made;
  made.name = declared.name.text;
  made.type = *type;
  if ((*type == field_type::string) != declared.capacity.has_value())
    throw rules_error(source, declared.type.where,
                      *type == field_type::string
                          ? "found string without a capacity, expected string(N)"
                          : "found a capacity on " + declared.type.text + ", expected it on string(N) only");
  if (declared.capacity) {
    if (*declared.capacity < 1 || *declared.capacity > string_capacity_max)
      throw rules_error(source, declared.type.where,
                        "found string(" + std::to_string(*declared.capacity) + "), expected a capacity of 1 to " +
                            std::to_string(string_capacity_max));
    made.capacity = static_cast<std::uint32_t>(*declared.capacity);
  }
  if (!declared.unit) return made;
  const auto unit = unit_named(declared.unit->text);
  if (*type != field_type::timestamp || !unit)
    throw rules_error(source, declared.unit->where,
                      "found (" + declared.unit->text + ") behind " + declared.type.text +
                          ", expected timestamp(ns), timestamp(us), timestamp(ms) or timestamp(s)");
  made.unit = *unit;
  made.unit_given = true;
  return made;
}

std::shared_ptr<const event_layout> compile_layout(const event_syntax& event, event_type type,
                                                   const source_text& source) {
  auto layout = std::make_shared<event_layout>(event.name.text, type);
  for (const field_syntax& declared : event.fields) {
    field made = compile_field(declared, source);
    try {
      layout->add(made);
    } catch (const error& e) {
      throw rules_error(source, declared.name.where, e.what());
    }
    if (!declared.fallback) continue;
    const field& placed = layout->fields().back();
    const auto bytes = default_bytes(placed, *declared.fallback);
    if (!bytes)
      throw rules_error(source, declared.fallback->where,
                        "found a default that '" + declared.name.text + "' cannot hold, expected a value of type " +
                            declared.type.text);
    layout->set_default(layout->fields().size() - 1, *bytes);
  }
  if (!layout->time_field())
    throw rules_error(
        source, event.name.where,
        "found event '" + event.name.text + "' without event time, expected exactly one field of type timestamp");
  if (layout->bytes() > 1U << 20)
    throw rules_error(source, event.name.where,
                      "found event '" + event.name.text + "' of " + std::to_string(layout->bytes()) +
                          " bytes, expected at most 1 MiB");
  return layout;
}

// --- selection ------------------------------------------------------------------------------------------

bool is_number(const syntax& s) {
  return s.kind == syntax_kind::integer || s.kind == syntax_kind::floating || s.kind == syntax_kind::negate;
}

/// What an undeclared member of the record must be for the condition to make sense: what it is compared with.
class probe_types {
 public:
  probe_types(const event_layout& own, event_layout& probes) : own_(own), probes_(probes) {}

  void visit(const syntax& node, field_type expected = field_type::boolean) {
    switch (node.kind) {
      case syntax_kind::name: return add(node.name, expected);
      case syntax_kind::logical_and:
      case syntax_kind::logical_or:
      case syntax_kind::logical_not: return visit_all(node, field_type::boolean);
      case syntax_kind::call: {
        const bool of_text =
            node.name == "lower" || node.name == "upper" || node.name == "contains" || node.name.ends_with("_with");
        return visit_all(node, of_text ? field_type::string : field_type::f64);
      }
      default: return visit_all(node, type_among(node.operands));
    }
  }

 private:
  static field_type type_among(const std::vector<syntax>& operands) {
    for (const syntax& operand : operands) {
      if (operand.kind == syntax_kind::text) return field_type::string;
      if (operand.kind == syntax_kind::call && (operand.name == "lower" || operand.name == "upper"))
        return field_type::string;
      if (operand.kind == syntax_kind::boolean) return field_type::boolean;
      if (operand.kind == syntax_kind::integer) return field_type::i64;
      if (is_number(operand)) return field_type::f64;
    }
    return field_type::f64;
  }

  void visit_all(const syntax& node, field_type expected) {
    for (const syntax& operand : node.operands) visit(operand, expected);
  }

  void add(const std::string& name, field_type expected) {
    if (probes_.find(name)) return;
    field made;
    made.name = name;
    made.type = expected;
    if (const auto known = own_.find(name)) made.type = own_.fields()[*known].type;
    // A number that the field cannot hold picks the layout all the same, and is then dead with its reason.
    const bool whole = made.type >= field_type::i8 && made.type <= field_type::u32;
    if (whole || made.type == field_type::timestamp || made.type == field_type::duration) made.type = field_type::i64;
    made.capacity = made.type == field_type::string ? probe_text_capacity : 0;
    made.nullable = true;
    probes_.add(made);
  }

  const event_layout& own_;
  event_layout& probes_;
};

syntax type_is(const std::string& name, source_range where) {
  syntax field;
  field.kind = syntax_kind::name;
  field.name = "type";
  field.where = where;
  syntax text = field;
  text.kind = syntax_kind::text;
  text.name = name;
  syntax made;
  made.kind = syntax_kind::equal;
  made.where = where;
  made.operands = {field, text};
  return made;
}

void compile_selection(const file_syntax& file, const source_text& source, program& made) {
  auto probes = std::make_shared<event_layout>("record");
  std::vector<std::optional<syntax>> conditions;
  for (std::size_t i = 0; i < file.events.size(); ++i) {
    conditions.push_back(file.events[i].when);
    if (!conditions.back() && file.events.size() > 1)
      conditions.back() = type_is(file.events[i].name.text, file.events[i].name.where);
    if (conditions.back()) probe_types(*made.layouts[i], *probes).visit(*conditions.back());
  }
  const event_layout* const layouts[]{probes.get()};
  expr::scope scope{layouts, {0}, {}, {}};
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    type_selection::choice choice{static_cast<event_type>(i), {}};
    try {
      if (conditions[i]) choice.when = expr::compile_condition(*conditions[i], scope);
    } catch (const expr::type_error& e) {
      throw rules_error(source, e.where(), e.what());
    }
    made.selection.choices.push_back(std::move(choice));
  }
  made.selection.probe_layout = std::move(probes);
}

}  // namespace

void compile_events(const file_syntax& file, const source_text& source, program& made) {
  if (file.events.size() > event_type_count_max)
    throw rules_error(source, file.events[event_type_count_max].name.where,
                      "found more than " + std::to_string(event_type_count_max) + " events, expected at most that");
  for (const event_syntax& event : file.events) {
    const auto same =
        std::ranges::find(made.layouts, event.name.text, [](const auto& layout) { return layout->name(); });
    if (same != made.layouts.end())
      throw rules_error(source, event.name.where,
                        "found a second event '" + event.name.text + "', expected a name of its own");
    made.layouts.push_back(compile_layout(event, static_cast<event_type>(made.layouts.size()), source));
    made.data_bytes_max = std::max(made.data_bytes_max, made.layouts.back()->bytes());
  }
  compile_selection(file, source, made);
}

}  // namespace millrace::rules
