#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <millrace/base/error.hpp>
#include <millrace/stream/foreign_key_index.hpp>
#include <millrace/stream/table_change.hpp>
#include <optional>
#include <utility>

namespace millrace::stream {

/// Joins each row of a table with the row of another that it names: inner or left. `ForeignKeyOf` gives the other's key
/// of a left value, none where it names none. It takes the changes of each table, after the table has taken the update,
/// and hands on every change of a left key's result: a `joined` at the later time of both sides, of neither where the
/// result is deleted. At any time what was handed on last for each key is the join of the two tables as they are, also
/// where Kafka Streams' own misses it (KAFKA-16394, KAFKA-18713).
///
/// Requires: the tables outlive the join. Threads: one owner, the tables' too. Allocation: in the constructor.
/// Complexity: O(1) expected for a change on the left; on the right, linear in the rows that name the key. Memory:
/// `keys_max` left rows that name a key. A row beyond is counted, and from then on joined as if it named none. Errors:
/// the constructor throws `millrace::error` for an outer join.
template <class LeftTable, class RightTable, class ForeignKeyOf>
class foreign_key_join {
 public:
  using key_type = typename LeftTable::key_type;
  using left_value = typename LeftTable::value_type;
  using foreign_key = typename RightTable::key_type;
  using right_value = typename RightTable::value_type;
  using result = joined<key_type, left_value, right_value>;

  foreign_key_join(join_kind kind, const LeftTable& left, const RightTable& right, ForeignKeyOf foreign_key_of,
                   std::uint32_t keys_max)
      : left_(&left),
        right_(&right),
        foreign_key_of_(std::move(foreign_key_of)),
        index_(keys_max),
        is_left_(kind == join_kind::left) {
    if (kind == join_kind::outer) throw error("found an outer join by foreign key, expected inner or left");
  }

  /// Hands each result to `out`, which must not call the join.
  template <class Out>
  void left(const table_change<key_type, left_value>& change, Out&& out) {
    if (!is_latest(change)) return;
    const bool had_result = change.before && (is_left_ || partner_of(change.key) != nullptr);
    name(change.key, change.after);
    const auto* const partner = partner_of(change.key);
    if (change.after && (is_left_ || partner != nullptr))
      give(change.key, &*change.after, partner, change.time_ns, out);
    else if (had_result)
      out(result{change.key, nullptr, nullptr, change.time_ns});
  }

  template <class Out>
  void right(const table_change<foreign_key, right_value>& change, Out&& out) {
    if (!is_latest(change) || (!change.before && !change.after)) return;
    const auto* const partner = right_->latest(change.key);
    index_.for_each(change.key, [&](const key_type& key) {
      const auto* const row = left_->latest(key);
      const std::int64_t time_ns = std::max(change.time_ns, row->time_ns);
      if (is_left_ || partner != nullptr)
        give(key, &row->value, partner, time_ns, out);
      else
        out(result{key, nullptr, nullptr, time_ns});
    });
  }

  /// Changes that were dropped because a later version is in the table.
  [[nodiscard]] std::uint64_t outdated() const noexcept { return outdated_; }
  /// Rows whose foreign key could not be kept.
  [[nodiscard]] std::uint64_t full() const noexcept { return full_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return index_.reserved_bytes(); }

 private:
  template <class Change>
  [[nodiscard]] bool is_latest(const Change& change) noexcept {
    outdated_ += !change.is_latest;
    return change.is_latest;
  }

  /// The row that the key's row names.
  [[nodiscard]] const dated<right_value>* partner_of(const key_type& key) const noexcept {
    const foreign_key* const named = index_.find(key);
    return named == nullptr ? nullptr : right_->latest(*named);
  }

  void name(const key_type& key, const std::optional<left_value>& value) {
    std::optional<foreign_key> named;
    if (value) named = foreign_key_of_(*value);
    const foreign_key* const before = index_.find(key);
    if (before != nullptr && named && *before == *named) return;
    index_.remove(key);
    if (named) full_ += !index_.try_add(key, *named);
  }

  template <class Out>
  static void give(const key_type& key, const left_value* left, const dated<right_value>* right, std::int64_t time_ns,
                   Out& out) {
    if (right == nullptr)
      out(result{key, left, nullptr, time_ns});
    else
      out(result{key, left, &right->value, std::max(time_ns, right->time_ns)});
  }

  const LeftTable* left_;
  const RightTable* right_;
  ForeignKeyOf foreign_key_of_;
  detail::foreign_key_index<key_type, foreign_key> index_;
  bool is_left_;
  std::uint64_t outdated_ = 0;
  std::uint64_t full_ = 0;
};

}  // namespace millrace::stream
