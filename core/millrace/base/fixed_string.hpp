#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string_view>

namespace millrace {

/// Bytes that a string of this capacity takes inside an event: a 16-bit length, the text, zero padding to
/// whole 8-byte words, so that two strings compare word by word.
constexpr std::size_t fixed_string_bytes(std::size_t capacity) noexcept { return (2 + capacity + 7) / 8 * 8; }

/// Longest capacity that a string field may have, in bytes.
inline constexpr std::size_t string_capacity_max = 65'000;

/// The text of a string field that lies at `field`. Requires: `field` was written by `write_fixed_string`
/// or is a `fixed_string`.
inline std::string_view read_fixed_string(const std::byte* field) noexcept {
  std::uint16_t size;
  std::memcpy(&size, field, sizeof size);
  return {reinterpret_cast<const char*>(field) + sizeof size, size};
}

/// Writes `text` to the string field at `field`, zeroes behind it. Returns false, and changes nothing, when
/// the text is longer than `capacity`: a string is never cut.
[[nodiscard]] inline bool write_fixed_string(std::byte* field, std::size_t capacity, std::string_view text) noexcept {
  if (text.size() > capacity) return false;
  const auto size = static_cast<std::uint16_t>(text.size());
  std::memcpy(field, &size, sizeof size);
  if (!text.empty()) std::memcpy(field + sizeof size, text.data(), text.size());
  std::memset(field + sizeof size + text.size(), 0, fixed_string_bytes(capacity) - sizeof size - text.size());
  return true;
}

/// Text of at most `Capacity` bytes stored inside its owner: trivially copyable, no pointer, no terminator.
template <std::size_t Capacity>
class fixed_string {
  static_assert(Capacity >= 1 && Capacity <= string_capacity_max, "a fixed_string holds 1 to 65,000 bytes");

 public:
  constexpr fixed_string() noexcept = default;

  /// A literal; one that does not fit does not compile.
  template <std::size_t N>
  constexpr fixed_string(const char (&literal)[N]) noexcept {  // NOLINT(google-explicit-constructor)
    static_assert(N - 1 <= Capacity, "the literal is longer than the string's capacity");
    size_ = static_cast<std::uint16_t>(N - 1);
    for (std::size_t i = 0; i + 1 < N; ++i) text_[i] = literal[i];
  }

  /// Returns false, and changes nothing, when `text` does not fit.
  [[nodiscard]] constexpr bool try_assign(std::string_view text) noexcept {
    if (text.size() > Capacity) return false;
    size_ = static_cast<std::uint16_t>(text.size());
    for (std::size_t i = 0; i < sizeof text_; ++i) text_[i] = i < text.size() ? text[i] : '\0';
    return true;
  }

  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text_, size_}; }
  constexpr operator std::string_view() const noexcept { return view(); }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] static constexpr std::size_t capacity() noexcept { return Capacity; }

  friend constexpr bool operator==(const fixed_string& a, std::string_view b) noexcept { return a.view() == b; }
  friend constexpr bool operator==(const fixed_string& a, const fixed_string& b) noexcept {
    return a.view() == b.view();
  }
  friend constexpr auto operator<=>(const fixed_string& a, const fixed_string& b) noexcept {
    return a.view() <=> b.view();
  }
  friend std::ostream& operator<<(std::ostream& out, const fixed_string& text) { return out << text.view(); }

 private:
  alignas(8) std::uint16_t size_ = 0;
  char text_[fixed_string_bytes(Capacity) - 2] = {};
};

}  // namespace millrace
