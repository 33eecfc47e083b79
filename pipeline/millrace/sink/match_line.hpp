#pragma once

#include <millrace/expr/program.hpp>
#include <millrace/rules/engine.hpp>

#include <memory>
#include <string>

namespace millrace::sink {

/// Writes a match as one line of JSON, as the rules language's page defines it.
/// Threads: one owner. Allocation: until its buffers have grown to the longest line.
class match_line {
 public:
  explicit match_line(std::shared_ptr<const rules::program> rules);

  /// The line with its newline, valid until the next call.
  [[nodiscard]] std::string_view write(const rules::released_match& match);

  /// Divisions by zero and overflows in `select`; each prints null.
  [[nodiscard]] std::uint64_t faults() const noexcept { return faults_; }

 private:
  void write_key(const rules::released_match& match);
  void write_stages(const rules::released_match& match);
  void write_select(const rules::released_match& match);

  std::shared_ptr<const rules::program> rules_;
  expr::workspace room_;
  std::string text_;
  std::uint64_t faults_ = 0;
};

}  // namespace millrace::sink
