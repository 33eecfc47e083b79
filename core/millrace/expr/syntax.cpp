#include <millrace/expr/syntax.hpp>

namespace millrace::expr {

std::string_view sign_of(syntax_kind kind) noexcept {
  switch (kind) {
    case syntax_kind::negate:
    case syntax_kind::subtract: return "-";
    case syntax_kind::logical_not: return "not";
    case syntax_kind::logical_and: return "and";
    case syntax_kind::logical_or: return "or";
    case syntax_kind::equal: return "==";
    case syntax_kind::not_equal: return "!=";
    case syntax_kind::less: return "<";
    case syntax_kind::less_equal: return "<=";
    case syntax_kind::greater: return ">";
    case syntax_kind::greater_equal: return ">=";
    case syntax_kind::add: return "+";
    case syntax_kind::multiply: return "*";
    case syntax_kind::divide: return "/";
    case syntax_kind::modulo: return "%";
    case syntax_kind::in_list:
    case syntax_kind::in_stage: return "in";
    case syntax_kind::not_in_list:
    case syntax_kind::not_in_stage: return "not in";
    default: return "";
  }
}

}  // namespace millrace::expr
