#include <millrace/cep/release.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <tuple>
#include <vector>

namespace millrace::cep {
namespace {

TEST(releases, come_out_by_first_event_then_rule_then_arrival) {
  std::mt19937 random(3);
  releases under_test;
  for (std::uint32_t count = 0; count < 100; ++count) {
    std::vector<std::tuple<std::uint64_t, std::uint16_t, std::uint32_t>> expected;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t first = random() % 8;
      const auto rule = static_cast<std::uint16_t>(random() % 4);
      under_test.add(release{first, 0, i, rule, false});
      expected.emplace_back(first, rule, i);
    }
    std::ranges::sort(expected);
    std::vector<std::tuple<std::uint64_t, std::uint16_t, std::uint32_t>> found;
    under_test.drain([&](const release& r) { found.emplace_back(r.first, r.rule, r.path); });
    EXPECT_EQ(found, expected) << count;
    EXPECT_TRUE(under_test.empty());
  }
}

}  // namespace
}  // namespace millrace::cep
