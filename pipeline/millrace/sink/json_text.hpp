#pragma once

#include <millrace/event/layout.hpp>
#include <millrace/expr/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::sink {

/// Appends JSON to a string. Allocation: only while the string grows.
class json_text {
 public:
  explicit json_text(std::string& into) : text_(into) {}

  json_text& raw(std::string_view text) {
    text_ += text;
    return *this;
  }
  /// `"text"`, with what JSON wants escaped. UTF-8 stays as it is; control characters never reach a terminal.
  json_text& quoted(std::string_view text);
  json_text& integer(std::int64_t number);
  json_text& integer(expr::wide number);
  /// The shortest text that reads back as the same number; null where JSON has none.
  json_text& floating(double number);
  /// A time or duration in a unit, rounded down.
  json_text& time(std::int64_t ns, time_unit unit) { return integer(from_nanoseconds(ns, unit)); }

  /// A value of an expression; null where it has none.
  json_text& value(const expr::value& v, expr::value_kind kind, time_unit unit);
  /// A field of an event.
  json_text& field(const millrace::field& f, const std::byte* data, time_unit unit);

 private:
  std::string& text_;
};

}  // namespace millrace::sink
