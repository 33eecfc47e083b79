#pragma once

#include <millrace/base/error.hpp>
#include <millrace/base/source_range.hpp>
#include <millrace/expr/program.hpp>
#include <millrace/expr/syntax.hpp>
#include <millrace/expr/wait.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::expr {

/// An expression that does not fit the events: where, and what was found and expected.
class type_error : public error {
 public:
  type_error(source_range where, const std::string& message) : error(message), where_(where) {}
  [[nodiscard]] source_range where() const noexcept { return where_; }

 private:
  source_range where_;
};

/// A stage that an expression may name.
struct stage_scope {
  std::string name;
  std::uint16_t id = 0;
  std::vector<event_type> types;  ///< that its events may have
};

/// A value that whoever evaluates has at hand, under a name; see `workspace::give`.
struct given_value {
  std::string name;
  value_kind kind = value_kind::integer;
  std::size_t text_bytes_max = 0;
};

/// What the names in an expression mean.
struct scope {
  std::span<const event_layout* const> layouts;  ///< of every event type, by type
  std::vector<event_type> current;               ///< types of the current event; empty: there is none
  std::vector<stage_scope> stages;
  std::vector<std::string> key_fields;  ///< what a bare name means where there is no current event
  std::vector<given_value> given = {};  ///< what a bare name means before all else
};

/// Checks `source` and compiles it. Throws `type_error`.
program compile(const syntax& source, const scope& names);

/// The same, and the result must be a condition.
program compile_condition(const syntax& source, const scope& names);

/// The conjunction `source` in two: terms about the current event alone, and terms that read what was matched
/// before. Each is empty where it has no terms. The first is worth one evaluation an event, the second needs
/// one a run.
struct split_condition {
  program event_part;
  program history_part;
  std::optional<wait> waits_for;  ///< without which the second does not hold
  bool can_fault = false;         ///< either can
};
split_condition compile_split(const syntax& source, const scope& names);

}  // namespace millrace::expr
