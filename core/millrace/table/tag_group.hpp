#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#  include <emmintrin.h>
#endif

namespace millrace::detail {

/// What one look at sixteen bytes says of fifteen slots: eight bits of each key's hash, zero where the slot is empty,
/// and how many keys found this group full on the way from their home (as in Facebook's F14). Such a count comes down
/// again when those keys go, where a mark in place of an erased key, or a bit that says "some went on", would stay.
struct alignas(16) tag_group {
  static constexpr std::uint32_t slots = 15;
  static constexpr std::uint32_t all = (1u << slots) - 1;
  static constexpr std::uint8_t uncounted = 255;

  std::uint8_t tags[slots];
  std::uint8_t passed;  // at `uncounted` it stays there

  /// One bit for each slot with this tag.
  [[nodiscard]] std::uint32_t with(std::uint8_t tag) const noexcept {
#if defined(__SSE2__)
    const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(this));
    const __m128i equal = _mm_cmpeq_epi8(bytes, _mm_set1_epi32(static_cast<int>(tag * 0x01010101u)));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(equal)) & all;
#else
    std::uint32_t mask = 0;
    for (std::uint32_t i = 0; i < slots; ++i) mask |= static_cast<std::uint32_t>(tags[i] == tag) << i;
    return mask;
#endif
  }
  [[nodiscard]] std::uint32_t empty() const noexcept { return with(0); }
  [[nodiscard]] std::uint32_t taken() const noexcept { return ~empty() & all; }

  void count_pass() noexcept { passed = static_cast<std::uint8_t>(passed + (passed != uncounted)); }
  void uncount_pass() noexcept { passed = static_cast<std::uint8_t>(passed - (passed != uncounted)); }
};
static_assert(sizeof(tag_group) == 16);

/// The lowest bit of a mask that has one, and the mask without it.
inline std::uint32_t take_lowest(std::uint32_t& mask) noexcept {
  const auto lowest = static_cast<std::uint32_t>(std::countr_zero(mask));
  mask &= mask - 1;
  return lowest;
}

}  // namespace millrace::detail
