#pragma once

#include <millrace/event/layout.hpp>
#include <millrace/feed/swar.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

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

/// How a value fits its field.
enum class fit : std::uint8_t { good, wrong_type, out_of_range, too_long, missing, malformed };

// The common cases are in the header, to be inlined into the decoders' loops; the rare ones are behind a call.
namespace detail {

inline constexpr std::array<double, 23> powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
inline constexpr std::array<float, 11> float_powers_of_ten{1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F,
                                                           1e6F, 1e7F, 1e8F, 1e9F, 1e10F};

/// An exponent of more digits than this is as good as infinite.
inline constexpr std::int32_t exponent_max = 100'000;

inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

/// The high bit of every byte that is no digit. Adding 0x76 lifts what is above 9 to the high bit, and carries
/// nowhere.
inline std::uint64_t non_digits(std::uint64_t word) noexcept {
  const std::uint64_t values = word ^ (swar::ones * '0');
  return (((values & ~swar::highs) + swar::ones * 0x76) | values) & swar::highs;
}

/// Three multiplications join neighbours: eight digits, four pairs, two fours, one eight.
inline std::uint64_t value_of_eight_digits(std::uint64_t word) noexcept {
  word = (word & 0x0f0f0f0f0f0f0f0fULL) * 2561 >> 8;
  word = (word & 0x00ff00ff00ff00ffULL) * 6553601 >> 16;
  return (word & 0x0000ffff0000ffffULL) * 42949672960001ULL >> 32;
}

inline constexpr std::array<std::uint64_t, 8> integer_powers_of_ten{1,      10,      100,       1000,
                                                                    10'000, 100'000, 1'000'000, 10'000'000};

/// Appends the digits at `at` to `value`, which wraps when there are more than 19. The last one to seven go
/// through the same multiplications as a full eight, with zeroes in front: no loop whose end is a guess.
inline const char* take_digits(const char* at, std::uint64_t& value) noexcept {
  for (;; at += 8) {
    const std::uint64_t word = swar::load(at);
    const std::uint64_t others = non_digits(word);
    if (others == 0) {
      value = value * 100'000'000 + value_of_eight_digits(word);
      continue;
    }
    const auto bits = static_cast<unsigned>(std::countr_zero(others)) & ~7U;
    if (bits == 0) return at;
    value = value * integer_powers_of_ten[bits / 8] + value_of_eight_digits(word << (64 - bits));
    return at + bits / 8;
  }
}

/// False when the exponent has no digits.
inline bool take_exponent(const char*& at, std::int32_t& exponent) noexcept {
  const bool negative = *at == '-';
  if (*at == '-' || *at == '+') ++at;
  if (!is_digit(*at)) return false;
  std::int32_t value = 0;
  for (; is_digit(*at); ++at)
    if (value < exponent_max) value = value * 10 + (*at - '0');
  exponent += negative ? -value : value;
  return true;
}

/// The mantissa of a number with more than 19 digits: what fits 64 bits, the rest counted in the exponent.
void rescan_long(const char* at, std::int32_t written_exponent, decimal& into) noexcept;

/// The absolute value of a number with an exponent, as a whole number.
[[nodiscard]] fit scale_to_magnitude(const decimal& number, std::uint64_t& into) noexcept;

/// Correctly rounded, in the rare cases that no single multiplication or division of exact operands gives.
[[nodiscard]] fit parse_floating(const decimal& number, double& into) noexcept;
[[nodiscard]] fit parse_floating(const decimal& number, float& into) noexcept;

template <class T>
[[nodiscard]] fit store_as(const decimal& number, std::byte* at) noexcept {
  std::uint64_t magnitude = number.mantissa;
  if (number.exponent != 0 || !number.exact) [[unlikely]]
    if (const fit whole = scale_to_magnitude(number, magnitude); whole != fit::good) return whole;
  const auto highest = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  const std::uint64_t lowest = std::is_signed_v<T> ? highest + 1 : 0;
  if (magnitude > (number.negative ? lowest : highest)) return fit::out_of_range;
  const auto value = static_cast<T>(number.negative ? 0 - magnitude : magnitude);
  std::memcpy(at, &value, sizeof value);
  return fit::good;
}

template <class T, std::size_t N>
[[nodiscard]] fit to_floating(const decimal& number, const std::array<T, N>& powers, T& into) noexcept {
  constexpr auto mantissa_max = std::uint64_t{1} << std::numeric_limits<T>::digits;
  constexpr auto power_max = static_cast<std::int32_t>(N) - 1;
  if (number.exact && number.mantissa <= mantissa_max && number.exponent <= power_max &&
      number.exponent >= -power_max) {
    // Clinger's fast path: both operands are exact, so one rounding, the right one.
    const T value = static_cast<T>(number.mantissa);
    const T scaled = number.exponent < 0 ? value / powers[static_cast<std::size_t>(-number.exponent)]
                                         : value * powers[static_cast<std::size_t>(number.exponent)];
    into = number.negative ? -scaled : scaled;
    return fit::good;
  }
  return parse_floating(number, into);
}

}  // namespace detail

