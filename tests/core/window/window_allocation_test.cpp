// No operator allocates for an event, nor for what it closes.
#include "random_stream.hpp"

#include <gtest/gtest.h>
#include <allocation_counter.hpp>

#include <millrace/window/aligned_windows.hpp>
#include <millrace/window/count_windows.hpp>
#include <millrace/window/distinct_values.hpp>
#include <millrace/window/session_windows.hpp>
#include <millrace/window/sketch_aggregate.hpp>
#include <millrace/window/sliding_windows.hpp>
#include <random>

namespace millrace::window {
namespace {

using namespace testing;

constexpr window_limits limits{.keys = 1'024, .panes = 8'192};

constexpr auto value_of = [](const sample& each) { return static_cast<std::uint64_t>(each.value); };

auto distinct() {
  return sketch_aggregate<sample, distinct_values<std::uint64_t>, decltype(value_of)>(
      distinct_values<std::uint64_t>({.values = 1U << 14}), value_of);
}

template <class Windows>
void expect_no_allocation(Windows windows) {
  std::mt19937_64 random(5);
  const auto stream = random_stream(random, 5'000);
  std::uint64_t results = 0;
  const auto out = [&](const auto&) { ++results; };
  const auto aside = [](const auto&) {};
  const std::uint64_t before = allocations.load();
  for (const sample& each : stream)
    windows.add(each.key + static_cast<std::uint64_t>(each.value) * 7 % 300, each, each.time, each.sequence, out,
                aside);
  if constexpr (requires { windows.advance_to(0, out); }) windows.advance_to(end_of_time, out);
  EXPECT_EQ(allocations.load() - before, 0U);
  EXPECT_GT(results, 100U);
}

TEST(windows, allocate_nothing_an_event) {
  for (const emission emit : {emission::final, emission::updates, emission::on_time}) {
    SCOPED_TRACE(static_cast<int>(emit));
    const aligned_options aligned{.times = {.size = 20, .advance = 5, .grace = 7}, .emit = emit, .limits = limits};
    expect_no_allocation(aligned_windows<std::uint64_t, tally_aggregate_type>(tally_aggregate(), aligned));
    expect_no_allocation(aligned_windows<std::uint64_t, decltype(distinct())>(distinct(), aligned));
    const session_options sessions{.gap = 9, .grace = 7, .emit = emit, .limits = limits};
    expect_no_allocation(session_windows<std::uint64_t, tally_aggregate_type>(tally_aggregate(), sessions));
    expect_no_allocation(session_windows<std::uint64_t, decltype(distinct())>(distinct(), sessions));
    if (emit == emission::on_time) continue;
    const sliding_options sliding{.length = 9, .grace = 7, .emit = emit, .limits = limits};
    expect_no_allocation(sliding_windows<std::uint64_t, tally_aggregate_type>(tally_aggregate(), sliding));
    expect_no_allocation(sliding_windows<std::uint64_t, decltype(distinct())>(distinct(), sliding));
  }
  expect_no_allocation(aligned_windows<std::uint64_t, tally_aggregate_type>(
      tally_aggregate(), {.times = {.size = 20, .advance = 5}, .early = {.events = 2, .every = 3}, .limits = limits}));
  expect_no_allocation(
      count_windows<std::uint64_t, tally_aggregate_type>(tally_aggregate(), {.size = 6, .every = 2, .limits = limits}));
}

TEST(windows, give_back_all_that_states_hold_in_pools) {
  aligned_windows<std::uint64_t, decltype(distinct())> windows(
      distinct(), {.times = {.size = 20, .advance = 5, .grace = 7}, .limits = limits});
  std::mt19937_64 random(6);
  const auto out = [](const auto&) {};
  for (const sample& each : random_stream(random, 5'000))
    windows.add(each.key, each, each.time, each.sequence, out, [](const auto&) {});
  EXPECT_GT(windows.aggregate().sketch().size(), 0U);
  windows.advance_to(end_of_time, out);
  EXPECT_EQ(windows.aggregate().sketch().size(), 0U);
}

}  // namespace
}  // namespace millrace::window
