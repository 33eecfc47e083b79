#include "random_stream.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <millrace/base/error.hpp>
#include <millrace/window/aggregate.hpp>
#include <millrace/window/aligned_windows.hpp>
#include <millrace/window/combined_aggregate.hpp>
#include <millrace/window/extremes.hpp>
#include <millrace/window/sums.hpp>
#include <optional>
#include <set>
#include <tuple>

namespace millrace::window {
namespace {

using namespace testing;
using windows = aligned_windows<std::uint64_t, tally_aggregate_type>;

struct oracle_answer {
  std::vector<handed_out> results;
  window_counters counters;
};

/// Looks at every window for every event, and at every open window for every moment.
oracle_answer slow_answer(const std::vector<sample>& stream, const window_times& times, emission emit) {
  struct open_window {
    tally state;
    std::int64_t time = std::numeric_limits<std::int64_t>::min();
    std::uint64_t first = std::numeric_limits<std::uint64_t>::max();
  };
  std::map<std::pair<std::int64_t, std::uint64_t>, open_window> open;  // by start and key
  oracle_answer made;
  std::int64_t now = std::numeric_limits<std::int64_t>::min();
  const auto close = [&](std::int64_t to, std::size_t at) {
    while (!open.empty()) {
      const auto& [of, window] = *open.begin();
      if (to != end_of_time && of.first + times.size + times.grace > to) break;
      if (emit == emission::final)
        made.results.push_back({at, of.second, of.first, of.first + times.size, window.time, window.first,
                                static_cast<int>(result_kind::final), window.state});
      open.erase(open.begin());
    }
  };
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const sample& each = stream[i];
    now = std::max(now, each.time);
    std::uint64_t taken = 0;
    std::uint64_t late = 0;
    for (std::int64_t start = each.time - times.size + 1; start <= each.time; ++start) {
      if ((start - times.offset) % times.advance != 0) continue;
      if (!times.before_epoch && start < 0) continue;
      if (start + times.size + times.grace <= now) {
        ++late;
        continue;
      }
      ++taken;
      open_window& into = open[{start, each.key}];
      into.state.add(each.value, each.time, each.sequence);
      into.time = std::max(into.time, each.time);
      into.first = std::min(into.first, each.sequence);
      if (emit == emission::updates)
        made.results.push_back({i, each.key, start, start + times.size, into.time, into.first,
                                static_cast<int>(result_kind::update), into.state});
    }
    made.counters.taken += taken != 0;
    made.counters.late += taken == 0;
    made.counters.late_windows += late;
    close(now, i);
  }
  close(end_of_time, stream.size());
  made.counters.results = made.results.size();
  return made;
}

/// Those that were handed out while one event came are in order of their starts.
std::vector<handed_out> sorted(std::vector<handed_out> results, bool with_at) {
  for (handed_out& each : results)
    if (!with_at) each.at = 0;
  std::ranges::sort(results);
  return results;
}

window_times random_times(std::mt19937_64& random) {
  const auto between = [&](std::int64_t from, std::int64_t to) {
    return from + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(to - from + 1));
  };
  window_times made;
  made.size = between(1, 30);
  made.advance = random() % 3 == 0 ? made.size : between(1, made.size);
  made.grace = random() % 2 == 0 ? 0 : between(0, 40);
  made.before_epoch = random() % 2 == 0;
  made.offset = made.before_epoch && random() % 3 == 0 ? between(0, made.advance - 1) : 0;
  return made;
}

constexpr window_limits small{.keys = 16, .panes = 2'048};

TEST(aligned_windows, agree_with_a_slow_oracle_on_random_streams) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto times = random_times(random);
    const auto stream = random_stream(random, 80);
    for (const emission emit : {emission::final, emission::updates}) {
      const auto wanted = slow_answer(stream, times, emit);
      for (const bool each_window : {false, true}) {
        windows found(tally_aggregate(), {.times = times, .emit = emit, .each_window = each_window, .limits = small});
        const auto results = run(found, stream);
        ASSERT_EQ(sorted(results, true), sorted(wanted.results, true)) << each_window;
        ASSERT_EQ(found.counters(), wanted.counters) << each_window;
        ASSERT_EQ(found.keys(), 0U);
      }
    }
  }
}

TEST(aligned_windows, hand_out_the_same_in_small_steps) {
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto times = random_times(random);
    const auto stream = random_stream(random, 80);
    const auto wanted = slow_answer(stream, times, emission::final);
    auto limits = small;
    limits.steps_each = 1 + static_cast<std::uint32_t>(random() % 3);
    for (const bool each_window : {false, true}) {
      windows found(tally_aggregate(), {.times = times, .each_window = each_window, .limits = limits});
      ASSERT_EQ(sorted(run(found, stream), false), sorted(wanted.results, false)) << each_window;
      ASSERT_EQ(found.counters(), wanted.counters) << each_window;
    }
  }
}

