#pragma once

#include <millrace/event/layout.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::feed {

/// A decimal number as it stands in a feed: mantissa * 10^exponent, without rounding.
struct decimal {
  std::uint64_t mantissa = 0;
  std::int32_t exponent = 0;
  bool negative = false;
  bool exact = true;            ///< false: digits other than zero did not fit the mantissa and were left out
  const char* begin = nullptr;  ///< its text
  const char* end = nullptr;
};

/// Which way of writing numbers is taken. CSV allows more: a plus sign, zeroes in front, no digit before or
/// behind the point.
enum class number_grammar : std::uint8_t { json, csv };

/// Reads the number that starts at `at`; what follows it is left to the caller. False when there is none.
/// Requires: the text is followed by some character that is not part of a number, and by eight readable bytes.
[[nodiscard]] bool scan_number(const char* at, number_grammar grammar, decimal& into) noexcept;

/// How a value fits its field.
enum class fit : std::uint8_t { good, wrong_type, out_of_range, too_long, missing, malformed };

/// Writes the number to an integer field of that type: exactly or not at all. A number with a point or an
/// exponent is taken when its value is whole. Requires: `is_integer(type)`.
[[nodiscard]] fit store_integer(const decimal& number, field_type type, std::byte* at) noexcept;

/// Writes the nearest floating-point number. Out of range: larger than any finite one.
[[nodiscard]] fit store_f64(const decimal& number, std::byte* at) noexcept;
[[nodiscard]] fit store_f32(const decimal& number, std::byte* at) noexcept;

/// The number as a whole count.
[[nodiscard]] fit to_integer(const decimal& number, std::int64_t& into) noexcept;
[[nodiscard]] fit to_f64(const decimal& number, double& into) noexcept;

}  // namespace millrace::feed
