#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/stream/ordered_records.hpp>
#include <millrace/stream/stream_table_join.hpp>

namespace millrace::stream {

/// A `stream_table_join` that waits for the table: records of the stream are held back for `grace`, so that updates of
/// the table that come later, but stand before them in time, are seen. It asks for a `versioned_table`.
///
/// Time is the latest record of the stream. A record leaves when time is `grace` past it, in the order of the records'
/// times, then of their keys, then as they came. One that is late by more than that is joined at once, and so is one
/// that finds `records_max` waiting (counted), or has no key. Threads: one owner, the table's too. Allocation: in the
/// constructor. Complexity: O(log n) a record, amortised: one record may hand on all that wait; in time order, one
/// comparison to hold it. Errors: the constructor throws
/// `millrace::error` when the memory is refused or the grace is negative.
template <class Key, class Value, class Table, class KeyLess = std::less<Key>>
class delayed_table_join {
  static_assert(
      requires(const Table& table, const Key& key) { table.as_of(key, 0); },
      "to wait for updates makes sense with a table that knows its rows as of a time: a versioned_table");

 public:
  delayed_table_join(join_kind kind, const Table& table, std::int64_t grace_ns, std::uint32_t records_max,
                     KeyLess less = {})
      : join_(kind, table), held_(records_max, less), grace_ns_(grace_ns) {
    if (grace_ns < 0) throw error("a join's grace is negative");
  }

  /// Hands each result to `out`, which must not call the join.
  template <class Out>
  void process(const record<Key, Value>& from, Out&& out) {
    if (!from.value || !from.key) {
      join_.process(from, out);
      return;
    }
    if (from.time_ns < due_ns()) {
      ++late_;
      join_.process(from, out);
    } else if (held_.try_add(*from.key, *from.value, from.time_ns) == null_handle) {
      ++full_;
      join_.process(from, out);
    }
    advance(from.time_ns, out);
  }

  /// Time is `time_ns`, as a clock or a watermark says while the stream is quiet: joins what waited long enough.
  template <class Out>
  void advance(std::int64_t time_ns, Out&& out) {
    now_ns_ = std::max(now_ns_, time_ns);
    while (!held_.empty() && held_.first().time_ns <= due_ns()) release(out);
  }

  /// Joins all that waits, in order: for the end of a stream.
  template <class Out>
  void flush(Out&& out) {
    while (!held_.empty()) release(out);
  }

  [[nodiscard]] const table_join_counters& counters() const noexcept { return join_.counters(); }
  /// Records that were joined at once, because they were late, or because as many waited as may.
  [[nodiscard]] std::uint64_t late() const noexcept { return late_; }
  [[nodiscard]] std::uint64_t full() const noexcept { return full_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return held_.size(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return held_.reserved_bytes(); }

 private:
  [[nodiscard]] std::int64_t due_ns() const noexcept { return earlier_by(now_ns_, grace_ns_); }

  template <class Out>
  void release(Out& out) {
    const auto first = held_.take_first();
    join_.process({first.key, first.value, first.time_ns}, out);
  }

  stream_table_join<Key, Value, Table> join_;
  detail::ordered_records<Key, Value, KeyLess> held_;
  std::int64_t grace_ns_;
  std::int64_t now_ns_ = std::numeric_limits<std::int64_t>::min();
  std::uint64_t late_ = 0;
  std::uint64_t full_ = 0;
};

}  // namespace millrace::stream
