#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace {

namespace detail {

__extension__ using uint128 = unsigned __int128;

inline std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) noexcept {
  const auto product = static_cast<uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t load_word(const std::byte* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace detail

/// Hash of a 64-bit key: one widening multiplication, folded. The seed makes the order of slots
/// unpredictable to whoever chooses the keys.
inline std::uint64_t hash_word(std::uint64_t key, std::uint64_t seed) noexcept {
  return detail::multiply_fold(key ^ 0x9e3779b97f4a7c15ULL, seed ^ 0xd6e8feb86659fd93ULL);
}

/// Hash of a byte string, eight bytes a step, by the multiply-and-fold of wyhash (Wang Yi, public domain
/// algorithm). Not cryptographic.
inline std::uint64_t hash_bytes(const std::byte* data, std::size_t bytes, std::uint64_t seed) noexcept {
  std::uint64_t state = seed ^ 0xa0761d6478bd642fULL;
  std::size_t left = bytes;
  while (left >= 8) {
    state = detail::multiply_fold(detail::load_word(data) ^ 0xe7037ed1a0b428dbULL, state ^ 0x8ebc6af09c88c6e3ULL);
    data += 8;
    left -= 8;
  }
  std::uint64_t tail = 0;
  if (left != 0) std::memcpy(&tail, data, left);
  state = detail::multiply_fold(tail ^ 0x589965cc75374cc3ULL, state ^ bytes);
  return detail::multiply_fold(state ^ 0x1d8e4e27c47d124fULL, 0xeb44accab455d165ULL ^ seed);
}

/// One of `count` places for a hash that spreads in all bits: the high bits of hash * count (Lemire's reduction).
inline std::size_t place_of(std::uint64_t hash, std::size_t count) noexcept {
  __extension__ using wide = unsigned __int128;
  return static_cast<std::size_t>(static_cast<wide>(hash) * count >> 64);
}

}  // namespace millrace
