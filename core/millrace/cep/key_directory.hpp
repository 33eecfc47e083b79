#pragma once

#include <millrace/base/hash.hpp>
#include <millrace/cep/matcher_state.hpp>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/table/keyed_table.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace millrace::cep {

/// Gives each key that has state a dense number, which all matchers with that key share. A key is a string of
/// bytes (fields packed one behind the other). When the directory is full, idle keys give way: see `number_for`; those
/// that nobody names are found by a hand that walks round, a bounded number of steps a time.
///
/// A key of eight bytes or fewer stands in the table itself; of a longer one its hash does, and the key is compared
/// where it is stored.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected.
class key_directory {
 public:
  /// `is_uniform`: no two keys differ only by zeroes at the end (all have one size, or none begins another one).
  key_directory(std::uint32_t capacity, std::size_t key_bytes_max, bool is_uniform)
      : is_short_(is_uniform && key_bytes_max <= sizeof(std::uint64_t)),
        keys_(capacity, sizeof(stored_key) + key_bytes_max),
        numbers_(capacity),
        live_(capacity) {}

  static std::uint64_t hash(std::span<const std::byte> key) noexcept {
    constexpr std::uint64_t seed = 0x6d696c6c72616365;
    if (key.size() == sizeof(std::uint64_t)) return hash_word(millrace::detail::load_word(key.data()), seed);
    return hash_bytes(key.data(), key.size(), seed);
  }

  /// The key's number; `null_handle` when it has none.
  [[nodiscard]] partition_id find(std::span<const std::byte> key, std::uint64_t hash) noexcept {
    const std::uint64_t word = word_of(key, hash);
    const partition_id* const found =
        is_short_ ? numbers_.find(hash, [&](std::uint64_t known) { return known == word; })
                  : numbers_.find(
                        hash, [&](std::uint64_t known, partition_id id) { return known == word && equals(id, key); });
    return found == nullptr ? null_handle : *found;
  }

  /// Starts to load what `find` looks at first.
  void prefetch(std::uint64_t hash) const noexcept { numbers_.prefetch(hash); }

  /// Gives a key without a number one. `may_evict(id)` says whether a key's number can be taken from it, and
  /// forgets the key where it says yes. `null_handle` when there is none to take.
  template <class MayEvict>
  [[nodiscard]] partition_id insert(std::span<const std::byte> key, std::uint64_t hash, MayEvict&& may_evict) {
    partition_id id = keys_.try_allocate();
    if (id == null_handle) {
      if (!evict_one(may_evict)) return null_handle;
      id = keys_.try_allocate();
    }
    auto* const stored = keys_[id];
    const stored_key head{hash, static_cast<std::uint32_t>(key.size()), 0};
    std::memcpy(stored, &head, sizeof head);
    if (!key.empty()) std::memcpy(stored + sizeof head, key.data(), key.size());
    *numbers_.try_insert(hash, word_of(key, hash)) = id;  // has room: it holds as many keys as the pool
    live_.set(id, true);
    return id;
  }

  /// Takes its number from a key. Requires: it has one.
  void erase(partition_id id) noexcept {
    ++erasures_;
    stored_key head;
    std::memcpy(&head, keys_[id], sizeof head);
    static_cast<void>(numbers_.erase(head.hash, [id](std::uint64_t, partition_id known) { return known == id; }));
    live_.set(id, false);
    keys_.release(id);
  }

  /// The next key on a walk round all of them, but for `keep`; `null_handle` when there is no other.
  /// Requires: the directory is full.
  [[nodiscard]] partition_id next_of_all(partition_id keep) noexcept {
    for (int tries = 0; tries < 2; ++tries) {
      hand_ = hand_ + 1 < capacity() ? hand_ + 1 : 0;
      if (hand_ != keep) return hand_;
    }
    return null_handle;
  }

  /// As long as it stays as it is, numbers that were found stay those of their keys.
  [[nodiscard]] std::uint64_t erasures() const noexcept { return erasures_; }

  [[nodiscard]] bool full() const noexcept { return keys_.size() == keys_.capacity(); }

  [[nodiscard]] std::span<const std::byte> key_of(partition_id id) const noexcept {
    stored_key head;
    std::memcpy(&head, keys_[id], sizeof head);
    return {keys_[id] + sizeof head, head.bytes};
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return keys_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return keys_.capacity(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return keys_.reserved_bytes() + numbers_.reserved_bytes() + live_.reserved_bytes();
  }
  /// What of them keys are scattered over, so that a few thousand make all of it resident.
  [[nodiscard]] std::size_t scattered_bytes() const noexcept { return numbers_.reserved_bytes(); }

 private:
  static constexpr std::uint32_t steps_max = 256;

  struct stored_key {
    std::uint64_t hash;
    std::uint32_t bytes;
    std::uint32_t unused;
  };

  /// One bit a number, in memory that becomes resident with use.
  class bit_set {
   public:
    explicit bit_set(std::uint32_t bits) : words_(reservation::for_items(bits / 64 + 1, 8, 8, memory_content::zero)) {}
    void set(std::uint32_t bit, bool on) noexcept {
      const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
      if (on)
        word(bit) |= mask;
      else
        word(bit) &= ~mask;
    }
    [[nodiscard]] std::size_t reserved_bytes() const noexcept { return words_.bytes(); }
    [[nodiscard]] bool test(std::uint32_t bit) noexcept { return (word(bit) >> (bit % 64) & 1) != 0; }

   private:
    std::uint64_t& word(std::uint32_t bit) noexcept {
      return *(reinterpret_cast<std::uint64_t*>(words_.data()) + bit / 64);
    }
    reservation words_;
  };

  [[nodiscard]] std::uint64_t word_of(std::span<const std::byte> key, std::uint64_t hash) const noexcept {
    if (!is_short_) return hash;
    if (key.size() == sizeof(std::uint64_t)) return millrace::detail::load_word(key.data());
    std::uint64_t word = 0;
    std::memcpy(&word, key.data(), std::min(key.size(), sizeof word));
    return word;
  }

  [[nodiscard]] bool equals(partition_id id, std::span<const std::byte> key) const noexcept {
    const auto known = key_of(id);
    return known.size() == key.size() && (key.empty() || std::memcmp(known.data(), key.data(), key.size()) == 0);
  }

  template <class MayEvict>
  bool evict_one(MayEvict& may_evict) {
    for (std::uint32_t steps = 0; steps < steps_max; ++steps) {
      hand_ = hand_ + 1 < capacity() ? hand_ + 1 : 0;
      if (!live_.test(hand_) || !may_evict(hand_)) continue;
      erase(hand_);
      return true;
    }
    return false;
  }

  bool is_short_;
  byte_slab_pool keys_;
  keyed_table<std::uint64_t, partition_id> numbers_;
  bit_set live_;
  std::uint32_t hand_ = 0;
  std::uint64_t erasures_ = 0;
};

}  // namespace millrace::cep
