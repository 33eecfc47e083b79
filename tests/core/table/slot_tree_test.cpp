#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <millrace/table/slot_tree.hpp>
#include <random>
#include <set>
#include <vector>

namespace millrace::detail {
namespace {

struct nodes {
  std::vector<std::pair<int, std::uint32_t>> keys;
  mutable std::vector<tree_links> links_of;

  [[nodiscard]] bool precedes(std::uint32_t a, std::uint32_t b) const { return keys[a] < keys[b]; }
  tree_links& links(std::uint32_t slot) const { return links_of[slot]; }
};

std::vector<std::uint32_t> walk(const slot_tree& tree, const nodes& of) {
  std::vector<std::uint32_t> made;
  for (std::uint32_t at = tree.first(); at != no_slot; at = tree.next(of, at)) made.push_back(at);
  return made;
}

TEST(slot_tree, agrees_with_a_set) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    constexpr std::uint32_t count = 100;
    nodes of{std::vector<std::pair<int, std::uint32_t>>(count), std::vector<tree_links>(count)};
    for (std::uint32_t slot = 0; slot < count; ++slot) of.keys[slot] = {0, slot};
    const auto before = [&](std::uint32_t a, std::uint32_t b) { return of.precedes(a, b); };
    std::set<std::uint32_t, decltype(before)> expected(before);
    slot_tree tree;
    for (int step = 0; step < 1'000; ++step) {
      const auto slot = static_cast<std::uint32_t>(random() % count);
      if (expected.contains(slot)) {
        tree.remove(of, slot);
        expected.erase(slot);
      } else {
        of.keys[slot] = {seed % 3 == 0 ? step : static_cast<int>(random() % 20), slot};
        tree.add(of, slot);
        expected.insert(slot);
      }
      ASSERT_EQ(tree.empty(), expected.empty());
      ASSERT_EQ(tree.first(), expected.empty() ? no_slot : *expected.begin());
      ASSERT_EQ(tree.last(), expected.empty() ? no_slot : *expected.rbegin());
      if (step % 10 == 0) {
        ASSERT_EQ(walk(tree, of), std::vector<std::uint32_t>(expected.begin(), expected.end()));
        const int bound = static_cast<int>(random() % 25);
        const auto at = std::find_if(expected.begin(), expected.end(),
                                     [&](std::uint32_t each) { return of.keys[each].first >= bound; });
        ASSERT_EQ(tree.first_where(of, [&](std::uint32_t each) { return of.keys[each].first >= bound; }),
                  at == expected.end() ? no_slot : *at);
      }
    }
  }
}

TEST(slot_tree, stays_shallow_whatever_the_order) {
  constexpr std::uint32_t count = 1U << 14;
  nodes of{std::vector<std::pair<int, std::uint32_t>>(count), std::vector<tree_links>(count)};
  slot_tree tree;
  for (std::uint32_t i = 0; i < count; ++i) {
    of.keys[i] = {i % 2 == 0 ? static_cast<int>(i) : -static_cast<int>(i), i};
    tree.add(of, i);
  }
  std::size_t deepest = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::size_t depth = 0;
    for (std::uint32_t at = i; at != no_slot; at = of.links(at).parent) ++depth;
    deepest = std::max(deepest, depth);
  }
  EXPECT_LT(deepest, 60u);
}

}  // namespace
}  // namespace millrace::detail
