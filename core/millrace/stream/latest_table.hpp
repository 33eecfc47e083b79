#pragma once

#include <cstddef>
#include <cstdint>
#include <millrace/stream/table_change.hpp>
#include <millrace/table/growing_table.hpp>

namespace millrace::stream {

/// A table made of a stream of updates: a key's value is that of the update that came last, whatever its time.
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected. Memory: `keys_max` rows. Errors: the
/// constructor throws `millrace::error` when the memory is refused.
template <class Key, class Value>
class latest_table {
 public:
  using key_type = Key;
  using value_type = Value;

  explicit latest_table(std::size_t keys_max) : rows_(keys_max) {}

  /// Hands the change, a `table_change`, to `on_change`.
  template <class OnChange>
  void put(const record<Key, Value>& from, OnChange&& on_change) {
    if (!from.key) {
      ++counters_.null_key;
      return;
    }
    const dated<Value>* const old = latest(*from.key);
    const auto before = old == nullptr ? std::nullopt : std::optional<Value>(old->value);
    if (!from.value) {
      rows_.erase(*from.key);
    } else if (dated<Value>* const row = rows_.find_or_insert(*from.key).value) {
      *row = {*from.value, from.time_ns};
    } else {
      ++counters_.full;
      return;
    }
    on_change(table_change<Key, Value>{*from.key, before, from.value, from.time_ns, true});
  }
  void put(const record<Key, Value>& from) {
    put(from, [](const auto&) {});
  }

  /// The key's value, and the time of the update that it came with; null when it has none. Holds until the next `put`.
  [[nodiscard]] const dated<Value>* latest(const Key& key) const noexcept { return rows_.find(key); }

  /// Calls `f(const Key&, const dated<Value>&)` for every row.
  template <class F>
  void for_each(F&& f) {
    rows_.for_each([&](const Key& key, const dated<Value>& row) { f(key, row); });
  }

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] const table_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return rows_.reserved_bytes(); }

 private:
  growing_table<Key, dated<Value>> rows_;
  table_counters counters_;
};

}  // namespace millrace::stream
