#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <millrace/base/error.hpp>
#include <millrace/ring/std_atomics.hpp>
#include <millrace/table/keyed_table.hpp>
#include <millrace/table/seeded_hash.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace millrace {

/// Per-key state that one thread writes and any number of others read, without asking it: a sequence lock for each
/// group of seven slots (Lameter's seqlock; Boehm, MSPC 2012, for what C++ asks of it).
///
/// A key stays in the slot that it was put in until it is erased, and an erased one leaves nothing behind: a group
/// counts the keys that passed it because it was full. So a reader needs each group as a whole, and never two of them
/// at once.
///
/// Threads: `put`, `erase` and `clear` belong to one; `read`, `try_read`, `for_each` and `size` to all. Progress: the
/// writer is wait-free; `try_read` is wait-free; `read` begins again while the writer is at the key's group.
/// Allocation: in the constructor, all of it. Complexity: O(1) expected. A value read is one that was put as a whole.
/// Orderings:
///
///     W1 the sequence becomes odd            R1 the sequence, if even
///     W2 each word, release     pairs with   R2 each word, acquire: who sees a new word sees W1, too
///     W3 the sequence, release  pairs with   R1 acquire: who sees the new sequence sees all words
///                                            R3 the sequence is still that of R1
///     W4 the size, release      pairs with   R4 acquire: who sees it sees what came before the change, as any word
template <class Key, class Value, class Atomics = std_atomics, class Hash = seeded_hash<Key>>
class published_table {
  static_assert(std::is_trivially_copyable_v<Key> && std::is_trivially_copyable_v<Value>,
                "readers copy keys and values as bytes: they must be trivially copyable");

 public:
  enum class outcome { found, absent, busy };

  static constexpr std::size_t capacity_max = std::size_t{1} << 31;

  explicit published_table(std::size_t capacity, std::uint64_t seed = default_table_seed)
      : capacity_(capacity), mask_(groups_for(capacity) - 1), groups_(new group[mask_ + 1]), hash_(seed) {}

  /// Inserts the key or replaces its value; false when it is new and the table full. The writer's.
  bool put(const Key& key, const Value& value) noexcept {
    const auto key_image = words_of<key_words>(key);
    const std::uint64_t hash = hash_(key);
    place at = find(hash, key_image);
    const bool is_new = at.in == nullptr;
    if (is_new) {
      if (size() == capacity_) return false;
      at = take_place(hash);
    }
    const auto value_image = words_of<value_words>(value);
    write(*at.in, [&] {
      auto& slot = at.in->slots[at.index];
      for (std::size_t i = 0; i < value_words; ++i)
        slot[key_words + i].store(value_image[i], std::memory_order_release);  // W2
      if (!is_new) return;
      for (std::size_t i = 0; i < key_words; ++i) slot[i].store(key_image[i], std::memory_order_release);  // W2
      set_tags(*at.in, tags_of(*at.in) | std::uint64_t{tag_of(hash)} << (8 * at.index));
    });
    if (is_new) size_.store(size() + 1, std::memory_order_release);  // W4
    return true;
  }

  /// False when there is no such key. The writer's.
  bool erase(const Key& key) noexcept {
    const std::uint64_t hash = hash_(key);
    const place at = find(hash, words_of<key_words>(key));
    if (at.in == nullptr) return false;
    write(*at.in, [&] { set_tags(*at.in, tags_of(*at.in) & ~(std::uint64_t{0xFF} << (8 * at.index))); });
    for (std::size_t g = home_of(hash); &groups_[g] != at.in; g = next(g)) {
      const std::uint64_t tags = tags_of(groups_[g]);
      if (tags >> passed_shift != uncounted) set_tags(groups_[g], tags - one_passed);
    }
    size_.store(size() - 1, std::memory_order_release);  // W4
    return true;
  }

  /// Copies the key's value where there is one. `busy` when the writer was at one of its groups: nothing is said then.
  [[nodiscard]] outcome try_read(const Key& key, Value& value) const noexcept {
    const auto key_image = words_of<key_words>(key);
    const std::uint64_t hash = hash_(key);
    std::size_t g = home_of(hash);
    for (std::size_t seen = 0; seen <= mask_; ++seen, g = next(g)) {
      const group& each = groups_[g];
      const std::uint64_t sequence = each.sequence.load(std::memory_order_acquire);  // R1, pairs with W3
      if (sequence % 2 != 0) return outcome::busy;
      const std::uint64_t tags = each.tags.load(std::memory_order_acquire);  // R2, pairs with W2
      std::array<std::uint64_t, value_words> image;
      const bool is_found = copy_from(each, tags, tag_of(hash), key_image, image);
      if (each.sequence.load(std::memory_order_relaxed) != sequence) return outcome::busy;  // R3
      if (is_found) {
        std::memcpy(static_cast<void*>(&value), image.data(), sizeof value);
        return outcome::found;
      }
      if (tags >> passed_shift == 0) break;
    }
    return outcome::absent;
  }

