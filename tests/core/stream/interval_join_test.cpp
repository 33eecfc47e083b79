#include "random_records.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <millrace/base/error.hpp>
#include <millrace/stream/interval_join.hpp>

namespace millrace::stream::testing {
namespace {

using join = interval_join<number, number, number>;
using many = std::vector<output>;

TEST(interval_join, meets_partners_at_the_ends_that_are_inclusive) {
  for (const bool lower : {false, true}) {
    for (const bool upper : {false, true}) {
      join j({-2, 3, lower, upper}, 10);
      outputs out;
      j.left({1, 1, 10}, out);
      j.right({1, 8, 8}, out);
      j.right({1, 13, 13}, out);
      EXPECT_EQ(out.size(), std::size_t{lower} + std::size_t{upper});
      j.right({1, 9, 9}, out);
      EXPECT_EQ(out.back(), (output{1, 1, 9, 10}));
    }
  }
}

TEST(interval_join, drops_what_is_below_the_watermark_and_counts_it) {
  join j({-5, 5}, 10);
  outputs out;
  j.watermark(20);
  j.watermark(10);
  j.left({1, 1, 19}, out);
  EXPECT_EQ(j.counters().late, 1u);
  j.left({1, 1, 20}, out);
  EXPECT_EQ(j.kept(), 1u);
  j.left({std::nullopt, 1, 20}, out);
  j.right({1, std::nullopt, 20}, out);
  EXPECT_EQ(j.counters().null_key, 1u);
  EXPECT_EQ(j.counters().null_value, 1u);
}

TEST(interval_join, forgets_what_nothing_can_meet) {
  join j({0, 5}, 10);
  outputs out;
  j.left({1, 1, 10}, out);
  j.right({1, 2, 10}, out);
  j.watermark(10);
  EXPECT_EQ(j.kept(), 1u);  // the right one's partners stand at or before it
  j.watermark(14);
  EXPECT_EQ(j.kept(), 1u);
  j.watermark(15);
  EXPECT_EQ(j.kept(), 0u);
}

TEST(interval_join, keeps_as_many_as_it_may_and_counts_the_rest) {
  join j({0, 5}, 1);
  outputs out;
  j.left({1, 1, 10}, out);
  EXPECT_EQ(j.counters().full, 0u);
  j.left({1, 2, 10}, out);
  EXPECT_EQ(j.counters().full, 1u);
  j.right({1, 3, 10}, out);
  EXPECT_EQ(out, (many{{1, 1, 3, 10}}));
}

TEST(interval_join, refuses_intervals_that_hold_nothing) {
  EXPECT_THROW(join({3, 2}, 1), error);
  EXPECT_THROW(join({2, 2, false, true}, 1), error);
  EXPECT_NO_THROW(join({2, 2}, 1));
}

/// All pairs of what came while it was there, as Flink keeps it.
class naive_interval_join {
 public:
  explicit naive_interval_join(join_interval i)
      : lower_(i.lower_ns + !i.lower_inclusive), upper_(i.upper_ns - !i.upper_inclusive) {}

  void take(bool is_left, const number_record& from, outputs& out) {
    if (!from.key || !from.value || from.time_ns < watermark_) return;
    kept_[is_left].push_back(from);
    std::vector<number_record> partners;
    for (const number_record& each : kept_[!is_left]) {
      const std::int64_t distance = is_left ? each.time_ns - from.time_ns : from.time_ns - each.time_ns;
      if (each.key == from.key && distance >= lower_ && distance <= upper_) partners.push_back(each);
    }
    std::stable_sort(partners.begin(), partners.end(), [](auto& a, auto& b) { return a.time_ns < b.time_ns; });
    for (const number_record& each : partners)
      out.push_back({from.key, is_left ? from.value : each.value, is_left ? each.value : from.value,
                     std::max(each.time_ns, from.time_ns)});
  }
  void watermark(std::int64_t time_ns) {
    watermark_ = std::max(watermark_, time_ns);
    std::erase_if(kept_[1], [&](auto& each) { return each.time_ns + std::max<std::int64_t>(upper_, 0) <= watermark_; });
    std::erase_if(kept_[0],
                  [&](auto& each) { return each.time_ns + std::max<std::int64_t>(-lower_, 0) <= watermark_; });
  }

 private:
  std::int64_t lower_;
  std::int64_t upper_;
  std::int64_t watermark_ = -1'000'000;
  std::vector<number_record> kept_[2];
};

TEST(interval_join, agrees_with_one_that_looks_at_all_there_is) {
  std::size_t handed_on = 0;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_records records(seed);
    const auto lower = std::int64_t{records.below(20)} - 10;
    const join_interval interval{lower, lower + 2 + records.below(10), records.below(2) == 0, records.below(2) == 0};
    join fast(interval, 200);
    naive_interval_join slow(interval);
    outputs expected;
    outputs found;
    for (int i = 0; i < 80; ++i) {
      const number_record from = records.next();
      if (records.below(5) == 0) {
        fast.watermark(from.time_ns - 5);
        slow.watermark(from.time_ns - 5);
      } else {
        const bool is_left = records.below(2) == 0;
        slow.take(is_left, from, expected);
        if (is_left)
          fast.left(from, found);
        else
          fast.right(from, found);
      }
      ASSERT_EQ(found, expected) << "record " << i;
    }
    handed_on += found.size();
  }
  EXPECT_GT(handed_on, 20'000u);
}

}  // namespace
}  // namespace millrace::stream::testing
