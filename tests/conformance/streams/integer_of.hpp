#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace millrace::conformance {

/// The integer that the whole text is.
inline std::optional<std::int64_t> maybe_integer_of(const std::string& text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  return fault == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

/// The same. Errors: `std::runtime_error` when it is none, or none of 64 bits.
inline std::int64_t integer_of(const std::string& text) {
  if (const auto value = maybe_integer_of(text)) return *value;
  throw std::runtime_error("found '" + text + "', expected an integer");
}

}  // namespace millrace::conformance
