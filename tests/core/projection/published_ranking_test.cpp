#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <millrace/projection/published_ranking.hpp>
#include <random>
#include <vector>

namespace millrace::projection {
namespace {

using ranking = published_ranking<std::uint32_t, double, 3>;
using pairs = std::vector<std::pair<std::uint32_t, double>>;

template <class Ranking>
pairs top_of(const Ranking& of) {
  std::array<typename Ranking::ranked, 8> room{};
  const std::size_t count = of.read(room);
  pairs made;
  for (std::size_t i = 0; i < count; ++i) made.emplace_back(room[i].key, room[i].score);
  return made;
}

TEST(published_ranking, one_that_falls_out_of_the_top_lets_the_next_in) {
  ranking r(10);
  EXPECT_EQ(top_of(r), pairs{});
  for (std::uint32_t key : {1u, 2u, 3u, 4u}) EXPECT_TRUE(r.put(key, key));
  EXPECT_EQ(top_of(r), (pairs{{4, 4}, {3, 3}, {2, 2}}));
  EXPECT_TRUE(r.put(4, 0));
  EXPECT_EQ(top_of(r), (pairs{{3, 3}, {2, 2}, {1, 1}}));
  EXPECT_TRUE(r.erase(2));
  EXPECT_EQ(top_of(r), (pairs{{3, 3}, {1, 1}, {4, 0}}));
  EXPECT_FALSE(r.erase(2));
}

TEST(published_ranking, copies_as_many_as_there_is_room_for) {
  ranking r(10);
  for (std::uint32_t key : {1u, 2u, 3u}) r.put(key, key);
  std::array<ranking::ranked, 1> room{};
  EXPECT_EQ(r.read(room), 1u);
  EXPECT_EQ(room[0].key, 3u);
}

TEST(published_ranking, refuses_and_counts_keys_beyond_its_bound_and_scores_that_are_no_numbers) {
  ranking r(2);
  EXPECT_TRUE(r.put(1, 1));
  EXPECT_TRUE(r.put(2, std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(r.put(3, 3));
  EXPECT_FALSE(r.put(1, std::numeric_limits<double>::quiet_NaN()));
  EXPECT_EQ(r.refused(), 2u);
  EXPECT_TRUE(r.put(2, 5));
  EXPECT_EQ(top_of(r), (pairs{{2, 5}, {1, 1}}));
}

TEST(published_ranking, agrees_with_one_that_sorts) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    published_ranking<std::uint32_t, double, 5> fast(60);
    std::map<std::uint32_t, double> all;
    for (int step = 0; step < 300; ++step) {
      const auto key = static_cast<std::uint32_t>(random() % 50);
      if (random() % 4 == 0) {
        ASSERT_EQ(fast.erase(key), all.erase(key) == 1);
      } else {
        all[key] = static_cast<double>(random() % 15);
        ASSERT_TRUE(fast.put(key, all[key]));
      }
      pairs expected(all.begin(), all.end());
      std::sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
      });
      expected.resize(std::min<std::size_t>(expected.size(), 5));
      ASSERT_EQ(top_of(fast), expected);
    }
  }
}

}  // namespace
}  // namespace millrace::projection
