#include <gtest/gtest.h>

#include "core/table/poor_hash.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <millrace/table/published_table.hpp>
#include <random>
#include <thread>
#include <unordered_map>
#include <vector>

namespace millrace {
namespace {

using table = published_table<std::uint64_t, std::uint64_t>;

/// All keys have one of two tags, next to that of an empty slot.
struct few_tags {
  explicit few_tags(std::uint64_t) noexcept {}
  std::uint64_t operator()(std::uint64_t key) const noexcept {
    return (hash_word(key, 1) & ~std::uint64_t{0xFF}) | (key % 2 + 1);
  }
};
struct one_home {
  explicit one_home(std::uint64_t) noexcept {}
  std::uint64_t operator()(std::uint64_t key) const noexcept { return key % 256; }
};

TEST(published_table, reads_what_was_put_last) {
  table t(10);
  EXPECT_EQ(t.read(1), std::nullopt);
  EXPECT_TRUE(t.put(1, 5));
  EXPECT_TRUE(t.put(1, 6));
  EXPECT_EQ(t.read(1), 6u);
  EXPECT_EQ(t.size(), 1u);
  EXPECT_TRUE(t.erase(1));
  EXPECT_FALSE(t.erase(1));
  EXPECT_EQ(t.read(1), std::nullopt);
}

TEST(published_table, holds_exactly_its_capacity) {
  for (const std::size_t capacity : {0u, 1u, 5u, 6u, 10u, 11u, 1'000u}) {
    table t(capacity);
    for (std::uint64_t key = 0; key < capacity; ++key) ASSERT_TRUE(t.put(key, key));
    EXPECT_FALSE(t.put(capacity, 1));
    EXPECT_EQ(t.read(capacity), std::nullopt);
    for (std::uint64_t key = 0; key < capacity; ++key) {
      ASSERT_TRUE(t.put(key, key + 1));
      ASSERT_EQ(t.read(key), key + 1);
    }
  }
}

TEST(published_table, a_walk_meets_every_key_once_and_none_after_it_was_cleared) {
  for (const std::size_t capacity : {1u, 6u, 1'000u}) {
    table t(capacity);
    for (std::uint64_t key = 0; key < capacity; ++key) ASSERT_TRUE(t.put(key, key + 1));
    std::unordered_map<std::uint64_t, std::uint64_t> met;
    t.for_each([&](std::uint64_t key, std::uint64_t value) { ASSERT_TRUE(met.emplace(key, value).second); });
    ASSERT_EQ(met.size(), capacity);
    for (const auto& [key, value] : met) ASSERT_EQ(value, key + 1);
    t.clear();
    EXPECT_EQ(t.size(), 0u);
    EXPECT_EQ(t.groups_passed(), 0u);
    t.for_each([](std::uint64_t, std::uint64_t) { ADD_FAILURE(); });
    for (std::uint64_t key = 0; key < capacity; ++key) {
      ASSERT_EQ(t.read(key), std::nullopt);
      ASSERT_TRUE(t.put(key, key));
    }
  }
}

TEST(published_table, takes_keys_and_values_that_fill_no_whole_words) {
  published_table<std::array<std::uint8_t, 11>, std::array<std::uint8_t, 3>> t(4);
  EXPECT_TRUE(t.put({1, 2, 3}, {7, 8, 9}));
  EXPECT_EQ(t.read({1, 2, 3}), (std::array<std::uint8_t, 3>{7, 8, 9}));
  EXPECT_EQ(t.read({1, 2, 4}), std::nullopt);
}

template <class Hash>
void agree(std::size_t capacity, std::uint64_t seed) {
  published_table<std::uint64_t, std::uint64_t, std_atomics, Hash> t(capacity, seed);
  std::unordered_map<std::uint64_t, std::uint64_t> expected;
  std::mt19937_64 random(seed);
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t key = random() % (capacity + capacity / 2 + 1);
    if (random() % 100 < 60) {
      const std::uint64_t value = random();
      const bool has_room = expected.contains(key) || expected.size() < capacity;
      ASSERT_EQ(t.put(key, value), has_room);
      if (has_room) expected[key] = value;
    } else {
      ASSERT_EQ(t.erase(key), expected.erase(key) == 1);
    }
    ASSERT_EQ(t.size(), expected.size());
    const std::uint64_t other = random() % (capacity + capacity / 2 + 1);
    const auto oracle = expected.find(other);
    const auto value = t.read(other);
    ASSERT_EQ(value.has_value(), oracle != expected.end());
    if (value.has_value()) {
      ASSERT_EQ(*value, oracle->second);
    }
  }
}

TEST(published_table, erasing_leaves_nothing_behind) {
  table t(320);
  std::mt19937_64 random(1);
  for (int step = 0; step < 100'000; ++step) {
    const std::uint64_t key = random() % 500;
    if (random() % 100 < 60) {
      static_cast<void>(t.put(key, 0));
    } else {
      t.erase(key);
    }
  }
  EXPECT_GT(t.groups_passed(), 0u);
  for (std::uint64_t key = 0; key < 500; ++key) t.erase(key);
  EXPECT_EQ(t.size(), 0u);
  EXPECT_EQ(t.groups_passed(), 0u);
}

TEST(published_table, agrees_with_unordered_map) {
  for (const std::size_t capacity : {1u, 5u, 10u, 40u, 320u, 1'000u}) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) agree<seeded_hash<std::uint64_t>>(capacity, seed);
    agree<few_tags>(capacity, 5);
    agree<one_home>(capacity, 6);
    agree<last_hash>(std::min<std::size_t>(capacity, 320), 7);
  }
}

/// Words that belong together: each follows from the first. So many that a reader is often among them with the writer.
struct whole {
  std::array<std::uint64_t, 40> words;

  static whole of(std::uint64_t number) {
    whole made{};
    for (std::uint64_t i = 0; i < made.words.size(); ++i) made.words[i] = number + i;
    return made;
  }
  [[nodiscard]] bool is_whole() const { return words == of(words[0]).words; }
};

/// A writer that changes values, and puts and erases other keys among them, beside readers.
TEST(published_table, readers_see_whole_values_that_never_go_back) {
  constexpr std::uint64_t keys = 3;      // always there
  constexpr std::uint64_t visitors = 7;  // come and go
  constexpr std::uint64_t rounds = 100'000;
  published_table<std::uint64_t, whole> t(keys + visitors);
  for (std::uint64_t key = 0; key < keys; ++key) ASSERT_TRUE(t.put(key, whole::of(key << 32)));
  std::atomic<bool> is_over{false};
  std::atomic<int> started{0};
  std::atomic<std::uint64_t> torn{0};
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::uint64_t> backwards{0};
  std::atomic<std::uint64_t> busy{0};
  std::atomic<std::uint64_t> changes_seen{0};
  const auto read_all = [&](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::array<std::uint64_t, keys> last{};
    ++started;
    while (!is_over.load(std::memory_order_relaxed)) {
      const std::uint64_t key = random() % (keys + visitors);
      whole value;
      const auto outcome = t.try_read(key, value);
      if (outcome == decltype(t)::outcome::busy) {
        ++busy;
      } else if (outcome == decltype(t)::outcome::absent) {
        lost += key < keys;
      } else {
        torn += !value.is_whole() || value.words[0] >> 32 != key;
        if (key >= keys) continue;
        const std::uint64_t version = value.words[0] & 0xFFFFFFFF;
        backwards += version < last[key];
        changes_seen += version != last[key];
        last[key] = version;
      }
    }
  };
  {
    std::vector<std::jthread> readers;
    for (std::uint64_t i = 0; i < 2; ++i) readers.emplace_back(read_all, i);
    while (started != 2) std::this_thread::yield();
    std::mt19937_64 random(9);
    // Until a reader has met the writer, too: on one core they take turns.
    for (std::uint64_t round = 1; round <= rounds || (changes_seen < 100 && round < 100 * rounds); ++round) {
      for (std::uint64_t key = 0; key < keys; ++key) EXPECT_TRUE(t.put(key, whole::of(key << 32 | round)));
      const std::uint64_t visitor = keys + random() % visitors;
      if (random() % 2 == 0) {
        EXPECT_TRUE(t.put(visitor, whole::of(visitor << 32 | round)));
      } else {
        t.erase(visitor);
      }
    }
    is_over = true;
  }
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(lost, 0u);
  EXPECT_EQ(backwards, 0u);
  EXPECT_GT(changes_seen, 0u);
  RecordProperty("busy", std::to_string(busy.load()));
}

}  // namespace
}  // namespace millrace
