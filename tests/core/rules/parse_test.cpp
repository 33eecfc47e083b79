// Every construct of the language, as the parser hands it on.

#include "rules_text.hpp"

#include <gtest/gtest.h>

namespace millrace::rules {
namespace {

using expr::syntax_kind;

file_syntax parsed(const std::string& text) { return parse({"test.mr", text}); }
expr::syntax parsed_expression(const std::string& text) {
  return *parsed("event E when " + text + " { ts : timestamp }").events.at(0).when;
}

TEST(parse, reads_every_type_of_field) {
  const auto file = parsed(
      "event E { a:bool b:i8 c:i16 d:i32 e:i64 f:u8 g:u16 h:u32 i:u64 j:f32 k:f64 l:string(12) m:timestamp n:duration "
      "o:timestamp(ms) }");
  const auto& fields = file.events.at(0).fields;
  ASSERT_EQ(fields.size(), 15u);
  EXPECT_EQ(fields[0].type.text, "bool");
  EXPECT_EQ(fields[11].type.text, "string");
  EXPECT_EQ(fields[11].capacity, 12u);
  EXPECT_EQ(fields[12].unit, std::nullopt);
  EXPECT_EQ(fields[14].unit->text, "ms");
  EXPECT_EQ(fields[14].name.text, "o");
}

TEST(parse, reads_defaults) {
  const auto file =
      parsed("event E { a : i8 = -5  b : string(3) = \"x\"  c : bool = true  d : duration = 5s  e : f64 = -1.5 }");
  const auto& fields = file.events.at(0).fields;
  EXPECT_EQ(fields[0].fallback->kind, syntax_kind::negate);
  EXPECT_EQ(fields[0].fallback->operands[0].integer, 5u);
  EXPECT_EQ(fields[1].fallback->name, "x");
  EXPECT_EQ(fields[2].fallback->kind, syntax_kind::boolean);
  EXPECT_EQ(fields[3].fallback->integer, 5'000'000'000u);
  EXPECT_EQ(fields[4].fallback->operands[0].floating, 1.5);
}

TEST(parse, white_space_and_comments_only_separate) {
  const auto file = parsed("# first\n\tevent\r\nE#x\n{ # } event\n ts:timestamp}# last");
  EXPECT_EQ(file.events.at(0).name.text, "E");
  EXPECT_EQ(parsed("").events.size(), 0u);
  EXPECT_EQ(parsed("# only a comment").events.size(), 0u);
}

TEST(parse, a_number_sign_in_a_string_starts_no_comment) {
  EXPECT_EQ(parsed_expression("a == \"#1\"").operands[1].name, "#1");
}

TEST(parse, reads_time) {
  EXPECT_EQ(parsed("time arrival").times.at(0).mode, time_mode::arrival);
  EXPECT_EQ(parsed("time watermarks").times.at(0).mode, time_mode::watermarks);
  const auto file = parsed("time out of order 5s");
  EXPECT_EQ(file.times.at(0).mode, time_mode::out_of_order);
  EXPECT_EQ(file.times.at(0).disorder_ns, 5'000'000'000);
}

TEST(parse, reads_the_header_of_a_pattern) {
  const auto file = parsed("pattern p on A, B,C by f , g within 10m { a }");
  const pattern_syntax& p = file.patterns.at(0);
  EXPECT_EQ(p.name.text, "p");
  ASSERT_EQ(p.on.size(), 3u);
  EXPECT_EQ(p.on[2].text, "C");
  ASSERT_EQ(p.by.size(), 2u);
  EXPECT_EQ(p.by[1].text, "g");
  EXPECT_EQ(p.within_ns, 600'000'000'000);
  EXPECT_FALSE(p.within_between_events);
  EXPECT_TRUE(parsed_pattern("a", "within 5s between events").within_between_events);
}

TEST(parse, reads_every_link) {
  const auto stages = parsed_pattern("a next b then c then any d not next e then f not then g").stages;
  ASSERT_EQ(stages.size(), 7u);
  EXPECT_FALSE(stages[0].has_link);
  EXPECT_EQ(stages[1].link, cep::link::next);
  EXPECT_EQ(stages[2].link, cep::link::then);
  EXPECT_EQ(stages[3].link, cep::link::then_any);
  EXPECT_EQ(stages[3].name.text, "d");
  EXPECT_EQ(stages[4].link, cep::link::not_next);
  EXPECT_EQ(stages[6].link, cep::link::not_then);
}

TEST(parse, reads_every_quantifier) {
  const auto is = [](const std::string& text, std::uint32_t least, std::uint32_t most, bool unbounded, bool optional) {
    const cep::quantifier q = parsed_quantifier(text);
    EXPECT_TRUE(q.counted) << text;
    EXPECT_EQ(q.least, least) << text;
    EXPECT_EQ(unbounded ? most : q.most, most) << text;
    EXPECT_EQ(q.unbounded, unbounded) << text;
    EXPECT_EQ(q.optional, optional) << text;
  };
  is("{3}", 3, 3, false, false);
  is("{2,4}", 2, 4, false, false);
  is("{ 2 , 4 }", 2, 4, false, false);
  is("{2,}", 2, 0, true, false);
  is("+", 1, 0, true, false);
  is("*", 1, 0, true, true);
  is("+?", 1, 0, true, true);
  is("{3}?", 3, 3, false, true);
  is("{2,}?", 2, 0, true, true);
  is("{0,4}", 1, 4, false, true);
  EXPECT_TRUE(parsed_quantifier("?").optional);
  EXPECT_FALSE(parsed_quantifier("?").counted);
  EXPECT_EQ(parsed_quantifier(""), cep::quantifier{});
}

TEST(parse, reads_modifiers_in_any_order) {
  for (const char* const text :
       {"+ is Login greedy strict until (ok) within 5s : ok", "+ within 5s until (ok) strict greedy is Login : ok",
        "+ until(ok) is Login within 5s greedy strict : ok"}) {
    const stage_syntax s = parsed_stage(text);
    EXPECT_TRUE(s.quantifier.greedy) << text;
    EXPECT_EQ(s.quantifier.inner, cep::contiguity::strict) << text;
    EXPECT_EQ(s.type->text, "Login") << text;
    EXPECT_EQ(s.gap_ns, 5'000'000'000) << text;
    EXPECT_TRUE(s.until && s.condition) << text;
  }
  EXPECT_EQ(parsed_stage("+ any").quantifier.inner, cep::contiguity::any);
  EXPECT_FALSE(parsed_stage("+").quantifier.inner_given);
}

TEST(parse, refuses_a_modifier_that_stands_twice) {
  for (const char* const text : {"+ greedy greedy", "+ strict strict", "+ strict any", "is A is B",
                                 "+ until (ok) until (ok)", "within 1s within 2s"})
    EXPECT_NE(refusal_by([&] { static_cast<void>(parsed_stage(text)); }).find("a second time, expected it once"),
              std::string::npos)
        << text;
}

TEST(parse, reads_groups_anywhere) {
  const auto stages =
      parsed_pattern("( a : ok next ( b then c ){2} ){2,3} greedy then d not next e then ( f )?").stages;
  ASSERT_EQ(stages.size(), 4u);
  EXPECT_TRUE(stages[0].name.text.empty());
  EXPECT_EQ(stages[0].quantifier.most, 3u);
  EXPECT_TRUE(stages[0].quantifier.greedy);
  ASSERT_EQ(stages[0].members.size(), 2u);
  EXPECT_TRUE(stages[0].members[0].condition);
  EXPECT_EQ(stages[0].members[1].link, cep::link::next);
  EXPECT_EQ(stages[0].members[1].members.at(1).name.text, "c");
  EXPECT_TRUE(stages[3].quantifier.optional);
}

TEST(parse, keywords_can_name_what_they_cannot_be_mistaken_for) {
  const auto file = parsed(
      "event event { time : timestamp  within : u8  select : u8  then : bool }\n"
      "pattern pattern on event by within { first : within > 1 and then  next last : count(first) > 0  then any any  "
      "select select = first.select }");
  EXPECT_EQ(file.events.at(0).fields.at(0).name.text, "time");
  const pattern_syntax& p = file.patterns.at(0);
  EXPECT_EQ(p.stages.at(0).name.text, "first");
  EXPECT_EQ(p.stages.at(1).name.text, "last");
  EXPECT_EQ(p.stages.at(2).name.text, "any");
  EXPECT_EQ(p.stages.at(2).link, cep::link::then_any);
  EXPECT_EQ(p.select->at(0).name.text, "select");
}

TEST(parse, back_quotes_make_a_name_of_anything) {
  const pattern_syntax p =
      parsed_pattern("`not`+ : `and` == 1 and `my field` == 2  then `then` : `not`.`or` == `(\"#`");
  EXPECT_EQ(p.stages.at(0).name.text, "not");
  EXPECT_EQ(p.stages.at(0).condition->operands[1].operands[0].name, "my field");
  EXPECT_EQ(p.stages.at(1).name.text, "then");
  EXPECT_EQ(p.stages.at(1).condition->operands[0].member, "or");
  EXPECT_EQ(p.stages.at(1).condition->operands[1].name, "(\"#");
}

TEST(parse, a_stage_may_be_called_any_where_then_any_cannot_be_meant) {
  EXPECT_EQ(parsed_pattern("a then any : ok").stages.at(1).name.text, "any");
  EXPECT_EQ(parsed_pattern("a then any : ok").stages.at(1).link, cep::link::then);
}

TEST(parse, reads_what_happens_after_a_match) {
  EXPECT_EQ(parsed_pattern("a").skip, cep::skip_strategy::none);
  EXPECT_EQ(parsed_pattern("a skip none").skip, cep::skip_strategy::none);
  EXPECT_EQ(parsed_pattern("a skip next").skip, cep::skip_strategy::next);
  EXPECT_EQ(parsed_pattern("a skip past last").skip, cep::skip_strategy::past_last);
  EXPECT_EQ(parsed_pattern("a skip to first a").skip, cep::skip_strategy::to_first);
  const pattern_syntax p = parsed_pattern("a skip to last b select x = 1, y on timeout select z");
  EXPECT_EQ(p.skip, cep::skip_strategy::to_last);
  EXPECT_EQ(p.skip_to->text, "b");
  ASSERT_EQ(p.select->size(), 2u);
  EXPECT_TRUE(p.select->at(0).value);
  EXPECT_FALSE(p.select->at(1).value);
  EXPECT_TRUE(p.on_timeout);
  EXPECT_EQ(p.timeout_select->at(0).name.text, "z");
  EXPECT_FALSE(parsed_pattern("a on timeout").timeout_select);
  EXPECT_FALSE(parsed_pattern("a").on_timeout);
}

TEST(parse, reads_numbers_and_durations) {
  EXPECT_EQ(parsed_expression("18446744073709551615").integer, 18'446'744'073'709'551'615U);
  EXPECT_EQ(parsed_expression("007").integer, 7u);
  EXPECT_EQ(parsed_expression("1.5").floating, 1.5);
  EXPECT_EQ(parsed_expression("2e3").floating, 2'000.0);
  EXPECT_EQ(parsed_expression("1.5E-2").floating, 0.015);
  EXPECT_EQ(parsed_expression("7d").integer, 604'800'000'000'000U);
  EXPECT_EQ(parsed_expression("7d").kind, syntax_kind::duration);
  EXPECT_EQ(parsed_expression("3ms").integer, 3'000'000u);
  EXPECT_EQ(parsed_expression("3m").integer, 180'000'000'000U);
}

TEST(parse, reads_escapes_in_strings) {
  EXPECT_EQ(parsed_expression(R"("a\"b\\c\nd\te\rf")").name, "a\"b\\c\nd\te\rf");
  EXPECT_EQ(parsed_expression("\"\"").name, "");
  EXPECT_EQ(parsed_expression("\"\xC3\xA4\"").name, "\xC3\xA4");
  EXPECT_NE(refusal_of("event E when a == \"\\x\" { ts : timestamp }"), "accepted");
  EXPECT_NE(refusal_of("event E when a == \"a\nb\" { ts : timestamp }"), "accepted");
}

TEST(parse, binds_operators) {
  const expr::syntax s = parsed_expression("a + b * c == d and not e or f in (1, 2)");
  ASSERT_EQ(s.kind, syntax_kind::logical_or);
  ASSERT_EQ(s.operands[0].kind, syntax_kind::logical_and);
  const expr::syntax& equal = s.operands[0].operands[0];
  ASSERT_EQ(equal.kind, syntax_kind::equal);
  EXPECT_EQ(equal.operands[0].operands[1].kind, syntax_kind::multiply);
  EXPECT_EQ(s.operands[0].operands[1].kind, syntax_kind::logical_not);
  EXPECT_EQ(s.operands[1].kind, syntax_kind::in_list);
  EXPECT_EQ(s.operands[1].operands.size(), 3u);
  EXPECT_EQ(parsed_expression("a not in b.c").kind, syntax_kind::not_in_stage);
  EXPECT_EQ(parsed_expression("a - b - c").operands[0].kind, syntax_kind::subtract);
  EXPECT_EQ(parsed_expression("-a + b").operands[0].kind, syntax_kind::negate);
  EXPECT_EQ(parsed_expression("f(a, b)").operands.size(), 2u);
  EXPECT_EQ(parsed_expression("f ( )").operands.size(), 0u);
}

TEST(parse, words_that_only_begin_with_a_keyword_are_names) {
  EXPECT_EQ(parsed_expression("nothing").name, "nothing");
  EXPECT_EQ(parsed_expression("in_range and or_else").operands[1].name, "or_else");
  EXPECT_EQ(parsed_expression("true_").kind, syntax_kind::name);
}

TEST(parse, an_expression_ends_where_its_last_token_does) {
  const std::string text = "event E when lower(a) == lower(b)   \t# a comment\n\r\n { ts : timestamp }";
  const expr::syntax s = *parsed(text).events.at(0).when;
  EXPECT_EQ(text.substr(s.where.begin, s.where.end - s.where.begin), "lower(a) == lower(b)");
  const std::string logical = "event E when (a or b) and c in (1, \"#\", `#`) # x ( \" \n { ts : timestamp }";
  const expr::syntax l = *parsed(logical).events.at(0).when;
  EXPECT_EQ(logical.substr(l.where.begin, l.where.end - l.where.begin), "(a or b) and c in (1, \"#\", `#`)");
}

}  // namespace
}  // namespace millrace::rules
