#include "random_records.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <millrace/base/error.hpp>
#include <millrace/stream/latest_table.hpp>
#include <millrace/stream/table_aggregate.hpp>
#include <millrace/stream/table_filter.hpp>
#include <millrace/stream/table_suppression.hpp>

namespace millrace::stream::testing {
namespace {

/// A value is in the group `value % 3`, but for multiples of seven.
struct group_of {
  std::optional<number> operator()(number, number value) const {
    return value % 7 == 0 ? std::nullopt : std::optional(value % 3);
  }
};
struct itself {
  std::int64_t operator()(number value) const { return value; }
};

using latest = latest_table<number, number>;
template <class Aggregate>
using groups = table_aggregate<number, number, number, group_of, Aggregate>;
using total = record<number, std::int64_t>;

struct totals : std::vector<total> {
  void operator()(const total& from) { push_back(from); }
};

TEST(table_aggregate, a_row_that_is_replaced_within_its_group_gives_one_result) {
  latest table(10);
  groups<row_sum<itself>> sums(10, {});
  totals out;
  const auto take = [&](const auto& change) { sums.process(change, out); };
  table.put({1, 1, 10}, take);
  table.put({1, 4, 5}, take);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[1].value, 4);
  EXPECT_EQ(out[1].time_ns, 10);
}

TEST(table_aggregate, a_row_that_moves_gives_two_results_the_old_groups_first) {
  latest table(10);
  groups<row_count> counts(10, {});
  totals out;
  const auto take = [&](const auto& change) { counts.process(change, out); };
  table.put({1, 1, 10}, take);
  table.put({1, 2, 11}, take);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[1].key, 1u);
  EXPECT_EQ(out[1].value, 0);
  EXPECT_EQ(out[2].key, 2u);
  EXPECT_EQ(out[2].value, 1);
}

TEST(table_aggregate, refuses_groups_beyond_its_bound_and_counts_their_changes) {
  latest table(10);
  groups<row_count> counts(1, {});
  totals out;
  const auto take = [&](const auto& change) { counts.process(change, out); };
  table.put({1, 1, 10}, take);
  EXPECT_EQ(counts.full(), 0u);
  table.put({2, 2, 10}, take);
  table.put({2, std::nullopt, 10}, take);
  EXPECT_EQ(counts.full(), 2u);
  EXPECT_EQ(out.size(), 1u);
}

TEST(table_aggregate, a_sum_that_overflowed_is_right_again_once_rows_go) {
  struct huge {
    std::int64_t operator()(number) const { return std::numeric_limits<std::int64_t>::max(); }
  };
  latest table(10);
  groups<row_sum<huge>> sums(10, {});
  totals out;
  const auto take = [&](const auto& change) { sums.process(change, out); };
  table.put({1, 1, 10}, take);
  table.put({2, 1, 10}, take);
  table.put({1, std::nullopt, 10}, take);
  EXPECT_EQ(out.back().value, std::numeric_limits<std::int64_t>::max());
}

TEST(table_aggregate, agrees_with_one_that_goes_through_the_table) {
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_records records(seed);
    latest table(50);
    groups<row_count> counts(50, {});
    groups<row_sum<itself>> sums(50, {});
    std::map<number, number> rows;
    for (int i = 0; i < 80; ++i) {
      const number_record from = records.next();
      totals out;
      table.put(from, [&](const auto& change) {
        counts.process(change, out);
        sums.process(change, [](const total&) {});
      });
      if (!from.key) continue;
      rows.erase(*from.key);
      if (from.value) rows[*from.key] = *from.value;
      std::map<number, std::pair<std::int64_t, std::int64_t>> expected;
      for (const auto& [key, value] : rows) {
        if (const auto group = group_of{}(key, value)) {
          ++expected[*group].first;
          expected[*group].second += value;
        }
      }
      for (number group = 0; group < 3; ++group) {
        const auto* const count = counts.latest(group);
        const auto* const sum = sums.latest(group);
        ASSERT_EQ(count == nullptr ? 0 : count->value, expected[group].first);
        ASSERT_EQ(sum == nullptr ? 0 : sum->value, expected[group].second);
      }
      for (const total& each : out) ASSERT_EQ(each.value, expected[*each.key].first);
    }
  }
}

