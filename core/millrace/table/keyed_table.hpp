#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/base/hash.hpp>
#include <millrace/base/prefetch.hpp>
#include <millrace/pool/reservation.hpp>
#include <new>
#include <type_traits>
#include <utility>

namespace millrace {

/// Keys that are equal exactly when their bytes are.
template <class Key>
concept bytewise_key = std::is_trivially_copyable_v<Key> && std::has_unique_object_representations_v<Key>;

/// Seed of tables that are given none: fixed, so that runs are reproducible.
inline constexpr std::uint64_t default_table_seed = 0x6d696c6c72616365ULL;

/// Per-key state of a fixed number of keys, inline in a power of two of slots: open addressing with linear
/// probing (Knuth, TAOCP 3, 6.4), a load of at most 0.8, deletion by shifting back (Algorithm R), so that
/// neither tombstones nor rehashing exist. A slot keeps 31 bits of its key's hash: they tell its home, and
/// spare nearly all comparisons of unequal keys. Zero bytes mean empty, hence fresh memory is never touched
/// before a key lands on it.
///
/// A pointer to a value holds until the next `erase`, which moves neighbours.
/// Threads: one owner. Allocation: in the constructor only. Complexity: O(1) expected for look-up, insertion
/// and erasure, given hashes that spread in all 64 bits or in the low ones; O(slots) for `for_each`.
/// Errors: the constructor throws `millrace::error` when the memory is refused. Full is a null pointer.
template <class Key, class Value>
class keyed_table {
  static_assert(std::is_trivially_copyable_v<Key> && std::is_trivially_copyable_v<Value>,
                "a table moves and snapshots its slots as bytes: keys and values must be trivially copyable");

 public:
  struct insertion {
    Value* value;   // null when the key is new and the table full
    bool inserted;  // the value was just initialised with Value{}
  };

  explicit keyed_table(std::size_t capacity, std::uint64_t seed = default_table_seed)
      : capacity_(capacity),
        mask_(slot_count_for(capacity) - 1),
        home_shift_(32 - static_cast<std::uint32_t>(std::bit_width(mask_))),
        seed_(seed),
        slots_(reservation::for_items(mask_ + 1, sizeof(slot), slot_alignment, memory_content::zero)) {}

  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return slots_.bytes(); }

  /// The value of the key with this hash for which `equal(const Key&)`, or `equal(const Key&, const Value&)`, holds;
  /// null when there is none.
  template <class Equal>
  [[nodiscard]] Value* find(std::uint64_t hash, Equal&& equal) noexcept {
    slot* const found = find_slot(tag_of(hash), equal);
    return found == nullptr ? nullptr : &found->value;
  }
  template <class Equal>
  [[nodiscard]] const Value* find(std::uint64_t hash, Equal&& equal) const noexcept {
    const slot* const found = find_slot(tag_of(hash), equal);
    return found == nullptr ? nullptr : &found->value;
  }

  /// Adds `key` with `Value{}`; null when the table is full. Requires: no equal key is in the table.
  [[nodiscard]] Value* try_insert(std::uint64_t hash, const Key& key) noexcept {
    if (size_ == capacity_) return nullptr;
    const std::uint32_t tag = tag_of(hash);
    std::size_t index = home_of(tag);
    while (at(index).tag != empty) index = next(index);
    ++size_;
    slot* const made = ::new (&at(index)) slot;
    made->tag = tag;
    made->key = key;
    made->value = Value{};
    return &made->value;
  }

  /// Removes the key for which `equal` holds; false when there is none.
  template <class Equal>
  bool erase(std::uint64_t hash, Equal&& equal) noexcept {
    slot* const found = find_slot(tag_of(hash), equal);
    if (found == nullptr) return false;
    close_gap(static_cast<std::size_t>(found - &at(0)));
    --size_;
    return true;
  }

  [[nodiscard]] Value* find(const Key& key) noexcept requires bytewise_key<Key> {
    return find(hash_of(key), equal_to{key});
  }
  [[nodiscard]] const Value* find(const Key& key) const noexcept requires bytewise_key<Key> {
    return find(hash_of(key), equal_to{key});
  }

  [[nodiscard]] insertion find_or_insert(const Key& key) noexcept requires bytewise_key<Key> {
    const std::uint64_t hash = hash_of(key);
    if (Value* const value = find(hash, equal_to{key})) return {value, false};
    Value* const value = try_insert(hash, key);
    return {value, value != nullptr};
  }

  bool erase(const Key& key) noexcept requires bytewise_key<Key> { return erase(hash_of(key), equal_to{key}); }

