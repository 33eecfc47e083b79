#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <millrace/base/check.hpp>
#include <span>
#include <type_traits>

namespace millrace::window {

namespace detail {

/// A state: how many items there are, then the items.
template <class Item>
class item_list {
  static_assert(std::is_trivially_copyable_v<Item> && alignof(Item) <= 8);

 public:
  static constexpr std::size_t bytes_for(std::size_t items) noexcept { return 8 + items * sizeof(Item); }
  static void begin(std::byte* state) noexcept { std::memset(state, 0, 8); }

  static std::uint32_t count(const std::byte* state) noexcept {
    std::uint32_t count;
    std::memcpy(&count, state, sizeof count);
    return count;
  }
  static void set_count(std::byte* state, std::uint32_t count) noexcept { std::memcpy(state, &count, sizeof count); }
  static Item* items(std::byte* state) noexcept { return reinterpret_cast<Item*>(state + 8); }
  static std::span<const Item> view(const std::byte* state) noexcept {
    return {reinterpret_cast<const Item*>(state + 8), count(state)};
  }
};

}  // namespace detail

/// The k largest values, largest first, equal ones as often as they came. Exact. Complexity: O(k) to add one of them,
/// O(1) for the others. Requires: values are ordered; what is no number is not to be added.
template <class V, class Before = std::greater<>>
class largest_values {
  using list = detail::item_list<V>;

 public:
  explicit largest_values(std::uint32_t k) : k_(k) { MILLRACE_CHECK(k != 0, "a list has room for a value"); }

  [[nodiscard]] std::size_t state_bytes() const noexcept { return list::bytes_for(k_); }
  void begin(std::byte* state) const noexcept { list::begin(state); }
  void add(std::byte* state, const V& value) const noexcept {
    V* const items = list::items(state);
    std::uint32_t count = list::count(state);
    if (count == k_ && !Before{}(value, items[count - 1])) return;
    V* const at = std::upper_bound(items, items + count, value, Before{});
    if (count < k_) list::set_count(state, ++count);
    std::copy_backward(at, items + count - 1, items + count);
    *at = value;
  }
  void merge(std::byte* into, const std::byte* later) const noexcept {
    for (const V& each : list::view(later)) add(into, each);
  }
  void end(std::byte*) const noexcept {}
  [[nodiscard]] std::span<const V> value(const std::byte* state) const noexcept { return list::view(state); }

 private:
  std::uint32_t k_;
};

/// A value and how often it came: between `count - surplus` and `count` times.
template <class V>
struct frequent_value {
  V value;
  std::uint64_t count;
  std::uint64_t surplus;
};

/// The values that came most often: SpaceSaving (Metwally, Agrawal, El Abbadi, ICDT 2005). With c counters, of n
/// events, each value that came more than n / c times is in it, and no count is too high by more than that; as long as
/// there are no more different values than counters all counts are exact. Merged as Agarwal et al. (PODS 2012) show,
/// with the same bound.
///
/// Complexity: O(c) to add, O(c^2) to merge; c is meant to be some dozens.
template <class V>
class frequent_values {
  using item = frequent_value<V>;
  using list = detail::item_list<item>;

 public:
  explicit frequent_values(std::uint32_t counters) : counters_(counters) {
    MILLRACE_CHECK(counters != 0, "a list has room for a value");
  }

  [[nodiscard]] std::size_t state_bytes() const noexcept { return list::bytes_for(counters_); }
  void begin(std::byte* state) const noexcept { list::begin(state); }
  void add(std::byte* state, const V& value) const noexcept { add(state, {value, 1, 0}); }
  /// Values that only one of the two knows may have come to the other as often as its least count, where that is full.
  void merge(std::byte* into, const std::byte* later) const noexcept {
    const std::uint64_t unseen_here = least_count(into);
    const std::uint64_t unseen_there = least_count(later);
    item* const items = list::items(into);
    const std::uint32_t count = list::count(into);
    for (std::uint32_t i = 0; i < count; ++i) {
      const item* const same = find(list::view(later), items[i].value);
      items[i].count += same == nullptr ? unseen_there : same->count;
      items[i].surplus += same == nullptr ? unseen_there : same->surplus;
    }
    for (const item& each : list::view(later)) {
      if (find({items, count}, each.value) == nullptr)
        put(into, {each.value, each.count + unseen_here, each.surplus + unseen_here});
    }
  }
  void end(std::byte*) const noexcept {}

  /// In no order.
  [[nodiscard]] std::span<const item> value(const std::byte* state) const noexcept { return list::view(state); }

 private:
  static const item* find(std::span<const item> in, const V& value) noexcept {
    const auto at = std::find_if(in.begin(), in.end(), [&](const item& each) { return each.value == value; });
    return at == in.end() ? nullptr : &*at;
  }
  static bool counts_less(const item& a, const item& b) noexcept { return a.count < b.count; }

  [[nodiscard]] std::uint64_t least_count(const std::byte* state) const noexcept {
    const auto items = list::view(state);
    if (items.size() < counters_) return 0;
    return std::min_element(items.begin(), items.end(), counts_less)->count;
  }

  void add(std::byte* state, item added) const noexcept {
    item* const items = list::items(state);
    const std::uint32_t count = list::count(state);
    if (const item* const same = find({items, count}, added.value)) {
      items[same - items].count += added.count;
      return;
    }
    if (count < counters_) return put(state, added);
    item& least = *std::min_element(items, items + count, counts_less);
    least = {added.value, least.count + added.count, least.count};
  }

  /// One that is not there; where there is no room the least one goes.
  void put(std::byte* state, const item& added) const noexcept {
    item* const items = list::items(state);
    const std::uint32_t count = list::count(state);
    if (count < counters_) {
      items[count] = added;
      return list::set_count(state, count + 1);
    }
    item& least = *std::min_element(items, items + count, counts_less);
    if (least.count < added.count) least = added;
  }

  std::uint32_t counters_;
};

}  // namespace millrace::window
