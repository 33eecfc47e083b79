#pragma once

#include <millrace/rules/diagnostic.hpp>
#include <millrace/rules/syntax.hpp>
#include <millrace/rules/tree.hpp>

#include <cstdint>
#include <vector>

namespace millrace::rules {

/// Nodes that stand in several statements. Each throws `rules_error` for a value that is out of range.
std::uint64_t read_number(const tree_node& node, const source_text& source);
std::int64_t read_duration(const tree_node& node, const source_text& source);
std::vector<name_syntax> names_of(const tree_node& node);
std::vector<select_syntax> read_select(const tree_node& node, const source_text& source);

/// A `window` statement. Throws `rules_error`.
window_syntax read_window(const tree_node& node, const source_text& source);

}  // namespace millrace::rules
