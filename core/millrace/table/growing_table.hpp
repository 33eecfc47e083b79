#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <millrace/base/check.hpp>
#include <millrace/base/error.hpp>
#include <millrace/base/prefetch.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/table/keyed_table.hpp>
#include <millrace/table/seeded_hash.hpp>
#include <millrace/table/slot_groups.hpp>
#include <millrace/table/slot_order.hpp>
#include <millrace/table/tag_group.hpp>
#include <millrace/table/when_full.hpp>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace millrace {

/// Per-key state that begins small and grows with its keys, a few slots an insertion, so that no operation pays for a
/// rehash. README.md has the picture, the invariants and the costs.
///
/// Open addressing in groups of fifteen slots, whose tags one SIMD comparison looks at. A key stands in the first group
/// with room from its home on. Erasing moves nothing and leaves nothing behind.
///
/// A pointer to a value holds until the next `find_or_insert`, which may move any key, or until its key is erased.
/// Threads: one owner. Allocation: in the constructor only; fresh memory is made resident by insertions, at most
/// `bytes_ahead` each. Complexity: O(1) expected; an insertion splits at most one group, and empties of the groups
/// behind it what is at home in that one. Errors: the constructor throws `millrace::error` when the memory is refused,
/// or when more than `capacity_max` keys are asked for. Refused for being full is a null pointer, and counted.
///
/// What is done with a new key when the table is full is `Full`'s to say. To evict costs eight bytes a key, for an
/// order that finding keys keeps as well where the least recent goes.
template <class Key, class Value, when_full Full = when_full::reject, class Hash = seeded_hash<Key>>
class growing_table {
  static_assert(std::is_trivially_copyable_v<Key> && std::is_trivially_copyable_v<Value>,
                "a table moves and snapshots its slots as bytes: keys and values must be trivially copyable");
  using tag_group = detail::tag_group;

 public:
  struct insertion {
    Value* value;   // null when the key is new and the table full
    bool inserted;  // the value was just initialised with Value{}
  };

  static constexpr std::size_t capacity_max = std::size_t{12} << 26;
  static constexpr std::size_t bytes_ahead = std::size_t{16} << 10;
  static constexpr std::size_t burst = 32;

  /// Small pages bound what an insertion that touches fresh memory costs. With huge ones some insertions clear 2 MiB;
  /// look-ups all over a large table are faster.
  explicit growing_table(std::size_t capacity, std::uint64_t seed = default_table_seed,
                         memory_pages pages = memory_pages::small)
      : capacity_(capacity), groups_max_(groups_for(capacity)), slots_(2 * groups_max_, pages), hash_(seed) {
    set_group_count(std::min(groups_max_, groups_at_first));
  }

  [[nodiscard]] Value* find(const Key& key) noexcept {
    slot* const found = find_slot(hash_(key), key);
    if (found == nullptr) return nullptr;
    touch(*found);
    return &found->value;
  }
  /// Leaves the order of use as it is.
  [[nodiscard]] const Value* find(const Key& key) const noexcept {
    const slot* const found = find_slot(hash_(key), key);
    return found == nullptr ? nullptr : &found->value;
  }

  [[nodiscard]] insertion find_or_insert(const Key& key) noexcept {
    return find_or_insert(key, [](const Key&, Value&) noexcept {});
  }

  /// Hands a key that is evicted, and its value, to `on_evict(const Key&, Value&)` before it goes.
  template <class OnEvict>
  [[nodiscard]] insertion find_or_insert(const Key& key, OnEvict&& on_evict) {
    if (size_ >= grow_at_) grow();
    const std::uint64_t hash = hash_(key);
    if (slot* const found = find_slot(hash, key)) {
      touch(*found);
      return {&found->value, false};
    }
    if (size_ == capacity_ && !make_room(on_evict)) return {nullptr, false};
    const std::size_t place = take_place(hash);
    slot* const made = ::new (&at(place)) slot;
    made->key = key;
    made->value = Value{};
    if constexpr (is_ordered) order_.append(links(), static_cast<std::uint32_t>(place));
    ++size_;
    return {&made->value, true};
  }

  /// False when there is no such key.
  bool erase(const Key& key) noexcept {
    const std::uint64_t hash = hash_(key);
    const slot* const found = find_slot(hash, key);
    if (found == nullptr) return false;
    remove(hash, slots_.place_of(*found));
    return true;
  }

