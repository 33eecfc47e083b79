// Lists of waiting runs with an index, held to a plain vector of entries, each of which is asked.
#include <millrace/cep/waiting_runs.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace millrace::cep {
namespace {

constexpr std::uint32_t most = 600;
const std::vector<wait_kind> kinds{wait_kind::none, wait_kind::order, wait_kind::equality, wait_kind::order};

class indexed_list {
 public:
  explicit indexed_list(std::uint32_t seed) : random_(seed) {
    under_test_.allow_indexes(1, kinds);
    for (std::uint32_t run = most; run-- > 0;) free_.push_back(run);
  }

  void append() {
    if (free_.empty()) return;
    expected_.push_back(draw_entry());
    under_test_.append(list_, expected_.back());
  }

  void pop() {
    if (expected_.empty()) return;
    const waiting_entry entry = under_test_.pop(list_);
    ASSERT_EQ(entry.run, expected_.front().run);
    ASSERT_EQ(entry.bound, expected_.front().bound);
    free_.push_back(entry.run);
    expected_.erase(expected_.begin());
  }

  void change() {
    if (expected_.empty() || !list_.is_indexed()) return;
    const std::size_t i = below(expected_.size());
    const waiting_entry entry = draw_entry(expected_[i].run);
    under_test_.change(list_, under_test_.place_of(entry.run), entry);
    expected_[i] = entry;
  }

  void replace() {
    if (expected_.empty() || !list_.is_indexed()) return;
    const auto i = static_cast<std::ptrdiff_t>(below(expected_.size()));
    const auto at = under_test_.place_of(expected_[static_cast<std::size_t>(i)].run);
    under_test_.forget(at);
    free_.push_back(expected_[static_cast<std::size_t>(i)].run);
    expected_.erase(expected_.begin() + i);
    waiting_list by;
    std::vector<waiting_entry> made;
    for (std::size_t count = below(7); count > 0 && !free_.empty(); --count) {
      made.push_back(draw_entry());
      under_test_.append(by, made.back());
    }
    under_test_.replace(list_, at, by);
    expected_.insert(expected_.begin() + i, made.begin(), made.end());
  }

  void index_or_not() {
    if (list_.is_indexed())
      under_test_.drop_index(list_);
    else
      under_test_.try_index(list_);
  }

  void compare() {
    std::vector<std::uint32_t> all;
    under_test_.each(list_, [&](std::uint32_t run) { all.push_back(run); });
    ASSERT_EQ(all.size(), expected_.size());
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], expected_[i].run);
    ASSERT_LE(under_test_.leaf_count(), expected_.size());
    if (!list_.is_indexed()) return;
    ++compared;
    std::vector<node_probe> probes;
    for (const wait_kind kind : kinds) {
      const auto draw = below(6);
      const bool asks_equality = kind == wait_kind::equality && draw > 1;
      const wait_bound number = draw == 0 ? node_probe::asleep : draw == 1 ? node_probe::asks_all : draw_bound();
      if (kind == wait_kind::none && draw > 1)
        probes.push_back({draw % 2 == 0 ? node_probe::asleep : node_probe::asks_all, false});
      else
        probes.push_back({number, asks_equality});
    }
    std::vector<std::uint32_t> found;
    const bool pays = under_test_.try_find(list_, probes, found);
    std::vector<std::uint32_t> asked;
    for (const waiting_entry& each : expected_)
      if (probes[each.node].passes(each.bound)) asked.push_back(each.run);
    ASSERT_EQ(pays, asked.size() < 2 || asked.size() < expected_.size() / 4);
    if (!pays) {
      std::ranges::sort(found);
      std::ranges::sort(asked);
    }
    ASSERT_EQ(found, asked);
    in_order += pays && found.size() > 1 ? 1 : 0;
    found_in_all += found.size();
    passed_over += expected_.size() - found.size();
  }

  std::size_t below(std::size_t n) { return random_() % n; }
  [[nodiscard]] std::size_t size() const { return expected_.size(); }

  int compared = 0;
  int in_order = 0;
  std::size_t found_in_all = 0;
  std::size_t passed_over = 0;

 private:
  wait_bound draw_bound() { return static_cast<wait_bound>(below(40)) - 20; }
  waiting_entry draw_entry() {
    const std::uint32_t run = free_.back();
    free_.pop_back();
    return draw_entry(run);
  }
  waiting_entry draw_entry(std::uint32_t run) {
    const auto node = static_cast<node_id>(below(kinds.size()));
    const wait_bound bound = draw_bound();
    return {kinds[node] == wait_kind::none ? no_bound : bound, run, node};
  }

  waiting_runs under_test_{most};
  waiting_list list_;
  std::vector<waiting_entry> expected_;
  std::vector<std::uint32_t> free_;
  std::mt19937 random_;
};