TEST(aligned_windows, close_by_start_and_then_as_their_keys_came) {
  windows found(tally_aggregate(), {.times = {.size = 10, .advance = 5}, .limits = small});
  std::vector<std::pair<std::int64_t, std::uint64_t>> order;
  const auto out = [&](const auto& each) { order.emplace_back(each.start_ns, each.key); };
  const auto aside = [](const auto&) {};
  for (const std::uint64_t key : {9U, 3U, 7U}) found.add(key, sample{key, 1, 7, key}, 7, key, out, aside);
  found.advance_to(100, out);
  EXPECT_EQ(order,
            (std::vector<std::pair<std::int64_t, std::uint64_t>>{{0, 9}, {0, 3}, {0, 7}, {5, 9}, {5, 3}, {5, 7}}));
}

TEST(aligned_windows, keep_a_key_of_a_tumbling_sum_in_one_line) {
  using sums = aggregate<std::int64_t, integer_sum>;
  EXPECT_LE(sizeof(std::uint64_t) + sizeof(detail::pane_store<std::uint64_t, sums>::record), 64U);
}

TEST(aligned_windows, keep_states_of_any_size_in_a_pool) {
  using sums = combined_aggregate<aggregate<sample, count_of>, tally_aggregate_type>;
  static_assert(!inline_aggregator<sums>);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto times = random_times(random);
    const auto stream = random_stream(random, 80);
    const auto wanted = slow_answer(stream, times, emission::final);
    aligned_windows<std::uint64_t, sums> found(sums(aggregate<sample, count_of>(), tally_aggregate()),
                                               {.times = times, .limits = small});
    std::vector<handed_out> results;
    std::size_t at = 0;
    const auto out = [&](const window_result<std::uint64_t>& each) {
      const auto state = found.aggregate().value<1>(each.state);
      EXPECT_EQ(found.aggregate().value<0>(each.state), static_cast<std::uint64_t>(state.count));
      results.push_back({at, each.key, each.start_ns, each.end_ns, each.time_ns, each.first_sequence,
                         static_cast<int>(each.kind), state});
    };
    for (const sample& each : stream) {
      found.add(each.key, each, each.time, each.sequence, out, [](const auto&) {});
      ++at;
    }
    found.advance_to(end_of_time, out);
    ASSERT_EQ(sorted(results, true), sorted(wanted.results, true));
  }
}

TEST(aligned_windows, follow_a_watermark_that_an_event_does_not_move) {
  windows found(tally_aggregate(),
                {.times = {.size = 10, .advance = 10, .grace = 5}, .time = time_source::advances, .limits = small});
  std::vector<handed_out> results;
  const auto out = [&](const auto& each) { results.push_back(taken_from(each, 0)); };
  std::uint64_t late = 0;
  const auto aside = [&](const auto& each) { late += each.reason == left_out::late ? 1U : 0U; };
  found.add(1, sample{1, 1, 1'000, 0}, 1'000, 0, out, aside);
  found.add(1, sample{1, 1, 3, 1}, 3, 1, out, aside);
  found.advance_to(14, out);
  found.advance_to(2, out);  // goes back: nothing
  found.add(1, sample{1, 1, 4, 2}, 4, 2, out, aside);
  EXPECT_TRUE(results.empty());
  found.advance_to(15, out);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].state.count, 2);
  found.add(1, sample{1, 1, 5, 3}, 5, 3, out, aside);
  EXPECT_EQ(late, 1U);
}

TEST(aligned_windows, send_early_results_after_so_many_events_or_so_much_time) {
  windows counted(tally_aggregate(), {.times = {.size = 100, .advance = 100}, .early = {.events = 3}, .limits = small});
  std::vector<handed_out> results;
  const auto out = [&](const auto& each) { results.push_back(taken_from(each, 0)); };
  const auto aside = [](const auto&) {};
  for (std::uint64_t i = 0; i < 7; ++i) counted.add(1, sample{1, 1, 10, i}, 10, i, out, aside);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[1].state.count, 6);
  EXPECT_EQ(results[1].kind, static_cast<int>(result_kind::early));
  counted.advance_to(100, out);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[2].kind, static_cast<int>(result_kind::final));

  results.clear();
  windows timed(tally_aggregate(), {.times = {.size = 100, .advance = 100}, .early = {.every = 30}, .limits = small});
  timed.add(1, sample{1, 1, 10, 0}, 10, 0, out, aside);
  timed.advance_to(29, out);
  EXPECT_TRUE(results.empty());
  timed.advance_to(30, out);
  ASSERT_EQ(results.size(), 1U);
  timed.advance_to(95, out);  // no event since: no result
  EXPECT_EQ(results.size(), 1U);
  timed.add(1, sample{1, 1, 96, 1}, 96, 1, out, aside);
  timed.advance_to(100, out);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[1].kind, static_cast<int>(result_kind::final));
}

