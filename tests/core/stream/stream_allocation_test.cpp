// Every operator: no allocation a record. A program of its own: it replaces operator new to count.

#include "random_records.hpp"

#include <gtest/gtest.h>
#include <allocation_counter.hpp>

#include <millrace/stream/deduplicator.hpp>
#include <millrace/stream/delayed_table_join.hpp>
#include <millrace/stream/foreign_key_join.hpp>
#include <millrace/stream/global_table.hpp>
#include <millrace/stream/interval_join.hpp>
#include <millrace/stream/latest_table.hpp>
#include <millrace/stream/stream_stream_join.hpp>
#include <millrace/stream/stream_table_join.hpp>
#include <millrace/stream/table_aggregate.hpp>
#include <millrace/stream/table_suppression.hpp>
#include <millrace/stream/table_table_join.hpp>
#include <millrace/stream/versioned_table.hpp>

namespace millrace::stream::testing {
namespace {

using latest = latest_table<number, number>;
using versioned = versioned_table<number, number>;

std::uint64_t handed_on;
constexpr auto count = [](const auto&) { ++handed_on; };

/// Allocations of 20,000 records, to the left or to the right in turn.
template <class Left, class Right>
std::uint64_t allocations_of(Left&& left, Right&& right) {
  random_records records(7);
  handed_on = 0;
  const std::uint64_t before = allocations.load();
  for (int i = 0; i < 20'000; ++i) {
    const number_record from = records.next();
    if (i % 2 == 0)
      left(from);
    else
      right(from);
  }
  return allocations.load() - before;
}

template <class Left, class Right>
void expect_none(Left&& left, Right&& right) {
  EXPECT_EQ(allocations_of(left, right), 0u);
  EXPECT_GT(handed_on, 100u);
}

TEST(stream_allocation, joins_of_streams_allocate_nothing_a_record) {
  for (const std::uint32_t room : {1'000u, 3u}) {
    stream_stream_join<number, number, number> join(join_kind::outer, {10, 10, 20}, room);
    expect_none([&](auto& from) { join.left(from, count); }, [&](auto& from) { join.right(from, count); });
    interval_join<number, number, number> interval({-10, 10}, room);
    expect_none(
        [&](auto& from) {
          interval.watermark(from.time_ns - 20);
          interval.left(from, count);
        },
        [&](auto& from) { interval.right(from, count); });
  }
}

TEST(stream_allocation, joins_with_tables_allocate_nothing_a_record) {
  latest rows(100);
  stream_table_join<number, number, latest> join(join_kind::left, rows);
  expect_none([&](auto& from) { join.process(from, count); }, [&](auto& from) { rows.put(from); });
  global_table<number, number> global(100);
  stream_table_join<number, number, global_table<number, number>> with_global(join_kind::left, global);
  expect_none([&](auto& from) { with_global.process(from, count); }, [&](auto& from) { global.put(from); });
  for (const std::uint32_t room : {1'000u, 3u}) {
    versioned versions(room, 50);
    delayed_table_join<number, number, versioned> delayed(join_kind::left, versions, 20, room);
    expect_none([&](auto& from) { delayed.process(from, count); }, [&](auto& from) { versions.put(from); });
  }
}

TEST(stream_allocation, joins_of_tables_allocate_nothing_a_record) {
  latest left(100);
  versioned right(100, 50);
  table_table_join join(join_kind::outer, left, right);
  expect_none([&](auto& from) { left.put(from, [&](const auto& change) { join.left(change, count); }); },
              [&](auto& from) { right.put(from, [&](const auto& change) { join.right(change, count); }); });
  latest named(100);
  const auto names = [](number value) { return std::optional(value % 3); };
  foreign_key_join foreign(join_kind::left, left, named, names, 100);
  expect_none([&](auto& from) { left.put(from, [&](const auto& change) { foreign.left(change, count); }); },
              [&](auto& from) { named.put(from, [&](const auto& change) { foreign.right(change, count); }); });
}

TEST(stream_allocation, aggregates_suppression_and_deduplication_allocate_nothing_a_record) {
  latest rows(100);
  const auto group_of = [](number, number value) { return std::optional(value % 5); };
  table_aggregate<number, number, number, decltype(group_of), row_count> groups(100, group_of);
  table_suppression<number, std::int64_t> suppression(10, 3);
  deduplicator<number> dedup({20, 20, 100, dedup_when_full::pass});
  const auto aggregate = [&](auto& from) {
    rows.put(from, [&](const auto& change) {
      groups.process(change, [&](const auto& total) { suppression.process(total, count); });
    });
  };
  const auto drop_repeats = [&](auto& from) { dedup.process(from, from.value.value_or(0), count); };
  expect_none(aggregate, drop_repeats);
}

}  // namespace
}  // namespace millrace::stream::testing
