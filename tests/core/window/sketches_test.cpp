// Sketches against exact answers, within the error that they state.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <millrace/base/error.hpp>
#include <millrace/window/dd_sketch.hpp>
#include <millrace/window/distinct_values.hpp>
#include <millrace/window/hyper_log_log.hpp>
#include <millrace/window/sketch_aggregate.hpp>
#include <millrace/window/top_values.hpp>
#include <random>
#include <set>
#include <vector>

namespace millrace::window {
namespace {

/// Memory for a state, aligned as operators align it.
template <class Sketch>
std::vector<std::uint64_t> memory_for(const Sketch& of) {
  return std::vector<std::uint64_t>(of.state_bytes() / 8 + 1);
}
std::byte* bytes_of(std::vector<std::uint64_t>& of) { return reinterpret_cast<std::byte*>(of.data()); }

TEST(hyper_log_log, is_within_four_standard_errors_and_merges_without_loss) {
  for (const unsigned precision : {8U, 12U, 14U}) {
    hyper_log_log sketch(precision);
    for (const std::uint64_t count : {0ULL, 1ULL, 10ULL, 1'000ULL, 20'000ULL, 300'000ULL}) {
      SCOPED_TRACE(count);
      auto whole = memory_for(sketch);
      auto half = memory_for(sketch);
      auto rest = memory_for(sketch);
      for (auto* each : {&whole, &half, &rest}) sketch.begin(bytes_of(*each));
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t value = i * 7 + count;
        sketch.add(bytes_of(whole), value);
        sketch.add(bytes_of(whole), value);
        sketch.add(bytes_of(i % 3 == 0 ? half : rest), value);
      }
      const double found = sketch.value(bytes_of(whole));
      const double wanted = static_cast<double>(count);
      EXPECT_NEAR(found, wanted, std::max(0.5, 4 * sketch.standard_error() * wanted));
      sketch.merge(bytes_of(half), bytes_of(rest));
      EXPECT_EQ(sketch.value(bytes_of(half)), found);
    }
  }
  EXPECT_THROW(hyper_log_log(3), error);
  EXPECT_THROW(hyper_log_log(17), error);
}

double exact_quantile(std::vector<double> of, double q) {
  std::ranges::sort(of);
  return of[static_cast<std::size_t>(q * static_cast<double>(of.size() - 1))];
}

TEST(dd_sketch, is_within_its_relative_error) {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::lognormal_distribution<double> wide(0, 1.5);
    dd_sketch sketch(seed % 2 == 0 ? 0.01 : 0.05);
    std::vector<std::vector<std::uint64_t>> parts(3, memory_for(sketch));
    for (auto& each : parts) sketch.begin(bytes_of(each));
    std::vector<double> values(1 + random() % 3'000);
    for (double& each : values) {
      each = wide(random) * (seed % 3 == 0 && random() % 2 == 0 ? -1 : 1);
      if (random() % 50 == 0) each = 0;
      sketch.add(bytes_of(parts[random() % 3]), each);
    }
    sketch.merge(bytes_of(parts[0]), bytes_of(parts[1]));
    sketch.merge(bytes_of(parts[0]), bytes_of(parts[2]));
    ASSERT_EQ(sketch.count(bytes_of(parts[0])), values.size());
    EXPECT_FALSE(sketch.is_collapsed(bytes_of(parts[0])));
    for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 1.0}) {
      const double wanted = exact_quantile(values, q);
      EXPECT_NEAR(sketch.quantile(bytes_of(parts[0]), q).value(), wanted,
                  std::fabs(wanted) * sketch.relative_error() * (1 + 1e-9));
    }
  }
}

TEST(dd_sketch, keeps_the_high_quantiles_when_its_bins_do_not_suffice) {
  dd_sketch sketch(0.01, 64);
  auto state = memory_for(sketch);
  sketch.begin(bytes_of(state));
  std::vector<double> values;
  for (int i = -300; i < 300; ++i) values.push_back(std::exp(i * 0.5));
  std::mt19937_64 random(1);
  std::ranges::shuffle(values, random);
  for (const double each : values) sketch.add(bytes_of(state), each);
  EXPECT_TRUE(sketch.is_collapsed(bytes_of(state)));
  for (const std::size_t rank : {597U, 598U, 599U}) {  // in bins of their own; all below share one
    const double q = (static_cast<double>(rank) + 0.5) / 599;
    const double wanted = exact_quantile(values, std::min(q, 1.0));
    EXPECT_NEAR(sketch.quantile(bytes_of(state), std::min(q, 1.0)).value(), wanted, 0.0101 * wanted) << rank;
  }
  EXPECT_NEAR(sketch.quantile(bytes_of(state), 1).value(), exact_quantile(values, 1),
              0.0101 * exact_quantile(values, 1));
  EXPECT_EQ(sketch.count(bytes_of(state)), values.size());
}

