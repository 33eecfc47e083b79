#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <millrace/projection/published_index.hpp>
#include <millrace/table/published_table.hpp>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

namespace millrace::projection {

template <class ValueOf>
struct index_plan {
  std::size_t rows_max;
  ValueOf value_of;
};

/// An index over a function of the row: `Value operator()(const Row&)`, or an optional one, none for rows that shall
/// not be found by it.
template <class Key, class Row, class ValueOf>
struct row_index {
  using found = std::remove_cvref_t<std::invoke_result_t<const ValueOf&, const Row&>>;
  using value_type = typename decltype(std::optional(std::declval<found>()))::value_type;

  explicit row_index(index_plan<ValueOf> plan) : keys(plan.rows_max), value_of(std::move(plan.value_of)) {}

  [[nodiscard]] std::optional<value_type> value(const Row* row) const {
    return row != nullptr ? std::optional<value_type>(value_of(*row)) : std::nullopt;
  }

  published_index<value_type, Key> keys;
  ValueOf value_of;
};

/// A keyed table of rows that events update in one thread, and that any other threads read, by key and by index,
/// without stopping it. A row that is read is one that was put as a whole. By index, a row is found exactly when its
/// value is the one asked for, for both change together.
///
/// Threads: `put`, `update`, `erase` and `clear` belong to one; all others to all. Progress: the writer is wait-free;
/// readers begin again while the writer is at the rows that they read. Allocation: in the constructor, all of it.
/// Complexity: O(1) expected a change and a look-up. Memory: `rows_max` rows, see `reserved_bytes`; a key beyond is
/// refused and counted. Errors: the constructor throws `millrace::error` when the memory is refused.
template <class Key, class Row, class... ValuesOf>
class read_model {
 public:
  using key_type = Key;
  using row_type = Row;

  /// An index for each function of the row.
  explicit read_model(std::size_t rows_max, ValuesOf... values_of)
      : rows_(rows_max), indexes_(index_plan<ValuesOf>{rows_max, std::move(values_of)}...) {}

  /// Inserts the row or replaces it; false, and counted, when it is new and the model full.
  bool put(const Key& key, const Row& row) {
    const std::optional<Row> old = rows_.read(key);
    if (!old && rows_.size() == rows_.capacity()) {
      ++refused_;
      return false;
    }
    change<0>(key, old ? &*old : nullptr, &row, [&] { rows_.put(key, row); });
    return true;
  }

  /// Lets `f(Row&)` change the row; one that is not there begins as `Row{}`.
  template <class F>
  bool update(const Key& key, F&& f) {
    Row row = rows_.read(key).value_or(Row{});
    f(row);
    return put(key, row);
  }

  /// False when there is no such key.
  bool erase(const Key& key) {
    const std::optional<Row> old = rows_.read(key);
    if (!old) return false;
    change<0>(key, &*old, nullptr, [&] { rows_.erase(key); });
    return true;
  }

  /// Removes every row.
  void clear() noexcept {
    rows_.clear();
    std::apply([](auto&... index) { (index.keys.clear(), ...); }, indexes_);
  }

  [[nodiscard]] std::optional<Row> read(const Key& key) const noexcept { return rows_.read(key); }

  /// Calls `f(const Key&, const Row&)` for the rows whose `index`-th value is this one. A row that has it all the time
  /// is met at least once, and again each time that it moved; use `copy_by` to meet each once.
  template <std::size_t index, class Value, class F>
  void for_each_by(const Value& value, F&& f) const {
    const auto& of = std::get<index>(indexes_);
    of.keys.for_each(value, [&](const Key& key) {
      if (const std::optional<Row> row = rows_.read(key); row && of.value(&*row) == value) f(key, *row);
    });
  }

  /// Copies the keys of the rows whose `index`-th value is this one, as many as there is room for, and says how many
  /// there are: all of one moment. Begins again while they change.
  template <std::size_t index, class Value>
  [[nodiscard]] std::size_t copy_by(const Value& value, std::span<Key> room) const noexcept {
    for (;;)
      if (const auto count = std::get<index>(indexes_).keys.try_copy(value, room)) return *count;
  }

  /// How many rows have this value.
  template <std::size_t index, class Value>
  [[nodiscard]] std::size_t count_by(const Value& value) const noexcept {
    return std::get<index>(indexes_).keys.count(value);
  }

  /// Calls `f(const Key&, const Row&)` for every row. One that is there all the time is met once.
  template <class F>
  void for_each(F&& f) const {
    rows_.for_each(f);
  }

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return rows_.capacity(); }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    return std::apply(
        [&](const auto&... index) { return (rows_.reserved_bytes() + ... + index.keys.reserved_bytes()); }, indexes_);
  }
  /// Rows that were refused because the model was full. The writer's.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  template <std::size_t index, class Put>
  void change(const Key& key, const Row* from, const Row* to, Put&& put_row) {
    if constexpr (index == sizeof...(ValuesOf)) {
      put_row();
    } else {
      auto& of = std::get<index>(indexes_);
      of.keys.change(key, of.value(from), of.value(to), [&] { change<index + 1>(key, from, to, put_row); });
    }
  }

  published_table<Key, Row> rows_;
  std::tuple<row_index<Key, Row, ValuesOf>...> indexes_;
  std::uint64_t refused_ = 0;
};

}  // namespace millrace::projection