  /// The hash by which the typed look-ups find a key.
  [[nodiscard]] std::uint64_t hash_of(const Key& key) const noexcept requires bytewise_key<Key> {
    if constexpr (sizeof(Key) <= sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, &key, sizeof key);
      return hash_word(word, seed_);
    } else {
      return hash_bytes(reinterpret_cast<const std::byte*>(&key), sizeof key, seed_);
    }
  }

  /// Calls `f(const Key&, Value&)` for every key, in an order that depends on the history of the table alone.
  /// `f` must not insert or erase.
  template <class F>
  void for_each(F&& f) {
    for (std::size_t i = 0; i <= mask_; ++i) {
      if (at(i).tag != empty) f(std::as_const(at(i).key), at(i).value);
    }
  }
  template <class F>
  void for_each(F&& f) const {
    for (std::size_t i = 0; i <= mask_; ++i) {
      if (at(i).tag != empty) f(at(i).key, at(i).value);
    }
  }

  /// Starts to load the line where a look-up of this hash begins.
  void prefetch(std::uint64_t hash) const noexcept { prefetch_line(&at(home_of(tag_of(hash)))); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t slot_count() const noexcept { return mask_ + 1; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

 private:
  struct key_first {
    std::uint32_t tag;
    Key key;
    Value value;
  };
  struct value_first {
    std::uint32_t tag;
    Value value;
    Key key;
  };
  using slot = std::conditional_t<(sizeof(value_first) < sizeof(key_first)), value_first, key_first>;

  struct equal_to {
    const Key& key;
    bool operator()(const Key& other) const noexcept { return std::memcmp(&key, &other, sizeof key) == 0; }
  };

  static constexpr std::uint32_t empty = 0;
  static constexpr std::uint32_t taken = 1;
  static constexpr std::size_t slot_alignment = alignof(slot) > 64 ? alignof(slot) : 64;
  static constexpr std::size_t capacity_max = (std::size_t{1} << 31) / 5 * 4;

  /// Smallest power of two that keeps the load at 0.8; at least two, so that a probe always meets an end.
  static std::size_t slot_count_for(std::size_t capacity) {
    if (capacity > capacity_max) throw error("a table holds at most 1,717,986,916 keys");
    return std::bit_ceil(std::max<std::size_t>(2, (5 * capacity + 3) / 4));
  }

  /// The high half of a multiplicative mix, so that a poor hash in the low bits still spreads. Its lowest bit
  /// says that the slot is taken; its highest bits are the home.
  static std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>((hash * 0x9e3779b97f4a7c15ULL) >> 32) | taken;
  }
  [[nodiscard]] std::size_t home_of(std::uint32_t tag) const noexcept { return tag >> home_shift_; }
  [[nodiscard]] std::size_t next(std::size_t index) const noexcept { return (index + 1) & mask_; }

  [[nodiscard]] slot& at(std::size_t index) noexcept { return reinterpret_cast<slot*>(slots_.data())[index]; }
  [[nodiscard]] const slot& at(std::size_t index) const noexcept {
    return reinterpret_cast<const slot*>(slots_.data())[index];
  }

  template <class Equal>
  static bool is_equal(const slot& candidate, Equal& equal) noexcept {
    if constexpr (std::is_invocable_v<Equal&, const Key&, const Value&>)
      return equal(candidate.key, candidate.value);
    else
      return equal(candidate.key);
  }

  template <class Equal>
  [[nodiscard]] const slot* find_slot(std::uint32_t tag, Equal& equal) const noexcept {
    for (std::size_t index = home_of(tag);; index = next(index)) {
      const slot& candidate = at(index);
      if (candidate.tag == tag && is_equal(candidate, equal)) return &candidate;
      if (candidate.tag == empty) return nullptr;
    }
  }
  template <class Equal>
  [[nodiscard]] slot* find_slot(std::uint32_t tag, Equal& equal) noexcept {
    return const_cast<slot*>(std::as_const(*this).find_slot(tag, equal));
  }

  /// Moves back every later slot of the run that may stand at the gap: whose home is not behind the gap.
  void close_gap(std::size_t gap) noexcept {
    for (std::size_t index = next(gap); at(index).tag != empty; index = next(index)) {
      const std::size_t displacement = (index - home_of(at(index).tag)) & mask_;
      if (displacement < ((index - gap) & mask_)) continue;
      at(gap) = at(index);
      gap = index;
    }
    at(gap).tag = empty;
  }

  std::size_t capacity_;
  std::size_t mask_;
  std::uint32_t home_shift_;
  std::uint64_t seed_;
  std::size_t size_ = 0;
  reservation slots_;
};

}  // namespace millrace