TEST(dd_sketch, takes_the_ends_of_the_numbers_and_leaves_out_what_is_none) {
  dd_sketch sketch;
  auto state = memory_for(sketch);
  sketch.begin(bytes_of(state));
  EXPECT_FALSE(sketch.quantile(bytes_of(state), 0.5));
  for (const double each : {std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min(),
                            std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    sketch.add(bytes_of(state), each);
  EXPECT_EQ(sketch.count(bytes_of(state)), 2U);
  EXPECT_EQ(sketch.left_out(), 2U);
  EXPECT_EQ(sketch.quantile(bytes_of(state), 0), 0.0);
  EXPECT_THROW(dd_sketch(0), error);
  EXPECT_THROW(dd_sketch{std::numeric_limits<double>::quiet_NaN()}, error);
  EXPECT_THROW(dd_sketch(0.01, 1), error);
}

TEST(distinct_values, are_counted_exactly_through_merges_and_given_back) {
  distinct_values<std::uint64_t> sets({.values = 4'000, .values_each = 1'000});
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    auto one = memory_for(sets);
    auto two = memory_for(sets);
    sets.begin(bytes_of(one));
    sets.begin(bytes_of(two));
    std::set<std::uint64_t> wanted;
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t value = random() % 60;
      wanted.insert(value);
      sets.add(bytes_of(random() % 2 == 0 ? one : two), value);
    }
    sets.merge(bytes_of(one), bytes_of(two));
    EXPECT_EQ(sets.value(bytes_of(one)), wanted.size());
    EXPECT_TRUE(sets.is_exact(bytes_of(one)));
    std::set<std::uint64_t> found;
    sets.for_each(bytes_of(one), [&](std::uint64_t each) { found.insert(each); });
    EXPECT_EQ(found, wanted);
    sets.end(bytes_of(one));
    sets.end(bytes_of(two));
    EXPECT_EQ(sets.size(), 0U);
  }
}

TEST(distinct_values, leave_out_and_count_what_is_beyond_their_bounds) {
  distinct_values<std::uint64_t> sets({.values = 5, .values_each = 3});
  auto one = memory_for(sets);
  auto two = memory_for(sets);
  sets.begin(bytes_of(one));
  sets.begin(bytes_of(two));
  for (std::uint64_t i = 0; i < 4; ++i) sets.add(bytes_of(one), i);
  EXPECT_EQ(sets.value(bytes_of(one)), 3U);
  EXPECT_FALSE(sets.is_exact(bytes_of(one)));
  for (std::uint64_t i = 0; i < 2; ++i) sets.add(bytes_of(two), i);
  EXPECT_TRUE(sets.is_exact(bytes_of(two)));
  sets.add(bytes_of(two), std::uint64_t{9});
  EXPECT_FALSE(sets.is_exact(bytes_of(two)));
  EXPECT_EQ(sets.left_out(), 2U);
}

TEST(largest_values, are_the_first_of_all_in_order) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    const largest_values<std::int64_t> top(1 + static_cast<std::uint32_t>(random() % 8));
    auto one = memory_for(top);
    auto two = memory_for(top);
    top.begin(bytes_of(one));
    top.begin(bytes_of(two));
    std::vector<std::int64_t> wanted;
    for (std::size_t i = random() % 40; i != 0; --i) {
      wanted.push_back(static_cast<std::int64_t>(random() % 30));
      top.add(bytes_of(i % 3 == 0 ? one : two), wanted.back());
    }
    top.merge(bytes_of(one), bytes_of(two));
    std::ranges::sort(wanted, std::greater<>{});
    wanted.resize(std::min<std::size_t>(wanted.size(), (top.state_bytes() - 8) / 8));
    const auto found = top.value(bytes_of(one));
    EXPECT_EQ(std::vector<std::int64_t>(found.begin(), found.end()), wanted);
  }
}

TEST(frequent_values, keep_each_value_that_is_frequent_enough_and_bound_its_count) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    constexpr std::uint64_t counters = 12;
    const frequent_values<std::uint64_t> top(counters);
    auto one = memory_for(top);
    auto two = memory_for(top);
    top.begin(bytes_of(one));
    top.begin(bytes_of(two));
    std::map<std::uint64_t, std::uint64_t> wanted;
    const std::uint64_t count = 1 + random() % 500;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t value = random() % (1 + random() % 50);
      ++wanted[value];
      top.add(bytes_of(random() % 2 == 0 ? one : two), value);
    }
    top.merge(bytes_of(one), bytes_of(two));
    std::set<std::uint64_t> found;
    for (const auto& each : top.value(bytes_of(one))) {
      found.insert(each.value);
      EXPECT_GE(each.count, wanted[each.value]);
      EXPECT_LE(each.count - each.surplus, wanted[each.value]);
      EXPECT_LE(each.surplus, count / counters + 1);
    }
    for (const auto& [value, times] : wanted) {
      if (times > count / counters + 1) {
        EXPECT_TRUE(found.contains(value)) << value;
      }
    }
  }
}

TEST(sketch_aggregate, is_an_aggregator) {
  static_assert(aggregator<sketch_aggregate<double, dd_sketch>>);
  static_assert(aggregator<sketch_aggregate<std::uint64_t, hyper_log_log>>);
  static_assert(aggregator<sketch_aggregate<std::uint64_t, distinct_values<std::uint64_t>>>);
  static_assert(aggregator<sketch_aggregate<std::int64_t, largest_values<std::int64_t>>>);
  static_assert(aggregator<sketch_aggregate<std::int64_t, frequent_values<std::int64_t>>>);
}

}  // namespace
}  // namespace millrace::window
