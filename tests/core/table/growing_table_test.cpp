#include <gtest/gtest.h>

#include "core/table/poor_hash.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <millrace/table/growing_table.hpp>
#include <random>
#include <unordered_map>
#include <vector>

namespace millrace {
namespace {

using table = growing_table<std::uint64_t, std::uint64_t>;

TEST(growing_table, finds_nothing_when_empty) {
  table t(10);
  EXPECT_EQ(t.find(1), nullptr);
  EXPECT_FALSE(t.erase(1));
  EXPECT_EQ(t.size(), 0u);
}

TEST(growing_table, of_no_capacity_is_full_and_still_answers) {
  table t(0);
  EXPECT_EQ(t.find(0), nullptr);
  EXPECT_EQ(t.find_or_insert(0).value, nullptr);
  EXPECT_FALSE(t.find_or_insert(0).inserted);
  EXPECT_EQ(t.refusals(), 2u);
}

TEST(growing_table, inserts_once_and_initialises_the_value) {
  table t(10);
  const auto first = t.find_or_insert(7);
  ASSERT_TRUE(first.inserted);
  EXPECT_EQ(*first.value, 0u);
  *first.value = 42;
  EXPECT_FALSE(t.find_or_insert(7).inserted);
  EXPECT_EQ(*t.find(7), 42u);
  EXPECT_TRUE(t.erase(7));
  EXPECT_EQ(*t.find_or_insert(7).value, 0u);
}

TEST(growing_table, holds_exactly_its_capacity) {
  for (const std::size_t capacity : {1u, 2u, 23u, 24u, 25u, 48u, 49u, 1'000u, 12'288u, 12'289u}) {
    table t(capacity);
    for (std::uint64_t key = 0; key < capacity; ++key) ASSERT_TRUE(t.find_or_insert(key).inserted);
    EXPECT_EQ(t.size(), capacity);
    EXPECT_EQ(t.find_or_insert(capacity).value, nullptr);
    for (std::uint64_t key = 0; key < capacity; ++key) ASSERT_NE(t.find(key), nullptr);
    EXPECT_EQ(t.find(capacity), nullptr);
  }
}

TEST(growing_table, begins_small_and_is_never_emptier_than_an_eighth) {
  table t(1'000'000);
  for (std::uint64_t key = 0; key < 1'000'000; ++key) {
    ASSERT_TRUE(t.find_or_insert(key).inserted);
    if (key > 100) {
      ASSERT_LT(t.group_count() * 15, 8 * key);
    }
  }
}

TEST(growing_table, an_insertion_splits_one_group_and_looks_at_few_more) {
  table t(1'000'000);
  std::uint64_t most = 0;
  for (std::uint64_t key = 0; key < 1'000'000; ++key) {
    const std::uint64_t before = t.groups_split();
    ASSERT_TRUE(t.find_or_insert(key).inserted);
    most = std::max(most, t.groups_split() - before);
  }
  EXPECT_GT(t.groups_split(), 65'000u);
  EXPECT_LE(most, 24u);
}

TEST(growing_table, erasing_leaves_nothing_behind) {
  // With marks for erased keys, or bits that stay, a million changes of keys would make misses long.
  growing_table<std::uint64_t, std::uint64_t> t(12 * 64);
  for (std::uint64_t key = 0; key < 12 * 64; ++key) ASSERT_TRUE(t.find_or_insert(key).inserted);
  for (std::uint64_t key = 0; key < 1'000'000; ++key) {
    ASSERT_TRUE(t.erase(key));
    ASSERT_TRUE(t.find_or_insert(key + 12 * 64).inserted);
  }
  for (std::uint64_t key = 1'000'000; key < 1'000'000 + 12 * 64; ++key) ASSERT_TRUE(t.erase(key));
  EXPECT_EQ(t.size(), 0u);
  EXPECT_EQ(t.groups_passed(), 0u);
}

TEST(growing_table, a_key_that_is_there_is_found_when_the_table_is_full) {
  table t(1);
  ASSERT_TRUE(t.find_or_insert(5).inserted);
  EXPECT_NE(t.find_or_insert(5).value, nullptr);
}

TEST(growing_table, takes_keys_longer_than_a_word) {
  using long_key = std::array<std::uint32_t, 5>;
  growing_table<long_key, int> t(10'000);
  for (std::uint32_t i = 0; i < 10'000; ++i) ASSERT_TRUE(t.find_or_insert(long_key{0, 0, 0, 0, i}).inserted);
  EXPECT_EQ(t.find(long_key{0, 0, 0, 1, 5}), nullptr);
  EXPECT_NE(t.find(long_key{0, 0, 0, 0, 5}), nullptr);
}

TEST(growing_table, the_order_of_slots_follows_the_seed) {
  auto order = [](std::uint64_t seed) {
    table t(100, seed);
    for (std::uint64_t key = 0; key < 100; ++key) EXPECT_TRUE(t.find_or_insert(key).inserted);
    std::vector<std::uint64_t> keys;
    t.for_each([&](std::uint64_t key, std::uint64_t&) { keys.push_back(key); });
    return keys;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
}

TEST(growing_table, finds_bursts_of_keys_as_it_finds_each) {
  table t(5'000);
  for (std::uint64_t key = 0; key < 5'000; ++key) *t.find_or_insert(key).value = key + 1;
  std::mt19937_64 random(1);
  for (const std::size_t count : {0u, 1u, 31u, 32u, 33u, 64u, 100u, 1'000u}) {
    std::vector<std::uint64_t> keys(count);
    for (std::uint64_t& key : keys) key = random() % 10'000;
    std::vector<std::uint64_t*> found(count);
    t.find_all(keys, found);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(found[i], t.find(keys[i]));
  }
}

TEST(growing_table, a_burst_uses_its_keys_in_order) {
  growing_table<std::uint64_t, std::uint64_t, when_full::evict_least_recent> t(3);
  for (std::uint64_t key : {1u, 2u, 3u}) ASSERT_TRUE(t.find_or_insert(key).inserted);
  const std::array<std::uint64_t, 3> keys{1, 9, 2};
  std::array<std::uint64_t*, 3> found{};
  t.find_all(keys, found);
  ASSERT_TRUE(t.find_or_insert(4).inserted);
  ASSERT_TRUE(t.find_or_insert(5).inserted);
  EXPECT_EQ(t.find(3), nullptr);
  EXPECT_EQ(t.find(1), nullptr);
  EXPECT_NE(t.find(2), nullptr);
}

TEST(growing_table, refuses_capacities_it_cannot_hold) {
  EXPECT_THROW(table{std::numeric_limits<std::size_t>::max()}, error);
  EXPECT_THROW(table{table::capacity_max + 1}, error);
}

/// Random operations beside std::unordered_map. The number of keys rises and falls in waves, so that the table grows
/// while keys go, and a key is as often there as not.
template <class Hash>
void agree(std::size_t capacity, std::uint64_t seed, int steps) {
  growing_table<std::uint64_t, std::uint64_t, when_full::reject, Hash> t(capacity, seed);
  std::unordered_map<std::uint64_t, std::uint64_t> expected;
  std::mt19937_64 random(seed);
  const std::uint64_t universe = 2 * capacity;
  for (int step = 0; step < steps; ++step) {
    const std::uint64_t key = random() % universe;
    const auto oracle = expected.find(key);
    const std::uint64_t* const found = t.find(key);
    ASSERT_EQ(found != nullptr, oracle != expected.end());
    if (found != nullptr) {
      ASSERT_EQ(*found, oracle->second);
    }
    const bool rises = step / (steps / 5) % 2 == 0;
    if (random() % 100 < (rises ? 85u : 25u)) {
      const auto made = t.find_or_insert(key);
      if (oracle != expected.end()) {
        ASSERT_FALSE(made.inserted);
        ASSERT_EQ(*made.value, oracle->second);
      } else if (expected.size() == capacity) {
        ASSERT_EQ(made.value, nullptr);
      } else {
        ASSERT_TRUE(made.inserted);
        ASSERT_EQ(*made.value, 0u);
        *made.value = random();
        expected.emplace(key, *made.value);
      }
    } else {
      ASSERT_EQ(t.erase(key), expected.erase(key) == 1);
    }
    ASSERT_EQ(t.size(), expected.size());
    if (step % (steps / 50) != 0) continue;
    std::size_t visited = 0;
    t.for_each([&](std::uint64_t each, std::uint64_t value) {
      ++visited;
      ASSERT_EQ(expected.at(each), value);
    });
    ASSERT_EQ(visited, expected.size());
  }
  for (const auto& each : expected) ASSERT_TRUE(t.erase(each.first));
  const bool may_have_lost_count = !std::is_same_v<Hash, seeded_hash<std::uint64_t>> && capacity > 255;
  if (!may_have_lost_count) {
    ASSERT_EQ(t.groups_passed(), 0u);
  }
}

TEST(growing_table, agrees_with_unordered_map_while_it_grows) {
  for (const std::size_t capacity : {1u, 3u, 24u, 25u, 51u, 200u, 819u, 5'000u, 20'000u}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) agree<seeded_hash<std::uint64_t>>(capacity, seed, 40'000);
  }
}

TEST(growing_table, agrees_with_unordered_map_when_homes_meet) {
  for (const std::size_t capacity : {25u, 102u, 1'000u}) {
    agree<poor_hash<0>>(capacity, 1, 20'000);
    agree<poor_hash<1>>(capacity, 2, 20'000);
    agree<poor_hash<3>>(capacity, 3, 20'000);
    agree<poor_hash<5>>(capacity, 4, 20'000);
    agree<last_hash>(capacity, 5, 20'000);
  }
}

}  // namespace
}  // namespace millrace
