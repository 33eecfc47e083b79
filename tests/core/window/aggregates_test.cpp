// Each aggregate against a slow one, on random input that is cut into parts and merged.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <millrace/window/aggregate.hpp>
#include <millrace/window/combined_aggregate.hpp>
#include <millrace/window/custom_aggregate.hpp>
#include <millrace/window/decayed_sum.hpp>
#include <millrace/window/extremes.hpp>
#include <millrace/window/moments.hpp>
#include <millrace/window/sums.hpp>
#include <numeric>
#include <random>
#include <vector>

namespace millrace::window {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

struct event {
  double x;
  std::int64_t n;
  std::int64_t time;
  std::uint64_t sequence;
};

std::vector<event> random_events(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> real(-1'000, 1'000);
  std::vector<event> made(1 + random() % 60);
  for (std::size_t i = 0; i < made.size(); ++i)
    made[i] = {real(random) * (random() % 5 == 0 ? 1e6 : 1), static_cast<std::int64_t>(random()),
               static_cast<std::int64_t>(random() % 50), i};
  std::ranges::shuffle(made, random);
  return made;
}

/// Adds the events to several states and merges these, as windows do with slices.
template <class A>
struct folded {
  folded(A of_, const std::vector<event>& events, std::size_t parts) : of(std::move(of_)) {
    of.begin(data.data());
    for (std::size_t part = 0; part < parts; ++part) {
      alignas(8) std::array<std::byte, 256> slice{};
      of.begin(slice.data());
      for (std::size_t i = part; i < events.size(); i += parts)
        of.add(slice.data(), events[i], events[i].time, events[i].sequence);
      of.merge(data.data(), slice.data());
      of.end(slice.data());
    }
  }
  auto value() const { return of.value(data.data()); }

  A of;
  alignas(8) std::array<std::byte, 256> data{};
};

template <class S, class Project>
using over = aggregate<event, S, Project>;
constexpr auto x_of = [](const event& each) { return each.x; };
constexpr auto n_of = [](const event& each) { return each.n; };

template <class S, class Project, class Check>
void check_parts(Project project, Check&& check, S prototype = {}) {
  static_assert(aggregator<over<S, Project>> && inline_aggregator<over<S, Project>>);
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    const auto events = random_events(seed);
    for (const std::size_t parts : {1U, 2U, 7U})
      check(folded(over<S, Project>(project, prototype), events, parts).value(), events);
  }
}

void expect_close(double found, double wanted, double scale) {
  EXPECT_NEAR(found, wanted, 1e-9 * std::max(std::fabs(scale), 1.0));
}

TEST(aggregates, count_and_sum_integers_beyond_64_bits) {
  check_parts<count_of>(n_of, [](std::uint64_t found, const auto& events) { EXPECT_EQ(found, events.size()); });
  check_parts<integer_sum>(n_of, [](std::int64_t found, const auto& events) {
    integer_sum::wide sum = 0;
    for (const event& each : events) sum += each.n;
    const integer_sum::wide most = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(found, static_cast<std::int64_t>(std::clamp<integer_sum::wide>(sum, -most - 1, most)));
  });
}

TEST(aggregates, say_whether_a_sum_fits_and_come_back_from_where_it_does_not) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  integer_sum sum;
  sum.add(most, 0, 0);
  EXPECT_TRUE(sum.fits());
  sum.add(std::int64_t{1}, 0, 0);
  EXPECT_FALSE(sum.fits());
  EXPECT_EQ(sum.value(), most);
  sum.subtract(std::int64_t{2});
  EXPECT_TRUE(sum.fits());
  EXPECT_EQ(sum.value(), most - 1);
  integer_sum large;
  large.add(std::numeric_limits<std::uint64_t>::max(), 0, 0);
  EXPECT_FALSE(large.fits());
  EXPECT_TRUE(large.wide_value() == std::numeric_limits<std::uint64_t>::max());
}

TEST(aggregates, sum_and_average_numbers) {
  check_parts<real_sum>(x_of, [](double found, const auto& events) {
    long double sum = 0;
    for (const event& each : events) sum += each.x;
    expect_close(found, static_cast<double>(sum), static_cast<double>(sum));
  });
  check_parts<average>(x_of, [](auto found, const auto& events) {
    long double sum = 0;
    for (const event& each : events) sum += each.x;
    const auto wanted = static_cast<double>(sum / static_cast<long double>(events.size()));
    expect_close(found.value(), wanted, wanted);
  });
  EXPECT_FALSE(average().value());
}

TEST(aggregates, lose_nothing_of_small_numbers_beside_large_ones) {
  real_sum sum;
  for (const double x : {1.0, 1e100, 1.0, -1e100}) sum.add(x, 0, 0);
  EXPECT_EQ(sum.value(), 2.0);
}

TEST(aggregates, find_least_greatest_first_and_last) {
  check_parts<least<double>>(x_of, [](auto found, const auto& events) {
    EXPECT_EQ(found, std::ranges::min_element(events, {}, &event::x)->x);
  });
  check_parts<greatest<std::int64_t>>(n_of, [](auto found, const auto& events) {
    EXPECT_EQ(found, std::ranges::max_element(events, {}, &event::n)->n);
  });
  const auto moment = [](const event& each) { return std::pair(each.time, each.sequence); };
  check_parts<first_of<double>>(
      x_of, [&](auto found, const auto& events) { EXPECT_EQ(found, std::ranges::min_element(events, {}, moment)->x); });
  check_parts<last_of<double>>(
      x_of, [&](auto found, const auto& events) { EXPECT_EQ(found, std::ranges::max_element(events, {}, moment)->x); });
  EXPECT_FALSE(least<double>().value());
  EXPECT_FALSE(first_of<double>().value());
}

