#include <millrace/cep/link_row.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace millrace::cep {
namespace {

link_test one(std::uint32_t condition) {
  link_test made;
  made.asks = made.wants = std::uint64_t{1} << condition;
  return made;
}

link_row row_of(const std::vector<link_test>& links) {
  return {links.size(), [&](std::size_t i) { return links[i]; }};
}

constexpr condition_bits all_known{~std::uint64_t{0}, 0, 0};

/// What each link says by itself.
std::uint32_t one_by_one(const std::vector<link_test>& links, const condition_bits& known) {
  std::uint32_t made = 0;
  for (std::size_t i = 0; i < links.size(); ++i)
    made |= std::uint32_t{(known.holds & links[i].asks) == links[i].wants} << i;
  return made;
}

TEST(link_row, says_what_each_link_says) {
  std::mt19937_64 random(11);
  for (std::uint32_t count : {1U, 2U, 3U, 7U, 31U, 32U}) {
    for (std::uint32_t first = 0; first + count <= condition_bits_max; ++first) {
      std::vector<link_test> links;
      for (std::uint32_t i = 0; i < count; ++i) links.push_back(one(first + i));
      const link_row row = row_of(links);
      for (int i = 0; i < 20; ++i) {
        condition_bits known = all_known;
        known.holds = random();
        ASSERT_TRUE(row.is_told_by(known));
        ASSERT_EQ(row.fits(known), one_by_one(links, known)) << count << " from " << first;
      }
    }
  }
}

TEST(link_row, is_told_only_where_all_its_conditions_are_known) {
  const link_row row = row_of({one(4), one(5), one(6)});
  EXPECT_TRUE(row.is_told_by({0b1110000, 0, 0}));
  for (const std::uint64_t missing : {4U, 5U, 6U})
    EXPECT_FALSE(row.is_told_by({~(std::uint64_t{1} << missing), 0, 0})) << missing;
}

TEST(link_row, is_never_told_of_other_links) {
  link_test negated = one(1);
  negated.wants = 0;
  link_test by_clauses = one(1);
  by_clauses.is_plain = false;
  link_test two = one(1);
  two.asks |= 0b100;
  EXPECT_FALSE(row_of({one(0), negated}).is_told_by(all_known));
  EXPECT_FALSE(row_of({one(0), by_clauses}).is_told_by(all_known));
  EXPECT_FALSE(row_of({one(0), two}).is_told_by(all_known));
  EXPECT_FALSE(row_of({one(0), one(2)}).is_told_by(all_known));
  EXPECT_FALSE(row_of({one(1), one(1)}).is_told_by(all_known));
  EXPECT_FALSE(row_of({link_test{}}).is_told_by(all_known));
  std::vector<link_test> many;
  for (std::uint32_t i = 0; i < link_row::links_max + 1; ++i) many.push_back(one(i));
  EXPECT_FALSE(row_of(many).is_told_by(all_known));
  EXPECT_FALSE(row_of({one(62), one(63), one(63)}).is_told_by(all_known));
}

}  // namespace
}  // namespace millrace::cep
