#pragma once

#include <millrace/rules/diagnostic.hpp>

#include <memory>

#include <tao/pegtl/contrib/parse_tree.hpp>

namespace millrace::rules {

using tree_node = tao::pegtl::parse_tree::node;

/// The parse tree of a rules text, its parts named by the grammar's rules. Throws `rules_error`.
std::unique_ptr<tree_node> parse_tree(const source_text& source);

}  // namespace millrace::rules