  /// The key's value, or nothing when it has none. Begins again as long as the writer is in the way.
  [[nodiscard]] std::optional<Value> read(const Key& key) const noexcept {
    for (;;) {
      Value value;
      const outcome read = try_read(key, value);
      if (read == outcome::found) return value;
      if (read == outcome::absent) return std::nullopt;
    }
  }

  /// Calls `f(const Key&, const Value&)` for every key, each with a value that was put as a whole. A key that is there
  /// all the time is visited once, one that comes or goes meanwhile at most once for each time that it comes. Begins a
  /// group again as long as the writer is in the way. Complexity: O(capacity).
  template <class F>
  void for_each(F&& f) const {
    for (std::size_t g = 0; g <= mask_; ++g) {
      group_image image;
      while (!try_copy(groups_[g], image)) {
      }
      for (std::size_t i = 0; i < slots_each; ++i) {
        if ((image.tags >> (8 * i) & 0xFF) == 0) continue;
        Key key;
        Value value;
        std::memcpy(static_cast<void*>(&key), image.slots[i].data(), sizeof key);
        std::memcpy(static_cast<void*>(&value), image.slots[i].data() + key_words, sizeof value);
        f(std::as_const(key), std::as_const(value));
      }
    }
  }

  /// Removes every key. The writer's. Complexity: O(capacity).
  void clear() noexcept {
    for (std::size_t g = 0; g <= mask_; ++g)
      if (tags_of(groups_[g]) != 0) write(groups_[g], [&] { set_tags(groups_[g], 0); });
    size_.store(0, std::memory_order_release);  // W4
  }

