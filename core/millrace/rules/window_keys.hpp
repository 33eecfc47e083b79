#pragma once

#include <millrace/cep/key_directory.hpp>
#include <millrace/pool/reservation.hpp>

#include <cstdint>
#include <memory>
#include <span>

namespace millrace::rules {

/// The keys of one window rule in a shard, by dense numbers. A key has its number as long as there is a state of it,
/// and until another one needs the place.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected.
class window_keys {
 public:
  /// A rule without a key has one, which is empty.
  window_keys(bool is_keyed, std::uint32_t keys_max, std::size_t key_bytes_max, bool is_uniform)
      : states_(reservation::for_items(is_keyed ? keys_max : 1, sizeof(std::uint32_t), alignof(std::uint32_t),
                                       memory_content::zero)) {
    if (is_keyed) directory_ = std::make_unique<cep::key_directory>(keys_max, key_bytes_max, is_uniform);
  }

  /// `null_handle` when there are as many keys with states as may be.
  [[nodiscard]] std::uint32_t number_of(std::span<const std::byte> key) noexcept {
    if (!directory_) return 0;
    const std::uint64_t hash = cep::key_directory::hash(key);
    const std::uint32_t known = directory_->find(key, hash);
    if (known != null_handle) return known;
    return directory_->insert(key, hash, [this](std::uint32_t number) { return states_of(number) == 0; });
  }
  [[nodiscard]] std::span<const std::byte> key_of(std::uint32_t number) const noexcept {
    return directory_ ? directory_->key_of(number) : std::span<const std::byte>{};
  }

  /// There is one state more of a key, or one less.
  void hold(std::uint32_t number) noexcept { ++states_of(number); }
  void drop(std::uint32_t number) noexcept { --states_of(number); }

  [[nodiscard]] std::uint32_t capacity() const noexcept { return directory_ ? directory_->capacity() : 1; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return states_.bytes() + (directory_ ? directory_->reserved_bytes() : 0);
  }

  /// What of them keys are scattered over, so that a few thousand make all of it resident.
  [[nodiscard]] std::size_t scattered_bytes() const noexcept { return directory_ ? directory_->scattered_bytes() : 0; }

 private:
  [[nodiscard]] std::uint32_t& states_of(std::uint32_t number) noexcept {
    return reinterpret_cast<std::uint32_t*>(states_.data())[number];
  }

  std::unique_ptr<cep::key_directory> directory_;
  reservation states_;
};

}  // namespace millrace::rules
