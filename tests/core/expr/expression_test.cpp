#include "trade.hpp"

#include <cmath>

namespace millrace::expr {
namespace {

std::optional<cell> integer(wide v) { return cell(v); }

TEST(expression, computes_with_integers) {
  const calculation c;
  EXPECT_EQ(c.of("i32 + 3").held, integer(10));
  EXPECT_EQ(c.of("i32 - 10").held, integer(-3));
  EXPECT_EQ(c.of("i32 * i32").held, integer(49));
  EXPECT_EQ(c.of("i32 % 4").held, integer(3));
  EXPECT_EQ(c.of("-i32 % 4").held, integer(-3));
  EXPECT_EQ(c.of("-(i32)").held, integer(-7));
  EXPECT_EQ(c.of("2 + 3 * 4 - 1").held, integer(13));
  EXPECT_EQ(c.of("10 - 3 - 2").held, integer(5));
  EXPECT_EQ(c.of("i32 + 1").kind, value_kind::integer);
}

TEST(expression, divides_truly) {
  const calculation c;
  EXPECT_EQ(c.of("i32 / 2").held, cell(3.5));
  EXPECT_EQ(c.of("i32 / 2").kind, value_kind::floating);
  EXPECT_EQ(c.of("f64 * 2").held, cell(5.0));
  EXPECT_EQ(c.of("f64 + i32").held, cell(9.5));
  EXPECT_EQ(c.of("i32 - f64").held, cell(4.5));
}

TEST(expression, computes_with_times_and_durations) {
  calculation c;
  c.now = {{"ts", wide{1'000}}, {"wait", wide{600}}};
  EXPECT_EQ(c.of("ts - ts").kind, value_kind::duration);
  EXPECT_EQ(c.of("ts + wait").held, integer(1'600));
  EXPECT_EQ(c.of("ts + wait").kind, value_kind::timestamp);
  EXPECT_EQ(c.of("ts - 1us").held, integer(0));
  EXPECT_EQ(c.of("wait * 2").held, integer(1'200));
  EXPECT_EQ(c.of("2 * wait").kind, value_kind::duration);
  EXPECT_EQ(c.of("wait / 1us").held, cell(0.6));
  EXPECT_EQ(c.of("-wait").held, integer(-600));
  EXPECT_EQ(c.of("abs(-wait)").held, integer(600));
  EXPECT_EQ(c.of("min(wait, 1us, 5ns)").held, integer(5));
  EXPECT_EQ(c.of("max(ts, ts + wait)").held, integer(1'600));
  EXPECT_TRUE(c.holds("ts < ts + wait and wait >= 600ns"));
}

TEST(expression, compares_integers_by_value_across_widths_and_signs) {
  const calculation c;  // u64 is its greatest, i64 its least
  EXPECT_TRUE(c.holds("u64 > i64"));
  EXPECT_TRUE(c.holds("u64 > -1"));
  EXPECT_FALSE(c.holds("u64 == -1"));
  EXPECT_TRUE(c.holds("u64 != -1"));
  EXPECT_TRUE(c.holds("u64 == 18446744073709551615"));
  EXPECT_TRUE(c.holds("i64 == -9223372036854775808"));
  EXPECT_TRUE(c.holds("i64 < u8"));
  EXPECT_TRUE(c.holds("u64 > 9223372036854775807"));
  EXPECT_TRUE(c.holds("9223372036854775807 < u64"));
}

TEST(expression, overflow_is_a_fault) {
  const calculation c;
  EXPECT_TRUE(c.faults("u64 + 1"));
  EXPECT_FALSE(c.faults("u64 + 0"));
  EXPECT_TRUE(c.faults("i64 - 1"));
  EXPECT_FALSE(c.faults("i64 - 0"));
  EXPECT_TRUE(c.faults("u64 * u64 * u64"));
  EXPECT_TRUE(c.faults("-u64"));
  EXPECT_FALSE(c.faults("-i64"));  // a u64 holds it
  EXPECT_EQ(c.of("abs(i64)").held, integer(wide{1} << 63));
  EXPECT_TRUE(c.faults("u64 + 1 > 0"));
  EXPECT_TRUE(c.faults("not (u64 + 1 > 0)"));
}

TEST(expression, division_by_zero_is_a_fault) {
  const calculation c;
  EXPECT_TRUE(c.faults("i32 / 0"));
  EXPECT_TRUE(c.faults("i32 % 0"));
  EXPECT_TRUE(c.faults("f64 / (i32 - 7)"));
  EXPECT_TRUE(c.faults("f64 / 0.0"));
  EXPECT_FALSE(c.faults("0 / i32"));
}

TEST(expression, and_or_leave_as_soon_as_they_know) {
  const calculation c;
  EXPECT_FALSE(c.faults("i32 == 7 or i32 / 0 > 1"));
  EXPECT_TRUE(c.holds("i32 == 7 or i32 / 0 > 1"));
  EXPECT_FALSE(c.faults("i32 == 8 and i32 / 0 > 1"));
  EXPECT_TRUE(c.faults("i32 == 8 or i32 / 0 > 1"));
  EXPECT_TRUE(c.faults("i32 == 7 and i32 / 0 > 1"));
  EXPECT_FALSE(c.faults("i32 in (7, 1 % 0)"));
  EXPECT_TRUE(c.faults("i32 in (8, 1 % 0)"));
}

TEST(expression, binds_as_the_language_says) {
  const calculation c;
  EXPECT_TRUE(c.holds("true or true and false"));
  EXPECT_TRUE(c.holds("not false and true"));
  EXPECT_TRUE(c.holds("not i32 == 8"));
  EXPECT_TRUE(c.holds("not not ok"));
  EXPECT_EQ(c.of("--i32").held, integer(7));
  EXPECT_EQ(c.of("-2 * -3").held, integer(6));
}

TEST(expression, has_functions_of_numbers) {
  const calculation c;
  EXPECT_EQ(c.of("abs(-3)").held, integer(3));
  EXPECT_EQ(c.of("abs(-2.5)").held, cell(2.5));
  EXPECT_EQ(c.of("floor(-2.5)").held, cell(-3.0));
  EXPECT_EQ(c.of("ceil(2.1)").held, cell(3.0));
  EXPECT_EQ(c.of("floor(7)").held, integer(7));
  EXPECT_EQ(c.of("sqrt(16)").held, cell(4.0));
  EXPECT_EQ(c.of("exp(0)").held, cell(1.0));
  EXPECT_EQ(c.of("log(exp(2.0))").held, cell(std::log(std::exp(2.0))));
  EXPECT_EQ(c.of("min(3, 1, 2)").held, integer(1));
  EXPECT_EQ(c.of("max(3, 1, 3.5)").held, cell(3.5));
  EXPECT_EQ(c.of("max(3, 1, 2.5)").held, cell(3.0));
}

TEST(expression, has_functions_of_text) {
  const calculation c;
  EXPECT_EQ(c.of("lower(name)").held, cell(std::string("anna")));
  EXPECT_EQ(c.of("upper(name)").held, cell(std::string("ANNA")));
  EXPECT_EQ(c.of("lower(\"[AZ] \xC3\x84\")").held, cell(std::string("[az] \xC3\x84")));
  EXPECT_TRUE(c.holds("starts_with(name, \"An\") and not starts_with(name, \"na\")"));
  EXPECT_TRUE(c.holds("ends_with(name, \"na\") and not ends_with(name, \"An\")"));
  EXPECT_TRUE(c.holds("contains(name, \"nn\") and not contains(name, \"nnn\")"));
  EXPECT_TRUE(c.holds("contains(name, \"\") and starts_with(name, \"\") and ends_with(name, \"\")"));
  EXPECT_TRUE(c.holds("lower(name) != upper(name) and lower(upper(name)) == lower(name)"));
  EXPECT_TRUE(c.holds("name < \"Annb\" and name > \"Ann\" and name >= \"Anna\""));
}

TEST(expression, finds_members_of_a_list_by_value) {
  const calculation c;
  EXPECT_TRUE(c.holds("i32 in (1, 7)"));
  EXPECT_FALSE(c.holds("i32 not in (1, 7)"));
  EXPECT_TRUE(c.holds("i32 in (1, 7.0, 9)"));
  EXPECT_TRUE(c.holds("f64 in (1, 2.5)"));
  EXPECT_TRUE(c.holds("name in (\"Bob\", \"Anna\")"));
  EXPECT_TRUE(c.holds("ok in (false, true)"));
  EXPECT_TRUE(c.holds("i32 in (i32 + 0)"));
}

// An integer of the list must be compared by value even when a floating one stands before it.
TEST(expression, a_floating_item_does_not_blur_the_integers_behind_it) {
  calculation c;
  c.now["u64"] = wide{9'007'199'254'740'992};
  EXPECT_FALSE(c.holds("u64 in (0.5, 9007199254740993)"));
  EXPECT_TRUE(c.holds("u64 in (0.5, 9007199254740992)"));
}

TEST(expression, computes_over_the_events_of_a_stage) {
  calculation c;
  c.before = {{0, {{"i32", wide{5}}, {"f64", 1.5}, {"name", std::string("x")}, {"wait", wide{7}}, {"ts", wide{3}}}},
              {1, {{"i32", wide{100}}}},
              {0, {{"i32", wide{-2}}, {"f64", 3.0}, {"name", std::string("y")}, {"wait", wide{4}}, {"ts", wide{9}}}},
              {0, {{"i32", wide{5}}, {"f64", 0.5}, {"name", std::string("x")}, {"wait", wide{4}}, {"ts", wide{9}}}}};
  EXPECT_EQ(c.of("count(a)").held, integer(3));
  EXPECT_EQ(c.of("sum(a.i32)").held, integer(8));
  EXPECT_EQ(c.of("sum(a.f64)").held, cell(5.0));
  EXPECT_EQ(c.of("sum(a.wait)").kind, value_kind::duration);
  EXPECT_EQ(c.of("avg(a.i32)").held, cell(8.0 / 3));
  EXPECT_EQ(c.of("avg(a.f64)").held, cell(5.0 / 3));
  EXPECT_EQ(c.of("avg(a.wait)").held, integer(5));
  EXPECT_EQ(c.of("min(a.i32)").held, integer(-2));
  EXPECT_EQ(c.of("max(a.f64)").held, cell(3.0));
  EXPECT_EQ(c.of("min(a.ts)").held, integer(3));
  EXPECT_EQ(c.of("max(a.wait)").held, integer(7));
  EXPECT_EQ(c.of("distinct(a.i32)").held, integer(2));
  EXPECT_EQ(c.of("distinct(a.name)").held, integer(2));
  EXPECT_EQ(c.of("distinct(a.f64)").held, integer(3));
  EXPECT_EQ(c.of("a.i32").held, integer(5));
  EXPECT_EQ(c.of("first(a.ts)").held, integer(3));
  EXPECT_EQ(c.of("last(a.wait)").held, integer(4));
  EXPECT_EQ(c.of("first(b.i32)").held, integer(100));
  EXPECT_TRUE(c.holds("-2 in a.i32 and 100 not in a.i32 and 3 in a.f64 and 5.0 in a.i32 and \"y\" in a.name"));
}

TEST(expression, a_stage_without_events_counts_nothing_and_has_no_value) {
  const calculation c;
  EXPECT_EQ(c.of("count(a)").held, integer(0));
  EXPECT_EQ(c.of("sum(a.i32)").held, integer(0));
  EXPECT_EQ(c.of("sum(a.f64)").held, cell(0.0));
  EXPECT_EQ(c.of("distinct(a.name)").held, integer(0));
  EXPECT_FALSE(c.holds("7 in a.i32"));
  EXPECT_TRUE(c.holds("7 not in a.i32"));
  for (const char* const none :
       {"a.i32", "first(a.i32)", "last(a.f64)", "avg(a.i32)", "avg(a.wait)", "min(a.ts)", "max(a.i32)", "a.i32 + 1",
        "-a.f64", "sqrt(a.i32)", "lower(a.name)", "min(1, a.i32)", "a.i32 % 2", "not a.ok"})
    EXPECT_EQ(c.of(none).held, std::nullopt) << none;
  for (const char* const sign : {"==", "!=", "<", "<=", ">", ">="}) {
    EXPECT_FALSE(c.holds(std::string("i32 ") + sign + " a.i32")) << sign;
    EXPECT_FALSE(c.holds(std::string("a.f64 ") + sign + " f64")) << sign;
    EXPECT_FALSE(c.holds(std::string("a.name ") + sign + " name")) << sign;
  }
  EXPECT_FALSE(c.holds("a.ok"));
  EXPECT_FALSE(c.holds("contains(a.name, \"\")"));
  EXPECT_TRUE(c.holds("count(a) == 0 or f64 > a.f64"));
  EXPECT_FALSE(c.holds("f64 > a.f64"));
  EXPECT_FALSE(c.faults("a.i32 / 0 > 1"));
}

TEST(expression, a_sum_of_integers_may_exceed_one_and_an_average_any) {
  calculation c;
  c.before = {{0, {{"u64", integer_max}}}, {0, {{"u64", integer_max}}}};
  EXPECT_TRUE(c.faults("sum(a.u64)"));
  EXPECT_EQ(c.of("avg(a.u64)").held, cell(18446744073709551615.0));
}

TEST(expression, text_results_have_room_each) {
  // Two results of one program at a time, then one longer of another: none may run into the other's room.
  const trade_scope scope;
  const program two = compile(read("lower(name) == upper(name)"), scope.names);
  const program longer = compile(read("lower(note) == \"x\""), scope.names);
  for (const bool long_first : {false, true}) {
    workspace room;
    for (const program* const each : {long_first ? &longer : &two, long_first ? &two : &longer})
      room.reserve(each->text_slots(), each->text_bytes());
    const made_event now(scope.layout(), {{"name", std::string("AbCdEf")}, {"note", std::string(20, 'N')}});
    EXPECT_EQ(two.test(now.get(), {}, room), outcome::no);
    EXPECT_EQ(longer.test(now.get(), {}, room), outcome::no);
    // The last slot's last byte belongs to the workspace too: only a sanitizer sees when it does not.
    EXPECT_NE(room.buffer(0), room.buffer(1));
  }
}

}  // namespace
}  // namespace millrace::expr
