// The fuzz target's entry point in every build: all seeds, then seeded mutations of them.
// MILLRACE_MUTATIONS=N: so many. MILLRACE_SEED=N: that one alone.
// MILLRACE_FROM=N: the seeds from there on (1).

#include "mutation.hpp"
#include "pattern_and_feed.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace millrace::fuzz {
namespace {

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

const std::vector<std::string>& all_seeds() {
  static const std::vector<std::string> made = seeds(MILLRACE_CASES, MILLRACE_EXAMPLES);
  return made;
}

fate tried(const std::string& input, const std::string& origin) {
  try {
    return try_pattern_and_feed(input);
  } catch (const std::exception& e) {
    ADD_FAILURE() << origin << "\n" << input << "\n" << e.what();
    return fate::ran;
  }
}

TEST(fuzz, every_seed_is_accepted_and_those_that_the_oracle_knows_agree) {
  std::map<fate, int> counts;
  for (std::size_t i = 0; i < all_seeds().size(); ++i) ++counts[tried(all_seeds()[i], "seed " + std::to_string(i))];
  EXPECT_EQ(counts[fate::refused], 0);
  EXPECT_GE(counts[fate::compared], 900);
}

TEST(fuzz, mutations_end_within_bounds_and_agree_with_the_oracle) {
  const std::uint64_t only = number("MILLRACE_SEED", 0);
  const std::uint64_t first = only != 0 ? only : number("MILLRACE_FROM", 1);
  const std::uint64_t many = only != 0 ? 1 : number("MILLRACE_MUTATIONS", 4'000);
  std::map<fate, std::uint64_t> counts;
  for (std::uint64_t seed = first; seed < first + many; ++seed)
    ++counts[tried(mutation(all_seeds(), seed), "MILLRACE_SEED=" + std::to_string(seed))];
  std::cout << counts[fate::refused] << " refused, " << counts[fate::ran] << " ran, " << counts[fate::compared]
            << " compared\n";
  if (only == 0) {
    EXPECT_GE(counts[fate::compared] * 20, many) << "too few mutations are patterns that the oracle knows";
  }
}

}  // namespace
}  // namespace millrace::fuzz
