#include "random_stream.hpp"

#include <gtest/gtest.h>

#include <map>
#include <millrace/base/error.hpp>
#include <millrace/window/count_windows.hpp>

namespace millrace::window {
namespace {

using namespace testing;
using windows = count_windows<std::uint64_t, tally_aggregate_type>;

TEST(count_windows, agree_with_a_slow_oracle_on_random_streams) {
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto size = static_cast<std::int64_t>(1 + random() % 12);
    const auto every =
        random() % 3 == 0 ? size : static_cast<std::int64_t>(1 + random() % static_cast<std::uint64_t>(size));
    const auto stream = random_stream(random, 100);
    windows found(tally_aggregate(), {.size = size, .every = every, .limits = {.keys = 8, .panes = 256}});
    std::vector<handed_out> results;
    std::vector<handed_out> wanted;
    std::map<std::uint64_t, std::vector<sample>> of_key;
    for (const sample& each : stream) {
      found.add(
          each.key, each, each.time, each.sequence,
          [&](const auto& result) { results.push_back(taken_from(result, each.sequence)); }, [](const auto&) {});
      auto& events = of_key[each.key];
      events.push_back(each);
      if (events.size() % static_cast<std::size_t>(every) != 0) continue;
      const std::size_t from = events.size() - std::min(events.size(), static_cast<std::size_t>(size));
      handed_out of{
          each.sequence, each.key, end_of_time, 0, 0, events[from].sequence, static_cast<int>(result_kind::final), {}};
      for (std::size_t i = from; i < events.size(); ++i) {
        of.state.add(events[i].value, events[i].time, events[i].sequence);
        of.start = std::min(of.start, events[i].time);
        of.end = of.time = std::max(of.time, events[i].time);
      }
      wanted.push_back(of);
    }
    ASSERT_EQ(results, wanted) << size << ' ' << every;
  }
}

// The last update went out a second time, as a final result.
TEST(count_windows, with_updates_have_nothing_left_at_the_end) {
  windows found(tally_aggregate(),
                {.size = 3, .every = 3, .emit = emission::updates, .limits = {.keys = 8, .panes = 256}});
  std::vector<result_kind> kinds;
  const auto out = [&](const auto& result) { kinds.push_back(result.kind); };
  for (std::uint64_t i = 0; i < 4; ++i) found.add(1, sample{1, 1, 10, i}, 10, i, out, [](const auto&) {});
  found.finish(out);
  EXPECT_EQ(kinds, (std::vector<result_kind>{result_kind::update, result_kind::update, result_kind::final,
                                             result_kind::update}));
}

TEST(count_windows, refuse_counts_that_cannot_be) {
  const auto refuses = [](std::int64_t size, std::int64_t every) {
    EXPECT_THROW((windows(tally_aggregate(), {.size = size, .every = every, .limits = {.keys = 2, .panes = 2}})),
                 error);
  };
  refuses(0, 1);
  refuses(1, 0);
  refuses(5, 6);
  refuses((std::int64_t{1} << 20) + 1, 1);
}

}  // namespace
}  // namespace millrace::window