TEST(table_filter, what_does_not_fit_becomes_a_deletion) {
  const auto is_even = [](number, number value) { return value % 2 == 0; };
  table_filter<number, number, decltype(is_even)> filter(is_even);
  std::vector<number_record> out;
  const auto take = [&](const number_record& from) { out.push_back(from); };
  filter.process({1, 2, 10}, take);
  filter.process({1, 3, 11}, take);
  filter.process({1, std::nullopt, 12}, take);
  filter.process({std::nullopt, 2, 13}, take);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].value, 2u);
  EXPECT_FALSE(out[1].value);
  EXPECT_FALSE(out[2].value);
  EXPECT_EQ(filter.null_key(), 1u);
}

TEST(table_suppression, hands_on_the_last_update_when_the_first_is_old_enough) {
  table_suppression<number, number> suppression(10, 10);
  std::vector<number_record> out;
  const auto take = [&](const number_record& from) { out.push_back(from); };
  suppression.process({1, 1, 100}, take);
  suppression.process({1, 2, 105}, take);
  suppression.process({2, 3, 109}, take);
  EXPECT_TRUE(out.empty());
  suppression.process({2, 4, 110}, take);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].value, 2u);
  EXPECT_EQ(out[0].time_ns, 105);
  EXPECT_EQ(suppression.replaced(), 2u);
}

TEST(table_suppression, hands_on_what_is_old_enough_while_the_table_is_quiet) {
  table_suppression<number, number> suppression(10, 10);
  std::vector<number_record> out;
  const auto take = [&](const number_record& from) { out.push_back(from); };
  suppression.process({1, 1, 100}, take);
  suppression.advance(109, take);
  EXPECT_TRUE(out.empty());
  suppression.advance(110, take);
  EXPECT_EQ(out.size(), 1u);
}

TEST(table_suppression, lets_the_oldest_go_early_when_it_holds_more_than_it_may) {
  table_suppression<number, number> suppression(1'000, 2);
  std::vector<number_record> out;
  const auto take = [&](const number_record& from) { out.push_back(from); };
  suppression.process({1, 1, 100}, take);
  suppression.process({2, 2, 101}, take);
  EXPECT_EQ(suppression.early(), 0u);
  suppression.process({3, 3, 99}, take);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].key, 3u);
  EXPECT_EQ(suppression.early(), 1u);
  suppression.flush(take);
  EXPECT_EQ(out.size(), 3u);
  EXPECT_THROW((table_suppression<number, number>(-1, 1)), error);
}

TEST(table_suppression, agrees_with_one_that_sorts_what_it_holds) {
  struct held {
    std::int64_t first_ns;
    number key;
    std::optional<number> value;
    std::int64_t time_ns;
  };
  for (std::uint64_t seed = 1; seed <= 1'500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_records records(seed);
    const std::int64_t limit = records.below(3) == 0 ? std::numeric_limits<std::int64_t>::max() : records.below(30);
    const std::size_t keys_max = records.below(4);
    table_suppression<number, number> fast(limit, static_cast<std::uint32_t>(keys_max));
    std::vector<held> all;
    std::int64_t now = 0;
    for (int i = 0; i < 80; ++i) {
      const number_record from = records.next();
      outputs expected;
      outputs found;
      if (from.key) {
        now = std::max(now, from.time_ns);
        const auto at = std::find_if(all.begin(), all.end(), [&](auto& each) { return each.key == *from.key; });
        if (at == all.end())
          all.push_back({from.time_ns, *from.key, from.value, from.time_ns});
        else
          *at = {at->first_ns, at->key, from.value, from.time_ns};
        std::sort(all.begin(), all.end(),
                  [](auto& a, auto& b) { return std::pair(a.first_ns, a.key) < std::pair(b.first_ns, b.key); });
        while (!all.empty() && (all[0].first_ns <= now - limit || all.size() > keys_max)) {
          expected.push_back({all[0].key, all[0].value, std::nullopt, all[0].time_ns});
          all.erase(all.begin());
        }
      }
      fast.process(from, [&](const number_record& out) {
        found.push_back({out.key, out.value, std::nullopt, out.time_ns});
      });
      ASSERT_EQ(found, expected) << "record " << i;
      ASSERT_EQ(fast.held(), all.size());
    }
  }
}

}  // namespace
}  // namespace millrace::stream::testing
