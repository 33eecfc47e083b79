#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::model {

/// Random draws from a seed (splitmix64): the same on every machine, so that a seed is a replay.
class chance {
 public:
  explicit chance(std::uint64_t seed) noexcept : state_(seed) {}

  /// A number below `bound`. Requires: `bound` is not 0.
  std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>(next() % bound); }

  /// Whether a thing that happens `part` times of `whole` happens now.
  bool happens(std::size_t part, std::size_t whole) noexcept { return below(whole) < part; }

 private:
  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace millrace::model
