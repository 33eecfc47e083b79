#include "random_records.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <millrace/base/error.hpp>
#include <millrace/stream/delayed_table_join.hpp>
#include <millrace/stream/global_table.hpp>
#include <millrace/stream/latest_table.hpp>
#include <millrace/stream/stream_table_join.hpp>
#include <millrace/stream/versioned_table.hpp>

namespace millrace::stream::testing {
namespace {

using latest = latest_table<number, number>;
using versioned = versioned_table<number, number>;
using many = std::vector<output>;

TEST(stream_table_join, gives_the_row_as_it_is_when_the_record_comes) {
  latest table(10);
  stream_table_join<number, number, latest> join(join_kind::inner, table);
  outputs out;
  join.process({1, 1, 100}, out);
  table.put({1, 50, 200});
  join.process({1, 2, 100}, out);
  table.put({1, std::nullopt, 90});
  join.process({1, 3, 100}, out);
  EXPECT_EQ(out, (many{{1, 2, 50, 100}}));
  EXPECT_EQ(join.counters().no_partner, 2u);
}

TEST(stream_table_join, left_hands_on_what_finds_no_row_and_what_has_no_key) {
  latest table(10);
  stream_table_join<number, number, latest> join(join_kind::left, table);
  outputs out;
  join.process({1, 1, 100}, out);
  join.process({std::nullopt, 2, 100}, out);
  join.process({1, std::nullopt, 100}, out);
  EXPECT_EQ(out, (many{{1, 1, std::nullopt, 100}, {std::nullopt, 2, std::nullopt, 100}}));
  EXPECT_EQ(join.counters().null_value, 1u);
}

TEST(stream_table_join, joins_by_another_key_and_keeps_the_records) {
  global_table<number, number> table(10);
  stream_table_join<number, number, global_table<number, number>> join(join_kind::inner, table);
  table.put({7, 70, 1});
  outputs out;
  join.process({1, 1, 100}, std::optional<number>(7), out);
  join.process({std::nullopt, 2, 100}, std::optional<number>(7), out);
  join.process({1, 3, 100}, std::optional<number>(), out);
  EXPECT_EQ(out, (many{{1, 1, 70, 100}, {std::nullopt, 2, 70, 100}}));
  EXPECT_EQ(join.counters().null_key, 1u);
}

TEST(stream_table_join, refuses_an_outer_join) {
  latest table(10);
  EXPECT_THROW((stream_table_join<number, number, latest>(join_kind::outer, table)), error);
}

TEST(stream_table_join, agrees_with_a_look_into_a_map) {
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_records records(seed);
    const bool is_left = records.below(2) == 0;
    const auto kind = is_left ? join_kind::left : join_kind::inner;
    latest table(50);
    global_table<number, number> global(50);
    stream_table_join<number, number, latest> join(kind, table);
    stream_table_join<number, number, global_table<number, number>> with_global(kind, global);
    std::map<number, number> rows;
    outputs expected;
    outputs found;
    outputs found_globally;
    for (int i = 0; i < 80; ++i) {
      const number_record from = records.next();
      if (records.below(2) == 0) {
        table.put(from);
        global.put(from);
        if (from.key) rows.erase(*from.key);
        if (from.key && from.value) rows[*from.key] = *from.value;
      } else {
        join.process(from, found);
        with_global.process(from, found_globally);
        const auto row = from.key ? rows.find(*from.key) : rows.end();
        const auto value = row == rows.end() ? std::nullopt : std::optional(row->second);
        if (from.value && (value || is_left)) expected.push_back({from.key, from.value, value, from.time_ns});
      }
      ASSERT_EQ(found, expected) << "record " << i;
      ASSERT_EQ(found_globally, expected) << "record " << i;
    }
  }
}

TEST(latest_table, refuses_rows_beyond_its_bound_and_counts_them) {
  latest table(2);
  for (number key : {1u, 2u, 3u}) table.put({key, key, 1});
  EXPECT_EQ(table.counters().full, 1u);
  EXPECT_EQ(table.latest(3), nullptr);
  table.put({std::nullopt, 1, 1});
  EXPECT_EQ(table.counters().null_key, 1u);
  table.put({1, std::nullopt, 1});
  table.put({3, 3, 1});
  EXPECT_EQ(table.counters().full, 1u);
  EXPECT_EQ(table.latest(3)->value, 3u);
}

TEST(versioned_table, knows_what_a_row_was_at_each_time) {
  versioned table(10, 100);
  table.put({1, 10, 10});
  table.put({1, 30, 30});
  table.put({1, 20, 20});
  table.put({1, std::nullopt, 25});
  EXPECT_EQ(table.as_of(1, 9), nullptr);
  EXPECT_EQ(table.as_of(1, 10)->value, 10u);
  EXPECT_EQ(table.as_of(1, 24)->value, 20u);
  EXPECT_EQ(table.as_of(1, 25), nullptr);
  EXPECT_EQ(table.as_of(1, 99)->value, 30u);
  EXPECT_EQ(table.latest(1)->time_ns, 30);
}

TEST(versioned_table, says_which_update_is_the_latest) {
  versioned table(10, 100);
  std::vector<bool> are_latest;
  const auto note = [&](const auto& change) { are_latest.push_back(change.is_latest); };
  table.put({1, 10, 10}, note);
  table.put({1, std::nullopt, 20}, note);
  table.put({1, 15, 15}, note);
  table.put({1, 21, 20}, note);
  EXPECT_EQ(are_latest, (std::vector<bool>{true, true, false, true}));
}

TEST(versioned_table, drops_and_counts_what_is_late_or_has_no_room) {
  versioned table(2, 10);
  table.put({1, 1, 100});
  table.put({1, 1, 89});
  EXPECT_EQ(table.counters().late, 1u);
  table.put({1, 1, 90});
  EXPECT_EQ(table.counters().late, 1u);
  table.put({2, 1, 95});
  EXPECT_EQ(table.counters().full, 1u);
  table.put({2, 1, 110});  // the version of 90 is forgotten, for that of 100 has been in its place for long enough
  EXPECT_EQ(table.counters().full, 1u);
  EXPECT_EQ(table.version_count(), 2u);
  EXPECT_THROW(versioned(1, -1), error);
}

/// All updates that were in time, looked through.
class naive_versions {
 public:
  explicit naive_versions(std::int64_t history) : history_(history) {}