TEST(aggregates, find_the_spread_of_a_sample) {
  const auto squared = [](const auto& events) {
    long double mean = 0;
    for (const event& each : events) mean += each.x;
    mean /= static_cast<long double>(events.size());
    long double squares = 0;
    for (const event& each : events) squares += (each.x - mean) * (each.x - mean);
    return static_cast<double>(squares / static_cast<long double>(events.size() - 1));
  };
  check_parts<variance>(x_of, [&](auto found, const auto& events) {
    ASSERT_EQ(found.has_value(), events.size() > 1);
    if (found) expect_close(*found, squared(events), squared(events));
  });
  check_parts<deviation>(x_of, [&](auto found, const auto& events) {
    ASSERT_EQ(found.has_value(), events.size() > 1);
    if (found) expect_close(*found, std::sqrt(squared(events)), std::sqrt(squared(events)));
  });
  moments far;  // where sums of squares would be off by more than the answer
  for (const double x : {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) far.add(x, 0, 0);
  EXPECT_DOUBLE_EQ(far.variance().value(), 30.0);
}

TEST(aggregates, halve_a_sum_with_each_half_life_in_any_order) {
  check_parts<decayed_sum>(
      x_of,
      [](double found, const auto& events) {
        const std::int64_t last = std::ranges::max_element(events, {}, &event::time)->time;
        double sum = 0;
        double scale = 0;
        for (const event& each : events) {
          const double part = each.x * std::exp2(-static_cast<double>(last - each.time) / 7.0);
          sum += part;
          scale += std::fabs(part);
        }
        expect_close(found, sum, scale);
      },
      decayed_sum(7));
  decayed_sum sum(10);
  sum.add(8, 100, 0);
  EXPECT_DOUBLE_EQ(sum.value_at(130), 1);
}

TEST(aggregates, take_out_what_was_added) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto events = random_events(seed);
    integer_sum integers;
    real_sum reals;
    moments spread;
    moments wanted;
    double scale = 1;
    const std::size_t half = events.size() / 2;
    for (const event& each : events) {
      integers.add(each.n, 0, 0);
      reals.add(each.x, 0, 0);
      spread.add(each.x, 0, 0);
      scale += std::fabs(each.x);
    }
    for (std::size_t i = half; i < events.size(); ++i) {
      integers.subtract(events[i].n);
      reals.subtract(events[i].x);
      spread.subtract(events[i].x);
    }
    integer_sum::wide sum = 0;
    double real = 0;
    for (std::size_t i = 0; i < half; ++i) {
      sum += events[i].n;
      real += events[i].x;
      wanted.add(events[i].x, 0, 0);
    }
    EXPECT_TRUE(integers.wide_value() == sum);
    EXPECT_NEAR(reals.value(), real, 1e-12 * scale);
    ASSERT_EQ(spread.variance().has_value(), wanted.variance().has_value());
    if (wanted.variance()) {
      EXPECT_NEAR(*spread.variance(), *wanted.variance(), 1e-12 * scale * scale);
    }
  }
}

TEST(aggregates, leave_out_and_count_what_is_no_number) {
  over<average, decltype(x_of)> mean(x_of);
  over<greatest<double>, decltype(x_of)> most(x_of);
  alignas(8) std::array<std::byte, 64> sum{};
  alignas(8) std::array<std::byte, 64> top{};
  mean.begin(sum.data());
  most.begin(top.data());
  for (const double x : {1.0, nan, infinity, -infinity, 3.0}) {
    mean.add(sum.data(), {x, 0, 0, 0}, 0, 0);
    most.add(top.data(), {x, 0, 0, 0}, 0, 0);
  }
  EXPECT_EQ(mean.value(sum.data()), 2.0);
  EXPECT_EQ(mean.left_out(), 3U);
  EXPECT_EQ(most.value(top.data()), infinity);
  EXPECT_EQ(most.left_out(), 1U);
}

TEST(aggregates, are_made_from_functions_with_or_without_an_inverse) {
  auto plain = make_aggregate<event>(
      0.0, [](double& sum, const event& each) { sum += each.x; }, [](double& sum, double later) { sum += later; });
  static_assert(aggregator<decltype(plain)>);
  auto inverse = make_aggregate<event>(
      0.0, [](double& sum, const event& each) { sum += each.x; }, [](double& sum, double later) { sum += later; },
      [](double& sum, const event& each) { sum -= each.x; });
  static_assert(subtracting_aggregator<decltype(inverse)>);
  static_assert(!subtracting_aggregator<decltype(plain)>);
  alignas(8) std::array<std::byte, 8> state{};
  inverse.begin(state.data());
  inverse.add(state.data(), {2, 0, 0, 0}, 0, 0);
  inverse.add(state.data(), {5, 0, 0, 0}, 0, 0);
  inverse.subtract(state.data(), {2, 0, 0, 0}, 0, 0);
  EXPECT_EQ(inverse.value(state.data()), 5.0);
}

TEST(aggregates, stand_side_by_side) {
  using count = over<count_of, decltype(x_of)>;
  using spread = over<variance, decltype(x_of)>;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto events = random_events(seed);
    combined_aggregate<count, spread> of{count(x_of), spread(x_of)};
    alignas(8) std::array<std::byte, 64> state{};
    ASSERT_LE(of.state_bytes(), sizeof state);
    of.begin(state.data());
    for (const event& each : events) of.add(state.data(), each, each.time, each.sequence);
    EXPECT_EQ(of.value<0>(state.data()), events.size());
    EXPECT_EQ(of.value<1>(state.data()).has_value(), events.size() > 1);
  }
}

}  // namespace
}  // namespace millrace::window
