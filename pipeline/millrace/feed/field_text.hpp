#pragma once

#include <millrace/event/layout.hpp>
#include <millrace/feed/decimal.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::feed {

/// Writes text to a string, timestamp or duration field.
[[nodiscard]] fit store_text(const field& f, std::string_view text, std::byte* at) noexcept;

/// Writes a number to a field of any type that takes numbers.
[[nodiscard]] fit store_number(const field& f, const decimal& number, std::byte* at) noexcept;

/// A count in `unit`, as nanoseconds.
[[nodiscard]] fit to_time_ns(const decimal& count, time_unit unit, std::int64_t& into) noexcept;

/// "field 'items': found 4294967296, expected u32 (0 to 4294967295)". `found` is what stood in the feed, as it
/// shall be printed; `text_bytes` is the length of a string that is too long.
void describe(std::string& into, const field& f, fit how, std::string_view found, std::size_t text_bytes);

/// Appends what stood in the feed, cut when it is long.
void append_excerpt(std::string& into, std::string_view text);

}  // namespace millrace::feed
