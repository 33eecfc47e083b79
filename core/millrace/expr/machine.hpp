#pragma once

#include <millrace/base/fixed_string.hpp>
#include <millrace/event/event.hpp>
#include <millrace/expr/program.hpp>

#include <cstring>

namespace millrace::expr {

/// The value that a field of an event has, or none.
[[nodiscard]] value load(field_type type, const std::byte* at) noexcept;
[[nodiscard]] value load_from(const field_access& access, const event_header& event) noexcept;

template <class T>
[[nodiscard]] bool related(relation how, const T& a, const T& b) noexcept {
  switch (how) {
    case relation::equal: return a == b;
    case relation::not_equal: return a != b;
    case relation::less: return a < b;
    case relation::less_equal: return a <= b;
    case relation::greater: return a > b;
    case relation::greater_equal: return a >= b;
  }
  return false;
}

/// Text fields and literals are zero padded to whole words behind a length, so equal text is equal words, and
/// the first word, with the length in it, nearly always decides.
[[nodiscard]] inline bool text_equals_words(const std::byte* field, const std::uint64_t* literal) noexcept {
  std::uint64_t word;
  std::memcpy(&word, field, sizeof word);
  if (word != *literal) return false;
  std::uint16_t length;
  std::memcpy(&length, field, sizeof length);
  const std::size_t words = fixed_string_bytes(length) / 8;
  for (std::size_t i = 1; i < words; ++i) {
    std::memcpy(&word, field + i * 8, sizeof word);
    if (word != literal[i]) return false;
  }
  return true;
}

/// Runs one program over one event. The register file is left uninitialised: code writes before it reads.
struct machine {
  const program& code;
  const event_header* current;
  history taken;
  workspace& room;
  bool faulted = false;
  value registers[97];

  machine(const program& p, const event_header* e, history h, workspace& w) noexcept
      : code(p), current(e), taken(h), room(w) {
    registers[0] = value::none();
  }

  value run() noexcept {
    const instruction* at = code.code_.data();
    const instruction* const end = at + code.code_.size();
    while (at != end) {
      if (at->op == opcode::jump_if_false || at->op == opcode::jump_if_true) {
        const bool truth = registers[at->a].present && registers[at->a].boolean;
        at = truth == (at->op == opcode::jump_if_true) ? code.code_.data() + at->x : at + 1;
        continue;
      }
      registers[at->d] = step(*at);
      if (faulted) return value::none();
      ++at;
    }
    return registers[0];
  }

  value step(const instruction& i) noexcept {
    switch (i.op) {
      case opcode::field_compare_text: {
        const bool equal = text_equals_words(data_of(*current) + i.x, code.words_.data() + i.y);
        return value::of_boolean(equal == (i.compare == relation::equal));
      }
      case opcode::field_compare_integer: return compare_integer_field(i);
      case opcode::field_compare_floating: return compare_floating_field(i);
      case opcode::load_constant: return code.constants_[i.x];
      case opcode::load_current: return load_from(code.accesses_[i.x], *current);
      case opcode::load_last: return load_last(i);
      case opcode::load_first: return load_first(i);
      case opcode::load_key:
        return taken.empty() ? value::none() : load_from(code.accesses_[i.x], *taken.front().event);
      case opcode::load_given: return room.given(i.x);
      case opcode::compare_integer:
      case opcode::compare_floating:
      case opcode::compare_text:
      case opcode::compare_boolean: return compare(i);
      case opcode::logical_not: {
        const value& a = registers[i.a];
        return a.present ? value::of_boolean(!a.boolean) : a;
      }
      case opcode::stage_contains:
      case opcode::count_stage:
      case opcode::sum_integer:
      case opcode::sum_floating:
      case opcode::average:
      case opcode::minimum:
      case opcode::maximum:
      case opcode::count_distinct: return aggregate(i);
      case opcode::lower:
      case opcode::upper:
      case opcode::starts_with:
      case opcode::ends_with:
      case opcode::contains: return text_function(i);
      default: return arithmetic(i);
    }
  }

  value compare_integer_field(const instruction& i) const noexcept {
    const value field = load(static_cast<field_type>(i.a), data_of(*current) + i.x);
    const auto literal = static_cast<std::int64_t>(code.constants_[i.y].integer);
    if (static_cast<field_type>(i.a) == field_type::u64)
      return value::of_boolean(related<wide>(i.compare, field.integer, literal));
    if (static_cast<field_type>(i.a) == field_type::boolean)
      return value::of_boolean(related(i.compare, std::int64_t{field.boolean}, literal));
    return value::of_boolean(related(i.compare, static_cast<std::int64_t>(field.integer), literal));
  }

  value compare_floating_field(const instruction& i) const noexcept {
    const value field = load(static_cast<field_type>(i.a), data_of(*current) + i.x);
    return value::of_boolean(related(i.compare, field.floating, code.constants_[i.y].floating));
  }

  value load_last(const instruction& i) const noexcept {
    for (std::size_t at = taken.size(); at-- > 0;)
      if (taken[at].stage == i.stage) return load_from(code.accesses_[i.x], *taken[at].event);
    return value::none();
  }

  value load_first(const instruction& i) const noexcept {
    for (const taken_event& t : taken)
      if (t.stage == i.stage) return load_from(code.accesses_[i.x], *t.event);
    return value::none();
  }

  value compare(const instruction& i) const noexcept {
    const value& a = registers[i.a];
    const value& b = registers[i.b];
    if (!a.present || !b.present) return value::of_boolean(false);
    switch (i.op) {
      case opcode::compare_integer: return value::of_boolean(related(i.compare, a.integer, b.integer));
      case opcode::compare_floating: return value::of_boolean(related(i.compare, a.floating, b.floating));
      case opcode::compare_text: return value::of_boolean(related(i.compare, a.text(), b.text()));
      default: return value::of_boolean(related(i.compare, a.boolean, b.boolean));
    }
  }

  /// Calls `f(value)` for every event of the stage whose field has one.
  template <class F>
  void each(const instruction& i, F&& f) const noexcept {
    for (const taken_event& t : taken) {
      if (t.stage != i.stage) continue;
      const value v = load_from(code.accesses_[i.x], *t.event);
      if (v.present) f(v);
    }
  }

  value integer(wide v) noexcept {
    if (v >= integer_min && v <= integer_max) return value::of_integer(v);
    faulted = true;
    return value::none();
  }

  value aggregate(const instruction& i) noexcept;

  value contains_value(const instruction& i, value_kind kind) const noexcept;

  value distinct(const instruction& i, value_kind kind) noexcept;

  value average(const instruction& i, value_kind kind) noexcept;

  value extremum(const instruction& i, value_kind kind) const noexcept;

  value text_function(const instruction& i) noexcept;

  value arithmetic(const instruction& i) noexcept;

  static bool is_binary(opcode op) noexcept {
    return (op >= opcode::add_integer && op <= opcode::divide_floating) ||
           (op >= opcode::minimum_integer && op <= opcode::maximum_floating);
  }

  value fault() noexcept {
    faulted = true;
    return value::none();
  }

  value multiply(wide a, wide b) noexcept;
};

}  // namespace millrace::expr
