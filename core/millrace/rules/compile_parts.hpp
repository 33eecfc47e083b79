#pragma once

#include <millrace/rules/diagnostic.hpp>
#include <millrace/rules/program.hpp>
#include <millrace/rules/syntax.hpp>

#include <string>

namespace millrace::rules {

/// Layouts and selection of the declared events, into `made`.
void compile_events(const file_syntax& file, const source_text& source, program& made);

/// One pattern, with its key group, into `made`. Requires: the events are compiled.
void compile_pattern(const pattern_syntax& pattern, const source_text& source, program& made);

/// "a, b, c" of a range of things with names.
template <class Range, class Name>
std::string listed(const Range& things, Name&& name_of_thing) {
  std::string made;
  for (const auto& thing : things) made += (made.empty() ? "" : ", ") + std::string(name_of_thing(thing));
  return made;
}

}  // namespace millrace::rules
