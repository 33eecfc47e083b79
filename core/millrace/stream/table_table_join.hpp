#pragma once

#include <algorithm>
#include <cstdint>
#include <millrace/stream/table_change.hpp>

namespace millrace::stream {

/// Joins two tables by key, as Kafka Streams does: inner, left or outer. It takes the changes of each, after the table
/// has taken the update, and hands on what becomes of the key's result: a `joined` at the later time of both sides, of
/// neither where the result is deleted. Where the other side has no row and this one neither had nor has one, nothing
/// is handed on; nor for an inner join where the other side has none. Changes that are not a versioned table's latest
/// are dropped and counted.
///
/// Requires: the tables outlive the join. Threads: one owner, the tables' too. Allocation: none. Complexity: that of a
/// look-up.
template <class LeftTable, class RightTable>
class table_table_join {
 public:
  using key_type = typename LeftTable::key_type;
  using left_value = typename LeftTable::value_type;
  using right_value = typename RightTable::value_type;
  using result = joined<key_type, left_value, right_value>;

  table_table_join(join_kind kind, const LeftTable& left, const RightTable& right)
      : left_(&left), right_(&right), keeps_left_(kind != join_kind::inner), keeps_right_(kind == join_kind::outer) {}

  template <class Out>
  void left(const table_change<key_type, left_value>& change, Out&& out) {
    const auto other = right_->latest(change.key);
    if (!is_to_tell(change, keeps_left_, bool(other))) return;
    const left_value* const own = change.after ? &*change.after : nullptr;
    const bool is_there = own != nullptr || (keeps_right_ && other);
    out(result{change.key, own, is_there && other ? &other->value : nullptr, time_of(change.time_ns, other)});
  }

  template <class Out>
  void right(const table_change<key_type, right_value>& change, Out&& out) {
    const auto other = left_->latest(change.key);
    if (!is_to_tell(change, keeps_right_, bool(other))) return;
    const right_value* const own = change.after ? &*change.after : nullptr;
    const bool is_there = own != nullptr || (keeps_left_ && other);
    out(result{change.key, is_there && other ? &other->value : nullptr, own, time_of(change.time_ns, other)});
  }

  /// Changes that were dropped because a later version is in the table.
  [[nodiscard]] std::uint64_t outdated() const noexcept { return outdated_; }

 private:
  template <class Change>
  [[nodiscard]] bool is_to_tell(const Change& change, bool keeps_own, bool has_other) noexcept {
    if (!change.is_latest) {
      ++outdated_;
      return false;
    }
    return has_other || (keeps_own && (change.before || change.after));
  }

  template <class Row>
  static std::int64_t time_of(std::int64_t time_ns, const Row& other) noexcept {
    return other ? std::max(time_ns, other->time_ns) : time_ns;
  }

  const LeftTable* left_;
  const RightTable* right_;
  bool keeps_left_;
  bool keeps_right_;
  std::uint64_t outdated_ = 0;
};

}  // namespace millrace::stream
