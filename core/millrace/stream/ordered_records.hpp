#pragma once

#include <cstddef>
#include <cstdint>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/table/slot_tree.hpp>
#include <optional>

namespace millrace::stream::detail {

/// Records that wait, in the order in which they leave: by time, then by key, then as they came.
/// Threads: one owner. Allocation: in the constructor. Complexity: O(log n) expected; O(1) expected to add one that
/// comes last and to take the first. Errors: the constructor throws `millrace::error` when the memory is refused. Full
/// is `null_handle`.
template <class Key, class Value, class KeyLess>
class ordered_records {
 public:
  struct entry {
    Value value;
    std::int64_t time_ns;
    std::uint64_t number;  // as they came
    millrace::detail::tree_links links;
    Key key;
  };

  ordered_records(std::uint32_t capacity, KeyLess less) : entries_(capacity), less_(less) {}

  [[nodiscard]] std::uint32_t try_add(const Key& key, const Value& value, std::int64_t time_ns) noexcept {
    const std::uint32_t added = entries_.try_allocate();
    if (added == null_handle) return null_handle;
    entries_[added] = {value, time_ns, next_number_++, {}, key};
    tree_.add(slots{*this}, added);
    return added;
  }

  void remove(std::uint32_t handle) noexcept {
    tree_.remove(slots{*this}, handle);
    entries_.release(handle);
  }

  /// Removes the first one and returns what it was. Requires: not empty.
  entry take_first() noexcept {
    const std::uint32_t handle = tree_.first();
    const entry taken = entries_[handle];
    remove(handle);
    return taken;
  }

  [[nodiscard]] bool empty() const noexcept { return tree_.empty(); }
  /// Requires: not empty.
  [[nodiscard]] const entry& first() const noexcept { return entries_[tree_.first()]; }
  [[nodiscard]] const entry& last() const noexcept { return entries_[tree_.last()]; }
  [[nodiscard]] entry& operator[](std::uint32_t handle) noexcept { return entries_[handle]; }

  /// The time of the second record; nothing when there is none.
  [[nodiscard]] std::optional<std::int64_t> second_time() noexcept {
    return time_of(tree_.next(slots{*this}, tree_.first()));
  }
  /// The earliest time of a record at or after this one.
  [[nodiscard]] std::optional<std::int64_t> first_time_from(std::int64_t time_ns) noexcept {
    return time_of(
        tree_.first_where(slots{*this}, [&](std::uint32_t slot) { return entries_[slot].time_ns >= time_ns; }));
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return entries_.capacity(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return entries_.reserved_bytes(); }

 private:
  struct slots {
    ordered_records& of;
    [[nodiscard]] bool precedes(std::uint32_t a, std::uint32_t b) const noexcept {
      const entry& first = of.entries_[a];
      const entry& second = of.entries_[b];
      if (first.time_ns != second.time_ns) return first.time_ns < second.time_ns;
      if (of.less_(first.key, second.key)) return true;
      if (of.less_(second.key, first.key)) return false;
      return first.number < second.number;
    }
    millrace::detail::tree_links& links(std::uint32_t slot) const noexcept { return of.entries_[slot].links; }
  };

  [[nodiscard]] std::optional<std::int64_t> time_of(std::uint32_t slot) const noexcept {
    return slot == millrace::detail::no_slot ? std::nullopt : std::optional(entries_[slot].time_ns);
  }

  slab_pool<entry> entries_;
  millrace::detail::slot_tree tree_;
  KeyLess less_;
  std::uint64_t next_number_ = 0;
};

}  // namespace millrace::stream::detail
