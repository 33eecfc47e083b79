#pragma once

#include <millrace/rules/running_windows.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

/// Writes a window's result as one line of JSON, as the rules language's page defines it.
/// Threads: one owner. Allocation: until its buffer has grown to the longest line.
class window_line {
 public:
  explicit window_line(std::shared_ptr<const rules::program> rules);

  /// The line with its newline, valid until the next call. A session that became part of another has `"select":null`.
  [[nodiscard]] std::string_view write(const rules::released_window& result);

  /// The line of an event that some windows did not take: where it stood, the window rule, the reason, and its fields.
  [[nodiscard]] std::string_view write(const rules::missed_window& missed);

  /// Divisions by zero and overflows in `select`; each prints null.
  [[nodiscard]] std::uint64_t faults() const noexcept { return faults_; }

 private:
  void write_key(const rules::released_window& result);
  void write_select(const rules::released_window& result);
  void write_list(const rules::released_window& result, std::size_t aggregate);

  std::shared_ptr<const rules::program> rules_;
  expr::workspace room_;
  std::vector<expr::value> values_;  // of the aggregates, then of the key
  std::string text_;
  std::uint64_t faults_ = 0;
};

}  // namespace millrace::sink
