#include <millrace/time/reorder_buffer.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace millrace {
namespace {

using small_event = event<std::uint64_t>;

small_event at(std::int64_t time_ns, std::uint64_t number) {
  small_event made{{}, number};
  made.header.time_ns = time_ns;
  made.header.sequence = number;
  return made;
}

bool push(reorder_buffer& buffer, const small_event& e) { return buffer.try_push(e.header, sizeof e.data); }

std::uint64_t number_of(const event_header& e) {
  std::uint64_t number;
  std::memcpy(&number, data_of(e), sizeof number);
  EXPECT_EQ(number, e.sequence);
  return number;
}

TEST(reorder_buffer, releases_what_the_watermark_has_reached_in_order_of_time) {
  reorder_buffer buffer(8, 8);
  for (const auto& [time, number] : {std::pair{30, 1U}, {10, 2U}, {20, 3U}, {10, 4U}})
    ASSERT_TRUE(push(buffer, at(time, number)));
  std::vector<std::uint64_t> out;
  const auto take = [&](const event_header& e) { out.push_back(number_of(e)); };
  EXPECT_EQ(buffer.first_time_ns(), 10);
  buffer.release(9, take);
  EXPECT_TRUE(out.empty());
  buffer.release(20, take);
  EXPECT_EQ(out, (std::vector<std::uint64_t>{2, 4, 3}));
  EXPECT_EQ(buffer.size(), 1u);
  buffer.release_first(take);
  EXPECT_EQ(out.back(), 1u);
  EXPECT_TRUE(buffer.empty());
}

TEST(reorder_buffer, holds_its_capacity_and_not_one_more) {
  reorder_buffer buffer(3, 8);
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(push(buffer, at(5, i)));
  EXPECT_FALSE(push(buffer, at(1, 99)));
  EXPECT_EQ(buffer.size(), 3u);
  std::vector<std::uint64_t> out;
  buffer.release_first([&](const event_header& e) { out.push_back(number_of(e)); });
  EXPECT_TRUE(push(buffer, at(5, 3)));
  buffer.release(5, [&](const event_header& e) { out.push_back(number_of(e)); });
  EXPECT_EQ(out, (std::vector<std::uint64_t>{0, 1, 2, 3}));
}

TEST(reorder_buffer, reaches_both_ends_of_time) {
  reorder_buffer buffer(3, 8);
  ASSERT_TRUE(push(buffer, at(std::numeric_limits<std::int64_t>::max(), 2)));
  ASSERT_TRUE(push(buffer, at(std::numeric_limits<std::int64_t>::min(), 1)));
  std::vector<std::uint64_t> out;
  buffer.release(std::numeric_limits<std::int64_t>::min(), [&](const event_header& e) { out.push_back(number_of(e)); });
  EXPECT_EQ(out, (std::vector<std::uint64_t>{1}));
  buffer.release(std::numeric_limits<std::int64_t>::max(), [&](const event_header& e) { out.push_back(number_of(e)); });
  EXPECT_EQ(out, (std::vector<std::uint64_t>{1, 2}));
}

TEST(reorder_buffer, agrees_with_a_stable_sort) {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    reorder_buffer buffer(64, 8);
    std::vector<small_event> waiting;
    std::uint64_t number = 0;
    for (int step = 0; step < 400; ++step) {
      if (random() % 4 != 0) {
        const auto e = at(static_cast<std::int64_t>(random() % 50), number++);
        ASSERT_EQ(push(buffer, e), waiting.size() < 64);
        if (waiting.size() < 64) waiting.push_back(e);
        continue;
      }
      const auto watermark = static_cast<std::int64_t>(random() % 50);
      std::vector<std::uint64_t> out;
      buffer.release(watermark, [&](const event_header& e) { out.push_back(number_of(e)); });
      std::ranges::stable_sort(waiting, {}, [](const small_event& e) { return e.header.time_ns; });
      std::vector<std::uint64_t> expected;
      while (!waiting.empty() && waiting.front().header.time_ns <= watermark) {
        expected.push_back(waiting.front().data);
        waiting.erase(waiting.begin());
      }
      // What stays goes on in order of arrival, so that the next sort is stable in it.
      std::ranges::sort(waiting, {}, [](const small_event& e) { return e.data; });
      ASSERT_EQ(out, expected);
    }
  }
}

}  // namespace
}  // namespace millrace
