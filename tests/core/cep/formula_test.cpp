#include <millrace/cep/graph.hpp>

#include <gtest/gtest.h>
#include <random>

namespace millrace::cep {
namespace {

using clauses = std::vector<std::vector<term>>;

TEST(formula, of_no_condition_always_holds) {
  EXPECT_TRUE(formula::of(no_condition).clauses().empty());
  EXPECT_EQ(formula::of(3).clauses(), (clauses{{{3, false}}}));
}

TEST(formula, its_opposite_is_one_clause_of_opposites) {
  const formula both = formula::of(2) && formula::of(1);
  EXPECT_EQ(both.negated().clauses(), (clauses{{{1, true}, {2, true}}}));
  EXPECT_EQ(formula::of(1).negated().negated(), formula::of(1));
}

TEST(formula, the_opposite_of_always_is_impossible) {
  EXPECT_TRUE(formula{}.negated().impossible());
  EXPECT_FALSE(formula{}.impossible());
}

TEST(formula, is_kept_sorted_and_without_repeats) {
  const formula a = formula::of(1) && formula::of(2) && formula::of(1);
  EXPECT_EQ(a, formula::of(2) && formula::of(1));
  EXPECT_EQ(a.clauses().size(), 2u);
  EXPECT_EQ((formula::of(1) && formula{}), formula::of(1));
}

TEST(formula, a_clause_that_always_holds_is_dropped) {
  // not (1 and not 1) is "not 1 or 1"
  const formula contradiction = formula::of(1) && formula::of(1).negated();
  EXPECT_TRUE(contradiction.impossible());
  EXPECT_TRUE(contradiction.negated().clauses().empty());
}

TEST(formula, a_clause_whose_every_term_is_denied_is_impossible) {
  const formula either = (formula::of(1) && formula::of(2)).negated();  // not 1 or not 2
  EXPECT_FALSE((either && formula::of(1)).impossible());
  EXPECT_TRUE((either && formula::of(1) && formula::of(2)).impossible());
}

bool holds(const formula& f, unsigned truths) {
  for (const auto& clause : f.clauses()) {
    bool any = false;
    for (const term& t : clause) any = any || ((truths >> t.condition & 1) != 0) != t.negated;
    if (!any) return false;
  }
  return true;
}

TEST(formula, means_under_every_truth_what_it_was_made_of) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    formula all;
    std::vector<std::pair<formula, bool>> parts;
    for (int n = 0; n < 4; ++n) {
      formula part;
      for (unsigned k = 0; k <= random() % 3; ++k) part = part && formula::of(static_cast<condition_id>(random() % 4));
      const bool negated = random() % 2 == 0;
      parts.emplace_back(part, negated);
      all = all && (negated ? part.negated() : part);
    }
    bool possible = false;
    for (unsigned truths = 0; truths < 16; ++truths) {
      bool expected = true;
      for (const auto& [part, negated] : parts) expected = expected && holds(part, truths) != negated;
      ASSERT_EQ(holds(all, truths), expected);
      possible = possible || expected;
    }
    // It may miss a contradiction, but never sees one where there is none.
    ASSERT_FALSE(possible && all.impossible());
  }
}

}  // namespace
}  // namespace millrace::cep
