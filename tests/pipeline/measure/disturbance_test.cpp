#include <millrace/measure/disturbance.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace::measure {
namespace {

constexpr std::int64_t second = 1'000'000'000;

using sentences = std::vector<std::string>;

TEST(disturbance, of_a_quiet_machine_with_cores_enough_is_not_worth_a_word) {
  const processor_times before{.wall_ns = 5 * second, .busy_ns = 70 * second, .stolen_ns = second, .own_ns = second};
  const processor_times after{.wall_ns = 7 * second, .busy_ns = 74 * second, .stolen_ns = second, .own_ns = 5 * second};
  const auto found = disturbance::between(before, after, 2, 2, 2);
  EXPECT_EQ(found.others, 0.0);
  EXPECT_EQ(found.remarks(), sentences{});
}

TEST(disturbance, tells_who_took_the_processors) {
  const processor_times before{.wall_ns = 0, .busy_ns = second, .stolen_ns = 0, .own_ns = 0, .switched_out = 3};
  const processor_times after{
      .wall_ns = 10 * second, .busy_ns = 11 * second, .stolen_ns = second, .own_ns = 5 * second, .switched_out = 4};
  EXPECT_EQ(
      disturbance::between(before, after, 1, 2, 2).remarks(),
      (sentences{"other processes took 25 % of the processors", "the host took 5.0 % of the processors (stolen time)",
                 "threads lost their processor 1 time: the longest latencies are such pauses"}));
}

TEST(disturbance, too_few_cores_are_told_first_and_explain_the_switches) {
  const processor_times before{.wall_ns = 0, .busy_ns = second};
  const processor_times after{.wall_ns = second, .busy_ns = 2 * second, .own_ns = second, .switched_out = 900};
  EXPECT_EQ(disturbance::between(before, after, 3, 1, 1).remarks(),
            sentences{"3 busy threads on 1 core: they wait for each other, and the figures are the scheduler's"});
}

TEST(disturbance, unknown_times_say_nothing) {
  EXPECT_EQ(disturbance::between({}, {}, 1, 1, 1).remarks(), sentences{});
  const processor_times after{.wall_ns = second, .own_ns = second};
  EXPECT_EQ(disturbance::between({}, after, 1, 1, 1).others, 0.0);
}

TEST(disturbance, own_time_is_seen) {
  const auto before = processor_times::now();
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  while (std::chrono::steady_clock::now() < end) {
  }
  const auto after = processor_times::now();
  EXPECT_GE(after.wall_ns - before.wall_ns, 50'000'000);
  EXPECT_GT(after.own_ns, before.own_ns);
  EXPECT_GT(after.busy_ns, 0);
}

}  // namespace
}  // namespace millrace::measure
