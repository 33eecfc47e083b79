#include <gtest/gtest.h>

#include "core/table/poor_hash.hpp"

#include <cstdint>
#include <millrace/table/growing_table.hpp>
#include <millrace/table/table_walk.hpp>
#include <random>
#include <unordered_map>
#include <unordered_set>

namespace millrace {
namespace {

template <class Hash>
using table = growing_table<std::uint64_t, std::uint64_t, when_full::reject, Hash>;

TEST(table_walk, ends_in_an_empty_table) {
  table<seeded_hash<std::uint64_t>> t(0);
  table_walk walk(t);
  while (walk.step(1, [](std::uint64_t, std::uint64_t) { FAIL(); })) continue;
  EXPECT_TRUE(walk.is_done());
  EXPECT_FALSE(walk.step(1, [](std::uint64_t, std::uint64_t) { FAIL(); }));
}

TEST(table_walk, a_step_looks_at_no_more_homes_than_it_may) {
  table<seeded_hash<std::uint64_t>> t(10'000);
  for (std::uint64_t key = 0; key < 10'000; ++key) ASSERT_TRUE(t.find_or_insert(key).inserted);
  table_walk walk(t);
  std::size_t steps = 0;
  std::size_t most = 0;
  bool goes_on = true;
  while (goes_on) {
    std::size_t seen = 0;
    goes_on = walk.step(2, [&](std::uint64_t, std::uint64_t) { ++seen; });
    most = std::max(most, seen);
    ++steps;
  }
  EXPECT_EQ(steps, t.group_count() / 2);
  EXPECT_LT(most, 64u);
}

/// Walks while keys come and go, against a note of what was there all the time.
template <class Hash>
void walk_while_written(std::size_t capacity, std::uint64_t seed, std::uint64_t writes_a_step,
                        unsigned insert_percent) {
  table<Hash> t(capacity, seed);
  std::unordered_map<std::uint64_t, std::uint64_t> expected;
  std::mt19937_64 random(seed);
  const auto write = [&](unsigned percent) {
    const std::uint64_t key = random() % capacity;
    if (random() % 100 < percent) {
      const std::uint64_t value = random();
      *t.find_or_insert(key).value = value;
      expected[key] = value;
      return std::uint64_t{0};
    }
    t.erase(key);
    expected.erase(key);
    return key + 1;
  };
  for (std::size_t i = 0; i < capacity / 4; ++i) write(80);
  const auto at_first = expected;
  std::unordered_set<std::uint64_t> ever;
  for (const auto& each : expected) ever.insert(each.first);
  std::unordered_set<std::uint64_t> left;
  std::unordered_set<std::uint64_t> visited;
  table_walk walk(t);
  const auto visit = [&](std::uint64_t key, std::uint64_t value) {
    ASSERT_TRUE(expected.contains(key));
    ASSERT_EQ(value, expected.at(key));
    ASSERT_TRUE(visited.insert(key).second) << "a second time";
  };
  while (walk.step(1 + random() % 3, visit)) {
    for (std::uint64_t i = 0; i < writes_a_step; ++i) {
      if (const std::uint64_t erased = write(insert_percent)) left.insert(erased - 1);
    }
  }
  std::size_t stayed = 0;
  for (const auto& each : at_first) {
    if (left.contains(each.first)) continue;
    ++stayed;
    ASSERT_TRUE(visited.contains(each.first));
  }
  ASSERT_GT(stayed, 0u);
}

TEST(table_walk, visits_once_what_stays_while_the_table_grows) {
  for (const std::size_t capacity : {30u, 300u, 3'000u, 30'000u}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      walk_while_written<seeded_hash<std::uint64_t>>(capacity, seed, seed, 95);
    }
  }
}

TEST(table_walk, visits_once_what_stays_while_keys_come_and_go) {
  for (const std::size_t capacity : {300u, 3'000u}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      walk_while_written<seeded_hash<std::uint64_t>>(capacity, seed, 3, 55);
    }
  }
}

TEST(table_walk, visits_once_what_stays_when_homes_meet) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    walk_while_written<poor_hash<3>>(1'000, seed, 3, 80);
    walk_while_written<last_hash>(1'000, seed, 3, 80);
  }
}

}  // namespace
}  // namespace millrace