/// Reads the number that starts at `at`; what follows it is left to the caller. False when there is none.
/// Requires: the text is followed by some character that is not part of a number, and by eight readable bytes.
[[nodiscard]] inline bool scan_number(const char* at, number_grammar grammar, decimal& into) noexcept {
  into.begin = at;
  into.negative = *at == '-';
  if (into.negative || (*at == '+' && grammar == number_grammar::csv)) ++at;
  const char* const digits = at;
  std::uint64_t mantissa = 0;
  at = detail::take_digits(at, mantissa);
  auto count = at - digits;
  if (grammar == number_grammar::json && (count == 0 || (*digits == '0' && count > 1))) return false;
  std::int32_t exponent = 0;
  if (*at == '.') {
    const char* const fraction = ++at;
    at = detail::take_digits(at, mantissa);
    if (grammar == number_grammar::json && at == fraction) return false;
    count += at - fraction;
    exponent = at - fraction > detail::exponent_max ? -detail::exponent_max : static_cast<std::int32_t>(fraction - at);
  }
  if (count == 0) return false;
  std::int32_t written = 0;
  if ((*at == 'e' || *at == 'E') && !detail::take_exponent(++at, written)) return false;
  into.mantissa = mantissa;
  into.exponent = exponent + written;
  into.exact = true;
  into.end = at;
  if (count > 19) detail::rescan_long(digits, written, into);
  return true;
}

/// Writes the number to an integer field of that type: exactly or not at all. A number with a point or an
/// exponent is taken when its value is whole. Requires: `is_integer(type)`.
[[nodiscard]] inline fit store_integer(const decimal& number, field_type type, std::byte* at) noexcept {
  switch (type) {
    case field_type::i8: return detail::store_as<std::int8_t>(number, at);
    case field_type::i16: return detail::store_as<std::int16_t>(number, at);
    case field_type::i32: return detail::store_as<std::int32_t>(number, at);
    case field_type::i64: return detail::store_as<std::int64_t>(number, at);
    case field_type::u8: return detail::store_as<std::uint8_t>(number, at);
    case field_type::u16: return detail::store_as<std::uint16_t>(number, at);
    case field_type::u32: return detail::store_as<std::uint32_t>(number, at);
    case field_type::u64: return detail::store_as<std::uint64_t>(number, at);
    default: return fit::wrong_type;
  }
}

/// The number as a whole count.
[[nodiscard]] inline fit to_integer(const decimal& number, std::int64_t& into) noexcept {
  return detail::store_as<std::int64_t>(number, reinterpret_cast<std::byte*>(&into));
}

/// The nearest floating-point number. Out of range: larger than any finite one.
[[nodiscard]] inline fit to_f64(const decimal& number, double& into) noexcept {
  return detail::to_floating(number, detail::powers_of_ten, into);
}
[[nodiscard]] inline fit to_f32(const decimal& number, float& into) noexcept {
  return detail::to_floating(number, detail::float_powers_of_ten, into);
}

}  // namespace millrace::feed
