#include <millrace/feed/decimal.hpp>

#include <charconv>
#include <cmath>

namespace millrace::feed::detail {
namespace {

/// `from_chars` says "out of range" for numbers too small as well as too large: the place of the first digit
/// tells them apart. Too small a number is zero.
bool is_tiny(const decimal& number) noexcept { return number.exponent < 0; }

template <class T>
fit parse_as(const decimal& number, T& into) noexcept {
  const char* begin = *number.begin == '+' ? number.begin + 1 : number.begin;
  const auto [end, failed] = std::from_chars(begin, number.end, into);
  if (failed == std::errc{}) return std::isfinite(into) ? fit::good : fit::out_of_range;
  if (failed != std::errc::result_out_of_range || !is_tiny(number)) return fit::out_of_range;
  into = number.negative ? -T{0} : T{0};
  return fit::good;
}

}  // namespace

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

fit scale_to_magnitude(const decimal& number, std::uint64_t& into) noexcept {
  std::uint64_t value = number.mantissa;
  std::int32_t exponent = number.exponent;
  into = value;
  if (!number.exact) return exponent < 0 ? fit::wrong_type : fit::out_of_range;
  if (value == 0) return fit::good;
  for (; exponent < 0; ++exponent, value /= 10)
    if (value % 10 != 0) return fit::wrong_type;
  for (; exponent > 0; --exponent)
    if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) return fit::out_of_range;
  into = value;
  return fit::good;
}

fit parse_floating(const decimal& number, double& into) noexcept { return parse_as(number, into); }
fit parse_floating(const decimal& number, float& into) noexcept { return parse_as(number, into); }

}  // namespace millrace::feed::detail