// Each window that closed walked all open panes of its key.
TEST(aligned_windows, close_in_no_more_time_where_a_key_has_many_open_panes) {
  constexpr std::int64_t open = 50'000;
  windows found(tally_aggregate(),
                {.times = {.size = 1, .advance = 1, .grace = open}, .limits = {.keys = 2, .panes = 2 * open}});
  std::int64_t results = 0;
  const auto out = [&](const auto& each) { results += each.start_ns == results ? 1 : 0; };
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t time = 0; time < 4 * open; ++time) {
    const auto sequence = static_cast<std::uint64_t>(time);
    found.add(1, sample{1, 1, time, sequence}, time, sequence, out, [](const auto&) {});
  }
  EXPECT_EQ(results, 3 * open - 1);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));  // it took some 10^10 steps
}

TEST(aligned_windows, leave_out_and_count_what_there_is_no_room_for) {
  for (const bool each_window : {false, true}) {
    windows found(tally_aggregate(), {.times = {.size = 10, .advance = 10, .grace = 1'000},
                                      .each_window = each_window,
                                      .limits = {.keys = 2, .panes = 1}});
    std::vector<left_out> why;
    const auto aside = [&](const auto& each) { why.push_back(each.reason); };
    const auto out = [](const auto&) {};
    std::uint64_t sequence = 0;
    const auto add = [&](std::uint64_t key, std::int64_t time) {
      found.add(key, sample{key, 1, time, sequence}, time, sequence, out, aside);
      ++sequence;
    };
    add(1, 5);
    add(2, 5);
    EXPECT_TRUE(why.empty());
    add(3, 5);   // one key more
    add(1, 15);  // one pane besides the newest
    EXPECT_EQ(why.size(), 1U);
    add(2, 15);  // one more
    EXPECT_EQ(why, (std::vector<left_out>{left_out::no_room, left_out::no_room}));
    EXPECT_EQ(found.counters().taken, 3U);
    EXPECT_EQ(found.counters().no_room, 2U);
    EXPECT_EQ(found.counters().no_room_windows, 2U);
    found.advance_to(end_of_time, out);
    EXPECT_EQ(found.counters().results, 3U);
  }
}

TEST(aligned_windows, count_each_event_once_whatever_its_windows_make_of_it) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto times = random_times(random);
    const auto stream = random_stream(random, 80);
    for (const bool each_window : {false, true}) {
      windows found(tally_aggregate(), {.times = times, .each_window = each_window, .limits = {.keys = 2, .panes = 2}});
      std::uint64_t told_late = 0;
      std::uint64_t told_no_room = 0;
      for (const sample& each : stream) {
        found.add(
            each.key, each, each.time, each.sequence, [](const auto&) {},
            [&](const auto& left) {
              (left.reason == left_out::late ? told_late : told_no_room) += left.windows_missed;
            });
      }
      const window_counters& counted = found.counters();
      ASSERT_EQ(counted.taken + counted.late + counted.no_room + counted.out_of_range, stream.size());
      ASSERT_EQ(counted.late_windows, told_late);
      ASSERT_EQ(counted.no_room_windows, told_no_room);
    }
  }
}

TEST(aligned_windows, leave_out_times_that_no_window_can_hold) {
  windows found(tally_aggregate(), {.times = {.size = 10, .advance = 5}, .limits = small});
  const auto out = [](const auto&) {};
  const auto aside = [](const auto& each) { EXPECT_EQ(each.reason, left_out::out_of_range); };
  for (const std::int64_t time : {end_of_time, std::numeric_limits<std::int64_t>::min(), end_of_time - 9})
    found.add(1, sample{1, 1, time, 0}, time, 0, out, aside);
  EXPECT_EQ(found.counters().out_of_range, 3U);
  found.add(1, sample{1, 1, 7, 1}, 7, 1, out, aside);  // not late: those did not move time
  EXPECT_EQ(found.counters().taken, 1U);
}

TEST(window_grid, refuses_windows_that_cannot_be) {
  const auto refuses = [](window_times times) { EXPECT_THROW(window_grid{times}, error) << times.size; };
  refuses({.size = 0, .advance = 1});
  refuses({.size = -5, .advance = 1});
  refuses({.size = 5, .advance = 0});
  refuses({.size = 5, .advance = 6});
  refuses({.size = 5, .advance = 5, .grace = -1});
  refuses({.size = 5, .advance = 5, .grace = end_of_time - 4});
  refuses({.size = end_of_time, .advance = end_of_time});
  refuses({.size = (std::int64_t{1} << 20) + 1, .advance = 1});
  EXPECT_NO_THROW((window_grid{{.size = std::int64_t{1} << 20, .advance = 1}}));
  EXPECT_NO_THROW((window_grid{{.size = 5, .advance = 5, .grace = end_of_time - 5}}));
}

}  // namespace
}  // namespace millrace::window
