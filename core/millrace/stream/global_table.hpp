#pragma once

#include <cstddef>
#include <cstdint>
#include <millrace/stream/table_change.hpp>
#include <millrace/table/published_table.hpp>
#include <optional>

namespace millrace::stream {

/// A table that every thread's joins read, whatever their keys: one thread puts, any number of others look up.
/// Threads: `put` belongs to one, `latest` to all. Progress: the writer is wait-free, a reader begins again while the
/// writer is at its key's group. Allocation: in the constructor, all of it. Complexity: O(1) expected. Errors: the
/// constructor throws `millrace::error` when the memory is refused.
template <class Key, class Value>
class global_table {
 public:
  using key_type = Key;
  using value_type = Value;

  explicit global_table(std::size_t keys_max) : rows_(keys_max) {}

  void put(const record<Key, Value>& from) noexcept {
    if (!from.key)
      ++counters_.null_key;
    else if (!from.value)
      rows_.erase(*from.key);
    else
      counters_.full += !rows_.put(*from.key, {*from.value, from.time_ns});
  }

  [[nodiscard]] std::optional<dated<Value>> latest(const Key& key) const noexcept { return rows_.read(key); }

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return rows_.reserved_bytes(); }
  /// The writer's.
  [[nodiscard]] const table_counters& counters() const noexcept { return counters_; }

 private:
  published_table<Key, dated<Value>> rows_;
  table_counters counters_;
};

}  // namespace millrace::stream
