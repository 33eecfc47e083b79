#include "random_stream.hpp"

#include <gtest/gtest.h>

#include <map>
#include <millrace/base/error.hpp>
#include <millrace/window/sliding_windows.hpp>
#include <set>

namespace millrace::window {
namespace {

using namespace testing;
using windows = sliding_windows<std::uint64_t, tally_aggregate_type>;

/// By the definition: the windows that end with an event, and those that begin right behind one and hold a later one.
std::vector<handed_out> slow_answer(const std::vector<sample>& stream, std::int64_t length) {
  std::set<std::pair<std::uint64_t, std::int64_t>> starts;
  const auto count_in = [&](std::uint64_t key, std::int64_t start) {
    return std::ranges::count_if(stream, [&](const sample& each) {
      return each.key == key && each.time >= start && each.time <= start + length;
    });
  };
  for (const sample& each : stream) {
    starts.emplace(each.key, std::max<std::int64_t>(0, each.time - length));
    if (count_in(each.key, each.time + 1) != 0) starts.emplace(each.key, each.time + 1);
  }
  std::vector<handed_out> made;
  for (const auto& [key, start] : starts) {
    handed_out of{0, key, start, start + length, 0, ~std::uint64_t{0}, static_cast<int>(result_kind::final), {}};
    for (const sample& each : stream) {
      if (each.key != key || each.time < start || each.time > start + length) continue;
      of.state.add(each.value, each.time, each.sequence);
      of.time = std::max(of.time, each.time);
      of.first_sequence = std::min(of.first_sequence, each.sequence);
    }
    made.push_back(of);
  }
  return made;
}

std::vector<handed_out> without_moments(std::vector<handed_out> results) {
  for (handed_out& each : results) each.at = 0;
  std::ranges::sort(results);
  return results;
}

constexpr window_limits small{.keys = 16, .panes = 1'024};

TEST(sliding_windows, agree_with_their_definition_on_random_streams) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto length = static_cast<std::int64_t>(random() % 20);
    const auto stream = random_stream(random, 60);
    for (const std::uint32_t steps : {0U, 2U}) {
      auto limits = small;
      limits.steps_each = steps;
      windows found(tally_aggregate(), {.length = length, .grace = 100'000, .limits = limits});
      ASSERT_EQ(without_moments(run(found, stream)), without_moments(slow_answer(stream, length)));
      ASSERT_EQ(found.counters().taken, stream.size());
      ASSERT_EQ(found.keys(), 0U);
    }
  }
}

TEST(sliding_windows, close_with_time_and_refuse_late_events) {
  windows found(tally_aggregate(), {.length = 5, .grace = 2, .limits = small});
  std::vector<handed_out> results;
  const auto out = [&](const auto& each) { results.push_back(taken_from(each, 0)); };
  std::uint64_t missed = 0;
  const auto aside = [&](const auto& each) { missed += each.windows_missed; };
  found.add(1, sample{1, 1, 10, 0}, 10, 0, out, aside);
  found.add(1, sample{1, 1, 12, 1}, 12, 1, out, aside);
  EXPECT_TRUE(results.empty());
  found.add(1, sample{1, 1, 13, 2}, 13, 2, out, aside);
  ASSERT_EQ(results.size(), 1U);  // [5, 10]
  EXPECT_EQ(results[0].state.count, 1);
  found.add(2, sample{2, 1, 40, 3}, 40, 3, out, aside);
  found.add(1, sample{1, 1, 12, 4}, 12, 4, out, aside);
  EXPECT_EQ(missed, 1U);
  EXPECT_EQ(found.counters().late, 1U);
}

TEST(sliding_windows, count_what_there_is_no_room_for) {
  windows found(tally_aggregate(), {.length = 5, .grace = 1'000, .limits = {.keys = 2, .panes = 3}});
  run(found, {{1, 1, 10, 0}, {2, 1, 10, 1}, {3, 1, 10, 2}, {1, 1, 100, 3}, {1, 1, 200, 4}}, false);
  EXPECT_EQ(found.counters().taken, 3U);
  EXPECT_EQ(found.counters().no_room, 2U);
}

TEST(sliding_windows, refuse_lengths_that_cannot_be) {
  const auto refuses = [](sliding_options options) {
    options.limits = small;
    EXPECT_THROW((windows(tally_aggregate(), options)), error);
  };
  refuses({.length = -1});
  refuses({.length = 1, .grace = -1});
  refuses({.length = end_of_time});
  refuses({.length = 2, .grace = end_of_time - 1});
  refuses({.length = 2, .emit = emission::on_time});
}

}  // namespace
}  // namespace millrace::window
