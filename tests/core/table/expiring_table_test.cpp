#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <millrace/table/expiring_table.hpp>
#include <random>
#include <vector>

namespace millrace {
namespace {

using table = expiring_table<std::uint64_t, std::uint64_t>;

TEST(expiring_table, a_key_goes_at_its_deadline_and_not_before) {
  table t(10);
  *t.find_or_insert(7, 100).value = 42;
  std::vector<std::uint64_t> gone;
  const auto note = [&](std::uint64_t key, std::uint64_t value, std::int64_t deadline_ns) {
    EXPECT_EQ(value, 42u);
    EXPECT_EQ(deadline_ns, 100);
    gone.push_back(key);
  };
  t.advance(99, note);
  EXPECT_NE(t.find(7), nullptr);
  t.advance(100, note);
  EXPECT_EQ(t.find(7), nullptr);
  EXPECT_EQ(gone, std::vector<std::uint64_t>{7});
}

TEST(expiring_table, a_key_that_is_found_keeps_its_deadline) {
  table t(10);
  ASSERT_TRUE(t.find_or_insert(7, 100).inserted);
  EXPECT_FALSE(t.find_or_insert(7, 200).inserted);
  t.advance(100, [](std::uint64_t, std::uint64_t, std::int64_t) {});
  EXPECT_EQ(t.size(), 0u);
}

TEST(expiring_table, refuses_and_counts_when_full_until_a_key_expires) {
  table t(2);
  for (std::uint64_t key : {1u, 2u}) ASSERT_TRUE(t.find_or_insert(key, 10).inserted);
  EXPECT_EQ(t.find_or_insert(3, 10).value, nullptr);
  EXPECT_EQ(t.refusals(), 1u);
  t.advance(10, [](std::uint64_t, std::uint64_t, std::int64_t) {});
  EXPECT_TRUE(t.find_or_insert(3, 20).inserted);
}

/// What is there, and until when; each advance looks at all of it.
struct slow_entry {
  std::uint64_t value;
  std::int64_t deadline_ns;
};

TEST(expiring_table, agrees_with_a_map_while_it_grows) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::uint32_t capacity = seed % 2 == 0 ? 100 : 5'000;
    table t(capacity, seed);
    std::map<std::uint64_t, slow_entry> expected;
    std::mt19937_64 random(seed);
    std::int64_t now_ns = 0;
    std::size_t expired = 0;
    for (int step = 0; step < 20'000; ++step) {
      const std::uint64_t key = random() % (2 * std::uint64_t{capacity});
      const auto deadline_ns = now_ns + static_cast<std::int64_t>(random() % 20'000);
      const auto oracle = expected.find(key);
      const std::uint64_t what = random() % 100;
      if (what < 70) {
        const auto made = t.find_or_insert(key, deadline_ns);
        ASSERT_EQ(made.value == nullptr, oracle == expected.end() && expected.size() == capacity);
        ASSERT_EQ(made.inserted, made.value != nullptr && oracle == expected.end());
        if (made.inserted) {
          *made.value = random();
          expected[key] = {*made.value, deadline_ns};
        }
      } else if (what < 80) {
        ASSERT_EQ(t.set_deadline(key, deadline_ns), oracle != expected.end());
        if (oracle != expected.end()) oracle->second.deadline_ns = deadline_ns;
      } else if (what < 90) {
        ASSERT_EQ(t.erase(key), expected.erase(key) == 1);
      } else {
        now_ns += static_cast<std::int64_t>(random() % 50);
        std::int64_t last_ns = 0;
        t.advance(now_ns, [&](std::uint64_t gone, std::uint64_t value, std::int64_t at_ns) {
          ++expired;
          const auto due = expected.find(gone);
          ASSERT_TRUE(due != expected.end());
          ASSERT_EQ(due->second.value, value);
          ASSERT_EQ(due->second.deadline_ns, at_ns);
          ASSERT_GE(at_ns, last_ns);
          last_ns = at_ns;
          expected.erase(due);
        });
        ASSERT_TRUE(std::none_of(expected.begin(), expected.end(),
                                 [&](const auto& each) { return each.second.deadline_ns <= now_ns; }));
      }
      ASSERT_EQ(t.size(), expected.size());
    }
    EXPECT_GT(expired, 100u);
  }
}

}  // namespace
}  // namespace millrace
