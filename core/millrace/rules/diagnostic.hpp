#pragma once

#include <millrace/base/error.hpp>
#include <millrace/base/source_range.hpp>

#include <string>
#include <string_view>

namespace millrace::rules {

/// A rules text and the name that its messages call it by.
struct source_text {
  std::string name;  ///< usually the file's path
  std::string text;
};

/// What is wrong with a rules file. The message has file, line, column, what was found and expected, the line
/// itself and a caret under the place:
///
///     login.mr:7:12: error: found 'ammount', expected a field of event Txn: ts, user, amount
///         big : ammount > 1000
///               ^~~~~~~
class rules_error : public error {
 public:
  rules_error(const source_text& source, source_range where, std::string_view message);

  [[nodiscard]] std::size_t line() const noexcept { return line_; }      ///< from 1
  [[nodiscard]] std::size_t column() const noexcept { return column_; }  ///< from 1, in characters

 private:
  std::size_t line_ = 0;
  std::size_t column_ = 0;
};

}  // namespace millrace::rules
