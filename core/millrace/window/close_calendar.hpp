#pragma once

#include <millrace/base/check.hpp>
#include <millrace/pool/reservation.hpp>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/table/growing_table.hpp>
#include <millrace/window/deadline_heap.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>

namespace millrace::window::detail {

/// What is to be done at which time, where many items share few times: a list of chunks for each time, and a heap of
/// the times. An item costs its own bytes and no look-up while its time is that of the one before.
///
/// Items of one time come out in the order in which they were appended. They are taken one by one, so that a list of a
/// hundred thousand can be worked off over many calls.
///
/// Threads: one owner. Allocation: in the constructor only. Complexity: O(1) an item, O(log times) for the first and
/// the last of a time. Errors: the constructor throws `millrace::error` when the memory is refused.
template <class Item>
class close_calendar {
  static_assert(std::is_trivially_copyable_v<Item> && alignof(Item) <= 64);

 public:
  explicit close_calendar(std::uint32_t items_max)
      : items_max_(items_max),
        lists_(items_max),
        heap_(items_max),
        numbers_(items_max, default_table_seed, memory_pages::small),
        chunks_(chunks_for(items_max)),
        sorted_(reservation::for_items(items_max, sizeof(Item), 64, memory_content::undefined, memory_pages::small)) {}

  /// Requires: fewer than `items_max` items are held.
  void append(std::int64_t time_ns, const Item& item) noexcept {
    MILLRACE_ASSERT(size_ < items_max_);
    ++size_;
    list& to = lists_[number_of(time_ns)];
    if (to.last == null_handle || chunks_[to.last].count == chunk_items) add_chunk(to);
    chunk& into = chunks_[to.last];
    std::memcpy(&into.items[into.count++], &item, sizeof item);
  }

  [[nodiscard]] bool is_empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool is_full() const noexcept { return size_ == items_max_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  /// The earliest time that has items; the end of time when there is none.
  [[nodiscard]] std::int64_t first_time_ns() const noexcept { return heap_.next_deadline_ns(); }

  /// Takes the first item of the first time. `look_ahead(items)` is called for some that come next, once for each, so
  /// that what belongs to them can be on its way. Requires: not empty.
  template <class LookAhead>
  Item take_first(LookAhead&& look_ahead) noexcept {
    list& from = lists_[heap_.top().handle];
    chunk& first = chunks_[from.first];
    if (from.taken == 0 && first.count > 1) look_ahead(std::span<const Item>(first.items, first.count));
    const Item taken = first.items[from.taken++];
    --size_;
    if (from.taken == first.count) drop_first_chunk(from);
    return taken;
  }

  /// Hands up to `steps` items of the first time to `f(item, time)`, which may append items for later times; returns
  /// how many. Requires: not empty, and a step.
  template <class LookAhead, class F>
  std::uint32_t take_of_first(std::uint32_t steps, LookAhead&& look_ahead, F&& f) {
    const std::int64_t time = first_time_ns();
    std::uint32_t done = 0;
    do {
      const Item item = take_first(look_ahead);
      f(item, time);
    } while (++done < steps && !is_empty() && first_time_ns() == time);
    return done;
  }

  /// Hands all items of the first time to `f`, in an order. Requires: not empty.
  template <class Order, class LookAhead, class F>
  std::uint32_t take_all_of_first(const Order& order, LookAhead&& look_ahead, F&& f) {
    const std::int64_t time = first_time_ns();
    Item* const items = reinterpret_cast<Item*>(sorted_.data());
    std::uint32_t count = 0;
    while (!is_empty() && first_time_ns() == time) ::new (items + count++) Item(take_first(look_ahead));
    std::sort(items, items + count, order);
    for (std::uint32_t i = 0; i < count; ++i) f(items[i], time);
    return count;
  }

 private:
  static constexpr std::uint32_t chunk_items = sizeof(Item) > 56 ? 1 : (128 - 8) / sizeof(Item);
  struct chunk {
    std::uint32_t next;
    std::uint32_t count;
    Item items[chunk_items];
  };
  struct list {
    std::uint32_t first;
    std::uint32_t last;
    std::uint32_t taken;
  };

  /// Full ones, and for each list one that is not, and one that is being emptied.
  static std::uint32_t chunks_for(std::uint32_t items) noexcept {
    const std::uint64_t wanted = std::uint64_t{items} / chunk_items + std::uint64_t{items} + 1;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, null_handle - 1));
  }

  static bool by_nothing(std::uint32_t, std::uint32_t) noexcept { return false; }

  std::uint32_t number_of(std::int64_t time_ns) noexcept {
    if (last_number_ != null_handle && last_time_ns_ == time_ns) return last_number_;
    const auto made = numbers_.find_or_insert(time_ns);
    if (made.inserted) {
      *made.value = lists_.try_allocate();
      lists_[*made.value] = {null_handle, null_handle, 0};
      heap_.push({time_ns, *made.value}, by_nothing);
    }
    last_time_ns_ = time_ns;
    last_number_ = *made.value;
    return last_number_;
  }

  void add_chunk(list& to) noexcept {
    const std::uint32_t added = chunks_.try_allocate();
    chunks_[added].next = null_handle;
    chunks_[added].count = 0;
    (to.last == null_handle ? to.first : chunks_[to.last].next) = added;
    to.last = added;
  }

  void drop_first_chunk(list& from) noexcept {
    const std::uint32_t gone = from.first;
    from.first = chunks_[gone].next;
    from.taken = 0;
    chunks_.release(gone);
    if (from.first != null_handle) return;
    const deadline_heap::item time = heap_.top();
    heap_.pop(by_nothing);
    numbers_.erase(time.deadline_ns);
    lists_.release(time.handle);
    if (last_number_ == time.handle) last_number_ = null_handle;
  }

  std::uint32_t items_max_;
  std::uint32_t size_ = 0;
  std::int64_t last_time_ns_ = 0;
  std::uint32_t last_number_ = null_handle;
  slab_pool<list> lists_;
  deadline_heap heap_;
  growing_table<std::int64_t, std::uint32_t> numbers_;
  slab_pool<chunk> chunks_;
  reservation sorted_;  // untouched where no order is asked for
};

}  // namespace millrace::window::detail
