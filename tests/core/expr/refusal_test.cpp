// What the type checker says, and about which stretch of the text.

#include "trade.hpp"

namespace millrace::expr {
namespace {

struct refusal {
  const char* text;
  const char* message;
};

class expression_refusal : public testing::TestWithParam<refusal> {};

TEST_P(expression_refusal, says_what_was_found_and_expected_and_where) {
  EXPECT_EQ(refusal_of(GetParam().text), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    of_types, expression_refusal,
    testing::Values(
        refusal{"ok and name == 5", "7-16 found string == integer, expected two values of one type"},
        refusal{"ts < 5", "0-6 found timestamp < integer, expected two values of one type"},
        refusal{"wait >= 1.5", "0-11 found duration >= f64, expected two values of one type"},
        refusal{"ok < true", "0-9 found bool < bool, expected == or != between truth values"},
        refusal{"i32 and ok", "0-3 found integer, expected a condition (bool)"},
        refusal{"not name", "4-8 found string, expected a condition (bool)"},
        refusal{"-name == name", "1-5 found string, expected a number behind '-'"},
        refusal{"f64 % 2 == 0", "0-7 found f64 % integer, expected integers on both sides of '%'"},
        refusal{"ts + ts == ts",
                "0-7 found timestamp + timestamp, expected numbers, or times and durations that can be combined so"},
        refusal{"wait * 1.5 > wait",
                "0-10 found duration * f64, expected numbers, or times and durations that can be combined so"},
        refusal{"wait - ts > wait",
                "0-9 found duration - timestamp, expected numbers, or times and durations that can be combined so"},
        refusal{"name + name == name",
                "0-11 found string + string, expected numbers, or times and durations that can be combined so"},
        refusal{"i32 in (1, \"x\")", "0-15 found integer in string, expected two values of one type"},
        refusal{"i32 not in (ok)", "0-15 found integer not in bool, expected two values of one type"},
        refusal{"i32 in a.name", "0-13 found integer in string, expected two values of one type"},
        refusal{"abs(name) == 1", "4-8 found string, expected a number in abs(…)"},
        refusal{"sqrt(wait) > 1", "5-9 found duration, expected a number in sqrt(…)"},
        refusal{"lower(i32) == name", "6-9 found integer, expected a string in lower(…)"},
        refusal{"contains(name, 5)", "15-16 found integer, expected a string in contains(…)"},
        refusal{"min(1, name) == 1", "0-12 found integer and string in min(…), expected numbers"},
        refusal{"max(wait, ts) == ts", "0-13 found duration and timestamp in max(…), expected numbers"},
        refusal{"sum(a.name) == 1", "4-10 found sum of a string, expected a number"},
        refusal{"sum(a.ts) == ts", "4-8 found sum of a timestamp, expected a number"},
        refusal{"min(a.name) == name", "4-10 found min of a string, expected a number"},
        refusal{"avg(a.ok) == 1", "4-8 found avg of a bool, expected a number"}));

INSTANTIATE_TEST_SUITE_P(
    of_names, expression_refusal,
    testing::Values(refusal{"amount > 5",
                            "0-6 found unknown field 'amount', expected a field of event Trade: ok, i8, i16, i32, i64, "
                            "u8, u16, u32, u64, f32, f64, name, "
                            "note, ts, wait"},
                    refusal{"c.i32 > 5", "0-5 found unknown stage 'c', expected one of the stages a, b, never"},
                    refusal{"1 in c.i32", "5-10 found unknown stage 'c', expected one of the stages a, b, never"},
                    refusal{"count(c) > 5", "6-7 found unknown stage 'c', expected one of the stages a, b, never"},
                    refusal{"count(a.i32) > 5", "6-11 found an expression, expected the name of a stage in count(…)"},
                    refusal{"sum(i32) > 5", "4-7 found an expression, expected STAGE.FIELD in sum(…)"},
                    refusal{"first(a) > 5", "6-7 found an expression, expected STAGE.FIELD in first(…)"},
                    refusal{"count() > 5", "0-7 found 0 arguments of 'count', expected 1"},
                    refusal{"abs(1, 2) > 5", "0-9 found 2 arguments of 'abs', expected 1"},
                    refusal{"min() > 5", "0-5 found 0 arguments of 'min', expected at least 2"},
                    refusal{"contains(name)", "0-14 found 1 arguments of 'contains', expected 2"},
                    refusal{"lower(name, name) == name", "0-17 found 2 arguments of 'lower', expected 1"},
                    refusal{"round(f64) > 5",
                            "0-10 found unknown function 'round', expected abs, avg, ceil, contains, count, distinct, "
                            "ends_with, exp, first, floor, last, "
                            "log, lower, max, min, sqrt, starts_with, sum or upper"}));

TEST(expression_refusals, name_the_field_that_a_stage_lacks) {
  EXPECT_EQ(refusal_of("a.amount > 5").substr(0, 70),
            "0-8 found unknown field 'amount' of stage 'a', expected a field of eve");
}

TEST(expression_refusals, a_condition_must_be_one) {
  const trade_scope scope;
  EXPECT_THROW(static_cast<void>(compile_condition(read("i32 + 1"), scope.names)), type_error);
  EXPECT_NO_THROW(static_cast<void>(compile(read("i32 + 1"), scope.names)));
}

TEST(expression_refusals, without_a_current_event_only_key_fields_stand_bare) {
  trade_scope scope;
  scope.names.current.clear();
  scope.names.key_fields = {"name"};
  EXPECT_NO_THROW(static_cast<void>(compile(read("name"), scope.names)));
  try {
    static_cast<void>(compile(read("i32"), scope.names));
    FAIL();
  } catch (const type_error& e) {
    EXPECT_STREQ(e.what(), "found 'i32', expected STAGE.FIELD, or one of the 'by' fields name");
  }
  scope.names.key_fields.clear();
  try {
    static_cast<void>(compile(read("i32"), scope.names));
    FAIL();
  } catch (const type_error& e) {
    EXPECT_STREQ(e.what(), "found 'i32', expected STAGE.FIELD (the pattern has no 'by' fields)");
  }
}

TEST(expression_refusals, events_of_one_stage_must_agree_on_a_field) {
  const event_layout trade = trade_layout(0);
  event_layout quote("Quote", 1);
  field f;
  f.name = "i32";
  f.type = field_type::f64;
  quote.add(f);
  const event_layout* const layouts[]{&trade, &quote};
  scope names;
  names.layouts = layouts;
  names.current = {0, 1};
  try {
    static_cast<void>(compile(read("i32 > 1"), names));
    FAIL();
  } catch (const type_error& e) {
    EXPECT_STREQ(e.what(),
                 "found field 'i32' with different types in the events of this stage, expected one type (add 'is TYPE' "
                 "to the stage)");
  }
}

// --- bounds ---------------------------------------------------------------------------------------------

std::string chain(std::size_t operators) {
  std::string text = "i32";
  for (std::size_t i = 0; i < operators; ++i) text += " + 1";
  return text;
}

TEST(expression_bounds, a_chain_has_a_thousand_operators_and_not_one_more) {
  const calculation c;
  EXPECT_EQ(c.of(chain(1'000)).held, cell(wide{1'007}));
  EXPECT_NE(refusal_of(chain(1'001)).find("expected at most 1000 operators in a chain"), std::string::npos);
}

TEST(expression_bounds, and_or_are_not_chains) {
  std::string text = "i32 == 7";
  for (int i = 0; i < 3'000; ++i) text += " and ok";
  EXPECT_TRUE(calculation{}.holds(text));
}

TEST(expression_bounds, brackets_nest_sixty_four_deep) {
  std::string left;
  std::string right = "1";
  for (int i = 0; i < 64; ++i) right = "(1 + " + right + ")";
  EXPECT_EQ(calculation{}.of(right).held, cell(wide{65}));
}

TEST(expression_bounds, registers_run_out_with_a_message) {
  syntax node;
  node.kind = syntax_kind::integer;
  for (int i = 0; i < 200; ++i) {
    syntax outer;
    outer.kind = syntax_kind::add;
    outer.operands = {syntax{}, std::move(node)};
    outer.operands[0].kind = syntax_kind::integer;
    node = std::move(outer);
  }
  const trade_scope scope;
  EXPECT_THROW(static_cast<void>(compile(node, scope.names)), type_error);
}

}  // namespace
}  // namespace millrace::expr
