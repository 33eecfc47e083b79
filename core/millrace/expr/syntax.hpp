#pragma once

#include <millrace/base/source_range.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expr {

/// What a node of an expression is.
enum class syntax_kind : std::uint8_t {
  integer,      ///< `integer`
  floating,     ///< `floating`
  text,         ///< `name` holds the text
  boolean,      ///< `integer` is 0 or 1
  duration,     ///< `integer` nanoseconds
  name,         ///< a field of the current event, or a stage as an argument
  member,       ///< `name`.`member`: a field of a stage
  call,         ///< `name`(operands)
  negate,       ///< -operand
  logical_not,  ///< not operand
  logical_and,
  logical_or,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  in_list,       ///< operands[0] in (operands[1] …)
  not_in_list,   ///< operands[0] not in (operands[1] …)
  in_stage,      ///< operands[0] in stage.field
  not_in_stage,  ///< operands[0] not in stage.field
};

/// Most operators on one path from the root of an expression.
inline constexpr std::size_t chain_max = 1'000;

/// An expression as it was written, not yet checked against any event.
struct syntax {
  syntax_kind kind = syntax_kind::boolean;
  source_range where;
  std::string name;
  std::string member;
  std::uint64_t integer = 0;
  double floating = 0;
  std::vector<syntax> operands;
};

/// The sign of a comparison or of arithmetic ("==", "+"), or the word ("and"): for messages.
std::string_view sign_of(syntax_kind kind) noexcept;

}  // namespace millrace::expr
