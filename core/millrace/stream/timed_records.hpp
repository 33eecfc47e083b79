#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/table/growing_table.hpp>
#include <millrace/time/timer_wheel.hpp>

namespace millrace::stream::detail {

/// Records by key and time, each until its deadline: what joins and deduplication look back at. A key's records form a
/// list in the order of their times, those of one time in the order in which they came.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected for a record that is a key's latest,
/// else linear in the later ones of its key; a look into a span is linear in what lies in it and behind it. Errors: the
/// constructor throws `millrace::error` when the memory is refused. Full is `null_handle`.
template <class Key, class Value>
class timed_records {
 public:
  struct entry {
    Value value;
    std::int64_t time_ns;
    std::uint32_t older;
    std::uint32_t newer;
    Key key;
  };

  explicit timed_records(std::uint32_t capacity) : entries_(capacity), keys_(capacity), timers_(capacity) {}

  /// The entry's handle until its deadline. One at or before now goes at the next `advance`.
  [[nodiscard]] std::uint32_t try_add(const Key& key, const Value& value, std::int64_t time_ns,
                                      std::int64_t deadline_ns) noexcept {
    const std::uint32_t added = entries_.try_allocate();
    if (added == null_handle) return null_handle;
    newest_entry& newest = *keys_.find_or_insert(key).value;  // never more keys than entries
    std::uint32_t newer = null_handle;
    std::uint32_t older = newest.handle;
    while (older != null_handle && entries_[older].time_ns > time_ns) {
      newer = older;
      older = entries_[older].older;
    }
    entries_[added] = {value, time_ns, older, newer, key};
    static_cast<void>(timers_.schedule(deadline_ns, added));  // as many timers as entries
    if (older != null_handle) entries_[older].newer = added;
    (newer == null_handle ? newest.handle : entries_[newer].older) = added;
    return added;
  }

  [[nodiscard]] entry& operator[](std::uint32_t handle) noexcept { return entries_[handle]; }

  /// Calls `f(entry&)` for each of the key's records in [first_ns, last_ns], in the order of the list.
  template <class F>
  void for_each_between(const Key& key, std::int64_t first_ns, std::int64_t last_ns, F&& f) {
    for (std::uint32_t each = first_from(key, first_ns); each != null_handle; each = entries_[each].newer) {
      if (entries_[each].time_ns > last_ns) return;
      f(entries_[each]);
    }
  }

  [[nodiscard]] bool has_between(const Key& key, std::int64_t first_ns, std::int64_t last_ns) noexcept {
    const std::uint32_t first = first_from(key, first_ns);
    return first != null_handle && entries_[first].time_ns <= last_ns;
  }

  /// Hands each record with a deadline at or before now, in the order of the deadlines, to `on_gone(entry&)` before it
  /// goes.
  template <class OnGone>
  void advance(std::int64_t now_ns, OnGone&& on_gone) {
    timers_.advance(now_ns, [&](std::uint32_t handle, std::int64_t) {
      on_gone(entries_[handle]);
      unlink(handle);
    });
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return entries_.capacity(); }
  [[nodiscard]] std::size_t key_count() const noexcept { return keys_.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return entries_.reserved_bytes() + keys_.reserved_bytes() + timers_.reserved_bytes();
  }

 private:
  struct newest_entry {
    std::uint32_t handle = null_handle;
  };

  /// The key's first record at or after this time.
  [[nodiscard]] std::uint32_t first_from(const Key& key, std::int64_t first_ns) noexcept {
    const newest_entry* const newest = keys_.find(key);
    if (newest == nullptr || entries_[newest->handle].time_ns < first_ns) return null_handle;
    std::uint32_t first = newest->handle;
    for (std::uint32_t older = entries_[first].older; older != null_handle; older = entries_[older].older) {
      if (entries_[older].time_ns < first_ns) break;
      first = older;
    }
    return first;
  }

  void unlink(std::uint32_t handle) noexcept {
    const entry& gone = entries_[handle];
    if (gone.older != null_handle) entries_[gone.older].newer = gone.newer;
    if (gone.newer != null_handle)
      entries_[gone.newer].older = gone.older;
    else if (gone.older == null_handle)
      keys_.erase(gone.key);
    else
      keys_.find(gone.key)->handle = gone.older;
    entries_.release(handle);
  }

  slab_pool<entry> entries_;
  growing_table<Key, newest_entry> keys_;
  timer_wheel timers_;
};

}  // namespace millrace::stream::detail