TEST(waiting_index, finds_what_asking_each_run_finds) {
  int compared = 0;
  int in_order = 0;
  std::size_t found = 0;
  std::size_t passed_over = 0;
  std::size_t largest = 0;
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    indexed_list list(seed);
    // Lists grow in the mean, then shrink.
    for (int i = 0; i < 6'000; ++i) {
      const std::size_t appends = i / 1'500 % 2 == 0 ? 6 : 2;
      const std::size_t draw = list.below(16);
      if (draw < appends) {
        list.append();
      } else if (draw < 10) {
        list.pop();
      } else if (draw < 13) {
        list.change();
      } else if (draw < 15) {
        list.replace();
      } else if (list.below(20) == 0) {
        list.index_or_not();
      }
      largest = std::max(largest, list.size());
      if (i % 3 == 0) list.compare();
      if (testing::Test::HasFatalFailure()) return;
    }
    compared += list.compared;
    in_order += list.in_order;
    found += list.found_in_all;
    passed_over += list.passed_over;
  }
  EXPECT_GT(compared, 10'000);
  EXPECT_GT(in_order, 1'000);
  EXPECT_GT(found, 10'000u);
  EXPECT_GT(passed_over, 10'000u);
  EXPECT_GT(largest, 100u);
}

TEST(waiting_index, gives_labels_anew_when_there_is_no_room_between_two_leaves) {
  waiting_runs under_test(1'000);
  under_test.allow_indexes(1, {wait_kind::order});
  waiting_list list;
  std::vector<std::uint32_t> expected;
  for (std::uint32_t run = 0; run < 8; ++run) {
    under_test.append(list, {run % 8 == 0 ? 0 : 1, run, 0});
    expected.push_back(run);
  }
  under_test.try_index(list);
  // Always behind the first one: each split halves what is left between the same two labels.
  for (std::uint32_t next = 8; next < 900; next += 2) {
    const auto at = under_test.place_of(expected[1]);
    under_test.forget(at);
    waiting_list by;
    for (const std::uint32_t run : {expected[1], next, next + 1}) under_test.append(by, {run % 8 == 0 ? 0 : 1, run, 0});
    under_test.replace(list, at, by);
    expected.insert(expected.begin() + 2, {next, next + 1});
  }
  std::vector<std::uint32_t> found;
  EXPECT_TRUE(under_test.try_find(list, std::vector<node_probe>{{1, false}}, found));
  std::erase_if(expected, [](std::uint32_t run) { return run % 8 != 0; });
  EXPECT_EQ(found, expected);
}

TEST(waiting_index, is_refused_when_there_are_as_many_as_may_be) {
  waiting_runs under_test(8);
  under_test.allow_indexes(8, {wait_kind::order});
  waiting_list lists[5];
  for (std::uint32_t i = 0; i < 5; ++i) {
    under_test.append(lists[i], {0, i, 0});
    under_test.try_index(lists[i]);
    EXPECT_EQ(lists[i].is_indexed(), i < 4);
  }
  under_test.drop_index(lists[2]);
  under_test.try_index(lists[4]);
  EXPECT_TRUE(lists[4].is_indexed());
}

}  // namespace
}  // namespace millrace::cep
