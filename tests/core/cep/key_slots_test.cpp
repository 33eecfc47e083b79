// What happens to a key's timer when its number goes to another key.

#include <millrace/cep/key_slots.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace millrace::cep {
namespace {

using firings = std::vector<std::pair<std::int64_t, partition_id>>;

firings advance(key_slots& keys, std::int64_t now_ns) {
  firings fired;
  keys.advance(now_ns, [&](partition_id id) { fired.emplace_back(now_ns, id); });
  return fired;
}

TEST(key_slots, an_exact_timer_stays_for_the_next_key_of_the_number) {
  key_slots keys(2, 8, true);
  keys.open(1);
  keys.arm(1, 100, 100, 10, false);
  keys.close(1);
  keys.open(1);
  EXPECT_TRUE(keys.has_timer(1)) << "it is early for whatever the new key begins, and comes again";
  EXPECT_EQ(advance(keys, 109), firings{});
  EXPECT_EQ(advance(keys, 110), (firings{{110, 1}}));
  EXPECT_FALSE(keys.has_timer(1));
}

TEST(key_slots, a_late_timer_is_not_the_next_keys) {
  key_slots keys(64, 8, true);
  keys.open(1);
  keys.arm(1, 100, 100, 10, true);
  ASSERT_EQ(keys.timers().next_deadline(), 180) << "this test needs a late timer";
  keys.close(1);
  keys.open(1);
  EXPECT_FALSE(keys.has_timer(1));
  keys.arm(1, 165, 165, 10, false);
  EXPECT_EQ(advance(keys, 175), (firings{{175, 1}}));
  keys.arm(1, 180, 180, 10, false);
  EXPECT_EQ(advance(keys, 180), firings{}) << "the old key's";
  EXPECT_TRUE(keys.has_timer(1));
  EXPECT_EQ(advance(keys, 190), (firings{{190, 1}}));
}

/// Whatever becomes of keys, each fires when it should, and there is room for every timer.
TEST(key_slots, timers_of_keys_that_come_and_go_keep_their_times) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    constexpr std::uint32_t count = 200;
    constexpr std::int64_t within_ns = 1'000;
    key_slots keys(count, 8, true);
    std::map<partition_id, std::int64_t> due_by;  // exact timers that a key has itself asked for
    std::vector<bool> is_open(count);
    std::int64_t now_ns = 0;
    std::uint64_t asked = 0;
    for (int step = 0; step < 20'000; ++step) {
      const auto id = static_cast<partition_id>(random() % count);
      if (!is_open[id]) {
        keys.open(id);
        is_open[id] = true;
      } else if (random() % 4 == 0) {
        keys.close(id);
        is_open[id] = false;
        due_by.erase(id);
      }
      if (is_open[id] && !keys.has_timer(id)) {
        const bool may_be_late = random() % 2 == 0;
        keys.arm(id, now_ns, now_ns, within_ns, may_be_late);
        if (!may_be_late) {
          due_by[id] = now_ns + within_ns;
          ++asked;
        }
      }
      now_ns += static_cast<std::int64_t>(random() % 20);
      ASSERT_LE(keys.timers().size(), keys.timers().capacity());
      keys.advance(now_ns, [&](partition_id fired) {
        const auto found = due_by.find(fired);
        if (found == due_by.end()) return;
        EXPECT_LE(found->second, now_ns) << "seed " << seed;
        due_by.erase(found);
      });
      for (const auto& [pending, at_ns] : due_by) ASSERT_GT(at_ns, now_ns) << "key " << pending << ", seed " << seed;
    }
    EXPECT_GT(asked, 1'000U);
  }
}

TEST(key_slots, tells_which_keys_are_due_soon) {
  key_slots keys(64, 8, true);
  for (partition_id id = 0; id < 4; ++id) keys.open(id);
  keys.arm(0, 0, 0, 10, true);  // late: 80
  keys.arm(1, 60, 60, 10, false);
  keys.arm(2, 500, 500, 10, false);
  std::vector<partition_id> found(8);
  found.resize(keys.due_by(100, found));
  std::ranges::sort(found);
  EXPECT_EQ(found, (std::vector<partition_id>{0, 1}));
}

}  // namespace
}  // namespace millrace::cep
