#pragma once

#include <cstdint>
#include <millrace/base/error.hpp>
#include <millrace/stream/record.hpp>
#include <optional>

namespace millrace::stream {

/// Records of the stream that a join with a table dropped, by reason.
struct table_join_counters {
  std::uint64_t null_key = 0;
  std::uint64_t null_value = 0;
  std::uint64_t no_partner = 0;  ///< inner: the table has no row for the key

  friend bool operator==(const table_join_counters&, const table_join_counters&) = default;
};

/// Gives each record of a stream the row of its key, as Kafka Streams does: the row as it is when the record comes, or,
/// where the table is a `versioned_table`, as it was at the record's time. The table's owner puts into it; updates of
/// the table hand nothing on. A left join hands on what finds no row, a record without a key too.
///
/// The table is any with `latest(key)`: `latest_table`, `versioned_table`, `global_table`. Requires: it outlives the
/// join. Threads: one owner, the table's too, but for a global table. Allocation: none. Complexity: that of a look-up.
/// Errors: the constructor throws `millrace::error` for an outer join.
template <class Key, class Value, class Table>
class stream_table_join {
 public:
  using row_value = typename Table::value_type;
  using result = joined<Key, Value, row_value>;

  stream_table_join(join_kind kind, const Table& table) : table_(&table), is_left_(kind == join_kind::left) {
    if (kind == join_kind::outer) throw error("found an outer join of a stream and a table, expected inner or left");
  }

  /// Hands the result, a `joined` at the record's time, to `out`.
  template <class Out>
  void process(const record<Key, Value>& from, Out&& out) {
    process(from, from.key, out);
  }

  /// The same for another key of the table than the record's own. The result keeps the record's.
  template <class TableKey, class Out>
  void process(const record<Key, Value>& from, const std::optional<TableKey>& table_key, Out&& out) {
    if (!from.value) {
      ++counters_.null_value;
    } else if (table_key) {
      const auto row = look_up(*table_key, from.time_ns);
      give(from, row ? &row->value : nullptr, out);
    } else if (is_left_) {
      give(from, nullptr, out);
    } else {
      ++counters_.null_key;
    }
  }

  [[nodiscard]] const table_join_counters& counters() const noexcept { return counters_; }

 private:
  template <class TableKey>
  [[nodiscard]] auto look_up(const TableKey& key, std::int64_t time_ns) const noexcept {
    if constexpr (requires { table_->as_of(key, time_ns); })
      return table_->as_of(key, time_ns);
    else
      return table_->latest(key);
  }

  template <class Out>
  void give(const record<Key, Value>& from, const row_value* row, Out& out) {
    if (row == nullptr && !is_left_)
      ++counters_.no_partner;
    else
      out(result{from.key, &*from.value, row, from.time_ns});
  }

  const Table* table_;
  bool is_left_;
  table_join_counters counters_;
};

}  // namespace millrace::stream
