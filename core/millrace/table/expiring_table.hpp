#pragma once

#include <cstddef>
#include <cstdint>
#include <millrace/pool/slab_pool.hpp>
#include <millrace/table/growing_table.hpp>
#include <millrace/table/keyed_table.hpp>
#include <millrace/table/seeded_hash.hpp>
#include <millrace/time/timer_wheel.hpp>
#include <utility>

namespace millrace {

/// Per-key state with a deadline each, after which it goes: a growing table and a timer wheel. A timer names its key by
/// a number that stays while growth moves the key.
///
/// A pointer to a value holds until the next `find_or_insert`, or until its key is erased or expires.
/// Threads: one owner. Allocation: in the constructor only. Complexity: O(1) expected, O(1) amortised for each key that
/// expires. Units: nanoseconds on any one clock. Errors: the constructor throws `millrace::error` when the memory is
/// refused. Full is a null pointer, and counted.
template <class Key, class Value, class Hash = seeded_hash<Key>>
class expiring_table {
 public:
  struct insertion {
    Value* value;   // null when the key is new and the table full
    bool inserted;  // the value was just initialised with Value{}, and has the deadline
  };

  explicit expiring_table(std::uint32_t capacity, std::uint64_t seed = default_table_seed)
      : entries_(capacity, seed), keys_(capacity), timers_(capacity) {}

  [[nodiscard]] Value* find(const Key& key) noexcept {
    entry* const found = entries_.find(key);
    return found == nullptr ? nullptr : &found->value;
  }

  /// A key that is there already keeps its deadline. One with a deadline at or before now goes at the next `advance`.
  [[nodiscard]] insertion find_or_insert(const Key& key, std::int64_t deadline_ns) noexcept {
    const auto made = entries_.find_or_insert(key);
    if (made.value == nullptr) return {nullptr, false};
    if (made.inserted) {  // there is room in both, for they hold as many as the table
      made.value->number = keys_.try_allocate();
      keys_[made.value->number] = key;
      made.value->timer = timers_.schedule(deadline_ns, made.value->number);
    }
    return {&made.value->value, made.inserted};
  }

  /// Moves the key's deadline; false when there is no such key.
  bool set_deadline(const Key& key, std::int64_t deadline_ns) noexcept {
    entry* const found = entries_.find(key);
    if (found == nullptr) return false;
    timers_.cancel(found->timer);
    found->timer = timers_.schedule(deadline_ns, found->number);
    return true;
  }

  bool erase(const Key& key) noexcept {
    const entry* const found = entries_.find(key);
    if (found == nullptr) return false;
    timers_.cancel(found->timer);
    forget(found->number);
    return true;
  }

  /// Moves time to `now_ns` and hands each key with a deadline at or before it, in the order of the deadlines, to
  /// `on_expired(const Key&, Value&, deadline_ns)` before it goes. That must not call the table.
  template <class OnExpired>
  void advance(std::int64_t now_ns, OnExpired&& on_expired) {
    timers_.advance(now_ns, [&](std::uint32_t number, std::int64_t deadline_ns) {
      on_expired(std::as_const(keys_[number]), entries_.find(keys_[number])->value, deadline_ns);
      forget(number);
    });
  }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return entries_.capacity(); }
  [[nodiscard]] std::uint64_t refusals() const noexcept { return entries_.refusals(); }

 private:
  struct entry {
    Value value;
    std::uint32_t number;
    std::uint32_t timer;
  };

  void forget(std::uint32_t number) noexcept {
    const Key key = keys_[number];
    entries_.erase(key);
    keys_.release(number);
  }

  growing_table<Key, entry, when_full::reject, Hash> entries_;
  slab_pool<Key> keys_;
  timer_wheel timers_;
};

}  // namespace millrace
