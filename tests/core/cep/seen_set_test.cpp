#include <millrace/cep/seen_set.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>

namespace millrace::cep {
namespace {

TEST(seen_set, agrees_with_a_map_through_rounds) {
  std::mt19937_64 random(3);
  seen_set seen;
  std::map<std::uint64_t, std::uint32_t> model;
  EXPECT_EQ(seen.find(1), null_handle);
  seen.erase(1);
  std::size_t found = 0, largest = 0;
  for (std::uint32_t step = 0; step < 200'000; ++step) {
    const std::uint64_t what = random() % 100;
    // Numbers that share low bits, and high ones, too.
    const std::uint64_t number = (random() % 3) << 62 | (random() % 4) << 32 | random() % 300;
    if (what < 40) {
      seen.put(number, step);
      model[number] = step;
    } else if (what < 60) {
      seen.erase(number);
      model.erase(number);
    } else if (step % 5'000 == 0) {
      seen.forget();
      model.clear();
    }
    const auto known = model.find(number);
    ASSERT_EQ(seen.find(number), known == model.end() ? null_handle : known->second);
    found += known != model.end() ? 1U : 0U;
    largest = std::max(largest, model.size());
  }
  EXPECT_GT(found, 10'000u);
  EXPECT_GT(largest, 1'000u);
}

}  // namespace
}  // namespace millrace::cep