  /// Calls `f(const Key&, Value&)` for every key, in an order that depends on the history of the table alone.
  /// `f` must not insert or erase. Complexity: O(slots).
  template <class F>
  void for_each(F&& f) {
    for (std::size_t g = 0; is_in_use(g); ++g) {
      for (std::uint32_t mask = group(g).taken(); mask != 0;) {
        slot& each = at(slots_.place(g, detail::take_lowest(mask)));
        f(std::as_const(each.key), each.value);
      }
    }
  }

  /// Calls `f(const Key&, Value&)` for every key that is at home where this hash is; returns the first hash of the next
  /// home, zero behind the last. Requires: `hash` is zero or came from here. For `table_walk`.
  template <class F>
  std::uint64_t visit_home(std::uint64_t hash, F&& f) {
    const std::uint32_t shift = shift_of(hash);
    const std::size_t home = hash >> shift;
    std::size_t g = home;
    do {
      for (std::uint32_t mask = group(g).taken(); mask != 0;) {
        slot& each = at(slots_.place(g, detail::take_lowest(mask)));
        if (home_of(hash_(each.key)) == home) f(std::as_const(each.key), each.value);
      }
    } while (group(g++).passed != 0);
    return (std::uint64_t{home} + 1) << shift;
  }

  /// `found[i]` becomes what `find(keys[i])` would return, in order; the keys' lines are loaded side by side, so that a
  /// burst waits for memory about once. Requires: as many places as keys.
  void find_all(std::span<const Key> keys, std::span<Value*> found) noexcept {
    MILLRACE_ASSERT(found.size() >= keys.size());
    std::array<std::uint64_t, burst> hashes;
    for (std::size_t first = 0; first < keys.size(); first += burst) {
      const std::size_t count = std::min(burst, keys.size() - first);
      for (std::size_t i = 0; i < count; ++i) {
        hashes[i] = hash_(keys[first + i]);
        slots_.prefetch_group(home_of(hashes[i]));
      }
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t home = home_of(hashes[i]);
        if (std::uint32_t mask = group(home).with(tag_of(hashes[i])); mask != 0)
          prefetch_line(&at(slots_.place(home, detail::take_lowest(mask))));
      }
      for (std::size_t i = 0; i < count; ++i) {
        slot* const each = find_slot(hashes[i], keys[first + i]);
        if (each != nullptr) touch(*each);
        found[first + i] = each == nullptr ? nullptr : &each->value;
      }
    }
  }

  /// Starts to load the line where a look-up of this key begins.
  void prefetch(const Key& key) const noexcept { slots_.prefetch_group(home_of(hash_(key))); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  /// How many keys were refused, and how many evicted, because the table was full.
  [[nodiscard]] std::uint64_t refusals() const noexcept { return refusals_; }
  [[nodiscard]] std::uint64_t evictions() const noexcept { return evictions_; }
  /// The number of homes; while the table grows, that before.
  [[nodiscard]] std::size_t group_count() const noexcept { return group_count_; }
  [[nodiscard]] bool is_growing() const noexcept { return grow_at_ == 0; }
  /// How many groups growth has looked at so far.
  [[nodiscard]] std::uint64_t groups_split() const noexcept { return groups_split_; }
  /// How many groups keys had to pass because they were full. Complexity: O(groups).
  [[nodiscard]] std::size_t groups_passed() const noexcept {
    std::size_t count = 0;
    for (std::size_t g = 0; is_in_use(g); ++g) count += group(g).passed != 0;
    return count;
  }
  /// Address space; what of it is resident grows with use.
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return slots_.bytes(); }

 private:
  static constexpr bool is_ordered = Full != when_full::reject;
  struct plain_slot {
    Key key;
    Value value;
  };
  struct ordered_slot {
    Key key;
    Value value;
    detail::slot_links links;
  };
  using slot = std::conditional_t<is_ordered, ordered_slot, plain_slot>;
  static constexpr std::size_t groups_at_first = 16;
  static constexpr std::size_t first_bytes = std::size_t{4} << 10;
  /// Keys a group at which a table begins to double: with one key more for each group that is split meanwhile, the last
  /// ones have thirteen of fifteen slots taken.
  static constexpr std::size_t keys_each = 12;
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

  static std::size_t groups_for(std::size_t capacity) {
    if (capacity > capacity_max) throw error("a growing table holds at most 805,306,368 keys");
    return std::bit_ceil(std::max<std::size_t>(2, (capacity + keys_each - 1) / keys_each));
  }

  /// Zero is for empty slots. The bits are the lowest, the home is the highest ones.
  static std::uint8_t tag_of(std::uint64_t hash) noexcept {
    const auto low = static_cast<std::uint8_t>(hash);
    return static_cast<std::uint8_t>(low + (low == 0));
  }
  [[nodiscard]] std::uint32_t shift_of(std::uint64_t hash) const noexcept {
    return home_shift_ - static_cast<std::uint32_t>(hash > keep_home_up_to_);
  }
  [[nodiscard]] std::size_t home_of(std::uint64_t hash) const noexcept { return hash >> shift_of(hash); }

  [[nodiscard]] tag_group& group(std::size_t g) noexcept { return slots_.group(g); }
  [[nodiscard]] const tag_group& group(std::size_t g) const noexcept { return slots_.group(g); }
  [[nodiscard]] slot& at(std::size_t place) noexcept { return slots_.at(place); }
  [[nodiscard]] const slot& at(std::size_t place) const noexcept { return slots_.at(place); }

  [[nodiscard]] const slot* find_slot(std::uint64_t hash, const Key& key) const noexcept {
    const std::uint8_t tag = tag_of(hash);
    for (std::size_t g = home_of(hash);; ++g) {
      const tag_group& tags = group(g);
      std::uint32_t mask = tags.with(tag);
      // Once the branch is foreseen, this runs ahead of the tags, so that both are on their way at once.
      if (mask != 0) slots_.prefetch_slots(g);
      while (mask != 0) {
        const slot& candidate = at(slots_.place(g, detail::take_lowest(mask)));
        if (std::memcmp(&candidate.key, &key, sizeof key) == 0) return &candidate;
      }
      if (tags.passed == 0) [[likely]]
        return nullptr;
    }
  }
  [[nodiscard]] slot* find_slot(std::uint64_t hash, const Key& key) noexcept {
    return const_cast<slot*>(std::as_const(*this).find_slot(hash, key));
  }

  [[nodiscard]] auto links() noexcept {
    return [this](std::uint32_t place) -> detail::slot_links& { return at(place).links; };
  }

  void touch([[maybe_unused]] slot& found) noexcept {
    if constexpr (Full == when_full::evict_least_recent) {
      const auto place = static_cast<std::uint32_t>(slots_.place_of(found));
      if (place == order_.newest()) return;
      order_.remove(links(), place);
      order_.append(links(), place);
    }
  }

  template <class OnEvict>
  bool make_room([[maybe_unused]] OnEvict& on_evict) {
    if constexpr (is_ordered) {
      if (capacity_ != 0) {
        const std::uint32_t oldest = order_.oldest();
        on_evict(std::as_const(at(oldest).key), at(oldest).value);
        remove(hash_(at(oldest).key), oldest);
        ++evictions_;
        return true;
      }
    }
    ++refusals_;
    return false;
  }

  void remove(std::uint64_t hash, std::size_t place) noexcept {
    if constexpr (is_ordered) order_.remove(links(), static_cast<std::uint32_t>(place));
    leave(home_of(hash), place);
    --size_;
  }

  /// Marks the first free slot on the way from the home of this hash, and returns it.
  std::size_t take_place(std::uint64_t hash) noexcept {
    std::size_t g = home_of(hash);
    std::uint32_t empty = group(g).empty();
    for (; empty == 0; empty = group(g).empty()) group(g++).count_pass();
    const std::uint32_t index = detail::take_lowest(empty);
    group(g).tags[index] = tag_of(hash);
    return slots_.place(g, index);
  }

  /// Frees the slot of a key with this home.
  void leave(std::size_t home, std::size_t place) noexcept {
    const std::size_t g = slots_.group_of(place);
    group(g).tags[slots_.index_of(place)] = 0;
    for (; home != g; ++home) group(home).uncount_pass();
  }

  /// Whether a key may stand in this group or a later one.
  [[nodiscard]] bool is_in_use(std::size_t g) const noexcept {
    return g < (is_growing() ? 2 * group_count_ : group_count_) || group(g - 1).passed != 0;
  }

  void set_group_count(std::size_t count) noexcept {
    group_count_ = count;
    home_shift_ = 65 - static_cast<std::uint32_t>(std::bit_width(count));
    keep_home_up_to_ = std::numeric_limits<std::uint64_t>::max();
    grow_at_ = count == groups_max_ ? never : count * keys_each;
  }

  /// Begins to double the groups, or goes on with it.
  [[gnu::noinline]] void grow() noexcept {
    if (is_growing())
      split_last_group();
    else
      begin_to_grow();
  }

  /// Splits nothing yet. The first of the fresh memory takes page tables as well: it is touched bit by bit.
  void begin_to_grow() noexcept {
    grow_at_ = 0;
    split_ = group_count_;
    const std::size_t end = slots_.bytes_of(2 * group_count_);
    resident_from_ = end - std::min(end / 2, first_bytes);
  }

  /// Makes memory resident for the two groups that come next, and for some before them.
  void make_resident() noexcept {
    const std::size_t fresh = slots_.bytes_of(group_count_);
    const std::size_t needed = std::max(slots_.bytes_of(2 * split_), fresh);
    if (needed >= resident_from_) return;
    const std::size_t ahead = resident_from_ - std::min(resident_from_, bytes_ahead);
    const std::size_t from = std::max(std::min(needed, ahead), fresh);
    slots_.make_resident(from, resident_from_);
    resident_from_ = from;
  }

  /// Moves what is at home in the last of the old groups to its homes among twice as many.
  void split_last_group() noexcept {
    --split_;
    ++groups_split_;
    make_resident();
    if (split_ != 0 && group(split_).passed == 0) {
      split_into_two(split_);
      keep_home_up_to_ = (std::uint64_t{split_} << home_shift_) - 1;
    } else {
      split_with_followers(split_);
    }
  }

  /// The usual case: none of the group's keys stands elsewhere, hence its two heirs are empty.
  void split_into_two(std::size_t g) noexcept {
    tag_group& from = group(g);
    std::uint32_t counts[2] = {0, 0};
    for (std::uint32_t mask = from.taken(); mask != 0;) {
      const std::uint32_t index = detail::take_lowest(mask);
      const std::size_t place = slots_.place(g, index);
      const std::uint64_t hash = hash_(at(place).key);
      if (hash >> home_shift_ != g) continue;  // of a group before, which is not split yet
      const std::size_t side = hash >> (home_shift_ - 1) & 1;
      const std::uint32_t to = counts[side]++;
      group(2 * g + side).tags[to] = from.tags[index];
      move(place, slots_.place(2 * g + side, to));
      from.tags[index] = 0;
    }
  }

  /// Keys of the group may stand in later ones, up to where nobody passed. Where its heirs are among those, all of its
  /// keys leave before the first comes back.
  void split_with_followers(std::size_t g) noexcept {
    std::size_t end = g;
    while (group(end++).passed != 0) ++groups_split_;
    const bool is_direct = end <= 2 * g;
    const std::uint32_t shift = home_shift_;
    // Behind three times the old groups nothing stands: what finds the last new one full fits into fewer than the old.
    const std::size_t space = slots_.place(3 * group_count_, 0);
    std::size_t away = space;
    if (g == 0)
      set_group_count(2 * group_count_);
    else
      keep_home_up_to_ = (std::uint64_t{g} << shift) - 1;
    for (std::size_t from = g; from != end; ++from) {
      for (std::uint32_t mask = group(from).taken(); mask != 0;) {
        const std::size_t place = slots_.place(from, detail::take_lowest(mask));
        const std::uint64_t hash = hash_(at(place).key);
        if (hash >> shift != g) continue;
        leave(g, place);
        move(place, is_direct ? take_place(hash) : away++);
      }
    }
    for (std::size_t place = space; place != away; ++place) move(place, take_place(hash_(at(place).key)));
  }

  void move(std::size_t from, std::size_t to) noexcept {
    at(to) = at(from);
    if constexpr (is_ordered) order_.moved(links(), static_cast<std::uint32_t>(to));
  }

  std::size_t capacity_;
  std::size_t groups_max_;
  std::size_t group_count_ = 0;
  std::uint32_t home_shift_ = 0;
  std::uint64_t keep_home_up_to_ = 0;  // keys with a higher hash are at home among twice as many groups
  std::size_t split_ = 0;              // the first group of those keys' homes before, while the table grows
  std::size_t resident_from_ = 0;      // bytes of the slots, while the table grows
  std::size_t grow_at_ = never;
  std::size_t size_ = 0;
  std::uint64_t groups_split_ = 0;
  std::uint64_t refusals_ = 0;
  std::uint64_t evictions_ = 0;
  [[no_unique_address]] std::conditional_t<is_ordered, detail::slot_order, detail::no_order> order_;
  detail::slot_groups<slot> slots_;
  Hash hash_;
};

}  // namespace millrace
