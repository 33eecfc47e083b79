#include <millrace/rules/compile.hpp>

#include <millrace/rules/compile_parts.hpp>
#include <millrace/rules/parse.hpp>

#include <algorithm>
#include <set>

namespace millrace::rules {

bool program::released_by_time() const noexcept {
  return !windows.empty() ||
         std::ranges::any_of(patterns, [](const pattern_rule& p) { return p.automaton->released_by_time(); });
}

program compile(const source_text& source) {
  const file_syntax file = parse(source);
  program made;
  if (file.events.empty())
    throw rules_error(source, {0, 0},
                      "found no event declaration, expected at least one: event NAME { ts : timestamp … }");
  compile_events(file, source, made);
  if (file.times.size() > 1)
    throw rules_error(source, file.times[1].where, "found a second 'time', expected one for the whole file");
  if (!file.times.empty()) {
    made.time = file.times.front().mode;
    made.disorder_ns = file.times.front().disorder_ns;
  }
  std::set<std::string> names;
  for (const pattern_syntax& pattern : file.patterns) {
    if (!names.insert(pattern.name.text).second)
      throw rules_error(source, pattern.name.where,
                        "found a second pattern '" + pattern.name.text + "', expected a name of its own");
    compile_pattern(pattern, source, made);
  }
  for (const window_syntax& window : file.windows) {
    if (!names.insert(window.name.text).second)
      throw rules_error(
          source, window.name.where,
          "found a second rule '" + window.name.text + "', expected a name that no pattern or window has");
    compile_window(window, source, made);
  }
  return made;
}

}  // namespace millrace::rules
