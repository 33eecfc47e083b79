#include <millrace/time/timer_buckets.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace millrace {
namespace {

constexpr std::int64_t time_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t time_max = std::numeric_limits<std::int64_t>::max();

using firings = std::vector<std::pair<std::int64_t, std::uint32_t>>;

/// What fires, in order of deadlines.
firings advance(timer_buckets& timers, std::int64_t now_ns) {
  firings fired;
  timers.advance(now_ns, [&](std::uint32_t payload, std::int64_t deadline) { fired.emplace_back(deadline, payload); });
  std::ranges::sort(fired);
  return fired;
}

TEST(timer_buckets, fires_nothing_when_empty) {
  timer_buckets timers(4);
  EXPECT_TRUE(advance(timers, 100).empty());
  EXPECT_EQ(timers.next_deadline(), std::nullopt);
  EXPECT_EQ(timers.next_move_ns(), time_max);
}

TEST(timer_buckets, fires_at_its_deadline_and_not_a_nanosecond_before) {
  timer_buckets timers(4);
  timers.schedule(1'000, 7);
  EXPECT_TRUE(advance(timers, 999).empty());
  EXPECT_EQ(advance(timers, 1'000), (firings{{1'000, 7}}));
  EXPECT_EQ(timers.size(), 0U);
}

TEST(timer_buckets, takes_the_extremes_of_time) {
  timer_buckets timers(4);
  timers.schedule(time_max, 1);
  timers.schedule(time_min, 2);
  timers.schedule(time_min + 1, 3);
  EXPECT_EQ(timers.next_deadline(), time_min);
  EXPECT_EQ(advance(timers, time_min), (firings{{time_min, 2}}));
  EXPECT_EQ(advance(timers, time_max - 1), (firings{{time_min + 1, 3}}));
  EXPECT_EQ(timers.next_deadline(), time_max);
  EXPECT_EQ(advance(timers, time_max), (firings{{time_max, 1}}));
}

TEST(timer_buckets, a_past_deadline_fires_at_the_next_advance_even_to_the_same_time) {
  timer_buckets timers(4);
  advance(timers, 1'000);
  timers.schedule(1'000, 1);
  timers.schedule(10, 2);
  timers.schedule(-10, 3);
  EXPECT_EQ(timers.next_deadline(), -10);
  EXPECT_LE(timers.next_move_ns(), -10);
  EXPECT_EQ(advance(timers, 1'000), (firings{{-10, 3}, {10, 2}, {1'000, 1}}));
}

