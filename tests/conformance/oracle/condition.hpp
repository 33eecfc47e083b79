#pragma once

#include <millrace/expr/syntax.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace millrace::oracle {

/// No value, or one. Times and durations are integers, in nanoseconds.
using value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// An event: its time, and its fields by name.
struct record {
  std::int64_t time_ns = 0;
  std::map<std::string, value> fields;
};

/// An event that a partial match has taken, as an index into the records, and for which stage.
struct taken_record {
  std::string stage;
  std::size_t index;
};
using path = std::vector<taken_record>;

/// What an expression looks at.
struct view {
  const std::vector<record>& records;
  std::size_t current;
  const path& taken;
};

/// Reads an expression as the rules language says, one operator after another.
/// Errors: throws std::runtime_error for what the oracle does not know.
value evaluate(const expr::syntax& expression, const view& from);

/// True where the expression has the value true.
bool holds(const expr::syntax& condition, const view& from);

}  // namespace millrace::oracle
