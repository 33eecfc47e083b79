#include <millrace/feed/decimal.hpp>

#include <millrace/feed/swar.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace millrace::feed {
namespace {

constexpr std::array<double, 23> powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::array<float, 11> float_powers_of_ten{1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F, 1e6F, 1e7F, 1e8F, 1e9F, 1e10F};

/// An exponent of more digits than this is as good as infinite.
constexpr std::int32_t exponent_max = 100'000;

bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

/// Adding 6 to a digit's byte stays in the 3x row, adding it to ':' … '?' does not.
bool are_eight_digits(std::uint64_t word) noexcept {
  return ((word & 0xf0f0f0f0f0f0f0f0ULL) | (((word + 0x0606060606060606ULL) & 0xf0f0f0f0f0f0f0f0ULL) >> 4)) ==
         0x3333333333333333ULL;
}

/// Three multiplications join neighbours: eight digits, four pairs, two fours, one eight.
std::uint64_t value_of_eight_digits(std::uint64_t word) noexcept {
  word = (word & 0x0f0f0f0f0f0f0f0fULL) * 2561 >> 8;
  word = (word & 0x00ff00ff00ff00ffULL) * 6553601 >> 16;
  return (word & 0x0000ffff0000ffffULL) * 42949672960001ULL >> 32;
}

/// Appends the digits at `at` to `value`, which wraps when there are more than 19.
inline const char* take_digits(const char* at, std::uint64_t& value) noexcept {
  for (std::uint64_t word; are_eight_digits(word = swar::load(at)); at += 8)
    value = value * 100'000'000 + value_of_eight_digits(word);
  for (; is_digit(*at); ++at) value = value * 10 + static_cast<std::uint64_t>(*at - '0');
  return at;
}

/// False when the exponent has no digits.
bool take_exponent(const char*& at, std::int32_t& exponent) noexcept {
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
void rescan_long(const char* at, std::int32_t written_exponent, decimal& into) noexcept {
  into.mantissa = 0;
  into.exponent = written_exponent;
  bool behind_point = false, full = false;
  for (; is_digit(*at) || (*at == '.' && !behind_point); ++at) {
    if (*at == '.') {
      behind_point = true;
      continue;
    }
    const auto digit = static_cast<std::uint64_t>(*at - '0');
    std::uint64_t longer;
    full = full || __builtin_mul_overflow(into.mantissa, std::uint64_t{10}, &longer) ||
           __builtin_add_overflow(longer, digit, &longer);
    if (!full) into.mantissa = longer;
    if (full && digit != 0) into.exact = false;
    if (full && !behind_point) ++into.exponent;
    if (!full && behind_point) --into.exponent;
  }
}

/// The absolute value as a whole number.
fit to_magnitude(const decimal& number, std::uint64_t& into) noexcept {
  std::uint64_t value = number.mantissa;
  std::int32_t exponent = number.exponent;
  into = value;
  if (exponent == 0 && number.exact) return fit::good;
  if (!number.exact) return exponent < 0 ? fit::wrong_type : fit::out_of_range;
  if (value == 0) return fit::good;
  for (; exponent < 0; ++exponent, value /= 10)
    if (value % 10 != 0) return fit::wrong_type;
  for (; exponent > 0; --exponent)
    if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) return fit::out_of_range;
  into = value;
  return fit::good;
}

template <class T>
fit store_as(const decimal& number, std::byte* at) noexcept {
  std::uint64_t magnitude;
  const fit whole = to_magnitude(number, magnitude);
  if (whole != fit::good) return whole;
  const auto highest = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  const std::uint64_t lowest = std::is_signed_v<T> ? highest + 1 : 0;
  if (magnitude > (number.negative ? lowest : highest)) return fit::out_of_range;
  const auto value = static_cast<T>(number.negative ? 0 - magnitude : magnitude);
  std::memcpy(at, &value, sizeof value);
  return fit::good;
}

/// `from_chars` says "out of range" for numbers too small as well as too large: the place of the first digit
/// tells them apart. Too small a number is zero.
bool is_tiny(const decimal& number) noexcept { return number.exponent < 0; }

/// Correctly rounded, in the rare cases that no single multiplication or division of exact operands gives.
template <class T>
fit parse_floating(const decimal& number, T& into) noexcept {
  const char* begin = *number.begin == '+' ? number.begin + 1 : number.begin;
  const auto [end, failed] = std::from_chars(begin, number.end, into);
  if (failed == std::errc{}) return std::isfinite(into) ? fit::good : fit::out_of_range;
  if (failed != std::errc::result_out_of_range || !is_tiny(number)) return fit::out_of_range;
  into = number.negative ? -T{0} : T{0};
  return fit::good;
}

template <class T, std::size_t N>
fit to_floating(const decimal& number, const std::array<T, N>& powers, T& into) noexcept {
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

template <class T>
fit store(fit result, const T& value, std::byte* at) noexcept {
  if (result == fit::good) std::memcpy(at, &value, sizeof value);
  return result;
}

}  // namespace

bool scan_number(const char* at, number_grammar grammar, decimal& into) noexcept {
  into.begin = at;
  into.negative = *at == '-';
  if (into.negative || (*at == '+' && grammar == number_grammar::csv)) ++at;
  const char* const digits = at;
  std::uint64_t mantissa = 0;
  at = take_digits(at, mantissa);
  auto count = at - digits;
  if (grammar == number_grammar::json && (count == 0 || (*digits == '0' && count > 1))) return false;
  std::int32_t exponent = 0;
  if (*at == '.') {
    const char* const fraction = ++at;
    at = take_digits(at, mantissa);
    if (grammar == number_grammar::json && at == fraction) return false;
    count += at - fraction;
    exponent = at - fraction > exponent_max ? -exponent_max : static_cast<std::int32_t>(fraction - at);
  }
  if (count == 0) return false;
  std::int32_t written = 0;
  if ((*at == 'e' || *at == 'E') && !take_exponent(++at, written)) return false;
  into.mantissa = mantissa;
  into.exponent = exponent + written;
  into.exact = true;
  into.end = at;
  if (count > 19) rescan_long(digits, written, into);
  return true;
}

fit store_integer(const decimal& number, field_type type, std::byte* at) noexcept {
  switch (type) {
    case field_type::i8: return store_as<std::int8_t>(number, at);
    case field_type::i16: return store_as<std::int16_t>(number, at);
    case field_type::i32: return store_as<std::int32_t>(number, at);
    case field_type::i64: return store_as<std::int64_t>(number, at);
    case field_type::u8: return store_as<std::uint8_t>(number, at);
    case field_type::u16: return store_as<std::uint16_t>(number, at);
    case field_type::u32: return store_as<std::uint32_t>(number, at);
    case field_type::u64: return store_as<std::uint64_t>(number, at);
    default: return fit::wrong_type;
  }
}

fit to_integer(const decimal& number, std::int64_t& into) noexcept {
  std::int64_t value = 0;
  const fit result = store_as<std::int64_t>(number, reinterpret_cast<std::byte*>(&value));
  into = value;
  return result;
}

fit to_f64(const decimal& number, double& into) noexcept { return to_floating(number, powers_of_ten, into); }

fit store_f64(const decimal& number, std::byte* at) noexcept {
  double value = 0;
  const fit result = to_f64(number, value);
  return store(result, value, at);
}

fit store_f32(const decimal& number, std::byte* at) noexcept {
  float value = 0;
  const fit result = to_floating(number, float_powers_of_ten, value);
  return store(result, value, at);
}

}  // namespace millrace::feed