TEST(timer_buckets, an_earlier_time_does_nothing) {
  timer_buckets timers(4);
  advance(timers, 1'000);
  timers.schedule(900, 1);
  EXPECT_TRUE(advance(timers, 950).empty());
  EXPECT_EQ(advance(timers, 1'000), (firings{{900, 1}}));
}

TEST(timer_buckets, what_a_due_timer_schedules_up_to_now_fires_in_the_same_call) {
  timer_buckets timers(4);
  timers.schedule(10, 0);
  firings fired;
  timers.advance(100, [&](std::uint32_t payload, std::int64_t deadline) {
    fired.emplace_back(deadline, payload);
    if (payload < 3) timers.schedule(deadline + 40, payload + 1);
  });
  EXPECT_EQ(fired, (firings{{10, 0}, {50, 1}, {90, 2}}));
  EXPECT_EQ(timers.next_deadline(), 130);
}

/// One chunk more than every slot's own is all that a timer less than full ones may need.
TEST(timer_buckets, holds_its_capacity_however_timers_are_spread) {
  for (const std::uint32_t capacity : {1U, 2U, 19U, 21U, 706U, 5'000U, 20'000U}) {
    std::mt19937_64 random(capacity);
    timer_buckets timers(capacity);
    const auto any_deadline = [&](std::int64_t now_ns) {
      const unsigned bits = static_cast<unsigned>(random() % 63);
      const std::uint64_t distance = random() >> (63 - bits);
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(now_ns) + distance);
    };
    for (std::uint32_t i = 0; i < capacity; ++i) timers.schedule(any_deadline(0), i);
    std::uint64_t fired = 0;
    std::int64_t now_ns = 0;
    // Each that fires comes back, elsewhere: it is full all the time.
    for (int step = 0; step < 60; ++step) {
      now_ns = *timers.next_deadline() + static_cast<std::int64_t>(random() % 1'000'000);
      timers.advance(now_ns, [&](std::uint32_t payload, std::int64_t) {
        ++fired;
        timers.schedule(std::max(any_deadline(now_ns), now_ns + 1), payload);
      });
      ASSERT_EQ(timers.size(), capacity);
      if (now_ns > time_max / 4) break;
    }
    EXPECT_GE(fired, 1U);
  }
}

/// The same beside a sorted map, with steps of time of all sizes.
TEST(timer_buckets, does_as_a_sorted_map_does) {
  std::uint64_t fired_in_all = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    std::mt19937_64 random(seed);
    constexpr std::uint32_t capacity = 700;
    timer_buckets timers(capacity);
    std::multimap<std::int64_t, std::uint32_t> expected;
    std::uint32_t payload = 0;
    const int spread = static_cast<int>(random() % 40) + 4;
    std::int64_t now_ns = seed % 2 == 0 ? 1'700'000'000'000'000'000 : -5'000;
    advance(timers, now_ns);
    for (int step = 0; step < 3'000; ++step) {
      const std::uint64_t what = random() % 4;
      if (what != 0 && expected.size() < capacity) {
        const auto distance = static_cast<std::int64_t>(random() >> (64 - spread));
        const std::int64_t deadline = now_ns + distance - (what == 1 ? distance / 2 * 3 : 0);
        timers.schedule(deadline, payload);
        expected.emplace(deadline, payload++);
      } else {
        now_ns += static_cast<std::int64_t>(random() >>
                                            (64 - static_cast<int>(random() % static_cast<std::uint64_t>(spread)) - 1));
        const auto end = expected.upper_bound(now_ns);
        firings due(expected.begin(), end);
        expected.erase(expected.begin(), end);
        std::ranges::sort(due);
        if (!due.empty()) {
          EXPECT_LE(timers.next_move_ns(), due.front().first);
        }
        ASSERT_EQ(advance(timers, now_ns), due) << "seed " << seed;
        fired_in_all += due.size();
      }
      ASSERT_EQ(timers.size(), expected.size());
      if (random() % 8 == 0) {
        const auto next = timers.next_deadline();
        ASSERT_EQ(next.has_value(), !expected.empty());
        if (next) {
          ASSERT_EQ(*next, expected.begin()->first) << "seed " << seed;
        }
      }
      ASSERT_LE(timers.next_move_ns(), expected.empty() ? time_max : expected.begin()->first);
    }
  }
  EXPECT_GT(fired_in_all, 10'000U);
}

TEST(timer_buckets, tells_what_will_be_due_and_nothing_else) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    timer_buckets timers(300);
    advance(timers, 1'000'000);
    std::vector<std::uint32_t> soon;
    const std::int64_t until_ns = 1'000'000 + static_cast<std::int64_t>(random() % 100'000);
    for (std::uint32_t i = 0; i < 300; ++i) {
      const std::int64_t deadline = 1'000'001 + static_cast<std::int64_t>(random() % 1'000'000);
      timers.schedule(deadline, i);
      if (deadline <= until_ns) soon.push_back(i);
    }
    std::vector<std::uint32_t> found(300);
    found.resize(timers.due_by(until_ns, found));
    std::ranges::sort(found);
    EXPECT_EQ(found, soon);
    std::vector<std::uint32_t> few(3);
    EXPECT_EQ(timers.due_by(until_ns, few), std::min<std::size_t>(3, soon.size()));
  }
}

}  // namespace
}  // namespace millrace
