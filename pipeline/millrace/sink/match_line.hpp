#pragma once

#include <millrace/expr/program.hpp>
#include <millrace/rules/engine.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::sink {

/// Writes a match as one line of JSON, as the rules language's page defines it.
/// Threads: one owner. Allocation: until its buffers have grown to the longest line.
class match_line {
 public:
  explicit match_line(std::shared_ptr<const rules::program> rules)
      : match_line(rules::first_revision(std::move(rules))) {}
  explicit match_line(std::shared_ptr<const rules::revision> rules);

  /// Takes over from the lines of the revision before, whose buffer has grown already and whose counter goes on.
  /// Allocation: none.
  void continue_from(match_line& before) noexcept;

  /// The line with its newline, valid until the next call.
  [[nodiscard]] std::string_view write(const rules::released_match& match);

  /// The line of an event that changed nothing in a pattern: where it stood, the pattern, the reason, and its fields.
  [[nodiscard]] std::string_view write(const rules::dead_event& dead);

  /// Divisions by zero and overflows in `select`; each prints null.
  [[nodiscard]] std::uint64_t faults() const noexcept { return faults_; }

 private:
  void write_key(const rules::released_match& match);
  void write_stages(const rules::released_match& match);
  void write_select(const rules::released_match& match);

  /// Stages as a match shows them: as in Flink, a name ends at its first ':', and equal names are one.
  struct titles {
    std::vector<std::string> names;
    std::vector<std::size_t> of_stage;
  };
  static titles titles_of(const cep::automaton& automaton);

  std::shared_ptr<const rules::revision> rules_;
  std::vector<titles> titles_;  // by rule number
  expr::workspace room_;
  std::string text_;
  std::uint64_t faults_ = 0;
};

}  // namespace millrace::sink
