#include <millrace/cep/waiting_runs.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

namespace millrace::cep {
namespace {

std::vector<std::uint32_t> runs_of(const waiting_runs& of, const waiting_list& list) {
  std::vector<std::uint32_t> made;
  of.each(list, [&](std::uint32_t run) { made.push_back(run); });
  return made;
}

/// Where the entry of that number is: the leaf in front, its own, and its place in it.
struct place {
  std::uint32_t before = null_handle;
  std::uint32_t leaf;
  std::uint32_t index;
};
place place_of(const waiting_runs& of, const waiting_list& list, std::size_t number) {
  place at{null_handle, list.head, 0};
  for (;; at = {at.leaf, of.leaf(at.leaf).next, 0}) {
    const waiting_leaf& leaf = of.leaf(at.leaf);
    const std::size_t size = leaf.end - leaf.begin;
    if (number < size) return {at.before, at.leaf, static_cast<std::uint32_t>(leaf.begin + number)};
    number -= size;
  }
}

TEST(waiting_runs, agree_with_a_queue_while_lists_are_cut_and_filled) {
  constexpr std::uint32_t most = 40;
  waiting_runs under_test(most);
  waiting_list list;
  waiting_list rest;
  std::deque<std::uint32_t> expected;
  std::deque<std::uint32_t> expected_rest;
  std::mt19937 random(3);
  std::uint32_t next = 0;
  int cuts = 0;
  for (int i = 0; i < 50'000; ++i) {
    const auto draw = random() % 10;
    if (draw < 5 && expected.size() + expected_rest.size() < most) {
      under_test.append(list, {static_cast<wait_bound>(next) * 3, next, static_cast<node_id>(next % 7)});
      expected.push_back(next++);
    } else if (draw < 8 && !expected.empty()) {
      const waiting_entry entry = under_test.pop(list);
      ASSERT_EQ(entry.run, expected.front());
      ASSERT_EQ(entry.bound, static_cast<wait_bound>(entry.run) * 3);
      ASSERT_EQ(entry.node, entry.run % 7);
      expected.pop_front();
    } else if (draw == 8 && rest.empty() && !expected.empty()) {
      const std::size_t at = random() % expected.size();
      const place cut = place_of(under_test, list, at);
      rest = under_test.split(list, cut.before, cut.leaf, cut.index);
      expected_rest.assign(expected.begin() + static_cast<std::ptrdiff_t>(at), expected.end());
      expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(at), expected.end());
      ++cuts;
    } else if (draw == 9) {
      for (; !rest.empty(); expected_rest.pop_front()) {
        const waiting_entry entry = under_test.pop(rest);
        under_test.append(list, entry);
        expected.push_back(entry.run);
      }
    }
    ASSERT_TRUE(std::ranges::equal(runs_of(under_test, list), expected)) << i;
    ASSERT_TRUE(std::ranges::equal(runs_of(under_test, rest), expected_rest)) << i;
    if (!expected.empty()) {
      ASSERT_EQ(under_test.front(list), expected.front());
    }
    ASSERT_LE(under_test.leaf_count(), expected.size() + expected_rest.size()) << "no leaf is empty";
  }
  EXPECT_GT(cuts, 1'000);
}

}  // namespace
}  // namespace millrace::cep
