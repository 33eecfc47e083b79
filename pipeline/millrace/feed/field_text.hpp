#pragma once

#include <millrace/base/fixed_string.hpp>
#include <millrace/event/layout.hpp>
#include <millrace/feed/decimal.hpp>
#include <millrace/feed/swar.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace millrace::feed {

/// Writes text to a string (of that capacity), timestamp or duration field.
[[nodiscard]] fit store_text(field_type type, std::size_t capacity, std::string_view text, std::byte* at) noexcept;

/// As `write_fixed_string`, in whole words: most strings of events are short, and a library call that copies ten
/// bytes costs as much as the rest. Requires: eight readable bytes behind the text.
[[nodiscard]] inline fit store_string(std::size_t capacity, std::string_view text, std::byte* at) noexcept {
  constexpr std::size_t word_bytes = sizeof(std::uint64_t), size_bytes = sizeof(std::uint16_t);
  if (text.size() > capacity) return fit::too_long;
  if (capacity > 64 || std::endian::native == std::endian::big)
    return write_fixed_string(at, capacity, text) ? fit::good : fit::too_long;
  const auto word_of = [text](std::size_t from, std::size_t room) {
    if (from >= text.size()) return std::uint64_t{0};
    const std::size_t bytes = std::min(text.size() - from, room);
    return swar::load(text.data() + from) & (~std::uint64_t{0} >> (8 * (word_bytes - bytes)));
  };
  std::uint64_t word = text.size() | word_of(0, word_bytes - size_bytes) << (8 * size_bytes);
  std::memcpy(at, &word, word_bytes);
  const std::size_t field_bytes = fixed_string_bytes(capacity);
  for (std::size_t offset = word_bytes; offset < field_bytes; offset += word_bytes) {
    word = word_of(offset - size_bytes, word_bytes);
    std::memcpy(at + offset, &word, word_bytes);
  }
  return fit::good;
}

/// A count in `unit`, as nanoseconds.
[[nodiscard]] inline fit to_time_ns(const decimal& count, time_unit unit, std::int64_t& into) noexcept {
  std::int64_t units = 0;
  const fit result = to_integer(count, units);
  if (result != fit::good) return result;
  return __builtin_mul_overflow(units, nanoseconds_in(unit), &into) ? fit::out_of_range : fit::good;
}

/// Writes a number to a field of any type that takes numbers; `unit` is that of a timestamp.
[[nodiscard]] inline fit store_number(field_type type, time_unit unit, const decimal& number, std::byte* at) noexcept {
  const auto store = [at](fit result, const auto& value) {
    if (result == fit::good) std::memcpy(at, &value, sizeof value);
    return result;
  };
  if (type == field_type::f64) {
    double value = 0;
    return store(to_f64(number, value), value);
  }
  if (type == field_type::f32) {
    float value = 0;
    return store(to_f32(number, value), value);
  }
  if (type != field_type::timestamp && type != field_type::duration) return store_integer(number, type, at);
  std::int64_t ns = 0;
  return store(to_time_ns(number, type == field_type::timestamp ? unit : time_unit::ns, ns), ns);
}

/// "field 'items': found 4294967296, expected u32 (0 to 4294967295)". `found` is what stood in the feed, as it
/// shall be printed; `text_bytes` is the length of a string that is too long.
void describe(std::string& into, const field& f, fit how, std::string_view found, std::size_t text_bytes);

/// Appends what stood in the feed, cut when it is long.
void append_excerpt(std::string& into, std::string_view text);

}  // namespace millrace::feed
