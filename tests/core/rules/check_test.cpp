// What rules files may not say: each refusal with its place and message.

#include "rules_text.hpp"

#include <gtest/gtest.h>

namespace millrace::rules {
namespace {

std::string refused_stages(const std::string& stages, const std::string& header = "") {
  return refusal_of(login_event + ("pattern p on Login " + header + "\n{ " + stages + "\n}"));
}
std::string refused_field(const std::string& field) { return refusal_of("event E { ts : timestamp\n" + field + " }"); }

struct refusal {
  const char* text;
  const char* header;
  const char* message;
};

class pattern_refusal : public testing::TestWithParam<refusal> {};

TEST_P(pattern_refusal, says_where_and_what_to_write_instead) {
  EXPECT_EQ(refused_stages(GetParam().text, GetParam().header), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    all, pattern_refusal,
    testing::Values(
        refusal{"a then b then a", "", "3:3 found a second stage 'a', expected a name of its own for each stage"},
        refusal{"a not next b{2} then c", "",
                "3:14 found a quantifier on the negated stage 'b', expected none: a negation looks at single events"},
        refusal{"a{0}", "", "3:3 found {0…} on stage 'a', expected at least 1; write * or {1,n}? for 'may be absent'"},
        refusal{"a{0,}", "", "3:3 found {0…} on stage 'a', expected at least 1; write * or {1,n}? for 'may be absent'"},
        refusal{"a{3,2}", "", "3:3 found {3,2} on stage 'a', expected the smaller number first"},
        refusal{"a greedy then b", "",
                "3:3 found greedy on stage 'a', which is met once; expected a quantifier before it"},
        refusal{"a then b strict", "",
                "3:10 found strict or any on stage 'b', which is met once; expected a quantifier before it"},
        refusal{"a+ greedy any then b", "",
                "3:3 found greedy with any on stage 'a', expected one of them: every combination is the opposite of "
                "the longest"},
        refusal{"a{2} until (ok)", "", "3:3 found until on stage 'a', expected it on a loop ('+', '*' or {n,})"},
        refusal{"a then b within 0s", "", "3:10 found within 0 on stage 'b', expected a positive duration"},
        refusal{"a within 1s then b", "",
                "3:3 found within on the first stage 'a', expected none: no event comes before it"},
        refusal{"a then b within 3s", "within 2s",
                "3:10 found within on stage 'b' longer than the pattern's within, expected at most that"},
        refusal{"a? not then b then c", "",
                "3:15 found 'not' behind the optional stage 'a', expected a stage that must be met before a negation"},
        refusal{"(a? then b?) not then c then d", "",
                "3:25 found 'not' behind a group that may be empty, expected a group that takes an event"},
        refusal{"(a not then b) then c", "",
                "3:15 found 'not then' at the end of a group, expected it behind the group or before a stage inside"},
        refusal{"a not then b not then c", "within 1s",
                "3:25 found two negations at the end, expected one; join their conditions with 'or'"},
        refusal{"a not then b", "",
                "3:14 found 'not then b' at the end without a bound, expected 'within' on the pattern or on the stage"},
        refusal{"(a? then b*)+", "",
                "2:9 found a repeated group that may be empty, expected a stage in it that must be met; write the "
                "group's stages with + or * instead"},
        refusal{"a then b skip to first c", "",
                "3:26 found skip to 'c', expected a stage of the pattern that is not inside a group"},
        refusal{"a then (b then c) skip to last c", "",
                "3:34 found skip to 'c', expected a stage of the pattern that is not inside a group"},
        refusal{"a then (b) within 1s", "", "2:9 found within on a group, expected it on the stages inside"},
        refusal{"a then (b) is Login", "", "3:17 found 'is' behind a group, expected it on the stages inside"},
        refusal{"a not then (b) then c", "", "2:9 found 'not' before a group, expected a single stage"},
        refusal{"a is Other", "", "3:8 found unknown event 'Other', expected one of Login"},
        refusal{"a{1001}", "", "3:5 found 1001 repetitions, expected at most 1000"},
        refusal{"a : ipp == \"x\"", "",
                "3:7 found unknown field 'ipp', expected a field of event Login: ts, user, ok, ip"},
        refusal{"a : user", "", "3:7 found integer, expected a condition (bool)"},
        refusal{"a select x = a.user, x = 1", "", "3:24 found a second 'x' in select, expected a name of its own"},
        refusal{"a select user", "", "3:12 found 'user', expected STAGE.FIELD (the pattern has no 'by' fields)"},
        refusal{
            "a{2}+", "",
            "3:7 found a second quantifier '+' on one stage, expected one; put the first in a group to repeat that: ( "
            "… )+"},
        refusal{"(a then b){2}{3}", "",
                "3:16 found a second quantifier '{3}' on one stage, expected one; put the first in a group to repeat "
                "that: ( … ){3}"},
        refusal{
            "a??", "",
            "3:5 found a second quantifier '?' on one stage, expected one; put the first in a group to repeat that: ( "
            "… )?"},
        refusal{"a within 2s {2} then b", "",
                "3:15 found a second quantifier '{2}' on one stage, expected one; put the first in a group to repeat "
                "that: ( … ){2}"},
        refusal{"a greedy + then b", "", "3:12 found '+' behind a modifier, expected it right behind the name"},
        refusal{"a+ strict any", "", "3:13 found any a second time, expected it once"},
        refusal{"a+ any any", "", "3:10 found any a second time, expected it once"},
        refusal{"a+ until (ok) until (not ok)", "", "3:17 found until (not ok) a second time, expected it once"},
        refusal{"a then (b) : ok", "", "3:14 found ': ok' behind a group, expected it on the stages inside"},
        refusal{"a not then b greedy then c", "",
                "3:14 found a quantifier on the negated stage 'b', expected none: a negation looks at single events"},
        refusal{"a not next b? then c", "",
                "3:14 found a quantifier on the negated stage 'b', expected none: a negation looks at single events"},
        refusal{
            "a+ greedy then b? then c", "",
            "3:18 found stage 'b' that may be absent right behind the greedy stage 'a', expected one that must be met; "
            "write {0,n} for 'at most n, or none'"},
        refusal{
            "a+ greedy then b* then c", "",
            "3:18 found stage 'b' that may be absent right behind the greedy stage 'a', expected one that must be met; "
            "write {0,n} for 'at most n, or none'"},
        refusal{
            "a+ greedy then (b then c)? then d", "",
            "3:19 found the group that may be absent right behind the greedy stage 'a', expected one that must be met; "
            "write {0,n} for 'at most n, or none'"},
        refusal{"(a within 1s then b) then c", "",
                "3:4 found within on the first stage 'a', expected none: no event comes before it"},
        refusal{"a then b within 1s not then c", "",
                "3:31 found 'not then c' at the end without a bound, expected 'within' on the pattern or on the stage"},
        refusal{"a then (b not then c)", "within 1s",
                "3:22 found 'not then' at the end of a group, expected it behind the group or before a stage inside"},
        refusal{"a not next b not next c", "",
                "3:25 found two negations at the end, expected one; join their conditions with 'or'"},
        refusal{"a{0,0}", "",
                "3:3 found {0…} on stage 'a', expected at least 1; write * or {1,n}? for 'may be absent'"},
        refusal{"a then `$endState$`", "",
                "3:10 found a stage named '$endState$', a name that Flink CEP keeps for itself; expected another"},
        refusal{"a", "by user, user", "2:29 found 'user' twice in 'by', expected it once"},
        refusal{"a", "by usr", "2:23 found 'usr' in 'by', expected a field of event Login: ts, user, ok, ip"},
        refusal{"a", "within 0s", "2:20 found within 0, expected a positive duration"},
        refusal{"a", "within 300000d", "2:27 found 300000d, expected a duration of at most 292 years"}));

TEST(rules_check, accepts_what_is_just_within) {
  EXPECT_EQ(refused_stages("a{1000}"), "accepted");
  EXPECT_EQ(refused_stages("a then b within 2s", "within 2s"), "accepted");
  EXPECT_EQ(refused_stages("a not then b", "within 1ns"), "accepted");
  EXPECT_EQ(refused_stages("(a? then b)+"), "accepted");
  EXPECT_EQ(refused_stages("a+ greedy then b{0,2} then c"), "accepted");
  EXPECT_EQ(refused_stages("(s then a+ greedy)? then b"), "accepted");
}

TEST(rules_check, events_and_patterns_have_names_of_their_own) {
  EXPECT_EQ(refusal_of("event E { ts : timestamp }\nevent E { ts : timestamp }"),
            "2:7 found a second event 'E', expected a name of its own");
  EXPECT_EQ(refusal_of(std::string(login_event) + "pattern p on Login { a }\npattern p on Login { a }"),
            "3:9 found a second pattern 'p', expected a name of its own");
  EXPECT_EQ(refusal_of(std::string(login_event) + "pattern p on Login, Login { a }"),
            "2:21 found event 'Login' twice, expected it once");
  EXPECT_EQ(refusal_of("event E { a : bool }"),
            "1:7 found event 'E' without event time, expected exactly one field of type timestamp");
  EXPECT_EQ(refusal_of(""), "1:1 found no event declaration, expected at least one: event NAME { ts : timestamp … }");
  EXPECT_EQ(refusal_of("time arrival\n event E { ts : timestamp } time watermarks"),
            "2:29 found a second 'time', expected one for the whole file");
}

TEST(rules_check, fields_have_types_that_exist) {
  EXPECT_EQ(refused_field("a : int"),
            "2:5 found type 'int', expected bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, string(N), timestamp "
            "or duration");
  EXPECT_EQ(refused_field("a : string"), "2:5 found string without a capacity, expected string(N)");
  EXPECT_EQ(refused_field("a : u32(4)"), "2:5 found a capacity on u32, expected it on string(N) only");
  EXPECT_EQ(refused_field("a : string(0)"), "2:5 found string(0), expected a capacity of 1 to 65000");
  EXPECT_EQ(refused_field("a : string(65001)"), "2:5 found string(65001), expected a capacity of 1 to 65000");
  EXPECT_EQ(refused_field("a : string(65000)"), "accepted");
  EXPECT_EQ(refusal_of("event E { ts : timestamp(min) }"),
            "1:26 found (min) behind timestamp, expected timestamp(ns), timestamp(us), timestamp(ms) or timestamp(s)");
  EXPECT_EQ(refused_field("ts : u8"), "2:1 event 'E': field 'ts' is declared twice");
  EXPECT_EQ(refused_field("at : timestamp"),
            "2:1 event 'E': found a second timestamp field 'at', expected exactly one");
}

// --- defaults -------------------------------------------------------------------------------------------

template <class T>
T default_of(const std::string& type, const std::string& literal) {
  const auto rules = compiled("event E { ts : timestamp  a : " + type + " = " + literal + " }");
  const field& f = rules->layouts[0]->fields()[1];
  EXPECT_TRUE(f.has_default);
  T value;
  std::memcpy(&value, rules->layouts[0]->blank().data() + f.offset, sizeof value);
  return value;
}

TEST(rules_defaults, lie_in_the_layout) {
  EXPECT_EQ(default_of<std::uint8_t>("bool", "true"), 1);
  EXPECT_EQ(default_of<std::int8_t>("i8", "-128"), -128);
  EXPECT_EQ(default_of<std::int16_t>("i16", "-32768"), -32768);
  EXPECT_EQ(default_of<std::int32_t>("i32", "2147483647"), 2147483647);
  EXPECT_EQ(default_of<std::int64_t>("i64", "-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(default_of<std::uint8_t>("u8", "255"), 255);
  EXPECT_EQ(default_of<std::uint16_t>("u16", "65535"), 65535);
  EXPECT_EQ(default_of<std::uint32_t>("u32", "4294967295"), 4294967295U);
  EXPECT_EQ(default_of<std::uint64_t>("u64", "18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(default_of<float>("f32", "-1.5"), -1.5F);
  EXPECT_EQ(default_of<double>("f64", "3"), 3.0);
  EXPECT_EQ(default_of<fixed_string<3>>("string(3)", "\"abc\""), fixed_string<3>("abc"));
  EXPECT_EQ(default_of<std::int64_t>("duration", "-5ms"), -5'000'000);
}

TEST(rules_defaults, of_time_are_text_or_a_number_of_units) {
  const auto of = [](const std::string& declared) {
    const auto rules = compiled("event E { ts : " + declared + " }");
    std::int64_t value;
    std::memcpy(&value, rules->layouts[0]->blank().data(), sizeof value);
    return value;
  };
  EXPECT_EQ(of("timestamp(ms) = 5"), 5'000'000);
  EXPECT_EQ(of("timestamp = -5"), -5);
  EXPECT_EQ(of("timestamp(s) = \"1970-01-01T00:00:01Z\""), 1'000'000'000);
}

TEST(rules_defaults, that_the_field_cannot_hold_are_refused) {
  for (const char* const field : {"bool = 1",
                                  "i8 = 128",
                                  "i8 = -129",
                                  "i16 = 32768",
                                  "i32 = -2147483649",
                                  "i64 = 9223372036854775808",
                                  "u8 = -1",
                                  "u8 = 256",
                                  "u16 = 65536",
                                  "u32 = 4294967296",
                                  "u64 = -1",
                                  "u8 = 1.0",
                                  "u8 = true",
                                  "f64 = \"x\"",
                                  "f32 = 1e39",
                                  "f32 = -1e39",
                                  "string(3) = \"abcd\"",
                                  "string(3) = 5",
                                  "duration = 5",
                                  "i64 = 5s",
                                  "bool = -true",
                                  "string(3) = -\"abc\""})
    EXPECT_NE(refused_field(std::string("a : ") + field)
                  .find("found a default that 'a' cannot hold, expected a value of type "),
              std::string::npos)
        << field;
  EXPECT_EQ(refused_field("a : u8 = 256"), "2:10 found a default that 'a' cannot hold, expected a value of type u8");
  EXPECT_EQ(refused_field("a : u64 = 18446744073709551616"),
            "2:11 found 18446744073709551616, expected an integer below 2^64");
  EXPECT_EQ(refused_field("a : f64 = 1e999"), "2:11 found 1e999, expected a number in the range of f64");
}

// --- bounds ---------------------------------------------------------------------------------------------

TEST(rules_bounds, a_file_has_64_events_and_not_one_more) {
  std::string text;
  for (int i = 0; i < 64; ++i) text += "event E" + std::to_string(i) + " { ts : timestamp }\n";
  EXPECT_EQ(refusal_of(text), "accepted");
  EXPECT_EQ(refusal_of(text + "event More { ts : timestamp }"),
            "65:7 found more than 64 events, expected at most that");
}

TEST(rules_bounds, a_file_has_15_keys_and_not_one_more) {
  std::string text = "event E { ts : timestamp";
  for (int i = 0; i < 16; ++i) text += " f" + std::to_string(i) + " : u8";
  text += " }\n";
  for (int i = 0; i < 15; ++i) text += "pattern p" + std::to_string(i) + " on E by f" + std::to_string(i) + " { a }\n";
  EXPECT_EQ(compiled(text)->groups.size(), 15u);
  EXPECT_EQ(compiled(text + "pattern same on E by f3 { a }")->groups.size(), 15u);
  EXPECT_EQ(refusal_of(text + "pattern more on E by f15 { a }"),
            "17:9 found more than 15 different keys in one file, expected at most that");
}

TEST(rules_bounds, a_text_has_64_kibibytes_and_not_one_more) {
  std::string text = login_event;
  text += '#';
  text.resize(text_bytes_max, 'x');
  ASSERT_EQ(text.size(), 65'536u);
  EXPECT_EQ(refusal_of(text), "accepted");
  EXPECT_NE(refusal_of(text + "x").find("found a rules file of 65537 bytes, expected at most 65536"),
            std::string::npos);
}

std::string nested(std::size_t depth) {
  return login_event + ("pattern p on Login { a : " + std::string(depth, '(') + "ok" + std::string(depth, ')') + " }");
}

TEST(rules_bounds, brackets_nest_64_deep_and_not_one_more) {
  EXPECT_EQ(refusal_of(nested(64)), "accepted");
  EXPECT_EQ(refusal_of(nested(65)), "2:90 found brackets nested more than 64 deep, expected fewer");
}

// The parser recurses once a bracket: none may escape the count, wherever quotes stand.
TEST(rules_bounds, no_quote_hides_a_bracket_from_the_count) {
  const std::string deep(60'000, '(');
  for (const char* const before : {"`\"` == ", "\"`\" == ", "\"#\" == ", "`#` == ", "\"\\\"\" == ", "# \"\n", "# `\n"})
    EXPECT_NE(refusal_of("event E when " + (before + deep)).find("found brackets nested more than 64 deep"),
              std::string::npos)
        << before;
  EXPECT_EQ(refusal_of("event E when a == \"" + deep + "\" { ts : timestamp }"), "accepted");
  EXPECT_EQ(refusal_of("event E when `" + deep.substr(0, 100) + "` == 1 { ts : timestamp } # " + deep.substr(0, 100)),
            "accepted");
}

TEST(rules_bounds, prefixes_without_end_are_refused) {
  std::string text = "event E when ";
  for (int i = 0; i < 12'000; ++i) text += "not ";
  EXPECT_NE(refusal_of(text + "a { ts : timestamp }").find("the expression is too long"), std::string::npos);
  EXPECT_NE(refusal_of("event E when " + std::string(60'000, '-') + "a == 1 { ts : timestamp }")
                .find("the expression is too long"),
            std::string::npos);
}

// Bounded chains inside bounded brackets are not bounded themselves.
TEST(rules_bounds, prefixes_in_brackets_are_refused) {
  std::string text = "event E when ";
  for (int level = 0; level < 60; ++level) text += std::string(1'000, '-') + '(';
  EXPECT_NE(refusal_of(text + "a").find("expected"), std::string::npos);
  text += "a" + std::string(60, ')') + " == 1 { ts : timestamp }";
  EXPECT_NE(refusal_of(text).find("the expression is too long"), std::string::npos);
}

// --- keys and selection ---------------------------------------------------------------------------------

TEST(rules_keys, patterns_with_the_same_by_share_a_group) {
  const auto rules = compiled(std::string(login_event) +
                              "event Other { ts : timestamp user : u32 x : bool }\n"
                              "pattern p on Login by user { a } pattern q on Other by user { a } pattern r on Login { "
                              "a } pattern s on Login by user, ip { a }");
  ASSERT_EQ(rules->groups.size(), 3u);
  EXPECT_EQ(rules->patterns[0].group, rules->patterns[1].group);
  EXPECT_EQ(rules->groups[0].types, 3u);
  EXPECT_EQ(rules->groups[0].key_bytes_max, 4u);
  EXPECT_TRUE(rules->groups[1].fields.empty());
  EXPECT_EQ(rules->groups[2].key_bytes_max, 4u + 2 + 8);
  EXPECT_EQ(rules->groups[2].fields_of[1].size(), 0u);
}

TEST(rules_keys, hold_one_form_in_all_events_of_a_pattern) {
  EXPECT_EQ(refusal_of(std::string(login_event) +
                       "event Other { ts : timestamp user : u64 }\npattern p on Login, Other by user { a }"),
            "3:30 found 'user' with different types in the events of this pattern, expected one type");
}

TEST(rules_selection, one_event_takes_every_record) {
  const auto rules = compiled(login_event);
  ASSERT_EQ(rules->selection.choices.size(), 1u);
  EXPECT_TRUE(rules->selection.choices[0].when.empty());
}

TEST(rules_selection, several_go_by_type_or_by_what_they_say) {
  const auto rules = compiled(
      "event A { ts : timestamp }  event B when kind == \"b\" and n >= 5 { ts : timestamp  n : u8 }  event C when x > "
      "1.5 and flag == true { ts : timestamp }");
  const event_layout& probe = *rules->selection.probe_layout;
  const auto type_of = [&](const char* name) { return probe.fields()[probe.find(name).value()].type; };
  EXPECT_EQ(type_of("type"), field_type::string);
  EXPECT_EQ(type_of("kind"), field_type::string);
  EXPECT_TRUE(is_integer(type_of("n")));
  EXPECT_EQ(type_of("x"), field_type::f64);
  EXPECT_EQ(type_of("flag"), field_type::boolean);
  for (const auto& choice : rules->selection.choices) EXPECT_FALSE(choice.when.empty());
  for (const field& f : probe.fields()) EXPECT_TRUE(f.nullable);
}

TEST(rules_selection, refuses_a_condition_that_is_none) {
  EXPECT_EQ(refusal_of("event A when n + 1 { ts : timestamp }"), "1:14 found integer, expected a condition (bool)");
  EXPECT_EQ(refusal_of("event A when count(n) > 1 { ts : timestamp }"),
            "1:20 found unknown stage 'n', expected no stage: nothing is matched before this");
}

TEST(rules_conditions, keep_their_text_without_what_follows_it) {
  const auto rules =
      compiled(std::string(login_event) +
               "pattern p on Login { a : lower(ip)   ==\n lower(\"X\") # why\n then b : (ok) # more ( \"\n }");
  ASSERT_EQ(rules->patterns[0].conditions->size(), 2u);
  EXPECT_EQ((*rules->patterns[0].conditions)[0].text, "lower(ip) == lower(\"X\")");
  EXPECT_TRUE((*rules->patterns[0].conditions)[0].test.history_part.empty());
}

}  // namespace
}  // namespace millrace::rules
