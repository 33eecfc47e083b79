#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <millrace/base/error.hpp>
#include <millrace/stats/histogram.hpp>
#include <random>
#include <sstream>
#include <vector>

namespace millrace {
namespace {

constexpr std::int64_t time_max = std::numeric_limits<std::int64_t>::max();

TEST(bucket_layout, of_an_hour_of_microseconds_has_the_published_size) {
  const bucket_layout layout(1, 3'600'000'000, 3);
  EXPECT_EQ(layout.bucket_count(), 22);
  EXPECT_EQ(layout.sub_bucket_count(), 2'048);
  EXPECT_EQ(layout.index_count(), 23'552u);
}

TEST(bucket_layout, steps_double_at_each_power_of_two) {
  const bucket_layout layout(1, 3'600'000'000, 3);
  EXPECT_EQ(layout.equivalent_range(0), 1);
  EXPECT_EQ(layout.equivalent_range(2'047), 1);
  EXPECT_EQ(layout.equivalent_range(2'048), 2);
  EXPECT_EQ(layout.equivalent_range(4'095), 2);
  EXPECT_EQ(layout.equivalent_range(4'096), 4);
  EXPECT_EQ(layout.lowest_equivalent(10'007), 10'000);
  EXPECT_EQ(layout.highest_equivalent(10'001), 10'007);
  EXPECT_EQ(layout.median_equivalent(10'007), 10'004);
}

TEST(bucket_layout, indices_run_on_across_buckets) {
  const bucket_layout layout(1, 3'600'000'000, 3);
  EXPECT_EQ(layout.index_of(0), 0u);
  EXPECT_EQ(layout.index_of(2'047), 2'047u);
  EXPECT_EQ(layout.index_of(2'048), 2'048u);
  EXPECT_EQ(layout.index_of(2'049), 2'048u);
  EXPECT_EQ(layout.index_of(4'095), 3'071u);
  EXPECT_EQ(layout.index_of(4'096), 3'072u);
}

TEST(bucket_layout, a_lowest_discernible_value_sets_the_unit) {
  const bucket_layout layout(1'000, 3'600'000'000, 3);  // rounds down to a power of two: 512
  EXPECT_EQ(layout.equivalent_range(0), 512);
  EXPECT_EQ(layout.lowest_equivalent(1'000), 512);
  EXPECT_EQ(layout.highest_equivalent(1'000), 1'023);
  EXPECT_EQ(layout.equivalent_range(512 * 2'048), 1'024);
}

TEST(bucket_layout, every_index_begins_where_the_last_ends) {
  for (const auto& layout : {bucket_layout(1, 100'000, 1), bucket_layout(1, 1'000'000, 2), bucket_layout(5, 9'999, 3),
                             bucket_layout(1, 3'600'000'000, 3), bucket_layout(1, 1'000'000, 5)}) {
    std::int64_t expected = 0;
    for (std::size_t i = 0; i < layout.index_count(); ++i) {
      ASSERT_EQ(layout.value_at(i), expected);
      ASSERT_EQ(layout.index_of(expected), i);
      ASSERT_EQ(layout.index_of(layout.highest_equivalent(expected)), i);
      expected = layout.highest_equivalent(expected) + 1;
    }
    ASSERT_GT(expected, layout.highest_trackable());
  }
}

TEST(bucket_layout, keeps_its_promise_of_digits) {
  std::mt19937_64 random(3);
  for (int digits = 1; digits <= 5; ++digits) {
    const bucket_layout layout(1, time_max, digits);
    for (int i = 0; i < 10'000; ++i) {
      const auto value = static_cast<std::int64_t>(random() >> (1 + random() % 63));
      ASSERT_LE(layout.lowest_equivalent(value), value);
      ASSERT_GE(layout.highest_equivalent(value), value);
      if (value == 0) continue;
      const auto width = static_cast<double>(layout.equivalent_range(value) - 1);
      ASSERT_LE(width / static_cast<double>(value), std::pow(10, -digits));
      ASSERT_LT(layout.index_of(value), layout.index_count());
    }
  }
}

TEST(bucket_layout, refuses_ranges_it_cannot_lay_out) {
  EXPECT_THROW(bucket_layout(0, 100, 3), error);
  EXPECT_THROW(bucket_layout(1, 1, 3), error);
  EXPECT_NO_THROW(bucket_layout(1, 2, 3));
  EXPECT_THROW(bucket_layout(1, 100, 0), error);
  EXPECT_THROW(bucket_layout(1, 100, 6), error);
  EXPECT_THROW(bucket_layout(std::int64_t{1} << 61, time_max, 3), error);
}

TEST(histogram, of_nothing_is_all_zero) {
  const histogram h(1, 1'000'000, 3);
  EXPECT_EQ(h.count(), 0u);
  EXPECT_EQ(h.min(), 0);
  EXPECT_EQ(h.max(), 0);
  EXPECT_EQ(h.mean(), 0);
  EXPECT_EQ(h.stddev(), 0);
  EXPECT_EQ(h.value_at_percentile(50), 0);
  EXPECT_TRUE(h.percentile_rows(5).empty());
}

TEST(histogram, counts_values_above_its_range_at_the_maximum) {
  histogram h(1, 1'000, 3);
  h.record(1'000);
  EXPECT_EQ(h.saturated(), 0u);
  h.record(1'001);
  h.record(time_max);
  EXPECT_EQ(h.saturated(), 2u);
  EXPECT_EQ(h.count_at(1'000), 3u);
  EXPECT_EQ(h.max(), 1'000);
}

TEST(histogram, counts_negative_values_at_zero) {
  histogram h(1, 1'000, 3);
  h.record(-5);
  EXPECT_EQ(h.negative(), 1u);
  EXPECT_EQ(h.count_at(0), 1u);
  EXPECT_EQ(h.min(), 0);
}

TEST(histogram, agrees_with_sorted_values) {
  std::mt19937_64 random(11);
  for (const int digits : {1, 2, 3, 5}) {
    for (const std::size_t count : {1u, 2u, 10u, 1'000u, 20'011u}) {
      histogram h(1, 3'600'000'000, digits);
      std::vector<std::int64_t> values;
      for (std::size_t i = 0; i < count; ++i) {
        values.push_back(static_cast<std::int64_t>((random() >> 33) >> (random() % 31)));
        h.record(values.back());
      }
      std::sort(values.begin(), values.end());
      const bucket_layout& layout = h.layout();
      EXPECT_EQ(h.min(), layout.lowest_equivalent(values.front()));
      EXPECT_EQ(h.max(), layout.highest_equivalent(values.back()));
      for (const double percentile : {0.001, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
        const double exact = percentile * static_cast<double>(count) / 100.0;
        const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(exact - 1e-9)));
        EXPECT_EQ(h.value_at_percentile(percentile), layout.highest_equivalent(values[rank - 1])) << percentile;
      }
      double sum = 0, squares = 0;
      for (const auto v : values) sum += static_cast<double>(layout.median_equivalent(v));
      const double mean = sum / static_cast<double>(count);
      for (const auto v : values) squares += std::pow(static_cast<double>(layout.median_equivalent(v)) - mean, 2);
      EXPECT_NEAR(h.mean(), mean, 1e-9 * mean + 1e-9);
      EXPECT_NEAR(h.stddev(), std::sqrt(squares / static_cast<double>(count)), 1e-6 * mean + 1e-9);
    }
  }
}

TEST(histogram, percentiles_outside_0_to_100_are_taken_as_the_ends) {
  histogram h(1, 100'000, 2);
  h.record(10'000);
  h.record(20'000);
  EXPECT_EQ(h.value_at_percentile(-1), h.min());
  EXPECT_EQ(h.value_at_percentile(0), h.min());
  EXPECT_EQ(h.value_at_percentile(std::nan("")), h.min());
  EXPECT_EQ(h.value_at_percentile(101), h.max());
}

TEST(histogram, a_merge_counts_what_recording_both_would) {
  std::mt19937_64 random(17);
  histogram a(1, 1'000'000, 3), b(1, 1'000'000, 3), both(1, 1'000'000, 3);
  for (int i = 0; i < 10'000; ++i) {
    const auto value = static_cast<std::int64_t>(random() % 1'100'000);
    (i % 2 == 0 ? a : b).record(value);
    both.record(value);
  }
  a.merge(b);
  std::ostringstream merged, recorded;
  a.write_hgrm(merged);
  both.write_hgrm(recorded);
  EXPECT_EQ(merged.str(), recorded.str());
  EXPECT_EQ(a.saturated(), both.saturated());
}

TEST(histogram, a_merge_of_coarser_buckets_counts_their_floors) {
  histogram coarse(1, 3'600'000'000, 2), fine(1, 3'600'000'000, 3);
  coarse.record(1'753'219'071);
  fine.merge(coarse);
  EXPECT_EQ(coarse.max(), 1'753'219'071);
  EXPECT_EQ(fine.max(), 1'745'879'039);
}

TEST(histogram, a_merge_of_a_longer_range_saturates) {
  histogram wide(1, 2'000, 3), narrow(1, 1'500, 3);
  wide.record(1'900);
  wide.record(7);
  narrow.merge(wide);
  EXPECT_EQ(narrow.count(), 2u);
  EXPECT_EQ(narrow.saturated(), 1u);
  EXPECT_EQ(narrow.max(), 1'500);
  EXPECT_EQ(narrow.min(), 7);
}

TEST(histogram, reset_forgets_everything) {
  histogram h(1, 1'000, 3);
  h.record(5'000);
  h.record(-1);
  h.reset();
  EXPECT_EQ(h.count() + h.saturated() + h.negative(), 0u);
  EXPECT_EQ(h.value_at_percentile(100), 0);
  h.record(7);
  EXPECT_EQ(h.min(), 7);
  EXPECT_EQ(h.max(), 7);
}

TEST(histogram, writes_the_percentile_table_of_hdrhistogram) {
  histogram h(1, 3'600'000'000, 3);
  for (const std::int64_t value : {1, 2, 3, 4}) h.record(value);
  std::ostringstream out;
  h.write_hgrm(out);
  EXPECT_EQ(out.str(),
            "       Value     Percentile TotalCount 1/(1-Percentile)\n"
            "\n"
            "       1.000 0.000000000000          1           1.00\n"
            "       1.000 0.100000000000          1           1.11\n"
            "       1.000 0.200000000000          1           1.25\n"
            "       2.000 0.300000000000          2           1.43\n"
            "       2.000 0.400000000000          2           1.67\n"
            "       2.000 0.500000000000          2           2.00\n"
            "       3.000 0.550000000000          3           2.22\n"
            "       3.000 0.600000000000          3           2.50\n"
            "       3.000 0.650000000000          3           2.86\n"
            "       3.000 0.700000000000          3           3.33\n"
            "       3.000 0.750000000000          3           4.00\n"
            "       4.000 0.775000000000          4           4.44\n"
            "       4.000 1.000000000000          4\n"
            "#[Mean    =        2.500, StdDeviation   =        1.118]\n"
            "#[Max     =        4.000, Total count    =            4]\n"
            "#[Buckets =           22, SubBuckets     =         2048]\n");
}

TEST(histogram, the_percentile_table_takes_a_scale_and_a_tick_count) {
  histogram h(1, 3'600'000'000, 3);
  h.record(1'500);
  std::ostringstream out;
  h.write_hgrm(out, 1, 1'000.0);
  EXPECT_EQ(out.str(),
            "       Value     Percentile TotalCount 1/(1-Percentile)\n"
            "\n"
            "       1.500 0.000000000000          1           1.00\n"
            "       1.500 1.000000000000          1\n"
            "#[Mean    =        1.500, StdDeviation   =        0.000]\n"
            "#[Max     =        1.500, Total count    =            1]\n"
            "#[Buckets =           22, SubBuckets     =         2048]\n");
}

}  // namespace
}  // namespace millrace
