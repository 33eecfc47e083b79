#include "random_records.hpp"

#include <gtest/gtest.h>

#include <map>
#include <millrace/base/error.hpp>
#include <millrace/stream/foreign_key_join.hpp>
#include <millrace/stream/latest_table.hpp>
#include <millrace/stream/table_table_join.hpp>
#include <millrace/stream/versioned_table.hpp>

namespace millrace::stream::testing {
namespace {

using latest = latest_table<number, number>;
using versioned = versioned_table<number, number>;
using many = std::vector<output>;

TEST(table_table_join, a_deletion_ends_the_result_that_there_was) {
  latest left(10);
  latest right(10);
  table_table_join join(join_kind::inner, left, right);
  outputs out;
  const auto to_left = [&](const auto& change) { join.left(change, out); };
  const auto to_right = [&](const auto& change) { join.right(change, out); };
  left.put({1, 1, 10}, to_left);
  EXPECT_EQ(out, many{});
  right.put({1, 2, 5}, to_right);
  left.put({1, std::nullopt, 6}, to_left);
  EXPECT_EQ(out, (many{{1, 1, 2, 10}, {1, std::nullopt, std::nullopt, 6}}));
}

TEST(table_table_join, drops_changes_that_are_not_the_latest_and_counts_them) {
  versioned left(10, 100);
  latest right(10);
  table_table_join join(join_kind::left, left, right);
  outputs out;
  const auto to_left = [&](const auto& change) { join.left(change, out); };
  left.put({1, 1, 10}, to_left);
  left.put({1, 2, 9}, to_left);
  EXPECT_EQ(out, (many{{1, 1, std::nullopt, 10}}));
  EXPECT_EQ(join.outdated(), 1u);
}

struct row {
  number value;
  std::int64_t time_ns;
};
using rows = std::map<number, row>;

/// The result for a key from both tables as they are.
std::optional<output> result_of(join_kind kind, const rows& left, const rows& right, number key) {
  const auto l = left.find(key);
  const auto r = right.find(key);
  const bool has_left = l != left.end();
  const bool has_right = r != right.end();
  if (!has_left && !(has_right && kind == join_kind::outer)) return std::nullopt;
  if (!has_right && kind == join_kind::inner) return std::nullopt;
  return output{key, has_left ? std::optional(l->second.value) : std::nullopt,
                has_right ? std::optional(r->second.value) : std::nullopt,
                std::max(has_left ? l->second.time_ns : -1'000'000, has_right ? r->second.time_ns : -1'000'000)};
}

TEST(table_table_join, agrees_with_the_join_of_the_tables_after_every_change) {
  std::size_t handed_on = 0;
  for (std::uint64_t seed = 1; seed <= 1'500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_records records(seed);
    const auto kind = static_cast<join_kind>(records.below(3));
    latest left(50);
    latest right(50);
    rows tables[2];
    table_table_join join(kind, left, right);
    for (int i = 0; i < 80; ++i) {
      const number_record from = records.next();
      const bool is_left = records.below(2) == 0;
      outputs out;
      if (is_left)
        left.put(from, [&](const auto& change) { join.left(change, out); });
      else
        right.put(from, [&](const auto& change) { join.right(change, out); });
      if (!from.key) {
        ASSERT_TRUE(out.empty());
        continue;
      }
      const auto before = result_of(kind, tables[0], tables[1], *from.key);
      tables[!is_left].erase(*from.key);
      if (from.value) tables[!is_left][*from.key] = {*from.value, from.time_ns};
      const auto after = result_of(kind, tables[0], tables[1], *from.key);
      if (after) {
        const bool other_is_missing = is_left ? !after->right : !after->left;
        const bool own_is_missing = is_left ? !after->left : !after->right;
        ASSERT_EQ(out.size(), 1u);
        ASSERT_EQ(out[0].left, after->left);
        ASSERT_EQ(out[0].right, after->right);
        if (!other_is_missing && !own_is_missing) {
          ASSERT_EQ(out[0].time_ns, after->time_ns);
        }
      } else if (before) {
        ASSERT_EQ(out.size(), 1u);
        ASSERT_FALSE(out[0].left || out[0].right);
      } else {
        for (const output& each : out) ASSERT_FALSE(each.left || each.right);
      }
      handed_on += out.size();
    }
  }
  EXPECT_GT(handed_on, 20'000u);
}

/// A left value names the right key `value % 5`, but for multiples of seven.
struct names {
  std::optional<number> operator()(number value) const {
    return value % 7 == 0 ? std::nullopt : std::optional(value % 5);
  }
};

TEST(foreign_key_join, a_row_whose_foreign_key_changes_from_or_to_none_is_joined_anew) {
  latest left(10);
  latest right(10);
  foreign_key_join join(join_kind::inner, left, right, names{}, 10);
  outputs out;
  const auto to_left = [&](const auto& change) { join.left(change, out); };
  right.put({1, 100, 1}, [&](const auto& change) { join.right(change, out); });
  left.put({9, 7, 2}, to_left);
  left.put({9, 6, 3}, to_left);
  left.put({9, 14, 4}, to_left);
  EXPECT_EQ(out, (many{{9, 6, 100, 3}, {9, std::nullopt, std::nullopt, 4}}));
}

TEST(foreign_key_join, what_was_handed_on_last_is_the_join_of_the_tables_after_every_change) {
  for (std::uint64_t seed = 1; seed <= 1'500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_records records(seed);
    const bool is_left_join = records.below(2) == 0;
    latest left(50);
    latest right(50);
    rows lefts;
    rows rights;
    foreign_key_join join(is_left_join ? join_kind::left : join_kind::inner, left, right, names{}, 50);
    std::map<number, std::pair<std::optional<number>, std::optional<number>>> last;
    bool is_there = true;  // what is deleted
    const auto note = [&](const joined<number, number, number>& from) {
      if (from.left != nullptr)
        last[*from.key] = {*from.left, from.right == nullptr ? std::nullopt : std::optional(*from.right)};
      else
        is_there = is_there && last.erase(*from.key) == 1;
    };
    for (int i = 0; i < 80; ++i) {
      number_record from = records.next();
      if (records.below(2) == 0) {
        left.put(from, [&](const auto& change) { join.left(change, note); });
        if (from.key) lefts.erase(*from.key);
        if (from.key && from.value) lefts[*from.key] = {*from.value, from.time_ns};
      } else {
        if (from.key) from.key = records.below(5);
        right.put(from, [&](const auto& change) { join.right(change, note); });
        if (from.key) rights.erase(*from.key);
        if (from.key && from.value) rights[*from.key] = {*from.value, from.time_ns};
      }
      decltype(last) expected;
      for (const auto& [key, each] : lefts) {
        const auto named = names{}(each.value);
        const auto partner = named ? rights.find(*named) : rights.end();
        if (is_left_join || partner != rights.end())
          expected[key] = {each.value, partner == rights.end() ? std::nullopt : std::optional(partner->second.value)};
      }
      ASSERT_EQ(last, expected) << "record " << i;
      ASSERT_TRUE(is_there) << "record " << i;
    }
    ASSERT_EQ(join.full(), 0u);
  }
}

TEST(foreign_key_join, joins_rows_beyond_its_bound_as_if_they_named_none_and_counts_them) {
  latest left(10);
  latest right(10);
  foreign_key_join join(join_kind::left, left, right, names{}, 1);
  outputs out;
  const auto to_left = [&](const auto& change) { join.left(change, out); };
  right.put({1, 100, 1}, [&](const auto& change) { join.right(change, out); });
  left.put({1, 1, 2}, to_left);
  EXPECT_EQ(join.full(), 0u);
  left.put({2, 1, 2}, to_left);
  EXPECT_EQ(join.full(), 1u);
  EXPECT_EQ(out, (many{{1, 1, 100, 2}, {2, 1, std::nullopt, 2}}));
  EXPECT_THROW(foreign_key_join(join_kind::outer, left, right, names{}, 1), error);
}

}  // namespace
}  // namespace millrace::stream::testing
