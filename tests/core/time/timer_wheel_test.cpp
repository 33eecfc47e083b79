#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <millrace/time/timer_wheel.hpp>
#include <random>
#include <utility>
#include <vector>

namespace millrace {
namespace {

constexpr std::int64_t time_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t time_max = std::numeric_limits<std::int64_t>::max();

using firings = std::vector<std::pair<std::int64_t, std::uint32_t>>;

firings advance(timer_wheel& wheel, std::int64_t now_ns) {
  firings fired;
  wheel.advance(now_ns, [&](std::uint32_t payload, std::int64_t deadline) { fired.emplace_back(deadline, payload); });
  return fired;
}

TEST(timer_wheel, fires_nothing_when_empty) {
  timer_wheel wheel(4);
  EXPECT_TRUE(advance(wheel, 100).empty());
  EXPECT_EQ(wheel.next_deadline(), std::nullopt);
}

TEST(timer_wheel, fires_at_its_deadline_and_not_a_nanosecond_before) {
  timer_wheel wheel(4);
  ASSERT_NE(wheel.schedule(1'000, 7), null_handle);
  EXPECT_TRUE(advance(wheel, 999).empty());
  EXPECT_EQ(advance(wheel, 1'000), (firings{{1'000, 7}}));
  EXPECT_EQ(wheel.size(), 0u);
}

TEST(timer_wheel, is_full_at_its_capacity) {
  timer_wheel wheel(2);
  const auto first = wheel.schedule(1, 1);
  ASSERT_NE(wheel.schedule(2, 2), null_handle);
  EXPECT_EQ(wheel.schedule(3, 3), null_handle);
  EXPECT_EQ(wheel.size(), 2u);
  wheel.cancel(first);
  EXPECT_NE(wheel.schedule(4, 4), null_handle);
  EXPECT_EQ(advance(wheel, 10), (firings{{2, 2}, {4, 4}}));
}

TEST(timer_wheel, orders_by_deadline_whatever_the_order_of_scheduling) {
  timer_wheel wheel(8);
  for (const std::int64_t at : {500, -3, 70'000, 64, 63, 4'096}) {
    ASSERT_NE(wheel.schedule(at, static_cast<std::uint32_t>(at & 0xFF)), null_handle);
  }
  const auto fired = advance(wheel, 1 << 20);
  EXPECT_EQ(fired.size(), 6u);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
}

TEST(timer_wheel, takes_the_extremes_of_time) {
  timer_wheel wheel(4);
  ASSERT_NE(wheel.schedule(time_max, 1), null_handle);
  ASSERT_NE(wheel.schedule(time_min, 2), null_handle);
  ASSERT_NE(wheel.schedule(time_min + 1, 3), null_handle);
  EXPECT_EQ(wheel.next_deadline(), time_min);
  EXPECT_EQ(advance(wheel, time_min), (firings{{time_min, 2}}));
  EXPECT_EQ(advance(wheel, time_max - 1), (firings{{time_min + 1, 3}}));
  EXPECT_EQ(wheel.next_deadline(), time_max);
  EXPECT_EQ(advance(wheel, time_max), (firings{{time_max, 1}}));
}

TEST(timer_wheel, a_past_deadline_fires_at_the_next_advance_even_to_the_same_time) {
  timer_wheel wheel(4);
  advance(wheel, 1'000);
  ASSERT_NE(wheel.schedule(1'000, 1), null_handle);
  ASSERT_NE(wheel.schedule(10, 2), null_handle);
  ASSERT_NE(wheel.schedule(-10, 3), null_handle);
  EXPECT_EQ(wheel.next_deadline(), -10);
  EXPECT_EQ(advance(wheel, 1'000), (firings{{-10, 3}, {10, 2}, {1'000, 1}}));
}

TEST(timer_wheel, time_never_goes_back) {
  timer_wheel wheel(4);
  advance(wheel, 1'000);
  ASSERT_NE(wheel.schedule(10, 1), null_handle);
  EXPECT_TRUE(advance(wheel, 999).empty());
  EXPECT_EQ(wheel.now_ns(), 1'000);
  EXPECT_EQ(wheel.size(), 1u);
}

TEST(timer_wheel, a_cancelled_timer_does_not_fire) {
  timer_wheel wheel(4);
  const auto cancelled = wheel.schedule(10, 1);
  ASSERT_NE(wheel.schedule(10, 2), null_handle);
  wheel.cancel(cancelled);
  EXPECT_EQ(advance(wheel, 10), (firings{{10, 2}}));
}

TEST(timer_wheel, next_deadline_follows_a_cancelled_earliest_timer) {
  timer_wheel wheel(4);
  const auto earliest = wheel.schedule(10'000, 1);
  ASSERT_NE(wheel.schedule(10'001, 2), null_handle);
  EXPECT_EQ(wheel.next_deadline(), 10'000);
  wheel.cancel(earliest);
  EXPECT_EQ(wheel.next_deadline(), 10'001);
}

TEST(timer_wheel, the_callback_may_schedule_what_is_due_in_the_same_advance) {
  timer_wheel wheel(4);
  ASSERT_NE(wheel.schedule(10, 0), null_handle);
  firings fired;
  wheel.advance(50, [&](std::uint32_t payload, std::int64_t deadline) {
    fired.emplace_back(deadline, payload);
    ASSERT_NE(wheel.schedule(deadline + 15, payload + 1), null_handle);
  });
  EXPECT_EQ(fired, (firings{{10, 0}, {25, 1}, {40, 2}}));
  EXPECT_EQ(wheel.next_deadline(), 55);
}

TEST(timer_wheel, the_callback_may_cancel_a_timer_of_the_same_deadline) {
  timer_wheel wheel(4);
  std::uint32_t handles[2] = {wheel.schedule(10, 0), wheel.schedule(10, 1)};
  int calls = 0;
  wheel.advance(10, [&](std::uint32_t payload, std::int64_t) {
    ++calls;
    wheel.cancel(handles[1 - payload]);
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(wheel.size(), 0u);
}

/// The wheel's contract spelt with a multimap.
class oracle {
 public:
  void schedule(std::int64_t deadline, std::uint32_t payload) { pending_.emplace(deadline, payload); }
  void cancel(std::int64_t deadline, std::uint32_t payload) {
    auto [at, end] = pending_.equal_range(deadline);
    while (at != end && at->second != payload) ++at;
    ASSERT_NE(at, end);
    pending_.erase(at);
  }
  [[nodiscard]] bool is_next(std::int64_t deadline) const {
    return !pending_.empty() && pending_.begin()->first == deadline;
  }
  [[nodiscard]] std::optional<std::int64_t> next() const {
    return pending_.empty() ? std::nullopt : std::optional(pending_.begin()->first);
  }
  [[nodiscard]] std::size_t size() const { return pending_.size(); }

 private:
  std::multimap<std::int64_t, std::uint32_t> pending_;
};

class random_timers {
 public:
  explicit random_timers(std::uint64_t seed, std::int64_t start) : random_(seed), now_(start) {
    wheel_.advance(start, [](auto...) {});
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      const auto dice = random_() % 100;
      if (dice < 55) {
        schedule(now_);
      } else if (dice < 75) {
        cancel_any();
      } else {
        advance();
      }
      if (::testing::Test::HasFatalFailure()) return;
      ASSERT_EQ(wheel_.size(), expected_.size());
      if (random_() % 3 == 0) {
        ASSERT_EQ(wheel_.next_deadline(), expected_.next());
      }
    }
  }

 private:
  /// A distance of any magnitude, so that every level of the wheel is met.
  std::int64_t distance() {
    return static_cast<std::int64_t>(random_() >> (random_() % 64)) * (random_() % 8 == 0 ? -1 : 1);
  }
  static std::int64_t add(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b < 0 ? time_min : time_max;
  }

  void schedule(std::int64_t from) {
    const auto deadline = random_() % 50 == 0 ? static_cast<std::int64_t>(random_()) : add(from, distance());
    const std::uint32_t payload = next_payload_++;
    const auto handle = wheel_.schedule(deadline, payload);
    ASSERT_EQ(handle == null_handle, expected_.size() == wheel_.capacity());
    if (handle == null_handle) return;
    handles_[payload] = {handle, deadline};
    expected_.schedule(deadline, payload);
  }

  void cancel_any() {
    if (handles_.empty()) return;
    auto victim = handles_.lower_bound(static_cast<std::uint32_t>(random_() % next_payload_));
    if (victim == handles_.end()) victim = handles_.begin();
    wheel_.cancel(victim->second.first);
    expected_.cancel(victim->second.second, victim->first);
    handles_.erase(victim);
  }

  void advance() {
    // Mostly small steps; now and then a jump of years, or backwards.
    const std::int64_t step = static_cast<std::int64_t>(random_() >> (random_() % 4 == 0 ? 8 + random_() % 56 : 50));
    const std::int64_t target = add(now_, random_() % 20 == 0 ? -step : step);
    const bool back = target < now_;
    wheel_.advance(target, [&](std::uint32_t payload, std::int64_t deadline) {
      ASSERT_FALSE(back);
      ASSERT_LE(deadline, target);
      ASSERT_TRUE(expected_.is_next(deadline));
      ASSERT_EQ(handles_.at(payload).second, deadline);
      expected_.cancel(deadline, payload);
      handles_.erase(payload);
      if (random_() % 4 == 0) schedule(deadline);
      if (random_() % 8 == 0) cancel_any();
    });
    if (back) return;
    now_ = target;
    ASSERT_EQ(wheel_.now_ns(), now_);
    if (expected_.next()) {
      ASSERT_GT(*expected_.next(), now_);
    }
  }

  std::mt19937_64 random_;
  std::int64_t now_;
  timer_wheel wheel_{300};
  oracle expected_;
  std::map<std::uint32_t, std::pair<std::uint32_t, std::int64_t>> handles_;
  std::uint32_t next_payload_ = 1;
};

TEST(timer_wheel, agrees_with_a_multimap_from_any_start) {
  for (const std::int64_t start : {time_min, std::int64_t{-1'000'000}, std::int64_t{0}, std::int64_t{1} << 60}) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      SCOPED_TRACE(testing::Message() << "start " << start << " seed " << seed);
      random_timers timers(seed, start);
      timers.run(3'000);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(timer_wheel, fires_the_same_order_every_time) {
  auto run = [] {
    timer_wheel wheel(1'000);
    std::mt19937_64 random(5);
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      EXPECT_NE(wheel.schedule(static_cast<std::int64_t>(random() % 200), i), null_handle);
    }
    return advance(wheel, 1'000);
  };
  EXPECT_EQ(run(), run());
}

TEST(timer_wheel, many_overdue_timers_fire_in_order) {
  constexpr std::uint32_t count = 200'000;
  timer_wheel wheel(count);
  advance(wheel, 1 << 30);
  std::mt19937_64 random(9);
  for (std::uint32_t i = 0; i < count; ++i) {
    ASSERT_NE(wheel.schedule(static_cast<std::int64_t>(random() % (1 << 30)), i), null_handle);
  }
  const auto fired = advance(wheel, 1 << 30);
  EXPECT_EQ(fired.size(), count);
  EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end(), [](auto& a, auto& b) { return a.first < b.first; }));
}

}  // namespace
}  // namespace millrace
