#pragma once

#include <millrace/expr/compile.hpp>

namespace millrace::expr {

/// Throws the `type_error` of a node: what was found and expected there.
[[noreturn]] void refuse(const syntax& node, const std::string& found, const std::string& expected);

/// Writes the code of one expression: checks types on the way, one small function a kind of node.
class code_writer {
 public:
  explicit code_writer(const scope& names) : names_(names) {}

  program write(const syntax& source);
  /// All of `terms` joined by `and`.
  program write_conjunction(std::span<const syntax* const> terms);

 private:
  struct field_reference {
    std::uint32_t access;
    value_kind kind;
  };

  // Each leaves its result in register `d` and returns its kind.
  value_kind emit(const syntax& node, std::uint8_t d);
  value_kind emit_constant(const syntax& node, std::uint8_t d);
  value_kind emit_name(const syntax& node, std::uint8_t d);
  value_kind emit_given(std::size_t index, std::uint8_t d);
  value_kind emit_member(const syntax& node, std::uint8_t d, opcode load);
  value_kind emit_negate(const syntax& node, std::uint8_t d);
  value_kind emit_logical(const syntax& node, std::uint8_t d);
  value_kind emit_comparison(const syntax& node, std::uint8_t d);
  [[nodiscard]] const field* field_at_hand(const syntax& name) const;
  void put_field_comparison(opcode op, const field& of, relation how, std::uint32_t y, std::uint8_t d);
  bool try_emit_truth(const syntax& node, bool wanted, std::uint8_t d);
  bool try_emit_field_comparison(const syntax& node, std::uint8_t d);
  value_kind emit_arithmetic(const syntax& node, std::uint8_t d);
  value_kind emit_integer_arithmetic(const syntax& node, value_kind result, std::uint8_t d);
  value_kind emit_in_list(const syntax& node, std::uint8_t d);
  value_kind emit_in_stage(const syntax& node, std::uint8_t d);

  value_kind emit_call(const syntax& node, std::uint8_t d);
  value_kind emit_count(const syntax& node, std::uint8_t d);
  value_kind emit_aggregate(const syntax& node, std::uint8_t d);
  value_kind emit_number_function(const syntax& node, std::uint8_t d);
  value_kind emit_extremum(const syntax& node, std::uint8_t d);
  value_kind emit_text_function(const syntax& node, std::uint8_t d);

  void emit_condition(const syntax& node, std::uint8_t d);
  void expect_arguments(const syntax& node, std::size_t least, std::size_t most) const;
  void make_floating(value_kind kind, std::uint8_t d);
  void compare(const syntax& node, value_kind left, value_kind right, relation how, std::uint8_t d, std::uint8_t a,
               std::uint8_t b);

  field_reference reference(const syntax& node, const std::string& field_name, std::span<const event_type> types,
                            std::string_view owner);
  const stage_scope& stage_named(const syntax& node, const std::string& name) const;
  instruction& put(opcode op, std::uint8_t d, std::uint8_t a = 0, std::uint8_t b = 0);
  std::uint32_t constant(value v);
  std::uint32_t text_constant(const std::string& text);
  std::uint32_t literal_words(const std::string& text);
  std::uint8_t next(std::uint8_t d, const syntax& node) const;
  program finish(value_kind kind);

  const scope& names_;
  program made_;
  std::size_t depth_ = 0;
};

}  // namespace millrace::expr
