#include <millrace/measure/latency_recorder.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace millrace::measure {
namespace {

using namespace std::chrono_literals;

class recorder : public ::testing::Test {
 protected:
  [[nodiscard]] std::uint64_t at(std::chrono::nanoseconds time) const {
    return start_ + static_cast<std::uint64_t>(static_cast<double>(time.count()) * clock_.ticks_per_ns() + 0.5);
  }
  const cycle_clock clock_;
  const std::uint64_t start_ = clock_.now();
};

TEST_F(recorder, events_of_an_open_loop_are_due_at_its_rate_however_many_there_are) {
  const open_loop load(clock_, start_, 1e6);
  EXPECT_EQ(load.due(0), start_);
  for (const std::uint64_t number : {1ULL, 7ULL, 1'000'000ULL, 10'000'000'000ULL})
    EXPECT_NEAR(static_cast<double>(clock_.ns_between(start_, load.due(number))), 1e3 * static_cast<double>(number),
                2 + 1e-6 * static_cast<double>(number))
        << number;
}

TEST_F(recorder, counts_an_event_where_it_was_due_and_not_where_it_was_done) {
  latency_recorder recorded(clock_, start_, 10ms, 25ms, 10ms);
  ASSERT_EQ(recorded.intervals().size(), 3U);
  recorded.record(at(9ms), at(11ms));   // warm-up
  recorded.record(at(11ms), at(34ms));  // a stall
  recorded.record(at(12ms), at(34ms));
  recorded.record(at(21ms), at(34ms));
  recorded.record(at(31ms), at(34ms));
  recorded.record(at(36ms), at(37ms));  // behind the end
  EXPECT_EQ(recorded.intervals()[0].latencies.count(), 2U);
  EXPECT_EQ(recorded.intervals()[1].latencies.count(), 1U);
  EXPECT_EQ(recorded.intervals()[2].latencies.count(), 1U);
  EXPECT_NEAR(static_cast<double>(recorded.intervals()[0].latencies.max()), 23e6, 23e3);
  EXPECT_NEAR(static_cast<double>(recorded.intervals()[2].latencies.max()), 3e6, 3e3);
  const histogram total = recorded.total();
  EXPECT_EQ(total.count(), 4U);
  EXPECT_EQ(total.max(), recorded.intervals()[0].latencies.max());
}

TEST_F(recorder, intervals_cover_the_run_and_the_last_may_be_short) {
  const latency_recorder recorded(clock_, start_, 10ms, 25ms, 10ms);
  std::int64_t end_ns = 10'000'000;
  for (const latency_interval& each : recorded.intervals()) {
    EXPECT_EQ(each.begin_ns, end_ns);
    end_ns = each.end_ns;
  }
  EXPECT_EQ(end_ns, 35'000'000);
}

TEST_F(recorder, an_event_due_before_the_one_in_front_of_it_is_not_lost) {
  latency_recorder recorded(clock_, start_, 0ms, 20ms, 10ms);
  recorded.record(at(15ms), at(16ms));
  recorded.record(at(5ms), at(16ms));
  EXPECT_EQ(recorded.total().count(), 2U);
}

}  // namespace
}  // namespace millrace::measure
