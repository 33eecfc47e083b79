#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <millrace/base/hash.hpp>
#include <type_traits>

namespace millrace::window {

/// About how many different values there were: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with 64-bit hashes
/// and Ertl's estimator ("New cardinality estimation algorithms for HyperLogLog sketches", 2017), which needs no
/// correction for few or many values. The standard error is 1.04 / sqrt(2^precision): 1.6 % at a precision of 12, and a
/// state takes 2^precision bytes. Order and repetition make no difference, and merging loses nothing.
///
/// Threads: one owner. Allocation: none. Complexity: O(1) to add; O(2^precision) for all else.
class hyper_log_log {
 public:
  /// Errors: `millrace::error` for a precision outside 4 … 16.
  explicit hyper_log_log(unsigned precision = 12, std::uint64_t seed = 0x6d696c6c72616365ULL);

  [[nodiscard]] std::size_t state_bytes() const noexcept { return std::size_t{1} << precision_; }
  void begin(std::byte* state) const noexcept { std::memset(state, 0, state_bytes()); }

  template <class V>
  void add(std::byte* state, const V& value) const noexcept {
    static_assert(std::has_unique_object_representations_v<V>, "equal values must have equal bytes");
    add_bytes(state, reinterpret_cast<const std::byte*>(&value), sizeof value);
  }
  void add_bytes(std::byte* state, const std::byte* value, std::size_t bytes) const noexcept {
    const std::uint64_t hash = hash_bytes(value, bytes, seed_);
    const std::size_t at = hash >> (64 - precision_);
    const std::uint64_t rest = (hash << precision_) | (std::uint64_t{1} << (precision_ - 1));
    const auto rank = static_cast<std::byte>(__builtin_clzll(rest) + 1);
    if (state[at] < rank) state[at] = rank;
  }
  void merge(std::byte* into, const std::byte* later) const noexcept {
    for (std::size_t i = 0; i < state_bytes(); ++i)
      if (into[i] < later[i]) into[i] = later[i];
  }
  void end(std::byte*) const noexcept {}

  /// The estimate.
  [[nodiscard]] double value(const std::byte* state) const noexcept;
  [[nodiscard]] double standard_error() const noexcept;

 private:
  unsigned precision_;
  std::uint64_t seed_;
};

}  // namespace millrace::window
