// all ( … ) in text: what is read, and what is refused with what to write instead.

#include "rules_text.hpp"

#include <gtest/gtest.h>

namespace millrace::rules {
namespace {

std::string refused(const std::string& stages, const std::string& header = "") {
  return refusal_of(login_event + ("pattern p on Login " + header + "\n{ " + stages + "\n}"));
}

TEST(rules_any_order, stands_wherever_a_stage_can) {
  const auto stages =
      parsed_pattern(
          "all ( a : ok, b{2} is Login : not ok ) next all(c,d) then all ( e , f ) then any all ( g, h ) "
          "then ( all ( i, j ) then k )+ then ( l then all ( m, n ) ){2}")
          .stages;
  ASSERT_EQ(stages.size(), 6u);
  EXPECT_TRUE(stages[0].any_order);
  ASSERT_EQ(stages[0].members.size(), 2u);
  EXPECT_EQ(stages[0].members[0].name.text, "a");
  EXPECT_TRUE(stages[0].members[0].condition);
  EXPECT_EQ(stages[0].members[1].quantifier.least, 2u);
  EXPECT_EQ(stages[0].members[1].type->text, "Login");
  EXPECT_EQ(stages[1].link, cep::link::next);
  EXPECT_EQ(stages[2].link, cep::link::then);
  EXPECT_EQ(stages[3].link, cep::link::then_any);
  EXPECT_TRUE(stages[3].any_order);
  EXPECT_FALSE(stages[4].any_order);
  EXPECT_TRUE(stages[4].members[0].any_order);
  EXPECT_TRUE(stages[5].members[1].any_order);
}

TEST(rules_any_order, all_stays_a_name_where_no_bracket_follows) {
  EXPECT_EQ(parsed_pattern("all : ok").stages[0].name.text, "all");
  EXPECT_FALSE(parsed_pattern("all : ok").stages[0].any_order);
  EXPECT_EQ(parsed_pattern("a then all+ then b").stages[1].quantifier.unbounded, true);
  EXPECT_EQ(parsed_pattern("all then b").stages[0].name.text, "all");
  EXPECT_EQ(parsed_pattern("a then any all : ok").stages[1].name.text, "all");
  EXPECT_EQ(parsed_pattern("a not then all : ok then b").stages[1].name.text, "all");
  EXPECT_EQ(parsed_pattern("all ( all : ok, allow )").stages[0].members[0].name.text, "all");
  EXPECT_EQ(parsed_pattern("allow").stages[0].name.text, "allow");
  EXPECT_EQ(refusal_of("event E { ts : timestamp  all : bool }\npattern p on E { all : all then b : not all.all }"),
            "accepted");
}

TEST(rules_any_order, members_may_be_named_like_links) {
  const auto members = parsed_pattern("all ( next : ok, then{2}, any )").stages[0].members;
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].name.text, "next");
  EXPECT_EQ(members[1].name.text, "then");
  EXPECT_EQ(members[2].name.text, "any");
}

struct refusal {
  const char* text;
  const char* message;
};

class any_order_refusal : public testing::TestWithParam<refusal> {};

