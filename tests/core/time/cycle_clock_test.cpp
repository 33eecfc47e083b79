#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <millrace/time/cycle_clock.hpp>
#include <thread>

namespace millrace {
namespace {

TEST(cycle_clock, agrees_with_the_steady_clock_to_a_thousandth) {
  const cycle_clock clock;
  std::int64_t best_error_ns = INT64_MAX;
  std::int64_t span_ns = 0;
  for (int i = 0; i < 5; ++i) {  // being switched out between two readings spoils a try
    const auto steady_start = std::chrono::steady_clock::now();
    const std::uint64_t start = clock.now();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::uint64_t end = clock.now();
    const std::int64_t steady_ns = (std::chrono::steady_clock::now() - steady_start) / std::chrono::nanoseconds(1);
    const std::int64_t error_ns = std::abs(clock.ns_between(start, end) - steady_ns);
    if (error_ns >= best_error_ns) continue;
    best_error_ns = error_ns;
    span_ns = steady_ns;
  }
  EXPECT_LT(best_error_ns, span_ns / 1'000);
}

TEST(cycle_clock, does_not_run_backwards_on_one_thread) {
  const cycle_clock clock(std::chrono::milliseconds(1));
  std::uint64_t last = clock.now();
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t now = clock.now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(cycle_clock, converts_differences_of_either_sign) {
  const cycle_clock clock(std::chrono::milliseconds(1));
  const auto second = static_cast<std::int64_t>(clock.ticks_per_ns() * 1e9);
  EXPECT_EQ(clock.to_ns(0), 0);
  EXPECT_NEAR(static_cast<double>(clock.to_ns(second)), 1e9, 10);
  EXPECT_NEAR(static_cast<double>(clock.to_ns(-second)), -1e9, 10);
  EXPECT_NEAR(static_cast<double>(clock.to_ns(second * 86'400)), 86'400e9, 1e6);
  EXPECT_LT(clock.ns_between(100'000, 0), 0);
}

TEST(cycle_clock, without_a_counter_its_ticks_are_nanoseconds) {
  const cycle_clock clock(std::chrono::milliseconds(1));
  if (clock.counts_cycles()) GTEST_SKIP() << "this machine has an invariant counter";
  EXPECT_EQ(clock.to_ns(12'345), 12'345);
}

}  // namespace
}  // namespace millrace
