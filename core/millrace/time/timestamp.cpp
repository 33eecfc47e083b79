#include <millrace/time/timestamp.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace millrace {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

struct duration_unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array<duration_unit, 7> duration_units{{{"d", 86'400'000'000'000},
                                                       {"h", 3'600'000'000'000},
                                                       {"m", 60'000'000'000},
                                                       {"s", 1'000'000'000},
                                                       {"ms", 1'000'000},
                                                       {"us", 1'000},
                                                       {"ns", 1}}};

/// Takes exactly `digits` decimal digits from the front of `text`; -1 when they are not there.
int take_digits(std::string_view& text, std::size_t digits) noexcept {
  if (text.size() < digits) return -1;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) noexcept {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// Fraction of a second behind the point, in nanoseconds; -1 when no digit follows.
std::int64_t take_fraction(std::string_view& text) noexcept {
  std::int64_t ns = 0;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 9) ns = ns * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return -1;
  for (; digits < 9; ++digits) ns *= 10;
  return ns;
}

/// Seconds east of UTC of the offset that ends the text; nothing when it is not one.
std::optional<std::int64_t> take_offset(std::string_view& text) noexcept {
  if (take(text, "Zz")) return 0;
  const bool west = !text.empty() && text.front() == '-';
  if (!take(text, "+-")) return std::nullopt;
  const int hours = take_digits(text, 2);
  if (hours < 0 || hours > 23 || !take(text, ":")) return std::nullopt;
  const int minutes = take_digits(text, 2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  const std::int64_t seconds = hours * 3600LL + minutes * 60LL;
  return west ? -seconds : seconds;
}

/// Before 1970 the seconds are negative and the fraction is not, so the least time's seconds alone do not fit.
std::optional<std::int64_t> in_nanoseconds(std::int64_t seconds, std::int64_t fraction_ns) noexcept {
  const bool before_epoch = seconds < 0;
  std::int64_t ns;
  if (__builtin_mul_overflow(before_epoch ? seconds + 1 : seconds, second_ns, &ns)) return std::nullopt;
  if (__builtin_add_overflow(ns, before_epoch ? fraction_ns - second_ns : fraction_ns, &ns)) return std::nullopt;
  return ns;
}

}  // namespace

std::string_view name_of(time_unit unit) noexcept {
  constexpr std::array<std::string_view, 4> names{"ns", "us", "ms", "s"};
  return names[static_cast<std::size_t>(unit)];
}

std::optional<std::int64_t> to_nanoseconds(std::int64_t count, time_unit unit) noexcept {
  std::int64_t ns;
  if (__builtin_mul_overflow(count, nanoseconds_in(unit), &ns)) return std::nullopt;
  return ns;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) noexcept {
  const int year = take_digits(text, 4);
  if (year < 0 || !take(text, "-")) return std::nullopt;
  const int month = take_digits(text, 2);
  if (month < 0 || !take(text, "-")) return std::nullopt;
  const int day = take_digits(text, 2);
  if (day < 0 || !take(text, "Tt ")) return std::nullopt;
  const int hour = take_digits(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ":")) return std::nullopt;
  const int minute = take_digits(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ":")) return std::nullopt;
  const int second = take_digits(text, 2);
  if (second < 0 || second > 60) return std::nullopt;  // 60: a leap second counts as the next second's start
  std::int64_t fraction = 0;
  if (take(text, ".,") && (fraction = take_fraction(text)) < 0) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + hour * 3600LL + minute * 60LL + second - *offset;
  return in_nanoseconds(seconds, fraction);
}

std::string format_rfc3339(std::int64_t ns) {
  using namespace std::chrono;
  const std::int64_t seconds = from_nanoseconds(ns, time_unit::s);
  const auto fraction = static_cast<long long>((ns % second_ns + second_ns) % second_ns);
  const auto day = floor<days>(sys_seconds{std::chrono::seconds{seconds}});
  const year_month_day date{day};
  const hh_mm_ss clock{sys_seconds{std::chrono::seconds{seconds}} - day};
  std::array<char, 48> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%09lldZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()), fraction);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<std::int64_t> parse_duration(std::string_view text) noexcept {
  std::int64_t count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failed != std::errc{} || text.front() == '-') return std::nullopt;
  const std::string_view unit_name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& unit : duration_units) {
    std::int64_t ns;
    if (unit.name == unit_name) return __builtin_mul_overflow(count, unit.ns, &ns) ? std::nullopt : std::optional(ns);
  }
  return std::nullopt;
}

std::string format_duration(std::int64_t ns) {
  if (ns == 0) return "0s";
  for (const auto& unit : duration_units)
    if (ns % unit.ns == 0) return std::to_string(ns / unit.ns) + std::string(unit.name);
  return std::to_string(ns) + "ns";
}

}  // namespace millrace