TEST_P(any_order_refusal, says_where_and_what_to_write_instead) {
  EXPECT_EQ(refused(GetParam().text), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    members, any_order_refusal,
    testing::Values(
        refusal{"all ( )", "3:3 found all ( … ) with 0 members, expected at least 2; write a single stage without all"},
        refusal{"all ( a )",
                "3:3 found all ( … ) with 1 members, expected at least 2; write a single stage without all"},
        refusal{
            "all ( a then b )",
            "3:11 found 'then' before a member of all ( … ), expected ',' between members and no link; link what has "
            "an order before or behind all ( … )"},
        refusal{
            "all ( a, next b )",
            "3:12 found 'next' before a member of all ( … ), expected ',' between members and no link; link what has "
            "an order before or behind all ( … )"},
        refusal{
            "all ( a, not then b )",
            "3:12 found 'not then' before a member of all ( … ), expected ',' between members and no link; link what "
            "has an order before or behind all ( … )"},
        refusal{"all ( a, b+ )",
                "3:12 found a range of repetitions on member 'b' of all ( … ), expected an exact {n}; write the loop "
                "behind: all ( … ) then b+"},
        refusal{"all ( a, b{2,} )",
                "3:12 found a range of repetitions on member 'b' of all ( … ), expected an exact {n}; write the loop "
                "behind: all ( … ) then b+"},
        refusal{"all ( a, b{2,3} )",
                "3:12 found a range of repetitions on member 'b' of all ( … ), expected an exact {n}; write the loop "
                "behind: all ( … ) then b+"},
        refusal{
            "all ( a, b* )",
            "3:12 found member 'b' of all ( … ) that may be absent, expected one that must be met; write it behind: "
            "all ( … ) then b?"},
        refusal{
            "all ( a, b? )",
            "3:12 found member 'b' of all ( … ) that may be absent, expected one that must be met; write it behind: "
            "all ( … ) then b?"},
        refusal{"all ( a, b{0} )", "3:12 found {0} on member 'b' of all ( … ), expected 1 to 1000"},
        refusal{"all ( a, b{2} greedy )",
                "3:12 found greedy, strict or any on member 'b' of all ( … ), expected none: between its events there "
                "may be those of other members; leave it out"},
        refusal{"all ( a, b{2} strict )",
                "3:12 found greedy, strict or any on member 'b' of all ( … ), expected none: between its events there "
                "may be those of other members; leave it out"},
        refusal{"all ( a, b{2} any )",
                "3:12 found greedy, strict or any on member 'b' of all ( … ), expected none: between its events there "
                "may be those of other members; leave it out"},
        refusal{"all ( a, b until (ok) )",
                "3:12 found until on member 'b' of all ( … ), expected an exact {n}; write the loop behind: all ( … ) "
                "then b+"},
        refusal{
            "all ( a, b within 5s )",
            "3:12 found within on member 'b' of all ( … ), expected it on the pattern; write 'within D' or 'within D "
            "between events' in its header"},
        refusal{"all ( a, ( b then c ) )",
                "3:14 found a group in all ( … ), expected single stages; write it behind: all ( … ) then ( … )"},
        refusal{
            "all ( a, all ( b, c ) )",
            "3:18 found all ( … ) in all ( … ), expected single stages; write the members of both in one all ( … )"},
        refusal{"all ( a, a )", "3:9 found a second stage 'a', expected a name of its own for each stage"},
        refusal{"x then all ( a, x )", "3:3 found a second stage 'x', expected a name of its own for each stage"},
        refusal{"all ( a : ok b )", "3:16 found 'b', expected an operator, ',' or ')'"},
        refusal{"all ( a, b is Other )", "3:17 found unknown event 'Other', expected one of Login"},
        refusal{"all ( a, b : usr == 1 )",
                "3:16 found unknown field 'usr', expected a field of event Login: ts, user, ok, ip"}));

INSTANTIATE_TEST_SUITE_P(
    behind_and_before, any_order_refusal,
    testing::Values(
        refusal{"all ( a, b ){2}",
                "3:15 found '{2}' behind all ( … ), expected none; put it on a group: ( all ( … ) ){2}"},
        refusal{"all ( a, b )+ then c",
                "3:15 found '+' behind all ( … ), expected none; put it on a group: ( all ( … ) )+"},
        refusal{"all ( a, b ) ? then c",
                "3:16 found '?' behind all ( … ), expected none; put it on a group: ( all ( … ) )?"},
        refusal{"all ( a, b ) greedy",
                "3:16 found 'greedy' behind all ( … ), expected none; put it on a group: ( all ( … ) )+ greedy"},
        refusal{
            "all ( a, b ) until (ok)",
            "3:16 found 'until (ok)' behind all ( … ), expected none; put it on a group: ( all ( … ) )+ until (ok)"},
        refusal{"all ( a, b ) within 5s then c",
                "3:16 found 'within 5s' behind all ( … ), expected it on the pattern; write 'within D' or 'within D "
                "between events' in its header"},
        refusal{"all ( a, b ) is Login", "3:16 found 'is Login' behind all ( … ), expected it on each of its members"},
        refusal{"all ( a, b ) : ok", "3:16 found ': ok' behind all ( … ), expected it on each of its members"},
        refusal{"a not then all ( b, c ) then d",
                "3:14 found 'not' before all ( … ), expected a single stage; write a negation for each member"},
        refusal{"a not next all ( b, c )",
                "3:14 found 'not' before all ( … ), expected a single stage; write a negation for each member"},
        refusal{"a then ( all ( b, c ) ) skip to last c",
                "3:40 found skip to 'c', expected a stage of the pattern that is not inside a group"}));

std::string of_members(int count, const std::string& more) {
  std::string made = "all ( m0";
  for (int i = 1; i < count; ++i) made += ", m" + std::to_string(i);
  return made + more + " )";
}

TEST(rules_any_order, has_4096_states_and_not_one_more) {
  EXPECT_EQ(refused("all ( a{63}, b{63} )"), "accepted");
  EXPECT_EQ(refused("all ( a{63}, b{64} )"),
            "3:9 found all ( … ) with 4160 states (the counts of its members, each plus one, multiplied: 64 * 65), "
            "expected at most 4096; split it: all ( … ) then all ( … )");
  EXPECT_EQ(refused(of_members(12, "")), "accepted");
  EXPECT_NE(refused(of_members(13, "")).find("with 8192 states"), std::string::npos);
  EXPECT_NE(refused(of_members(500, "")).find("with more than 4294967295 states"), std::string::npos);
}

TEST(rules_any_order, groups_of_groups_of_it_are_refused_in_bounded_time) {
  EXPECT_NE(refused("( ( all ( a{60}, b{60} ) ){1000} ){1000}").find("states to build, expected fewer"),
            std::string::npos);
  EXPECT_NE(refused("( ( a{1000} ){1000} ){1000}").find("states to build, expected fewer"), std::string::npos);
}

}  // namespace
}  // namespace millrace::rules
