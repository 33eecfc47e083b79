#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <millrace/table/keyed_table.hpp>
#include <random>
#include <unordered_map>
#include <vector>

namespace millrace {
namespace {

using table = keyed_table<std::uint64_t, std::uint64_t>;

TEST(keyed_table, finds_nothing_when_empty) {
  table t(10);
  EXPECT_EQ(t.find(1), nullptr);
  EXPECT_FALSE(t.erase(1));
  EXPECT_EQ(t.size(), 0u);
}

TEST(keyed_table, of_no_capacity_is_full_and_still_answers) {
  table t(0);
  EXPECT_EQ(t.find(0), nullptr);
  EXPECT_EQ(t.find_or_insert(0).value, nullptr);
  EXPECT_FALSE(t.find_or_insert(0).inserted);
}

TEST(keyed_table, inserts_once_and_initialises_the_value) {
  table t(10);
  const auto first = t.find_or_insert(7);
  ASSERT_TRUE(first.inserted);
  EXPECT_EQ(*first.value, 0u);
  *first.value = 42;
  const auto second = t.find_or_insert(7);
  EXPECT_FALSE(second.inserted);
  EXPECT_EQ(second.value, first.value);
  EXPECT_EQ(*t.find(7), 42u);
}

TEST(keyed_table, a_slot_used_again_starts_from_a_fresh_value) {
  table t(1);
  *t.find_or_insert(7).value = 42;
  EXPECT_TRUE(t.erase(7));
  EXPECT_EQ(*t.find_or_insert(7).value, 0u);
}

TEST(keyed_table, holds_exactly_its_capacity) {
  for (const std::size_t capacity : {1u, 2u, 3u, 4u, 5u, 12u, 13u, 100u, 819u, 820u}) {
    table t(capacity);
    for (std::uint64_t key = 0; key < capacity; ++key) ASSERT_TRUE(t.find_or_insert(key).inserted);
    EXPECT_EQ(t.size(), capacity);
    EXPECT_EQ(t.find_or_insert(capacity).value, nullptr);
    EXPECT_EQ(t.try_insert(t.hash_of(capacity), capacity), nullptr);
    EXPECT_EQ(t.find(capacity), nullptr);
    for (std::uint64_t key = 0; key < capacity; ++key) ASSERT_NE(t.find(key), nullptr);
    EXPECT_LE(5 * capacity, 4 * t.slot_count());
  }
}

TEST(keyed_table, takes_no_more_slots_than_a_load_of_four_fifths_needs) {
  EXPECT_EQ(table(819).slot_count(), 1'024u);
  EXPECT_EQ(table(820).slot_count(), 2'048u);
}

TEST(keyed_table, tells_keys_with_the_same_hash_apart) {
  table t(50);
  for (std::uint64_t key = 0; key < 50; ++key) *t.try_insert(99, key) = key * key;
  for (std::uint64_t key = 0; key < 50; ++key) {
    auto* const value = t.find(99, [&](std::uint64_t k) { return k == key; });
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(*value, key * key);
  }
  EXPECT_EQ(t.find(99, [](std::uint64_t k) { return k == 50; }), nullptr);
}

TEST(keyed_table, looks_up_by_another_type_than_its_key) {
  struct name {
    std::array<char, 8> text;
  };
  keyed_table<name, int> t(4);
  *t.try_insert(5, name{{"abc"}}) = 3;
  auto is = [](std::string_view text) { return [=](const name& n) { return text == n.text.data(); }; };
  ASSERT_NE(t.find(5, is("abc")), nullptr);
  EXPECT_EQ(t.find(5, is("abd")), nullptr);
  EXPECT_FALSE(t.erase(5, is("abd")));
  EXPECT_TRUE(t.erase(5, is("abc")));
  EXPECT_EQ(t.size(), 0u);
}

TEST(keyed_table, visits_every_key_once) {
  table t(1'000);
  for (std::uint64_t key = 0; key < 1'000; ++key) *t.find_or_insert(key).value = key + 1;
  std::vector<int> seen(1'000);
  t.for_each([&](const std::uint64_t& key, std::uint64_t& value) {
    EXPECT_EQ(value, key + 1);
    ++seen[key];
  });
  EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
}

TEST(keyed_table, hashes_keys_longer_than_a_word) {
  using long_key = std::array<std::uint32_t, 5>;
  keyed_table<long_key, int> t(100);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(t.find_or_insert(long_key{0, 0, 0, 0, i}).inserted);
  EXPECT_EQ(t.find(long_key{0, 0, 0, 1, 5}), nullptr);
  EXPECT_NE(t.find(long_key{0, 0, 0, 0, 5}), nullptr);
}

TEST(keyed_table, the_order_of_slots_follows_the_seed) {
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

TEST(keyed_table, small_integers_as_hashes_still_spread) {
  table t(100'000);
  std::size_t comparisons = 0;
  for (std::uint64_t key = 0; key < 100'000; ++key) ASSERT_NE(t.try_insert(key, key), nullptr);
  for (std::uint64_t key = 0; key < 100'000; ++key) {
    ASSERT_NE(t.find(key, [&](std::uint64_t k) { return ++comparisons, k == key; }), nullptr);
  }
  EXPECT_LT(comparisons, 101'000u);
}

TEST(keyed_table, moves_with_its_content) {
  table t(4);
  *t.find_or_insert(1).value = 9;
  table moved = std::move(t);
  EXPECT_EQ(*moved.find(1), 9u);
}

TEST(keyed_table, refuses_capacities_it_cannot_hold) {
  EXPECT_THROW(table{std::numeric_limits<std::size_t>::max()}, error);
  EXPECT_THROW(table{std::size_t{1} << 31}, error);
}

/// Random operations beside std::unordered_map, at a load that hovers about `fill` of the capacity.
/// `hash_bits` below 64 makes homes collide, so that runs are long and wrap.
void agree(std::size_t capacity, double fill, unsigned hash_bits, std::uint64_t seed) {
  table t(capacity);
  std::unordered_map<std::uint64_t, std::uint64_t> expected;
  std::mt19937_64 random(seed);
  const std::uint64_t universe = 2 * capacity;
  const auto target = static_cast<std::size_t>(fill * static_cast<double>(capacity));
  auto hash = [&](std::uint64_t key) {
    return hash_bits == 64 ? t.hash_of(key) : t.hash_of(key) >> (64 - hash_bits) << 57;
  };
  for (int step = 0; step < 50'000; ++step) {
    const std::uint64_t key = random() % universe;
    auto is_key = [&](std::uint64_t k) { return k == key; };
    const std::uint64_t* const found = t.find(hash(key), is_key);
    const auto oracle = expected.find(key);
    ASSERT_EQ(found != nullptr, oracle != expected.end());
    if (found != nullptr) {
      ASSERT_EQ(*found, oracle->second);
    }
    if (random() % 1000 < (expected.size() < target ? 700u : 300u) || (fill >= 1 && random() % 2 == 0)) {
      if (found != nullptr) continue;
      std::uint64_t* const value = t.try_insert(hash(key), key);
      ASSERT_EQ(value == nullptr, expected.size() == capacity);
      if (value == nullptr) continue;
      ASSERT_EQ(*value, 0u);
      *value = random();
      expected.emplace(key, *value);
    } else {
      ASSERT_EQ(t.erase(hash(key), is_key), expected.erase(key) == 1);
    }
    ASSERT_EQ(t.size(), expected.size());
  }
  std::size_t visited = 0;
  t.for_each([&](std::uint64_t key, std::uint64_t value) {
    ++visited;
    ASSERT_EQ(expected.at(key), value);
  });
  ASSERT_EQ(visited, expected.size());
}

TEST(keyed_table, agrees_with_unordered_map_at_several_loads) {
  for (const std::size_t capacity : {1u, 3u, 6u, 51u, 819u, 5'000u}) {
    for (const double fill : {0.1, 0.5, 0.9, 1.0}) agree(capacity, fill, 64, capacity);
  }
}

TEST(keyed_table, agrees_with_unordered_map_when_homes_collide) {
  for (const unsigned bits : {1u, 3u, 6u}) {
    for (const double fill : {0.5, 1.0}) agree(102, fill, bits, bits);
  }
}

}  // namespace
}  // namespace millrace
