#include "random_records.hpp"

#include <gtest/gtest.h>

#include <millrace/stream/branch.hpp>
#include <millrace/stream/filter.hpp>
#include <millrace/stream/map.hpp>
#include <millrace/stream/table_suppression.hpp>

namespace millrace::stream::testing {
namespace {

std::vector<number> values_of(const std::vector<number_record>& records) {
  std::vector<number> made;
  for (const number_record& each : records) made.push_back(each.value.value_or(0));
  return made;
}

struct kept_records : std::vector<number_record> {
  void operator()(const number_record& from) { push_back(from); }
};

constexpr auto is_even = [](const number_record& from) { return from.value && *from.value % 2 == 0; };
constexpr auto doubled = [](const number_record& from) {
  return number_record{from.key, *from.value * 2, from.time_ns};
};

TEST(flow, filters_maps_and_peeks_in_the_order_written) {
  number seen = 0;
  auto flow = filter(is_even) | map(doubled) | peek([&](const number_record& from) { seen += *from.value; });
  kept_records out;
  for (number value : {1u, 2u, 3u, 4u}) flow(number_record{7, value, 10}, out);
  EXPECT_EQ(values_of(out), (std::vector<number>{4, 8}));
  EXPECT_EQ(seen, 12u);
  EXPECT_EQ(flow.first.first.dropped(), 2u);
}

TEST(flow, a_record_can_become_none_or_many) {
  auto flow = flat_map([](const number_record& from, auto& out) {
    for (number i = 0; i < *from.value; ++i) out(number_record{from.key, i, from.time_ns});
  });
  kept_records out;
  for (number value : {0u, 1u, 3u}) flow(number_record{7, value, 10}, out);
  EXPECT_EQ(values_of(out), (std::vector<number>{0, 0, 1, 2}));
}

TEST(flow, a_record_gets_another_key_or_none) {
  kept_records out;
  rekey by_value([](const number_record& from) { return *from.value; });
  by_value(number_record{7, 3, 10}, out);
  rekey by_nothing([](const number_record&) { return std::optional<number>(); });
  by_nothing(number_record{7, 3, 10}, out);
  EXPECT_EQ(out[0].key, 3u);
  EXPECT_FALSE(out[1].key);
}

TEST(flow, a_branch_takes_the_first_way_that_fits_and_counts_each) {
  branch flow(when(is_even, map(doubled)), when([](const number_record& from) { return from.value == 3; }));
  kept_records out;
  for (number value : {1u, 2u, 3u, 4u, 5u}) flow(number_record{7, value, 10}, out);
  EXPECT_EQ(values_of(out), (std::vector<number>{4, 3, 8}));
  EXPECT_EQ(flow.taken(0), 2u);
  EXPECT_EQ(flow.taken(1), 1u);
  EXPECT_EQ(flow.dropped(), 2u);
  branch all(when(is_even), otherwise());
  out.clear();
  for (number value : {1u, 2u}) all(number_record{7, value, 10}, out);
  EXPECT_EQ(out.size(), 2u);
  EXPECT_EQ(all.dropped(), 0u);
}

TEST(flow, leads_through_operators_that_keep_a_state) {
  table_suppression<number, number> suppression(10, 5);
  auto flow = filter(is_even) | through(suppression) | map(doubled);
  kept_records out;
  for (number value : {1u, 2u, 3u, 4u}) flow(number_record{7, value, value}, out);
  EXPECT_TRUE(out.empty());
  flow(number_record{8, 6, 12}, out);
  EXPECT_EQ(values_of(out), (std::vector<number>{8}));
}

TEST(flow, a_merge_hands_on_all_inputs_as_they_come) {
  merge<2> both;
  kept_records out;
  both.process(0, number_record{7, 1, 10}, out);
  both.process(1, number_record{7, 2, 5}, out);
  both.process(0, number_record{7, 3, 11}, out);
  EXPECT_EQ(values_of(out), (std::vector<number>{1, 2, 3}));
  EXPECT_EQ(both.taken(0), 2u);
  EXPECT_EQ(both.taken(1), 1u);
}

TEST(time, lengths_stop_at_both_ends_of_time) {
  constexpr std::int64_t begin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(later_by(end - 1, 1), end);
  EXPECT_EQ(later_by(end - 1, 2), end);
  EXPECT_EQ(later_by(begin, end), -1);
  EXPECT_EQ(earlier_by(begin + 1, 1), begin);
  EXPECT_EQ(earlier_by(begin + 1, 2), begin);
  EXPECT_EQ(earlier_by(-1, end), begin);
  EXPECT_EQ(earlier_by(-2, end), begin);
  EXPECT_EQ(moved_by(0, begin), begin);
  EXPECT_EQ(moved_by(5, begin), begin + 5);
  EXPECT_EQ(moved_by(-1, begin), begin);
  EXPECT_EQ(moved_by(10, -3), 7);
}

}  // namespace
}  // namespace millrace::stream::testing
