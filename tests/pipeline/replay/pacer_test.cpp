#include <millrace/replay/pacer.hpp>

#include <gtest/gtest.h>
#include <chrono>

namespace millrace::replay {
namespace {

using std::chrono::steady_clock;
constexpr std::int64_t ms = 1'000'000;

/// Milliseconds until an event is due.
double wait(pacer& p, std::int64_t event_ns) {
  const auto begin = steady_clock::now();
  while (!p.due(event_ns)) {
  }
  return std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
}

TEST(pacer, without_a_speed_everything_is_due) {
  pacer p(std::nullopt);
  EXPECT_FALSE(p.paces());
  EXPECT_TRUE(p.due(0));
  EXPECT_TRUE(p.due(std::int64_t{1} << 62));
}

TEST(pacer, the_first_event_is_due_at_once_and_others_as_far_behind_it_as_in_event_time) {
  pacer p(1.0);
  EXPECT_TRUE(p.paces());
  const auto begin = steady_clock::now();
  EXPECT_TRUE(p.due(1'000'000 * ms));
  wait(p, 1'000'030 * ms);
  EXPECT_GE(steady_clock::now() - begin, std::chrono::milliseconds(29));
}

TEST(pacer, a_speed_divides_the_waits) {
  pacer p(100.0);
  EXPECT_TRUE(p.due(0));
  const double waited = wait(p, 3'000 * ms);
  EXPECT_GE(waited, 25.0);
  EXPECT_LT(waited, 1'000.0);
}

TEST(pacer, never_sleeps_long_so_that_a_stop_is_heard) {
  pacer p(1.0);
  EXPECT_TRUE(p.due(0));
  const auto begin = steady_clock::now();
  EXPECT_FALSE(p.due(3'600'000 * ms));
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_GE(steady_clock::now() - begin, std::chrono::milliseconds(19));
}

TEST(pacer, what_is_overdue_is_due) {
  pacer p(1.0);
  EXPECT_TRUE(p.due(1'000 * ms));
  EXPECT_TRUE(p.due(0));
  EXPECT_TRUE(p.due(1'000 * ms));
}

}  // namespace
}  // namespace millrace::replay
