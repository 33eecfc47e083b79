#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <millrace/projection/projector.hpp>
#include <millrace/projection/read_model.hpp>
#include <millrace/projection/rebuilt_model.hpp>
#include <millrace/projection/top_rows.hpp>
#include <random>
#include <set>
#include <vector>

namespace millrace::projection {
namespace {

struct account {
  std::uint32_t owner = 0;
  std::int32_t balance = 0;

  friend bool operator==(const account&, const account&) = default;
};
struct owner_of {
  std::uint32_t operator()(const account& row) const { return row.owner; }
};
/// Whole hundreds, of those who owe nothing.
struct wealth_of {
  std::optional<std::int32_t> operator()(const account& row) const {
    return row.balance < 0 ? std::nullopt : std::optional(row.balance / 100);
  }
};
using model = read_model<std::uint32_t, account, owner_of, wealth_of>;

template <std::size_t index, class Value>
std::set<std::uint32_t> keys_by(const model& m, Value value) {
  std::array<std::uint32_t, 64> room{};
  const std::size_t count = m.copy_by<index>(value, room);
  EXPECT_EQ(count, m.count_by<index>(value));
  std::set<std::uint32_t> copied(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(count));
  EXPECT_EQ(copied.size(), count);
  std::set<std::uint32_t> met;
  m.for_each_by<index>(value, [&](std::uint32_t key, const account&) { met.insert(key); });
  EXPECT_EQ(met, copied);
  return copied;
}

TEST(read_model, finds_rows_by_key_and_by_each_index) {
  model m(10, {}, {});
  EXPECT_TRUE(m.put(1, {7, 50}));
  EXPECT_TRUE(m.put(2, {7, 150}));
  EXPECT_TRUE(m.put(3, {8, -1}));
  EXPECT_EQ(m.read(2), (account{7, 150}));
  EXPECT_EQ(m.read(4), std::nullopt);
  EXPECT_EQ((keys_by<0>(m, 7u)), (std::set<std::uint32_t>{1, 2}));
  EXPECT_EQ((keys_by<1>(m, 1)), (std::set<std::uint32_t>{2}));
  EXPECT_EQ((keys_by<1>(m, -1)), (std::set<std::uint32_t>{}));
  EXPECT_TRUE(m.update(1, [](account& row) { row.owner = 8; }));
  EXPECT_EQ((keys_by<0>(m, 8u)), (std::set<std::uint32_t>{1, 3}));
  EXPECT_TRUE(m.erase(1));
  EXPECT_FALSE(m.erase(1));
  EXPECT_EQ((keys_by<0>(m, 8u)), (std::set<std::uint32_t>{3}));
}

TEST(read_model, refuses_and_counts_rows_beyond_its_bound) {
  model m(2, {}, {});
  EXPECT_TRUE(m.put(1, {}));
  EXPECT_TRUE(m.put(2, {}));
  EXPECT_FALSE(m.put(3, {}));
  EXPECT_EQ(m.refused(), 1u);
  EXPECT_TRUE(m.put(2, {9, 9}));
  EXPECT_EQ((keys_by<0>(m, 0u)), (std::set<std::uint32_t>{1}));
}

TEST(read_model, states_the_memory_of_its_rows_and_indexes) {
  const read_model<std::uint32_t, account> plain(1'000);
  const model indexed(1'000, {}, {});
  EXPECT_GE(plain.reserved_bytes(), 1'000 * (sizeof(std::uint32_t) + sizeof(account)));
  EXPECT_GT(indexed.reserved_bytes(), plain.reserved_bytes());
  EXPECT_LT(indexed.reserved_bytes(), 1'000u * 500u);
}

TEST(read_model, says_how_many_there_are_where_the_room_is_short) {
  model m(10, {}, {});
  for (std::uint32_t key = 0; key < 5; ++key) m.put(key, {7, 0});
  std::array<std::uint32_t, 2> room{};
  EXPECT_EQ(m.copy_by<0>(7u, room), 5u);
}

TEST(read_model, agrees_with_a_map) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    model m(40, {}, {});
    std::map<std::uint32_t, account> expected;
    for (int step = 0; step < 500; ++step) {
      const auto key = static_cast<std::uint32_t>(random() % 50);
      if (random() % 100 == 0) {
        m.clear();
        expected.clear();
      } else if (random() % 4 == 0) {
        ASSERT_EQ(m.erase(key), expected.erase(key) == 1);
      } else {
        const account row{static_cast<std::uint32_t>(random() % 4), static_cast<std::int32_t>(random() % 400) - 100};
        const bool fits = expected.contains(key) || expected.size() < 40;
        ASSERT_EQ(m.put(key, row), fits);
        if (fits) expected[key] = row;
      }
      ASSERT_EQ(m.size(), expected.size());
      const auto owner = static_cast<std::uint32_t>(random() % 4);
      std::set<std::uint32_t> of_owner;
      for (const auto& [k, row] : expected)
        if (row.owner == owner) of_owner.insert(k);
      ASSERT_EQ((keys_by<0>(m, owner)), of_owner);
      const auto wealth = static_cast<std::int32_t>(random() % 3);
      std::set<std::uint32_t> of_wealth;
      for (const auto& [k, row] : expected)
        if (row.balance >= 0 && row.balance / 100 == wealth) of_wealth.insert(k);
      ASSERT_EQ((keys_by<1>(m, wealth)), of_wealth);
    }
    std::map<std::uint32_t, account> found;
    m.for_each([&](std::uint32_t key, const account& row) { ASSERT_TRUE(found.emplace(key, row).second); });
    ASSERT_EQ(found, expected);
  }
}

TEST(top_rows, are_those_with_the_highest_scores_the_highest_first) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    model m(100, {}, {});
    std::vector<std::pair<std::int32_t, std::uint32_t>> expected;  // less of it is better
    for (std::uint32_t key = 0; key < seed; ++key) {
      const auto balance = static_cast<std::int32_t>(random() % 20);
      m.put(key, {0, balance});
      expected.emplace_back(-balance, key);
    }
    std::sort(expected.begin(), expected.end());
    std::vector<scored_row<std::uint32_t, account, std::int32_t>> room(random() % 12);
    const std::size_t count =
        top_rows<model, std::int32_t>(m, room, [](std::uint32_t, const account& row) { return row.balance; });
    ASSERT_EQ(count, std::min(room.size(), expected.size()));
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(room[i].key, expected[i].second);
      ASSERT_EQ(room[i].score, -expected[i].first);
    }
  }
}

TEST(rebuilt_model, readers_see_the_old_rows_until_the_switch_and_the_new_ones_from_it_on) {
  rebuilt_model<model> both(std::size_t{10}, owner_of{}, wealth_of{});
  const auto owner = [&](std::uint32_t key) {
    return both.read([&](const model& m) { return m.read(key).value_or(account{}).owner; });
  };
  both.live().put(1, {7, 0});
  model& fresh = both.rebuild();
  fresh.put(1, {8, 0});
  EXPECT_EQ(owner(1), 7u);
  both.switch_over();
  EXPECT_EQ(owner(1), 8u);
  EXPECT_EQ(&both.live(), &fresh);
  EXPECT_EQ(both.rebuild().size(), 0u);
  EXPECT_EQ(owner(1), 8u);
}

struct opened {
  std::uint32_t account;
  std::uint32_t owner;
};
struct deposited {
  std::uint32_t account;
  std::int32_t amount;
};

TEST(projector, updates_rows_by_the_handler_of_each_event) {
  model m(1, {}, {});
  const projector accounts(on<opened>(&opened::account, [](account& row, const opened& e) { row.owner = e.owner; }),
                           on<deposited>([](const deposited& e) { return e.account; },
                                         [](account& row, const deposited& e) { row.balance += e.amount; }));
  EXPECT_TRUE(accounts.apply(m, opened{1, 7}));
  EXPECT_TRUE(accounts.apply(m, deposited{1, 30}));
  EXPECT_TRUE(accounts.apply(m, deposited{1, 12}));
  EXPECT_EQ(m.read(1), (account{7, 42}));
  EXPECT_FALSE(accounts.apply(m, deposited{2, 12}));
}

}  // namespace
}  // namespace millrace::projection
