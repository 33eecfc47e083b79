#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <millrace/table/published_table.hpp>
#include <optional>
#include <span>
#include <type_traits>

namespace millrace::projection {

/// Which keys have a value: a secondary index that one thread writes and any number of others read, without asking it.
///
/// The keys of a value are numbered from zero without a gap: a table of (value, number) → key, and one of value → how
/// many. When a key leaves, the last one takes its number. So readers who go from the last number down meet every key
/// that stays, whatever moves meanwhile; one that moves under them they may meet again. A version of each value's keys,
/// odd while they change, tells a reader who wants each once to begin again.
///
/// Threads: `change` and `clear` belong to one, the others to all. Progress: the writer is wait-free; readers begin
/// again while the writer is in the way. Allocation: in the constructor, all of it. Complexity: O(1) expected a change;
/// a look-up is linear in the keys that it finds. Memory: for `keys_max` keys. Errors: the constructor throws
/// `millrace::error` when the memory is refused.
template <class Value, class Key>
class published_index {
  static_assert(std::has_unique_object_representations_v<Value> && std::is_trivially_copyable_v<Value>,
                "equal values of an index must have equal bytes: no padding, no floating point");

 public:
  /// One key more than may stay: one that changes its value is among those of both for a moment.
  explicit published_index(std::size_t keys_max) : heads_(keys_max + 1), keys_(keys_max + 1), numbers_(keys_max + 1) {}

  /// Takes the key from one value's keys to those of another, and calls `meanwhile()` when it is among both: who
  /// changes the row then lets no reader see a row that its value does not lead to. Requires: the key is among those of
  /// `from`.
  template <class Meanwhile>
  void change(const Key& key, const std::optional<Value>& from, const std::optional<Value>& to, Meanwhile&& meanwhile) {
    if (from && to && std::memcmp(&*from, &*to, sizeof(Value)) == 0) {
      meanwhile();
      return;
    }
    const std::uint32_t old_number = from ? *numbers_.read(key) : 0;
    const std::uint32_t new_number = to ? add(*to, key) : 0;
    meanwhile();
    if (from) remove(*from, old_number);
    if (to)
      numbers_.put(key, new_number);
    else
      numbers_.erase(key);
  }

  /// Calls `f(const Key&)` for the value's keys: for each that stays meanwhile, and again where it moved.
  template <class F>
  void for_each(const Value& value, F&& f) const {
    for (std::uint32_t number = head_of(value).count; number-- != 0;)
      if (const std::optional<Key> key = keys_.read(entry_of(value, number))) f(*key);
  }

  /// Copies the value's keys, as many as there is room for, and says how many there are: all of one moment. Nothing
  /// when they changed meanwhile.
  [[nodiscard]] std::optional<std::size_t> try_copy(const Value& value, std::span<Key> room) const noexcept {
    const head before = head_of(value);
    if (before.version % 2 != 0) return std::nullopt;
    const std::size_t copied = std::min<std::size_t>(before.count, room.size());
    for (std::uint32_t number = 0; number < copied; ++number) {
      const std::optional<Key> key = keys_.read(entry_of(value, number));
      if (!key) return std::nullopt;
      room[number] = *key;
    }
    if (head_of(value).version != before.version) return std::nullopt;
    return before.count;
  }

  /// How many keys have the value.
  [[nodiscard]] std::size_t count(const Value& value) const noexcept { return head_of(value).count; }

  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return heads_.reserved_bytes() + keys_.reserved_bytes() + numbers_.reserved_bytes();
  }

  void clear() noexcept {
    heads_.clear();
    keys_.clear();
    numbers_.clear();
  }

 private:
  struct head {
    std::uint32_t count = 0;
    std::uint64_t version = 0;
  };
  /// Without padding, whatever the value's alignment.
  struct entry {
    std::array<std::byte, sizeof(Value)> value;
    std::array<std::byte, sizeof(std::uint32_t)> number;
  };

  static entry entry_of(const Value& value, std::uint32_t number) noexcept {
    entry made;
    std::memcpy(made.value.data(), &value, sizeof value);
    std::memcpy(made.number.data(), &number, sizeof number);
    return made;
  }
  [[nodiscard]] head head_of(const Value& value) const noexcept { return heads_.read(value).value_or(head{}); }

  std::uint32_t add(const Value& value, const Key& key) noexcept {
    const std::uint32_t count = head_of(value).count;
    heads_.put(value, {count, ++version_});
    keys_.put(entry_of(value, count), key);
    heads_.put(value, {count + 1, ++version_});
    return count;
  }

  void remove(const Value& value, std::uint32_t number) noexcept {
    const std::uint32_t count = head_of(value).count;
    heads_.put(value, {count, ++version_});
    if (number != count - 1) {
      const Key moved = *keys_.read(entry_of(value, count - 1));
      keys_.put(entry_of(value, number), moved);
      numbers_.put(moved, number);
    }
    keys_.erase(entry_of(value, count - 1));
    ++version_;
    if (count == 1)
      heads_.erase(value);
    else
      heads_.put(value, {count - 1, version_});
  }

  published_table<Value, head> heads_;
  published_table<entry, Key> keys_;
  published_table<Key, std::uint32_t> numbers_;  // read by the writer alone
  std::uint64_t version_ = 0;                    // of no value's keys twice
};

}  // namespace millrace::projection
