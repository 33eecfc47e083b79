#pragma once

#include <millrace/expr/syntax.hpp>
#include <millrace/rules/syntax.hpp>
#include <millrace/rules/tree.hpp>

namespace millrace::rules {

[[nodiscard]] source_range range_of(const tree_node& node);

/// A name, without its back-quotes.
[[nodiscard]] name_syntax name_of_node(const tree_node& node);

/// The expression at a node of the parse tree.
[[nodiscard]] expr::syntax read_expression(const tree_node& node, const source_text& source);

/// A literal with an optional minus: a field's default.
[[nodiscard]] expr::syntax read_literal(const tree_node& node, const source_text& source);

}  // namespace millrace::rules
