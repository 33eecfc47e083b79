#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <millrace/base/hash.hpp>
#include <type_traits>

namespace millrace {

/// Hash of a key's bytes. Who chooses the keys cannot know which of them meet, unless they know the seed.
template <class Key>
class seeded_hash {
  static_assert(std::has_unique_object_representations_v<Key>,
                "equal keys must have equal bytes: no padding, no floating point");

 public:
  explicit seeded_hash(std::uint64_t seed) noexcept : seed_(seed), factor_(seed ^ 0xd6e8feb86659fd93ULL) {}

  std::uint64_t operator()(const Key& key) const noexcept {
    if constexpr (sizeof(Key) <= sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, &key, sizeof key);
      return detail::multiply_fold(word ^ 0x9e3779b97f4a7c15ULL, factor_);  // hash_word(word, seed_)
    } else {
      return hash_bytes(reinterpret_cast<const std::byte*>(&key), sizeof key, seed_);
    }
  }

 private:
  std::uint64_t seed_;
  std::uint64_t factor_;
};

}  // namespace millrace
