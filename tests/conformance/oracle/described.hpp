#pragma once

#include <millrace/cep/pattern.hpp>
#include <millrace/rules/syntax.hpp>

#include <string>
#include <vector>

namespace millrace::oracle {

/// A pattern and the conditions that it names by number.
struct described {
  cep::pattern pattern;
  std::vector<expr::syntax> conditions;
};

/// The first pattern of a rules text. Throws `rules_error` where the text cannot be parsed; nothing else is checked.
described describe(const std::string& rules);

}  // namespace millrace::oracle