  bool put(const number_record& from) {
    if (!from.key || from.time_ns < now_ - history_) return false;
    now_ = std::max(now_, from.time_ns);
    rows_[*from.key][from.time_ns] = from.value;
    return true;
  }
  std::optional<number> as_of(number key, std::int64_t time) const {
    const auto found = rows_.find(key);
    if (found == rows_.end()) return std::nullopt;
    auto at = found->second.upper_bound(time);
    if (at == found->second.begin()) return std::nullopt;
    if (at != found->second.end() && time < now_ - history_) return std::nullopt;
    return std::prev(at)->second;
  }
  std::optional<number> latest(number key) const { return as_of(key, std::numeric_limits<std::int64_t>::max()); }
  std::int64_t now() const { return now_; }

 private:
  std::int64_t history_;
  std::int64_t now_ = -1'000'000;
  std::map<number, std::map<std::int64_t, std::optional<number>>> rows_;
};

template <class Row>
std::optional<number> value_of(const Row* row) {
  return row == nullptr ? std::nullopt : std::optional(row->value);
}

TEST(versioned_table, agrees_with_one_that_keeps_all_updates) {
  for (std::uint64_t seed = 1; seed <= 1'500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_records records(seed);
    const std::int64_t history = records.below(40);
    versioned fast(200, history);
    naive_versions slow(history);
    for (int i = 0; i < 100; ++i) {
      const number_record from = records.next();
      bool is_taken = false;
      const auto before = from.key ? slow.latest(*from.key) : std::nullopt;
      fast.put(from, [&](const auto& change) {
        is_taken = true;
        ASSERT_EQ(change.before, before);
        ASSERT_EQ(change.after, from.value);
      });
      ASSERT_EQ(is_taken, slow.put(from));
      for (number key = 0; key < 4; ++key) {
        ASSERT_EQ(value_of(fast.latest(key)), slow.latest(key));
        const std::int64_t time = slow.now() + 5 - records.below(60);
        ASSERT_EQ(value_of(fast.as_of(key, time)), slow.as_of(key, time)) << key << " at " << time;
      }
    }
    ASSERT_EQ(fast.counters().full, 0u);
  }
}

TEST(delayed_table_join, waits_for_updates_that_stand_before_the_record) {
  versioned table(10, 100);
  delayed_table_join<number, number, versioned> join(join_kind::inner, table, 5, 10);
  outputs out;
  join.process({1, 1, 100}, out);
  table.put({1, 50, 99});
  join.process({2, 2, 104}, out);
  EXPECT_EQ(out, many{});
  join.process({2, 3, 105}, out);
  EXPECT_EQ(out, (many{{1, 1, 50, 100}}));
  EXPECT_EQ(join.waiting(), 2u);
}

TEST(delayed_table_join, joins_what_waited_long_enough_while_the_stream_is_quiet) {
  versioned table(10, 100);
  delayed_table_join<number, number, versioned> join(join_kind::left, table, 5, 10);
  outputs out;
  join.process({1, 1, 100}, out);
  join.advance(104, out);
  EXPECT_EQ(out, many{});
  join.advance(105, out);
  EXPECT_EQ(out, (many{{1, 1, std::nullopt, 100}}));
}

TEST(delayed_table_join, joins_at_once_what_is_late_and_what_finds_no_room) {
  versioned table(10, 100);
  table.put({1, 50, 1});
  delayed_table_join<number, number, versioned> join(join_kind::inner, table, 5, 1);
  outputs out;
  join.process({1, 1, 100}, out);
  join.process({1, 2, 94}, out);
  EXPECT_EQ(join.late(), 1u);
  join.process({1, 3, 95}, out);
  EXPECT_EQ(join.full(), 1u);
  EXPECT_EQ(out, (many{{1, 2, 50, 94}, {1, 3, 50, 95}}));
  join.flush(out);
  EXPECT_EQ(out.back(), (output{1, 1, 50, 100}));
}

TEST(delayed_table_join, agrees_with_one_that_sorts_what_waits) {
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_records records(seed);
    const std::int64_t grace = records.below(30);
    const bool is_left = records.below(2) == 0;
    versioned table(200, 1'000);
    naive_versions slow(1'000);
    delayed_table_join<number, number, versioned> join(is_left ? join_kind::left : join_kind::inner, table, grace, 200);
    std::vector<number_record> waiting;
    std::int64_t now = -1'000'000;
    outputs expected;
    outputs found;
    const auto give = [&](const number_record& from) {
      const auto row = from.key ? slow.as_of(*from.key, from.time_ns) : std::nullopt;
      if (is_left || row) expected.push_back({from.key, from.value, row, from.time_ns});
    };
    for (int i = 0; i < 80; ++i) {
      const number_record from = records.next();
      if (records.below(2) == 0) {
        table.put(from);
        slow.put(from);
        continue;
      }
      join.process(from, found);
      if (from.value && !from.key) {
        give(from);
      } else if (from.value) {
        if (from.time_ns < now - grace)
          give(from);
        else
          waiting.push_back(from);
        now = std::max(now, from.time_ns);
        std::stable_sort(waiting.begin(), waiting.end(),
                         [](auto& a, auto& b) { return std::pair(a.time_ns, *a.key) < std::pair(b.time_ns, *b.key); });
        while (!waiting.empty() && waiting.front().time_ns <= now - grace) {
          give(waiting.front());
          waiting.erase(waiting.begin());
        }
      }
      ASSERT_EQ(found, expected) << "record " << i;
    }
  }
}

}  // namespace
}  // namespace millrace::stream::testing