  [[nodiscard]] std::size_t size() const noexcept {
    return size_.load(std::memory_order_acquire);  // R4, pairs with W4
  }
  /// How many groups keys had to pass because they were full. The writer's. Complexity: O(groups).
  [[nodiscard]] std::size_t groups_passed() const noexcept {
    std::size_t count = 0;
    for (std::size_t g = 0; g <= mask_; ++g) count += tags_of(groups_[g]) >> passed_shift != 0;
    return count;
  }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return (mask_ + 1) * sizeof(group); }

 private:
  static constexpr std::size_t slots_each = 7;
  static constexpr std::size_t keys_each = 5;
  static constexpr std::size_t key_words = (sizeof(Key) + 7) / 8;
  static constexpr std::size_t value_words = (sizeof(Value) + 7) / 8;
  static constexpr std::uint32_t passed_shift = 8 * slots_each;
  static constexpr std::uint64_t one_passed = std::uint64_t{1} << passed_shift;
  static constexpr std::uint64_t uncounted = 0xFF;
  using word = typename Atomics::template atomic<std::uint64_t>;

  struct alignas(64) group {
    word sequence{0};
    word tags{0};  // seven tags, zero where the slot is empty, and in the highest byte how many keys passed
    std::array<std::array<word, key_words + value_words>, slots_each> slots{};
  };
  struct group_image {
    std::uint64_t tags;
    std::array<std::array<std::uint64_t, key_words + value_words>, slots_each> slots;
  };
  struct place {
    group* in;  // null when there is none
    std::size_t index;
  };

  static std::size_t groups_for(std::size_t capacity) {
    if (capacity > capacity_max) throw error("a published table holds at most 2,147,483,648 keys");
    return std::bit_ceil(std::max<std::size_t>(2, (capacity + keys_each - 1) / keys_each));
  }

  template <std::size_t Words, class T>
  static std::array<std::uint64_t, Words> words_of(const T& from) noexcept {
    std::array<std::uint64_t, Words> words{};
    std::memcpy(words.data(), &from, sizeof from);
    return words;
  }

  static std::uint8_t tag_of(std::uint64_t hash) noexcept {
    const auto low = static_cast<std::uint8_t>(hash);
    return static_cast<std::uint8_t>(low + (low == 0));
  }
  [[nodiscard]] std::size_t home_of(std::uint64_t hash) const noexcept { return (hash >> 16) & mask_; }
  [[nodiscard]] std::size_t next(std::size_t g) const noexcept { return (g + 1) & mask_; }

  /// The highest bit of each byte with this tag. Exact: the shorter form, which borrows from byte to byte, would take
  /// an empty slot for one with tag 1, and find the erased key in it.
  static std::uint64_t with(std::uint64_t tags, std::uint8_t tag) noexcept {
    const std::uint64_t unlike = tags ^ (tag * 0x0101010101010101ULL);
    const std::uint64_t low_bits = (unlike & 0x7F7F7F7F7F7F7F7FULL) + 0x7F7F7F7F7F7F7F7FULL;
    return ~(low_bits | unlike) & 0x0080808080808080ULL;
  }
  static std::size_t lowest(std::uint64_t mask) noexcept {
    return static_cast<std::size_t>(std::countr_zero(mask)) / 8;
  }

  /// What the writer alone changes it may read as it likes.
  static std::uint64_t tags_of(const group& g) noexcept { return g.tags.load(std::memory_order_relaxed); }
  static void set_tags(group& g, std::uint64_t tags) noexcept { g.tags.store(tags, std::memory_order_release); }  // W2

  template <class Words>
  static void write(group& g, Words&& words) noexcept {
    const std::uint64_t sequence = g.sequence.load(std::memory_order_relaxed);
    g.sequence.store(sequence + 1, std::memory_order_relaxed);  // W1
    words();
    g.sequence.store(sequence + 2, std::memory_order_release);  // W3, pairs with R1
  }

  /// False when the writer was in the way.
  static bool try_copy(const group& from, group_image& image) noexcept {
    const std::uint64_t sequence = from.sequence.load(std::memory_order_acquire);  // R1, pairs with W3
    if (sequence % 2 != 0) return false;
    image.tags = from.tags.load(std::memory_order_acquire);  // R2, pairs with W2
    for (std::size_t i = 0; i < slots_each; ++i) {
      if ((image.tags >> (8 * i) & 0xFF) == 0) continue;
      for (std::size_t word = 0; word < image.slots[i].size(); ++word)
        image.slots[i][word] = from.slots[i][word].load(std::memory_order_acquire);  // R2, pairs with W2
    }
    return from.sequence.load(std::memory_order_relaxed) == sequence;  // R3
  }

  template <class Slot>
  static bool holds(const Slot& slot, const std::array<std::uint64_t, key_words>& key) noexcept {
    for (std::size_t i = 0; i < key_words; ++i)
      if (slot[i].load(std::memory_order_acquire) != key[i]) return false;  // R2, pairs with W2
    return true;
  }

  static bool copy_from(const group& g, std::uint64_t tags, std::uint8_t tag,
                        const std::array<std::uint64_t, key_words>& key,
                        std::array<std::uint64_t, value_words>& image) noexcept {
    for (std::uint64_t mask = with(tags, tag); mask != 0; mask &= mask - 1) {
      const auto& slot = g.slots[lowest(mask)];
      if (!holds(slot, key)) continue;
      for (std::size_t i = 0; i < value_words; ++i)
        image[i] = slot[key_words + i].load(std::memory_order_acquire);  // R2, pairs with W2
      return true;
    }
    return false;
  }

  /// Where the key is, for the writer.
  [[nodiscard]] place find(std::uint64_t hash, const std::array<std::uint64_t, key_words>& key) noexcept {
    std::size_t g = home_of(hash);
    for (std::size_t seen = 0; seen <= mask_; ++seen, g = next(g)) {
      for (std::uint64_t mask = with(tags_of(groups_[g]), tag_of(hash)); mask != 0; mask &= mask - 1)
        if (holds(groups_[g].slots[lowest(mask)], key)) return {&groups_[g], lowest(mask)};
      if (tags_of(groups_[g]) >> passed_shift == 0) break;
    }
    return {nullptr, 0};
  }

  /// The first empty slot from the home on. Requires: the table is not full.
  place take_place(std::uint64_t hash) noexcept {
    for (std::size_t g = home_of(hash);; g = next(g)) {
      const std::uint64_t tags = tags_of(groups_[g]);
      if (const std::uint64_t empty = with(tags, 0); empty != 0) return {&groups_[g], lowest(empty)};
      if (tags >> passed_shift != uncounted) set_tags(groups_[g], tags + one_passed);
    }
  }

  std::size_t capacity_;
  std::size_t mask_;
  std::unique_ptr<group[]> groups_;
  Hash hash_;
  word size_{0};
};

}  // namespace millrace
