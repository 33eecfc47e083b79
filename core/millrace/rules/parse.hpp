#pragma once

#include <millrace/rules/diagnostic.hpp>
#include <millrace/rules/syntax.hpp>

namespace millrace::rules {

/// Longest rules text, in bytes, and deepest nesting of brackets.
inline constexpr std::size_t text_bytes_max = 64 * 1024;
inline constexpr std::size_t nesting_max = 64;

/// Reads a rules text. Throws `rules_error` where it is not one. Names are not resolved: see `compile`.
file_syntax parse(const source_text& source);

}  // namespace millrace::rules
