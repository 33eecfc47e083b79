#include <millrace/cep/builder.hpp>
#include <millrace/cep/pattern_error.hpp>
#include <millrace/rules/compile.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace millrace::cep {

static void PrintTo(const automaton& of, std::ostream* out) {
  *out << of.nodes.size() << " nodes, " << of.edges.size() << " edges, " << of.literals.size() << " literals, "
       << of.condition_count << " conditions";
}

namespace {

using namespace std::chrono_literals;

struct tick {
  std::int64_t x;
};

constexpr auto one = [](const tick& t) { return t.x == 1; };
constexpr auto two = [](const tick& t) { return t.x == 2; };
constexpr auto three = [](const tick& t) { return t.x == 3; };
constexpr auto four = [](const tick& t) { return t.x == 4; };

/// The automaton of a pattern in the text language: `head` behind the name, `body` in braces.
automaton from_text(const std::string& head, const std::string& body) {
  const std::string text = "event T { ts : timestamp  x : i64 }\npattern p on T " + head + " { " + body + " }";
  automaton made = *rules::compile({"test.mr", text}).patterns.at(0).automaton;
  made.name.clear();
  return made;
}
automaton from_text(const std::string& body) { return from_text("", body); }

template <class Builder>
automaton from_types(const Builder& builder) {
  return *builder.compile().automaton;
}

auto a() { return begin<tick>("a").where(one); }

TEST(builder, links_compile_as_in_text) {
  EXPECT_EQ(from_types(a()), from_text("a : x == 1"));
  EXPECT_EQ(from_types(a().next("b").where(two)), from_text("a : x == 1 next b : x == 2"));
  EXPECT_EQ(from_types(a().then("b").where(two)), from_text("a : x == 1 then b : x == 2"));
  EXPECT_EQ(from_types(a().then_any("b").where(two)), from_text("a : x == 1 then any b : x == 2"));
  EXPECT_EQ(from_types(a().next("b").then("c").where(three)), from_text("a : x == 1 next b then c : x == 3"));
}

TEST(builder, negations_compile_as_in_text) {
  EXPECT_EQ(from_types(a().not_next("n").where(two).then("b").where(three)),
            from_text("a : x == 1 not next n : x == 2 then b : x == 3"));
  EXPECT_EQ(from_types(a().not_then("n").where(two).then("b").where(three)),
            from_text("a : x == 1 not then n : x == 2 then b : x == 3"));
  EXPECT_EQ(from_types(a().not_then("n").where(two).within(10min)),
            from_text("within 10m", "a : x == 1 not then n : x == 2"));
  EXPECT_EQ(from_types(a().not_next("n").where(two)), from_text("a : x == 1 not next n : x == 2"));
  EXPECT_EQ(from_types(a().not_then("n").where(two).within_previous(5s)),
            from_text("a : x == 1 not then n within 5s : x == 2"));
}

TEST(builder, quantifiers_compile_as_in_text) {
  const auto b = [](auto quantified) {
    return from_types(quantified(a().then("b").where(two)).then("c").where(three));
  };
  const auto text = [](const std::string& how) {
    return from_text("a : x == 1 then b" + how + " : x == 2 then c : x == 3");
  };
  EXPECT_EQ(b([](auto p) { return p.times(3); }), text("{3}"));
  EXPECT_EQ(b([](auto p) { return p.times(2, 4); }), text("{2,4}"));
  EXPECT_EQ(b([](auto p) { return p.times(0, 2); }), text("{0,2}"));
  EXPECT_EQ(b([](auto p) { return p.times_or_more(2); }), text("{2,}"));
  EXPECT_EQ(b([](auto p) { return p.one_or_more(); }), text("+"));
  EXPECT_EQ(b([](auto p) { return p.zero_or_more(); }), text("*"));
  EXPECT_EQ(b([](auto p) { return p.optional(); }), text("?"));
  EXPECT_EQ(b([](auto p) { return p.times(3).optional(); }), text("{3}?"));
  EXPECT_EQ(b([](auto p) { return p.one_or_more().optional(); }), text("+?"));
}

TEST(builder, modifiers_compile_as_in_text) {
  const auto b = [](auto quantified) {
    return from_types(quantified(a().then("b").where(two)).next("c").where(three));
  };
  const auto text = [](const std::string& how) {
    return from_text("a : x == 1 then b" + how + " : x == 2 next c : x == 3");
  };
  EXPECT_EQ(b([](auto p) { return p.one_or_more().greedy(); }), text("+ greedy"));
  EXPECT_EQ(b([](auto p) { return p.one_or_more().strict(); }), text("+ strict"));
  EXPECT_EQ(b([](auto p) { return p.one_or_more().any(); }), text("+ any"));
  EXPECT_EQ(b([](auto p) { return p.times(1, 3).strict().greedy(); }), text("{1,3} strict greedy"));
  EXPECT_EQ(b([](auto p) { return p.within_previous(250ms); }), text(" within 250ms"));
}

TEST(builder, until_is_numbered_behind_its_stage_whatever_was_said_first) {
  const automaton expected = from_text("a : x == 1 then b+ until (x == 4) : x == 2 then c : x == 3");
  const auto b = a().then("b");
  EXPECT_EQ(from_types(b.where(two).one_or_more().until(four).then("c").where(three)), expected);
  EXPECT_EQ(from_types(b.one_or_more().until(four).where(two).then("c").where(three)), expected);
  EXPECT_EQ(from_types(b.one_or_more().until(four).then("c").where(three)),
            from_text("a : x == 1 then b+ until (x == 4) then c : x == 3"));
}

TEST(builder, groups_compile_as_in_text) {
  const auto pair = group(begin<tick>("b").where(two).next("c").where(three));
  const std::string inner = "( b : x == 2 next c : x == 3 )";
  EXPECT_EQ(from_types(a().then(pair)), from_text("a : x == 1 then " + inner));
  EXPECT_EQ(from_types(a().next(pair).times(2)), from_text("a : x == 1 next " + inner + "{2}"));
  EXPECT_EQ(from_types(a().then_any(pair).one_or_more().greedy().then("d")),
            from_text("a : x == 1 then any " + inner + "+ greedy then d"));
  EXPECT_EQ(from_types(a().then(pair).one_or_more().strict().until(four).then("d").where(one)),
            from_text("a : x == 1 then " + inner + "+ strict until (x == 4) then d : x == 1"));
  EXPECT_EQ(from_types(begin(pair).optional().then("d").where(four)), from_text(inner + "? then d : x == 4"));
}

TEST(builder, groups_nest_as_in_text) {
  const auto innermost = group(begin<tick>("b").where(two).then("c").one_or_more().until(four));
  EXPECT_EQ(
      from_types(a().then(group(begin(innermost).times(2).next("d").where(three))).times(1, 2).then("e").where(four)),
      from_text("a : x == 1 then ( ( b : x == 2 then c+ until (x == 4) ){2} next d : x == 3 ){1,2} then e : x == 4"));
}

TEST(builder, skip_strategies_compile_as_in_text) {
  const auto ab = a().one_or_more().then("b").where(two);
  const auto text = [](const std::string& skip) { return from_text("a+ : x == 1 then b : x == 2 skip " + skip); };
  EXPECT_EQ(from_types(ab.skip_none()), text("none"));
  EXPECT_EQ(from_types(ab.skip_to_next()), text("next"));
  EXPECT_EQ(from_types(ab.skip_past_last()), text("past last"));
  EXPECT_EQ(from_types(ab.skip_to_first("b")), text("to first b"));
  EXPECT_EQ(from_types(ab.skip_to_last("a")), text("to last a"));
}

TEST(builder, time_compiles_as_in_text) {
  EXPECT_EQ(from_types(a().then("b").where(two).within(1h)), from_text("within 1h", "a : x == 1 then b : x == 2"));
  EXPECT_EQ(from_types(a().then("b").where(two).within(90s).report_timeouts()),
            from_text("within 90s", "a : x == 1 then b : x == 2 on timeout"));
  EXPECT_EQ(from_types(a().then("b").within(90s).within(2min).within(1min)),
            from_text("within 1m", "a : x == 1 then b"));
}

TEST(builder, different_patterns_compile_to_different_automata) {
  EXPECT_NE(from_types(a().then("b").where(two)), from_text("a : x == 1 next b : x == 2"));
  EXPECT_NE(from_types(a().then("b").times(2)), from_text("a : x == 1 then b{3}"));
  EXPECT_NE(from_types(a().then("b").within(1min)), from_text("within 2m", "a : x == 1 then b"));
}

TEST(builder, a_call_leaves_the_builder_as_it_was) {
  const auto base = a().then("b");
  EXPECT_EQ(from_types(base.where(two).then("c")), from_text("a : x == 1 then b : x == 2 then c"));
  EXPECT_EQ(from_types(base), from_text("a : x == 1 then b"));
}

TEST(builder, patterns_without_meaning_are_refused_when_compiled) {
  EXPECT_THROW(static_cast<void>(a().then("a").compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(a().not_then("n").where(two).compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(a().then("b").skip_to_last("c").compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(a().times(0).compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(a().times(3, 2).compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(a().times(repetition_max + 1).compile()), pattern_error);
  EXPECT_NO_THROW(static_cast<void>(a().times(repetition_max).compile()));
  EXPECT_THROW(static_cast<void>(a().within(0s).compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(a().then("$endState$").compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(a().not_next("n").not_next("m").compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(a().then(group(begin<tick>("b").not_then("n"))).within(1s).compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(begin(group(begin<tick>("a").optional())).one_or_more().compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(begin(group(begin<tick>("a").optional())).not_next("n").compile()), pattern_error);
  EXPECT_NO_THROW(static_cast<void>(a().one_or_more().greedy().then("b").times(0, 2).then("c").compile()));
  EXPECT_THROW(static_cast<void>(a().within(-1s).compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(a().then("b").within_previous(0s).compile()), pattern_error);
  EXPECT_THROW(static_cast<void>(a().then("b").within_previous(2s).within(1s).compile()), pattern_error);
}

TEST(builder, a_bound_beyond_what_nanoseconds_hold_is_the_longest_there_is) {
  EXPECT_EQ(from_types(a().within(std::chrono::years(100'000))).within_ns, std::chrono::nanoseconds::max().count());
  EXPECT_EQ(from_types(a().within(1ns)).within_ns, 1);
}

}  // namespace
}  // namespace millrace::cep
