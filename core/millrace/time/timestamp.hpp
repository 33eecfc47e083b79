#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// Units in which a feed may count time.
enum class time_unit : std::uint8_t { ns, us, ms, s };

/// Nanoseconds in one unit.
[[nodiscard]] constexpr std::int64_t nanoseconds_in(time_unit unit) noexcept {
  switch (unit) {
    case time_unit::ns: return 1;
    case time_unit::us: return 1'000;
    case time_unit::ms: return 1'000'000;
    case time_unit::s: return 1'000'000'000;
  }
  return 1;
}

/// "ns", "us", "ms" or "s".
std::string_view name_of(time_unit unit) noexcept;

/// `count` units as nanoseconds; nothing when that does not fit 64 bits (years 1677 to 2262).
[[nodiscard]] std::optional<std::int64_t> to_nanoseconds(std::int64_t count, time_unit unit) noexcept;

/// Nanoseconds as whole units, rounded down (towards the past).
[[nodiscard]] constexpr std::int64_t from_nanoseconds(std::int64_t ns, time_unit unit) noexcept {
  const std::int64_t size = nanoseconds_in(unit);
  return ns / size - (ns % size < 0 ? 1 : 0);
}

/// Reads an RFC 3339 time ("2015-09-12T00:47:35.776Z", "2013-10-09 16:25:00+02:00"): nanoseconds since the
/// Unix epoch; digits past the ninth behind the point are dropped. A space or a lower-case `t` may stand for
/// the `T`. Nothing when the text has another form, names no day of the calendar, or lies outside 1677 … 2262.
/// Complexity: linear. Allocation: none.
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339(std::string_view text) noexcept;

/// "2015-09-12T00:47:35.776000000Z": for people, in UTC.
std::string format_rfc3339(std::int64_t ns);

/// Reads a duration as the rules language writes it ("250ms", "10m", "7d"; units ns us ms s m h d).
[[nodiscard]] std::optional<std::int64_t> parse_duration(std::string_view text) noexcept;

/// The shortest exact form that `parse_duration` reads: 600'000'000'000 is "10m".
std::string format_duration(std::int64_t ns);

}  // namespace millrace
