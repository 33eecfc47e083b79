#pragma once

#include <millrace/rules/diagnostic.hpp>
#include <millrace/rules/program.hpp>
#include <millrace/rules/syntax.hpp>

namespace millrace::rules {

/// The aggregates of a window's `select` and the columns over them, into `into`. Requires: its event is known.
/// Throws `rules_error`.
void compile_columns(const window_syntax& window, const source_text& source, const program& made, window_rule& into);

}  // namespace millrace::rules
