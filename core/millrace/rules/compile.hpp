#pragma once

#include <millrace/rules/diagnostic.hpp>
#include <millrace/rules/program.hpp>

namespace millrace::rules {

/// Reads, checks and compiles a rules text. Throws `rules_error`.
program compile(const source_text& source);

}  // namespace millrace::rules
