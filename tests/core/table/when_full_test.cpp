#include <gtest/gtest.h>

#include "core/table/poor_hash.hpp"

#include <algorithm>
#include <cstdint>
#include <list>
#include <millrace/table/growing_table.hpp>
#include <random>
#include <utility>
#include <vector>

namespace millrace {
namespace {

template <when_full Full>
using table = growing_table<std::uint64_t, std::uint64_t, Full>;

TEST(when_full, reject_refuses_and_counts_a_new_key) {
  table<when_full::reject> t(2);
  for (std::uint64_t key : {1u, 2u, 3u, 1u}) static_cast<void>(t.find_or_insert(key));
  EXPECT_EQ(t.refusals(), 1u);
  EXPECT_EQ(t.evictions(), 0u);
  EXPECT_NE(t.find(1), nullptr);
  EXPECT_EQ(t.find(3), nullptr);
}

TEST(when_full, evict_oldest_drops_what_came_first_however_often_it_was_found) {
  table<when_full::evict_oldest> t(2);
  for (std::uint64_t key : {1u, 2u, 1u, 3u}) ASSERT_NE(t.find_or_insert(key).value, nullptr);
  EXPECT_EQ(t.find(1), nullptr);
  EXPECT_NE(t.find(2), nullptr);
  EXPECT_EQ(t.evictions(), 1u);
}

TEST(when_full, evict_least_recent_keeps_what_was_found) {
  table<when_full::evict_least_recent> t(2);
  for (std::uint64_t key : {1u, 2u, 1u, 3u}) ASSERT_NE(t.find_or_insert(key).value, nullptr);
  EXPECT_NE(t.find(1), nullptr);
  EXPECT_EQ(t.find(2), nullptr);
}

TEST(when_full, a_look_at_a_constant_table_is_no_use_of_the_key) {
  table<when_full::evict_least_recent> t(2);
  for (std::uint64_t key : {1u, 2u}) ASSERT_TRUE(t.find_or_insert(key).inserted);
  EXPECT_NE(std::as_const(t).find(1), nullptr);
  ASSERT_TRUE(t.find_or_insert(3).inserted);
  EXPECT_EQ(t.find(1), nullptr);
}

TEST(when_full, an_evicted_key_is_shown_with_its_value) {
  table<when_full::evict_oldest> t(1);
  *t.find_or_insert(7).value = 42;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> shown;
  const auto made =
      t.find_or_insert(8, [&](std::uint64_t key, std::uint64_t value) { shown.emplace_back(key, value); });
  EXPECT_TRUE(made.inserted);
  EXPECT_EQ(*made.value, 0u);
  EXPECT_EQ(shown, (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{7, 42}}));
}

TEST(when_full, of_no_capacity_there_is_nothing_to_evict) {
  table<when_full::evict_oldest> t(0);
  EXPECT_EQ(t.find_or_insert(1).value, nullptr);
  EXPECT_EQ(t.refusals(), 1u);
}

/// The keys in their order, oldest first; every operation walks it.
template <when_full Full>
struct slow_table {
  std::size_t capacity;
  std::list<std::pair<std::uint64_t, std::uint64_t>> keys{};
  std::uint64_t evicted = 0;
  std::uint64_t evicted_sum = 0;

  std::uint64_t* find(std::uint64_t key) {
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const auto& each) { return each.first == key; });
    if (found == keys.end()) return nullptr;
    if (Full == when_full::evict_least_recent) keys.splice(keys.end(), keys, found);
    return &found->second;
  }
  std::uint64_t* find_or_insert(std::uint64_t key) {
    if (auto* const found = find(key)) return found;
    if (keys.size() == capacity) {
      if (Full == when_full::reject) return nullptr;
      ++evicted;
      evicted_sum += keys.front().first ^ keys.front().second;
      keys.pop_front();
    }
    return &keys.emplace_back(key, 0).second;
  }
  bool erase(std::uint64_t key) {
    return keys.remove_if([&](const auto& each) { return each.first == key; }) == 1;
  }
};

/// Random operations, beginning with an empty table that grows until it is full.
template <when_full Full, class Hash>
void agree(std::size_t capacity, std::uint64_t seed) {
  growing_table<std::uint64_t, std::uint64_t, Full, Hash> t(capacity, seed);
  slow_table<Full> expected{capacity};
  std::mt19937_64 random(seed);
  std::uint64_t evicted_sum = 0;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t key = random() % (capacity + capacity / 2 + 1);
    const std::uint64_t what = random() % 100;
    if (what < 70) {
      const auto made =
          t.find_or_insert(key, [&](std::uint64_t gone, std::uint64_t value) { evicted_sum += gone ^ value; });
      std::uint64_t* const oracle = expected.find_or_insert(key);
      ASSERT_EQ(made.value != nullptr, oracle != nullptr);
      if (oracle == nullptr) continue;
      ASSERT_EQ(*made.value, *oracle);
      *made.value = *oracle = random();
    } else if (what < 90) {
      const std::uint64_t* const found = t.find(key);
      const std::uint64_t* const oracle = expected.find(key);
      ASSERT_EQ(found != nullptr, oracle != nullptr);
      if (found != nullptr) {
        ASSERT_EQ(*found, *oracle);
      }
    } else {
      ASSERT_EQ(t.erase(key), expected.erase(key));
    }
    ASSERT_EQ(t.size(), expected.keys.size());
    ASSERT_EQ(t.evictions(), expected.evicted);
    ASSERT_EQ(evicted_sum, expected.evicted_sum);
  }
  ASSERT_TRUE(Full == when_full::reject || t.evictions() > 100);
}

template <when_full Full>
void agree_at_several_capacities() {
  for (const std::size_t capacity : {1u, 2u, 24u, 100u, 500u}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) agree<Full, seeded_hash<std::uint64_t>>(capacity, seed);
    agree<Full, poor_hash<2>>(capacity, 4);
    agree<Full, last_hash>(capacity, 5);
  }
}

TEST(when_full, reject_agrees_with_a_list) { agree_at_several_capacities<when_full::reject>(); }
TEST(when_full, evict_oldest_agrees_with_a_list) { agree_at_several_capacities<when_full::evict_oldest>(); }
TEST(when_full, evict_least_recent_agrees_with_a_list) { agree_at_several_capacities<when_full::evict_least_recent>(); }

}  // namespace
}  // namespace millrace
