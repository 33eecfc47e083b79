#pragma once

#include <millrace/rules/diagnostic.hpp>
#include <millrace/rules/revision.hpp>

#include <memory>
#include <string>
#include <vector>

namespace millrace::rules {

/// The statements of a rules file as text, so that two versions of a file can be compared: without comments, and every
/// stretch of blanks one blank.
struct statements {
  struct named {
    std::string name;
    std::string text;
  };
  std::vector<named> events;  ///< in order: it numbers them
  std::vector<std::string> times;
  std::vector<named> patterns;
  std::vector<named> windows;
};

/// Reads a rules text. Throws `rules_error` where it is not one; what names mean is not looked at.
[[nodiscard]] statements read_statements(const source_text& source);

/// What the second version of a file changes in the first, by its patterns' texts. `to` is the second one, compiled.
/// Errors: `error` where events, `time` or windows are not the same.
[[nodiscard]] rules_change change_between(const statements& before, const statements& after,
                                          std::shared_ptr<const program> to);

}  // namespace millrace::rules
