#pragma once

#include <cstddef>
#include <cstdint>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/stream/slot_heap.hpp>

namespace millrace::stream::detail {

/// Records that wait, in the order in which they leave: by time, then by key, then as they came.
/// Threads: one owner. Allocation: in the constructor. Complexity: O(log n) a change; in time order, one comparison to
/// add. Errors: the constructor throws `millrace::error` when the memory is refused. Full is `null_handle`.
template <class Key, class Value, class KeyLess>
class ordered_records {
 public:
  struct entry {
    Value value;
    std::int64_t time_ns;
    std::uint64_t number;  // as they came
    std::uint32_t place;
    Key key;
  };

  ordered_records(std::uint32_t capacity, KeyLess less) : entries_(capacity), heap_(capacity), less_(less) {}

  [[nodiscard]] std::uint32_t try_add(const Key& key, const Value& value, std::int64_t time_ns) noexcept {
    const std::uint32_t added = entries_.try_allocate();
    if (added == null_handle) return null_handle;
    entries_[added] = {value, time_ns, next_number_++, no_place, key};
    heap_.push(order{*this}, added);
    return added;
  }

  void remove(std::uint32_t handle) noexcept {
    heap_.erase(order{*this}, handle);
    entries_.release(handle);
  }

  /// Removes the first one and returns what it was. Requires: not empty.
  entry take_first() noexcept {
    const std::uint32_t handle = heap_.top();
    const entry taken = entries_[handle];
    remove(handle);
    return taken;
  }

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  /// Requires: not empty.
  [[nodiscard]] const entry& first() const noexcept { return entries_[heap_.top()]; }
  [[nodiscard]] entry& operator[](std::uint32_t handle) noexcept { return entries_[handle]; }

  [[nodiscard]] std::uint32_t size() const noexcept { return heap_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return entries_.capacity(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return entries_.reserved_bytes() + heap_.reserved_bytes();
  }

 private:
  struct order {
    ordered_records& of;
    [[nodiscard]] bool precedes(std::uint32_t a, std::uint32_t b) const noexcept {
      const entry& first = of.entries_[a];
      const entry& second = of.entries_[b];
      if (first.time_ns != second.time_ns) return first.time_ns < second.time_ns;
      if (of.less_(first.key, second.key)) return true;
      if (of.less_(second.key, first.key)) return false;
      return first.number < second.number;
    }
    std::uint32_t& place(std::uint32_t slot) const noexcept { return of.entries_[slot].place; }
  };

  slab_pool<entry> entries_;
  slot_heap heap_;
  KeyLess less_;
  std::uint64_t next_number_ = 0;
};

}  // namespace millrace::stream::detail
