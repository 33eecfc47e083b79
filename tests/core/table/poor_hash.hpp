#pragma once

#include <cstdint>
#include <limits>
#include <millrace/base/hash.hpp>

namespace millrace {

/// Keeps the highest `Bits` of a good hash: homes meet, so that keys pass many full groups.
template <unsigned Bits>
struct poor_hash {
  explicit poor_hash(std::uint64_t) noexcept {}
  std::uint64_t operator()(std::uint64_t key) const noexcept {
    return hash_word(key, 1) & ~(std::numeric_limits<std::uint64_t>::max() >> Bits);
  }
};

/// Every key is at home in the last group of any number of groups.
struct last_hash {
  explicit last_hash(std::uint64_t) noexcept {}
  std::uint64_t operator()(std::uint64_t) const noexcept { return std::numeric_limits<std::uint64_t>::max(); }
};

}  // namespace millrace
