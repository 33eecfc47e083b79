#include "random_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <millrace/base/error.hpp>
#include <millrace/window/session_windows.hpp>

namespace millrace::window {
namespace {

using namespace testing;
using windows = session_windows<std::uint64_t, tally_aggregate_type>;

/// Keeps the open sessions of each key in a list, and looks through all of them each time.
std::vector<handed_out> slow_answer(const std::vector<sample>& stream, std::int64_t gap, std::int64_t grace,
                                    window_counters& counters) {
  struct session {
    std::int64_t first;
    std::int64_t last;
    std::uint64_t first_sequence;
    tally state;
  };
  std::map<std::uint64_t, std::vector<session>> open;
  std::vector<handed_out> made;
  std::int64_t now = std::numeric_limits<std::int64_t>::min();
  const auto close = [&](std::int64_t to, std::size_t at) {
    for (auto& [key, sessions] : open)
      std::erase_if(sessions, [&, k = key](const session& each) {
        if (to != end_of_time && each.last + gap + grace >= to) return false;
        made.push_back({at, k, each.first, each.last, each.last, each.first_sequence,
                        static_cast<int>(result_kind::final), each.state});
        return true;
      });
  };
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const sample& each = stream[i];
    now = std::max(now, each.time);
    session joined{each.time, each.time, each.sequence, {}};
    joined.state.add(each.value, each.time, each.sequence);
    std::vector<session> rest;
    for (const session& other : open[each.key]) {
      if (other.last + gap < each.time || each.time + gap < other.first) {
        rest.push_back(other);
        continue;
      }
      joined.first = std::min(joined.first, other.first);
      joined.last = std::max(joined.last, other.last);
      joined.first_sequence = std::min(joined.first_sequence, other.first_sequence);
      joined.state.merge(other.state);
    }
    if (joined.last + gap + grace < now) {
      ++counters.late;
      ++counters.late_windows;
      continue;
    }
    ++counters.taken;
    rest.push_back(joined);
    open[each.key] = rest;
    close(now, i);
  }
  close(end_of_time, stream.size());
  counters.results = made.size();
  return made;
}

std::vector<handed_out> sorted(std::vector<handed_out> results, bool with_at) {
  for (handed_out& each : results)
    if (!with_at) each.at = 0;
  std::ranges::sort(results);
  return results;
}

constexpr window_limits small{.keys = 16, .panes = 512};

TEST(session_windows, agree_with_a_slow_oracle_on_random_streams) {
  for (std::uint64_t seed = 0; seed < 4'000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto gap = static_cast<std::int64_t>(random() % 12);
    const auto grace = random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 40);
    const auto stream = random_stream(random, 80);
    window_counters counters;
    const auto wanted = slow_answer(stream, gap, grace, counters);
    for (const bool anew : {false, true}) {
      for (const std::uint32_t steps : {0U, 1U, 3U}) {
        auto limits = small;
        limits.steps_each = steps;
        windows found(tally_aggregate(), {.gap = gap, .grace = grace, .merges_from_empty = anew, .limits = limits});
        ASSERT_EQ(sorted(run(found, stream), steps == 0), sorted(wanted, steps == 0)) << anew << ' ' << steps;
        ASSERT_EQ(found.counters(), counters);
        ASSERT_EQ(found.keys(), 0U);
      }
    }
  }
}

TEST(session_windows, are_one_where_they_touch_in_any_order) {
  for (const auto& times : {std::vector<std::int64_t>{0, 10, 5}, {0, 5, 10}, {10, 5, 0}}) {
    windows found(tally_aggregate(), {.gap = 5, .grace = 100, .limits = small});
    std::vector<sample> stream;
    for (const std::int64_t time : times) stream.push_back({1, 1, time, stream.size()});
    const auto results = run(found, stream);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0].start, 0);
    EXPECT_EQ(results[0].end, 10);
    EXPECT_EQ(results[0].state.count, 3);
  }
}

TEST(session_windows, take_back_what_became_part_of_another) {
  windows found(tally_aggregate(), {.gap = 5, .grace = 100, .emit = emission::updates, .limits = small});
  const auto results = run(found, {{1, 1, 0, 0}, {1, 1, 10, 1}, {1, 1, 5, 2}}, false);
  ASSERT_EQ(results.size(), 5U);
  EXPECT_EQ(results[2].kind, static_cast<int>(result_kind::retracted));
  EXPECT_EQ(results[2].end, 0);
  EXPECT_EQ(results[3].end, 10);
  EXPECT_EQ(results[4].state.count, 3);
}

TEST(session_windows, count_what_there_is_no_room_for) {
  windows found(tally_aggregate(), {.gap = 1, .grace = 1'000, .limits = {.keys = 2, .panes = 3}});
  run(found, {{1, 1, 0, 0}, {2, 1, 0, 1}, {3, 1, 0, 2}, {1, 1, 10, 3}, {1, 1, 20, 4}}, false);
  EXPECT_EQ(found.counters().taken, 3U);
  EXPECT_EQ(found.counters().no_room, 2U);
}

TEST(session_windows, refuse_gaps_that_cannot_be) {
  const auto refuses = [](session_options options) {
    options.limits = small;
    EXPECT_THROW((windows(tally_aggregate(), options)), error);
  };
  refuses({.gap = -1});
  refuses({.gap = 1, .grace = -1});
  refuses({.gap = 2, .grace = end_of_time - 1});
  refuses({.gap = 2, .purge = true});
}

TEST(session_windows, leave_out_events_whose_gap_passes_the_end_of_time) {
  windows found(tally_aggregate(), {.gap = end_of_time / 2, .limits = small});
  const auto results = run(found, {{1, 1, end_of_time - 1, 0}, {1, 1, 5, 1}, {1, 1, end_of_time - 7, 2}});
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].state.count, 1);
  EXPECT_EQ(found.counters().out_of_range, 2U);
}

}  // namespace
}  // namespace millrace::window
