#include <millrace/feed/selector.hpp>

#include <millrace/feed/decimal.hpp>

#include <algorithm>
#include <limits>

namespace millrace::feed {

void read_number(const decimal& number, raw_value& into) noexcept {
  const bool written_whole =
      std::string_view(number.begin, static_cast<std::size_t>(number.end - number.begin)).find_first_of(".eE") ==
      std::string_view::npos;
  if (written_whole && to_integer(number, into.integer_value) == fit::good) {
    into.what = raw_value::kind::integer;
  } else if (written_whole && !number.negative && number.exact && number.exponent == 0) {
    // Without point and exponent, all digits in the mantissa: the value itself.
    into.what = raw_value::kind::unsigned_integer;
    into.unsigned_value = number.mantissa;
  } else {
    into.what = raw_value::kind::floating;
    if (to_f64(number, into.floating_value) != fit::good)
      into.floating_value =
          number.negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  }
}

std::optional<std::size_t> by_type_field::select(std::span<const raw_value> probes) const {
  if (probes.empty() || probes[0].what != raw_value::kind::string) return std::nullopt;
  const auto at = std::ranges::find(names_, probes[0].text);
  if (at == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(at - names_.begin());
}

}  // namespace millrace::feed
