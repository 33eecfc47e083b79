#include <gtest/gtest.h>

#include <cstdint>
#include <millrace/window/suppression.hpp>
#include <optional>
#include <tuple>
#include <vector>

namespace millrace::window {
namespace {

using sent = std::tuple<std::uint64_t, std::optional<int>, std::int64_t>;

struct fixture {
  explicit fixture(const suppression_options& options) : of(options) {}

  bool put(std::uint64_t key, std::optional<int> value, std::int64_t waits_from, std::int64_t time) {
    return of.put(key, value ? &*value : nullptr, waits_from, time,
                  [this](std::uint64_t k, const int* v, std::int64_t t) {
                    out.emplace_back(k, v == nullptr ? std::nullopt : std::optional(*v), t);
                  });
  }

  suppression<std::uint64_t, int> of;
  std::vector<sent> out;
};

TEST(suppression, lets_the_last_update_of_a_key_out_when_its_first_is_old_enough) {
  fixture f({.wait = 10});
  f.put(1, 100, 5, 5);
  f.put(1, 101, 9, 9);
  EXPECT_TRUE(f.out.empty());
  f.put(2, 200, 14, 14);
  EXPECT_TRUE(f.out.empty());
  f.put(2, 201, 15, 15);
  EXPECT_EQ(f.out, std::vector<sent>({{1, 101, 9}}));
  EXPECT_EQ(f.of.size(), 1U);
}

TEST(suppression, sends_the_first_ones_early_when_it_is_full) {
  fixture f({.wait = 1'000, .records_max = 2});
  f.put(1, 1, 5, 5);
  f.put(2, 2, 3, 5);
  f.put(3, 3, 9, 9);
  EXPECT_EQ(f.out, std::vector<sent>({{2, 2, 5}}));
}

TEST(suppression, refuses_and_counts_where_it_may_not_send_early) {
  fixture f({.wait = 1'000, .records_max = 1, .sends_when_full = false});
  EXPECT_TRUE(f.put(1, 1, 5, 5));
  EXPECT_FALSE(f.put(2, 2, 5, 5));
  EXPECT_TRUE(f.put(1, 3, 6, 6));
  EXPECT_EQ(f.of.refusals(), 1U);
}

TEST(suppression, sends_deletions_or_drops_them) {
  for (const bool drops : {false, true}) {
    fixture f({.wait = 0, .drops_deletions = drops});
    f.put(1, std::nullopt, 5, 5);
    EXPECT_EQ(f.out.size(), drops ? 0U : 1U);
    EXPECT_EQ(f.of.size(), 0U);
  }
}

}  // namespace
}  // namespace millrace::window
