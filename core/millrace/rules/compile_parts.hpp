#pragma once

#include <millrace/rules/diagnostic.hpp>
#include <millrace/rules/program.hpp>
#include <millrace/rules/syntax.hpp>

#include <span>
#include <string>
#include <string_view>

namespace millrace::rules {

/// Layouts and selection of the declared events, into `made`.
void compile_events(const file_syntax& file, const source_text& source, program& made);

/// One pattern, with its key group, into `made`. Requires: the events are compiled.
void compile_pattern(const pattern_syntax& pattern, const source_text& source, program& made);

/// One window, with its key group, into `made`. Requires: the events are compiled.
void compile_window(const window_syntax& window, const source_text& source, program& made);

/// The declared event of a name.
event_type compile_event_name(const name_syntax& name, const source_text& source, const program& made);

/// What has a key: its name and what it is, for messages.
struct key_owner {
  const name_syntax& name;
  std::string_view what;
};

/// Place of the key group of these fields in `made`, which gets it where it is new, for events of these types.
std::size_t compile_key(std::span<const name_syntax> by, std::span<const event_type> types, const key_owner& owner,
                        const source_text& source, program& made);

/// "a, b, c" of a range of things with names.
template <class Range, class Name>
std::string listed(const Range& things, Name&& name_of_thing) {
  std::string made;
  for (const auto& thing : things) made += (made.empty() ? "" : ", ") + std::string(name_of_thing(thing));
  return made;
}

}  // namespace millrace::rules
