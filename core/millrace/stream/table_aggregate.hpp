#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <millrace/stream/table_change.hpp>
#include <millrace/table/growing_table.hpp>
#include <optional>
#include <utility>

namespace millrace::stream {

/// How a table's rows become one state: `State begin()`, `void add(State&, const Value&)` and
/// `void subtract(State&, const Value&)`, which takes back one that was added.
template <class A, class Value>
concept subtractable_aggregate = requires(A& aggregate, typename A::state& state, const Value& value) {
  { aggregate.begin() } -> std::convertible_to<typename A::state>;
  aggregate.add(state, value);
  aggregate.subtract(state, value);
};

/// Aggregates of a table's rows by group, as Kafka Streams does: a row that comes is added, one that goes is taken
/// back. A row that is replaced within its group is taken back and added in one, with one result; one that moves gives
/// two, that of the old group first. A result is a `record` of the group at the latest time of all its changes. A group
/// stays once it was there, with what is left of it. `GroupOf` gives the group of a key and value, none where it is in
/// none.
///
/// Threads: one owner. Allocation: in the constructor. Complexity: O(1) expected a change. Memory: `groups_max` groups;
/// a row that needs one more is counted, is in none, and takes back nothing when it goes.
template <class Key, class Value, class Group, class GroupOf, subtractable_aggregate<Value> Aggregate>
class table_aggregate {
 public:
  using state = typename Aggregate::state;

  table_aggregate(std::size_t groups_max, GroupOf group_of, Aggregate aggregate = {})
      : groups_(groups_max), group_of_(std::move(group_of)), aggregate_(std::move(aggregate)) {}

  /// Hands each result to `out`, a `record<Group, state>`.
  template <class Out>
  void process(const table_change<Key, Value>& change, Out&& out) {
    if (!change.is_latest) {
      ++outdated_;
      return;
    }
    const std::optional<Group> from = group_of(change.key, change.before);
    const std::optional<Group> to = group_of(change.key, change.after);
    if (from && to && *from == *to) {
      update(*to, &*change.before, &*change.after, change.time_ns, out);
      return;
    }
    if (from) update(*from, &*change.before, nullptr, change.time_ns, out);
    if (to) update(*to, nullptr, &*change.after, change.time_ns, out);
  }

  [[nodiscard]] std::size_t size() const noexcept { return groups_.size(); }
  /// The group's state and time; null when there is none.
  [[nodiscard]] const dated<state>* latest(const Group& group) const noexcept { return groups_.find(group); }
  /// Changes that were dropped because a later version is in the table.
  [[nodiscard]] std::uint64_t outdated() const noexcept { return outdated_; }
  /// Changes of rows whose group had no room.
  [[nodiscard]] std::uint64_t full() const noexcept { return full_; }
  [[nodiscard]] std::size_t reserved_bytes() const noexcept { return groups_.reserved_bytes(); }

 private:
  [[nodiscard]] std::optional<Group> group_of(const Key& key, const std::optional<Value>& value) {
    if (!value) return std::nullopt;
    return group_of_(key, *value);
  }

  template <class Out>
  void update(const Group& group, const Value* gone, const Value* come, std::int64_t time_ns, Out& out) {
    dated<state>* row = groups_.find(group);
    if (row == nullptr) {
      if (come == nullptr) {  // what goes had found no room
        ++full_;
        return;
      }
      gone = nullptr;
      row = groups_.find_or_insert(group).value;
      if (row == nullptr) {
        ++full_;
        return;
      }
      *row = {aggregate_.begin(), time_ns};
    }
    if (gone != nullptr) aggregate_.subtract(row->value, *gone);
    if (come != nullptr) aggregate_.add(row->value, *come);
    row->time_ns = std::max(row->time_ns, time_ns);
    out(record<Group, state>{group, row->value, row->time_ns});
  }

  growing_table<Group, dated<state>> groups_;
  GroupOf group_of_;
  Aggregate aggregate_;
  std::uint64_t outdated_ = 0;
  std::uint64_t full_ = 0;
};

/// How many rows there are.
struct row_count {
  using state = std::int64_t;
  [[nodiscard]] static state begin() noexcept { return 0; }
  template <class Value>
  static void add(state& count, const Value&) noexcept {
    ++count;
  }
  template <class Value>
  static void subtract(state& count, const Value&) noexcept {
    --count;
  }
};

/// The sum of the numbers that `Number` takes from the rows' values, modulo 2^64, so that what is taken back leaves
/// exactly what was before, whatever overflowed meanwhile.
template <class Number>
struct row_sum {
  using state = std::int64_t;
  [[no_unique_address]] Number number{};

  [[nodiscard]] static state begin() noexcept { return 0; }
  template <class Value>
  void add(state& sum, const Value& value) {
    sum = static_cast<state>(static_cast<std::uint64_t>(sum) + static_cast<std::uint64_t>(number(value)));
  }
  template <class Value>
  void subtract(state& sum, const Value& value) {
    sum = static_cast<state>(static_cast<std::uint64_t>(sum) - static_cast<std::uint64_t>(number(value)));
  }
};

}  // namespace millrace::stream
