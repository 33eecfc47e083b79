#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace millrace::feed {

/// Positions of up to eight bytes of text that equal a given one, found eight at a time (SWAR).
namespace swar {

inline constexpr std::uint64_t ones = 0x0101010101010101ULL;
inline constexpr std::uint64_t highs = 0x8080808080808080ULL;

inline std::uint64_t load(const char* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// The high bit of every byte that equals `c`; bits above the lowest one set may be wrong.
inline std::uint64_t matches(std::uint64_t word, char c) noexcept {
  const std::uint64_t zeroed = word ^ (ones * static_cast<unsigned char>(c));
  return (zeroed - ones) & ~zeroed & highs;
}

}  // namespace swar

/// First quote or backslash from `at` on. Requires: there is one, and eight readable bytes behind it.
inline const char* find_quote_or_backslash(const char* at) noexcept {
  for (;; at += 8) {
    const std::uint64_t word = swar::load(at);
    const std::uint64_t found = swar::matches(word, '"') | swar::matches(word, '\\');
    if (found != 0) return at + (std::countr_zero(found) >> 3);
  }
}

}  // namespace millrace::feed
