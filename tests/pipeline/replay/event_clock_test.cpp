#include <millrace/event/event.hpp>
#include <millrace/replay/event_clock.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace millrace::replay {
namespace {

using rules::time_mode;
using verdict = event_clock::verdict;
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();

verdict give(event_clock& clock, std::int64_t time_ns, std::uint64_t number = 0) {
  event<std::uint64_t> e{{}, number};
  e.header.time_ns = time_ns;
  e.header.sequence = number;
  return clock.accept(e.header, sizeof e.data);
}

std::vector<std::uint64_t> released(event_clock& clock) {
  std::vector<std::uint64_t> made;
  clock.release([&](const event_header& e) { made.push_back(e.sequence); });
  return made;
}

TEST(event_clock, by_arrival_an_event_earlier_than_one_before_it_is_late) {
  event_clock clock(time_mode::arrival, 0, 4, 8);
  EXPECT_EQ(give(clock, 5), verdict::in_order);
  EXPECT_EQ(give(clock, 5), verdict::in_order);
  EXPECT_EQ(give(clock, 4), verdict::late);
  EXPECT_EQ(give(clock, 6), verdict::in_order);
  EXPECT_EQ(give(clock, 5), verdict::late);
  clock.watermark(100);
  EXPECT_EQ(clock.moved(), std::nullopt);
  EXPECT_EQ(give(clock, 7), verdict::in_order);
  EXPECT_EQ(clock.held(), 0u);
}

TEST(event_clock, out_of_order_the_watermark_is_the_disorder_and_a_nanosecond_behind) {
  event_clock clock(time_mode::out_of_order, 10, 8, 8);
  EXPECT_EQ(give(clock, 100, 1), verdict::held);
  EXPECT_EQ(clock.moved(), 89);
  EXPECT_EQ(clock.moved(), std::nullopt);
  EXPECT_EQ(give(clock, 90, 2), verdict::held);
  EXPECT_EQ(give(clock, 89, 3), verdict::late);
  EXPECT_EQ(released(clock), std::vector<std::uint64_t>{});
  EXPECT_EQ(give(clock, 101, 4), verdict::held);
  EXPECT_EQ(clock.moved(), 90);
  EXPECT_EQ(released(clock), std::vector<std::uint64_t>{2});
  clock.watermark(1'000);
  EXPECT_EQ(clock.moved(), std::nullopt) << "the feed's own watermarks are not heeded";
}

TEST(event_clock, with_watermarks_only_they_move_time) {
  event_clock clock(time_mode::watermarks, 0, 8, 8);
  EXPECT_EQ(give(clock, 100, 1), verdict::held);
  EXPECT_EQ(clock.moved(), std::nullopt);
  clock.watermark(99);
  EXPECT_EQ(clock.moved(), 99);
  EXPECT_EQ(released(clock), std::vector<std::uint64_t>{});
  EXPECT_EQ(give(clock, 99, 2), verdict::late);
  clock.watermark(50);
  EXPECT_EQ(clock.moved(), std::nullopt);
  clock.watermark(100);
  EXPECT_EQ(released(clock), std::vector<std::uint64_t>{1});
}

TEST(event_clock, is_full_at_its_capacity_and_goes_on_once_there_is_room) {
  event_clock clock(time_mode::watermarks, 0, 2, 8);
  EXPECT_EQ(give(clock, 1, 1), verdict::held);
  EXPECT_EQ(give(clock, 2, 2), verdict::held);
  EXPECT_EQ(give(clock, 3, 3), verdict::full);
  clock.watermark(1);
  EXPECT_EQ(released(clock), std::vector<std::uint64_t>{1});
  EXPECT_EQ(give(clock, 3, 4), verdict::held);
}

TEST(event_clock, the_end_releases_the_rest_in_order_as_long_as_asked) {
  event_clock clock(time_mode::watermarks, 0, 8, 8);
  for (const auto& [time, number] : {std::pair{3, 1U}, {1, 2U}, {2, 3U}})
    EXPECT_EQ(give(clock, time, number), verdict::held);
  std::vector<std::uint64_t> out;
  int left = 2;
  const auto take = [&](const event_header& e) { out.push_back(e.sequence); };
  clock.release_all(take, [&] { return left-- > 0; });
  EXPECT_EQ(out, (std::vector<std::uint64_t>{2, 3}));
  clock.release_all(take, [] { return true; });
  EXPECT_EQ(out, (std::vector<std::uint64_t>{2, 3, 1}));
}

// One step back from the least time would wrap round to the future.
TEST(event_clock, the_ends_of_time_do_not_wrap) {
  for (const std::int64_t disorder : {std::int64_t{0}, std::int64_t{10}, greatest}) {
    event_clock early(time_mode::out_of_order, disorder, 8, 8);
    EXPECT_EQ(give(early, least + 5), verdict::held);
    EXPECT_EQ(early.moved(), disorder == 0 ? least + 4 : least);
  }
  event_clock wide(time_mode::out_of_order, greatest, 8, 8);
  EXPECT_EQ(give(wide, greatest), verdict::held);
  EXPECT_EQ(wide.moved(), -1);
  event_clock last(time_mode::watermarks, 0, 8, 8);
  last.watermark(greatest);
  EXPECT_EQ(give(last, greatest), verdict::late);
}

class event_clock_oracle : public testing::TestWithParam<time_mode> {};

TEST_P(event_clock_oracle, agrees_with_a_list_that_is_sorted_each_time) {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    const auto disorder = static_cast<std::int64_t>(random() % 20);
    event_clock clock(GetParam(), disorder, 256, 8);
    std::vector<std::pair<std::int64_t, std::uint64_t>> waiting;
    std::vector<std::int64_t> seen;
    std::optional<std::int64_t> watermark;
    std::int64_t told = least;
    for (std::uint64_t i = 0; i < 200; ++i) {
      const auto time = static_cast<std::int64_t>(i / 2 + random() % 30);
      if (GetParam() == time_mode::watermarks && random() % 4 == 0) {
        clock.watermark(time - 15);
        if (!watermark || time - 15 > *watermark) watermark = time - 15;
      } else {
        const bool late = GetParam() == time_mode::arrival
                              ? std::ranges::any_of(seen, [time](std::int64_t t) { return t > time; })
                              : watermark && time <= *watermark;
        const verdict expected = late                               ? verdict::late
                                 : GetParam() == time_mode::arrival ? verdict::in_order
                                                                    : verdict::held;
        ASSERT_EQ(give(clock, time, i), expected);
        if (!late) {
          seen.push_back(time);
          if (expected == verdict::held) waiting.emplace_back(time, i);
          if (GetParam() == time_mode::out_of_order) watermark = *std::ranges::max_element(seen) - disorder - 1;
        }
      }
      std::ranges::stable_sort(waiting);
      std::vector<std::uint64_t> due;
      while (watermark && !waiting.empty() && waiting.front().first <= *watermark) {
        due.push_back(waiting.front().second);
        waiting.erase(waiting.begin());
      }
      ASSERT_EQ(released(clock), due);
      ASSERT_EQ(clock.held(), waiting.size());
      if (const auto moved = clock.moved()) {
        ASSERT_GT(*moved, told) << "a watermark never goes back";
        ASSERT_EQ(*moved, *watermark);
        told = *moved;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(of_every_mode, event_clock_oracle,
                         testing::Values(time_mode::arrival, time_mode::out_of_order, time_mode::watermarks));

}  // namespace
}  // namespace millrace::replay
